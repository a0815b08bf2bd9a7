"""Keys and secrets, in a file of their own: what may never stand in the log, and what must be erasable.

The box's key (``boxkey``) wraps one key per subject (AES-256-GCM); erasing a subject is destroying that key. A subject
is a person, a guest, or a day of what operators typed.

Cards and PINs could be guessed from a bare HMAC by whoever holds the box's key: there are only so many numbers. So what
stands for them in the log is a random handle, and a proof with a random salt; both lie here and go with the person.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.pool import NullPool

from controller.domain.ids import CardholderId, CredentialId, OperatorId
from controller.domain.passwords import Leaked
from controller.store import boxkey
from controller.store.answers import Answers
from controller.store.boxkey import KEY_BYTES, NONCE_BYTES, SealBroken
from controller.store.in_turn import InTurn
from controller.store.leaked_passwords import leaked_passwords
from controller.store.private_file import PRIVATE
from controller.store.programs import Programs
from controller.store.second_factors import SecondFactors
from controller.store.secret_files import SecretFiles

KEY_FILE = "keys.db"
HANDLE_BYTES = 32
SALT_BYTES = 16
SEALED = "sealed:"
"""Before a password's hash that is sealed; those of an older box are sealed when it is next opened."""

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
CARD = sa.Table(
    "card",
    METADATA,
    sa.Column("mac", sa.Text, primary_key=True),  # of format and number, under the box's key
    sa.Column("handle", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
)
PIN_SALT = sa.Table(
    "pin_salt",
    METADATA,
    sa.Column("credential", sa.Text, primary_key=True),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
)
OPERATOR_DURESS = sa.Table(
    "operator_duress",
    METADATA,
    sa.Column("operator", sa.Text, primary_key=True),
    sa.Column("password", sa.Text, nullable=False),
)

_NOBODY = PasswordHasher().hash(secrets.token_urlsafe())
"""Checked for operators nobody knows, so that a name cannot be told from the time an answer takes."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What a subject carries, as somebody is about to enrol it; the number in clear, so never to be logged."""

    subject: CardholderId
    credential: CredentialId
    card_format: str
    number: str
    has_pin: bool


@dataclass(frozen=True, slots=True)
class _Card:
    handle: str
    subject: CardholderId


class Keystore:
    """The key store of one box, in its data folder. Raises ``SealBroken`` where its key is not to be had.

    ``secrets`` are the other secret files of the folder, under the same key.
    """

    def __init__(self, folder: Path) -> None:
        database = folder / KEY_FILE
        self._box_key = _box_key(folder, needed=database.exists())
        self.secrets = SecretFiles(folder, (lambda: self._box_key) if boxkey.is_sealed(folder) else None)
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, PRIVATE))
        database.chmod(PRIVATE)
        self._engine = _engine(database)
        METADATA.create_all(self._engine)
        self._hasher = PasswordHasher()
        self.factors = SecondFactors(self._engine, lambda: boxkey.derived(self._box_key, "second factors"))
        self.answers = Answers(self._engine)
        self.programs = Programs(self._engine, lambda: boxkey.derived(self._box_key, "programs"))
        self._wrapped = self._stored_keys()
        self._unkept: dict[CardholderId, bytes] = {}
        self._writing = threading.Lock()
        self._cards, self._salts = self._stored_badges()
        for subject in list(self._wrapped)[:1]:
            self._key_of(subject)  # a wrong box key is found out now, not at the next name
        self._seal_passwords()

    def card_token(self, card_format: str, number: str) -> str:
        """Return what stands for a card in the log: its random handle; for one nobody enrolled, its HMAC (hex)."""
        mac = self._mac(f"card|{card_format}|{number}")
        known = self._cards.get(mac)
        return mac if known is None else known.handle

    def pin_proof(self, credential: CredentialId, digits: str) -> str:
        """Return what stands for a PIN: HMAC-SHA-256 (hex), bound to its credential and that one's salt."""
        return self._mac(f"pin|{credential}|{digits}{self._salts.get(credential, '')}")

    def enrol(self, badges: Sequence[Badge]) -> None:
        """Make handles and salts for badges that have none, durably and in one go. Slow: call it in a thread.

        A card that was somebody else's gets another handle.
        """
        cards = {self._mac(f"card|{badge.card_format}|{badge.number}"): badge.subject for badge in badges}
        new = {
            mac: _Card(secrets.token_hex(HANDLE_BYTES), subject)
            for mac, subject in cards.items()
            if mac not in self._cards or self._cards[mac].subject != subject
        }
        salts = {
            badge.credential: (secrets.token_hex(SALT_BYTES), badge.subject)
            for badge in badges
            if badge.has_pin and badge.credential not in self._salts
        }
        with self._engine.begin() as connection:
            if new:
                rows = [{"mac": mac, "handle": card.handle, "subject": card.subject} for mac, card in new.items()]
                connection.execute(CARD.insert().prefix_with("OR REPLACE"), rows)
            if salts:
                kept = [{"credential": name, "salt": salt, "subject": who} for name, (salt, who) in salts.items()]
                connection.execute(PIN_SALT.insert(), kept)
        self._cards.update(new)
        self._salts.update({credential: salt for credential, (salt, _) in salts.items()})

    def adopt(self, token: str, handle: str, subject: CardholderId) -> None:
        """Let another handle stand for the card that ``token`` stood for, as this subject's. Slow: in a thread."""
        mac = next((mac for mac, card in self._cards.items() if card.handle == token), token)
        with self._engine.begin() as connection:
            row = {"mac": mac, "handle": handle, "subject": subject}
            connection.execute(CARD.insert().prefix_with("OR REPLACE"), [row])
        self._cards[mac] = _Card(handle, subject)

    def subjects(self) -> frozenset[CardholderId]:
        """Return every subject that has a key."""
        return frozenset(self._wrapped)

    def forget(self, subjects: Iterable[CardholderId]) -> int:
        """Destroy all that these subjects have here, on the disk and in memory; return how many keys that were.

        What they sealed can never be opened again. Slow: call it in a thread.
        """
        names = frozenset(subjects)
        keys = sum(subject in self._wrapped for subject in names)
        if not keys and not any(card.subject in names for card in self._cards.values()):
            return 0
        with self._writing, self._engine.connect() as connection:
            with connection.begin():
                for table in (SUBJECT_KEY, CARD, PIN_SALT):
                    gone = table.delete().where(table.c.subject == sa.bindparam("gone"))
                    connection.execute(gone, [{"gone": subject} for subject in names])
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        for subject in names:
            self._unkept.pop(subject, None)
        self._wrapped = {**self._stored_keys(), **self._unkept}  # what is not on the disk yet is in use all the same
        self._cards, self._salts = self._stored_badges()
        return keys

    def make_keys(self, subjects: Iterable[CardholderId]) -> None:
        """Make the keys that are missing, durably and in one go. Slow: call it in a thread."""
        new = {subject: self._wrap(subject) for subject in subjects if subject not in self._wrapped}
        if new:
            with self._engine.begin() as connection:
                rows = [{"subject": subject, "wrapped": wrapped} for subject, wrapped in new.items()]
                connection.execute(SUBJECT_KEY.insert(), rows)
            self._wrapped.update(new)

    def seal_at_once(self, subject: CardholderId, field: str, plain: bytes) -> str:
        """Encrypt without waiting for a disk: a new key is durable only after ``keep_new``."""
        if subject not in self._wrapped:
            self._wrapped[subject] = self._unkept[subject] = self._wrap(subject)
        return self.seal(subject, field, plain)

    def key_at_once(self, subject: CardholderId, purpose: str) -> bytes:
        """Return a key for one purpose, which ends with the subject's own. A new one is durable after ``keep_new``."""
        if subject not in self._wrapped:
            self._wrapped[subject] = self._unkept[subject] = self._wrap(subject)
        return boxkey.derived(self._subject_key(subject), purpose)

    def keep_new(self) -> None:
        """Make durable what was made at once. Slow: call it in a thread; two at a time take turns."""
        with self._writing:
            new = dict(self._unkept)
            if not new:
                return
            with self._engine.begin() as connection:
                rows = [{"subject": subject, "wrapped": wrapped} for subject, wrapped in new.items()]
                connection.execute(SUBJECT_KEY.insert().prefix_with("OR IGNORE"), rows)
            for subject in new:
                self._unkept.pop(subject, None)

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
        return self._matches(operator, row.password if row else None, password)

    def duress_matches(self, operator: OperatorId, password: str) -> bool:
        """Tell whether it is the password for when somebody forces them; takes as long where none was chosen."""
        with self._engine.connect() as connection:
            query = sa.select(OPERATOR_DURESS.c.password).where(OPERATOR_DURESS.c.operator == operator)
            stored = connection.scalar(query)
        return self._matches(operator, stored, password)

    def password_is_one_time(self, operator: OperatorId) -> bool:
        """Tell whether the operator has yet to choose a password of their own."""
        row = self._secret(operator)
        return row is not None and bool(row.one_time)

    def set_password(self, operator: OperatorId, password: str, *, one_time: bool) -> None:
        """Keep a password's argon2id hash."""
        hidden = self._sealed_hash(operator, self._hasher.hash(password))
        row = {"operator": operator, "password": hidden, "one_time": one_time}
        with self._engine.begin() as connection:
            connection.execute(OPERATOR_SECRET.delete().where(OPERATOR_SECRET.c.operator == operator))
            connection.execute(OPERATOR_SECRET.insert(), [row])

    def leaked(self) -> Leaked:
        """Return the passwords that are tried first, and that nobody may choose."""
        return leaked_passwords()

    def set_duress_password(self, operator: OperatorId, password: str) -> None:
        """Keep the argon2id hash of the password for when somebody forces them."""
        row = {"operator": operator, "password": self._sealed_hash(operator, self._hasher.hash(password))}
        with self._engine.begin() as connection:
            connection.execute(OPERATOR_DURESS.delete().where(OPERATOR_DURESS.c.operator == operator))
            connection.execute(OPERATOR_DURESS.insert(), [row])

    def has_password(self, operator: OperatorId) -> bool:
        """Tell whether this operator has a password already."""
        return self._secret(operator) is not None

    def forget_operator(self, operator: OperatorId) -> None:
        """Forget both passwords and every second factor."""
        with self._engine.begin() as connection:
            for table in (OPERATOR_SECRET, OPERATOR_DURESS):
                connection.execute(table.delete().where(table.c.operator == operator))
        self.factors.forget(operator)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _sealed_hash(self, operator: str, hashed: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(boxkey.derived(self._box_key, "passwords")).encrypt(nonce, hashed.encode(), operator.encode())
        return SEALED + base64.b64encode(nonce + sealed).decode()

    def _opened_hash(self, operator: str, stored: str) -> str:
        raw = base64.b64decode(stored.removeprefix(SEALED))
        opener = AESGCM(boxkey.derived(self._box_key, "passwords"))
        try:
            return opener.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], operator.encode()).decode()
        except InvalidTag as error:
            raise SealBroken(f"the password of {operator} does not open with this box's key") from error

    def _seal_passwords(self) -> None:
        """Seal the hashes that an older version left in clear, for whoever finds them to guess at."""
        with self._engine.begin() as connection:
            for row in connection.execute(sa.select(OPERATOR_SECRET)).all():
                if not row.password.startswith(SEALED):
                    hidden = self._sealed_hash(row.operator, row.password)
                    mine = OPERATOR_SECRET.c.operator == row.operator
                    connection.execute(OPERATOR_SECRET.update().where(mine).values(password=hidden))

    def _stored_badges(self) -> tuple[dict[str, _Card], dict[CredentialId, str]]:
        with self._engine.connect() as connection:
            cards = {
                row.mac: _Card(row.handle, CardholderId(row.subject)) for row in connection.execute(sa.select(CARD))
            }
            salts = {CredentialId(row.credential): row.salt for row in connection.execute(sa.select(PIN_SALT))}
        return cards, salts

    def _mac(self, text: str) -> str:
        return hmac.new(self._box_key, text.encode(), "sha256").hexdigest()

    def _matches(self, operator: OperatorId, stored: str | None, password: str) -> bool:
        """Compare with a stored hash; without one, take as long for nothing."""
        try:
            self._hasher.verify(_NOBODY if stored is None else self._opened_hash(operator, stored), password)
        except (VerifyMismatchError, InvalidHashError):
            return False
        return stored is not None

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


def _box_key(folder: Path, *, needed: bool) -> bytes:
    """Return the box's key, made on first use. ``needed``: there are keys that only the old one opens."""
    if needed or boxkey.is_sealed(folder) or (folder / boxkey.PLAIN_FILE).exists():
        return boxkey.open_box(folder)
    return boxkey.make_plain(folder)


def _engine(path: Path) -> sa.Engine:
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"factory": InTurn})

    @sa.event.listens_for(engine, "connect")
    def forgetful(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(
            "PRAGMA locking_mode=EXCLUSIVE"
        )  # no index file beside it: on a full disk there is no room for one
        cursor.execute("PRAGMA journal_mode=WAL")  # truncated when a key is destroyed
        cursor.execute("PRAGMA secure_delete=ON")  # an erased key leaves no trace in the file
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return engine
