"""Standing lock modes, carried out: whatever moves a mode is followed at once."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.doors import HELD, LockMode, Position
from controller.domain.effects import FireRelease, HoldUnlocked
from controller.domain.events import Event
from controller.domain.ids import CardholderId, DoorId
from controller.domain.people import CardholderKind
from controller.domain.site import Door
from controller.rules.alarm import cause_gone
from controller.rules.mode import mode_of, mode_requests, next_change, schedule_holds, somebody_came
from controller.rules.relock import relock, secure
from controller.rules.turn import Turn
from controller.rules.whereabouts import somebody_passed

SOONEST_SECONDS = 0.05
"""A schedule is not looked at again sooner than this: two clocks that run apart must not chase each other."""

_CLOCK: tuple[type[Event], ...] = (ev.BoxStarted, ev.SiteActivated, ev.ClockTrusted)
"""What makes the schedules' next edge another one."""

_MOVES: frozenset[type[Event]] = frozenset(
    {
        *_CLOCK,
        ev.ClockDistrusted,
        ev.LogWasLate,
        ev.LogWasRestored,
        ev.DoorBlocked,
        ev.DoorUnblocked,
        ev.DoorModeOrdered,
        ev.DoorModeReleased,
        ev.DoorModeLapsed,
        ev.DoorFirstPersonIn,
        ev.LockdownStarted,
        ev.LockdownEnded,
        ev.ThreatLevelSet,
        ev.FireAlarm,
        ev.FireResetConfirmed,
    }
)
"""Facts that may move a lock mode. Nothing else does, so that no other step looks at any door."""


def tell_again(turn: Turn, door: DoorId, *, armed: bool) -> None:
    """Tell a lock that was away what it should do by itself. ``armed``: somebody may pass, and it is left alone."""
    hold = turn.state.door(door).hold
    if hold is not None:
        _tell_to_hold(turn, door, hold)
    elif not armed:  # no pulse survives a device's restart
        relock(turn, door)


def settle_modes(turn: Turn) -> None:
    """Let every lock do what is asked of it now, where anything of this turn may have moved that."""
    _look_for_first_person(turn)
    kinds = {type(event) for event in turn.events}
    due = turn.state.modes_due
    timed = due is not None and (due.mono <= turn.now.mono or due.until <= turn.now.wall)
    if not timed and kinds.isdisjoint(_MOVES):
        return
    for door in turn.site.doors.values():
        _derive(turn, door, retell=ev.SiteActivated in kinds)  # its wires may be other ones
    if timed or not kinds.isdisjoint(_CLOCK):
        _time(turn)


def _look_for_first_person(turn: Turn) -> None:
    for event in turn.events:
        if not isinstance(event, ev.EntryObserved) or event.cardholder is None:
            continue
        door = turn.site.doors.get(event.door)
        if door is not None and door.after_first_person and _counts_as_first(turn, door, event, event.cardholder):
            turn.record(ev.DoorFirstPersonIn(door.id, event.cardholder))


def _counts_as_first(turn: Turn, door: Door, entry: ev.EntryObserved, person: CardholderId) -> bool:
    """One of ours, seen to go in while the schedule holds, and the first one of this period."""
    who = turn.state.people.get(person)
    schedule = schedule_holds(turn.site, turn.state, door, turn.now)
    return (
        who is not None
        and who.kind is not CardholderKind.VISITOR
        and entry.enters == door.zones[1]
        and not entry.assumed
        and schedule is not None
        and not somebody_came(turn.site, turn.state, door, schedule, turn.now)
    )


def _derive(turn: Turn, door: Door, *, retell: bool) -> None:
    requests = mode_requests(turn.site, turn.state, door.id, turn.now, ends=False)
    mode, was = mode_of(turn.state, requests), turn.state.door(door.id).hold
    hold = mode if mode in HELD else None
    if hold is was:
        if hold is not None and retell:
            _tell_to_hold(turn, door.id, hold)
        return
    speaks = requests[0] if requests and requests[0].mode is mode else None
    turn.record(
        ev.LockModeChanged(door.id, mode, speaks.source if speaks else None, speaks.reference if speaks else "")
    )
    if was is not None:
        _no_longer_held(turn, door, was)
    if hold is not None:
        _held(turn, door, hold)


def _held(turn: Turn, door: Door, hold: LockMode) -> None:
    cause_gone(turn, {AlarmKind.HELD_OPEN}, Source(door=door.id))
    _tell_to_hold(turn, door.id, hold)
    if hold is LockMode.FIRE_RELEASE:
        somebody_passed(turn, door, ev.Doubt.FIRE)
    elif turn.state.door(door.id).position is Position.OPEN:
        somebody_passed(turn, door, ev.Doubt.DOOR_UNLOCKED)


def _tell_to_hold(turn: Turn, door: DoorId, hold: LockMode) -> None:
    turn.ask(FireRelease(door) if hold is LockMode.FIRE_RELEASE else HoldUnlocked(door))


def _no_longer_held(turn: Turn, door: Door, was: LockMode) -> None:
    """Lock at once. A door that stands open gets its ordinary time, and is held open after it.

    Out of a fire even a door that stays unlocked is locked first: its lock was told to mind no lost link.
    """
    if was is LockMode.FIRE_RELEASE or not turn.state.door(door.id).held:
        secure(turn, door.id)
    if turn.state.door(door.id).position is not Position.OPEN:
        return
    somebody_passed(turn, door, ev.Doubt.FIRE if was is LockMode.FIRE_RELEASE else ev.Doubt.DOOR_UNLOCKED)
    if not turn.state.door(door.id).held:
        warn = door.open_seconds - door.pre_alarm_seconds
        turn.record(ev.HeldOpenTimerRestarted(door.id, door.open_seconds, warn))


def _time(turn: Turn) -> None:
    until = next_change(turn.site, turn.now) if turn.state.clock_trusted else None
    if until is not None:
        seconds = max((until - turn.now.wall).total_seconds(), SOONEST_SECONDS)
        turn.record(ev.LockModesTimed(until, seconds))
