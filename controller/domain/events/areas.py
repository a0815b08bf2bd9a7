"""What became of intrusion areas, of bypasses and of walk tests. ``operator`` is None where no operator did it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from controller.domain.ids import AreaId, CardholderId, OperatorId, PointId


class ArmedBy(StrEnum):
    """What arms an area without an operator's order."""

    OPERATOR = "operator"
    SCHEDULE = "schedule"
    LAST_OUT = "last_out"


class Obstacle(StrEnum):
    """Why an area does not arm by itself."""

    POINT_NOT_READY = "point_not_ready"
    POSSIBLY_INSIDE = "possibly_inside"


@dataclass(frozen=True, slots=True)
class AreaArming:
    """The exit delay began: in ``seconds`` the area is armed."""

    area: AreaId
    operator: OperatorId | None
    by: ArmedBy
    seconds: float


@dataclass(frozen=True, slots=True)
class AreaArmed:
    """The area is armed."""

    area: AreaId


@dataclass(frozen=True, slots=True)
class ArmingWithheld:
    """An area that arms by itself did not; ``points`` that are not ready are named."""

    area: AreaId
    by: ArmedBy
    obstacle: Obstacle
    points: tuple[PointId, ...]


@dataclass(frozen=True, slots=True)
class AreaEntryDelayed:
    """Somebody is on the way in: unless the area is disarmed within ``seconds``, it is an alarm."""

    area: AreaId
    point: PointId
    seconds: float


@dataclass(frozen=True, slots=True)
class AreaTripped:
    """A point of an armed area moved, or its wire did."""

    area: AreaId
    point: PointId


@dataclass(frozen=True, slots=True)
class AreaDisarmed:
    """The area is disarmed: by an operator, or by the badge of somebody who was seen to enter."""

    area: AreaId
    operator: OperatorId | None
    cardholder: CardholderId | None


@dataclass(frozen=True, slots=True)
class AreaScheduleTurned:
    """An area's arming schedule began to hold, or no longer does."""

    area: AreaId
    active: bool


@dataclass(frozen=True, slots=True)
class PointBypassed:
    """A point counts for nothing in its area for ``seconds``."""

    point: PointId
    operator: OperatorId
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class BypassEnded:
    """A point counts again: its bypass ran out, or an operator ended it."""

    point: PointId
    operator: OperatorId | None


@dataclass(frozen=True, slots=True)
class WalkTestStarted:
    """Somebody walks through an area for ``seconds``, to see which of its points see them."""

    area: AreaId
    operator: OperatorId
    seconds: float


@dataclass(frozen=True, slots=True)
class PointTested:
    """A point moved in a walk test."""

    area: AreaId
    point: PointId


@dataclass(frozen=True, slots=True)
class WalkTestEnded:
    """A walk test is over; ``untested`` points never moved in it."""

    area: AreaId
    untested: tuple[PointId, ...]
