"""What orders with an idempotency key were answered, in the file of keys: it outlives a restart, for a day."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from controller.domain.ids import OperatorId
from controller.runtime.ports import KeptAnswer

METADATA = sa.MetaData()
ANSWER = sa.Table(
    "api_answer",
    METADATA,
    sa.Column("operator", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False, index=True),
    sa.Column("status", sa.Integer, nullable=True),  # none: it was under way
    sa.Column("body", sa.LargeBinary, nullable=False),
)


class Answers:
    """Kept answers. Every method may wait for a disk: call it in a thread."""

    def __init__(self, engine: sa.Engine) -> None:
        """Take the key store's engine."""
        self._engine = engine
        METADATA.create_all(engine)

    def find(self, operator: OperatorId, key: str) -> KeptAnswer | None:
        """Return what is known of an operator's key."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(ANSWER).where(_is(operator, key))).first()
        if row is None:
            return None
        return KeptAnswer(row.fingerprint, datetime.fromisoformat(row.at), row.status, row.body)

    def keep(self, operator: OperatorId, key: str, answer: KeptAnswer, oldest: datetime, most: int) -> None:
        """Keep it; give up what is older than ``oldest``, and what is more than ``most`` of this operator."""
        row = {
            "operator": operator,
            "key": key,
            "fingerprint": answer.fingerprint,
            "at": answer.at.astimezone(UTC).isoformat(),
            "status": answer.status,
            "body": answer.body,
        }
        mine = ANSWER.c.operator == operator
        newest = sa.select(ANSWER.c.key).where(mine).order_by(ANSWER.c.at.desc()).limit(most)
        with self._engine.begin() as connection:
            connection.execute(ANSWER.delete().where(_is(operator, key)))
            connection.execute(ANSWER.insert(), [row])
            connection.execute(ANSWER.delete().where(ANSWER.c.at < oldest.astimezone(UTC).isoformat()))
            connection.execute(ANSWER.delete().where(mine & ANSWER.c.key.not_in(newest)))

    def forget(self, operator: OperatorId, key: str) -> None:
        """Let a key be free again."""
        with self._engine.begin() as connection:
            connection.execute(ANSWER.delete().where(_is(operator, key)))


def _is(operator: OperatorId, key: str) -> sa.ColumnElement[bool]:
    return (ANSWER.c.operator == operator) & (ANSWER.c.key == key)
