"""The event log on SQLite: append-only, durable before it says so, one writer.

WAL with ``synchronous=FULL``: FULL lost nothing of what it acknowledged when power was cut, NORMAL did. Whoever appends
while a commit runs is taken together into the next one (group commit).
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from sqlalchemy.pool import NullPool

from controller.domain.events import Recorded
from controller.ledger.entry import GENESIS, Entry, chain_hash, leaf_hash
from controller.ledger.verifier import StoredEntry
from controller.store.codec import to_entry, to_record

MAX_BATCH = 512
RETRY_SECONDS = 0.2
BUSY_MILLISECONDS = 5000
CLOSE_SECONDS = 15.0
"""A disk that answers nothing at all does not keep the box from stopping."""

PRIVATE = 0o600


class _Blob(sa.LargeBinary):
    """Bytes as the file holds them: a value that somebody rewrote as text is still handed over, to be found wrong."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """Process nothing."""


METADATA = sa.MetaData()
EVENT = sa.Table(
    "event",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("wall", sa.BigInteger, nullable=False),
    sa.Column("mono", sa.BigInteger, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("body", _Blob, nullable=False),
    sa.Column("leaf", _Blob, nullable=False),
    sa.Column("chain", _Blob, nullable=False),
)

_LOG = structlog.get_logger(__name__)


class _ForeignHand(Exception):
    """Somebody else wrote to the log of a running box."""


@dataclass(frozen=True, slots=True)
class _Batch:
    entries: tuple[Entry, ...]
    done: asyncio.Future[None]


class SqliteEventLog:
    """An ``EventLog`` in one SQLite file, written by a thread of its own.

    Built on the loop that appends to it. ``close`` writes what is still queued, as far as the disk lets it: from the
    first record on that it does not take, nothing more is written, and the futures stay pending for ever.
    """

    def __init__(self, path: Path) -> None:
        _make_private(path)
        self._engine = writing_engine(path)
        METADATA.create_all(self._engine)
        self._reader = reading_engine(path)
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._waiting: deque[float] = deque()
        with self._engine.connect() as connection:
            self._head = _last_chain(connection)
        self._failing = False
        self._thread = threading.Thread(target=self._write, name="event-log", daemon=True)
        self._thread.start()

    def late(self, seconds: float) -> bool:
        """Tell whether some append has been waiting for the disk for longer than that."""
        return bool(self._waiting) and self._loop.time() - self._waiting[0] > seconds

    def append(self, records: Sequence[Recorded]) -> asyncio.Future[None]:
        """Queue records; the future is done once they are durable (see ``EventLog``).

        Raises ``TypeError`` or ``ValueError``, and queues none of them, for a record that cannot be put into bytes.
        """
        entries = tuple(to_entry(record) for record in records)
        done = self._loop.create_future()
        self._waiting.append(self._loop.time())
        self._queue.put(_Batch(entries, done))
        return done

    def read(self, *, before: int | None, limit: int) -> list[Recorded]:
        """Return up to ``limit`` durable records below ``before``, the newest first."""
        query = sa.select(EVENT).order_by(EVENT.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(EVENT.c.seq < before)
        with self._reader.connect() as connection:
            return [to_record(_stored(row).entry) for row in connection.execute(query)]

    def replay(self) -> Iterator[Recorded]:
        """Return every record from the first on. Raises ``UnreadableEvent`` naming the row."""
        for row in stored_entries(self._reader):
            yield to_record(row.entry)

    def close(self) -> None:
        """Stop the writer once it has written what is queued, or has found that it cannot."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            _LOG.error("the disk does not answer; what is queued is lost", appends=len(self._waiting))
        self._engine.dispose()
        self._reader.dispose()

    def _write(self) -> None:
        connection: sa.Connection | None = None
        last = False
        while not last and (first := self._queue.get()) is not None:
            batches, last = self._together(first)
            connection = self._commit(connection, batches)
            if connection is None:
                return
        if connection is not None:
            connection.close()

    def _together(self, first: _Batch) -> tuple[list[_Batch], bool]:
        """Take what else is waiting; the flag tells that the end of the queue was among it."""
        batches = [first]
        while len(batches) < MAX_BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return batches, True
            batches.append(more)
        return batches, False

    def _commit(self, connection: sa.Connection | None, batches: list[_Batch]) -> sa.Connection | None:
        """Commit, trying again and again while the disk refuses: order is kept and nothing is dropped.

        None: the log is to be closed and the disk still refuses.
        """
        while True:
            try:
                if connection is None:
                    connection = self._engine.connect()
                self._insert(connection, batches)
            except (sa.exc.SQLAlchemyError, _ForeignHand) as error:
                self._refused(error)
                _drop(connection)
                connection = None
                if self._closing.is_set():
                    _LOG.error("the log is closed and could not be written", appends=len(self._waiting))
                    return None
                self._closing.wait(RETRY_SECONDS)
            else:
                self._failing = False
                self._loop.call_soon_threadsafe(self._durable, batches)
                return connection

    def _refused(self, error: Exception) -> None:
        if not self._failing:
            _LOG.error("the event log cannot be written; trying again", error=str(error.__cause__ or error))
        self._failing = True

    def _insert(self, connection: sa.Connection, batches: list[_Batch]) -> None:
        rows, head = [], self._head
        for entry in (entry for batch in batches for entry in batch.entries):
            leaf = leaf_hash(entry)
            head = chain_hash(head, leaf)
            rows.append(_row(entry, leaf, head))
        if not rows or self._is_written(connection, head):
            return
        with connection.begin():
            connection.execute(EVENT.insert(), rows)
        self._head = head

    def _is_written(self, connection: sa.Connection, head: bytes) -> bool:
        """Tell whether a commit that failed on its way back reached the disk after all.

        Raises where the log ends otherwise than we left it: then nothing more counts as written down.
        """
        found = _last_chain(connection)
        if found == head:
            self._head = head
            return True
        if found != self._head:
            raise _ForeignHand("the log ends otherwise than it was written: somebody else has changed it")
        return False

    def _durable(self, batches: list[_Batch]) -> None:
        for batch in batches:
            self._waiting.popleft()
            if not batch.done.done():
                batch.done.set_result(None)


def writing_engine(path: Path) -> sa.Engine:
    """Return an engine whose commits are on the disk when they return."""
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=NullPool)

    @sa.event.listens_for(engine, "connect")
    def durable(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.close()

    return engine


def reading_engine(path: Path) -> sa.Engine:
    """Return an engine that cannot write. Raises ``FileNotFoundError`` where there is no database."""
    if not path.exists():
        raise FileNotFoundError(f"there is no event log at {path}")
    url = sa.URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    engine = sa.create_engine(url, poolclass=NullPool)

    @sa.event.listens_for(engine, "connect")
    def lenient(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        connection.text_factory = _text

    return engine


def stored_entries(engine: sa.Engine, where: sa.ColumnElement[bool] | None = None) -> Iterator[StoredEntry]:
    """Return the rows, all or some, as they stand, in the order of their numbers."""
    query = sa.select(EVENT).order_by(EVENT.c.seq)
    with engine.connect().execution_options(yield_per=1000) as connection:
        for row in connection.execute(query if where is None else query.where(where)):
            yield _stored(row)


def _row(entry: Entry, leaf: bytes, chain: bytes) -> dict[str, int | str | bytes]:
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "version": entry.version,
        "wall": entry.wall,
        "mono": entry.mono,
        "boot": entry.boot,
        "body": entry.body,
        "leaf": leaf,
        "chain": chain,
    }


def _stored(row: sa.Row[tuple[object, ...]]) -> StoredEntry:
    entry = Entry(row.seq, row.kind, row.version, row.wall, row.mono, row.boot, _bytes(row.body))
    as_written = all(isinstance(value, bytes) for value in (row.body, row.leaf, row.chain))
    return StoredEntry(entry, _bytes(row.leaf), _bytes(row.chain), as_written=as_written)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _text(stored: bytes) -> str:
    """Read any text there is: what is no UTF-8 is found wrong by its hash, with its number."""
    return stored.decode(errors="replace")


def _last_chain(connection: sa.Connection) -> bytes:
    found = connection.execute(sa.select(EVENT.c.chain).order_by(EVENT.c.seq.desc()).limit(1)).scalar()
    connection.rollback()
    return GENESIS if found is None else _bytes(found)


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, for its owner only; what lies beside it (WAL) gets the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
    path.chmod(PRIVATE)


def _drop(connection: sa.Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()
