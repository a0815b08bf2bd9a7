"""Files of secrets in the data folder: readers' keys, cameras' passwords, the log's signing key, the broker's users.

On a sealed box each lies as ``NAME.sealed``, AES-256-GCM under the box's key, bound to its name. A plain file that a
technician puts there is taken in and shredded when it is next read. On a box with a plain key they lie in the open,
for their owner only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controller.store.boxkey import NONCE_BYTES, SealBroken, derived, is_sealed, open_box
from controller.store.private_file import create_private, shred, write_private

SUFFIX = ".sealed"


class SecretFiles:
    """The secret files of one folder. ``key`` returns the box's key; None: they lie in the open."""

    def __init__(self, folder: Path, key: Callable[[], bytes] | None = None) -> None:
        self._folder = folder
        self._key = key

    def beneath(self, name: str) -> SecretFiles:
        """Return the secret files of a folder within."""
        return SecretFiles(self._folder / name, self._key)

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file, sealed or not."""
        return self._sealed(name).exists() or self.path(name).exists()

    def path(self, name: str) -> Path:
        """Return where the plain file lies, or would."""
        return self._folder / name

    def read(self, name: str) -> bytes | None:
        """Return a file's content; None where there is none. Raises ``SealBroken``."""
        plain = self.path(name)
        if self._key is None:
            if self._sealed(name).exists():
                raise SealBroken(f"{self._sealed(name)} is sealed, and the key that opens it is gone")
            return plain.read_bytes() if plain.exists() else None
        if plain.exists():
            self.write(name, plain.read_bytes())
            shred(plain)
        if not self._sealed(name).exists():
            return None
        return self._opened(name, self._key(), self._sealed(name).read_bytes())

    def write(self, name: str, content: bytes) -> None:
        """Keep a content under this name."""
        if self._key is None:
            write_private(self.path(name), content)
        else:
            write_private(self._sealed(name), self._closed(name, self._key(), content))

    def create(self, name: str, content: bytes) -> None:
        """Likewise, but never over another. Raises ``FileExistsError``."""
        if self._key is None:
            create_private(self.path(name), content)
        else:
            create_private(self._sealed(name), self._closed(name, self._key(), content))

    def remove(self, name: str) -> None:
        """Let it be gone."""
        shred(self.path(name))
        shred(self._sealed(name))

    def _sealed(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _closed(self, name: str, key: bytes, content: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(derived(key, "files")).encrypt(nonce, content, name.encode())

    def _opened(self, name: str, key: bytes, sealed: bytes) -> bytes:
        try:
            return AESGCM(derived(key, "files")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{self._sealed(name)} does not open with this box's key") from error


def secret_files(folder: Path) -> SecretFiles:
    """Return the secret files of a data folder, opened with what this process was given, when they are first needed."""
    if not is_sealed(folder):
        return SecretFiles(folder)
    known: list[bytes] = []

    def key() -> bytes:
        if not known:
            known.append(open_box(folder))
        return known[0]

    return SecretFiles(folder, key)
