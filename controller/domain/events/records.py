"""What was done with people's records: changed, read, handed out, erased, kept longer, saved and destroyed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.ids import AccessLevelId, CameraId, CardholderId, CredentialId, DoorId, OperatorId
from controller.domain.people import CredentialStatus
from controller.domain.records import Purpose, RecordScope, RetentionClass
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class SecondPersonAsked:
    """One operator gave an order that takes two; another must give the same within ``hours``."""

    operator: OperatorId
    order: str
    subject: str
    hours: float
    reason: str


@dataclass(frozen=True, slots=True)
class CardholderErased:
    """The key of what says who this is was destroyed; ``operator`` asked, ``second`` agreed. Pseudonyms stay."""

    operator: OperatorId
    second: OperatorId
    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class CredentialStatusSet:
    """A badge works from here on, or no longer. ``second`` agreed, where it opens an exclusion zone."""

    operator: OperatorId
    credential: CredentialId
    cardholder: CardholderId
    status: CredentialStatus
    reason: str
    second: OperatorId | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class AccessLevelAssigned:
    """Somebody has an access level more. ``second`` agreed, where it leads into an exclusion zone."""

    operator: OperatorId
    cardholder: CardholderId
    level: AccessLevelId
    reason: str
    second: OperatorId | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class AccessLevelWithdrawn:
    """Somebody has an access level less."""

    operator: OperatorId
    cardholder: CardholderId
    level: AccessLevelId
    reason: str


@dataclass(frozen=True, slots=True)
class LegalHoldPlaced:
    """What is known of somebody, or of everybody (None), is kept until the hold is lifted."""

    operator: OperatorId
    hold: str
    cardholder: CardholderId | None
    reason: str


@dataclass(frozen=True, slots=True)
class LegalHoldLifted:
    """Two operators lifted a hold."""

    operator: OperatorId
    second: OperatorId
    hold: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecordRead:
    """An operator read about people, and why; ``case`` is the number of the case where the purpose asks for one."""

    operator: OperatorId
    scope: RecordScope
    purpose: Purpose
    case: str
    cardholder: CardholderId | None
    door: DoorId | None
    camera: CameraId | None = field(default=None, metadata=ADDED)
    recording: str = field(default="", metadata=ADDED)
    report: str = field(default="", metadata=ADDED)


@dataclass(frozen=True, slots=True)
class PeopleExported:
    """Everybody's names were handed out to two operators."""

    operator: OperatorId
    second: OperatorId
    purpose: Purpose
    case: str


@dataclass(frozen=True, slots=True)
class RetentionApplied:
    """What was personal in one kind of data from before ``until`` is destroyed: ``destroyed`` keys and files.

    ``held``: how many were kept for a legal hold.
    """

    retention: RetentionClass
    days: int
    until: datetime
    destroyed: int
    held: int


@dataclass(frozen=True, slots=True)
class BackupTaken:
    """A backup was written and read back: ``entries`` of the log are in it."""

    author: str
    place: str
    entries: int


@dataclass(frozen=True, slots=True)
class BackupRestored:
    """The box lives on from a backup made at ``made``; ``erased`` were erased since then, and are again.

    ``problem`` says what the witness held against it, and ``operators`` who wanted it all the same.
    """

    author: str
    made: datetime
    entries: int
    erased: tuple[CardholderId, ...]
    problem: str
    operators: tuple[OperatorId, ...]


@dataclass(frozen=True, slots=True)
class DestructionOrdered:
    """Two operators destroyed the box's keys: this is the last that can be read of it."""

    operator: OperatorId
    second: OperatorId
    reason: str
