"""Keys and secrets, in a file of their own: what may never stand in the log, and what must be erasable.

The box's key wraps one key per subject (AES-256-GCM); erasing a person is destroying that key. Here the box's key lies
in a plain file of mode 0600: good for a demo, and said so at start; a sealed one takes its place.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from pathlib import Path

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.pool import NullPool

from controller.domain.ids import CardholderId, CredentialId, OperatorId

KEY_BYTES = 32
NONCE_BYTES = 12
PRIVATE = 0o600

METADATA = sa.MetaData()
SUBJECT_KEY = sa.Table(
    "subject_key",
    METADATA,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
OPERATOR_SECRET = sa.Table(
    "operator_secret",
    METADATA,
    sa.Column("operator", sa.Text, primary_key=True),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("one_time", sa.Boolean, nullable=False),
)

_NOBODY = PasswordHasher().hash(secrets.token_urlsafe())
"""Checked for operators nobody knows, so that a name cannot be told from the time an answer takes."""


class SealBroken(ValueError):
    """A sealed value does not open: another key, another place, or somebody changed it."""


class Keystore:
    """The key store of one box, in its data folder."""

    def __init__(self, folder: Path) -> None:
        self._box_key = _box_key(folder / "box.key")
        self._engine = _engine(folder / "keys.db")
        METADATA.create_all(self._engine)
        (folder / "keys.db").chmod(PRIVATE)
        self._hasher = PasswordHasher()
        self._subject_keys: dict[CardholderId, bytes] = {}

    def card_token(self, card_format: str, number: str) -> str:
        """Return what stands for a card in the log: HMAC-SHA-256 (hex) of its format and number."""
        return self._mac(f"card|{card_format}|{number}")

    def pin_proof(self, credential: CredentialId, digits: str) -> str:
        """Return what stands for a PIN: HMAC-SHA-256 (hex), bound to its credential."""
        return self._mac(f"pin|{credential}|{digits}")

    def seal(self, subject: CardholderId, field: str, plain: bytes) -> str:
        """Encrypt a subject's value under the subject's own key, bound to its place (base64)."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._subject_key(subject)).encrypt(nonce, plain, f"{subject}|{field}".encode())
        return base64.b64encode(nonce + sealed).decode()

    def open(self, subject: CardholderId, field: str, sealed: str) -> bytes:
        """Decrypt a sealed value. Raises ``SealBroken``."""
        raw = base64.b64decode(sealed)
        key = self._subject_keys.get(subject) or self._stored_key(subject)
        if key is None:
            raise SealBroken(f"{subject} has no key: erased, or never known")
        try:
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], f"{subject}|{field}".encode())
        except InvalidTag as error:
            raise SealBroken(f"the {field} of {subject} does not open") from error

    def password_matches(self, operator: OperatorId, password: str) -> bool:
        """Tell whether the password is right; takes as long for operators nobody knows."""
        row = self._secret(operator)
        try:
            self._hasher.verify(row.password if row else _NOBODY, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
        return row is not None

    def password_is_one_time(self, operator: OperatorId) -> bool:
        """Tell whether the operator has yet to choose a password of their own."""
        row = self._secret(operator)
        return row is not None and bool(row.one_time)

    def set_password(self, operator: OperatorId, password: str, *, one_time: bool) -> None:
        """Keep a password's argon2id hash."""
        row = {"operator": operator, "password": self._hasher.hash(password), "one_time": one_time}
        with self._engine.begin() as connection:
            connection.execute(OPERATOR_SECRET.delete().where(OPERATOR_SECRET.c.operator == operator))
            connection.execute(OPERATOR_SECRET.insert(), [row])

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _mac(self, text: str) -> str:
        return hmac.new(self._box_key, text.encode(), "sha256").hexdigest()

    def _secret(self, operator: OperatorId) -> sa.Row[tuple[str, str, bool]] | None:
        with self._engine.connect() as connection:
            query = sa.select(OPERATOR_SECRET).where(OPERATOR_SECRET.c.operator == operator)
            return connection.execute(query).first()

    def _subject_key(self, subject: CardholderId) -> bytes:
        key = self._subject_keys.get(subject) or self._stored_key(subject)
        if key is None:
            key = os.urandom(KEY_BYTES)
            nonce = os.urandom(NONCE_BYTES)
            wrapped = nonce + AESGCM(self._box_key).encrypt(nonce, key, subject.encode())
            with self._engine.begin() as connection:
                connection.execute(SUBJECT_KEY.insert(), [{"subject": subject, "wrapped": wrapped}])
        self._subject_keys[subject] = key
        return key

    def _stored_key(self, subject: CardholderId) -> bytes | None:
        with self._engine.connect() as connection:
            query = sa.select(SUBJECT_KEY.c.wrapped).where(SUBJECT_KEY.c.subject == subject)
            wrapped = connection.execute(query).scalar()
        if wrapped is None:
            return None
        try:
            return AESGCM(self._box_key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode())
        except InvalidTag as error:
            raise SealBroken(f"the key of {subject} does not open with this box's key") from error


def _box_key(path: Path) -> bytes:
    """Return the box's key, made on first use."""
    if not path.exists():
        path.touch(PRIVATE)
        path.write_bytes(os.urandom(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise SealBroken(f"{path}: {len(key)} bytes, a box key has {KEY_BYTES}; restore it from the sealed copy")
    return key


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=NullPool)

    @sa.event.listens_for(engine, "connect")
    def forgetful(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA secure_delete=ON")  # an erased key leaves no trace in the file
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return engine
