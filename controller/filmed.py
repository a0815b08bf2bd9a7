"""Which cameras have what happened in view, and what a recording is called: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.domain.alarms import Source
from controller.domain.events import AccessDenied, AccessGranted, AlarmRaised, Event
from controller.domain.ids import CameraId, CardholderId, DoorId, ZoneId
from controller.domain.records import RetentionClass
from controller.domain.site import Site

FOLDER = "recordings"
SUFFIX = ".sealed"
_NAME = re.compile(r"(clips|snapshots|continuous)\.([a-z][a-z0-9_-]{0,47})\.(\d{4}-\d\d-\d\d)\.(\d{9})-(\d{1,18})")
_SUBJECT = re.compile(r"rec-(clips|snapshots|continuous)-([a-z][a-z0-9_-]{0,47})-(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class RecordingName:
    """What a recording is called tells all that is needed to find it, and to know what a crash has left of it.

    ``seq`` is the number of the record it was begun for; 0 for continuous recording.
    """

    kind: RetentionClass
    camera: CameraId
    began: datetime
    seq: int

    def __str__(self) -> str:
        began = self.began.astimezone(UTC)
        time = f"{began:%H%M%S}{began.microsecond // 1000:03}"
        return f"{self.kind}.{self.camera}.{began:%Y-%m-%d}.{time}-{self.seq}"

    @property
    def subject(self) -> CardholderId:
        """Return whose key seals it: that of its kind, its camera and its day (UTC)."""
        return CardholderId(f"rec-{self.kind}-{self.camera}-{self.began.astimezone(UTC):%Y-%m-%d}")

    def path(self, folder: Path) -> Path:
        """Return where it lies in a box's folder."""
        return day_folder(folder, self.subject) / f"{self}{SUFFIX}"


def recording_name(text: str) -> RecordingName | None:
    """Return what a name tells; None for what is no name of a recording."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    kind, camera, day, time, seq = match.groups()
    try:
        began = datetime.strptime(f"{day} {time[:6]}", "%Y-%m-%d %H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    began = began.replace(microsecond=int(time[6:]) * 1000)
    return RecordingName(RetentionClass(kind), CameraId(camera), began, int(seq))


def recorded_day(subject: CardholderId) -> tuple[RetentionClass, CameraId, datetime] | None:
    """Return what a key of the key store seals: kind, camera, and the end of its day. None for any other key."""
    match = _SUBJECT.fullmatch(subject)
    if match is None:
        return None
    try:
        day = datetime.strptime(match[3], "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=UTC)
    except ValueError:
        return None
    return RetentionClass(match[1]), CameraId(match[2]), day


def day_folder(folder: Path, subject: CardholderId) -> Path:
    """Return where the recordings under a key lie."""
    known = recorded_day(subject)
    if known is None:
        raise ValueError(f"{subject} seals no recording")
    kind, camera, day = known
    return folder / FOLDER / kind / camera / f"{day:%Y-%m-%d}"


def cameras_of(site: Site, event: Event) -> tuple[CameraId, ...]:
    """Return the cameras that see what an access event or an alarm is about; none for anything else."""
    match event:
        case AccessGranted(reader=reader, door=door):
            return _cameras(site, Source(reader=reader, door=door))
        case AccessDenied(reader=reader, door=door):
            return _cameras(site, Source(reader=reader, door=door))
        case AlarmRaised(source=source):
            return _cameras(site, source)
        case _:
            return ()


def people_of(event: Event) -> tuple[CardholderId, ...]:
    """Return whom an event names: their recordings are about them."""
    held = getattr(event, "cardholder", None) or getattr(getattr(event, "source", None), "cardholder", None)
    return (CardholderId(held),) if isinstance(held, str) else ()


def _cameras(site: Site, source: Source) -> tuple[CameraId, ...]:
    """The camera itself, the reader's, those that have the door in view; where there is none, those of the zone."""
    reader = site.readers.get(source.reader) if source.reader else None
    door = source.door or (reader.door if reader else None)
    point = site.points.get(source.point) if source.point else None
    sight = point.sight if point else None
    named = {source.camera, reader.camera if reader else None, sight.camera if sight else None}
    found = [camera.id for camera in site.cameras.values() if camera.id in named or (door and door in camera.doors)]
    zones = set(_zones(site, source, door))
    return tuple(found or (camera.id for camera in site.cameras.values() if camera.zone in zones))


def _zones(site: Site, source: Source, door: DoorId | None) -> Iterable[ZoneId]:
    point = site.points.get(source.point) if source.point else None
    if source.reader is not None and source.reader in site.readers:
        yield site.readers[source.reader].leaves
    elif door is not None and door in site.doors:
        yield from site.doors[door].zones
    if point is not None:
        yield point.zone
    if source.zone is not None:
        yield source.zone
