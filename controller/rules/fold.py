"""The state is the fold of ``apply`` over the log, always."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from immutables import Map

from controller.domain import events as ev
from controller.domain.alarms import Alarm
from controller.domain.decision import DenyReason
from controller.domain.doors import Block, DoorState, LockStatus, Passage, Position
from controller.domain.events import Event
from controller.domain.ids import CardholderId, DoorId, ReaderId, RequestId, ZoneId
from controller.domain.instant import Instant
from controller.domain.site import Factor
from controller.domain.state import DeviceState, Heard, Lockdown, PendingChallenge, PinTries, SiteState

CONTACT_GRACE_SECONDS = 1.0
"""A leaf pulled at the last instant of the strike is reported a debounce and a line cycle later."""

MAX_WRONG_PINS = 3
PIN_LOCK_SECONDS = 60.0
BURST_SECONDS = 60.0
BURST_MEMORY = 32


def apply(state: SiteState, event: Event, at: Instant) -> SiteState:
    """Fold one event into the state."""
    return replace(_folded(state, event, at), last=_later(state.last, at))


def _later(last: Instant | None, at: Instant) -> Instant:
    """Keep the latest wall time ever seen: a clock set back must not look fresh."""
    return at if last is None or at.wall >= last.wall else Instant(last.wall, at.mono)


def _folded(state: SiteState, event: Event, at: Instant) -> SiteState:  # noqa: C901 - one flat table
    match event:
        case ev.BoxStarted():
            return _started(state, event, at)
        case ev.StartUpCompleted():
            return replace(state, hear_by=None)
        case ev.SiteActivated():
            return replace(state, site_digest=event.digest)
        case ev.CardholderRecorded():
            return replace(state, people=state.people.set(event.cardholder.id, event.cardholder))
        case ev.CredentialRecorded():
            return _credential(state, event)
        case ev.OperatorRecorded():
            return replace(state, operators=state.operators.set(event.operator.id, event.operator))
        case ev.OperatorSignInFailed():
            failed = (*state.failed_sign_ins, at.mono)[-BURST_MEMORY:]
            return replace(state, failed_sign_ins=failed)
        case ev.AccessGranted():
            return _granted(state, event, at)
        case ev.AccessDenied():
            return _denied(state, event, at)
        case ev.ChallengeIssued():
            return _challenged(state, event, at)
        case ev.FactorProven():
            return _proven(state, event)
        case ev.DoorUnlockOrdered():
            passage = Passage(event.request, None, None, at.mono + event.seconds + CONTACT_GRACE_SECONDS)
            return _armed(_counted(state, event.request), event.door, passage)
        case ev.ExitRequested():
            passage = Passage(event.request, None, None, at.mono + event.seconds + CONTACT_GRACE_SECONDS, exit=True)
            return _armed(_counted(state, event.request), event.door, passage, opens=False)
        case ev.EntryObserved():
            return _entered(state, event)
        case ev.EntryAmbiguous():
            return _ambiguous(state, event)
        case ev.GrantWithdrawn() | ev.NoEntryAfterGrant() | ev.ExitObserved() | ev.PassageLapsed():
            return _disarmed(state, event.door, (event.request,))
        case ev.PositionObserved():
            return _moved(state, event, at)
        case ev.HeldOpenTimerRestarted():
            return _timed(state, event.door, at.mono + event.warn_seconds, at.mono + event.open_seconds)
        case ev.HeldOpenWarned():
            return _with_door(state, event.door, replace(state.door(event.door), warn_after=None))
        case ev.HeldOpenTimed():
            return _timed(state, event.door, None, None)
        case ev.LockObserved():
            return _locked(state, event)
        case ev.DeviceCameOnline():
            device = replace(state.device(event.device), online=True, secure=event.secure)
            return replace(state, devices=state.devices.set(event.device, device))
        case ev.DeviceWentOffline():
            device = replace(state.device(event.device), online=False, secure=False)
            return replace(state, devices=state.devices.set(event.device, device))
        case ev.TamperObserved():
            device = replace(state.device(event.device), tampered=event.active)
            return replace(state, devices=state.devices.set(event.device, device))
        case ev.PowerObserved():
            device = replace(state.device(event.device), power_failed=event.failed)
            return replace(state, devices=state.devices.set(event.device, device))
        case ev.MessageTaken():
            return replace(state, heard=state.heard.set(event.device, Heard(event.boot, event.number)))
        case ev.CameraCameOnline():
            return replace(state, cameras=state.cameras.set(event.camera, DeviceState(online=True)))
        case ev.CameraWentOffline():
            return replace(state, cameras=state.cameras.set(event.camera, DeviceState(online=False)))
        case ev.DoorLockOrdered():
            return _with_door(state, event.door, replace(state.door(event.door), ordered=LockStatus.LOCKED))
        case ev.DoorBlocked():
            door = replace(state.door(event.door), block=Block(event.operator, event.reason))
            return _with_door(state, event.door, door)
        case ev.DoorUnblocked():
            return _with_door(state, event.door, replace(state.door(event.door), block=None))
        case ev.LockdownStarted():
            return replace(state, lockdown=_lockdown(event, at))
        case ev.LockdownSecured() | ev.LockdownOverdue() | ev.LockdownEndRequested() | ev.LockdownEnded():
            return _lockdown_moved(state, event)
        case ev.ThreatLevelSet():
            return replace(state, threat_level=event.level)
        case ev.AlarmRaised():
            return _alarm_raised(state, event, at)
        case ev.AlarmCauseGone() | ev.AlarmAcknowledged() | ev.AlarmClosed():
            return _alarm_moved(state, event)
        case ev.LogWasLate():
            return replace(state, log_late=True)
        case ev.LogWasRestored():
            return replace(state, log_late=False)
        case ev.ClockDistrusted():
            return replace(state, clock_trusted=False, clock_steady_since=at.mono)
        case ev.ClockTrusted():
            return replace(state, clock_trusted=True)
        case (
            ev.BoxStopped()
            | ev.FaceTemplateRecorded()
            | ev.OperatorSignedIn()
            | ev.OperatorSignedOut()
            | ev.FaceJudged()
            | ev.WireViolated()
            | ev.OrderRefused()
        ):
            return state
    assert_never(event)


def _started(state: SiteState, event: ev.BoxStarted, at: Instant) -> SiteState:
    """Forget what was observed, keep what was ordered; deadlines begin anew, to the strict side."""
    blocked = {door: DoorState(block=was.block) for door, was in state.doors.items() if was.block}
    locked = {
        credential: PinTries(tries.wrong, at.mono + event.pin_lock_seconds)
        for credential, tries in state.pin_tries.items()
        if tries.locked_until is not None
    }
    lockdown = state.lockdown and replace(
        state.lockdown, started_mono=at.mono, secured=False, secured_by=at.mono + event.lockdown_seconds
    )
    return replace(
        state,
        doors=Map(blocked),
        devices=Map(),
        cameras=Map(),
        challenges=Map(),
        pin_tries=Map(locked),
        unknown_cards=Map(),
        failed_sign_ins=(),
        lockdown=lockdown,
        log_late=False,
        clock_steady_since=at.mono,
        hear_by=at.mono + event.hear_seconds,
    )


def _credential(state: SiteState, event: ev.CredentialRecorded) -> SiteState:
    credential = event.credential
    before = state.credentials.get(credential.id)
    tokens = state.tokens
    if before is not None and tokens.get(before.token) == before.id:
        tokens = tokens.delete(before.token)
    return replace(
        state,
        credentials=state.credentials.set(credential.id, credential),
        tokens=tokens.set(credential.token, credential.id),
    )


def _granted(state: SiteState, event: ev.AccessGranted, at: Instant) -> SiteState:
    until = at.mono + event.seconds + CONTACT_GRACE_SECONDS
    passage = Passage(event.request, event.cardholder, event.enters, until)
    state = _unchallenged(_counted(state, event.request), event.reader, event.request)
    if Factor.PIN in event.presented:
        tries = state.pin_tries
        state = replace(state, pin_tries=tries.delete(event.credential) if event.credential in tries else tries)
    return _armed(state, event.door, passage)


def _denied(state: SiteState, event: ev.AccessDenied, at: Instant) -> SiteState:
    state = _unchallenged(_counted(state, event.request), event.reader, event.request)
    if DenyReason.UNKNOWN_CREDENTIAL in event.reasons:
        recent = [t for t in state.unknown_cards.get(event.reader, ()) if at.mono - t < BURST_SECONDS]
        seen = (*recent, at.mono)[-BURST_MEMORY:]
        state = replace(state, unknown_cards=state.unknown_cards.set(event.reader, seen))
    if DenyReason.WRONG_PIN in event.reasons and event.credential is not None:
        tries = state.pin_tries.get(event.credential)
        wrong = 1 if tries is None or tries.locked_until is not None else tries.wrong + 1
        locked = at.mono + PIN_LOCK_SECONDS if wrong >= MAX_WRONG_PINS else None
        state = replace(state, pin_tries=state.pin_tries.set(event.credential, PinTries(wrong, locked)))
    return state


def _challenged(state: SiteState, event: ev.ChallengeIssued, at: Instant) -> SiteState:
    pending = PendingChallenge(
        event.request,
        event.credential,
        event.cardholder,
        frozenset(event.presented),
        frozenset(event.factors),
        at.mono,
        at.mono + event.seconds,
    )
    state = _counted(state, event.request)
    return replace(state, challenges=state.challenges.set(event.reader, pending))


def _proven(state: SiteState, event: ev.FactorProven) -> SiteState:
    pending = state.challenges.get(event.reader)
    if pending is None or pending.request != event.request:
        return state
    factor = frozenset({event.factor})
    pending = replace(pending, presented=pending.presented | factor, wanted=pending.wanted - factor)
    return replace(state, challenges=state.challenges.set(event.reader, pending))


def _unchallenged(state: SiteState, reader: ReaderId, request: RequestId) -> SiteState:
    pending = state.challenges.get(reader)
    if pending is None or pending.request != request:
        return state
    return replace(state, challenges=state.challenges.delete(reader))


def _counted(state: SiteState, request: RequestId) -> SiteState:
    return replace(state, requests=max(state.requests, int(request[1:])))


def _armed(state: SiteState, door: DoorId, passage: Passage, *, opens: bool = True) -> SiteState:
    before = state.door(door)
    ordered = LockStatus.UNLOCKED if opens else before.ordered
    return _with_door(state, door, replace(before, passages=(*before.passages, passage), ordered=ordered))


def _disarmed(state: SiteState, door: DoorId, requests: tuple[RequestId, ...]) -> SiteState:
    before = state.door(door)
    left = tuple(p for p in before.passages if p.request not in requests)
    return _with_door(state, door, replace(before, passages=left))


def _entered(state: SiteState, event: ev.EntryObserved) -> SiteState:
    if event.assumed and state.door(event.door).position is Position.OPEN:
        state = _used(state, event.door, event.request)
    else:
        state = _disarmed(state, event.door, (event.request,))
    if event.cardholder is None or event.enters is None:
        return state
    return _located(state, (event.cardholder,), event.enters)


def _used(state: SiteState, door: DoorId, request: RequestId) -> SiteState:
    before = state.door(door)
    passages = tuple(replace(p, used=True) if p.request == request else p for p in before.passages)
    return _with_door(state, door, replace(before, passages=passages))


def _ambiguous(state: SiteState, event: ev.EntryAmbiguous) -> SiteState:
    return _located(_disarmed(state, event.door, event.requests), event.cardholders, None)


def _located(state: SiteState, people: tuple[CardholderId, ...], zone: ZoneId | None) -> SiteState:
    locations = state.locations
    for person in people:
        locations = locations.set(person, zone)
    return replace(state, locations=locations)


def _moved(state: SiteState, event: ev.PositionObserved, at: Instant) -> SiteState:
    warn = None if event.warn_seconds is None else at.mono + event.warn_seconds
    held = None if event.open_seconds is None else at.mono + event.open_seconds
    door = replace(state.door(event.door), position=event.position)
    return _timed(_with_door(state, event.door, door), event.door, warn, held)


def _timed(state: SiteState, door: DoorId, warn: float | None, held: float | None) -> SiteState:
    return _with_door(state, door, replace(state.door(door), warn_after=warn, held_after=held))


def _locked(state: SiteState, event: ev.LockObserved) -> SiteState:
    before = state.door(event.door)
    ordered = None if before.ordered is event.lock else before.ordered
    return _with_door(state, event.door, replace(before, lock=event.lock, ordered=ordered))


def _with_door(state: SiteState, door: DoorId, now: DoorState) -> SiteState:
    return replace(state, doors=state.doors.set(door, now))


def _lockdown(event: ev.LockdownStarted, at: Instant) -> Lockdown:
    return Lockdown(event.operator, event.reason, at.wall, at.mono, at.mono + event.expected_seconds)


def _lockdown_moved(
    state: SiteState, event: ev.LockdownSecured | ev.LockdownOverdue | ev.LockdownEndRequested | ev.LockdownEnded
) -> SiteState:
    lockdown = state.lockdown
    if lockdown is None:
        return state
    match event:
        case ev.LockdownSecured():
            return replace(state, lockdown=replace(lockdown, secured=True, secured_by=None))
        case ev.LockdownOverdue():
            return replace(state, lockdown=replace(lockdown, secured_by=None))
        case ev.LockdownEndRequested():
            return replace(state, lockdown=replace(lockdown, end_requested_by=event.operator))
        case ev.LockdownEnded():
            return replace(state, lockdown=None)
    assert_never(event)


def _alarm_raised(state: SiteState, event: ev.AlarmRaised, at: Instant) -> SiteState:
    alarm = Alarm(event.alarm, event.kind, event.priority, event.source, event.detail, at.wall, event.persists)
    raised = max(state.raised, int(event.alarm[1:]))
    return replace(state, alarms=state.alarms.set(event.alarm, alarm), raised=raised)


def _alarm_moved(state: SiteState, event: ev.AlarmCauseGone | ev.AlarmAcknowledged | ev.AlarmClosed) -> SiteState:
    alarm = state.alarms.get(event.alarm)
    if alarm is None:
        return state
    match event:
        case ev.AlarmCauseGone():
            return replace(state, alarms=state.alarms.set(alarm.id, replace(alarm, persists=False)))
        case ev.AlarmAcknowledged():
            return replace(state, alarms=state.alarms.set(alarm.id, replace(alarm, acknowledged_by=event.operator)))
        case ev.AlarmClosed():
            return replace(state, alarms=state.alarms.delete(alarm.id))
    assert_never(event)
