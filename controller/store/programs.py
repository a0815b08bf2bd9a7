"""What proves which program asks, and what the box signs with when it tells one: neither lies here in clear.

Of a token's secret there is only an HMAC under the box's key: 256 random bits need no slow hash. A webhook's secret,
which the box must know to sign, lies sealed; the one before it counts on for a while, so that a receiver can change.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controller.domain.ids import OperatorId
from controller.store.boxkey import NONCE_BYTES, SealBroken

SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
"""So long a receiver may still check by the secret before."""
USE_KEPT = timedelta(minutes=1)
"""How exactly the last use of a token is kept: not every request waits for a disk."""

METADATA = sa.MetaData()
TOKEN = sa.Table(
    "api_token",
    METADATA,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("mac", sa.Text, nullable=False),
    sa.Column("used", sa.Text, nullable=True),
)
WEBHOOK = sa.Table(
    "webhook_secret",
    METADATA,
    sa.Column("webhook", sa.Text, primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),  # sealed, as is the next
    sa.Column("before", sa.Text, nullable=True),
    sa.Column("before_until", sa.Text, nullable=True),
)


class Programs:
    """The secrets of programs. What writes may wait for a disk: call it in a thread. What compares does not wait."""

    def __init__(self, engine: sa.Engine, key: Callable[[], bytes]) -> None:
        """Take the key store's engine, and what returns the key that secrets are kept under."""
        self._engine = engine
        self._key = key
        METADATA.create_all(engine)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(TOKEN)).all()
        self._macs = {OperatorId(row.token): row.mac for row in rows}
        self._used = {OperatorId(row.token): datetime.fromisoformat(row.used) for row in rows if row.used}
        self._kept = dict(self._used)

    def make_token(self, token: OperatorId) -> str:
        """Make a token's secret, and return it for the only time. One of that name before counts no longer."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = {"token": token, "mac": self._mac(token, secret), "used": None}
        with self._engine.begin() as connection:
            connection.execute(TOKEN.delete().where(TOKEN.c.token == token))
            connection.execute(TOKEN.insert(), [row])
        self._macs[token] = row["mac"] or ""
        for uses in (self._used, self._kept):
            uses.pop(token, None)
        return secret

    def forget_token(self, token: OperatorId) -> None:
        """Let a token's secret count no longer."""
        self._macs.pop(token, None)
        with self._engine.begin() as connection:
            connection.execute(TOKEN.delete().where(TOKEN.c.token == token))

    def token_counts(self, token: OperatorId, secret: str) -> bool:
        """Tell whether a secret is the token's."""
        return hmac.compare_digest(self._macs.get(token, ""), self._mac(token, secret))

    def token_used(self, token: OperatorId, at: datetime) -> bool:
        """Note that a token was used; tell whether it is time to keep that (``keep_use``)."""
        self._used[token] = at
        kept = self._kept.get(token)
        return kept is None or abs(at - kept) >= USE_KEPT

    def keep_use(self, token: OperatorId) -> None:
        """Keep when a token was last used, if the disk takes it."""
        used = self._used.get(token)
        if used is None:
            return
        self._kept[token] = used
        with contextlib.suppress(sa.exc.OperationalError), self._engine.begin() as connection:  # nobody waits for it
            connection.execute(TOKEN.update().where(TOKEN.c.token == token).values(used=used.isoformat()))

    def last_use(self, token: OperatorId) -> datetime | None:
        """Return when a token was last used; None for one that never was."""
        return self._used.get(token)

    def make_webhook_secret(self, webhook: str, now: datetime, *, rotate: bool = False) -> str:
        """Make the secret a webhook signs with, and return it for the only time; the one before counts for a day."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        until = (now.astimezone(UTC) + OVERLAP).isoformat()
        with self._engine.begin() as connection:
            known = connection.execute(sa.select(WEBHOOK).where(WEBHOOK.c.webhook == webhook)).first()
            before = known.secret if known is not None and rotate else None
            connection.execute(WEBHOOK.delete().where(WEBHOOK.c.webhook == webhook))
            row = {"webhook": webhook, "secret": self._seal(webhook, secret)}
            connection.execute(WEBHOOK.insert(), [{**row, "before": before, "before_until": until if before else None}])
        return secret

    def webhook_secrets(self, webhook: str, now: datetime) -> list[str]:
        """Return what to sign with: the secret of now, and for a while the one before."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(WEBHOOK).where(WEBHOOK.c.webhook == webhook)).first()
        if row is None:
            return []
        both = row.before_until is not None and now < datetime.fromisoformat(row.before_until)
        return [self._open(webhook, sealed) for sealed in (row.secret, *((row.before,) if both else ()))]

    def forget_webhook(self, webhook: str) -> None:
        """Forget what a webhook signed with."""
        with self._engine.begin() as connection:
            connection.execute(WEBHOOK.delete().where(WEBHOOK.c.webhook == webhook))

    def _mac(self, token: str, secret: str) -> str:
        return hmac.new(self._key(), f"token|{token}|{secret}".encode(), "sha256").hexdigest()

    def _seal(self, webhook: str, secret: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._key()).encrypt(nonce, secret.encode(), f"webhook|{webhook}".encode())
        return base64.b64encode(nonce + sealed).decode()

    def _open(self, webhook: str, stored: str) -> str:
        raw = base64.b64decode(stored)
        try:
            opened = AESGCM(self._key()).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], f"webhook|{webhook}".encode())
        except InvalidTag as error:
            raise SealBroken(f"the secret of webhook {webhook} does not open with this box's key") from error
        return opened.decode()
