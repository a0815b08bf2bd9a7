"""A log copied whole into a file of its own, from wherever it lies: for a backup of a log in PostgreSQL."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from controller.store.engines import reading_engine, writing_engine
from controller.store.eventlog import row_of, stored_entries
from controller.store.place import LogPlace
from controller.store.schema import EVENT, bring_up

AT_ONCE = 1000


def copy_log(source: LogPlace, target: Path) -> int:
    """Copy a log, as far as it goes now, into a new SQLite file; return how many entries that were. Slow.

    What is hashed stays as it is, byte for byte, so that the copy proves what the log proves.
    """
    reading, writing = reading_engine(source), writing_engine(target)
    try:
        with reading.connect() as there:
            last = there.scalar(sa.select(sa.func.coalesce(sa.func.max(EVENT.c.seq), 0))) or 0
        rows = stored_entries(reading, EVENT.c.seq <= last)
        with writing.connect() as here:
            bring_up(here)
            while some := [row_of(row.entry, row.leaf, row.chain) for row in islice(rows, AT_ONCE)]:
                here.execute(EVENT.insert(), some)
            here.commit()
            here.exec_driver_sql("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        return last
    finally:
        writing.dispose()
        reading.dispose()
