"""Facts we wrote down. The log of these is the truth of the building.

Fields may be added with a default; anything else is a new version of the kind with an upcaster. No event holds a name,
a face, a PIN or the number of an enrolled card in clear: those are sealed under the subject's own key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from controller.domain.events.access import (
    AccessDenied,
    AccessGranted,
    ChallengeIssued,
    FaceJudged,
    FactorProven,
    GrantWithdrawn,
    NoEntryAfterGrant,
    PassageJudged,
    UnlockFailure,
)
from controller.domain.events.alarms import (
    AlarmAcknowledged,
    AlarmCauseGone,
    AlarmClosed,
    AlarmRaised,
    AlarmShelved,
    AlarmStepDone,
    AlarmUnshelved,
)
from controller.domain.events.areas import (
    AreaArmed,
    AreaArming,
    AreaDisarmed,
    AreaEntryDelayed,
    AreaScheduleTurned,
    AreaTripped,
    ArmedBy,
    ArmingWithheld,
    BypassEnded,
    Obstacle,
    PointBypassed,
    PointTested,
    WalkTestEnded,
    WalkTestStarted,
)
from controller.domain.events.box import (
    BoxStarted,
    BoxStopped,
    ClockDistrusted,
    ClockTrusted,
    JournalReplayed,
    LogWasLate,
    LogWasRestored,
    SiteActivated,
    SnapshotTaken,
    StartUpCompleted,
)
from controller.domain.events.causes import (
    AlarmEscalated,
    CauseBegan,
    CauseEnded,
    CauseFired,
    CauseReset,
)
from controller.domain.events.devices import (
    BatteryObserved,
    CameraCameOnline,
    CameraViewChanged,
    CameraWentOffline,
    CertificateIssued,
    CertificateRevoked,
    DeviceCameOnline,
    DeviceIdentified,
    DeviceWentOffline,
    MessageTaken,
    PowerObserved,
    TamperObserved,
    Violation,
    WireViolated,
)
from controller.domain.events.doors import (
    EntryAmbiguous,
    EntryObserved,
    ExitDelayed,
    ExitObserved,
    ExitRequested,
    HeldOpenTimed,
    HeldOpenTimerRestarted,
    HeldOpenWarned,
    KeyOverrideObserved,
    LockObserved,
    LoopObserved,
    PassageLapsed,
    PersonCounted,
    PositionObserved,
    RelockDeferred,
    RelockResumed,
    RotationObserved,
)
from controller.domain.events.faces import (
    FaceConfirmed,
    FaceListed,
    FaceTemplateRecorded,
    FaceUnlisted,
    FaceWithdrawn,
    GestureAsked,
    PortraitCompared,
    PortraitKept,
    PortraitRemoved,
)
from controller.domain.events.filming import (
    CameraPresetKept,
    CameraPresetOrdered,
    CameraStopOrdered,
    CameraTurnOrdered,
    ClipRecorded,
    EvidenceExported,
    RecordingsDropped,
    StillRecorded,
    VeilLifted,
    VeilLowered,
)
from controller.domain.events.house import (
    BadgeOffered,
    EnrolmentOpened,
    EvacuationEnded,
    EvacuationStarted,
    SafeCounted,
    SafeUncounted,
)
from controller.domain.events.integrations import (
    TokenIssued,
    TokenRevoked,
    WebhookAdded,
    WebhookRemoved,
    WebhookSecretRotated,
    WebhookUndelivered,
)
from controller.domain.events.maintenance import (
    MaintenanceEnded,
    MaintenanceStarted,
    ReaderKeyed,
    ReaderReplacementOrdered,
)
from controller.domain.events.modes import (
    DoorFirstPersonIn,
    DoorModeLapsed,
    DoorModeOrdered,
    DoorModeReleased,
    FireAlarm,
    FireResetConfirmed,
    LockModeChanged,
    LockModesTimed,
)
from controller.domain.events.operators import (
    OperatorAppointed,
    OperatorReset,
    OperatorWithdrawn,
    SecondFactorChanged,
    ShiftAccepted,
    ShiftHandedOver,
)
from controller.domain.events.orders import (
    DoorBlocked,
    DoorLockOrdered,
    DoorUnblocked,
    DoorUnlockOrdered,
    LockdownEnded,
    LockdownEndRequested,
    LockdownOverdue,
    LockdownSecured,
    LockdownStarted,
    OrderRefused,
    ThreatLevelSet,
)
from controller.domain.events.people import (
    CardholderRecorded,
    CredentialRecorded,
    Doubt,
    OperatorRecorded,
    OperatorSignedIn,
    OperatorSignedOut,
    OperatorSignInFailed,
    PassbackForgiven,
    WhereaboutsDoubted,
)
from controller.domain.events.points import OutputObserved, OutputOrdered, PointObserved
from controller.domain.events.records import (
    AccessLevelAssigned,
    AccessLevelWithdrawn,
    BackupRestored,
    BackupTaken,
    CardholderErased,
    CredentialStatusSet,
    DestructionOrdered,
    LegalHoldLifted,
    LegalHoldPlaced,
    PeopleExported,
    RecordRead,
    RetentionApplied,
    SecondPersonAsked,
)
from controller.domain.events.visits import (
    GraceEnded,
    GraceStarted,
    HostApproved,
    VisitorOverdue,
    VisitorRegistered,
    VisitorSignedIn,
    VisitorSignedOut,
)
from controller.domain.instant import Instant
from controller.domain.words import word_for

__all__ = [
    "KINDS",
    "KIND_OF",
    "AccessDenied",
    "AccessGranted",
    "AccessLevelAssigned",
    "AccessLevelWithdrawn",
    "AlarmAcknowledged",
    "AlarmCauseGone",
    "AlarmClosed",
    "AlarmEscalated",
    "AlarmRaised",
    "AlarmShelved",
    "AlarmStepDone",
    "AlarmUnshelved",
    "AreaArmed",
    "AreaArming",
    "AreaDisarmed",
    "AreaEntryDelayed",
    "AreaScheduleTurned",
    "AreaTripped",
    "ArmedBy",
    "ArmingWithheld",
    "BackupRestored",
    "BackupTaken",
    "BadgeOffered",
    "BatteryObserved",
    "BoxStarted",
    "BoxStopped",
    "BypassEnded",
    "CameraCameOnline",
    "CameraPresetKept",
    "CameraPresetOrdered",
    "CameraStopOrdered",
    "CameraTurnOrdered",
    "CameraViewChanged",
    "CameraWentOffline",
    "CardholderErased",
    "CardholderRecorded",
    "CauseBegan",
    "CauseEnded",
    "CauseFired",
    "CauseReset",
    "CertificateIssued",
    "CertificateRevoked",
    "ChallengeIssued",
    "ClipRecorded",
    "ClockDistrusted",
    "ClockTrusted",
    "CredentialRecorded",
    "CredentialStatusSet",
    "DestructionOrdered",
    "DeviceCameOnline",
    "DeviceIdentified",
    "DeviceWentOffline",
    "DoorBlocked",
    "DoorFirstPersonIn",
    "DoorLockOrdered",
    "DoorModeLapsed",
    "DoorModeOrdered",
    "DoorModeReleased",
    "DoorUnblocked",
    "DoorUnlockOrdered",
    "Doubt",
    "EnrolmentOpened",
    "EntryAmbiguous",
    "EntryObserved",
    "EvacuationEnded",
    "EvacuationStarted",
    "Event",
    "EvidenceExported",
    "ExitDelayed",
    "ExitObserved",
    "ExitRequested",
    "FaceConfirmed",
    "FaceJudged",
    "FaceListed",
    "FaceTemplateRecorded",
    "FaceUnlisted",
    "FaceWithdrawn",
    "FactorProven",
    "FireAlarm",
    "FireResetConfirmed",
    "GestureAsked",
    "GraceEnded",
    "GraceStarted",
    "GrantWithdrawn",
    "HeldOpenTimed",
    "HeldOpenTimerRestarted",
    "HeldOpenWarned",
    "HostApproved",
    "JournalReplayed",
    "KeyOverrideObserved",
    "LegalHoldLifted",
    "LegalHoldPlaced",
    "LockModeChanged",
    "LockModesTimed",
    "LockObserved",
    "LockdownEndRequested",
    "LockdownEnded",
    "LockdownOverdue",
    "LockdownSecured",
    "LockdownStarted",
    "LogWasLate",
    "LogWasRestored",
    "LoopObserved",
    "MaintenanceEnded",
    "MaintenanceStarted",
    "MessageTaken",
    "NoEntryAfterGrant",
    "Obstacle",
    "OperatorAppointed",
    "OperatorRecorded",
    "OperatorReset",
    "OperatorSignInFailed",
    "OperatorSignedIn",
    "OperatorSignedOut",
    "OperatorWithdrawn",
    "OrderRefused",
    "OutputObserved",
    "OutputOrdered",
    "PassageJudged",
    "PassageLapsed",
    "PassbackForgiven",
    "PeopleExported",
    "PersonCounted",
    "PointBypassed",
    "PointObserved",
    "PointTested",
    "PortraitCompared",
    "PortraitKept",
    "PortraitRemoved",
    "PositionObserved",
    "PowerObserved",
    "ReaderKeyed",
    "ReaderReplacementOrdered",
    "RecordRead",
    "Recorded",
    "RecordingsDropped",
    "RelockDeferred",
    "RelockResumed",
    "RetentionApplied",
    "RotationObserved",
    "SafeCounted",
    "SafeUncounted",
    "SecondFactorChanged",
    "SecondPersonAsked",
    "ShiftAccepted",
    "ShiftHandedOver",
    "SiteActivated",
    "SnapshotTaken",
    "StartUpCompleted",
    "StillRecorded",
    "TamperObserved",
    "ThreatLevelSet",
    "TokenIssued",
    "TokenRevoked",
    "UnlockFailure",
    "VeilLifted",
    "VeilLowered",
    "Violation",
    "VisitorOverdue",
    "VisitorRegistered",
    "VisitorSignedIn",
    "VisitorSignedOut",
    "WalkTestEnded",
    "WalkTestStarted",
    "WebhookAdded",
    "WebhookRemoved",
    "WebhookSecretRotated",
    "WebhookUndelivered",
    "WhereaboutsDoubted",
    "WireViolated",
]

Event = (
    BoxStarted
    | BoxStopped
    | StartUpCompleted
    | SiteActivated
    | CardholderRecorded
    | CredentialRecorded
    | FaceTemplateRecorded
    | OperatorRecorded
    | OperatorSignedIn
    | OperatorSignInFailed
    | OperatorSignedOut
    | AccessGranted
    | AccessDenied
    | ChallengeIssued
    | FactorProven
    | FaceJudged
    | PassageJudged
    | GrantWithdrawn
    | EntryObserved
    | EntryAmbiguous
    | ExitObserved
    | NoEntryAfterGrant
    | PassageLapsed
    | WhereaboutsDoubted
    | PassbackForgiven
    | PointObserved
    | OutputOrdered
    | OutputObserved
    | CauseBegan
    | CauseFired
    | CauseEnded
    | CauseReset
    | AlarmEscalated
    | AreaArming
    | AreaArmed
    | ArmingWithheld
    | AreaEntryDelayed
    | AreaTripped
    | AreaDisarmed
    | AreaScheduleTurned
    | PointBypassed
    | BypassEnded
    | WalkTestStarted
    | PointTested
    | WalkTestEnded
    | VisitorRegistered
    | HostApproved
    | VisitorSignedIn
    | VisitorSignedOut
    | VisitorOverdue
    | GraceStarted
    | GraceEnded
    | PositionObserved
    | HeldOpenTimerRestarted
    | HeldOpenWarned
    | HeldOpenTimed
    | LockObserved
    | LoopObserved
    | RelockDeferred
    | RelockResumed
    | RotationObserved
    | PersonCounted
    | KeyOverrideObserved
    | ExitRequested
    | ExitDelayed
    | DeviceCameOnline
    | DeviceWentOffline
    | TamperObserved
    | PowerObserved
    | BatteryObserved
    | WireViolated
    | CertificateIssued
    | CertificateRevoked
    | MessageTaken
    | CameraCameOnline
    | CameraViewChanged
    | CameraWentOffline
    | DoorUnlockOrdered
    | DoorLockOrdered
    | DoorBlocked
    | DoorUnblocked
    | LockdownStarted
    | LockdownSecured
    | LockdownOverdue
    | LockdownEndRequested
    | LockdownEnded
    | ThreatLevelSet
    | DoorModeOrdered
    | DoorModeReleased
    | DoorModeLapsed
    | LockModeChanged
    | LockModesTimed
    | DoorFirstPersonIn
    | FireAlarm
    | FireResetConfirmed
    | OrderRefused
    | AlarmRaised
    | AlarmCauseGone
    | AlarmAcknowledged
    | AlarmStepDone
    | AlarmShelved
    | AlarmUnshelved
    | AlarmClosed
    | LogWasLate
    | LogWasRestored
    | JournalReplayed
    | SnapshotTaken
    | ClockDistrusted
    | ClockTrusted
    | SecondPersonAsked
    | CardholderErased
    | CredentialStatusSet
    | AccessLevelAssigned
    | AccessLevelWithdrawn
    | LegalHoldPlaced
    | LegalHoldLifted
    | RecordRead
    | PeopleExported
    | OperatorAppointed
    | OperatorReset
    | OperatorWithdrawn
    | TokenIssued
    | TokenRevoked
    | WebhookAdded
    | WebhookRemoved
    | WebhookSecretRotated
    | WebhookUndelivered
    | SecondFactorChanged
    | ShiftAccepted
    | ShiftHandedOver
    | RetentionApplied
    | BackupTaken
    | BackupRestored
    | DestructionOrdered
    | ClipRecorded
    | StillRecorded
    | RecordingsDropped
    | VeilLifted
    | VeilLowered
    | CameraTurnOrdered
    | CameraStopOrdered
    | CameraPresetOrdered
    | CameraPresetKept
    | EvidenceExported
    | EnrolmentOpened
    | BadgeOffered
    | EvacuationStarted
    | EvacuationEnded
    | SafeCounted
    | SafeUncounted
    | MaintenanceStarted
    | MaintenanceEnded
    | FaceListed
    | FaceUnlisted
    | FaceWithdrawn
    | FaceConfirmed
    | GestureAsked
    | PortraitCompared
    | PortraitKept
    | PortraitRemoved
    | ReaderReplacementOrdered
    | ReaderKeyed
    | DeviceIdentified
)


KINDS: Mapping[str, type[Event]] = MappingProxyType({word_for(kind): kind for kind in get_args(Event)})
"""The word each event goes by in the log, the API and the console."""

KIND_OF: Mapping[type[Event], str] = MappingProxyType({kind: word for word, kind in KINDS.items()})


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with its place in the log. ``site`` is the digest of the policy it was decided under."""

    seq: int
    at: Instant
    boot: str
    site: str
    event: Event

    @property
    def kind(self) -> str:
        """Return the word this event goes by."""
        return KIND_OF[type(self.event)]
