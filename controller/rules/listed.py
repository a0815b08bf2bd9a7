"""The factors that a policy lists for a reader, whoever comes."""

from __future__ import annotations

from controller.domain.ids import ScheduleId
from controller.domain.site import Factor
from controller.rules.case import Case
from controller.rules.schedule import When, when

CARD = frozenset({Factor.CARD})
NOTHING: frozenset[Factor] = frozenset()


def listed_factors(case: Case) -> frozenset[Factor]:
    """Return the union of what zone, reader, schedule and threat level ask for. A card comes first, always."""
    threat = case.threat.added_factors.get(case.zone.id, NOTHING)
    asked = CARD | case.zone.factors | case.reader.factors | threat
    for rule in (case.zone.factors_outside, case.reader.factors_outside):
        if rule is not None and not _holds(case, rule.schedule):
            asked |= rule.factors
    return asked


def _holds(case: Case, schedule: ScheduleId) -> bool:
    """Tell whether a schedule is known to hold: by a clock nobody trusts it is not."""
    known = case.site.schedules[schedule]
    return known.always or (case.state.clock_trusted and when(known, case.site, case.now.wall) is When.HOLDS)
