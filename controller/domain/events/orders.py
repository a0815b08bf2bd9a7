"""What operators ordered, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.ids import CardholderId, DoorId, OperatorId, RequestId
from controller.domain.operators import Refusal
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class DoorUnlockOrdered:
    """A guard lets somebody through. ``cardholder``: who that is, where the guard knows them for one of ours."""

    request: RequestId
    door: DoorId
    operator: OperatorId
    whom: str  # a pseudonym, made for this one passage
    seconds: float
    identity: str = ""  # who that is, as the guard said, sealed under that pseudonym's own key
    cardholder: CardholderId | None = field(default=None, metadata=ADDED)


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
    silent: bool = field(default=False, metadata=ADDED)
