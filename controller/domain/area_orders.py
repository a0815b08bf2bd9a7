"""What operators order of intrusion areas, their points and what is caused by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.ids import AreaId, CauseId, PointId


@dataclass(frozen=True, slots=True)
class ArmArea:
    """Arm an intrusion area: its exit delay begins."""

    area: AreaId


@dataclass(frozen=True, slots=True)
class DisarmArea:
    """Disarm an intrusion area, whatever it does."""

    area: AreaId


@dataclass(frozen=True, slots=True)
class BypassPoint:
    """Leave a point out of its area until a time (aware)."""

    point: PointId
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class EndBypass:
    """Let a point count again."""

    point: PointId


@dataclass(frozen=True, slots=True)
class WalkTest:
    """Walk through a disarmed area until a time (aware), and see which of its points move."""

    area: AreaId
    until: datetime


@dataclass(frozen=True, slots=True)
class ResetCause:
    """End what a cause brought about."""

    cause: CauseId


AreaOrder = ArmArea | DisarmArea | BypassPoint | EndBypass | WalkTest | ResetCause
