"""The factors that a policy lists for a reader, whoever comes."""

from __future__ import annotations

from functools import lru_cache

from controller.domain.ids import ScheduleId
from controller.domain.site import Factor
from controller.rules.case import Case
from controller.rules.schedule import When, when

CARD = frozenset({Factor.CARD})
NOTHING: frozenset[Factor] = frozenset()

KEPT_UNIONS = 1024
"""How many different unions of factors are kept made."""


def listed_factors(case: Case) -> frozenset[Factor]:
    """Return the union of what zone, reader, schedule and threat level ask for. A card comes first, always."""
    zone, reader = case.zone, case.reader
    asked = _union(zone.factors, reader.factors, case.threat.added_factors.get(zone.id, NOTHING))
    for rule in (zone.factors_outside, reader.factors_outside):
        if rule is not None and not _holds(case, rule.schedule):
            asked |= rule.factors
    return asked


@lru_cache(maxsize=KEPT_UNIONS)
def _union(zone: frozenset[Factor], reader: frozenset[Factor], threat: frozenset[Factor]) -> frozenset[Factor]:
    """Return them all and the card: a building has few such unions, and makes one for each decision."""
    return CARD | zone | reader | threat


def _holds(case: Case, schedule: ScheduleId) -> bool:
    """Tell whether a schedule is known to hold: by a clock nobody trusts it is not."""
    known = case.site.schedules[schedule]
    return known.always or (case.state.clock_trusted and when(known, case.site, case.now.wall) is When.HOLDS)
