"""Whether a log is as it was written, and if not, where it first differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controller.ledger.entry import GENESIS, Entry, chain_hash, leaf_hash


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A row as it was found, with the hashes that stand beside it.

    ``as_written``: body and hashes are stored as bytes; rewritten as text they may read the same.
    """

    entry: Entry
    leaf: bytes
    chain: bytes
    as_written: bool = True


@dataclass(frozen=True, slots=True)
class Intact:
    """Every entry is as it was written. ``head`` is the last chain hash, to be compared with one noted elsewhere."""

    entries: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that is not as it was written."""

    seq: int
    reason: str


def verify(rows: Iterable[StoredEntry]) -> Intact | Broken:
    """Check rows, in the order of their numbers, against their hashes. Constant memory."""
    before, expected = GENESIS, 1
    for row in rows:
        broken = _fault(row, before, expected)
        if broken is not None:
            return broken
        before, expected = row.chain, expected + 1
    return Intact(expected - 1, before)


def _fault(row: StoredEntry, before: bytes, expected: int) -> Broken | None:
    seq = row.entry.seq
    if seq < expected:
        return Broken(seq, "its number comes before the first")
    if seq != expected:
        return Broken(expected, f"missing: the next entry found is {seq}")
    if not row.as_written:
        return Broken(seq, "its bytes were rewritten as text")
    leaf = leaf_hash(row.entry)
    if leaf != row.leaf:
        return Broken(seq, "its content does not match its leaf hash")
    if chain_hash(before, leaf) != row.chain:
        return Broken(seq, "its chain hash does not follow from the entries before it")
    return None
