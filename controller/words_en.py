"""What the guard reads, in English: one phrase for each reason, alarm, event and factor, as on the console's screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.events import Event
from controller.domain.site import Factor

REASONS: Mapping[DenyReason, str] = MappingProxyType(
    {
        DenyReason.UNKNOWN_READER: "unknown reader",
        DenyReason.UNKNOWN_CREDENTIAL: "card nobody knows",
        DenyReason.CREDENTIAL_SUSPENDED: "badge suspended",
        DenyReason.CREDENTIAL_LOST: "badge reported lost",
        DenyReason.CREDENTIAL_STOLEN: "badge reported stolen",
        DenyReason.CREDENTIAL_EXPIRED: "badge expired",
        DenyReason.CREDENTIAL_RETURNED: "badge was returned",
        DenyReason.CREDENTIAL_WATCH_LISTED: "badge is on the watch list",
        DenyReason.NOT_YET_VALID: "badge not yet valid",
        DenyReason.ASSURANCE_TOO_LOW: "badge too easy to copy for this zone",
        DenyReason.NO_ACCESS_RIGHT: "no right to this zone",
        DenyReason.SCHEDULE_OUTSIDE: "outside their hours",
        DenyReason.HOLIDAY: "holiday",
        DenyReason.CLEARANCE_TOO_LOW: "clearance too low",
        DenyReason.COMPETENCY_EXPIRED: "competency missing or expired",
        DenyReason.THREAT_LEVEL: "threat level",
        DenyReason.LOCKDOWN: "lockdown",
        DenyReason.DOOR_BLOCKED: "door blocked",
        DenyReason.ZONE_FULL: "zone is full",
        DenyReason.AREA_ARMED: "the area is armed",
        DenyReason.ANTI_PASSBACK: "was seen to enter elsewhere and never to leave (anti-passback)",
        DenyReason.INTERLOCK: "another door of the interlock is not shut",
        DenyReason.GRANT_PENDING: "let in elsewhere a moment ago",
        DenyReason.NOBODY_FIRST: "nobody is in who must be in first",
        DenyReason.SECOND_PERSON_NEEDED: "a second person is needed",
        DenyReason.ESCORT_NEEDED: "an escort is needed",
        DenyReason.ESCORT_TOO_FAR: "the escort is elsewhere",
        DenyReason.VISITOR_NOT_SIGNED_IN: "visitor is not signed in",
        DenyReason.HOST_NOT_APPROVED: "the host has not approved the visit",
        DenyReason.WRONG_PIN: "wrong PIN",
        DenyReason.TOO_MANY_PIN_TRIES: "too many PIN tries",
        DenyReason.FACE_DOES_NOT_MATCH: "face is not the badge holder's",
        DenyReason.FACE_TOO_POOR: "face not clear enough to judge",
        DenyReason.FACE_NOT_LIVE: "face is a picture, not a person",
        DenyReason.GUARD_REFUSED: "guard refused",
        DenyReason.FACTOR_NOT_PRESENTED: "second proof not shown in time",
        DenyReason.CLOCK_NOT_TRUSTED: "clock not trusted",
        DenyReason.LOG_CANNOT_BE_WRITTEN: "log cannot be written",
        DenyReason.CHECK_FAILED: "a check failed",
    }
)
"""Why somebody is refused: it follows "refused:"."""

ALARMS: Mapping[AlarmKind, str] = MappingProxyType(
    {
        AlarmKind.FORCED_OPEN: "Door forced open",
        AlarmKind.HELD_OPEN: "Door held open",
        AlarmKind.FOUND_OPEN: "Door found open",
        AlarmKind.TAMPER: "Tampering",
        AlarmKind.FAULT: "Fault",
        AlarmKind.OFFLINE: "Device offline",
        AlarmKind.CERTIFICATE_ENDING: "Certificate ends soon",
        AlarmKind.MAINS: "Mains power lost",
        AlarmKind.BATTERY: "Battery low",
        AlarmKind.PANIC: "Panic",
        AlarmKind.INTRUSION: "Intrusion",
        AlarmKind.DURESS: "Under duress",
        AlarmKind.HARD_ANTI_PASSBACK: "Badge used again without leaving",
        AlarmKind.TWO_PERSON_BROKEN: "Somebody is alone in a two-person zone",
        AlarmKind.VISITOR_ASTRAY: "Visitor without an escort",
        AlarmKind.VISITOR_OVERDUE: "Visitor stays past their time",
        AlarmKind.BADGE_NOT_RETURNED: "Visitor left with the badge",
        AlarmKind.INTERLOCK_BREACHED: "Interlock breached: two doors open",
        AlarmKind.FIRE: "Fire",
        AlarmKind.FIRE_LINE_FAULT: "Line to the fire panel broken",
        AlarmKind.LOCKDOWN_INCOMPLETE: "Lockdown incomplete",
        AlarmKind.SECURE_CHANNEL_LOST: "Secure channel lost",
        AlarmKind.SECURE_CHANNEL_OFF: "Reader without secure channel",
        AlarmKind.UNKNOWN_CARD_BURST: "Many unknown cards",
        AlarmKind.PIN_BRUTE_FORCE: "PIN guessing",
        AlarmKind.WATCH_LIST_HIT: "Watch-listed badge or face",
        AlarmKind.FACE_MISMATCH: "Wrong face with a right badge",
        AlarmKind.SPOOFED_FACE: "Picture of a face held up to a camera",
        AlarmKind.TAILGATING: "Somebody passed without a right",
        AlarmKind.CAMERA_LOST: "Camera lost",
        AlarmKind.CAMERA_COVERED: "Camera sees nothing",
        AlarmKind.CAMERA_MOVED: "Camera looks elsewhere",
        AlarmKind.LOG_TAMPERED: "Log tampered with",
        AlarmKind.DISK_LOW: "Disk nearly full",
        AlarmKind.LOG_LATE: "Log cannot be written in time",
        AlarmKind.CLOCK_UNTRUSTED: "Clock not trusted",
        AlarmKind.LOGIN_BRUTE_FORCE: "Password guessing",
        AlarmKind.NO_CONSOLE_WATCHING: "No console is watched",
    }
)
"""What is wrong."""

EVENTS: Mapping[type[Event], str] = MappingProxyType(
    {
        ev.BoxStarted: "Controller started",
        ev.BoxStopped: "Controller stopped",
        ev.StartUpCompleted: "All doors read after the start",
        ev.SiteActivated: "Site policy activated",
        ev.CardholderRecorded: "Person recorded",
        ev.CredentialRecorded: "Badge recorded",
        ev.FaceTemplateRecorded: "Face template recorded",
        ev.FaceWithdrawn: "Face template and portrait destroyed",
        ev.PortraitKept: "Portrait kept",
        ev.PortraitRemoved: "Portrait destroyed",
        ev.PortraitCompared: "Portrait compared with who stood at a door",
        ev.FaceListed: "Face put on the watch list",
        ev.FaceUnlisted: "Face taken off the watch list",
        ev.GestureAsked: "Asked for a gesture, to tell a person from a picture",
        ev.OperatorRecorded: "Operator recorded",
        ev.OperatorSignedIn: "Operator signed in",
        ev.OperatorSignInFailed: "Sign-in failed",
        ev.OperatorSignedOut: "Operator signed out",
        ev.AccessGranted: "Access granted",
        ev.AccessDenied: "Access denied",
        ev.ChallengeIssued: "Asked for a second proof",
        ev.FactorProven: "Further proof accepted",
        ev.FaceJudged: "Face looked at",
        ev.PassageJudged: "Guard looked",
        ev.GrantWithdrawn: "Grant withdrawn",
        ev.EntryObserved: "Went in",
        ev.EntryAmbiguous: "Somebody passed; in or out is not known",
        ev.ExitObserved: "Somebody left",
        ev.NoEntryAfterGrant: "Granted, but nobody went in",
        ev.ExitDelayed: "Exit button pressed; waits for the interlock",
        ev.WhereaboutsDoubted: "Who is where is no longer certain",
        ev.PassbackForgiven: "Anti-passback forgiven for one person",
        ev.VisitorRegistered: "Visitor registered",
        ev.HostApproved: "Visit approved by the host",
        ev.VisitorSignedIn: "Visitor signed in",
        ev.VisitorSignedOut: "Visitor signed out",
        ev.VisitorOverdue: "Visitor stays past their time",
        ev.GraceStarted: "A zone is not as its rules ask; grace time runs",
        ev.GraceEnded: "Grace time of a zone is over",
        ev.PassageLapsed: "Nobody passed in time",
        ev.PointObserved: "Detector moved",
        ev.OutputOrdered: "Output switched",
        ev.OutputObserved: "Output seen to switch",
        ev.AreaArming: "Area is being armed: exit delay",
        ev.AreaArmed: "Area armed",
        ev.ArmingWithheld: "Area did not arm by itself",
        ev.AreaEntryDelayed: "Somebody enters an armed area: entry delay",
        ev.AreaTripped: "Armed area tripped",
        ev.AreaDisarmed: "Area disarmed",
        ev.AreaScheduleTurned: "Arming schedule began or ended",
        ev.PointBypassed: "Detector bypassed",
        ev.BypassEnded: "Bypass is over",
        ev.MaintenanceStarted: "Maintenance started",
        ev.ReaderReplacementOrdered: "Reader to be replaced",
        ev.ReaderKeyed: "Reader given its key",
        ev.MaintenanceEnded: "Maintenance is over",
        ev.WalkTestStarted: "Walk test started",
        ev.PointTested: "Detector saw the walk test",
        ev.WalkTestEnded: "Walk test is over",
        ev.CauseBegan: "Cause began",
        ev.CauseFired: "Cause took effect",
        ev.CauseEnded: "Cause is over",
        ev.CauseReset: "Effect of a cause taken back",
        ev.AlarmEscalated: "Alarm escalated",
        ev.PositionObserved: "Door moved",
        ev.HeldOpenTimerRestarted: "Another passage: open time restarted",
        ev.HeldOpenWarned: "Soon held open",
        ev.HeldOpenTimed: "Open time is over",
        ev.LockObserved: "Lock moved",
        ev.LoopObserved: "Safety loop changed",
        ev.RelockDeferred: "Stays open: something may stand in the way",
        ev.RelockResumed: "The way is free: told to close",
        ev.RotationObserved: "Turnstile turned",
        ev.PersonCounted: "Camera counted one person through",
        ev.KeyOverrideObserved: "Key turned in the lock: nobody knows whose hand",
        ev.ExitRequested: "Exit button pressed",
        ev.DeviceCameOnline: "Device online",
        ev.DeviceWentOffline: "Device offline",
        ev.TamperObserved: "Tamper switch active",
        ev.PowerObserved: "Power failed",
        ev.BatteryObserved: "Battery low",
        ev.WireViolated: "Attack on the wire refused",
        ev.CertificateIssued: "Certificate given to a device",
        ev.CertificateRevoked: "Certificate called back",
        ev.MessageTaken: "Message from a device",
        ev.CameraCameOnline: "Camera online",
        ev.CameraWentOffline: "Camera offline",
        ev.CameraViewChanged: "What a camera sees",
        ev.DoorUnlockOrdered: "Unlock ordered",
        ev.DoorLockOrdered: "Lock ordered",
        ev.DoorBlocked: "Door blocked",
        ev.DoorUnblocked: "Block released",
        ev.LockdownStarted: "Lockdown started",
        ev.LockdownSecured: "Lockdown: all doors observed secured",
        ev.LockdownOverdue: "Lockdown: doors not secured in time",
        ev.LockdownEndRequested: "Asked to end the lockdown",
        ev.LockdownEnded: "Lockdown ended by two",
        ev.ThreatLevelSet: "Threat level set",
        ev.DoorModeOrdered: "Door mode ordered",
        ev.DoorModeReleased: "Door mode order taken back",
        ev.DoorModeLapsed: "Door mode order is over",
        ev.LockModeChanged: "Lock mode changed",
        ev.LockModesTimed: "Schedules of the locks looked at",
        ev.DoorFirstPersonIn: "First person in: the door follows its schedule",
        ev.FireAlarm: "Fire: doors released",
        ev.FireResetConfirmed: "Fire confirmed to be over",
        ev.OrderRefused: "Order refused",
        ev.AlarmRaised: "Alarm raised",
        ev.AlarmCauseGone: "Alarm's cause is gone",
        ev.AlarmAcknowledged: "Alarm acknowledged",
        ev.AlarmStepDone: "Step of the procedure done",
        ev.AlarmShelved: "Alarm shelved",
        ev.AlarmUnshelved: "Alarm is off the shelf",
        ev.AlarmClosed: "Alarm closed",
        ev.LogWasLate: "Log was late: nobody is let in",
        ev.LogWasRestored: "Log is durable again",
        ev.JournalReplayed: "Emergency journal taken into the log",
        ev.SnapshotTaken: "Snapshot taken",
        ev.ClockDistrusted: "Clock not trusted",
        ev.ClockTrusted: "Clock trusted again",
        ev.SecondPersonAsked: "Asked for; a second person must agree",
        ev.CardholderErased: "Person erased by two",
        ev.CredentialStatusSet: "Badge status set",
        ev.AccessLevelAssigned: "Access level assigned",
        ev.AccessLevelWithdrawn: "Access level withdrawn",
        ev.LegalHoldPlaced: "Legal hold placed",
        ev.LegalHoldLifted: "Legal hold lifted by two",
        ev.RecordRead: "People's records read",
        ev.PeopleExported: "List of people handed out to two",
        ev.OperatorAppointed: "Operator appointed by two",
        ev.OperatorWithdrawn: "Operator's right withdrawn",
        ev.TokenIssued: "Program let in by a token",
        ev.TokenRevoked: "Token revoked",
        ev.WebhookAdded: "Webhook added",
        ev.WebhookRemoved: "Webhook removed",
        ev.WebhookSecretRotated: "Webhook signs with a new secret",
        ev.WebhookUndelivered: "Webhook did not answer: an event was not told there",
        ev.OperatorReset: "Operator begins anew: password and second factors are void",
        ev.SecondFactorChanged: "Second factor added or removed",
        ev.ShiftHandedOver: "Shift handed over",
        ev.EnrolmentOpened: "A reader waits for a new badge",
        ev.BadgeOffered: "New card shown to be enrolled",
        ev.EvacuationStarted: "Evacuation started",
        ev.EvacuationEnded: "Evacuation ended",
        ev.SafeCounted: "Counted as safe",
        ev.SafeUncounted: "No longer counted as safe",
        ev.ShiftAccepted: "Shift accepted",
        ev.RetentionApplied: "Old personal data destroyed",
        ev.BackupTaken: "Backup taken",
        ev.BackupRestored: "Restored from a backup",
        ev.DestructionOrdered: "Box destroyed by two",
        ev.ClipRecorded: "Film kept",
        ev.StillRecorded: "Picture kept",
        ev.RecordingsDropped: "Recordings given up for want of room",
        ev.VeilLifted: "Veil of a camera lifted",
        ev.VeilLowered: "Veil of a camera put back",
        ev.CameraTurnOrdered: "Camera turned by order",
        ev.CameraStopOrdered: "Camera stopped by order",
        ev.CameraPresetOrdered: "Camera sent to a preset",
        ev.CameraPresetKept: "Camera preset kept anew",
        ev.EvidenceExported: "Evidence handed out",
    }
)
"""What happened."""

FACTORS: Mapping[Factor, str] = MappingProxyType(
    {
        Factor.CARD: "badge",
        Factor.PIN: "PIN",
        Factor.FACE: "face",
        Factor.GUARD: "a guard's look",
        Factor.SECOND_PERSON: "second person",
        Factor.ESCORT: "escort",
    }
)
"""What somebody shows."""

PHOTOS: Mapping[str, str] = MappingProxyType(
    {
        "unreadable": "This is no JPEG that can be read.",
        "nobody": "No face can be seen. Look at the camera, with nothing before the face.",
        "several_faces": "More than one face is in the picture. One person alone, please.",
        "too_small": "The face is too small. Come closer.",
        "blurred": "The picture is blurred. Hold still, or wipe the lens.",
        "turned": "The face is turned away. Look straight at the camera.",
        "bad_light": "The face is too dark or too bright. Put a light before you, not behind you.",
        "another_person": "This seems to be somebody else than on most of the other photos.",
        "too_few_photos": "Too few good photos: five are needed.",
        "engine_refused": "The face engine does not work: see the log of the box.",
        "eyes_late": "The eyes did not answer in time. Try again.",
    }
)
"""Why a photo, or all of them together, will not do for an enrolment."""

NOBODY_KNOWN = "Somebody"
"""Who it was, where the badge says nothing."""


def reasons(why: Iterable[DenyReason]) -> str:
    """Return the reasons in their order, as they stand in a sentence."""
    return "; ".join(REASONS[reason] for reason in why)


def factors(asked: Iterable[Factor]) -> str:
    """Return factors as they stand in a sentence: ``PIN and face``."""
    return " and ".join(FACTORS[factor] for factor in sorted(asked))


def granted(who: str, where: str) -> str:
    """Say that somebody may pass."""
    return f"{who} was let through at {where}: nothing spoke against it."


def denied(who: str, where: str, why: Iterable[DenyReason]) -> str:
    """Say that somebody was refused, and every reason."""
    return f"{who} was refused at {where}: {reasons(why)}."


def challenged(who: str, where: str, asked: Iterable[Factor]) -> str:
    """Say that a badge was right and more is asked for."""
    return f"{who} was asked for {factors(asked)} at {where}: the badge was right and is not enough there."
