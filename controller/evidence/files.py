"""How evidence is written: plain files side by side, streamed into one ZIP file or a folder, hashed on their way."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from controller.store.private_file import PRIVATE, sync_folder

File = tuple[str, Iterable[bytes]]
EARLIEST = 1980
"""A ZIP file knows no year before."""


@dataclass(slots=True)
class Counted:
    """Remembers size and SHA-256 of each file that passes."""

    files: list[dict[str, object]] = field(default_factory=list)

    def passing(self, name: str, parts: Iterable[bytes]) -> File:
        """Return the file, counted once it has been read to its end."""
        return name, self._counted(name, parts)

    def _counted(self, name: str, parts: Iterable[bytes]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for part in parts:
            digest.update(part)
            size += len(part)
            yield part
        self.files.append({"name": name, "size": size, "sha256": digest.hexdigest()})


def zipped(files: Iterable[File], made: datetime) -> Generator[bytes, None, None]:
    """Yield a ZIP file of these files, nothing compressed, as it comes."""
    sink = _Sink()
    stamp = max(made.year, EARLIEST), made.month, made.day, made.hour, made.minute, made.second
    with zipfile.ZipFile(cast(BinaryIO, sink), "w") as archive:
        for name, parts in files:
            told = zipfile.ZipInfo(name, stamp)
            told.external_attr = PRIVATE << 16
            with archive.open(told, "w", force_zip64=True) as file:
                for part in parts:
                    file.write(part)
                    yield sink.taken()
    yield sink.taken()


def write_zip(path: Path, parts: Iterable[bytes]) -> None:
    """Write a ZIP file that only its owner may read, there whole or not at all. It must not be there."""
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    try:
        _write(draft, parts)
        path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_folder(path: Path, files: Iterable[File]) -> None:
    """Write the files into a folder that only its owner may read, there whole or not at all. It must not be there."""
    draft = path.with_name(f"{path.name}.part")
    draft.mkdir(mode=0o700)
    try:
        for name, parts in files:
            _write(draft / name, parts)
        draft.rename(path)  # onto a folder that is not empty, or a file, it fails
    except BaseException:
        for each in draft.iterdir():
            each.unlink()
        draft.rmdir()
        raise
    sync_folder(path.parent)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


class _Sink:
    """Where the ZIP file is written; what was written is taken away again and again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._parts.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole
