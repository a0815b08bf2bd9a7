"""What must hold whatever the rest of the policy says: sentences of the security officer, proven before a file is used.

An invariant looks at the policy alone, never at today's people: whoever could be given a badge is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from controller.domain.ids import AccessLevelId, CompetencyId, DoorId, InvariantId, ScheduleId, ZoneId
from controller.domain.people import CardholderKind
from controller.domain.site import Assurance, Factor


class InvariantKind(StrEnum):
    """The closed list of what can be asked of a policy."""

    NEVER_ENTERS = "never_enters"  # nobody steps inwards over this threshold, wherever they come from
    NEVER_REACHES = "never_reaches"  # nobody gets there by any way, however long it takes
    ALWAYS_REACHES = "always_reaches"  # whoever holds these levels gets there
    FREE_WAY_OUT = "free_way_out"  # from there one gets outside without asking anybody
    NEVER_UNLOCKED = "never_unlocked"  # no lock is held released by schedule


@dataclass(frozen=True, slots=True)
class People:
    """Whom an invariant speaks of. What is None or empty is not asked about.

    ``levels``: who holds no access level but these; of ``ALWAYS_REACHES``, who holds just these.
    ``lacking``: who lacks every one of these competencies. ``clearance``: who has this much, ``clearance_below``: less.
    """

    kinds: frozenset[CardholderKind] = frozenset()
    levels: frozenset[AccessLevelId] | None = None
    clearance: int | None = None
    clearance_below: int | None = None
    assurance_below: Assurance | None = None
    lacking: frozenset[CompetencyId] = frozenset()


@dataclass(frozen=True, slots=True)
class Times:
    """When an invariant must hold: always, but for what is said here.

    ``at``: minutes since local midnight. ``holidays``: only on holidays, or only on other days. ``threat_from``: at
    this threat level and above; ``threat_to``: at this one and below. ``lockdown``: only while one runs, or only while
    none does.
    """

    during: ScheduleId | None = None
    outside: ScheduleId | None = None
    at: int | None = None
    holidays: bool | None = None
    threat_from: int | None = None
    threat_to: int | None = None
    lockdown: bool | None = None


@dataclass(frozen=True, slots=True)
class Invariant:
    """One sentence, and what it means.

    ``zones`` and ``doors`` are what it is about; ``without``: only what happens without these factors, or without an
    escort, counts; ``start`` and ``avoiding`` of ``NEVER_REACHES``: where the way begins, and what it does not pass.
    """

    id: InvariantId
    name: str
    kind: InvariantKind
    zones: frozenset[ZoneId] = frozenset()
    doors: frozenset[DoorId] = frozenset()
    people: People = People()
    times: Times = Times()
    without: frozenset[Factor] = frozenset()
    without_escort: bool = False
    start: frozenset[ZoneId] = frozenset()
    avoiding_zones: frozenset[ZoneId] = frozenset()
    avoiding_doors: frozenset[DoorId] = frozenset()
