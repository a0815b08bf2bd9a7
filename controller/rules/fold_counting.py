"""The fold of who went through a door, beside the entries that it saw: what a camera has not counted yet."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.doors import DoorState, Position, Uncounted
from controller.domain.ids import DoorId, ZoneId
from controller.domain.instant import Instant
from controller.domain.state import SiteState, replace

LATE_SECONDS = 3.0
"""A camera tells of somebody that much after they passed: the next opening may have begun by then."""
MOST = 16
"""Entries that are remembered at one opening: a door that is never seen to close keeps no more."""


def opening_begins(state: SiteState, event: ev.PositionObserved, at: Instant) -> SiteState:
    """Forget what an opening before this one left uncounted: it is nobody's any more."""
    before = state.doors[event.door]
    if event.position is not Position.OPEN or not before.uncounted:
        return state
    recent = tuple(entry for entry in before.uncounted if at.mono - entry.at <= LATE_SECONDS)
    return _with(state, event.door, before, recent)


def expected(state: SiteState, door: DoorId, into: tuple[ZoneId | None, ...], at: Instant) -> SiteState:
    """Expect one person each for these entries."""
    before = state.door(door)
    entries = (*before.uncounted, *(Uncounted(zone, at.mono) for zone in into))
    return _with(state, door, before, entries[-MOST:])


def counted(state: SiteState, event: ev.PersonCounted) -> SiteState:
    """Take away the entry that somebody made whom a camera counted."""
    before = state.door(event.door)
    entry = entry_of(before, event.enters)
    if entry is None:
        return state
    place = before.uncounted.index(entry)
    return _with(state, event.door, before, before.uncounted[:place] + before.uncounted[place + 1 :])


def entry_of(door: DoorState, enters: ZoneId) -> Uncounted | None:
    """Return the oldest entry into a zone that was not counted yet, or one of which nobody knows the way; or None."""
    known = (entry for entry in door.uncounted if entry.enters == enters)
    unknown = (entry for entry in door.uncounted if entry.enters is None)
    return next(known, None) or next(unknown, None)


def _with(state: SiteState, door: DoorId, before: DoorState, uncounted: tuple[Uncounted, ...]) -> SiteState:
    return replace(
        state,
        doors=state.doors.set(door, replace(before, uncounted=uncounted)),
        door_deadlines=state.door_deadlines,
    )
