"""The Merkle tree of RFC 6962 over the log's leaf hashes: appending, proving, checking proofs.

A node is ``SHA-256(0x01 || left || right)``. The tree never stands in memory: whoever appends keeps a frontier, whoever
proves streams the leaves past the ranges that a proof is made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import islice

HASH_BYTES = 32

NODE_PREFIX = b"\x01"
"""RFC 6962, section 2.1: leaves and nodes are hashed under different prefixes."""

EMPTY_ROOT = hashlib.sha256().digest()

Range = tuple[int, int]
"""Leaves from the first (counted from 0) up to, and without, the second."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (32 bytes)."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees of a growing tree, the largest first: all that appending needs."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash: amortised one hash, at most log2(size)."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._peaks.pop(), leaf)
            size >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of all leaves so far (32 bytes)."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return whose roots prove that leaf ``index`` (from 0) is in a tree of ``size`` (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    ranges: list[Range] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    return ranges[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """Return whose roots prove that a tree of ``old`` is the beginning of one of ``size`` (RFC 6962, 2.1.2)."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} does not begin with one of {old}")
    if old in (0, size):
        return []
    ranges: list[Range] = []
    first, end = 0, size
    while end != old:
        middle = first + _split(end - first)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((first, middle))
            first = middle
    if first:  # else it is the old root itself, which the checker holds
        ranges.append((first, end))
    return ranges[::-1]


def prove(ranges: Sequence[Range], leaves: Iterable[bytes]) -> list[bytes]:
    """Return the roots of these ranges, which must not overlap, in their order. ``leaves`` is read once."""
    roots: dict[Range, bytes] = {}
    stream, at = iter(leaves), 0
    for first, end in sorted(ranges):
        frontier = Frontier()
        for leaf in islice(stream, first - at, end - at):
            frontier.append(leaf)
        if frontier.size != end - first:
            raise ValueError(f"there are not {end} leaves")
        roots[first, end] = frontier.root()
        at = end
    return [roots[each] for each in ranges]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof leads from the leaf to the root (RFC 9162, 2.1.3.2, for the same tree)."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(step, found)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, step)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof leads from the old root to the new one (RFC 9162, 2.1.4.2, for the same tree)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    return bool(steps) and _walk(old - 1, size - 1, steps) == (old_root, root)


def _walk(node: int, last: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the old and the new root that the steps lead to; None where they are too many or too few."""
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, step)
        node, last = node >> 1, last >> 1
    return (before, after) if last == 0 else None


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
