"""The box's key and what opens it: a passphrase, a systemd credential (sealed to the TPM), or a token (a key file).

The key itself is random and never leaves the process. ``DIR/box.sealed`` holds it wrapped once for each way in, so that
a box which starts by its TPM can still be opened by the passphrase in the safe. Without that file the key lies in
``DIR/box.key`` in the open: for a demo, and said so at start.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from controller.domain.passwords import weakness
from controller.store.leaked_passwords import leaked_passwords
from controller.store.private_file import shred, write_private

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16
PLAIN_FILE = "box.key"
SEALED_FILE = "box.sealed"
CREDENTIAL = "ostiary-box-key"
"""The name of the systemd credential: ``LoadCredentialEncrypted=ostiary-box-key:FILE``."""

TIME_COST, MEMORY_KIB, LANES = 3, 65_536, 4
"""Argon2id, the second recommended setting of RFC 9106, section 4."""
MOST_MEMORY_KIB = 1_048_576
"""A file that somebody put in place must not eat the machine."""

LEAST_PASSPHRASE = 16
LEAST_TOKEN = 32
MOST_SECRET = 4096

FORBIDDEN = ("OSTIARY_PASSPHRASE", "OSTIARY_BOX_KEY")
"""An environment is read by others and inherited by every child: no key comes from there."""


class SealBroken(ValueError):
    """A sealed value does not open: another key, another place, or somebody changed it."""


class BoxLocked(SealBroken):
    """The box is sealed, and nothing that opens it was given, or the wrong thing."""


class Way(StrEnum):
    """How the box's key is come by."""

    PASSPHRASE = "passphrase"  # noqa: S105 - a word, no secret
    CREDENTIAL = "credential"
    TOKEN = "token"  # noqa: S105 - a word, no secret


@dataclass(frozen=True, slots=True)
class KeyAccess:
    """What this process was given to open boxes with. ``passphrase`` asks for it, once."""

    passphrase: Callable[[], str] | None = None
    token: Path | None = None
    credentials: Path | None = None

    def secret(self, way: Way) -> bytes | None:
        """Return what this way brings; None where it was not given. Raises ``BoxLocked`` for what cannot be used."""
        match way:
            case Way.PASSPHRASE:
                return None if self.passphrase is None else self.passphrase().encode()
            case Way.TOKEN:
                return None if self.token is None else _read(self.token, "token")
            case Way.CREDENTIAL:
                path = self.credentials / CREDENTIAL if self.credentials else None
                return _read(path, "credential") if path is not None and path.exists() else None


_given = KeyAccess()


def use(access: KeyAccess) -> None:
    """Open boxes with this from now on. Called once, by the command line."""
    global _given
    _given = access


def given() -> KeyAccess:
    """Return what this process was given to open boxes with."""
    return _given


def refuse_environment(environment: Mapping[str, str]) -> None:
    """Raise ``BoxLocked`` for a key that stands in the environment."""
    for name in FORBIDDEN:
        if name in environment:
            raise BoxLocked(f"{name} is set: an environment is no place for a key; use --passphrase-file or --token")


def is_sealed(folder: Path) -> bool:
    """Tell whether this box's key is wrapped."""
    return (folder / SEALED_FILE).exists()


def ways(folder: Path) -> list[Way]:
    """Return the ways in, in the order they were made; none for a plain key."""
    return [Way(wrap["by"]) for wrap in _wraps(folder)] if is_sealed(folder) else []


def open_box(folder: Path, access: KeyAccess | None = None) -> bytes:
    """Return the box's key. Raises ``BoxLocked`` where it is sealed and nothing given opens it."""
    if not is_sealed(folder):
        return _plain(folder / PLAIN_FILE)
    return unwrap(_wraps(folder), access or _given, str(folder))


def unwrap(wraps: list[dict[str, Any]], access: KeyAccess, name: str) -> bytes:
    """Return the key that wraps hold. The ways that ask nobody are tried first."""
    tried: list[Way] = []
    for way in (Way.TOKEN, Way.CREDENTIAL, Way.PASSPHRASE):
        fitting = [wrap for wrap in wraps if wrap["by"] == way]
        secret = access.secret(way) if fitting else None
        if secret is None:
            continue
        tried.append(way)
        for wrap in fitting:
            key = _unwrapped(wrap, secret)
            if key is not None:
                return key
    known = ", ".join(dict.fromkeys(wrap["by"] for wrap in wraps))
    if tried:
        raise BoxLocked(f"{name} is sealed, and not by this {' or '.join(tried)}; what opens it: {known}")
    raise BoxLocked(f"{name} is sealed; what opens it: {known} (--passphrase-file, --passphrase-fd, --token)")


def seal_box(folder: Path, key: bytes, way: Way, secret: bytes) -> None:
    """Add a way in. The first one takes the plain key off the disk. Raises ``BoxLocked`` for a secret too weak."""
    _refuse_weak(way, secret)
    wraps = _wraps(folder) if is_sealed(folder) else []
    content = {"version": 1, "wraps": [*wraps, _wrapped(key, way, secret)]}
    write_private(folder / SEALED_FILE, orjson.dumps(content, option=orjson.OPT_INDENT_2))
    shred(folder / PLAIN_FILE)


def drop_way(folder: Path, way: Way) -> None:
    """Take every wrap of a kind away. Raises ``BoxLocked`` where nothing else would open the box."""
    left = [wrap for wrap in _wraps(folder) if wrap["by"] != way]
    if not left:
        raise BoxLocked(f"nothing but the {way} opens this box: add another way first")
    write_private(folder / SEALED_FILE, orjson.dumps({"version": 1, "wraps": left}, option=orjson.OPT_INDENT_2))


def make_plain(folder: Path) -> bytes:
    """Make a new key, in the open."""
    key = os.urandom(KEY_BYTES)
    write_private(folder / PLAIN_FILE, key)
    return key


def wraps_in(content: bytes, name: str) -> list[dict[str, Any]]:
    """Return the wraps a sealed key file holds. Raises ``SealBroken`` for anything else."""
    try:
        parsed = orjson.loads(content)
        wraps: list[dict[str, Any]] = parsed["wraps"] if parsed["version"] == 1 else []
        whole = bool(wraps) and all(Way(wrap["by"]) and isinstance(wrap["wrapped"], str) for wrap in wraps)
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise SealBroken(f"{name} is damaged; restore it from a backup")
    return wraps


def derived(key: bytes, purpose: str) -> bytes:
    """Return a key of its own for one purpose (HKDF-SHA-256)."""
    return HKDF(SHA256(), KEY_BYTES, None, f"ostiary {purpose}".encode()).derive(key)


def with_passphrase(access: KeyAccess, passphrase: str) -> KeyAccess:
    """Return the same access with a passphrase that is known already."""
    return replace(access, passphrase=lambda: passphrase)


def _plain(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise SealBroken(f"{path} is missing, and what it sealed is not; restore it from the sealed copy") from None
    if len(key) != KEY_BYTES:
        raise SealBroken(f"{path}: {len(key)} bytes, a box key has {KEY_BYTES}; restore it from the sealed copy")
    return key


def _wraps(folder: Path) -> list[dict[str, Any]]:
    path = folder / SEALED_FILE
    return wraps_in(path.read_bytes(), str(path))


def _wrapped(key: bytes, way: Way, secret: bytes) -> dict[str, Any]:
    wrap: dict[str, Any] = {"by": way.value, "salt": base64.b64encode(os.urandom(SALT_BYTES)).decode()}
    if way is Way.PASSPHRASE:
        wrap |= {"time_cost": TIME_COST, "memory_kib": MEMORY_KIB, "lanes": LANES}
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(_wrapping_key(wrap, secret)).encrypt(nonce, key, _bound_to(way))
    return {**wrap, "wrapped": base64.b64encode(sealed).decode()}


def _unwrapped(wrap: Mapping[str, Any], secret: bytes) -> bytes | None:
    try:
        sealed = base64.b64decode(wrap["wrapped"])
        opener = AESGCM(_wrapping_key(wrap, secret))
        return opener.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(Way(wrap["by"])))
    except InvalidTag:
        return None
    except SealBroken:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise SealBroken("a wrap of the box's key is damaged; restore it from a backup") from error


def _wrapping_key(wrap: Mapping[str, Any], secret: bytes) -> bytes:
    salt = base64.b64decode(wrap["salt"])
    if wrap["by"] != Way.PASSPHRASE:  # random already: nothing to slow down
        return HKDF(SHA256(), KEY_BYTES, salt, _bound_to(Way(wrap["by"]))).derive(secret)
    if wrap["memory_kib"] > MOST_MEMORY_KIB:
        raise SealBroken(f"the wrap asks for {wrap['memory_kib']} KiB of memory: somebody changed it")
    return hash_secret_raw(secret, salt, wrap["time_cost"], wrap["memory_kib"], wrap["lanes"], KEY_BYTES, Type.ID)


def _bound_to(way: Way) -> bytes:
    return f"ostiary box key|{way}".encode()


def _refuse_weak(way: Way, secret: bytes) -> None:
    if way is Way.PASSPHRASE and len(secret) < LEAST_PASSPHRASE:
        raise BoxLocked(f"the passphrase is too short: {LEAST_PASSPHRASE} characters at least, five random words say")
    if way is Way.PASSPHRASE and weakness(secret.decode(errors="replace"), (), leaked_passwords()) is not None:
        raise BoxLocked("the passphrase is one of those that are tried first: take five random words")
    if way is not Way.PASSPHRASE and len(secret) < LEAST_TOKEN:
        raise BoxLocked(f"the {way} is too short: {LEAST_TOKEN} random bytes at least (head -c 32 /dev/urandom)")


def _read(path: Path, what: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BoxLocked(f"the {what} {path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_SECRET:
        raise BoxLocked(f"{path} is no {what}: {len(content)} bytes")
    return content
