"""The log's one table, the same on SQLite and on PostgreSQL, and how a store of an older form is brought up to it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

HEAD = "0002"
"""The form of today: the newest of ``migrations/versions``."""

MIGRATIONS = Path(__file__).parent / "migrations"


class Blob(sa.LargeBinary):
    """Bytes as the file holds them: a value that somebody rewrote as text is still handed over, to be found wrong."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """Process nothing."""


METADATA = sa.MetaData()
EVENT = sa.Table(
    "event",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("wall", sa.BigInteger, nullable=False),
    sa.Column("mono", sa.BigInteger, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("body", Blob, nullable=False),
    sa.Column("leaf", Blob, nullable=False),
    sa.Column("chain", Blob, nullable=False),
)
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.Text))


class NewerLog(ValueError):
    """The store was written by a newer version of this program."""


def bring_up(connection: sa.Connection) -> None:
    """Migrate a store, new, old or of today. Raises ``NewerLog``, having touched nothing.

    A store of today is only looked at: a box starts on a full disk too.
    """
    found = revision(connection)
    if found == HEAD:
        return
    from alembic import command, config, script  # half a second that an ordinary start does without

    told = config.Config()
    told.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    told.attributes["connection"] = connection
    known = {each.revision for each in script.ScriptDirectory.from_config(told).walk_revisions()}
    if found is not None and found not in known:
        raise NewerLog(f"this log has form {found}, which a newer version wrote: {HEAD} is the newest known here")
    command.upgrade(told, "head")
    connection.commit()


def revision(connection: sa.Connection) -> str | None:
    """Return the form that a store says it has; None for a new one, or one from before forms had numbers."""
    found = None
    if sa.inspect(connection).has_table(_VERSION.name):
        found = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    connection.rollback()
    return found
