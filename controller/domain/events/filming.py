"""What was recorded of pictures, who saw behind a veil, and what was handed out as evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.ids import CameraId, CardholderId, OperatorId
from controller.domain.records import Purpose, RetentionClass
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class ClipRecorded:
    """A film of one camera is kept. ``digest`` is the SHA-256 (hex) of its bytes in clear, ``size`` how many they are.

    ``events``: the numbers of the records it belongs to; none for continuous recording. ``whole``: False where it was
    broken off, by a crash say. ``silent``: it belongs to what only those may see who see silent alarms.
    """

    clip: str
    camera: CameraId
    kind: RetentionClass
    began: datetime
    seconds: float
    size: int
    digest: str
    whole: bool
    events: tuple[int, ...] = ()
    cardholders: tuple[CardholderId, ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class StillRecorded:
    """A picture of one camera is kept, taken at ``taken`` for the records in ``events``."""

    still: str
    camera: CameraId
    taken: datetime
    size: int
    digest: str
    events: tuple[int, ...] = ()
    cardholders: tuple[CardholderId, ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class RecordingsDropped:
    """For want of room, recordings of ``camera`` were given up before their time: all of that kind from ``day``."""

    camera: CameraId
    kind: RetentionClass
    day: str
    size: int


@dataclass(frozen=True, slots=True)
class VeilLifted:
    """Two operators see for ``seconds`` what a camera's veil hides, and why."""

    operator: OperatorId
    second: OperatorId
    camera: CameraId
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class VeilLowered:
    """An operator put a camera's veil back before its time."""

    operator: OperatorId
    camera: CameraId


@dataclass(frozen=True, slots=True)
class CameraTurnOrdered:
    """An operator turns a camera for ``seconds``: -1 to 1 of its top speed to the right, up, and towards tele."""

    camera: CameraId
    operator: OperatorId
    pan: float
    tilt: float
    zoom: float
    seconds: float


@dataclass(frozen=True, slots=True)
class CameraStopOrdered:
    """An operator stops a camera where it looks."""

    camera: CameraId
    operator: OperatorId


@dataclass(frozen=True, slots=True)
class CameraPresetOrdered:
    """An operator has a camera look where ``preset`` says; None: the box does, home again when nobody turns it."""

    camera: CameraId
    operator: OperatorId | None
    preset: int


@dataclass(frozen=True, slots=True)
class CameraPresetKept:
    """An operator has ``preset`` mean from now on where the camera looks."""

    camera: CameraId
    operator: OperatorId
    preset: int


@dataclass(frozen=True, slots=True)
class EvidenceExported:
    """Two operators took recordings out of the box: these clips and stills, and these records.

    ``masked``: what veils hide is masked in what was handed out.
    """

    operator: OperatorId
    second: OperatorId
    purpose: Purpose
    case: str
    recordings: tuple[str, ...]
    records: tuple[int, ...]
    pixelated: bool
    masked: bool = field(default=False, metadata=ADDED)
