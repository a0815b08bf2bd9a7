"""What is handed out: from numbers, names, or a time and a place, to recordings and records. Slow: use a thread."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from controller.core import Core
from controller.domain.events import ClipRecorded, Recorded, StillRecorded
from controller.domain.ids import CameraId
from controller.filmed import recording_name
from controller.runtime.evidence import Chosen, NotChosen, Wanted
from controller.store.codec import EPOCH, MICROSECOND, to_record
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.place import log_place
from controller.store.projection import DOOR, FILMED, RECORDING, Projection
from controller.store.schema import EVENT

MOST_RECORDINGS, MOST_RECORDS = 100, 500
LONGEST = timedelta(days=1)
"""Longer than that is chosen piece by piece: somebody must have looked at what is handed out."""
TOLD_AFTER = timedelta(minutes=10)
"""A film is told of when it ends: the longest one, and what a restart adds."""
FILMS = ("clip_recorded", "still_recorded")


class Chooser:
    """Finds what somebody wants to hand out."""

    def __init__(self, core: Core, projection: Projection) -> None:
        self._core, self._projection = core, projection

    def choose(self, wanted: Wanted, *, silent: bool) -> Chosen:
        """Return what is wanted, as far as it may be seen and is still kept. Raises ``NotChosen``."""
        records = {record.seq: record for record in self.records(wanted.events)}
        missing = [seq for seq in wanted.events if seq not in records or not _seen(records[seq], silent=silent)]
        if missing:
            raise NotChosen(f"there is no record {missing[0]}")
        films = [self._named(name, silent=silent) for name in wanted.recordings]
        at_place, filmed = self._of_a_time(wanted)
        records |= {record.seq: record for record in at_place if _seen(record, silent=silent)}
        filmed += [film for seq in records for film in self._filmed(seq)]
        films += [film for film in filmed if _seen(film, silent=silent) and self._kept(film)]
        chosen = _chosen(films, records)
        if not chosen.recordings and not chosen.records:
            raise NotChosen("nothing was recorded of that, or its time is over")
        if len(chosen.recordings) > MOST_RECORDINGS or len(chosen.records) > MOST_RECORDS:
            raise NotChosen(f"that is more than {MOST_RECORDINGS} recordings or {MOST_RECORDS} records: choose less")
        return chosen

    def records(self, numbers: Iterable[int]) -> list[Recorded]:
        """Return these records, as far as there are any."""
        return self._found(EVENT.c.seq.in_(list(numbers)))

    def film(self, name: str) -> Recorded | None:
        """Return the record that tells of a recording."""
        return next(iter(self._projection.history(RECORDING, name, before=None, limit=1)), None)

    def _named(self, name: str, *, silent: bool) -> Recorded:
        record = self.film(name)
        if record is None or not _seen(record, silent=silent) or not self._kept(record):
            raise NotChosen(f"there is no recording {name[:100]!r}, or its time is over")
        return record

    def _of_a_time(self, wanted: Wanted) -> tuple[list[Recorded], list[Recorded]]:
        """Return the records at a door, and the recordings of a camera, within a time."""
        if wanted.since is None and wanted.until is None and wanted.camera is None and wanted.door is None:
            return [], []
        since, until = wanted.since, wanted.until
        if since is None or until is None or (wanted.camera is None) == (wanted.door is None):
            raise NotChosen("a time has a beginning, an end, and one camera or one door")
        if not timedelta(0) < until - since <= LONGEST:
            raise NotChosen("the time ends before it begins, or is longer than a day")
        if wanted.door is not None:
            about = self._projection.history(DOOR, wanted.door, before=self._before(until), limit=MOST_RECORDS + 1)
            return [record for record in about if record.at.wall >= since], []
        kinds = EVENT.c.kind.in_(FILMS)
        told = self._found(sa.and_(kinds, EVENT.c.wall >= _wall(since), EVENT.c.wall <= _wall(until + TOLD_AFTER)))
        return [], [film for film in told if _shows(film, wanted.camera, since, until)]

    def _before(self, until: datetime) -> int:
        """Return a number that no record up to then has."""
        query = sa.select(sa.func.coalesce(sa.func.max(EVENT.c.seq), 0)).where(EVENT.c.wall <= _wall(until))
        with self._engine().connect() as connection:
            return int(connection.execute(query).scalar_one()) + 1

    def _filmed(self, seq: int) -> list[Recorded]:
        return self._projection.history(FILMED, str(seq), before=None, limit=MOST_RECORDINGS + 1)

    def _kept(self, film: Recorded) -> bool:
        name = recording_name(_name(film))
        return name is not None and name.subject in self._core.keystore.subjects()

    def _found(self, where: sa.ColumnElement[bool]) -> list[Recorded]:
        return [to_record(row.entry) for row in stored_entries(self._engine(), where)]

    def _engine(self) -> sa.Engine:
        return reading_engine(log_place(self._core.folder, self._core.keystore.secrets))


def _chosen(films: Iterable[Recorded], records: Iterable[int]) -> Chosen:
    cameras = {_name(film): film.event.camera for film in films if isinstance(film.event, ClipRecorded | StillRecorded)}
    return Chosen(tuple(sorted(cameras)), tuple(sorted(records)), tuple(sorted(set(cameras.values()))))


def _shows(film: Recorded, camera: CameraId | None, since: datetime, until: datetime) -> bool:
    match film.event:
        case ClipRecorded(camera=by, began=began, seconds=seconds):
            return by == camera and began <= until and began + timedelta(seconds=seconds) >= since
        case StillRecorded(camera=by, taken=taken):
            return by == camera and since <= taken <= until
        case _:
            return False


def _name(film: Recorded) -> str:
    match film.event:
        case ClipRecorded(clip=name):
            return name
        case StillRecorded(still=name):
            return name
        case _:
            return ""


def _seen(record: Recorded, *, silent: bool) -> bool:
    return silent or getattr(record.event, "silent", False) is not True


def _wall(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // MICROSECOND
