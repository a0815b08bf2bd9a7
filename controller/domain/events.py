"""Facts we wrote down. The log of these is the truth of the building.

Fields may be added with a default; anything else is a new version of the kind with an upcaster. No event holds a name,
a face, a PIN or the number of an enrolled card in clear: those are sealed under the subject's own key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import get_args

from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.decision import DenyReason, FaceOutcome, Trace
from controller.domain.doors import LockStatus, Position
from controller.domain.ids import (
    AlarmId,
    CameraId,
    CardholderId,
    CredentialId,
    DeviceId,
    DoorId,
    OperatorId,
    ReaderId,
    RequestId,
    ZoneId,
)
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Refusal
from controller.domain.people import Cardholder, Credential
from controller.domain.site import Factor
from controller.domain.words import word_for


class Violation(StrEnum):
    """Attacks on a reader's wire (Bishop Fox, "Badge of Shame", and their kin)."""

    PLAINTEXT_REPLY = "plaintext_reply"
    BAD_MAC = "bad_mac"
    WRONG_KEY = "wrong_key"
    DEFAULT_KEY = "default_key"
    CAPABILITY_DOWNGRADE = "capability_downgrade"
    INSTALL_MODE = "install_mode"
    MALFORMED = "malformed"
    SEQUENCE_GAP = "sequence_gap"


class UnlockFailure(StrEnum):
    """Why an unlock that was granted never released its strike."""

    LOG_CANNOT_BE_WRITTEN = "log_cannot_be_written"
    DEADLINE_PASSED = "deadline_passed"
    DEVICE_OFFLINE = "device_offline"
    DEVICE_REFUSED = "device_refused"
    JAMMED = "jammed"
    RESTARTED = "restarted"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class BoxStarted:
    """The box woke up. Whatever was observed before is unknown again until it is read anew.

    Devices have ``hear_seconds`` to answer; the deadlines of a lockdown and of locked-out PINs start over, strictly.
    """

    version: str
    hear_seconds: float
    pin_lock_seconds: float
    lockdown_seconds: float


@dataclass(frozen=True, slots=True)
class BoxStopped:
    """The box was asked to stop and did."""


@dataclass(frozen=True, slots=True)
class StartUpCompleted:
    """Every device and camera was heard of, or is now known to be missing."""


@dataclass(frozen=True, slots=True)
class SiteActivated:
    """A policy came into force; its bytes are kept, so that any decision can be replayed under it."""

    digest: str
    toml: str


@dataclass(frozen=True, slots=True)
class CardholderRecorded:
    """A person, by pseudonym; ``identity`` is sealed."""

    author: str
    cardholder: Cardholder
    identity: str


@dataclass(frozen=True, slots=True)
class CredentialRecorded:
    """A badge as it now is."""

    author: str
    credential: Credential


@dataclass(frozen=True, slots=True)
class FaceTemplateRecorded:
    """A face template, sealed."""

    author: str
    cardholder: CardholderId
    engine: str
    mode: str
    template: str


@dataclass(frozen=True, slots=True)
class OperatorRecorded:
    """An operator as they now are."""

    author: str
    operator: Operator


@dataclass(frozen=True, slots=True)
class OperatorSignedIn:
    """Somebody is at the console."""

    operator: OperatorId
    address: str


@dataclass(frozen=True, slots=True)
class OperatorSignInFailed:
    """Somebody tried a name or a password that is not right."""

    operator: OperatorId
    address: str


@dataclass(frozen=True, slots=True)
class OperatorSignedOut:
    """Somebody left the console."""

    operator: OperatorId


@dataclass(frozen=True, slots=True)
class AccessGranted:
    """A person may pass. Granted is not used.

    ``seconds`` is how long the strike is released and the passage stays open.
    """

    request: RequestId
    reader: ReaderId
    door: DoorId
    enters: ZoneId
    credential: CredentialId
    cardholder: CardholderId
    presented: tuple[Factor, ...]
    seconds: float
    trace: Trace


@dataclass(frozen=True, slots=True)
class AccessDenied:
    """A request was refused, with every reason. Raw bits and format are kept only for cards nobody knows."""

    request: RequestId
    reader: ReaderId
    door: DoorId | None
    credential: CredentialId | None
    cardholder: CardholderId | None
    presented: tuple[Factor, ...]
    reasons: tuple[DenyReason, ...]
    trace: Trace
    format: str | None = None
    bit_count: int | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class ChallengeIssued:
    """The badge was right; these factors are asked for within ``seconds``."""

    request: RequestId
    reader: ReaderId
    door: DoorId
    credential: CredentialId
    cardholder: CardholderId
    presented: tuple[Factor, ...]
    factors: tuple[Factor, ...]
    seconds: float
    trace: Trace


@dataclass(frozen=True, slots=True)
class FactorProven:
    """A further factor of a running challenge was right; more are asked for."""

    request: RequestId
    reader: ReaderId
    factor: Factor


@dataclass(frozen=True, slots=True)
class FaceJudged:
    """What the eyes said of a challenge."""

    request: RequestId
    reader: ReaderId
    camera: CameraId
    cardholder: CardholderId
    outcome: FaceOutcome
    distance: float | None
    frames: int


@dataclass(frozen=True, slots=True)
class GrantWithdrawn:
    """A grant was taken back, or its unlock failed. If it was already counted as used, its holder may be anywhere."""

    request: RequestId
    door: DoorId
    why: UnlockFailure | Refusal


@dataclass(frozen=True, slots=True)
class EntryObserved:
    """A granted passage was used. ``assumed``: the door already stood open, or has no contact."""

    request: RequestId
    door: DoorId
    cardholder: CardholderId | None
    enters: ZoneId | None
    assumed: bool


@dataclass(frozen=True, slots=True)
class EntryAmbiguous:
    """The door opened while a grant and an exit request were both armed: who passed, and which way, is not known."""

    door: DoorId
    requests: tuple[RequestId, ...]
    cardholders: tuple[CardholderId, ...]


@dataclass(frozen=True, slots=True)
class ExitObserved:
    """Somebody left by the exit button; who is not known."""

    request: RequestId
    door: DoorId


@dataclass(frozen=True, slots=True)
class NoEntryAfterGrant:
    """A grant lapsed unused."""

    request: RequestId
    door: DoorId
    cardholder: CardholderId | None


@dataclass(frozen=True, slots=True)
class PassageLapsed:
    """An exit request, or a passage already counted as used, is over."""

    request: RequestId
    door: DoorId


@dataclass(frozen=True, slots=True)
class PositionObserved:
    """A leaf moved. ``open_seconds``: how long it may now stand open; None where that is not timed (forced, found)."""

    door: DoorId
    position: Position
    open_seconds: float | None
    warn_seconds: float | None


@dataclass(frozen=True, slots=True)
class HeldOpenTimerRestarted:
    """A further passage through the open door gives it its full time again."""

    door: DoorId
    open_seconds: float
    warn_seconds: float


@dataclass(frozen=True, slots=True)
class HeldOpenWarned:
    """The pre-alarm: soon this door is held open."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class HeldOpenTimed:
    """The door's time is over; it is timed no further."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class LockObserved:
    """A bolt moved."""

    door: DoorId
    lock: LockStatus


@dataclass(frozen=True, slots=True)
class ExitRequested:
    """Somebody inside asked to leave; the door's opening within ``seconds`` is an exit."""

    request: RequestId
    door: DoorId
    seconds: float


@dataclass(frozen=True, slots=True)
class DeviceCameOnline:
    """A device answers."""

    device: DeviceId
    secure: bool
    detail: str


@dataclass(frozen=True, slots=True)
class DeviceWentOffline:
    """A device no longer answers."""

    device: DeviceId
    detail: str


@dataclass(frozen=True, slots=True)
class TamperObserved:
    """A tamper switch."""

    device: DeviceId
    active: bool


@dataclass(frozen=True, slots=True)
class PowerObserved:
    """A device's supply."""

    device: DeviceId
    failed: bool


@dataclass(frozen=True, slots=True)
class WireViolated:
    """An attack on a wire, refused."""

    device: DeviceId
    violation: Violation
    detail: str


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """A device's numbered message was acted upon; should it come again, it is not."""

    device: DeviceId
    boot: str
    number: int


@dataclass(frozen=True, slots=True)
class CameraCameOnline:
    """A camera gives pictures."""

    camera: CameraId


@dataclass(frozen=True, slots=True)
class CameraWentOffline:
    """A camera gives none."""

    camera: CameraId
    detail: str


@dataclass(frozen=True, slots=True)
class DoorUnlockOrdered:
    """A guard lets somebody through."""

    request: RequestId
    door: DoorId
    operator: OperatorId
    whom: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DoorLockOrdered:
    """A guard locks a door."""

    door: DoorId
    operator: OperatorId


@dataclass(frozen=True, slots=True)
class DoorBlocked:
    """A guard blocks a door for every badge."""

    door: DoorId
    operator: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class DoorUnblocked:
    """The block is gone."""

    door: DoorId
    operator: OperatorId


@dataclass(frozen=True, slots=True)
class LockdownStarted:
    """Everything locks; ``expected_seconds`` is how long the locks may take to be seen locked."""

    operator: OperatorId
    reason: str
    expected_seconds: float


@dataclass(frozen=True, slots=True)
class LockdownSecured:
    """Every door was observed closed and locked, ``seconds`` after the order."""

    seconds: float


@dataclass(frozen=True, slots=True)
class LockdownOverdue:
    """These doors were not observed secured in time."""

    doors: tuple[DoorId, ...]


@dataclass(frozen=True, slots=True)
class LockdownEndRequested:
    """One operator asks to end it; another must agree."""

    operator: OperatorId


@dataclass(frozen=True, slots=True)
class LockdownEnded:
    """Two operators ended it."""

    operator: OperatorId
    second: OperatorId


@dataclass(frozen=True, slots=True)
class ThreatLevelSet:
    """The building is stricter, or less strict, from here on."""

    operator: OperatorId
    level: int
    reason: str


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """An order that was not carried out is a fact too."""

    operator: OperatorId
    order: str
    subject: str
    why: Refusal


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """A guard must look."""

    alarm: AlarmId
    kind: AlarmKind
    priority: Priority
    source: Source
    detail: str
    persists: bool


@dataclass(frozen=True, slots=True)
class AlarmCauseGone:
    """What raised it is no longer so; it may now be closed."""

    alarm: AlarmId


@dataclass(frozen=True, slots=True)
class AlarmAcknowledged:
    """A guard has seen it."""

    alarm: AlarmId
    operator: OperatorId


@dataclass(frozen=True, slots=True)
class AlarmClosed:
    """A guard dealt with it."""

    alarm: AlarmId
    operator: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class LogWasLate:
    """A record did not become durable in time; until it is again, nobody is let in."""

    detail: str


@dataclass(frozen=True, slots=True)
class LogWasRestored:
    """The log is durable again."""


@dataclass(frozen=True, slots=True)
class ClockDistrusted:
    """Wall time went behind the last event, or jumped: only always-valid rights work."""

    detail: str


@dataclass(frozen=True, slots=True)
class ClockTrusted:
    """Wall time runs on from the last event again."""


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
    | GrantWithdrawn
    | EntryObserved
    | EntryAmbiguous
    | ExitObserved
    | NoEntryAfterGrant
    | PassageLapsed
    | PositionObserved
    | HeldOpenTimerRestarted
    | HeldOpenWarned
    | HeldOpenTimed
    | LockObserved
    | ExitRequested
    | DeviceCameOnline
    | DeviceWentOffline
    | TamperObserved
    | PowerObserved
    | WireViolated
    | MessageTaken
    | CameraCameOnline
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
    | OrderRefused
    | AlarmRaised
    | AlarmCauseGone
    | AlarmAcknowledged
    | AlarmClosed
    | LogWasLate
    | LogWasRestored
    | ClockDistrusted
    | ClockTrusted
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
