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
class AlarmClosed:
    """A guard dealt with it."""

    alarm: AlarmId
    operator: OperatorId
    reason: str
    silent: bool = field(default=False, metadata=ADDED)
