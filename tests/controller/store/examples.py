"""One event of every kind, with no field left at its default: what the golden file holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.decision import AccessRequest, Check, Companion, DenyReason, FaceOutcome
from controller.domain.doors import Direction, LockMode, LockStatus, Loop, ModeSource, Position
from controller.domain.events import Event, UnlockFailure, Violation
from controller.domain.filming import ViewTrouble
from controller.domain.operators import Operator, Refusal, Role
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialStatus, HeldCompetency
from controller.domain.points import PointCondition
from controller.domain.records import Purpose, RecordScope, RetentionClass
from controller.domain.roles import FactorChange, SecondFactor
from controller.domain.site import Assurance, Factor

TRACE = (Check("right", 'level "staff" holds → naïve', None), Check("lockdown", "lockdown", DenyReason.LOCKDOWN))
PERSON = Cardholder("p-1", CardholderKind.LOCAL_STAFF, 2, frozenset({"staff", "night", "it"}))
BADGE = Credential(
    "p-1-badge",
    "p-1",
    "ab" * 32,
    "cd" * 32,
    Assurance.SYMMETRIC,
    CredentialStatus.SUSPENDED,
    datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    datetime(2027, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=45))),
)

EXAMPLES: tuple[Event, ...] = (
    ev.BoxStarted("0.1.0", 15.0, 60.0, 5.0),
    ev.BoxStopped(),
    ev.StartUpCompleted(),
    ev.SiteActivated("d" * 64, 'id = "mission"\n# naïve\n'),
    ev.CardholderRecorded("root at the box", PERSON, "c2VhbGVk"),
    ev.CredentialRecorded("root at the box", BADGE),
    ev.FaceTemplateRecorded("root at the box", "p-1", "engine-1", "mean5", "c2VhbGVk"),
    ev.OperatorRecorded("root at the box", Operator("gil", Role.DATA_PROTECTION_OFFICER)),
    ev.OperatorSignedIn("gil", "192.0.2.7"),
    ev.OperatorSignInFailed("gil", "192.0.2.7"),
    ev.OperatorSignedOut("gil"),
    ev.OperatorAppointed("sven", "sue", Operator("gil", Role.GUARD, None, frozenset({"lobby"})), "joins the post"),
    ev.OperatorWithdrawn("sven", "gil", "left the mission"),
    ev.OperatorReset("sven", "sue", "gil", "lost the telephone"),
    ev.SecondFactorChanged("gil", SecondFactor.TOTP, FactorChange.ADDED),
    ev.ShiftHandedOver("gil", "the gate sticks", ("a1", "a3"), ("front",)),
    ev.ShiftAccepted("sue", "gil"),
    ev.AccessGranted(
        "r1", "front-in", "front", "lobby", "p-1-badge", "p-1", (Factor.CARD, Factor.PIN, Factor.FACE), 5.25, TRACE
    ),
    ev.AccessDenied(
        "r2",
        "front-in",
        "front",
        "p-1-badge",
        "p-1",
        (Factor.CARD,),
        (DenyReason.LOCKDOWN, DenyReason.HOLIDAY),
        TRACE,
        "H10301",
        26,
        "deadbe80",
    ),
    ev.ChallengeIssued("r3", "in", "front", "p-1-badge", "p-1", (Factor.CARD,), (Factor.FACE, Factor.PIN), 15.0, TRACE),
    ev.FactorProven("r3", "in", Factor.PIN),
    ev.PassageJudged("r3", "in", "gil", confirmed=False, reason="not her"),
    ev.FaceJudged("r3", "in", "cam-1", "p-1", FaceOutcome.MISMATCH, 0.1 + 0.2, 7),
    ev.GrantWithdrawn("r1", "front", Refusal.DOOR_BLOCKED),
    ev.EntryObserved("r1", "front", "p-1", "lobby", assumed=True),
    ev.EntryAmbiguous("front", ("r1", "r4"), ("p-1", "p-2")),
    ev.ExitObserved("r4", "front"),
    ev.NoEntryAfterGrant("r1", "front", "p-1"),
    ev.PassageLapsed("r4", "front"),
    ev.WhereaboutsDoubted("front", ("outside", "lobby"), ev.Doubt.FORCED_OPEN),
    ev.PassbackForgiven("sue", "p-1", "let in by hand"),
    ev.PointObserved("pir-hall", PointCondition.OPEN_LOOP),
    ev.OutputOrdered("siren", on=True, seconds=180.0, wanted_by="area chancery"),
    ev.OutputObserved("siren", on=True),
    ev.AreaArming("chancery", "gil", ev.ArmedBy.OPERATOR, 30.0),
    ev.AreaArmed("chancery"),
    ev.ArmingWithheld("chancery", ev.ArmedBy.LAST_OUT, ev.Obstacle.POINT_NOT_READY, ("pir-hall",)),
    ev.AreaEntryDelayed("chancery", "pir-hall", 30.0),
    ev.AreaTripped("chancery", "pir-hall"),
    ev.AreaDisarmed("chancery", "gil", "p-1"),
    ev.AreaScheduleTurned("chancery", active=True),
    ev.PointBypassed("pir-hall", "sue", "a broken window", 3600.0),
    ev.BypassEnded("pir-hall", "sue"),
    ev.WalkTestStarted("chancery", "sue", 1800.0),
    ev.PointTested("chancery", "pir-hall"),
    ev.WalkTestEnded("chancery", ("glass-hall",)),
    ev.CauseBegan("siren-on-forced", 2.0),
    ev.CauseFired("siren-on-forced", 60.0),
    ev.CauseEnded("siren-on-forced"),
    ev.CauseReset("siren-on-forced", "sue"),
    ev.AlarmEscalated("a1", ("siren",), silent=True),
    ev.AlarmStepDone("a1", 2, "gil", silent=True),
    ev.AlarmShelved("a2", "sue", "a broken closer", 3600.0),
    ev.AlarmUnshelved("a2", "sue"),
    ev.VisitorRegistered("v-1", "gil", "p-1", "p-2", BADGE.valid_from, BADGE.valid_until),
    ev.HostApproved("v-1", "sue"),
    ev.VisitorSignedIn("v-1", "gil", "pool-7-badge"),
    ev.VisitorSignedOut("v-1", "gil", badge_returned=True),
    ev.VisitorOverdue("v-1"),
    ev.GraceStarted("registry", AlarmKind.TWO_PERSON_BROKEN, 30.0),
    ev.GraceEnded("registry", AlarmKind.VISITOR_ASTRAY),
    ev.PositionObserved("front", Position.OPEN, 20.0, 15.0),
    ev.HeldOpenTimerRestarted("front", 20.0, 15.0),
    ev.HeldOpenWarned("front"),
    ev.HeldOpenTimed("front"),
    ev.LockObserved("front", LockStatus.JAMMED),
    ev.ExitRequested("r4", "front", 5.0),
    ev.ExitDelayed("r4", "front", 10.0),
    ev.LoopObserved("gate", Loop.OCCUPIED),
    ev.RelockDeferred("gate"),
    ev.RelockResumed("gate"),
    ev.RotationObserved("turnstile", Direction.OUT),
    ev.KeyOverrideObserved("front", active=True, seconds=5.0),
    ev.BatteryObserved("head-1", low=True),
    ev.DeviceCameOnline("head-1", secure=True, detail="vendor 0a1b2c"),
    ev.DeviceWentOffline("head-1", "no answer"),
    ev.TamperObserved("head-1", active=True),
    ev.PowerObserved("head-1", failed=True),
    ev.CertificateIssued("root at the box", "lock-1", "5e5e", datetime(2028, 1, 1, tzinfo=UTC)),
    ev.CertificateRevoked("root at the box", "lock-1", "5e5e"),
    ev.WireViolated("head-1", Violation.SEQUENCE_GAP, "messages 3 to 4 never came"),
    ev.MessageTaken("lock-1", "f00d", 2**53 - 1),
    ev.CameraCameOnline("cam-1"),
    ev.CameraWentOffline("cam-1", "no frames"),
    ev.CameraViewChanged("cam-1", ViewTrouble.COVERED),
    ev.DoorUnlockOrdered("r5", "front", "gil", "a courier", 5.0),
    ev.DoorLockOrdered("front", "gil"),
    ev.DoorBlocked("front", "gil", "broken glass"),
    ev.DoorUnblocked("front", "gil"),
    ev.DoorModeOrdered("front", LockMode.UNLOCKED, "sue", "a delivery", BADGE.valid_until, 600.0),
    ev.DoorModeReleased("front", LockMode.UNLOCKED, "sue"),
    ev.DoorModeLapsed("front", LockMode.BLOCKED),
    ev.LockModeChanged("front", LockMode.UNLOCKED, ModeSource.SCHEDULE, "office"),
    ev.LockModesTimed(BADGE.valid_until, 3600.5),
    ev.DoorFirstPersonIn("front", "p-1"),
    ev.FireAlarm("building"),
    ev.FireResetConfirmed("building", "gil", "burnt toast"),
    ev.LockdownStarted("gil", "shots heard", 5.0),
    ev.LockdownSecured(1.75),
    ev.LockdownOverdue(("front", "inner")),
    ev.LockdownEndRequested("gil"),
    ev.LockdownEnded("gil", "sue"),
    ev.ThreatLevelSet("sue", 2, "a call"),
    ev.OrderRefused("gil", "unlock_once", "front", Refusal.LOCKDOWN),
    ev.AlarmRaised(
        "a1", AlarmKind.FORCED_OPEN, Priority.HIGH, Source("front", "front-in", "head-1", "cam-1"), "by hand", True
    ),
    ev.AlarmCauseGone("a1"),
    ev.AlarmAcknowledged("a1", "gil"),
    ev.AlarmClosed("a1", "gil", "seen to"),
    ev.LogWasLate("no record was durable within 0.25 s"),
    ev.LogWasRestored(),
    ev.JournalReplayed(12, 15),
    ev.SnapshotTaken(20_000, "5e" * 32),
    ev.ClockDistrusted("wall time stepped by 60 s"),
    ev.ClockTrusted(),
    ev.SecondPersonAsked("dora", "erase_cardholder", "p-1", 72.0, "asked by letter"),
    ev.CardholderErased("dora", "sven", "p-1", "asked by letter"),
    ev.CredentialStatusSet("sue", "p-1-badge", "p-1", CredentialStatus.LOST, "left in a taxi"),
    ev.AccessLevelAssigned("sue", "p-1", "night", "covers for p-2"),
    ev.AccessLevelWithdrawn("sue", "p-1", "night", "no longer covers"),
    ev.LegalHoldPlaced("dora", "court-7", "p-1", "a letter from the court"),
    ev.LegalHoldLifted("dora", "sven", "court-7", "the case is closed"),
    ev.RecordRead("sven", RecordScope.HISTORY, Purpose.INVESTIGATION, "2026/17", "p-1", "front"),
    ev.PeopleExported("dora", "sven", Purpose.SUBJECT_REQUEST, "dsr-3"),
    ev.RetentionApplied(RetentionClass.VISITORS, 30, datetime(2026, 10, 1, tzinfo=UTC), 4, 1),
    ev.BackupTaken("root at the box", "/mnt/safe", 812),
    ev.BackupRestored(
        "root at the box", datetime(2026, 10, 1, tzinfo=UTC), 812, ("p-1", "p-2"), "older than the witness", ("a", "b")
    ),
    ev.DestructionOrdered("sue", "sven", "the mission is given up"),
    ev.ClipRecorded(
        "c-1",
        "cam-1",
        RetentionClass.CLIPS,
        datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        15.5,
        123456,
        "ef" * 32,
        False,
        (7, 9),
        ("p-1",),
        True,
    ),
    ev.StillRecorded(
        "s-1", "cam-1", datetime(2026, 11, 23, 9, 0, tzinfo=UTC), 4321, "ef" * 32, (7,), ("p-1", "p-2"), True
    ),
    ev.RecordingsDropped("cam-1", RetentionClass.CONTINUOUS, "2026-11-01", 987654321),
    ev.VeilLifted("sue", "sven", "cam-1", 600.0, "c2VhbGVk"),
    ev.VeilLowered("gil", "cam-1"),
    ev.EvidenceExported("sven", "dora", Purpose.LEGAL_REQUEST, "2026/17", ("c-1", "s-1"), (7, 9), True),
)

ASKED = AccessRequest(
    "r1",
    "in",
    "p-1-badge",
    frozenset({Factor.CARD, Factor.FACE}),
    True,
    FaceOutcome.MATCHED,
    True,
    companion=Companion("r2", "p-2-badge", frozenset({Factor.SECOND_PERSON})),
)
REMARKED = (Check("anti-passback", "elsewhere", None, DenyReason.ANTI_PASSBACK),)
BESIDE_THE_GOLDEN = (
    ev.GrantWithdrawn("r1", "front", UnlockFailure.RESTARTED),
    ev.AccessGranted(
        "r1",
        "in",
        "front",
        "lobby",
        "p-1-badge",
        "p-1",
        (Factor.CARD,),
        5.0,
        REMARKED,
        (DenyReason.ANTI_PASSBACK,),
        ASKED,
    ),
    ev.AccessDenied(
        "r1",
        "in",
        "front",
        "p-1-badge",
        "p-1",
        (),
        (DenyReason.WRONG_PIN,),
        TRACE,
        "H10301",
        26,
        "deadbe80",
        ASKED,
        ("H10301",),
    ),
    ev.ChallengeIssued(
        "r1", "in", "front", "p-1-badge", "p-1", (Factor.CARD,), (Factor.PIN,), 15.0, TRACE, ASKED, True
    ),
    ev.FactorProven("r1", "in", Factor.PIN, AccessRequest("r1", "in", None, frozenset())),
    ev.PassbackForgiven("sue", None, "a drill"),
    ev.PointObserved("help", PointCondition.ACTIVE, silent=True),
    ev.SiteActivated("d" * 64, "", "sue", "ada", ("z",), ("d",), ("r",), ("x",), ("c",), ("p",), ("o",), ("f",)),
    ev.LegalHoldPlaced("dora", "court-8", None, "everything"),
    ev.RecordRead("sven", RecordScope.RECORDING, Purpose.AUDIT, "", None, None, "cam-1", "c-1", "acts"),
    ev.OperatorRecorded("root at the box", Operator("gil", Role.GUARD, "p-1")),
    ev.CardholderRecorded("root at the box", replace(PERSON, extended_time=True), "c2VhbGVk"),
    ev.AlarmRaised(
        "a2", AlarmKind.INTRUSION, Priority.HIGH, Source(point="pir-hall", area="chancery"), "", True, True, 30.0
    ),
    ev.CardholderRecorded(
        "root at the box",
        replace(PERSON, competencies=(HeldCompetency("first-aid", None), HeldCompetency("driving", BADGE.valid_until))),
        "c2VhbGVk",
    ),
    ev.CardholderRecorded("root at the box", replace(PERSON, needs_escort=True, may_escort=True), "c2VhbGVk"),
    ev.AlarmRaised(
        "a3", AlarmKind.TWO_PERSON_BROKEN, Priority.HIGH, Source(zone="vault", cardholder="p-1"), "", True, True, 30.0
    ),
    ev.AlarmEscalated("a2", ("siren",), silent=False, operator="gil"),
)
"""The other side of a union, and the fields that version 1 got later."""
