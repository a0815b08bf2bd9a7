"""For how long recordings are kept: to their time, while there is room, and while nobody is erased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from controller.domain.events import ClipRecorded, Recorded, RecordingsDropped, StillRecorded
from controller.domain.filming import DAYS_UNSAID
from controller.domain.ids import CardholderId
from controller.domain.records import LegalHold, RetentionClass
from controller.domain.site import Site
from controller.filmed import day_folder, recorded_day, recording_name
from controller.store.private_file import shred

FIRST_TO_GO = (RetentionClass.CONTINUOUS, RetentionClass.SNAPSHOTS, RetentionClass.CLIPS)
"""What is given up first where there is no more room."""


def outdated(
    site: Site, subjects: Iterable[CardholderId], now: datetime
) -> Iterator[tuple[RetentionClass, CardholderId]]:
    """Yield the keys of recordings that are past their time. A day counts from its end, so that no hour is lost."""
    for subject in subjects:
        known = recorded_day(subject)
        if known is None:
            continue
        kind, camera, day = known
        filmed = site.cameras.get(camera)
        days = filmed.days(kind) if filmed is not None else site.retention.get(kind, DAYS_UNSAID)
        if day < now - timedelta(days=days):
            yield kind, subject


def kept_by(
    holds: Iterable[LegalHold], records: Iterable[Recorded], subjects: Iterable[CardholderId]
) -> set[CardholderId]:
    """Return the keys that legal holds keep: all of them, or those of the recordings that name who is held."""
    if any(hold.cardholder is None for hold in holds):
        return {subject for subject in subjects if recorded_day(subject) is not None}
    return {name.subject for record in records if (name := recording_name(recording_of(record) or "")) is not None}


def recording_of(record: Recorded) -> str | None:
    """Return the recording that a record tells of; None for any other record."""
    match record.event:
        case ClipRecorded(clip=name):
            return name
        case StillRecorded(still=name):
            return name
        case _:
            return None


def files_under(folder: Path, subject: CardholderId) -> tuple[Path, ...]:
    """Return the files that a key seals."""
    place = day_folder(folder, subject)
    return tuple(sorted(path for path in place.iterdir() if path.is_file())) if place.is_dir() else ()


def remove(folder: Path, subject: CardholderId) -> int:
    """Remove what a key sealed, once that key is gone; return how many bytes that were. Slow: call it in a thread."""
    place, size = day_folder(folder, subject), 0
    for path in files_under(folder, subject):
        size += path.stat().st_size
        path.unlink()
    if place.is_dir():
        place.rmdir()
    return size


def too_many(
    folder: Path, subjects: Iterable[CardholderId], quota: int, kept: Iterable[CardholderId]
) -> list[tuple[CardholderId, RecordingsDropped]]:
    """Return the days of recordings to give up so that the rest takes no more than ``quota`` bytes, the oldest first.

    Continuous recordings go before stills, and stills before clips. What a legal hold keeps stays. Slow.
    """
    known = [(subject, told) for subject in subjects if (told := recorded_day(subject)) is not None]
    sizes = {subject: sum(path.stat().st_size for path in files_under(folder, subject)) for subject, _ in known}
    over, held, dropped = sum(sizes.values()) - quota, set(kept), []
    for subject, (kind, camera, day) in sorted(known, key=lambda each: (FIRST_TO_GO.index(each[1][0]), each[1][2])):
        if over <= 0:
            break
        if subject not in held and sizes[subject]:
            over -= sizes[subject]
            dropped.append((subject, RecordingsDropped(camera, kind, f"{day:%Y-%m-%d}", sizes[subject])))
    return dropped


def shred_of(folder: Path, records: Iterable[Recorded], whom: CardholderId) -> int:
    """Shred the recordings that name nobody but somebody who is erased; return how many. Slow: call it in a thread."""
    gone = 0
    for record in records:
        name = recording_name(recording_of(record) or "")
        if name is None or getattr(record.event, "cardholders", ()) != (whom,):
            continue
        path = name.path(folder)
        gone += path.is_file()
        shred(path)
    return gone
