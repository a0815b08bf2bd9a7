"""The door: what its contact, its bolt and its exit button say, and what follows (EN 60839-11-1)."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.doors import LockStatus, Passage, Position
from controller.domain.effects import Release
from controller.domain.ids import DoorId
from controller.domain.site import Door, RelockOn, RexKind
from controller.domain.stimuli import KeySeen, LockSeen, PositionSeen, RexSeen, UnlockFailed
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.interlock import busy, exit_waits, look_for_breach
from controller.rules.lockdown import look_whether_secured
from controller.rules.passages import take_back, went_through
from controller.rules.relock import hold_open, relock
from controller.rules.turn import Turn
from controller.rules.whereabouts import doubt_of, needs_time, somebody_left, somebody_passed

DOOR_ALARMS = frozenset({AlarmKind.FORCED_OPEN, AlarmKind.HELD_OPEN, AlarmKind.FOUND_OPEN})


def position_seen(turn: Turn, seen: PositionSeen) -> None:
    """The contact moved. The same position told twice is one fact, and a contact that is not there tells nothing."""
    door = turn.site.doors.get(seen.door)
    if door is None or door.contact is None or turn.state.door(door.id).position is seen.position:
        return
    if seen.position is Position.OPEN:
        _opened(turn, door)
    else:
        _no_longer_open(turn, door, seen)
    look_for_breach(turn, door.id)
    look_whether_secured(turn)


def lock_seen(turn: Turn, seen: LockSeen) -> None:
    """The bolt moved."""
    door = turn.site.doors.get(seen.door)
    if door is None or turn.state.door(door.id).lock is seen.lock:
        return
    turn.record(ev.LockObserved(door.id, seen.lock))
    if seen.lock is LockStatus.JAMMED:
        raise_alarm(turn, AlarmKind.FAULT, Source(door=door.id), "the lock is jammed")
    elif seen.lock is not LockStatus.UNKNOWN:
        cause_gone(turn, {AlarmKind.FAULT}, Source(door=door.id))
    hold_open(turn, door.id)
    look_whether_secured(turn)


def rex_seen(turn: Turn, seen: RexSeen) -> None:
    """Somebody asks to leave. The way out never waits: not for the log, not for a lockdown.

    Only the ordinary button of an interlock's leaf waits for the other leaves; an emergency button does not.
    """
    door = turn.site.doors.get(seen.door)
    if door is None or door.rex is None:
        return
    if door.rex.kind is RexKind.UNLOCKS and busy(turn.site, turn.state, door.id, turn.now.mono) is not None:
        exit_waits(turn, door)
        return
    if door.rex.kind is not RexKind.SHUNT_ONLY:
        turn.ask(Release(door.id, door.unlock_seconds))
    turn.record(ev.ExitRequested(turn.next_request(), door.id, door.unlock_seconds))


def key_seen(turn: Turn, seen: KeySeen) -> None:
    """The mechanical key: nobody knows who holds it, and who is where is no longer certain."""
    door = turn.site.doors.get(seen.door)
    if door is None or door.key_switch is None or turn.state.door(door.id).key_turned is seen.turned:
        return
    turn.record(ev.KeyOverrideObserved(door.id, seen.turned, door.unlock_seconds))
    if seen.turned:
        somebody_passed(turn, door, ev.Doubt.KEY_OVERRIDE)


def unlock_failed(turn: Turn, failed: UnlockFailed) -> None:
    """An unlock never reached its lock: nobody may use what was granted."""
    take_back(turn, failed.door, failed.request, failed.why)


def door_time_passed(turn: Turn, door: DoorId) -> None:
    """Lapse what nobody used, warn, and raise held-open."""
    mono = turn.now.mono
    for passage in turn.state.door(door).passages:
        if passage.until <= mono:
            _lapsed(turn, door, passage)
    state = turn.state.door(door)
    if state.waiting is not None and state.waiting.until <= mono:
        turn.record(ev.PassageLapsed(state.waiting.request, door))
    for order in state.orders:
        if order.lapses is not None and order.lapses <= mono:
            turn.record(ev.DoorModeLapsed(door, order.mode))
    if state.warn_after is not None and state.warn_after <= mono:
        turn.record(ev.HeldOpenWarned(door))
    if state.held_after is not None and state.held_after <= mono:
        raise_alarm(turn, AlarmKind.HELD_OPEN, Source(door=door))
        turn.record(ev.HeldOpenTimed(door))
        if door in turn.site.doors:
            somebody_passed(turn, turn.site.doors[door], ev.Doubt.HELD_OPEN)


def armed(turn: Turn, door: DoorId) -> bool:
    """Tell whether somebody may pass right now."""
    return any(p.until > turn.now.mono for p in turn.state.door(door).passages)


def by_key(turn: Turn, door: DoorId) -> bool:
    """Tell whether the mechanical key is turned, or was a moment ago."""
    known = turn.state.door(door)
    return known.key_turned or (known.key_until is not None and turn.now.mono < known.key_until)


def _lapsed(turn: Turn, door: DoorId, passage: Passage) -> None:
    if passage.used or passage.exit:
        turn.record(ev.PassageLapsed(passage.request, door))
    else:
        turn.record(ev.NoEntryAfterGrant(passage.request, door, passage.cardholder))


def _no_longer_open(turn: Turn, door: Door, seen: PositionSeen) -> None:
    turn.record(ev.PositionObserved(door.id, seen.position, None, None))
    if seen.position is Position.UNKNOWN:
        somebody_passed(turn, door, ev.Doubt.DOOR_UNSEEN)
    elif turn.state.door(door.id).held:  # it stood open to everybody
        somebody_passed(turn, door, doubt_of(turn.state.door(door.id).hold))
    if seen.position is Position.CLOSED:
        cause_gone(turn, DOOR_ALARMS, Source(door=door.id))
        if door.relock_on is RelockOn.CLOSE and not armed(turn, door.id):
            relock(turn, door.id)


def _opened(turn: Turn, door: Door) -> None:
    before = turn.state.door(door.id)
    live = tuple(p for p in before.passages if p.until > turn.now.mono)
    found = before.position is Position.UNKNOWN
    if before.held:  # whoever opens it does nothing wrong, and may be anybody
        turn.record(ev.PositionObserved(door.id, Position.OPEN, None, None))
        _used(turn, door, live)
        somebody_passed(turn, door, doubt_of(before.hold))
    elif not live and not found and by_key(turn, door.id):
        _timed(turn, door, door.open_seconds)
        somebody_passed(turn, door, ev.Doubt.KEY_OVERRIDE)
    elif not live:
        turn.record(ev.PositionObserved(door.id, Position.OPEN, None, None))
        raise_alarm(turn, AlarmKind.FOUND_OPEN if found else AlarmKind.FORCED_OPEN, Source(door=door.id))
        somebody_passed(turn, door, ev.Doubt.FOUND_OPEN if found else ev.Doubt.FORCED_OPEN)
    else:
        _timed(turn, door, max(door.open_for(extended=needs_time(turn.state, p.cardholder)) for p in live))
        _used(turn, door, live)
        if door.relock_on is RelockOn.OPEN:
            relock(turn, door.id)


def _timed(turn: Turn, door: Door, seconds: float) -> None:
    turn.record(ev.PositionObserved(door.id, Position.OPEN, seconds, seconds - door.pre_alarm_seconds))


def _used(turn: Turn, door: Door, live: tuple[Passage, ...]) -> None:
    """Everybody who was granted passes in one opening: the first is seen to, the others are assumed to.

    Whoever pressed the exit button twice leaves once.
    """
    fresh = tuple(p for p in live if not p.used)
    exits = [p for p in fresh if p.exit]
    entries = [p for p in fresh if not p.exit]
    if exits and entries:
        people = tuple(p.cardholder for p in entries if p.cardholder is not None)
        turn.record(ev.EntryAmbiguous(door.id, tuple(p.request for p in fresh), people))
        somebody_left(turn, door, ev.Doubt.ENTRY_AMBIGUOUS)
        return
    if exits:
        somebody_left(turn, door, ev.Doubt.EXIT_BUTTON)
    if any(p.cardholder is None for p in entries):
        somebody_passed(turn, door, ev.Doubt.GUARD_UNLOCK)
    for passage in exits[:1]:
        turn.record(ev.ExitObserved(passage.request, door.id))
    for passage in exits[1:]:
        turn.record(ev.PassageLapsed(passage.request, door.id))
    for place, passage in enumerate(entries):
        went_through(turn, door, passage, assumed=place > 0)
