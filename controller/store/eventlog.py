"""The event log on SQLite: append-only, durable before it says so, one writer.

WAL with ``synchronous=FULL``: FULL lost nothing of what it acknowledged when power was cut, NORMAL did. Whoever appends
while a commit runs is taken together into the next one (group commit).
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class _Batch:
    records: tuple[Recorded, ...]
    done: asyncio.Future[None]


class SqliteEventLog:
    """An ``EventLog`` in one SQLite file, written by a thread of its own.

    Built on the loop that appends to it. ``close`` writes what is still queued, as far as the disk lets it.
    """

    def __init__(self, path: Path) -> None:
        self._engine = writing_engine(path)
        METADATA.create_all(self._engine)
        self._reader = reading_engine(path)
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._waiting: deque[float] = deque()
        self._head = self._last_chain()
        self._thread = threading.Thread(target=self._write, name="event-log", daemon=True)
        self._thread.start()

    def late(self, seconds: float) -> bool:
        """Tell whether some append has been waiting for the disk for longer than that."""
        return bool(self._waiting) and self._loop.time() - self._waiting[0] > seconds

    def append(self, records: Sequence[Recorded]) -> asyncio.Future[None]:
        """Queue records; the future is done once they are durable (see ``EventLog``)."""
        done = self._loop.create_future()
        self._waiting.append(self._loop.time())
        self._queue.put(_Batch(tuple(records), done))
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
        self._thread.join()
        self._engine.dispose()
        self._reader.dispose()

    def _last_chain(self) -> bytes:
        with self._engine.connect() as connection:
            last = connection.execute(sa.select(EVENT.c.chain).order_by(EVENT.c.seq.desc()).limit(1)).scalar()
        return GENESIS if last is None else bytes(last)

    def _write(self) -> None:
        connection: sa.Connection | None = None
        while (first := self._queue.get()) is not None:
            batches, last = self._together(first)
            connection = self._commit(connection, batches)
            if last:
                break
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
        """Commit, trying again and again while the disk refuses: order is kept and nothing is dropped."""
        while True:
            try:
                if connection is None:
                    connection = self._engine.connect()
                self._insert(connection, batches)
            except sa.exc.SQLAlchemyError as error:
                _LOG.error("the event log cannot be written", error=str(error.__cause__ or error))
                _drop(connection)
                connection = None
                if self._closing.is_set():
                    return None
                self._closing.wait(RETRY_SECONDS)
            else:
                self._loop.call_soon_threadsafe(self._durable, batches)
                return connection

    def _insert(self, connection: sa.Connection, batches: list[_Batch]) -> None:
        head, rows = self._head, []
        for record in (record for batch in batches for record in batch.records):
            entry = to_entry(record)
            leaf = leaf_hash(entry)
            head = chain_hash(head, leaf)
            rows.append(_row(entry, leaf, head))
        with connection.begin():
            connection.execute(EVENT.insert(), rows)
        self._head = head

    def _durable(self, batches: list[_Batch]) -> None:
        for batch in batches:
            self._waiting.popleft()
            if not batch.done.done():
                batch.done.set_result(None)


def writing_engine(path: Path) -> sa.Engine:
    """Return an engine whose commits are on the disk when they return."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=NullPool)

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
    return sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", poolclass=NullPool)


def stored_entries(engine: sa.Engine) -> Iterator[StoredEntry]:
    """Return the rows as they stand, in the order of their numbers."""
    with engine.connect().execution_options(yield_per=1000) as connection:
        for row in connection.execute(sa.select(EVENT).order_by(EVENT.c.seq)):
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
    return StoredEntry(entry, _bytes(row.leaf), _bytes(row.chain))


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _drop(connection: sa.Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()
