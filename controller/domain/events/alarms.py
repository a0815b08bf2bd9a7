"""What a guard must look at, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.ids import AlarmId, OperatorId
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """A guard must look. ``silent``, here and below: this record is for those alone who may see such an alarm."""

    alarm: AlarmId
    kind: AlarmKind
    priority: Priority
    source: Source
    detail: str
    persists: bool
    silent: bool = field(default=False, metadata=ADDED)
    escalate_seconds: float | None = field(default=None, metadata=ADDED)  # how long it may go unacknowledged
    maintenance: bool = field(default=False, metadata=ADDED)  # it comes of somebody's work there


@dataclass(frozen=True, slots=True)
class AlarmCauseGone:
    """What raised it is no longer so; it may now be closed."""

    alarm: AlarmId


@dataclass(frozen=True, slots=True)
class AlarmAcknowledged:
    """A guard has seen it."""

    alarm: AlarmId
    operator: OperatorId
    silent: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class AlarmStepDone:
    """An operator did a step of its procedure; the first one is 0."""

    alarm: AlarmId
    step: int
    operator: OperatorId
    silent: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class AlarmShelved:
    """A supervisor put it aside for ``seconds``."""

    alarm: AlarmId
    operator: OperatorId
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class AlarmUnshelved:
    """It is among the others again: somebody said so, or its time is over (None)."""

    alarm: AlarmId
    operator: OperatorId | None


@dataclass(frozen=True, slots=True)
class AlarmClosed:
    """A guard dealt with it."""

    alarm: AlarmId
    operator: OperatorId
    reason: str
    silent: bool = field(default=False, metadata=ADDED)
