"""The bytes that are hashed, as `docs/log.md` defines them.

The leaf is RFC 6962's ``SHA-256(0x00 || entry)``; the chain binds each entry to all before it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

LEAF_PREFIX = b"\x00"
"""RFC 6962, section 2.1: leaves and nodes are hashed under different prefixes."""

GENESIS = bytes(32)
"""What the first entry is chained to."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log. ``wall`` and ``mono`` are integer microseconds; ``body`` is canonical JSON."""

    seq: int
    kind: str
    version: int
    wall: int
    mono: int
    boot: str
    body: bytes


def entry_bytes(entry: Entry) -> bytes:
    """Return six lines of header, each ended by a newline, then the body as it stands."""
    header = f"{entry.seq}\n{entry.kind}\n{entry.version}\n{entry.wall}\n{entry.mono}\n{entry.boot}\n"
    return header.encode() + entry.body


def leaf_hash(entry: Entry) -> bytes:
    """Return the entry's RFC 6962 leaf hash (32 bytes)."""
    return hashlib.sha256(LEAF_PREFIX + entry_bytes(entry)).digest()


def chain_hash(before: bytes, leaf: bytes) -> bytes:
    """Return the hash that binds ``leaf`` to everything before it (32 bytes)."""
    return hashlib.sha256(before + leaf).digest()
