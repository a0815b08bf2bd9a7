"""The ways from zone to zone: by a badge, through a door that stands unlocked, by the handle on the way out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import z3

from controller.domain.ids import ZoneId
from controller.domain.site import Door, Reader, RexKind, Site
from controller.prove.hours import holds
from controller.prove.rules import Attempt, granted
from controller.prove.symbols import Moment, Person
from controller.rules.mode import asks_more


class How(StrEnum):
    """What opens the door."""

    BADGE = "badge"
    UNLOCKED = "unlocked"
    HANDLE = "handle"  # or an exit button


@dataclass(frozen=True, slots=True)
class Way:
    """One direction through one door, by one means. ``reader`` is there where a badge is shown."""

    door: Door
    leaves: ZoneId
    enters: ZoneId
    how: How
    reader: Reader | None = None

    @property
    def inwards(self) -> bool:
        """Tell whether it leads inwards: a door names its outer side first."""
        return self.enters == self.door.zones[1]

    @property
    def free(self) -> bool:
        """Tell whether it opens whatever this software does: a handle, or a button that cuts the lock's power."""
        emergency = self.door.rex is not None and self.door.rex.kind is RexKind.EMERGENCY
        return self.how is How.HANDLE and (self.door.free_egress or emergency)

    def open_to(self, site: Site, person: Person, at: Moment) -> z3.BoolRef:
        """Return that somebody gets through."""
        if self.reader is not None:
            return granted(Attempt(site, self.reader, person, at))
        return unlocked(site, self.door, at) if self.how is How.UNLOCKED else z3.BoolVal(val=True)


def ways(site: Site) -> list[Way]:
    """Return every way there is, in the order of the doors."""
    return [way for door in site.doors.values() for way in _through(site, door)]


def unlocked(site: Site, door: Door, at: Moment) -> z3.BoolRef:
    """Return that the schedule holds a door released: the twin of ``rules.mode``, where nothing stricter speaks.

    Whoever has to come first has come, and no operator's standing order is part of a policy.
    """
    if door.unlocked_schedule is None:
        return z3.BoolVal(val=False)
    levels = site.threat_levels.values()
    secured = (at.threat == lv.number for lv in levels if door.id in lv.locked_doors or asks_more(site, lv, door))
    return z3.And(
        holds(site.schedules[door.unlocked_schedule], at),
        at.clock_trusted,
        z3.Not(z3.Or(at.lockdown, at.log_late, at.blocked[door.id], *secured)),
    )


def route(found: Iterable[Way], start: Collection[ZoneId], target: ZoneId) -> list[Way] | None:
    """Return the shortest route over some ways; none of them where one stands there already, None for no route."""
    onwards: dict[ZoneId, list[Way]] = {}
    for way in found:
        onwards.setdefault(way.leaves, []).append(way)
    came: dict[ZoneId, Way | None] = dict.fromkeys(start)
    reached = list(came)
    for zone in reached:  # grows on the way
        for way in onwards.get(zone, ()):
            if way.enters not in came:
                came[way.enters] = way
                reached.append(way.enters)
    return list(_back(came, target))[::-1] if target in came else None


def _back(came: Mapping[ZoneId, Way | None], target: ZoneId) -> Iterator[Way]:
    while (way := came[target]) is not None:
        yield way
        target = way.leaves


def _through(site: Site, door: Door) -> Iterator[Way]:
    outer, inner = door.zones
    for reader in site.readers.values():
        if reader.door == door.id:
            yield Way(door, reader.leaves, reader.enters, How.BADGE, reader)
    if door.free_egress or (door.rex is not None and door.rex.kind is not RexKind.SHUNT_ONLY):
        yield Way(door, inner, outer, How.HANDLE)
    if door.unlocked_schedule is not None:
        yield from (Way(door, outer, inner, How.UNLOCKED), Way(door, inner, outer, How.UNLOCKED))
