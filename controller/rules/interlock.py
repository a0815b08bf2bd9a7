"""Interlocks: of the leaves of a mantrap one at most is ever on its way to open."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.doors import DoorState, LockStatus, Position
from controller.domain.effects import Release
from controller.domain.ids import DoorId
from controller.domain.site import Door, Site
from controller.domain.state import SiteState
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.turn import Turn

EXIT_WAIT_SECONDS = 10.0
"""How long an exit button that was pressed waits for the other leaves; then it takes another press."""


def busy(site: Site, state: SiteState, door: DoorId, mono: float) -> str | None:
    """Return which other leaf keeps this one shut, and why; None where nothing does."""
    for other in _others(site, door):
        why = _not_shut(state.door(other), mono)
        if why is not None:
            return f"{other} is {why}"
    return None


def exit_waits(turn: Turn, door: Door) -> None:
    """An ordinary exit button waits until the other leaves are shut. Whoever waits already, waits on."""
    if turn.state.door(door.id).waiting is None:
        turn.record(ev.ExitDelayed(turn.next_request(), door.id, EXIT_WAIT_SECONDS))


def release_waiting(turn: Turn) -> None:
    """Let out whoever waited, once the other leaves are shut."""
    for door in turn.site.doors.values() if turn.site.interlocks else ():
        waiting = turn.state.door(door.id).waiting
        if waiting is None or waiting.until <= turn.now.mono:
            continue
        if busy(turn.site, turn.state, door.id, turn.now.mono) is None:
            turn.ask(Release(door.id, door.unlock_seconds))
            turn.record(ev.ExitRequested(waiting.request, door.id, door.unlock_seconds))


def look_for_breach(turn: Turn, door: DoorId) -> None:
    """A leaf moved: two that stand open are a breach, until one at most is not seen closed."""
    others = _others(turn.site, door)
    for leaf in (door, *others):
        if not any(_ajar(turn, one) for one in _others(turn.site, leaf)) or not _ajar(turn, leaf):
            cause_gone(turn, {AlarmKind.INTERLOCK_BREACHED}, Source(door=leaf))
    open_now = [one for one in (door, *others) if turn.state.door(one).position is Position.OPEN]
    if door in open_now and len(open_now) > 1:
        names = " and ".join(turn.site.doors[one].name for one in open_now)
        raise_alarm(turn, AlarmKind.INTERLOCK_BREACHED, Source(door=door), f"{names} stand open")


def _others(site: Site, door: DoorId) -> tuple[DoorId, ...]:
    """Return the leaves that must be shut while this one opens, in the order of the site file."""
    leaves = {leaf for group in site.interlocks.values() if door in group.doors for leaf in group.doors} - {door}
    return tuple(one for one in site.doors if one in leaves) if leaves else ()


def _not_shut(state: DoorState, mono: float) -> str | None:
    return next(_reasons(state, mono), None)


def _reasons(state: DoorState, mono: float) -> Iterator[str]:
    if state.position is Position.OPEN:
        yield "open"
    if state.lock is LockStatus.UNLOCKED:
        yield "unlocked"
    if any(not passage.used and passage.until > mono for passage in state.passages):
        yield "granted and not yet used"
    if state.position is not Position.CLOSED or state.lock is not LockStatus.LOCKED:
        yield "not known to be shut"


def _ajar(turn: Turn, door: DoorId) -> bool:
    return turn.state.door(door).position is not Position.CLOSED
