"""Turnstiles: one grant is one rotation in its direction, and one rotation is one person."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.doors import Direction, Passage
from controller.domain.ids import DoorId
from controller.domain.site import Door, DoorKind, Site
from controller.domain.stimuli import RotationSeen
from controller.rules.alarm import raise_alarm
from controller.rules.passages import went_through
from controller.rules.relock import relock
from controller.rules.turn import Turn
from controller.rules.whereabouts import doubt_of, somebody_left, somebody_passed


def rotation_seen(turn: Turn, seen: RotationSeen) -> None:
    """A turnstile turned once: it used the oldest open right to turn this way, or somebody had none."""
    door = turn.site.doors.get(seen.door)
    if door is None or door.kind is not DoorKind.TURNSTILE:
        return
    turn.record(ev.RotationObserved(door.id, seen.direction))
    fits = [p for p in _open(turn, door.id) if _leads(p, door, seen.direction)]
    if fits:
        _used(turn, door, fits, seen.direction)
    hold = turn.state.door(door.id).hold
    if hold is not None:  # it turns for everybody
        somebody_passed(turn, door, doubt_of(hold))
    elif not fits:
        _unasked(turn, door, seen.direction)
    if not _open(turn, door.id):
        relock(turn, door.id)


def _unasked(turn: Turn, door: Door, direction: Direction) -> None:
    """Nobody had a right to turn this way. Out of a turnstile that asks nobody for a badge it takes none."""
    if direction is Direction.OUT and turns_freely_outwards(turn.site, door):
        somebody_left(turn, door, ev.Doubt.FREE_EXIT)
        return
    raise_alarm(turn, AlarmKind.TAILGATING, Source(door=door.id), f"turned {direction} once too often")
    somebody_passed(turn, door, ev.Doubt.TAILGATING)


def turns_freely_outwards(site: Site, door: Door) -> bool:
    """Tell whether nobody is asked for a badge on the way out: whoever turns it outwards simply leaves."""
    return all(reader.enters != door.zones[0] for reader in site.readers.values() if reader.door == door.id)


def _open(turn: Turn, door: DoorId) -> list[Passage]:
    """Return the rights to pass that were not used yet, the oldest first."""
    return [p for p in turn.state.door(door).passages if not p.used and p.until > turn.now.mono]


def _leads(passage: Passage, door: Door, direction: Direction) -> bool:
    """Tell whether a right is one to turn this way. A guard who lets somebody through does not say which way."""
    outer, inner = door.zones
    if passage.exit:
        return direction is Direction.OUT
    return passage.enters in (None, inner if direction is Direction.IN else outer)


def _used(turn: Turn, door: Door, fits: list[Passage], direction: Direction) -> None:
    """One person passed. A badge and an exit button that lead the same way: which of the two is not known."""
    grants, exits = [p for p in fits if not p.exit], [p for p in fits if p.exit]
    first = (grants or exits)[0]
    if grants and exits:
        people = () if first.cardholder is None else (first.cardholder,)
        turn.record(ev.EntryAmbiguous(door.id, (first.request,), people))
        somebody_left(turn, door, ev.Doubt.ENTRY_AMBIGUOUS)
    elif exits:
        somebody_left(turn, door, ev.Doubt.EXIT_BUTTON)
        turn.record(ev.ExitObserved(first.request, door.id))
    else:
        if first.cardholder is None:
            somebody_passed(turn, door, ev.Doubt.GUARD_UNLOCK)
        went_through(turn, door, first, assumed=False, turned_to=door.zones[direction is Direction.IN])
