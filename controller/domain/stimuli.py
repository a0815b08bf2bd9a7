"""Claims from outside: what the wires, the eyes, the guards and the clock say. Nothing is true yet."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.decision import FaceOutcome
from controller.domain.doors import Direction, LockStatus, Loop, Position
from controller.domain.events import UnlockFailure, Violation
from controller.domain.events.devices import CertificateIssued, CertificateRevoked
from controller.domain.events.filming import CameraPresetOrdered, ClipRecorded, RecordingsDropped, StillRecorded
from controller.domain.events.integrations import WebhookUndelivered
from controller.domain.events.maintenance import ReaderKeyed
from controller.domain.events.records import BackupRestored, BackupTaken, RetentionApplied
from controller.domain.faces import FaceBasis, Gesture
from controller.domain.filming import ViewTrouble
from controller.domain.ids import (
    CameraId,
    CardholderId,
    DeviceId,
    DoorId,
    OperatorId,
    OutputId,
    PointId,
    ReaderId,
    RequestId,
    ZoneId,
)
from controller.domain.operators import Operator, Order
from controller.domain.people import Cardholder, Credential
from controller.domain.points import PointCondition
from controller.domain.roles import FactorChange, SecondFactor


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A card at a reader. ``token`` is None where no format fits; ``raw`` (hex, left-aligned) was on the wire.

    ``age``: how many seconds ago the reader says it was shown; negative where the reader's clock is ahead of ours.
    ``draw``: a lot from 0 to ``LOTS`` - 1, drawn where randomness may be; the low ones are searched.
    ``tried``: the formats this reader knows.
    """

    reader: ReaderId
    token: str | None
    format: str
    bit_count: int
    raw: str
    age: float = 0.0
    draw: int = 0
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PinEntered:
    """Digits at a keypad, already turned into what may stand in the log.

    ``proof``: under the challenged credential; None where none is. ``token``: what stands for a personal PIN of these
    digits, where the reader takes one in place of a card. ``draw``: a lot, as of a card.
    """

    reader: ReaderId
    proof: str | None
    token: str | None = None
    draw: int = 0


@dataclass(frozen=True, slots=True)
class FaceSeen:
    """The eyes' answer to one challenge. ``seen_at`` is monotonic seconds of the last frame used."""

    request: RequestId
    camera: CameraId
    outcome: FaceOutcome
    distance: float | None
    frames: int
    seen_at: float


@dataclass(frozen=True, slots=True)
class PositionSeen:
    """The contact moved, or was read anew."""

    door: DoorId
    position: Position


@dataclass(frozen=True, slots=True)
class LockSeen:
    """The bolt moved, or was read anew."""

    door: DoorId
    lock: LockStatus


@dataclass(frozen=True, slots=True)
class RexSeen:
    """Somebody asks to leave."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class PointSeen:
    """A supervised point moved and stayed so for its debounce time, or was read anew."""

    point: PointId
    condition: PointCondition


@dataclass(frozen=True, slots=True)
class OutputSeen:
    """An output tells what it does."""

    output: OutputId
    on: bool


@dataclass(frozen=True, slots=True)
class LoopSeen:
    """A barrier's safety loop, moved or read anew."""

    door: DoorId
    loop: Loop


@dataclass(frozen=True, slots=True)
class RotationSeen:
    """A turnstile turned once."""

    door: DoorId
    direction: Direction


@dataclass(frozen=True, slots=True)
class PersonPassed:
    """A camera saw one person go through a door, into this zone."""

    camera: CameraId
    door: DoorId
    enters: ZoneId


@dataclass(frozen=True, slots=True)
class KeySeen:
    """The mechanical key of a door, turned or not."""

    door: DoorId
    turned: bool


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device answers, or no longer does.

    ``nameplate``: vendor, model and serial number, of one that says so. ``commissioned``: a technician's wizard gave
    the key that it proved to just that nameplate.
    """

    device: DeviceId
    online: bool
    secure: bool
    detail: str
    nameplate: str = ""
    commissioned: bool = False


@dataclass(frozen=True, slots=True)
class TamperSeen:
    """A device's tamper switch."""

    device: DeviceId
    active: bool


@dataclass(frozen=True, slots=True)
class PowerSeen:
    """A device's own supply."""

    device: DeviceId
    failed: bool


@dataclass(frozen=True, slots=True)
class BatterySeen:
    """The battery a device falls back on, or lives on."""

    device: DeviceId
    low: bool


@dataclass(frozen=True, slots=True)
class ViolationSeen:
    """Somebody plays with the wire."""

    device: DeviceId
    violation: Violation
    detail: str


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """Something is broken, or no longer is: a wire of ``device`` is cut or shorted; None: a fault in our own code."""

    device: DeviceId | None
    active: bool
    detail: str


@dataclass(frozen=True, slots=True)
class CameraSeen:
    """A camera gives pictures, or no longer does."""

    camera: CameraId
    online: bool
    detail: str


@dataclass(frozen=True, slots=True)
class CameraViewSeen:
    """A camera that gives pictures sees what it should (None), or no longer does."""

    camera: CameraId
    trouble: ViewTrouble | None


@dataclass(frozen=True, slots=True)
class UnlockFailed:
    """An unlock did not reach its lock, or came too late and was dropped."""

    door: DoorId
    request: RequestId
    why: UnlockFailure


@dataclass(frozen=True, slots=True)
class Ordered:
    """An operator's order."""

    operator: OperatorId
    order: Order


@dataclass(frozen=True, slots=True)
class SignInTried:
    """Somebody tried to sign in at the console. ``duress``: with the password for when somebody forces them.

    ``factor``: what they showed besides the password; None where that sufficed.
    """

    operator: OperatorId
    succeeded: bool
    address: str
    duress: bool = False
    factor: SecondFactor | None = None


@dataclass(frozen=True, slots=True)
class DuressSeen:
    """Somebody gave the password for when they are forced, and is not signed in by it, or not yet."""

    operator: OperatorId
    address: str


@dataclass(frozen=True, slots=True)
class SignedOutSeen:
    """An operator left the console."""

    operator: OperatorId


@dataclass(frozen=True, slots=True)
class PersonEnrolled:
    """A person joins or changes. ``identity`` is sealed under the subject's own key."""

    author: str
    cardholder: Cardholder
    identity: str


@dataclass(frozen=True, slots=True)
class BadgeEnrolled:
    """A badge is issued or changes."""

    author: str
    credential: Credential


@dataclass(frozen=True, slots=True)
class FaceEnrolled:
    """A face template, sealed under the subject's own key."""

    author: str
    cardholder: CardholderId
    engine: str
    mode: str
    template: str
    basis: FaceBasis | None = None
    used: int = 0
    others: tuple[CardholderId, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FaceGone:
    """Somebody's template and portrait are destroyed at the box."""

    author: str
    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class GestureWanted:
    """The eyes know whom they see in a challenge, and ask for this gesture."""

    request: RequestId
    camera: CameraId
    gesture: Gesture


@dataclass(frozen=True, slots=True)
class FaceSpotted:
    """The eyes saw a face of the watch list."""

    camera: CameraId
    cardholder: CardholderId
    distance: float


@dataclass(frozen=True, slots=True)
class OperatorEnrolled:
    """An operator is appointed, or gets another role."""

    author: str
    operator: Operator


@dataclass(frozen=True, slots=True)
class OperatorRemoved:
    """At the box itself somebody's right to sign in was withdrawn, or, with ``anew``, their passwords and factors."""

    author: str
    operator: OperatorId
    anew: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SecondFactorSet:
    """An operator added or removed a second factor of their own."""

    operator: OperatorId
    factor: SecondFactor
    change: FactorChange


@dataclass(frozen=True, slots=True)
class ConsolesSeen:
    """Whether any console is watched by somebody who may act; told when it changed for long enough."""

    watching: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Some deadline may have come."""


@dataclass(frozen=True, slots=True)
class LogLateSeen:
    """A record did not become durable in time; the grants that waited for it are named."""

    grants: tuple[tuple[DoorId, RequestId], ...]
    detail: str


@dataclass(frozen=True, slots=True)
class LogRestoredSeen:
    """The log is durable again, everything that waited included."""


@dataclass(frozen=True, slots=True)
class JournalReplayedSeen:
    """What stood in the emergency journal, records ``first`` to ``last``, is in the log."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SnapshotTakenSeen:
    """The fold of the records up to ``through`` is on the disk, in a file of SHA-256 ``digest`` (hex)."""

    through: int
    digest: str


@dataclass(frozen=True, slots=True)
class DiskSeen:
    """How much room the log's disk has."""

    low: bool
    detail: str


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """Whether a device's certificate, or without a device the authority itself, ends soon, and when."""

    device: DeviceId | None
    ending: bool
    detail: str


@dataclass(frozen=True, slots=True)
class LogTamperedSeen:
    """The log is not the one that was signed before."""

    detail: str


@dataclass(frozen=True, slots=True)
class BoxStartedUp:
    """The box woke up: ``site_toml`` is the policy it wakes up with."""

    version: str
    site_digest: str
    site_toml: str


@dataclass(frozen=True, slots=True)
class PolicyApproved:
    """Two operators, both known for who they are, bring a policy into force. It is taken in by ``Runtime.activate``."""

    operator: OperatorId
    second: OperatorId
    site_digest: str
    site_toml: str


@dataclass(frozen=True, slots=True)
class KeepingDone:
    """The box kept house: old data went, a backup was made or restored, pictures were kept or given up.

    Or it gave a certificate, called one back, gave a reader its key, or a webhook did not answer. The fact is written
    down as it is.
    """

    fact: (
        RetentionApplied
        | BackupTaken
        | BackupRestored
        | ClipRecorded
        | StillRecorded
        | RecordingsDropped
        | CameraPresetOrdered
        | CertificateIssued
        | CertificateRevoked
        | WebhookUndelivered
        | ReaderKeyed
    )


@dataclass(frozen=True, slots=True)
class Nothing:
    """A message that asks for nothing more than to be counted."""


@dataclass(frozen=True, slots=True)
class BoxStopping:
    """The box is asked to stop."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A device's own message, numbered from 1 in each of its boots: a repeated one must not count twice."""

    device: DeviceId
    boot: str
    seq: int
    stimulus: CardPresented | PinEntered | RexSeen | RotationSeen | FaultSeen | Nothing


Stimulus = (
    Delivered
    | CardPresented
    | PinEntered
    | FaceSeen
    | GestureWanted
    | FaceSpotted
    | PositionSeen
    | LockSeen
    | RexSeen
    | PointSeen
    | OutputSeen
    | LoopSeen
    | RotationSeen
    | PersonPassed
    | KeySeen
    | DeviceSeen
    | TamperSeen
    | PowerSeen
    | BatterySeen
    | ViolationSeen
    | FaultSeen
    | CameraSeen
    | CameraViewSeen
    | UnlockFailed
    | Ordered
    | SignInTried
    | DuressSeen
    | SignedOutSeen
    | PersonEnrolled
    | BadgeEnrolled
    | FaceEnrolled
    | FaceGone
    | OperatorEnrolled
    | OperatorRemoved
    | SecondFactorSet
    | ConsolesSeen
    | TimePassed
    | LogLateSeen
    | LogRestoredSeen
    | LogTamperedSeen
    | JournalReplayedSeen
    | SnapshotTakenSeen
    | DiskSeen
    | CertificateSeen
    | BoxStartedUp
    | BoxStopping
    | PolicyApproved
    | KeepingDone
    | Nothing
)
