"""Plain SQLite, as durable as the log: the limit that stands beside what is written down."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

EVERY_SECONDS = 0.1


@contextlib.contextmanager
def plain_table(path: Path, columns: int) -> Iterator[sqlite3.Connection]:
    """Yield a database with a table ``t`` of so many columns, whose commits are on the disk when they return."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        names = ", ".join(f"c{n}" for n in range(1, columns))
        connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {names})")
        yield connection


@contextlib.contextmanager
def watched(path: Path) -> Iterator[list[float]]:
    """Yield the milliseconds that a bare commit takes meanwhile, ten a second: disks stall."""
    took: list[float] = []
    ended = threading.Event()

    def commit() -> None:
        with plain_table(path, columns=2) as bare:
            while not took or not ended.wait(EVERY_SECONDS):
                began = time.perf_counter()
                insert_and_commit(bare, [(len(took), "")])
                took.append(1000 * (time.perf_counter() - began))

    thread = threading.Thread(target=commit, name="bare commits")
    thread.start()
    try:
        yield took
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def unsafe(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a database that waits for no disk: for making what is measured, never for measuring."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        yield connection


def insert_and_commit(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]], table: str = "t") -> None:
    """Insert rows in a transaction of their own."""
    marks = ", ".join("?" * len(rows[0]))
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    connection.execute("COMMIT")
