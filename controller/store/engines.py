"""Connections to a log: one that makes durable what it is given, others that cannot write."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from psycopg.errors import LockNotAvailable
from sqlalchemy.pool import NullPool

from controller.store.fence import Fenced
from controller.store.place import LogPlace

BUSY_MILLISECONDS = 5000
CONNECT_SECONDS = 5
HANDOVER_MILLISECONDS = 2000
"""A server notices late that a writer is gone: so long the next one waits for its lock."""

SILENCE_MILLISECONDS = 5000
"""A database that says nothing for so long is taken for gone, and connected to anew."""

PRIVATE = 0o600

WRITER_LOCK = 0x6F737469_6172792E
"""PostgreSQL's advisory lock that a log's one writer holds ("ostiary." in ASCII); it is the database's own."""

_Connection = sa.engine.interfaces.DBAPIConnection


def writing_engine(place: LogPlace) -> sa.Engine:
    """Return an engine whose commits are on the disk when they return.

    On PostgreSQL, connecting raises ``Fenced`` while another writer is connected.
    """
    if isinstance(place, sa.URL):
        engine = _postgresql(place, "-c synchronous_commit=on")
        sa.event.listen(engine, "connect", _as_the_one_writer)
        return engine
    _make_private(place)
    # Rows are handed over by the names of their columns, on both kinds of database.
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(place)), poolclass=NullPool, paramstyle="named")
    sa.event.listen(engine, "connect", _durable)
    return engine


def reading_engine(place: LogPlace, *, immutable: bool = False) -> sa.Engine:
    """Return an engine that cannot write. Raises ``FileNotFoundError`` where there is no database file.

    ``immutable``: read a file that nobody writes, without the files SQLite makes beside it.
    """
    if isinstance(place, sa.URL):
        return _postgresql(place, "-c default_transaction_read_only=on")
    if not place.exists():
        raise FileNotFoundError(f"there is no event log at {place}")
    url = sa.URL.create(
        "sqlite",
        database=f"file:{quote(str(place))}",
        query={"mode": "ro", "uri": "true", "immutable": str(int(immutable))},
    )
    engine = sa.create_engine(url, poolclass=NullPool)
    sa.event.listen(engine, "connect", _lenient)
    return engine


def _postgresql(url: sa.URL, options: str) -> sa.Engine:
    arguments = {
        "options": f"{options} -c lock_timeout={BUSY_MILLISECONDS}",
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": SILENCE_MILLISECONDS,
        "application_name": "ostiary",
    }
    return sa.create_engine(url, poolclass=NullPool, connect_args=arguments)


def _as_the_one_writer(connection: _Connection, _: object) -> None:
    """Hold the lock as long as the connection lives: a writer that lost it must ask for it again."""
    cursor = connection.cursor()
    try:
        cursor.execute(f"SET LOCAL lock_timeout = {HANDOVER_MILLISECONDS}")
        cursor.execute("SELECT pg_advisory_lock(%s)", (WRITER_LOCK,))
        cursor.execute("SHOW fsync")
        durable = cursor.fetchone() == ("on",)
        connection.commit()
    except LockNotAvailable as error:
        connection.close()
        raise Fenced(
            "another controller writes to this database; stop it, or give this box a database of its own"
        ) from error
    cursor.close()
    if not durable:
        connection.close()
        raise Fenced("this PostgreSQL runs with fsync off: what it calls written is lost when power is cut")


def _durable(connection: _Connection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.close()


def _lenient(connection: _Connection, _: object) -> None:
    connection.text_factory = _text


def _text(stored: bytes) -> str:
    """Read any text there is: what is no UTF-8 is found wrong by its hash, with its number."""
    return stored.decode(errors="replace")


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, for its owner only; what lies beside it (WAL) gets the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
    path.chmod(PRIVATE)
