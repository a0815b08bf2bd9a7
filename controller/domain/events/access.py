"""What happened at a reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from controller.domain.decision import AccessRequest, DenyReason, FaceOutcome, Trace
from controller.domain.ids import CameraId, CardholderId, CredentialId, DoorId, OperatorId, ReaderId, RequestId, ZoneId
from controller.domain.operators import Refusal
from controller.domain.site import Factor
from controller.domain.words import ADDED


class UnlockFailure(StrEnum):
    """Why an unlock that was granted never released its strike."""

    LOG_CANNOT_BE_WRITTEN = "log_cannot_be_written"
    DEADLINE_PASSED = "deadline_passed"
    DEVICE_OFFLINE = "device_offline"
    DEVICE_REFUSED = "device_refused"
    JAMMED = "jammed"
    RESTARTED = "restarted"
    SUPERSEDED = "superseded"
    POLICY_CHANGED = "policy_changed"


@dataclass(frozen=True, slots=True)
class AccessGranted:
    """A person may pass. Granted is not used.

    ``seconds`` is how long the strike is released and the passage stays open; ``remarks``: what was let pass and noted.
    ``asked``, of every answer: the request that was decided, so that it can be decided again; logs of old lack it.
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
    remarks: tuple[DenyReason, ...] = field(default=(), metadata=ADDED)
    asked: AccessRequest | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class AccessDenied:
    """A request was refused, with every reason.

    Raw bits, format and the formats ``tried`` are kept only for cards nobody knows.
    """

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
    asked: AccessRequest | None = field(default=None, metadata=ADDED)
    tried: tuple[str, ...] = field(default=(), metadata=ADDED)


@dataclass(frozen=True, slots=True)
class ChallengeIssued:
    """The badge was right; these factors are asked for within ``seconds``. ``search``: its holder was drawn for one."""

    request: RequestId
    reader: ReaderId
    door: DoorId
    credential: CredentialId
    cardholder: CardholderId
    presented: tuple[Factor, ...]
    factors: tuple[Factor, ...]
    seconds: float
    trace: Trace
    asked: AccessRequest | None = field(default=None, metadata=ADDED)
    search: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class FactorProven:
    """A further factor of a running challenge was right; more are asked for."""

    request: RequestId
    reader: ReaderId
    factor: Factor
    asked: AccessRequest | None = field(default=None, metadata=ADDED)


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
class PassageJudged:
    """A guard was asked to look at somebody, and said whether they may pass; a refusal has a reason."""

    request: RequestId
    reader: ReaderId
    operator: OperatorId
    confirmed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class GrantWithdrawn:
    """A grant was taken back, or its unlock failed. If it was already counted as used, its holder may be anywhere."""

    request: RequestId
    door: DoorId
    why: UnlockFailure | Refusal


@dataclass(frozen=True, slots=True)
class NoEntryAfterGrant:
    """A grant lapsed unused."""

    request: RequestId
    door: DoorId
    cardholder: CardholderId | None
