"""What a guard must look at, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.ids import AlarmId, OperatorId


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
