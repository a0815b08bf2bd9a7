"""Every alarm and every event that there is: what brings it about, or why nothing here does yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarm_orders import ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import PRIORITY, AlarmKind, Source
from controller.domain.area_orders import ArmArea, BypassPoint, DisarmArea, WalkTest
from controller.domain.causes import Action, Escalation, OutputEffect, PointIs
from controller.domain.decision import FaceOutcome
from controller.domain.doors import Direction, LockMode, LockStatus, Loop
from controller.domain.events import Event, Violation
from controller.domain.filming import ViewTrouble
from controller.domain.ids import AlarmId, CardholderId, OperatorId, RequestId
from controller.domain.maintenance_orders import ReplaceReader, StartMaintenance
from controller.domain.operators import (
    AcknowledgeAlarm,
    BlockDoor,
    CloseAlarm,
    ConfirmFireReset,
    ConfirmPassage,
    EndLockdown,
    ForgiveAllPassback,
    LockDoor,
    Operator,
    ReleaseDoorMode,
    Role,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
    UnlockOnce,
)
from controller.domain.people import CredentialStatus
from controller.domain.points import PointCondition
from controller.domain.site import AntiPassback, EscortOrder, EscortRule, Factor, Site
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor
from tests.controller.builders import (
    ALICE,
    BOB,
    BUILDING,
    CELLAR_CAMERA,
    CELLAR_IN,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    LOBBY,
    LOBBY_CAMERA,
    MONDAY_TEN,
    PANEL,
    PANIC,
    PEOPLE,
    PIR,
    ROOM,
    SIREN,
    SUE,
    House,
    badge,
    badge_of,
    bolt,
    closes,
    duress_pin,
    empty_house,
    head,
    lock_of,
    opens,
    order,
    pin,
    point,
    quiet_house,
    strange_card,
    swipe,
    with_area,
    with_barrier,
    with_cause,
    with_counting,
    with_fire,
    with_key,
    with_mantrap,
    with_open_hours,
    with_points,
    with_turnstile,
    with_zone,
    wrong_pin,
)

A1, R1 = AlarmId("a1"), RequestId("r1")
Script = Sequence[st.Stimulus | float | Callable[[Site], Site]]
"""Stimuli, seconds that pass between them, and other policies that come into force."""


def hard_passback(site: Site) -> Site:
    return with_zone(site, LOBBY, anti_passback=AntiPassback.HARD)


def look_twice(site: Site) -> Site:
    return with_zone(site, LOBBY, factors=frozenset({Factor.CARD, Factor.GUARD}))


def cause(site: Site) -> Site:
    return with_cause(with_points(site), PointIs(PIR, PointCondition.ACTIVE), OutputEffect(SIREN, Action.ON))


def escalating(site: Site) -> Site:
    return replace(with_points(site), escalation=Escalation(60.0, (SIREN,)))


SOON = MONDAY_TEN + timedelta(seconds=80)
"""A minute after everything was heard of."""
AREA: Script = (
    with_area,
    point(GLASS, PointCondition.NORMAL),
    point(PIR, PointCondition.NORMAL),
)
ARM = order(GIL, ArmArea(ROOM))
ARMED: Script = (*AREA, ARM, 30.0)
SHELVE = order(SUE, ShelveAlarm(A1, SOON, "a new one is on its way"))
BYPASS = order(SUE, BypassPoint(PIR, SOON, "broken"))
WALK = order(SUE, WalkTest(ROOM, SOON))
WORK = order(SUE, StartMaintenance(Source(door=FRONT), SOON, "a new closer"))


def two_in_the_lobby(site: Site) -> Site:
    return with_zone(site, LOBBY, two_person=True)


def two_with_grace(site: Site) -> Site:
    return with_zone(site, LOBBY, two_person=True, two_person_grace_seconds=5.0)


def escorted_lobby(site: Site) -> Site:
    return with_zone(site, LOBBY, escort=EscortRule(EscortOrder.EITHER, 20.0, None, 0.0))


BOTH_IN = (swipe(FRONT_IN, ALICE), swipe(FRONT_IN, BOB), opens(FRONT), closes(FRONT), 10.0)
BOB_OUT = (swipe(FRONT_OUT, BOB), opens(FRONT), closes(FRONT))
GUEST = CardholderId("g-1")
DESK = (
    st.BadgeEnrolled("test", badge(EVE, status=CredentialStatus.RETURNED)),
    order(SUE, RegisterVisitor(GUEST, ALICE, None, MONDAY_TEN, MONDAY_TEN + timedelta(minutes=1), frozenset())),
    order(SUE, SignInVisitor(GUEST, badge_of(EVE))),
)
VISITOR_ESCORTED_IN = (
    escorted_lobby,
    st.PersonEnrolled("test", replace(PEOPLE[EVE], levels=PEOPLE[BOB].levels), "sealed"),
    st.PersonEnrolled("test", replace(PEOPLE[BOB], may_escort=True), "sealed"),
    swipe(FRONT_IN, EVE),
    swipe(FRONT_IN, BOB),
    opens(FRONT),
    closes(FRONT),
    10.0,
)

ALICE_IN = (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT))
LOCKDOWN = order(GIL, StartLockdown("drill"))
UNLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=1), "a delivery"))
BLOCK = order(GIL, BlockDoor(FRONT, "repair"))
LATE = st.LogLateSeen((), "slow disk")
OFFLINE = st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent")
DARK = st.CameraSeen(CELLAR_CAMERA, online=False, detail="no frames")
TAMPERED = st.TamperSeen(head(FRONT_IN), active=True)
FLAT = st.BatterySeen(lock_of(FRONT), low=True)
POWERLESS = st.PowerSeen(lock_of(FRONT), failed=True)
SWAPPED: Script = [
    said
    for serial in ("1", "2")
    for said in (
        st.DeviceSeen(head(FRONT_IN), online=False, secure=False, detail="pulled off"),
        st.DeviceSeen(head(FRONT_IN), online=True, secure=True, detail="", nameplate=serial),
    )
]
BAD_MAC = st.ViolationSeen(head(FRONT_IN), Violation.BAD_MAC, "wrong tag")
FAILED_SIGN_IN = st.SignInTried(OperatorId("root"), succeeded=False, address="10.0.0.9")
WRONG_FACE = st.FaceSeen(R1, CELLAR_CAMERA, FaceOutcome.MISMATCH, 0.8, 5, 1021.0)
FALSE_FACE = replace(WRONG_FACE, outcome=FaceOutcome.NOT_LIVE)

ALARMS: Mapping[AlarmKind, Script] = {
    AlarmKind.FORCED_OPEN: [opens(FRONT)],
    AlarmKind.HELD_OPEN: [swipe(FRONT_IN, ALICE), opens(FRONT), 20.0],
    AlarmKind.FOUND_OPEN: [OFFLINE, opens(FRONT)],
    AlarmKind.TAMPER: [TAMPERED],
    AlarmKind.FAULT: [bolt(FRONT, LockStatus.JAMMED)],
    AlarmKind.OFFLINE: [OFFLINE],
    AlarmKind.MAINS: [POWERLESS],
    AlarmKind.BATTERY: [FLAT],
    AlarmKind.DURESS: [swipe(INNER_IN, ALICE), duress_pin(INNER_IN, ALICE)],
    AlarmKind.PANIC: [with_points, point(PANIC)],
    AlarmKind.INTRUSION: [*ARMED, point(GLASS)],
    AlarmKind.HARD_ANTI_PASSBACK: [hard_passback, *ALICE_IN, swipe(FRONT_IN, ALICE)],
    AlarmKind.TWO_PERSON_BROKEN: [two_in_the_lobby, *BOTH_IN, *BOB_OUT],
    AlarmKind.VISITOR_ASTRAY: [*VISITOR_ESCORTED_IN, *BOB_OUT],
    AlarmKind.VISITOR_OVERDUE: [*DESK, 60.0, st.TimePassed()],
    AlarmKind.BADGE_NOT_RETURNED: [*DESK, order(SUE, SignOutVisitor(GUEST, badge_returned=False))],
    AlarmKind.INTERLOCK_BREACHED: [with_mantrap, opens(FRONT), opens(INNER)],
    AlarmKind.LOCKDOWN_INCOMPLETE: [opens(FRONT), LOCKDOWN, 5.0],
    AlarmKind.SECURE_CHANNEL_LOST: [BAD_MAC],
    AlarmKind.SECURE_CHANNEL_OFF: [st.DeviceSeen(head(FRONT_IN), online=True, secure=False, detail="")],
    AlarmKind.DEVICE_SWAPPED: SWAPPED,
    AlarmKind.UNKNOWN_CARD_BURST: [strange_card(FRONT_IN)] * 5,
    AlarmKind.PIN_BRUTE_FORCE: [swipe(INNER_IN, ALICE), wrong_pin(INNER_IN)] * 3,
    AlarmKind.WATCH_LIST_HIT: [
        st.BadgeEnrolled("test", badge(ALICE, status=CredentialStatus.WATCH_LISTED)),
        swipe(FRONT_IN, ALICE),
    ],
    AlarmKind.FACE_MISMATCH: [swipe(CELLAR_IN, BOB), 2.0, WRONG_FACE],
    AlarmKind.SPOOFED_FACE: [swipe(CELLAR_IN, BOB), 2.0, FALSE_FACE],
    AlarmKind.TAILGATING: [with_turnstile, st.RotationSeen(FRONT, Direction.IN)],
    AlarmKind.FIRE: [with_fire, point(PANEL)],
    AlarmKind.FIRE_LINE_FAULT: [with_fire, point(PANEL, PointCondition.SHORTED)],
    AlarmKind.CAMERA_LOST: [DARK],
    AlarmKind.CAMERA_COVERED: [st.CameraViewSeen(CELLAR_CAMERA, ViewTrouble.COVERED)],
    AlarmKind.CAMERA_MOVED: [st.CameraViewSeen(CELLAR_CAMERA, ViewTrouble.TURNED)],
    AlarmKind.LOG_LATE: [LATE],
    AlarmKind.CERTIFICATE_ENDING: [st.CertificateSeen(head(FRONT_IN), ending=True, detail="ends on 2027-01-01")],
    AlarmKind.DISK_LOW: [st.DiskSeen(low=True, detail="400 MiB free")],
    AlarmKind.LOG_TAMPERED: [st.LogTamperedSeen("truncated")],
    AlarmKind.LOGIN_BRUTE_FORCE: [FAILED_SIGN_IN] * 5,
    AlarmKind.NO_CONSOLE_WATCHING: [st.ConsolesSeen(watching=False)],
}
ALARMS_ELSEWHERE = {
    AlarmKind.CLOCK_UNTRUSTED: "takes a clock that steps: test_box.py",
}

EVENTS: Mapping[type[Event], Script] = {
    ev.SiteActivated: [st.BoxStartedUp("1.0", "digest-2", "# another policy")],
    ev.BoxStarted: [st.BoxStartedUp("1.0", "digest-1", "")],
    ev.BoxStopped: [st.BoxStopping()],
    ev.StartUpCompleted: [st.BoxStartedUp("1.0", "digest-1", ""), 15.0],
    ev.CardholderRecorded: [st.PersonEnrolled("test", PEOPLE[ALICE], "sealed")],
    ev.CredentialRecorded: [st.BadgeEnrolled("test", badge(ALICE))],
    ev.FaceTemplateRecorded: [st.FaceEnrolled("test", ALICE, "dlib", "128", "sealed")],
    ev.OperatorRecorded: [st.OperatorEnrolled("test", Operator(GIL, Role.GUARD))],
    ev.OperatorSignedIn: [st.SignInTried(GIL, succeeded=True, address="10.0.0.9")],
    ev.OperatorSignInFailed: [FAILED_SIGN_IN],
    ev.OperatorSignedOut: [st.SignedOutSeen(GIL)],
    ev.AccessGranted: [swipe(FRONT_IN, ALICE)],
    ev.AccessDenied: [strange_card(FRONT_IN)],
    ev.ChallengeIssued: [swipe(INNER_IN, ALICE)],
    ev.FaceJudged: [swipe(CELLAR_IN, BOB), 2.0, WRONG_FACE],
    ev.PassageJudged: [look_twice, swipe(FRONT_IN, ALICE), order(GIL, ConfirmPassage(R1))],
    ev.GrantWithdrawn: [swipe(FRONT_IN, ALICE), LOCKDOWN],
    ev.EntryObserved: [swipe(FRONT_IN, ALICE), opens(FRONT)],
    ev.WhereaboutsDoubted: [*ALICE_IN, opens(FRONT)],
    ev.PassbackForgiven: [order(SUE, ForgiveAllPassback("drill"))],
    ev.VisitorRegistered: [*DESK],
    ev.HostApproved: [*DESK, order(SUE, ApproveVisit(GUEST))],
    ev.VisitorSignedIn: [*DESK],
    ev.VisitorSignedOut: [*DESK, order(SUE, SignOutVisitor(GUEST, badge_returned=True))],
    ev.VisitorOverdue: [*DESK, 60.0, st.TimePassed()],
    ev.GraceStarted: [two_with_grace, *BOTH_IN, *BOB_OUT],
    ev.GraceEnded: [two_with_grace, *BOTH_IN, *BOB_OUT, 10.0],
    ev.EntryAmbiguous: [swipe(FRONT_IN, ALICE), st.RexSeen(FRONT), opens(FRONT)],
    ev.ExitObserved: [st.RexSeen(FRONT), opens(FRONT)],
    ev.NoEntryAfterGrant: [swipe(FRONT_IN, ALICE), 6.0],
    ev.PassageLapsed: [st.RexSeen(FRONT), 6.0],
    ev.PointObserved: [with_points, point(PIR)],
    ev.OutputOrdered: [*ARMED, point(GLASS)],
    ev.AreaArming: [*AREA, ARM],
    ev.AreaArmed: ARMED,
    ev.AreaEntryDelayed: [*ARMED, point(PIR)],
    ev.AreaTripped: [*ARMED, point(GLASS)],
    ev.AreaDisarmed: [*AREA, ARM, order(GIL, DisarmArea(ROOM))],
    ev.PointBypassed: [*AREA, BYPASS],
    ev.BypassEnded: [*AREA, BYPASS, 60.0],
    ev.WalkTestStarted: [*AREA, WALK],
    ev.PointTested: [*AREA, WALK, point(PIR)],
    ev.WalkTestEnded: [*AREA, WALK, 60.0],
    ev.MaintenanceStarted: [WORK],
    ev.MaintenanceEnded: [WORK, 60.0],
    ev.ReaderReplacementOrdered: [order(SUE, ReplaceReader(head(FRONT_IN), "broken"))],
    ev.CauseBegan: [cause, point(PIR)],
    ev.CauseFired: [cause, point(PIR)],
    ev.CauseEnded: [cause, point(PIR), point(PIR, PointCondition.NORMAL)],
    ev.CauseReset: [cause, point(PIR), point(PIR, PointCondition.NORMAL)],
    ev.AlarmEscalated: [escalating, opens(FRONT), 60.0],
    ev.OutputObserved: [with_points, st.OutputSeen(SIREN, on=True)],
    ev.PositionObserved: [opens(FRONT)],
    ev.HeldOpenTimerRestarted: [swipe(FRONT_IN, ALICE), opens(FRONT), swipe(FRONT_IN, BOB)],
    ev.HeldOpenWarned: [swipe(FRONT_IN, ALICE), opens(FRONT), 15.0],
    ev.HeldOpenTimed: [swipe(FRONT_IN, ALICE), opens(FRONT), 20.0],
    ev.LockObserved: [bolt(FRONT, LockStatus.UNLOCKED)],
    ev.LoopObserved: [with_barrier, st.LoopSeen(FRONT, Loop.OCCUPIED)],
    ev.RelockDeferred: [with_barrier, LOCKDOWN],
    ev.RelockResumed: [with_barrier, LOCKDOWN, st.LoopSeen(FRONT, Loop.FREE)],
    ev.RotationObserved: [with_turnstile, st.RotationSeen(FRONT, Direction.IN)],
    ev.PersonCounted: [with_counting, st.PersonPassed(LOBBY_CAMERA, FRONT, LOBBY)],
    ev.KeyOverrideObserved: [with_key, st.KeySeen(FRONT, turned=True)],
    ev.BatteryObserved: [FLAT],
    ev.ExitDelayed: [with_mantrap, opens(INNER), st.RexSeen(FRONT)],
    ev.ExitRequested: [st.RexSeen(INNER)],
    ev.DeviceCameOnline: [OFFLINE, st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail="")],
    ev.DeviceWentOffline: [OFFLINE],
    ev.DeviceIdentified: SWAPPED,
    ev.TamperObserved: [TAMPERED],
    ev.PowerObserved: [POWERLESS],
    ev.WireViolated: [BAD_MAC],
    ev.MessageTaken: [st.Delivered(head(FRONT_IN), "boot-1", 1, st.Nothing())],
    ev.CameraCameOnline: [DARK, st.CameraSeen(CELLAR_CAMERA, online=True, detail="")],
    ev.CameraWentOffline: [DARK],
    ev.CameraViewChanged: [st.CameraViewSeen(CELLAR_CAMERA, ViewTrouble.BLACK)],
    ev.DoorUnlockOrdered: [order(GIL, UnlockOnce(FRONT, "the plumber"))],
    ev.DoorLockOrdered: [order(GIL, LockDoor(FRONT))],
    ev.DoorBlocked: [BLOCK],
    ev.DoorUnblocked: [BLOCK, order(GIL, UnblockDoor(FRONT))],
    ev.DoorModeOrdered: [UNLOCKED],
    ev.DoorModeReleased: [UNLOCKED, order(SUE, ReleaseDoorMode(FRONT, LockMode.UNLOCKED))],
    ev.DoorModeLapsed: [UNLOCKED, 3600.0],
    ev.LockModeChanged: [UNLOCKED],
    ev.LockModesTimed: [with_open_hours, st.BoxStartedUp("1.0", "digest-1", "")],
    ev.DoorFirstPersonIn: [lambda site: with_open_hours(site, first=True), *ALICE_IN],
    ev.FireAlarm: [with_fire, point(PANEL)],
    ev.FireResetConfirmed: [
        with_fire,
        point(PANEL),
        point(PANEL, PointCondition.NORMAL),
        order(GIL, ConfirmFireReset(BUILDING, "toast")),
    ],
    ev.LockdownStarted: [LOCKDOWN],
    ev.LockdownSecured: [LOCKDOWN],
    ev.LockdownOverdue: [opens(FRONT), LOCKDOWN, 5.0],
    ev.LockdownEndRequested: [LOCKDOWN, order(GIL, EndLockdown())],
    ev.LockdownEnded: [LOCKDOWN, order(GIL, EndLockdown()), order(SUE, EndLockdown())],
    ev.ThreatLevelSet: [order(SUE, SetThreatLevel(1, "a threat"))],
    ev.OrderRefused: [order(GIL, EndLockdown())],
    ev.AlarmRaised: [opens(FRONT)],
    ev.AlarmCauseGone: [opens(FRONT), closes(FRONT)],
    ev.AlarmAcknowledged: [opens(FRONT), order(GIL, AcknowledgeAlarm(A1))],
    ev.AlarmStepDone: [opens(FRONT), order(GIL, TickStep(A1, 0))],
    ev.AlarmShelved: [FLAT, SHELVE],
    ev.AlarmUnshelved: [FLAT, SHELVE, order(SUE, UnshelveAlarm(A1))],
    ev.AlarmClosed: [
        opens(FRONT),
        closes(FRONT),
        order(GIL, AcknowledgeAlarm(A1)),
        order(GIL, CloseAlarm(A1, "a draught")),
    ],
    ev.LogWasLate: [LATE],
    ev.LogWasRestored: [LATE, st.LogRestoredSeen()],
    ev.JournalReplayed: [st.JournalReplayedSeen(2, 3)],
    ev.SnapshotTaken: [st.SnapshotTakenSeen(3, "5e" * 32)],
}
EVENTS_ELSEWHERE = {
    **dict.fromkeys(
        (
            ev.SecondPersonAsked,
            ev.CardholderErased,
            ev.CredentialStatusSet,
            ev.AccessLevelAssigned,
            ev.AccessLevelWithdrawn,
            ev.LegalHoldPlaced,
            ev.LegalHoldLifted,
            ev.RecordRead,
            ev.PeopleExported,
            ev.DestructionOrdered,
            ev.VeilLifted,
            ev.VeilLowered,
            ev.EvidenceExported,
        ),
        "takes operators of other roles: test_record_orders.py",
    ),
    **dict.fromkeys(
        (ev.EnrolmentOpened, ev.BadgeOffered),
        "takes somebody who enrols: test_enrolment.py",
    ),
    **dict.fromkeys(
        (ev.CameraTurnOrdered, ev.CameraStopOrdered, ev.CameraPresetOrdered, ev.CameraPresetKept),
        "takes a camera with a head: test_heads.py",
    ),
    **dict.fromkeys(
        (
            ev.FaceWithdrawn,
            ev.FaceConfirmed,
            ev.PortraitKept,
            ev.PortraitRemoved,
            ev.PortraitCompared,
            ev.FaceListed,
            ev.FaceUnlisted,
            ev.GestureAsked,
        ),
        "takes somebody who enrols: test_faces.py",
    ),
    **dict.fromkeys(
        (ev.EvacuationStarted, ev.EvacuationEnded, ev.SafeCounted, ev.SafeUncounted),
        "takes orders of the post: test_evacuation.py",
    ),
    **dict.fromkeys(
        (
            ev.OperatorAppointed,
            ev.OperatorWithdrawn,
            ev.OperatorReset,
            ev.TokenIssued,
            ev.TokenRevoked,
            ev.WebhookAdded,
            ev.WebhookRemoved,
            ev.WebhookSecretRotated,
            ev.SecondFactorChanged,
            ev.ShiftHandedOver,
            ev.ShiftAccepted,
        ),
        "takes operators of other roles: test_operator_orders.py",
    ),
    **dict.fromkeys(
        (
            ev.RetentionApplied,
            ev.BackupTaken,
            ev.BackupRestored,
            ev.ClipRecorded,
            ev.StillRecorded,
            ev.RecordingsDropped,
            ev.CertificateIssued,
            ev.CertificateRevoked,
            ev.WebhookUndelivered,
            ev.ReaderKeyed,
        ),
        "the shell's doing, not a rule's",
    ),
    ev.ArmingWithheld: "takes a schedule, or a last one out: test_areas.py",
    ev.AreaScheduleTurned: "takes a schedule: test_areas.py",
    ev.FactorProven: "takes a reader that asks for three factors: test_challenge.py",
    ev.ClockDistrusted: "takes a clock that steps: test_box.py",
    ev.ClockTrusted: "takes a clock that steps: test_box.py",
}


def played(script: Script) -> House:
    house = quiet_house()
    for act in script:
        if isinstance(act, float):
            house.wait(act)
        elif callable(act):
            house.site = act(house.site)
        else:
            house.see(act)
    return house


@pytest.mark.parametrize("kind", ALARMS)
def test_what_raises_an_alarm(kind: AlarmKind) -> None:
    (alarm,) = played(ALARMS[kind]).alarms(kind)
    assert alarm.priority is PRIORITY[kind]


def test_every_alarm_is_raised_here_or_it_is_said_why_not() -> None:
    assert sorted([*ALARMS, *ALARMS_ELSEWHERE]) == sorted(AlarmKind)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_what_brings_an_event_about(kind: type[Event]) -> None:
    assert kind in {type(event) for event in played(EVENTS[kind]).events}


def test_every_event_is_brought_about_here_or_it_is_said_where() -> None:
    rows = [kind.__name__ for kind in (*EVENTS, *EVENTS_ELSEWHERE)]
    assert sorted(rows) == sorted(kind.__name__ for kind in get_args(Event))


def test_nothing_of_this_happens_by_itself() -> None:
    house = quiet_house()
    house.wait(3600.0)
    house.see(st.TimePassed())
    assert house.events == []
    assert len(empty_house().state.alarms) == 0


def test_a_pin_that_is_right_raises_nothing() -> None:
    assert len(played([swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), opens(INNER), closes(INNER)]).state.alarms) == 0
