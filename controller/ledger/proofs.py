"""Many inclusion proofs of one tree at once: for a handful of entries of a long log, the leaves are read only once."""

from __future__ import annotations

from collections.abc import Iterable

from controller.ledger.merkle import EMPTY_ROOT, HASH_BYTES, inclusion_ranges, node_hash

REMEMBERED = 512
"""Leaves from which on a subtree's root is remembered: smaller ones are hashed anew, larger ones once."""


class Leaves:
    """The leaf hashes of a log, in memory: 32 bytes for each entry."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._bytes = bytearray()
        for leaf in leaves:
            self._bytes += leaf.ljust(HASH_BYTES, b"\0")[:HASH_BYTES]
        self._roots: dict[tuple[int, int], bytes] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._bytes) // HASH_BYTES

    def root(self, first: int = 0, end: int | None = None) -> bytes:
        """Return the root over the leaves from ``first`` (from 0) up to, and without, ``end``."""
        last = len(self) if end is None else end
        if not 0 <= first <= last <= len(self):
            raise ValueError(f"there are no leaves from {first} to {last}")
        return self._root(first, last) if last > first else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that leaf ``index`` (from 0) is in the tree of all of them (RFC 6962, 2.1.1)."""
        return self.roots(inclusion_ranges(index, len(self)))

    def roots(self, ranges: Iterable[tuple[int, int]]) -> list[bytes]:
        """Return the roots that a proof is made of."""
        return [self.root(first, end) for first, end in ranges]

    def _root(self, first: int, end: int) -> bytes:
        if end - first == 1:
            return bytes(self._bytes[first * HASH_BYTES : end * HASH_BYTES])
        known = self._roots.get((first, end))
        if known is not None:
            return known
        middle = first + (1 << ((end - first - 1).bit_length() - 1))
        found = node_hash(self._root(first, middle), self._root(middle, end))
        if end - first >= REMEMBERED:
            self._roots[first, end] = found
        return found
