"""What causes what, as the site file says, and how far each cause is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from controller.domain.alarms import AlarmKind
from controller.domain.ids import AreaId, CauseId, DoorId, OutputId, PointId
from controller.domain.points import AreaMode, PointCondition


@dataclass(frozen=True, slots=True)
class PointIs:
    """A point is in one condition."""

    point: PointId
    condition: PointCondition


@dataclass(frozen=True, slots=True)
class AlarmStands:
    """An alarm of this kind stands, at this place where one is named.

    A lasting alarm stands as long as its cause does, one that tells of a moment until somebody acknowledges it.
    """

    kind: AlarmKind
    door: DoorId | None = None
    point: PointId | None = None
    area: AreaId | None = None


@dataclass(frozen=True, slots=True)
class AreaIs:
    """An intrusion area is in one mode."""

    area: AreaId
    mode: AreaMode


@dataclass(frozen=True, slots=True)
class ThreatAtLeast:
    """The threat level is this, or higher."""

    level: int


@dataclass(frozen=True, slots=True)
class LockdownRuns:
    """A lockdown runs."""


@dataclass(frozen=True, slots=True)
class CauseFires:
    """Another cause has fired and was not reset."""

    cause: CauseId


Condition = PointIs | AlarmStands | AreaIs | ThreatAtLeast | LockdownRuns | CauseFires


class Action(StrEnum):
    """What a cause does to an output. ``OFF`` takes back what anybody else wants of it."""

    ON = "on"
    OFF = "off"
    PULSE = "pulse"


class DoorAction(StrEnum):
    """What a cause does to a door: stricter things only. ``SECURED``: locked once; ``BLOCKED``: until it is reset."""

    SECURED = "secured"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class OutputEffect:
    """Switch an output; ``seconds`` is how long a pulse lasts."""

    output: OutputId
    action: Action
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DoorEffect:
    """Make a door stricter."""

    door: DoorId
    action: DoorAction


@dataclass(frozen=True, slots=True)
class LockdownEffect:
    """Begin a lockdown. Two people end it, as always."""


Consequence = OutputEffect | DoorEffect | LockdownEffect


class Reset(StrEnum):
    """What ends the effect: the end of the cause, an operator, or the clock."""

    CAUSE_ENDS = "cause_ends"
    MANUAL = "manual"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Cause:
    """While ``when`` has held for ``delay_seconds``, ``then``."""

    id: CauseId
    name: str
    when: Condition
    then: Consequence
    delay_seconds: float = 0.0
    reset: Reset = Reset.CAUSE_ENDS
    reset_seconds: float | None = None  # for ``AFTER``


@dataclass(frozen=True, slots=True)
class CauseState:
    """How far a cause is. ``due`` (monotonic seconds): when its delay ends, or, once it has fired, its effect.

    ``silent``: only what is silent brought it about, and only those who may see that see this.
    """

    holding: bool = False
    fired: bool = False
    due: float | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Escalation:
    """An alarm of priority 1 that nobody acknowledges in time is also heard outside the browser."""

    after_seconds: float
    outputs: tuple[OutputId, ...]
