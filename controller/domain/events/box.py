"""The box itself: its starts, its policy, its log and its clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.ids import (
    CameraId,
    DeviceId,
    DoorId,
    FireZoneId,
    OperatorId,
    OutputId,
    PointId,
    ReaderId,
    ZoneId,
)
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class BoxStarted:
    """The box woke up. Whatever was observed before is unknown again until it is read anew.

    Devices have ``hear_seconds`` to answer; the deadlines of a lockdown and of locked-out PINs start over, strictly.
    """

    version: str
    hear_seconds: float
    pin_lock_seconds: float
    lockdown_seconds: float


@dataclass(frozen=True, slots=True)
class BoxStopped:
    """The box was asked to stop and did."""


@dataclass(frozen=True, slots=True)
class StartUpCompleted:
    """Every device and camera was heard of, or is now known to be missing."""


@dataclass(frozen=True, slots=True)
class SiteActivated:
    """A policy came into force; its bytes are kept, so that any decision can be replayed under it.

    ``operator`` and ``second`` brought it into force while the box ran; None: the box woke up with it. What it no
    longer knows of is named, so that the state forgets it.
    """

    digest: str
    toml: str
    operator: OperatorId | None = field(default=None, metadata=ADDED)
    second: OperatorId | None = field(default=None, metadata=ADDED)
    zones_gone: tuple[ZoneId, ...] = field(default=(), metadata=ADDED)
    doors_gone: tuple[DoorId, ...] = field(default=(), metadata=ADDED)
    readers_gone: tuple[ReaderId, ...] = field(default=(), metadata=ADDED)
    devices_gone: tuple[DeviceId, ...] = field(default=(), metadata=ADDED)
    cameras_gone: tuple[CameraId, ...] = field(default=(), metadata=ADDED)
    points_gone: tuple[PointId, ...] = field(default=(), metadata=ADDED)
    outputs_gone: tuple[OutputId, ...] = field(default=(), metadata=ADDED)
    fire_zones_gone: tuple[FireZoneId, ...] = field(default=(), metadata=ADDED)


@dataclass(frozen=True, slots=True)
class LogWasLate:
    """A record did not become durable in time; until it is again, nobody is let in."""

    detail: str


@dataclass(frozen=True, slots=True)
class LogWasRestored:
    """The log is durable again."""


@dataclass(frozen=True, slots=True)
class JournalReplayed:
    """The records ``first`` to ``last`` stood in the emergency journal until the log could be written again.

    No door was opened on one of them: an unlock waits for the log itself.
    """

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """The fold of the records up to ``through`` lies in a file of SHA-256 ``digest`` (hex).

    Without this event the file counts for nothing.
    """

    through: int
    digest: str


@dataclass(frozen=True, slots=True)
class ClockDistrusted:
    """Wall time went behind the last event, or jumped: only always-valid rights work.

    ``steady_seconds``: how long it must run evenly to be trusted again.
    """

    detail: str
    steady_seconds: float = field(default=60.0, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class ClockTrusted:
    """Wall time runs on from the last event again."""
