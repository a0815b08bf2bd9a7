"""What caused what, and alarms that nobody looked at in time. ``silent``: only what is silent brought it about."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.ids import AlarmId, CauseId, OperatorId, OutputId
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class CauseBegan:
    """What a cause waits for is so; in ``seconds`` it fires, unless that ends before."""

    cause: CauseId
    seconds: float
    silent: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class CauseFired:
    """A cause takes effect, for ``seconds`` or until something else ends it (None)."""

    cause: CauseId
    seconds: float | None
    silent: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class CauseEnded:
    """What a cause waited for is no longer so."""

    cause: CauseId
    silent: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class CauseReset:
    """What a cause brought about is taken back: by an operator, or by its rule (None)."""

    cause: CauseId
    operator: OperatorId | None
    silent: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class AlarmEscalated:
    """Nobody acknowledged an alarm of priority 1 in time; ``outputs`` sound until somebody does.

    Or an ``operator`` wants somebody else to look, at whatever alarm: it is then unacknowledged, and off the shelf.
    """

    alarm: AlarmId
    outputs: tuple[OutputId, ...]
    silent: bool  # as the alarm itself
    operator: OperatorId | None = field(default=None, metadata=ADDED)
