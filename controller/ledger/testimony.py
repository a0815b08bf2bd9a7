"""A log against what was said about it earlier: its own checkpoints, and those an outside witness cosigned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from controller.ledger.merkle import HASH_BYTES, Frontier
from controller.ledger.verifier import Broken, Intact, StoredEntry, verify


@dataclass(frozen=True, slots=True)
class Testimony:
    """``by`` saw ``size`` entries with this root; None: it says so, but nothing that was signed bears it out.

    ``leaves``: the leaf hashes it saw, one after the other, already checked against the root.
    """

    size: int
    root: bytes | None
    by: str
    leaves: bytes = b""


def verify_against(rows: Iterable[StoredEntry], testimonies: Iterable[Testimony]) -> Intact | Broken:
    """Check rows as ``verify`` does, and against each testimony; return the first entry that is bad by either.

    Where only a root is known the changed entry cannot be told from its neighbours: the first one that no agreeing
    testimony covers is named, and the last one that it may be. Constant memory, but for the testimonies.
    """
    hearing = _Hearing(sorted((each for each in testimonies if each.size > 0), key=lambda each: each.size))
    verdict = verify(hearing.passed(rows))
    if hearing.found is not None:
        return hearing.found
    if isinstance(verdict, Intact):
        return hearing.cut_off() or verdict
    return verdict


class _Hearing:
    """Walks along with the verifier, an entry behind: it sees an entry once that was found sound in itself."""

    def __init__(self, testimonies: Sequence[Testimony]) -> None:
        self.found: Broken | None = None
        self._left = list(reversed(testimonies))
        self._exact = [each for each in testimonies if each.leaves]
        self._frontier = Frontier()
        self._agreed = 0

    def passed(self, rows: Iterable[StoredEntry]) -> Iterator[StoredEntry]:
        self.found = self._compared()
        for row in rows:
            if self.found is not None:
                return
            yield row
            self.found = self._other_leaf(row.leaf) or self._appended(row.leaf)

    def cut_off(self) -> Broken | None:
        """Return the first entry that is missing at the end, by the testimony that saw most."""
        if not self._left:
            return None
        most, size = self._left[0], self._frontier.size
        if most.root is None:
            return Broken(size + 1, _unsigned(most))
        return Broken(size + 1, f"truncated: {size} entries, {most.by} saw {most.size}")

    def _other_leaf(self, leaf: bytes) -> Broken | None:
        at = self._frontier.size * HASH_BYTES
        for each in self._exact:
            if at < len(each.leaves) and each.leaves[at : at + HASH_BYTES] != leaf:
                return Broken(self._frontier.size + 1, f"rewritten: it is not the entry that {each.by} saw")
        return None

    def _appended(self, leaf: bytes) -> Broken | None:
        self._frontier.append(leaf)
        return self._compared()

    def _compared(self) -> Broken | None:
        while self._left and self._left[-1].size == self._frontier.size:
            broken = self._contradicted(self._left.pop())
            if broken is not None:
                return broken
        return None

    def _contradicted(self, testimony: Testimony) -> Broken | None:
        if testimony.root is None:
            return Broken(testimony.size, _unsigned(testimony))
        if testimony.root == self._frontier.root():
            self._agreed = testimony.size
            return None
        first, last, by = self._agreed + 1, testimony.size, testimony.by
        if first >= last:
            return Broken(last, f"rewritten: it is not the entry that {by} saw")
        return Broken(first, f"rewritten: it, or one up to seq {last}, is not the entry that {by} saw")


def _unsigned(testimony: Testimony) -> str:
    return f"{testimony.by} of {testimony.size} entries is not signed by the log's key"
