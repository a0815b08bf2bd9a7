"""Keys and secrets, in a file of their own: what may never stand in the log, and what must be erasable.

The box's key wraps one key per subject (AES-256-GCM); erasing a person is destroying that key. Here the box's key lies
in a plain file of mode 0600: good for a demo, and said so at start; a sealed one takes its place.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import Iterable
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
        database = folder / "keys.db"
        self._box_key = _box_key(folder / "box.key", needed=database.exists())
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, PRIVATE))
        database.chmod(PRIVATE)
        self._engine = _engine(database)
        METADATA.create_all(self._engine)
        self._hasher = PasswordHasher()
        self._wrapped = self._stored_keys()
        for subject in list(self._wrapped)[:1]:
            self._key_of(subject)  # a wrong box key is found out now, not at the next name

    def card_token(self, card_format: str, number: str) -> str:
        """Return what stands for a card in the log: HMAC-SHA-256 (hex) of its format and number."""
        return self._mac(f"card|{card_format}|{number}")

    def pin_proof(self, credential: CredentialId, digits: str) -> str:
        """Return what stands for a PIN: HMAC-SHA-256 (hex), bound to its credential."""
        return self._mac(f"pin|{credential}|{digits}")

    def make_keys(self, subjects: Iterable[CardholderId]) -> None:
        """Make the keys that are missing, durably and in one go. Slow: call it in a thread."""
        new = {subject: self._wrap(subject) for subject in subjects if subject not in self._wrapped}
        if new:
            with self._engine.begin() as connection:
                rows = [{"subject": subject, "wrapped": wrapped} for subject, wrapped in new.items()]
                connection.execute(SUBJECT_KEY.insert(), rows)
            self._wrapped.update(new)

    def seal(self, subject: CardholderId, field: str, plain: bytes) -> str:
        """Encrypt a subject's value under the subject's own key, bound to its place (base64)."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._subject_key(subject)).encrypt(nonce, plain, f"{subject}|{field}".encode())
        return base64.b64encode(nonce + sealed).decode()

    def open(self, subject: CardholderId, field: str, sealed: str) -> bytes:
        """Decrypt a sealed value. Raises ``SealBroken``."""
        raw = base64.b64decode(sealed)
        key = self._key_of(subject)
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
        self.make_keys([subject])
        key = self._key_of(subject)
        if key is None:
            raise SealBroken(f"{subject} has no key")
        return key

    def _key_of(self, subject: CardholderId) -> bytes | None:
        wrapped = self._wrapped.get(subject)
        if wrapped is None:
            return None
        try:
            return AESGCM(self._box_key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode())
        except InvalidTag as error:
            raise SealBroken(f"the key of {subject} does not open with this box's key") from error

    def _wrap(self, subject: CardholderId) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._box_key).encrypt(nonce, os.urandom(KEY_BYTES), subject.encode())

    def _stored_keys(self) -> dict[CardholderId, bytes]:
        """Return every wrapped key: opening a name on the doors' loop must not wait for a disk."""
        with self._engine.connect() as connection:
            return {CardholderId(row.subject): row.wrapped for row in connection.execute(sa.select(SUBJECT_KEY))}


def _box_key(path: Path, *, needed: bool) -> bytes:
    """Return the box's key, made on first use. ``needed``: there are keys that only the old one opens."""
    if not path.exists():
        if needed:
            raise SealBroken(f"{path} is missing, and what it sealed is not; restore it from the sealed copy")
        _write_durably(path, os.urandom(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise SealBroken(f"{path}: {len(key)} bytes, a box key has {KEY_BYTES}; restore it from the sealed copy")
    return key


def _write_durably(path: Path, content: bytes) -> None:
    """Write a private file so that it is there whole or not at all, also after a power cut."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=NullPool)

    @sa.event.listens_for(engine, "connect")
    def forgetful(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA secure_delete=ON")  # an erased key leaves no trace in the file
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return engine
