"""The state is the fold of ``apply`` over the log, always."""

from __future__ import annotations

from typing import assert_never

from immutables import Map

from controller.domain import events as ev
from controller.domain.alarms import Alarm
from controller.domain.doors import LockMode, ModeOrder, Passage
from controller.domain.events import Event
from controller.domain.ids import OperatorId
from controller.domain.instant import Instant
from controller.domain.state import DeviceState, Lockdown, SiteState, replace
from controller.rules.fold_access import BURST_MEMORY, challenged, counted, denied, granted, proven, tries_after_start
from controller.rules.fold_alarms import handled
from controller.rules.fold_areas import area_moved, bypassed, counts_again
from controller.rules.fold_causes import cause_moved, escalated, guarding_after_start
from controller.rules.fold_counting import counted as person_counted
from controller.rules.fold_counting import expected, opening_begins
from controller.rules.fold_doors import (
    ambiguous,
    armed,
    delayed,
    disarmed,
    entered,
    key_moved,
    locked,
    loop_moved,
    moved,
    passage_until,
    timed,
    told_to_lock,
    with_door,
    withdrawn,
)
from controller.rules.fold_faces import face_changed
from controller.rules.fold_house import enrolling, evacuated, issued, recorded
from controller.rules.fold_integrations import integrations_changed
from controller.rules.fold_maintenance import known_by, maintained
from controller.rules.fold_modes import (
    changed,
    fire_moved,
    first_person,
    ordered,
    orders_after_start,
    with_order,
    without_order,
)
from controller.rules.fold_modes import timed as modes_timed
from controller.rules.fold_operators import operators_changed
from controller.rules.fold_people import after_start, doubted, forgiven, grace_ended, grace_started, visiting
from controller.rules.fold_points import heard, observed, shown, switched
from controller.rules.fold_policy import activated
from controller.rules.fold_records import records_changed, unveiled


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
            return activated(state, event, at)
        case ev.CardholderRecorded():
            return recorded(state, event)
        case ev.CredentialRecorded():
            return _credential(issued(state, event.credential.cardholder), event)
        case (
            ev.FaceTemplateRecorded()
            | ev.FaceWithdrawn()
            | ev.FaceConfirmed()
            | ev.PortraitKept()
            | ev.PortraitRemoved()
            | ev.FaceListed()
            | ev.FaceUnlisted()
        ):
            return face_changed(state, event, at)
        case (
            ev.OperatorRecorded()
            | ev.OperatorAppointed()
            | ev.OperatorWithdrawn()
            | ev.OperatorReset()
            | ev.ShiftHandedOver()
            | ev.ShiftAccepted()
        ):
            return operators_changed(state, event, at)
        case ev.TokenIssued() | ev.TokenRevoked() | ev.WebhookAdded() | ev.WebhookRemoved():
            return integrations_changed(state, event)
        case ev.OperatorSignInFailed():
            failed = (*state.failed_sign_ins, at.mono)[-BURST_MEMORY:]
            return replace(state, failed_sign_ins=failed)
        case ev.AccessGranted():
            return granted(state, event, at)
        case ev.AccessDenied():
            return denied(state, event, at)
        case ev.ChallengeIssued():
            return challenged(state, event, at)
        case ev.FactorProven():
            return proven(state, event)
        case ev.DoorUnlockOrdered():
            passage = Passage(event.request, event.cardholder, None, passage_until(at, event.seconds))
            return armed(counted(state, event.request), event.door, passage)
        case ev.ExitRequested():
            passage = Passage(event.request, None, None, passage_until(at, event.seconds), exit=True)
            return armed(counted(state, event.request), event.door, passage)
        case ev.ExitDelayed():
            return delayed(counted(state, event.request), event, at)
        case ev.EntryObserved():
            return expected(entered(state, event, at), event.door, (event.enters,), at)
        case ev.EntryAmbiguous():
            return expected(ambiguous(state, event, at), event.door, (None,) * len(event.requests), at)
        case ev.PersonCounted():
            return person_counted(state, event)
        case ev.GrantWithdrawn():
            return withdrawn(state, event, at)
        case ev.WhereaboutsDoubted():
            return doubted(state, event, at)
        case ev.PassbackForgiven():
            return forgiven(state, event, at)
        case (
            ev.VisitorRegistered()
            | ev.HostApproved()
            | ev.VisitorSignedIn()
            | ev.VisitorSignedOut()
            | ev.VisitorOverdue()
        ):
            return visiting(state, event)
        case ev.GraceStarted():
            return grace_started(state, event, at)
        case ev.GraceEnded():
            return grace_ended(state, event)
        case ev.NoEntryAfterGrant() | ev.ExitObserved() | ev.PassageLapsed():
            return disarmed(state, event.door, (event.request,))
        case ev.PositionObserved():
            return opening_begins(moved(state, event, at), event, at)
        case ev.HeldOpenTimerRestarted():
            return timed(state, event.door, at.mono + event.warn_seconds, at.mono + event.open_seconds)
        case ev.HeldOpenWarned():
            return with_door(state, event.door, replace(state.door(event.door), warn_after=None))
        case ev.HeldOpenTimed():
            return timed(state, event.door, None, None)
        case ev.LockObserved():
            return locked(state, event, at)
        case ev.LoopObserved():
            return loop_moved(state, event)
        case ev.KeyOverrideObserved():
            return key_moved(state, event, at)
        case ev.RelockDeferred():
            return replace(state, deferred=state.deferred | {event.door})
        case ev.RelockResumed():
            return replace(state, deferred=state.deferred - {event.door})
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
        case ev.PointObserved():
            return observed(state, event)
        case ev.OutputOrdered():
            return switched(state, event, at)
        case ev.OutputObserved():
            return shown(state, event)
        case ev.BatteryObserved():
            device = replace(state.device(event.device), battery_low=event.low)
            return replace(state, devices=state.devices.set(event.device, device))
        case (
            ev.AreaArming()
            | ev.AreaArmed()
            | ev.ArmingWithheld()
            | ev.AreaEntryDelayed()
            | ev.AreaTripped()
            | ev.AreaDisarmed()
            | ev.AreaScheduleTurned()
            | ev.WalkTestStarted()
            | ev.PointTested()
            | ev.WalkTestEnded()
        ):
            return area_moved(state, event, at)
        case ev.PointBypassed():
            return bypassed(state, event, at)
        case ev.BypassEnded():
            return counts_again(state, event)
        case ev.MaintenanceStarted() | ev.MaintenanceEnded():
            return maintained(state, event, at)
        case ev.DeviceIdentified() | ev.ReaderReplacementOrdered():
            return known_by(state, event)
        case ev.CauseBegan() | ev.CauseFired() | ev.CauseEnded() | ev.CauseReset():
            return cause_moved(state, event, at)
        case ev.AlarmEscalated():
            return escalated(state, event)
        case ev.MessageTaken():
            return heard(state, event)
        case ev.CameraCameOnline():
            return replace(state, cameras=state.cameras.set(event.camera, DeviceState(online=True)))
        case ev.CameraWentOffline():
            return replace(state, cameras=state.cameras.set(event.camera, DeviceState(online=False)))
        case ev.CameraViewChanged():
            return replace(state, views=state.views.set(event.camera, event.trouble))
        case ev.DoorLockOrdered():
            return told_to_lock(state, event.door)
        case ev.DoorBlocked():
            block = ModeOrder(LockMode.BLOCKED, event.operator, event.reason)
            return with_order(told_to_lock(state, event.door), event.door, block)
        case ev.DoorUnblocked():
            return without_order(state, event.door, LockMode.BLOCKED)
        case ev.DoorModeOrdered():
            return ordered(state, event, at)
        case ev.DoorModeReleased() | ev.DoorModeLapsed():
            return without_order(state, event.door, event.mode)
        case ev.LockModeChanged():
            return changed(state, event)
        case ev.LockModesTimed():
            return modes_timed(state, event, at)
        case ev.DoorFirstPersonIn():
            return first_person(state, event, at)
        case ev.FireAlarm() | ev.FireResetConfirmed():
            return fire_moved(state, event, at)
        case ev.LockdownStarted():
            return _locked_down(state, event, at)
        case ev.LockdownSecured() | ev.LockdownOverdue() | ev.LockdownEndRequested() | ev.LockdownEnded():
            return _lockdown_moved(state, event)
        case ev.ThreatLevelSet():
            return replace(state, threat_level=event.level)
        case ev.AlarmRaised():
            return _alarm_raised(state, event, at)
        case ev.AlarmCauseGone() | ev.AlarmAcknowledged() | ev.AlarmClosed():
            return _alarm_moved(state, event)
        case ev.AlarmStepDone() | ev.AlarmShelved() | ev.AlarmUnshelved():
            return handled(state, event, at)
        case ev.LogWasLate():
            return replace(state, log_late=True)
        case ev.LogWasRestored():
            return replace(state, log_late=False)
        case ev.ClockDistrusted():
            steady = event.steady_seconds
            return replace(
                state, clock_trusted=False, clock_steady_since=at.mono, clock_steady_for=steady, modes_due=None
            )
        case ev.ClockTrusted():
            return replace(state, clock_trusted=True)
        case ev.EnrolmentOpened() | ev.BadgeOffered():
            return enrolling(state, event, at)
        case ev.EvacuationStarted() | ev.EvacuationEnded() | ev.SafeCounted() | ev.SafeUncounted():
            return evacuated(state, event, at)
        case ev.VeilLifted() | ev.VeilLowered() | ev.EvidenceExported():
            return unveiled(state, event, at)
        case (
            ev.SecondPersonAsked()
            | ev.CardholderErased()
            | ev.CredentialStatusSet()
            | ev.AccessLevelAssigned()
            | ev.AccessLevelWithdrawn()
            | ev.LegalHoldPlaced()
            | ev.LegalHoldLifted()
            | ev.PeopleExported()
            | ev.BackupRestored()
            | ev.DestructionOrdered()
        ):
            return records_changed(state, event, at)
        case (
            ev.BoxStopped()
            | ev.JournalReplayed()
            | ev.SnapshotTaken()
            | ev.RecordRead()
            | ev.ClipRecorded()
            | ev.StillRecorded()
            | ev.RecordingsDropped()
            | ev.CameraTurnOrdered()
            | ev.CameraStopOrdered()
            | ev.CameraPresetOrdered()
            | ev.CameraPresetKept()
            | ev.RetentionApplied()
            | ev.BackupTaken()
            | ev.OperatorSignedIn()
            | ev.SecondFactorChanged()
            | ev.OperatorSignedOut()
            | ev.FaceJudged()
            | ev.GestureAsked()
            | ev.PortraitCompared()
            | ev.PassageJudged()
            | ev.RotationObserved()
            | ev.WireViolated()
            | ev.CertificateIssued()
            | ev.CertificateRevoked()
            | ev.WebhookSecretRotated()
            | ev.WebhookUndelivered()
            | ev.ReaderKeyed()
            | ev.OrderRefused()
        ):
            return state
    assert_never(event)


def _started(state: SiteState, event: ev.BoxStarted, at: Instant) -> SiteState:
    """Forget what was observed, keep what was ordered; deadlines begin anew, to the strict side."""
    lockdown = state.lockdown and replace(
        state.lockdown,
        started_mono=at.mono,
        expected_seconds=event.lockdown_seconds,
        secured=False,
        secured_by=at.mono + event.lockdown_seconds,
    )
    return replace(
        guarding_after_start(after_start(state, at), at),
        doors=Map(orders_after_start(state, at)),
        modes_due=None,
        devices=Map(),
        cameras=Map(),
        views=Map(),
        veils=Map(),
        challenges=Map(),
        pin_tries=Map(tries_after_start(state, at.mono + event.pin_lock_seconds)),
        keypad_tries=Map({reader: (at.mono,) * len(tries) for reader, tries in state.keypad_tries.items()}),
        unknown_cards=Map(),
        enrolments=Map(),
        failed_sign_ins=(),
        deferred=frozenset(),
        lockdown=lockdown,
        log_late=False,
        clock_steady_since=at.mono,
        hear_by=at.mono + event.hear_seconds,
    )


def _credential(state: SiteState, event: ev.CredentialRecorded) -> SiteState:
    credential = event.credential
    before = state.credentials.get(credential.id)
    tokens = state.tokens
    for token in before.names if before is not None else ():
        if tokens.get(token) == credential.id:
            tokens = tokens.delete(token)
    for token in credential.names:
        tokens = tokens.set(token, credential.id)
    return replace(state, credentials=state.credentials.set(credential.id, credential), tokens=tokens)


def _locked_down(state: SiteState, event: ev.LockdownStarted, at: Instant) -> SiteState:
    for door in state.doors:
        state = told_to_lock(state, door)
    seconds = event.expected_seconds
    lockdown = Lockdown(event.operator, event.reason, at.wall, at.mono, at.mono + seconds, expected_seconds=seconds)
    return replace(state, lockdown=lockdown)


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
    due = None if event.escalate_seconds is None else at.mono + event.escalate_seconds
    alarm = Alarm(
        event.alarm,
        event.kind,
        event.priority,
        event.source,
        event.detail,
        at.wall,
        event.persists,
        silent=event.silent,
        escalates_at=due,
        maintenance=event.maintenance,
    )
    raised = max(state.raised, int(event.alarm[1:]))
    flood = state.flood if event.silent else state.flood.after(at.mono)
    return replace(state, alarms=state.alarms.set(event.alarm, alarm), raised=raised, flood=flood)


def _alarm_moved(state: SiteState, event: ev.AlarmCauseGone | ev.AlarmAcknowledged | ev.AlarmClosed) -> SiteState:
    alarm = state.alarms.get(event.alarm)
    if alarm is None:
        return state
    match event:
        case ev.AlarmCauseGone():
            return replace(state, alarms=state.alarms.set(alarm.id, replace(alarm, persists=False)))
        case ev.AlarmAcknowledged():
            return replace(state, alarms=state.alarms.set(alarm.id, _acknowledged(alarm, event.operator)))
        case ev.AlarmClosed():
            return replace(state, alarms=state.alarms.delete(alarm.id))
    assert_never(event)


def _acknowledged(alarm: Alarm, operator: OperatorId) -> Alarm:
    return replace(alarm, acknowledged_by=operator, escalates_at=None)
