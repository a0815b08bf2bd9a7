"""Two people at one door: who must come with a second person, and who may be one.

Each of the two proves their own factors and passes all checks by right of their own; the box lets in both or neither.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.decision import Companion, DenyReason
from controller.domain.ids import CardholderId, CredentialId, ReaderId
from controller.domain.people import Cardholder, CardholderKind
from controller.domain.site import Factor, Zone
from controller.domain.state import PendingChallenge, SiteState
from controller.rules.case import Case, Finding, companion_of
from controller.rules.escort import may_escort
from controller.rules.listed import listed_factors
from controller.rules.turn import Turn

TOGETHER = frozenset({Factor.SECOND_PERSON, Factor.ESCORT})
"""What another person's badge proves, never one's own."""

TWO = frozenset({Factor.SECOND_PERSON})
NOBODY_ELSE: frozenset[Factor] = frozenset()

ONE_MAY_GO_ALONE = Finding("no second person asked for")
WAITS_FOR_A_SECOND = Finding("a second person is asked for")
NO_SECOND_CAME = Finding("a second person was asked for, and none came", DenyReason.SECOND_PERSON_NEEDED)
NO_VISITOR = Finding("asks for a second person; a visitor is never one of two", DenyReason.SECOND_PERSON_NEEDED)


def second_wanted(case: Case) -> frozenset[Factor]:
    """Return the factor, where whoever comes alone is not let in. On the way out nobody waits for a second."""
    if not case.way_in:
        return NOBODY_ELSE
    asked = Factor.SECOND_PERSON in listed_factors(case)
    return TWO if asked or (case.zone.two_person and not _in_company(case)) else NOBODY_ELSE


def second_person(case: Case) -> Finding:
    """The check: whoever is asked for a second person comes with one who may be one."""
    if not second_wanted(case):
        return ONE_MAY_GO_ALONE
    if case.holder.kind is CardholderKind.VISITOR:
        return NO_VISITOR
    other = companion_of(case)
    if other is None:
        return NO_SECOND_CAME if case.request.late else WAITS_FOR_A_SECOND
    if not are_two(case.holder, other):
        return Finding(f"{other.id} is no second person", DenyReason.SECOND_PERSON_NEEDED)
    return Finding(f"together with {other.id}")


def are_two(one: Cardholder, other: Cardholder) -> bool:
    """Tell whether these count as two people: no visitor is one of them."""
    return one.id != other.id and CardholderKind.VISITOR not in (one.kind, other.kind)


def first_of_two(turn: Turn, reader: ReaderId, badge: CredentialId | None) -> PendingChallenge | None:
    """Return who has proven everything of their own here and waits for just such a badge."""
    state, pending = turn.state, turn.state.challenges.get(reader)
    if pending is None or badge is None or pending.until <= turn.now.mono:
        return None
    if not pending.wanted or pending.wanted - TOGETHER:
        return None
    first, second = state.people.get(pending.cardholder), state.people.get(state.credentials[badge].cardholder)
    if first is None or second is None:
        return None
    return pending if all(_fits(state, factor, first, second) for factor in pending.wanted) else None


def beside(first: PendingChallenge) -> Companion:
    """Return what the first of two is to the second. Whoever waits for an escort is nobody's second person."""
    return Companion(first.request, first.credential, first.wanted & TWO)


def seconds_to_wait(zone: Zone, wanted: frozenset[Factor], usual: float) -> float:
    """Return how long a challenge runs that waits for another person, too."""
    if Factor.SECOND_PERSON in wanted and zone.two_person_seconds is not None:
        return zone.two_person_seconds
    return zone.escort.seconds if Factor.ESCORT in wanted and zone.escort else usual


def people_in(state: SiteState, zone: Zone) -> list[Cardholder]:
    """Return everybody who is known to be in a zone."""
    here = (state.people.get(person) for person in state.present.get(zone.id, ()))
    return [person for person in here if person is not None]


def _in_company(case: Case) -> bool:
    """Tell whether two would be in with this one. Whoever is about to leave no longer counts; visitors never do."""
    leaving = set(_about_to_leave(case))
    stay = sum(
        person.kind is not CardholderKind.VISITOR and person.id not in leaving and person.id != case.holder.id
        for person in people_in(case.state, case.zone)
    )
    return stay >= (2 if case.holder.kind is CardholderKind.VISITOR else 1)


def _about_to_leave(case: Case) -> Iterator[CardholderId]:
    for _, passage in case.state.open_grants(case.now.mono):
        if passage.cardholder and passage.enters != case.zone.id:
            yield passage.cardholder


def _fits(state: SiteState, factor: Factor, first: Cardholder, second: Cardholder) -> bool:
    if factor is Factor.SECOND_PERSON:
        return are_two(first, second)
    return first.id != second.id and may_escort(state, first.id, second)
