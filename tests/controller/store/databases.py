"""Another program at the log's database, on either kind: it looks, locks, or changes what it should not."""

from __future__ import annotations

import contextlib
from pathlib import Path

import sqlalchemy as sa


def engine(place):
    url = sa.URL.create("sqlite", database=str(place)) if isinstance(place, Path) else place
    return sa.create_engine(url, poolclass=sa.NullPool)


def asked(place, query):
    """What a query returns, of one column."""
    with engine(place).connect() as other:
        return list(other.execute(sa.text(query)).scalars())


def seqs(place):
    return asked(place, "select seq from event order by seq")


def disarm(place):
    """What an insider does first: the database's own refusal is out of the way."""
    off = (
        ["DROP TRIGGER event_never_changes", "DROP TRIGGER event_never_goes"]
        if isinstance(place, Path)
        else ["ALTER TABLE event DISABLE TRIGGER USER"]
    )
    with engine(place).begin() as other:
        for statement in off:
            other.execute(sa.text(statement))


def meddle(place, statement):
    disarm(place)
    with engine(place).begin() as other:
        other.execute(sa.text(statement))


@contextlib.contextmanager
def locked(place):
    """Another program holds the log's table: whoever writes waits, then is refused."""
    with engine(place).connect() as other:
        if isinstance(place, Path):
            other.connection.driver_connection.isolation_level = None
            other.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            other.execute(sa.text("LOCK TABLE event IN SHARE MODE"))
        try:
            yield
        finally:
            if isinstance(place, Path):
                other.exec_driver_sql("ROLLBACK")
            other.rollback()
