"""What operators order of an alarm besides seeing it and closing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.ids import AlarmId


@dataclass(frozen=True, slots=True)
class TickStep:
    """I have done this step of the alarm's procedure; the first one is 0."""

    alarm: AlarmId
    step: int


@dataclass(frozen=True, slots=True)
class EscalateAlarm:
    """Somebody else must look at this too: it sounds as if nobody had acknowledged it in time."""

    alarm: AlarmId


@dataclass(frozen=True, slots=True)
class ShelveAlarm:
    """Put an alarm aside until a time (aware): it stands below all others, and is counted with none of them."""

    alarm: AlarmId
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class UnshelveAlarm:
    """Put a shelved alarm back among the others."""

    alarm: AlarmId


AlarmOrder = TickStep | EscalateAlarm | ShelveAlarm | UnshelveAlarm
