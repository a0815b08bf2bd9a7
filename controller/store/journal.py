"""The emergency journal: where records lie while the log cannot take them.

One file of a fixed size whose every block was written once: writing over them asks the disk for no room. A record is
durable here when ``write`` returns, by a sync of this file alone. What lies here is no log: nothing is acknowledged and
no door opens on it.

The file: a header of 32 bytes (magic, salt, zeros), then records, each of a length (4 bytes, big endian), a digest (16
bytes) and a payload. The digest is SHA-256 of the digest before it and the payload; the salt stands before the first.
So the first record that does not follow ends the journal, and a new salt empties it, in one sector.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from controller.ledger.entry import Entry

JOURNAL_BYTES = 4 * 2**20
"""Some 10,000 records: while nobody is let in, hours of exits and alarms."""

MAGIC = b"OSTJRNL1"
SALT_BYTES = 16
HEADER_BYTES = 32
HEAD = struct.Struct(">I16s")
PRIVATE = 0o600
CHUNK = 2**20
CLOSED = -1


class Journal:
    """The journal of one box, used by one thread at a time. Raises ``OSError`` where its disk fails."""

    def __init__(self, path: Path, size: int = JOURNAL_BYTES) -> None:
        self._file = _preallocated(path, size)
        self._size = size
        self._end = HEADER_BYTES
        self._tie = b""
        self._found = tuple(self._scan())

    def found(self) -> Sequence[Entry]:
        """Return the records that were in it when it was opened, in order."""
        return self._found

    def write(self, entries: Sequence[Entry]) -> int:
        """Add records; return, once they are durable, how many there was room for."""
        written, tie, count = bytearray(), self._tie, 0
        for entry in entries:
            payload = _payload(entry)
            if self._end + len(written) + HEAD.size + len(payload) > self._size:
                break
            tie = _digest(tie, payload)
            written += HEAD.pack(len(payload), tie) + payload
            count += 1
        _write_all(self._file, written, self._end)
        os.fdatasync(self._file)
        self._end, self._tie = self._end + len(written), tie
        return count

    def clear(self) -> None:
        """Forget every record, durably."""
        salt = os.urandom(SALT_BYTES)
        _write_all(self._file, _header(salt), 0)
        os.fdatasync(self._file)
        self._end, self._tie, self._found = HEADER_BYTES, salt, ()

    def close(self) -> None:
        """Let go of the file."""
        if self._file != CLOSED:
            os.close(self._file)
            self._file = CLOSED

    def _scan(self) -> Iterator[Entry]:
        """Read up to the first record that does not follow, which is where the next one is written."""
        header = os.pread(self._file, HEADER_BYTES, 0)
        self._tie = header[len(MAGIC) : len(MAGIC) + SALT_BYTES]
        while True:
            head = os.pread(self._file, HEAD.size, self._end)
            if len(head) < HEAD.size:
                return
            length, digest = HEAD.unpack(head)
            if length > self._size - self._end:
                return
            payload = os.pread(self._file, length, self._end + HEAD.size)
            if _digest(self._tie, payload) != digest:
                return
            self._end, self._tie = self._end + HEAD.size + length, digest
            yield _entry(payload)


def _preallocated(path: Path, size: int) -> int:
    """Open the file, made with all its blocks written where there is none of this size yet."""
    if not path.exists() or path.stat().st_size != size:
        _make(path, size)
    return os.open(path, os.O_RDWR)


def _make(path: Path, size: int) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        for start in range(0, size, CHUNK):  # written, not only reserved: a reserved block may still need room
            _write_all(file, bytes(min(CHUNK, size - start)), start)
        _write_all(file, _header(os.urandom(SALT_BYTES)), 0)
        os.fsync(file)
    except OSError:
        draft.unlink()
        raise
    finally:
        os.close(file)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _header(salt: bytes) -> bytes:
    return (MAGIC + salt).ljust(HEADER_BYTES, b"\0")


def _digest(tie: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(tie + payload).digest()[:16]


def _payload(entry: Entry) -> bytes:
    head = [entry.seq, entry.kind, entry.version, entry.wall, entry.mono, entry.boot]
    return orjson.dumps(head) + b"\n" + entry.body


def _entry(payload: bytes) -> Entry:
    head, body = payload.split(b"\n", 1)
    seq, kind, version, wall, mono, boot = orjson.loads(head)
    return Entry(seq, kind, version, wall, mono, boot, body)


def _write_all(file: int, content: bytes | bytearray, at: int) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(file, rest, at)
        rest, at = rest[written:], at + written
