"""Where somebody worked, and since when nobody does."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.alarms import Source
from controller.domain.ids import AlarmId, DeviceId, OperatorId


@dataclass(frozen=True, slots=True)
class MaintenanceStarted:
    """Somebody works on a place for ``seconds``: what comes of it is marked."""

    source: Source
    operator: OperatorId
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class MaintenanceEnded:
    """Nobody works there any more: an operator said so, or it ended by itself (None).

    ``alarms`` whose cause is still there count from now on; whoever should see them has ``escalate_seconds``.
    """

    source: Source
    operator: OperatorId | None
    alarms: tuple[AlarmId, ...]
    escalate_seconds: float | None


@dataclass(frozen=True, slots=True)
class ReaderReplacementOrdered:
    """Another reader hangs in the place of this one: the wizard was opened for it."""

    device: DeviceId
    operator: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class ReaderKeyed:
    """A reader has proven a key of its own, and the box keeps it. ``serial`` (hex): what it says it is.

    ``origin``: how the key came into it; ``exposed``: others could have listened.
    """

    author: str
    device: DeviceId
    serial: str
    origin: str
    exposed: bool
