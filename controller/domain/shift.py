"""A shift that one operator hands over and another accepts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.ids import AlarmId, DoorId, OperatorId


@dataclass(frozen=True, slots=True)
class OpenShift:
    """What was handed over, at ``wall``, and nobody has accepted yet. ``note`` is sealed."""

    operator: OperatorId
    note: str
    alarms: tuple[AlarmId, ...]
    doors: tuple[DoorId, ...]
    wall: datetime
