"""What is searched besides the log: who stands in which record, and which door. Always behind the log, never beside it.

``DIR/projections.db`` holds pseudonyms, doors and numbers of records, no name. It may be thrown away at any time: it is
caught up from the log before each question, and ``ostiary project --rebuild`` makes it anew.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import sqlalchemy as sa

from controller.domain.events import ClipRecorded, Event, Recorded, StillRecorded
from controller.domain.people import Cardholder, Credential
from controller.store.codec import to_record
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.place import log_place
from controller.store.private_file import PRIVATE
from controller.store.schema import EVENT
from controller.store.secret_files import SecretFiles

FILE = "projections.db"
PERSON, DOOR, FILMED, RECORDING = "person", "door", "filmed", "recording"
CHUNK = 5000

_SCHEMA = """
create table if not exists touched (
    what text not null, subject text not null, seq integer not null, primary key (what, subject, seq)
) without rowid;
create table if not exists progress (seq integer not null);
"""


class Projection:
    """The searchable side of one folder's log. Every method is slow: call it in a thread.

    ``secrets``: the folder's, where the box is open already.
    """

    def __init__(self, folder: Path, secrets: SecretFiles | None = None) -> None:
        self._folder = folder
        self._secrets = secrets
        self._path = folder / FILE

    def history(self, what: str, subject: str, *, before: int | None, limit: int) -> list[Recorded]:
        """Return up to ``limit`` durable records about a person or a door below ``before``, the newest first."""
        self.catch_up()
        below = before if before is not None else 2**62
        query = "select seq from touched where what=? and subject=? and seq<? order by seq desc limit ?"
        with self._opened(self._path) as database:
            wanted = [seq for (seq,) in database.execute(query, (what, subject, below, limit))]
        if not wanted:
            return []
        rows = stored_entries(reading_engine(log_place(self._folder, self._secrets)), EVENT.c.seq.in_(wanted))
        return sorted((to_record(row.entry) for row in rows), key=lambda record: -record.seq)

    def catch_up(self) -> int:
        """Take in what the log gained; return the number of the last record taken."""
        return self._fill(self._path)

    def rebuild(self) -> int:
        """Make it anew from the first record on; what was there is in use until then."""
        draft = self._path.with_name(f"{FILE}.new")
        draft.unlink(missing_ok=True)
        last = self._fill(draft)
        draft.replace(self._path)
        return last

    def dump(self) -> list[tuple[str, str, int]]:
        """Return everything it holds, in order: two that are equal answer every question alike."""
        with self._opened(self._path) as database:
            return list(database.execute("select what, subject, seq from touched order by what, subject, seq"))

    def _fill(self, path: Path) -> int:
        engine = reading_engine(log_place(self._folder, self._secrets))
        with self._opened(path) as database:
            (last,) = database.execute("select coalesce(max(seq), 0) from progress").fetchone()
            while rows := self._next(engine, last):
                found = [(what, who, record.seq) for record in rows for what, who in touched(record.event)]
                last = rows[-1].seq
                with database:
                    database.executemany("insert or ignore into touched values (?, ?, ?)", found)
                    database.execute("delete from progress")
                    database.execute("insert into progress values (?)", (last,))
        return int(last)

    def _next(self, engine: sa.Engine, after: int) -> list[Recorded]:
        some = sa.and_(EVENT.c.seq > after, EVENT.c.seq <= after + CHUNK)
        return [to_record(row.entry) for row in stored_entries(engine, some)]

    @contextlib.contextmanager
    def _opened(self, path: Path) -> Iterator[sqlite3.Connection]:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.executescript(_SCHEMA)
            yield database


def touched(event: Event) -> set[tuple[str, str]]:
    """Return whom and which door an event is about; of a recording also its name, and the records it belongs to."""
    has = {field.name: getattr(event, field.name) for field in fields(event)}
    badge = has.get("credential")  # a whole one names its holder; beside an id the holder has a field of their own
    holder = badge.cardholder if isinstance(badge, Credential) else None
    people = [has.get("cardholder"), has.get("whom"), holder, *has.get("cardholders", ())]
    found = {(PERSON, who) for each in people if (who := _pseudonym(each)) is not None}
    if isinstance(event, ClipRecorded | StillRecorded):
        name = event.clip if isinstance(event, ClipRecorded) else event.still
        found |= {(RECORDING, name), *((FILMED, str(seq)) for seq in event.events)}
    door = has.get("door") or getattr(has.get("source"), "door", None)
    return found | ({(DOOR, door)} if isinstance(door, str) else set())


def _pseudonym(value: object) -> str | None:
    if isinstance(value, Cardholder):
        return value.id
    return value if isinstance(value, str) else None
