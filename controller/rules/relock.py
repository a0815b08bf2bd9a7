"""Telling a door to lock. Machines that crush: a barrier is never told to while its safety loop may be occupied."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.doors import LockStatus, Loop
from controller.domain.effects import Hold, Relock
from controller.domain.ids import DoorId
from controller.domain.stimuli import LoopSeen
from controller.rules.turn import Turn


def relock(turn: Turn, door: DoorId) -> None:
    """Tell a door to lock: at once, or, where something may stand in the way, as soon as the loop is free.

    One that stands released by its mode stays so: that ends by itself.
    """
    if not turn.state.door(door).held:
        secure(turn, door)


def secure(turn: Turn, door: DoorId) -> None:
    """Tell a door to lock, whatever its mode."""
    if not _in_the_way(turn, door):
        turn.ask(Relock(door))
    elif door not in turn.state.deferred:
        turn.record(ev.RelockDeferred(door))


def resume_relocks(turn: Turn) -> None:
    """Secure every barrier that waited for its loop, once that is free and nobody is on the way in any more."""
    for door in sorted(turn.state.deferred):
        if turn.state.door(door).held:
            continue
        if not _in_the_way(turn, door) and not _on_the_way(turn, door):
            turn.record(ev.RelockResumed(door))
            turn.ask(Relock(door))


def loop_seen(turn: Turn, seen: LoopSeen) -> None:
    """Something drove onto the loop or off it. The same told twice is one fact."""
    door = turn.site.doors.get(seen.door)
    if door is None or door.loop is None or turn.state.door(door.id).loop is seen.loop:
        return
    turn.record(ev.LoopObserved(door.id, seen.loop))
    hold_open(turn, door.id)


def hold_open(turn: Turn, door: DoorId) -> None:
    """Keep a barrier that is up from coming down on whatever stands there: its pulse would end by itself.

    One that is seen down stays down: nobody opens a barrier by standing before it.
    """
    if turn.state.door(door).lock is LockStatus.UNLOCKED and _in_the_way(turn, door):
        turn.ask(Hold(door))
        relock(turn, door)


def _in_the_way(turn: Turn, door: DoorId) -> bool:
    """Tell whether something may stand where the door closes. Without a loop nothing is crushed."""
    known = turn.site.doors.get(door)
    return known is not None and known.loop is not None and turn.state.door(door).loop is not Loop.FREE


def _on_the_way(turn: Turn, door: DoorId) -> bool:
    """Tell whether somebody was let through and was not seen to pass yet."""
    return any(not p.used and p.until > turn.now.mono for p in turn.state.door(door).passages)
