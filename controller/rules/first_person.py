"""First person in: who must be in a zone before anybody else."""

from __future__ import annotations

from collections.abc import Iterable

from controller.domain.decision import DenyReason
from controller.domain.ids import CardholderId
from controller.domain.people import Cardholder
from controller.domain.site import FirstPerson, Zone
from controller.domain.state import SiteState
from controller.rules.case import Case, Finding

ANYBODY_FIRST = Finding("anybody may be the first in")
IS_A_FIRST = Finding("may be the first in")
ONE_IS_IN = Finding("somebody who may be the first is in")
NOBODY_IS_IN = Finding("nobody is in who may be the first", DenyReason.NOBODY_FIRST)


def nobody_first(case: Case) -> Finding:
    """The check: whoever may not be the first waits for one who may. The way out waits for nobody."""
    rule = case.zone.first_person
    if rule is None or not case.way_in:
        return ANYBODY_FIRST
    if counts_as_first(rule, case.holder):
        return IS_A_FIRST
    return ONE_IS_IN if first_is_in(case.state, case.zone, rule) else NOBODY_IS_IN


def counts_as_first(rule: FirstPerson, person: Cardholder) -> bool:
    """Tell whether somebody may be the first: one of the levels, if any are named, and the clearance."""
    return person.clearance >= rule.clearance and (not rule.levels or not rule.levels.isdisjoint(person.levels))


def first_is_in(state: SiteState, zone: Zone, rule: FirstPerson) -> bool:
    """Tell whether somebody is in, or may still be, who may be the first: unknown never denies."""
    return _any_first(state, rule, state.present.get(zone.id, ())) or _any_first(
        state, rule, state.lost.get(zone.id, ())
    )


def _any_first(state: SiteState, rule: FirstPerson, people: Iterable[CardholderId]) -> bool:
    known = (state.people.get(person) for person in people)
    return any(person is not None and counts_as_first(rule, person) for person in known)
