"""What operators show besides the password: one-time codes (RFC 6238), passkeys' public keys, recovery codes.

A secret of a code generator lies sealed under the box's key; of a recovery code there is only its HMAC. A code counts
once: the number of the half minute it was made for is kept, and no earlier one counts after it.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controller.domain.ids import OperatorId
from controller.domain.roles import SecondFactor
from controller.runtime.ports import Passkey
from controller.store.boxkey import NONCE_BYTES, SealBroken

STEP_SECONDS = 30
"""RFC 6238, section 5.2."""
DRIFT_STEPS = 1
"""A code of the half minute before or after counts too: telephones' clocks drift."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 bits: nobody guesses one, and no slow hash is needed."""
PASSKEYS_PER_OPERATOR = 10

METADATA = sa.MetaData()
TOTP = sa.Table(
    "operator_totp",
    METADATA,
    sa.Column("operator", sa.Text, primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),  # sealed
    sa.Column("step", sa.Integer, nullable=False),  # of the last code that counted
    sa.Column("confirmed", sa.Boolean, nullable=False),
)
PASSKEY = sa.Table(
    "operator_passkey",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # base64url, as WebAuthn names it
    sa.Column("operator", sa.Text, nullable=False, index=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("counter", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("added", sa.Text, nullable=False),
)
RECOVERY = sa.Table(
    "operator_recovery",
    METADATA,
    sa.Column("mac", sa.Text, primary_key=True),
    sa.Column("operator", sa.Text, nullable=False, index=True),
)


class TooManyPasskeys(ValueError):
    """An operator has as many passkeys as anybody needs."""


class SecondFactors:
    """The second factors of every operator. Each method may wait for a disk: call it in a thread."""

    def __init__(self, engine: sa.Engine, key: Callable[[], bytes]) -> None:
        """Take the key store's engine, and what returns the key that secrets are sealed under."""
        self._engine = engine
        self._key = key
        METADATA.create_all(engine)

    def methods(self, operator: OperatorId) -> frozenset[SecondFactor]:
        """Return what this operator may show. A recovery code alone is none: it stands in for another."""
        with self._engine.connect() as connection:
            codes = connection.scalar(_of(TOTP, operator).where(TOTP.c.confirmed))
            keys = connection.scalar(_of(PASSKEY, operator))
            left = connection.scalar(_of(RECOVERY, operator))
        found = {SecondFactor.TOTP} if codes else set()
        found |= {SecondFactor.PASSKEY} if keys else set()
        return frozenset(found | ({SecondFactor.RECOVERY_CODE} if found and left else set()))

    def begin_totp(self, operator: OperatorId) -> str:
        """Make a secret (base32) for a code generator. It counts once a code made with it was shown."""
        secret = pyotp.random_base32()
        with self._engine.begin() as connection:
            known = connection.execute(sa.select(TOTP.c.confirmed).where(TOTP.c.operator == operator)).first()
            if known is not None and known.confirmed:
                raise ValueError("a code generator is set up already: remove it first")
            connection.execute(TOTP.delete().where(TOTP.c.operator == operator))
            row = {"operator": operator, "secret": self._seal(operator, secret), "step": -1, "confirmed": False}
            connection.execute(TOTP.insert(), [row])
        return secret

    def confirm_totp(self, operator: OperatorId, code: str, now: datetime) -> bool:
        """Take the secret into use if the code is one of it."""
        return self._code_counts(operator, code, now, confirmed=False)

    def totp_counts(self, operator: OperatorId, code: str, now: datetime) -> bool:
        """Tell whether a code is right, and was not shown before; from then on it was."""
        return self._code_counts(operator, code, now, confirmed=True)

    def drop_totp(self, operator: OperatorId) -> bool:
        """Forget the code generator; False where there was none."""
        with self._engine.begin() as connection:
            return bool(connection.execute(TOTP.delete().where(TOTP.c.operator == operator)).rowcount)

    def passkeys(self, operator: OperatorId) -> list[Passkey]:
        """Return an operator's passkeys, the oldest first."""
        query = sa.select(PASSKEY).where(PASSKEY.c.operator == operator).order_by(PASSKEY.c.added, PASSKEY.c.id)
        with self._engine.connect() as connection:
            return [
                Passkey(row.id, row.public_key, row.counter, row.name, datetime.fromisoformat(row.added))
                for row in connection.execute(query)
            ]

    def add_passkey(self, operator: OperatorId, passkey: Passkey) -> None:
        """Keep a new passkey. Raises ``TooManyPasskeys``; ``ValueError`` for one that is known already."""
        row = {
            "id": passkey.id,
            "operator": operator,
            "public_key": passkey.public_key,
            "counter": passkey.counter,
            "name": passkey.name,
            "added": passkey.added.astimezone(UTC).isoformat(),
        }
        try:
            with self._engine.begin() as connection:
                if (connection.scalar(_of(PASSKEY, operator)) or 0) >= PASSKEYS_PER_OPERATOR:
                    raise TooManyPasskeys
                connection.execute(PASSKEY.insert(), [row])
        except sa.exc.IntegrityError as error:
            raise ValueError("this passkey is known already") from error

    def passkey_used(self, operator: OperatorId, passkey: str, counter: int) -> bool:
        """Keep how often a passkey has signed. False where it has signed as often before: it may have been copied.

        Passkeys that are kept in several devices count nothing and always say 0 (WebAuthn level 3, 6.1.1).
        """
        mine = (PASSKEY.c.id == passkey) & (PASSKEY.c.operator == operator)
        grown = (PASSKEY.c.counter < counter) | ((PASSKEY.c.counter == 0) & (sa.literal(counter) == 0))
        with self._engine.begin() as connection:
            return bool(connection.execute(PASSKEY.update().where(mine & grown).values(counter=counter)).rowcount)

    def drop_passkey(self, operator: OperatorId, passkey: str) -> bool:
        """Forget a passkey; False where it was not this operator's."""
        mine = (PASSKEY.c.id == passkey) & (PASSKEY.c.operator == operator)
        with self._engine.begin() as connection:
            return bool(connection.execute(PASSKEY.delete().where(mine)).rowcount)

    def make_recovery_codes(self, operator: OperatorId) -> list[str]:
        """Make new codes for when every other factor is lost, each good once. Those before count no longer."""
        codes = [_grouped(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
        with self._engine.begin() as connection:
            connection.execute(RECOVERY.delete().where(RECOVERY.c.operator == operator))
            rows = [{"mac": self._mac(operator, code), "operator": operator} for code in codes]
            connection.execute(RECOVERY.insert(), rows)
        return codes

    def recovery_counts(self, operator: OperatorId, code: str) -> bool:
        """Tell whether a recovery code is right; from then on it is used up."""
        mine = RECOVERY.c.mac == self._mac(operator, code)
        with self._engine.begin() as connection:
            return bool(connection.execute(RECOVERY.delete().where(mine)).rowcount)

    def recovery_codes_left(self, operator: OperatorId) -> int:
        """Return how many recovery codes are left."""
        with self._engine.connect() as connection:
            return connection.scalar(_of(RECOVERY, operator)) or 0

    def forget(self, operator: OperatorId) -> None:
        """Forget every second factor of an operator."""
        with self._engine.begin() as connection:
            for table in (TOTP, PASSKEY, RECOVERY):
                connection.execute(table.delete().where(table.c.operator == operator))

    def _code_counts(self, operator: OperatorId, code: str, now: datetime, *, confirmed: bool) -> bool:
        """Find the step a code was made for, later than the last one that counted, and keep it in one go."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(TOTP).where(TOTP.c.operator == operator)).first()
        if row is None or row.confirmed is not confirmed or not code.isascii() or not code.isdigit():
            return False
        generator = pyotp.TOTP(self._open(operator, row.secret))
        step = int(now.timestamp()) // STEP_SECONDS
        matching = [
            at
            for at in range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1)
            if hmac.compare_digest(generator.generate_otp(at), code) and at > row.step
        ]
        if not matching:
            return False
        unused = (TOTP.c.operator == operator) & (TOTP.c.step < matching[0]) & (TOTP.c.secret == row.secret)
        with self._engine.begin() as connection:
            kept = TOTP.update().where(unused).values(step=matching[0], confirmed=True)
            return bool(connection.execute(kept).rowcount)

    def _mac(self, operator: str, code: str) -> str:
        plain = code.replace("-", "").replace(" ", "").upper()
        return hmac.new(self._key(), f"recovery|{operator}|{plain}".encode(), "sha256").hexdigest()

    def _seal(self, operator: str, secret: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._key()).encrypt(nonce, secret.encode(), f"totp|{operator}".encode())
        return base64.b64encode(nonce + sealed).decode()

    def _open(self, operator: str, stored: str) -> str:
        raw = base64.b64decode(stored)
        try:
            plain = AESGCM(self._key()).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], f"totp|{operator}".encode())
        except InvalidTag as error:
            raise SealBroken(f"the code generator of {operator} does not open with this box's key") from error
        return plain.decode()


def _of(table: sa.Table, operator: OperatorId) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table).where(table.c.operator == operator)


def _grouped(code: bytes) -> str:
    """Write a code in groups of four that are easy to copy: base32 has neither 0 nor 1."""
    text = base64.b32encode(code).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
