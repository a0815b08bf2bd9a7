"""The function everything hangs on: one stimulus, what follows from it."""

from __future__ import annotations

from dataclasses import fields
from typing import assert_never

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.decision import DenyReason
from controller.domain.doors import LockMode
from controller.domain.effects import Effect, HoldUnlocked, Unlock
from controller.domain.instant import Instant
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.domain.stimuli import Stimulus
from controller.rules.access import abandon_challenge, card_presented, face_seen, pin_entered
from controller.rules.alarm_orders import shelf_time_passed
from controller.rules.areas import area_time_passed, look_at_areas
from controller.rules.box import (
    consoles_seen,
    disk_seen,
    duress_seen,
    log_late,
    log_restored,
    log_tampered,
    operator_removed,
    sign_in_tried,
    started_up,
    watch_clock,
)
from controller.rules.causes import cause_time_passed, look_at_causes
from controller.rules.counting import person_passed
from controller.rules.devices import (
    battery_seen,
    camera_seen,
    certificate_seen,
    device_seen,
    fault_seen,
    message_is_new,
    power_seen,
    start_up_time_passed,
    tamper_seen,
    violation_seen,
)
from controller.rules.door import door_time_passed, key_seen, lock_seen, position_seen, rex_seen, unlock_failed
from controller.rules.escalation import escalation_time_passed, hush_acknowledged
from controller.rules.faces import face_spotted, gesture_wanted, withdraw
from controller.rules.gathering import grace_time_passed, people_moved
from controller.rules.interlock import release_waiting
from controller.rules.lockdown import lockdown_time_passed
from controller.rules.maintenance import look_at_maintenance
from controller.rules.order import ordered
from controller.rules.outputs import output_seen
from controller.rules.points import point_seen
from controller.rules.policy import policy_approved
from controller.rules.relock import loop_seen, resume_relocks
from controller.rules.standing import settle_modes
from controller.rules.turn import Outcome, Turn
from controller.rules.turnstile import rotation_seen
from controller.rules.views import view_seen
from controller.rules.visitors import visits_time_passed


def step(site: Site, state: SiteState, stimulus: Stimulus, now: Instant) -> Outcome:
    """Return what follows from one stimulus: facts to write down and requests to post. Pure.

    ``outcome.state`` is ``state`` with the facts folded in, so that nobody folds them twice.
    """
    turn = Turn(site, state, now)
    if not isinstance(stimulus, st.BoxStartedUp):
        watch_clock(turn)
    _dispatch(turn, stimulus)
    look_at_maintenance(turn)
    look_at_areas(turn)
    look_at_causes(turn)
    hush_acknowledged(turn)
    settle_modes(turn)
    people_moved(turn, state)
    release_waiting(turn)
    resume_relocks(turn)
    return turn.outcome()


def next_deadline(state: SiteState) -> float | None:
    """Return the monotonic second at which ``TimePassed`` is due next; None while nothing is timed."""
    due: list[float | None] = [state.hear_by, *state.door_deadlines.values()]
    due += [challenge.until for challenge in state.challenges.values()]
    due += [*state.left_alone.values(), *state.unescorted.values()]
    if state.lockdown is not None:
        due.append(state.lockdown.secured_by)
    if state.modes_due is not None:
        due.append(state.modes_due.mono)
    due += [until for area in state.areas.values() for until in (area.until, area.walk_until)]
    due += [*state.bypasses.values(), *(cause.due for cause in state.causes.values())]
    due += [work.until for work in state.maintenance.values()]
    for alarm in state.alarms.values():
        due += [alarm.escalates_at, alarm.shelf.until if alarm.shelf else None]
    return min([t for t in due if t is not None], default=None)


def still_holds(state: SiteState, effect: Effect, now: Instant) -> bool:
    """Tell whether an effect that waited for the log may still go out: its grant must not be gone meanwhile."""
    match effect:
        case Unlock():
            granted = any(p.request == effect.request for p in state.door(effect.door).passages)
            return granted and now.mono < effect.deadline
        case HoldUnlocked():
            return state.door(effect.door).hold is LockMode.UNLOCKED
        case _:
            return True


def _dispatch(turn: Turn, stimulus: Stimulus) -> None:  # noqa: C901 - one flat table
    match stimulus:
        case st.Delivered():
            if message_is_new(turn, stimulus):
                _dispatch(turn, stimulus.stimulus)
        case st.Nothing():
            pass
        case st.CardPresented():
            card_presented(turn, stimulus)
        case st.PinEntered():
            pin_entered(turn, stimulus)
        case st.FaceSeen():
            face_seen(turn, stimulus)
        case st.GestureWanted():
            gesture_wanted(turn, stimulus)
        case st.FaceSpotted():
            face_spotted(turn, stimulus)
        case st.PositionSeen():
            position_seen(turn, stimulus)
        case st.LockSeen():
            lock_seen(turn, stimulus)
        case st.RexSeen():
            rex_seen(turn, stimulus)
        case st.PointSeen():
            point_seen(turn, stimulus)
        case st.OutputSeen():
            output_seen(turn, stimulus)
        case st.LoopSeen():
            loop_seen(turn, stimulus)
        case st.RotationSeen():
            rotation_seen(turn, stimulus)
        case st.PersonPassed():
            person_passed(turn, stimulus)
        case st.KeySeen():
            key_seen(turn, stimulus)
        case st.DeviceSeen():
            device_seen(turn, stimulus)
        case st.TamperSeen():
            tamper_seen(turn, stimulus)
        case st.PowerSeen():
            power_seen(turn, stimulus)
        case st.BatterySeen():
            battery_seen(turn, stimulus)
        case st.ViolationSeen():
            violation_seen(turn, stimulus)
        case st.FaultSeen():
            fault_seen(turn, stimulus)
        case st.CameraViewSeen():
            view_seen(turn, stimulus)
        case st.CameraSeen():
            camera_seen(turn, stimulus)
        case st.UnlockFailed():
            unlock_failed(turn, stimulus)
        case st.Ordered():
            ordered(turn, stimulus)
        case st.SignInTried():
            sign_in_tried(turn, stimulus)
        case st.DuressSeen():
            duress_seen(turn, stimulus)
        case st.SignedOutSeen():
            turn.record(ev.OperatorSignedOut(stimulus.operator))
        case st.PersonEnrolled():
            turn.record(ev.CardholderRecorded(stimulus.author, stimulus.cardholder, stimulus.identity))
        case st.BadgeEnrolled():
            turn.record(ev.CredentialRecorded(stimulus.author, stimulus.credential))
        case st.FaceEnrolled():
            told = {field.name: getattr(stimulus, field.name) for field in fields(stimulus)}
            turn.record(ev.FaceTemplateRecorded(**told))
        case st.FaceGone():
            withdraw(turn, stimulus.author, stimulus.cardholder, stimulus.reason)
        case st.OperatorEnrolled():
            turn.record(ev.OperatorRecorded(stimulus.author, stimulus.operator))
        case st.OperatorRemoved():
            operator_removed(turn, stimulus)
        case st.SecondFactorSet():
            turn.record(ev.SecondFactorChanged(stimulus.operator, stimulus.factor, stimulus.change))
        case st.ConsolesSeen():
            consoles_seen(turn, stimulus)
        case st.TimePassed():
            _time_passed(turn)
        case st.LogLateSeen():
            log_late(turn, stimulus)
        case st.LogRestoredSeen():
            log_restored(turn)
        case st.LogTamperedSeen():
            log_tampered(turn, stimulus)
        case st.JournalReplayedSeen():
            turn.record(ev.JournalReplayed(stimulus.first, stimulus.last))
        case st.SnapshotTakenSeen():
            turn.record(ev.SnapshotTaken(stimulus.through, stimulus.digest))
        case st.DiskSeen():
            disk_seen(turn, stimulus)
        case st.CertificateSeen():
            certificate_seen(turn, stimulus)
        case st.BoxStartedUp():
            started_up(turn, stimulus)
        case st.PolicyApproved():
            policy_approved(turn, stimulus)
        case st.KeepingDone(fact=fact):
            turn.record(fact)
        case st.BoxStopping():
            turn.record(ev.BoxStopped())
        case _:
            assert_never(stimulus)


def _time_passed(turn: Turn) -> None:
    due = [door for door, until in turn.state.door_deadlines.items() if until <= turn.now.mono]
    for door in sorted(due):  # a map's own order changes from boot to boot
        door_time_passed(turn, door)
    for reader, pending in sorted(turn.state.challenges.items()):
        if pending.until <= turn.now.mono:
            abandon_challenge(turn, reader, DenyReason.FACTOR_NOT_PRESENTED)
    grace_time_passed(turn)
    visits_time_passed(turn)
    lockdown_time_passed(turn)
    start_up_time_passed(turn)
    area_time_passed(turn)
    cause_time_passed(turn)
    escalation_time_passed(turn)
    shelf_time_passed(turn)
