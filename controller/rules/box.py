"""The box itself: waking up, its clock, its log, its people and operators."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.decision import DenyReason
from controller.domain.doors import DoorState
from controller.domain.ids import DoorId
from controller.domain.stimuli import (
    BoxStartedUp,
    ConsolesSeen,
    DiskSeen,
    DuressSeen,
    LogLateSeen,
    LogTamperedSeen,
    OperatorRemoved,
    SignInTried,
)
from controller.rules.access import abandon_challenge
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.fold_access import BURST_SECONDS, PIN_LOCK_SECONDS
from controller.rules.lockdown import LOCKDOWN_SECONDS
from controller.rules.outputs import put_all
from controller.rules.passages import take_back
from controller.rules.policy import activation, end_what_is_gone
from controller.rules.relock import relock
from controller.rules.turn import Turn

HEAR_SECONDS = 15.0
"""How long devices may take to be heard of after a start before they count as offline."""

CLOCK_STEP_SECONDS = 5.0
"""Wall and monotonic time may drift apart by this much between two events before the clock is distrusted."""

CLOCK_STEADY_SECONDS = 60.0
"""How long the wall clock must run evenly before it is trusted again, at least."""

CLOCK_DOUBT_SECONDS = 24 * 3600.0
"""How long it must do so at most, however far it jumped ahead: a box that was off for a week comes round in a day."""

SIGN_IN_BURST = 5


def started_up(turn: Turn, started: BoxStartedUp) -> None:
    """Wake up: nothing granted before still holds, all is locked that no fire releases, all inputs are read anew."""
    for known in sorted(turn.state.doors):
        _lapse_grants(turn, known, turn.state.door(known))
    for reader in sorted(turn.state.challenges):
        abandon_challenge(turn, reader, DenyReason.FACTOR_NOT_PRESENTED)
    turn.record(ev.BoxStarted(started.version, HEAR_SECONDS, PIN_LOCK_SECONDS, LOCKDOWN_SECONDS))
    for door in turn.site.doors.values():
        if door.fire_zone is None or door.fire_zone not in turn.state.fires:
            relock(turn, door.id)
    if turn.state.site_digest != started.site_digest:
        turn.record(activation(turn, started.site_digest, started.site_toml))
    put_all(turn)
    cause_gone(turn, {AlarmKind.LOG_LATE}, Source())
    end_what_is_gone(turn)


def watch_clock(turn: Turn) -> None:
    """Distrust a wall clock that is behind the last event or jumped; trust it again once it ran evenly for a while.

    The state keeps the latest wall time ever seen, and the monotonic time of the last event of this boot. A clock that
    jumped ahead is trusted once as much time has passed as it skipped: who sets it to office hours gains no minute.
    """
    last = turn.state.last
    if last is None:
        return
    behind = (last.wall - turn.now.wall).total_seconds()
    drift = -behind - (turn.now.mono - last.mono)
    if abs(drift) > CLOCK_STEP_SECONDS:
        if turn.state.clock_trusted or drift > CLOCK_STEP_SECONDS:  # a further jump starts the steady time over
            turn.record(ev.ClockDistrusted(f"wall time stepped by {drift:.0f} s", _steady_seconds(turn, drift)))
            raise_alarm(turn, AlarmKind.CLOCK_UNTRUSTED, Source())
    elif not turn.state.clock_trusted and turn.now.mono - turn.state.clock_steady_since >= turn.state.clock_steady_for:
        turn.record(ev.ClockTrusted())
        cause_gone(turn, {AlarmKind.CLOCK_UNTRUSTED}, Source())


def _steady_seconds(turn: Turn, ahead: float) -> float:
    """Return how long to wait now: what a jump skipped, and what was still to wait for those before it."""
    waited = turn.now.mono - turn.state.clock_steady_since
    left = 0.0 if turn.state.clock_trusted else max(0.0, turn.state.clock_steady_for - waited)
    return min(max(left + ahead, CLOCK_STEADY_SECONDS), CLOCK_DOUBT_SECONDS)


def log_late(turn: Turn, late: LogLateSeen) -> None:
    """The log could not take a record in time: what waited for it is no grant, and nobody is let in until it can."""
    if not turn.state.log_late:
        turn.record(ev.LogWasLate(late.detail))
        raise_alarm(turn, AlarmKind.LOG_LATE, Source(), late.detail)
    for door, request in late.grants:
        take_back(turn, door, request, ev.UnlockFailure.LOG_CANNOT_BE_WRITTEN)


def log_restored(turn: Turn) -> None:
    """The log is durable again."""
    if turn.state.log_late:
        turn.record(ev.LogWasRestored())
        cause_gone(turn, {AlarmKind.LOG_LATE}, Source())


def log_tampered(turn: Turn, tampered: LogTamperedSeen) -> None:
    """The log is not the one that was signed: nothing is undone by it, and somebody must know."""
    raise_alarm(turn, AlarmKind.LOG_TAMPERED, Source(), tampered.detail)


def disk_seen(turn: Turn, seen: DiskSeen) -> None:
    """The log's disk runs full, or has room again: told while there is still time to make room."""
    if seen.low:
        raise_alarm(turn, AlarmKind.DISK_LOW, Source(), seen.detail)
    else:
        cause_gone(turn, {AlarmKind.DISK_LOW}, Source())


def sign_in_tried(turn: Turn, tried: SignInTried) -> None:
    """Somebody signed in, or tried to."""
    if tried.succeeded:
        turn.record(ev.OperatorSignedIn(tried.operator, tried.address, tried.factor))
        if tried.duress:
            duress_seen(turn, DuressSeen(tried.operator, tried.address))
        return
    turn.record(ev.OperatorSignInFailed(tried.operator, tried.address))
    recent = [t for t in turn.state.failed_sign_ins if turn.now.mono - t < BURST_SECONDS]
    if len(recent) >= SIGN_IN_BURST:
        raise_alarm(turn, AlarmKind.LOGIN_BRUTE_FORCE, Source(), f"from {tried.address}")


def duress_seen(turn: Turn, seen: DuressSeen) -> None:
    """Somebody is forced at a console: told at a second station, whatever comes of the sign-in."""
    raise_alarm(turn, AlarmKind.DURESS, Source(), f"{seen.operator} signed in from {seen.address}")


def operator_removed(turn: Turn, removed: OperatorRemoved) -> None:
    """At the box itself: nobody's word is asked for, and it stands in the log."""
    if removed.anew:
        turn.record(ev.OperatorReset(removed.author, None, removed.operator, removed.reason))
    else:
        turn.record(ev.OperatorWithdrawn(removed.author, removed.operator, removed.reason))


def consoles_seen(turn: Turn, seen: ConsolesSeen) -> None:
    """Nobody is told of an alarm at a console that nobody watches: sirens and the second post are."""
    if seen.watching:
        cause_gone(turn, {AlarmKind.NO_CONSOLE_WATCHING}, Source())
    else:
        raise_alarm(turn, AlarmKind.NO_CONSOLE_WATCHING, Source())


def _lapse_grants(turn: Turn, door: DoorId, state: DoorState) -> None:
    for passage in state.passages:
        if not passage.used and not passage.exit:
            turn.record(ev.GrantWithdrawn(passage.request, door, ev.UnlockFailure.RESTARTED))
