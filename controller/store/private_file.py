"""Files that only their owner may read, there whole or not at all; and files that are gone when they are removed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE = 0o600


def write_private(path: Path, content: bytes) -> None:
    """Write a private file so that it is there whole, or as it was before, also after a power cut."""
    draft = _draft(path, content)
    draft.replace(path)
    sync_folder(path.parent)


def create_private(path: Path, content: bytes) -> None:
    """Likewise, but never over a file that is there: raises ``FileExistsError``."""
    draft = _draft(path, content)
    try:
        path.hardlink_to(draft)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def shred(path: Path) -> None:
    """Overwrite a file's bytes, then remove it. Nothing happens where there is none.

    A flash disk may keep the old bytes in cells it no longer uses: what must be gone is therefore sealed, and this is
    what goes first for its key.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(os.fstat(descriptor).st_size))
        file.flush()
        os.fsync(descriptor)
        file.truncate(0)
    path.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f"{path.name}.new")
    if draft.exists():  # what a power cut left behind
        draft.unlink()
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return beside
