"""How far each webhook was told, and how its last deliveries went (``DIR/outbox.db``). It holds no event itself."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from controller.runtime.ports import Delivery
from controller.store.private_file import PRIVATE

OUTBOX = "outbox.db"
KEPT_PER_WEBHOOK = 1000

METADATA = sa.MetaData()
CURSOR = sa.Table(
    "cursor",
    METADATA,
    sa.Column("webhook", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("dead", sa.Integer, nullable=False),
)
DELIVERY = sa.Table(
    "delivery",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("webhook", sa.Text, nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("problem", sa.Text, nullable=True),
)


class Outbox:
    """The outbox of one data folder. Every method may wait for a disk: call it in a thread."""

    def __init__(self, folder: Path) -> None:
        path = folder / OUTBOX
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE))
        self._engine = sa.create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 30})
        with self._engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        METADATA.create_all(self._engine)

    def reached(self, webhook: str) -> tuple[int, int] | None:
        """Return the number of the last event that was told or given up, and how many were; None for a new webhook."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(CURSOR).where(CURSOR.c.webhook == webhook)).first()
        return None if row is None else (row.number, row.dead)

    def move(self, webhook: str, number: int, dead: int, delivery: Delivery | None) -> None:
        """Keep how far a webhook is, and the delivery that brought it there, in one go."""
        with self._engine.begin() as connection:
            connection.execute(CURSOR.delete().where(CURSOR.c.webhook == webhook))
            connection.execute(CURSOR.insert(), [{"webhook": webhook, "number": number, "dead": dead}])
            if delivery is not None:
                _note(connection, webhook, delivery)

    def failed(self, webhook: str, delivery: Delivery) -> None:
        """Keep a delivery that failed, and is tried again."""
        with self._engine.begin() as connection:
            _note(connection, webhook, delivery)

    def forget(self, webhook: str) -> None:
        """Forget a webhook that was removed."""
        with self._engine.begin() as connection:
            for table in (CURSOR, DELIVERY):
                connection.execute(table.delete().where(table.c.webhook == webhook))

    def deliveries(self, webhook: str, *, before: int | None, limit: int) -> list[tuple[int, Delivery]]:
        """Return up to ``limit`` deliveries with their ids below ``before``, the newest first."""
        mine = DELIVERY.c.webhook == webhook
        wanted = mine if before is None else mine & (DELIVERY.c.id < before)
        query = sa.select(DELIVERY).where(wanted).order_by(DELIVERY.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [
                (row.id, Delivery(row.number, datetime.fromisoformat(row.at), row.outcome, row.status, row.problem))
                for row in connection.execute(query)
            ]


def _note(connection: sa.Connection, webhook: str, one: Delivery) -> None:
    row = {"webhook": webhook, "number": one.number, "at": one.at.isoformat(), "outcome": one.outcome}
    connection.execute(DELIVERY.insert(), [{**row, "status": one.status, "problem": one.problem}])
    mine = DELIVERY.c.webhook == webhook
    newest = sa.select(DELIVERY.c.id).where(mine).order_by(DELIVERY.c.id.desc()).limit(KEPT_PER_WEBHOOK)
    connection.execute(DELIVERY.delete().where(mine & DELIVERY.c.id.not_in(newest)))
