"""The event log, on SQLite or PostgreSQL: append-only, durable before it says so, one writer.

SQLite in WAL with ``synchronous=FULL``: FULL lost nothing of what it acknowledged when power was cut, NORMAL did.
Whoever appends while a commit runs is taken together into the next one (group commit); what nobody stands at a door for
waits a moment for company.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import sqlalchemy as sa
import structlog

from controller.domain.events import Recorded
from controller.ledger.entry import GENESIS, Entry, chain_hash, leaf_hash
from controller.ledger.verifier import StoredEntry
from controller.store.codec import to_entry, to_record
from controller.store.engines import reading_engine, writing_engine
from controller.store.fence import Fenced
from controller.store.journal import Journal
from controller.store.place import LogPlace
from controller.store.rescue import Rescue
from controller.store.schema import EVENT, bring_up

MAX_BATCH = 512
GATHER_SECONDS = 0.01
"""What may be gathered is handed to the writer after so long at the latest."""

RETRY_SECONDS = 0.2
RESCUE_SECONDS = 0.25
"""A record that waited so long for the log lies in the emergency journal from then on."""

CLOSE_SECONDS = 15.0
"""A disk that answers nothing at all does not keep the box from stopping."""


_LOG = structlog.get_logger(__name__)


class LogUnreachable(OSError):
    """The database that holds the log does not let us in."""


class LogAway(LogUnreachable):
    """It cannot be opened now. ``elsewhere``: it lies on a server, which may answer later."""

    elsewhere = False


class _ForeignHand(Exception):
    """Somebody else wrote to the log of a running box."""


@dataclass(frozen=True, slots=True)
class _Batch:
    entries: tuple[Entry, ...]
    done: asyncio.Future[None]
    since: float


@dataclass(frozen=True, slots=True)
class _Opened:
    """A log as it was found: how it can be written (None: not now) and read, its last number, its chain's end."""

    connection: sa.Connection | None
    reader: sa.Engine
    seq: int
    head: bytes


class SqlEventLog:
    """An ``EventLog`` in a database, written by a thread of its own.

    Built on the loop that appends to it. ``close`` writes what is still queued, as far as the disk lets it: from the
    first record on that it does not take, nothing more is written, and the futures stay pending for ever.

    With an emergency journal, what waits for longer than 250 ms lies there meanwhile; what an earlier run left there
    comes next in the log. ``journal_settled`` is called on the loop with the first and the last number of such records
    once they are in the log.
    """

    def __init__(self, place: LogPlace, journal: Journal | None = None) -> None:
        self._place = place
        self._engine = writing_engine(place)
        self._insertion = str(EVENT.insert().compile(dialect=self._engine.dialect))
        self._opened = _opened(self._engine, place)
        self._head, self._written = self._opened.head, self._opened.seq
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Sequence[_Batch] | None] = queue.SimpleQueue()
        self._gathered: list[_Batch] = []
        self._gathering: asyncio.TimerHandle | None = None
        self._closing = threading.Event()
        self._waiting: deque[_Batch] = deque()
        self._failing = False
        self._look: asyncio.TimerHandle | None = None
        self.journal_settled: Callable[[int, int], object] = _nobody
        self._held = _following(journal.found(), self._opened.seq) if journal else ()
        self._rescue = Rescue(journal, self._held, self._settled) if journal else None
        self._rescuing = bool(self._held)
        if self._held:
            self._enqueue(self._held)
        elif self._rescue is not None:
            self._rescue.clear()
        self._thread = threading.Thread(target=self._write, name="event-log", daemon=True)
        self._thread.start()

    def late(self, seconds: float) -> bool:
        """Tell whether some append has been waiting for the disk for longer than that."""
        return bool(self._waiting) and self._loop.time() - self._waiting[0].since > seconds

    def append(self, records: Sequence[Recorded], *, at_once: bool = True) -> asyncio.Future[None]:
        """Queue records; the future is done once they are durable (see ``EventLog``).

        Raises ``TypeError`` or ``ValueError``, and queues none of them, for a record that cannot be put into bytes.
        """
        entries = tuple(to_entry(record) for record in records)
        done = self._enqueue(entries, at_once=at_once)
        if self._rescue is not None and entries:
            if self._rescuing:
                self._rescue.write(entries)
            elif self._look is None:
                self._look = self._loop.call_later(RESCUE_SECONDS, self._look_at_waiting)
        return done

    def read(self, *, before: int | None, limit: int) -> list[Recorded]:
        """Return up to ``limit`` durable records below ``before``, the newest first."""
        query = sa.select(EVENT).order_by(EVENT.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(EVENT.c.seq < before)
        with _reader(self._place).connect() as connection:
            return [to_record(_stored(row).entry) for row in connection.execute(query)]

    def replay(self, after: int = 0) -> Iterator[Recorded]:
        """Return every record after number ``after``; what the emergency journal still holds stands last.

        Raises ``UnreadableEvent`` naming the row.
        """
        for row in stored_entries(self._opened.reader, EVENT.c.seq > after):
            yield to_record(row.entry)
            after = row.entry.seq
        for entry in self._held:
            if entry.seq > after:
                yield to_record(entry)

    def newest(self, kind: str) -> Iterator[Recorded]:
        """Return the records of a kind as the log was opened, the newest first, read as far as they are asked for."""
        query = sa.select(EVENT).where(EVENT.c.kind == kind).order_by(EVENT.c.seq.desc())
        with self._opened.reader.connect() as connection, connection.execute(query) as rows:
            for row in rows:
                yield to_record(_stored(row).entry)

    def record(self, seq: int) -> Recorded | None:
        """Return one record as the log was opened; None where there is no such number."""
        rows = (row.entry for row in stored_entries(self._opened.reader, EVENT.c.seq == seq))
        held = (entry for entry in self._held if entry.seq == seq)
        return next((to_record(entry) for entry in chain(rows, held)), None)

    def close(self) -> None:
        """Stop the writer once it has written what is queued, or has found that it cannot."""
        self._closing.set()
        self._hand_over()
        self._queue.put(None)
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            _LOG.error("the disk does not answer", appends=len(self._waiting))
        self._engine.dispose()
        if self._look is not None:
            self._look.cancel()
        if self._rescue is not None:
            if not self._rescuing:
                self._rescue.write(self._unwritten())
            self._rescue.close()

    def _enqueue(self, entries: tuple[Entry, ...], *, at_once: bool = True) -> asyncio.Future[None]:
        batch = _Batch(entries, self._loop.create_future(), self._loop.time())
        self._waiting.append(batch)
        self._gathered.append(batch)
        if at_once:
            self._hand_over()
        elif self._gathering is None:
            self._gathering = self._loop.call_later(GATHER_SECONDS, self._hand_over)
        return batch.done

    def _hand_over(self) -> None:
        """Give the writer what was gathered. Each time it wakes, it takes its turns from the doors' loop."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if self._gathered:
            self._queue.put(self._gathered)
            self._gathered = []

    def _look_at_waiting(self) -> None:
        """Have what waits put into the journal, once it waited too long or was refused; look again till then."""
        self._look = None
        left = self._waiting[0].since + RESCUE_SECONDS - self._loop.time() if self._waiting else None
        if self._rescue is None or self._rescuing or left is None:
            return
        if left > 0.0 and not self._failing:
            self._look = self._loop.call_later(left, self._look_at_waiting)
        else:
            self._rescuing = True
            self._rescue.write(self._unwritten())

    def _unwritten(self) -> list[Entry]:
        return [entry for batch in self._waiting for entry in batch.entries if entry.seq > self._written]

    def _settled(self, first: int, last: int) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to be told
            self._loop.call_soon_threadsafe(lambda: self.journal_settled(first, last))

    def _write(self) -> None:
        connection: sa.Connection | None = self._opened.connection
        last = False
        while not last and (first := self._queue.get()) is not None:
            batches, last = self._together(first)
            connection = self._commit(connection, batches)
            if connection is None:
                return
        if connection is not None:
            connection.close()

    def _together(self, first: Sequence[_Batch]) -> tuple[list[_Batch], bool]:
        """Take what else is waiting; the flag tells that the end of the queue was among it."""
        batches = [*first]
        while len(batches) < MAX_BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return batches, True
            batches += more
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
            except (sa.exc.SQLAlchemyError, Fenced, _ForeignHand) as error:
                self._refused(error)
                _drop(connection)
                connection = None
                if self._closing.is_set():
                    _LOG.error("the log is closed and could not be written", appends=len(self._waiting))
                    return None
                self._closing.wait(RETRY_SECONDS)
            else:
                self._failing = False
                self._written = max((e.seq for b in batches for e in b.entries), default=self._written)
                self._loop.call_soon_threadsafe(self._durable, batches)
                return connection

    def _refused(self, error: Exception) -> None:
        if not self._failing:
            _LOG.error("the event log cannot be written; trying again", error=str(error.__cause__ or error))
            self._failing = True
            self._loop.call_soon_threadsafe(self._look_at_waiting)

    def _insert(self, connection: sa.Connection, batches: list[_Batch]) -> None:
        rows, head = [], self._head
        for entry in (entry for batch in batches for entry in batch.entries):
            leaf = leaf_hash(entry)
            head = chain_hash(head, leaf)
            rows.append(row_of(entry, leaf, head))
        if not rows:
            return
        with connection.begin():
            _, found = _end(connection)
            if found == self._head:
                connection.exec_driver_sql(self._insertion, rows)
            elif found != head:  # a commit that failed on its way back may have reached the disk after all
                raise _ForeignHand("the log ends otherwise than it was written: somebody else has changed it")
        self._head = head

    def _durable(self, batches: list[_Batch]) -> None:
        for batch in batches:
            self._waiting.popleft()
            if not batch.done.done():
                batch.done.set_result(None)
        if self._rescuing and self._rescue is not None and not self._waiting:
            self._rescuing = False
            self._rescue.clear()


def _opened(engine: sa.Engine, place: LogPlace) -> _Opened:
    """Connect, bring the store up to today's form, and find its end.

    A log that is there but cannot be written, on a full disk for instance, is opened all the same: the doors' way out
    and the alarms work. Raises ``NewerLog``, ``Fenced``, ``LogUnreachable``.
    """
    connection: sa.Connection | None = None
    try:
        connection = engine.connect()
        bring_up(connection)
        return _Opened(connection, reading_engine(place), *_last(connection))
    except sa.exc.DatabaseError as error:
        _drop(connection)
        try:
            reader = _reader(place)
            with reader.connect() as readable:
                seq, head = _last(readable)
        except (OSError, sa.exc.SQLAlchemyError):
            away = LogAway(f"the event log cannot be opened: {str(error.orig).strip()}")
            away.elsewhere = not isinstance(place, Path)
            raise away from error
        _LOG.error("the event log can be read but not written", error=str(error.orig).strip())
        return _Opened(None, reader, seq, head)
    except BaseException:
        _drop(connection)
        raise


def _reader(place: LogPlace) -> sa.Engine:
    """Return an engine that can read now: a file that was closed well is whole by itself, where none can be made
    beside it for want of room.
    """
    engine = reading_engine(place)
    if isinstance(place, Path):
        try:
            with engine.connect() as connection:
                _last(connection)
        except sa.exc.OperationalError:
            if _size(place.with_name(f"{place.name}-wal")) == 0:
                return reading_engine(place, immutable=True)
    return engine


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _nobody(_first: int, _last: int) -> None:
    """Tell nobody."""


def _following(found: Sequence[Entry], seq: int) -> tuple[Entry, ...]:
    """Return what the journal holds beyond the log's last record. What does not follow it is of another log."""
    beyond = tuple(entry for entry in found if entry.seq > seq)
    if beyond and [entry.seq for entry in beyond] != list(range(seq + 1, seq + 1 + len(beyond))):
        raise LogUnreachable(
            f"the emergency journal goes on at event {beyond[0].seq}, the log ends at {seq}: "
            "the log lost entries, or the journal is another box's; restore the log, or move the journal away"
        )
    return beyond


def stored_entries(engine: sa.Engine, where: sa.ColumnElement[bool] | None = None) -> Iterator[StoredEntry]:
    """Return the rows, all or some, as they stand, in the order of their numbers."""
    query = sa.select(EVENT).order_by(EVENT.c.seq)
    if where is not None:
        query = query.where(where)
    with engine.connect().execution_options(yield_per=1000) as connection, connection.execute(query) as rows:
        for row in rows:
            yield _stored(row)


def row_of(entry: Entry, leaf: bytes, chain: bytes) -> dict[str, int | str | bytes]:
    """Return an entry with its hashes as a row of the table."""
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


def _last(connection: sa.Connection) -> tuple[int, bytes]:
    found = _end(connection)
    connection.rollback()
    return found


def _end(connection: sa.Connection) -> tuple[int, bytes]:
    """Return the last number and the chain's end. In SQL as it goes over the wire: this stands before every commit."""
    found = connection.exec_driver_sql("SELECT seq, chain FROM event ORDER BY seq DESC LIMIT 1").first()
    return (0, GENESIS) if found is None else (found.seq, _bytes(found.chain))


def _drop(connection: sa.Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()
