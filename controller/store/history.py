"""The log of a box, read only: beside a running box as well as of a stopped one."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from controller.domain.events import Recorded
from controller.store.codec import to_record
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.place import LogPlace
from controller.store.schema import EVENT


class History:
    """What the log at ``place`` holds. Raises ``FileNotFoundError`` where there is none; every method raises
    ``SQLAlchemyError`` for a file that is no log and ``UnreadableEvent`` naming a row this version cannot read.
    """

    def __init__(self, place: LogPlace) -> None:
        self._engine = reading_engine(place)

    def count(self) -> int:
        """Return how many records there are now; a running box adds to them."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(EVENT)).scalar_one()

    def record(self, seq: int) -> Recorded | None:
        """Return one record; None where there is no such number."""
        found = next(stored_entries(self._engine, EVENT.c.seq == seq), None)
        return None if found is None else to_record(found.entry)

    def records(self, *kinds: str) -> Iterator[Recorded]:
        """Return the records of these kinds, or all of them, in the order of their numbers."""
        for row in stored_entries(self._engine, EVENT.c.kind.in_(kinds) if kinds else None):
            yield to_record(row.entry)
