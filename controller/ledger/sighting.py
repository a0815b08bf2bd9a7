"""A log against what was said about it earlier: its own checkpoints, and those an outside witness cosigned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from controller.ledger.merkle import HASH_BYTES, Frontier
from controller.ledger.verifier import Broken, Intact, StoredEntry, verify


@dataclass(frozen=True, slots=True)
class Sighting:
    """``by`` saw ``size`` entries with this root; None: it says so, but nothing that was signed bears it out.

    ``leaves``: the leaf hashes it saw, one after the other, already checked against the root.
    """

    size: int
    root: bytes | None
    by: str
    leaves: bytes = b""


def verify_against(rows: Iterable[StoredEntry], sightings: Iterable[Sighting]) -> Intact | Broken:
    """Check rows as ``verify`` does, and against each sighting; return the first entry that is bad by either.

    Where only a root is known the changed entry cannot be told from its neighbours: the first one that no agreeing
    sighting covers is named, and the last one that it may be. Constant memory, but for the sightings.
    """
    hearing = _Hearing(sorted((each for each in sightings if each.size > 0), key=lambda each: each.size))
    verdict = verify(hearing.passed(rows))
    if hearing.found is not None:
        return hearing.found
    if isinstance(verdict, Intact):
        return hearing.cut_off() or verdict
    return verdict


class _Hearing:
    """Walks along with the verifier, an entry behind: it sees an entry once that was found sound in itself."""

    def __init__(self, sightings: Sequence[Sighting]) -> None:
        self.found: Broken | None = None
        self._left = list(reversed(sightings))
        self._exact = [each for each in sightings if each.leaves]
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
        """Return the first entry that is missing at the end, by the sighting that saw most."""
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

    def _contradicted(self, sighting: Sighting) -> Broken | None:
        if sighting.root is None:
            return Broken(sighting.size, _unsigned(sighting))
        if sighting.root == self._frontier.root():
            self._agreed = sighting.size
            return None
        first, last, by = self._agreed + 1, sighting.size, sighting.by
        if first >= last:
            return Broken(last, f"rewritten: it is not the entry that {by} saw")
        return Broken(first, f"rewritten: it, or one up to seq {last}, is not the entry that {by} saw")


def _unsigned(sighting: Sighting) -> str:
    return f"{sighting.by} of {sighting.size} entries is not signed by the log's key"
