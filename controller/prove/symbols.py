"""Everything a passage depends on, as unknowns of the solver: who, when, and how the building stands.

Local time is a weekday (0 is Monday) and microseconds since midnight, so that a day with a DST change is none of its
own. Whether today and the day before are holidays is free: a policy must hold on holidays nobody has entered yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import z3

from controller.domain.ids import AccessLevelId, CompetencyId, DoorId
from controller.domain.people import CardholderKind
from controller.domain.site import Assurance, Factor, Site

DAYS = 7
DAY_MICROS = 24 * 3600 * 1_000_000
KINDS = tuple(CardholderKind)
"""Numbers stand for kinds of people: their places in this list."""

HIGHEST_CLEARANCE = 99


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody with a badge. ``kind`` is a place in ``KINDS``; ``template``: their face is known.

    ``escorted``: whoever must be with them is.
    """

    kind: z3.ArithRef
    clearance: z3.ArithRef
    assurance: z3.ArithRef
    levels: Mapping[AccessLevelId, z3.BoolRef]
    competencies: Mapping[CompetencyId, z3.BoolRef]
    shown: Mapping[Factor, z3.BoolRef]
    template: z3.BoolRef
    escorted: z3.BoolRef

    @property
    def bounds(self) -> z3.BoolRef:
        """Return what is true of anybody. Nobody passes a reader without a badge."""
        return z3.And(
            *(self.kind >= 0, self.kind < len(KINDS)),
            *(self.clearance >= 0, self.clearance <= HIGHEST_CLEARANCE),
            *(self.assurance >= min(Assurance), self.assurance <= max(Assurance)),
            self.shown[Factor.CARD],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A local time, and how the building stands then."""

    weekday: z3.ArithRef
    micros: z3.ArithRef
    holiday: z3.BoolRef
    holiday_before: z3.BoolRef
    threat: z3.ArithRef
    lockdown: z3.BoolRef
    clock_trusted: z3.BoolRef
    log_late: z3.BoolRef
    blocked: Mapping[DoorId, z3.BoolRef]

    def bounds(self, site: Site) -> z3.BoolRef:
        """Return what is true at any moment."""
        holidays = () if site.holidays else (z3.Not(self.holiday), z3.Not(self.holiday_before))
        return z3.And(
            *(self.weekday >= 0, self.weekday < DAYS),
            *(self.micros >= 0, self.micros < DAY_MICROS),
            z3.Or(*(self.threat == number for number in site.threat_levels)),
            *holidays,
        )


def somebody(site: Site) -> Person:
    """Return a person nothing is known of."""
    return Person(
        z3.Int("kind"),
        z3.Int("clearance"),
        z3.Int("assurance"),
        {level: z3.Bool(f"level:{level}") for level in site.access_levels},
        {one: z3.Bool(f"competency:{one}") for one in site.competencies},
        {factor: z3.Bool(f"shown:{factor}") for factor in Factor},
        z3.Bool("template"),
        z3.Bool("escorted"),
    )


def sometime(site: Site, name: str = "", doors: Iterable[DoorId] | None = None) -> Moment:
    """Return a moment nothing is known of; ``name`` tells it from others, ``doors`` the only ones it asks about."""
    return Moment(
        z3.Int(f"{name}weekday"),
        z3.Int(f"{name}micros"),
        z3.Bool(f"{name}holiday"),
        z3.Bool(f"{name}holiday-before"),
        z3.Int(f"{name}threat"),
        z3.Bool(f"{name}lockdown"),
        z3.Bool(f"{name}clock-trusted"),
        z3.Bool(f"{name}log-late"),
        {door: z3.Bool(f"{name}blocked:{door}") for door in (site.doors if doors is None else doors)},
    )
