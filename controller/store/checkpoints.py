"""The log's signed checkpoints, ``DIR/checkpoints.db``, and the leaves they are made of.

A file of its own, written without waiting for the disk: a checkpoint never makes a record wait, neither for the log's
one writer nor for the disk's. One that a power cut took is made again from the log, the same to the byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from controller.store.engines import PRIVATE, reading_engine
from controller.store.schema import EVENT

CHECKPOINT_FILE = "checkpoints.db"
CHUNK = 1000

METADATA = sa.MetaData()
CHECKPOINT = sa.Table(
    "checkpoint",
    METADATA,
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A row as it was found: how many entries it says to count, and the signed note."""

    size: int
    note: str


class Checkpoints:
    """The checkpoints of one data folder, to be added to."""

    def __init__(self, folder: Path) -> None:
        path = folder / CHECKPOINT_FILE
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))  # before SQLite does, for its owner only
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=NullPool)
        sa.event.listen(self._engine, "connect", _beside_the_log)
        METADATA.create_all(self._engine)

    def newest(self) -> StoredCheckpoint | None:
        """Return the checkpoint that counts most entries."""
        query = sa.select(CHECKPOINT).order_by(CHECKPOINT.c.size.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else StoredCheckpoint(row.size, row.note)

    def add(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint. One of the same size stays as it is."""
        insert = CHECKPOINT.insert().prefix_with("OR IGNORE")
        with self._engine.begin() as connection:
            connection.execute(insert, {"size": checkpoint.size, "note": checkpoint.note})

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _beside_the_log(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")  # no sync at a commit: it would hold up the log's own
    cursor.close()


def stored_checkpoints(folder: Path) -> list[StoredCheckpoint]:
    """Return what is stored, without writing; nothing where no checkpoint was ever made."""
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return []
    with reading_engine(path).connect() as connection:
        if not sa.inspect(connection).has_table(CHECKPOINT.name):  # the very moment it is made
            return []
        query = sa.select(CHECKPOINT).order_by(CHECKPOINT.c.size)
        return [StoredCheckpoint(row.size, str(row.note)) for row in connection.execute(query)]


def stored_leaves(engine: sa.Engine, after: int, until: int | None = None) -> Iterator[bytes]:
    """Return the leaf hashes of the entries after number ``after``, up to ``until``, as they stand beside them."""
    query = sa.select(EVENT.c.leaf).where(EVENT.c.seq > after).order_by(EVENT.c.seq)
    if until is not None:
        query = query.where(EVENT.c.seq <= until)
    with engine.connect().execution_options(yield_per=CHUNK) as connection, connection.execute(query) as rows:
        for leaf in rows.scalars():
            yield leaf if isinstance(leaf, bytes) else b""
