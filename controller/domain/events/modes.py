"""What the locks do by themselves: lock modes, who asked for them, and fire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.doors import LockMode, ModeSource
from controller.domain.ids import CardholderId, DoorId, FireZoneId, OperatorId


@dataclass(frozen=True, slots=True)
class DoorModeOrdered:
    """An operator wants a door in this mode until a time, ``seconds`` from now."""

    door: DoorId
    mode: LockMode
    operator: OperatorId
    reason: str
    until: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class DoorModeReleased:
    """An operator takes such an order back."""

    door: DoorId
    mode: LockMode
    operator: OperatorId


@dataclass(frozen=True, slots=True)
class DoorModeLapsed:
    """Such an order is over."""

    door: DoorId
    mode: LockMode


@dataclass(frozen=True, slots=True)
class LockModeChanged:
    """A lock begins to stand released by itself (``unlocked``, ``fire_release``), or does so no longer.

    ``origin`` and ``reference`` name who asked for it (a schedule, an operator, a fire zone): none of them where the
    door is ``secured`` because nobody asks for anything. One strict mode after another is told by what caused it alone.
    """

    door: DoorId
    mode: LockMode
    origin: ModeSource | None
    reference: str


@dataclass(frozen=True, slots=True)
class LockModesTimed:
    """The schedules were looked at: the next one to begin or to end does so at ``until``, ``seconds`` from now."""

    until: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class DoorFirstPersonIn:
    """Somebody entitled was seen to go in: from here on the door follows its schedule."""

    door: DoorId
    cardholder: CardholderId


@dataclass(frozen=True, slots=True)
class FireAlarm:
    """The fire panel says fire: the doors of this zone are released until that is confirmed to be over."""

    fire_zone: FireZoneId


@dataclass(frozen=True, slots=True)
class FireResetConfirmed:
    """The panel was reset, and an operator says that the fire is over."""

    fire_zone: FireZoneId
    operator: OperatorId
    reason: str
