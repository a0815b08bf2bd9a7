"""Error rates of a face engine, and how sure they are. Pure.

Strangers are compared all against all, so two comparisons that share a person are not independent, and intervals are
had by drawing people, not pairs: 1,000 bootstrap samples of the people with replacement; a person drawn twice is not a
stranger to himself. Where Wilson's interval for independent trials is wider (no error among few people), it counts.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Numbers = NDArray[np.integer[Any]]
Interval = tuple[float, float]

SAMPLES = 1000
SEED = 20261122
LEVEL = (2.5, 97.5)
"""Percentiles of a 95 % interval."""
Z = 1.959964
HIGHEST_FMR = 6e-3
"""Above any false match rate that is asked for, with room for what a sample of the people makes of it."""


@dataclass(slots=True)
class Strangers:
    """The smallest distances of very many between strangers, and between whom they were.

    `left` and `right` are how many faces each person has on the two sides; `across` says whether the sides are two
    sets (templates, photos) or one set against itself. Every distance up to `at` is kept, and the smallest
    HIGHEST_FMR of all.
    """

    left: Numbers
    right: Numbers
    across: bool
    at: float = 0.0
    _distances: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    _pairs: Numbers = field(default_factory=lambda: np.empty((0, 2), np.int32))
    _new: list[tuple[Floats, Numbers]] = field(default_factory=list)
    _waiting: int = 0
    _bound: float = math.inf

    @property
    def distances(self) -> Floats:
        """The smallest distances, ascending."""
        self._sort_in()
        return self._distances

    @property
    def pairs(self) -> Numbers:
        """Between whom they are: n x 2 numbers of people."""
        self._sort_in()
        return self._pairs

    @property
    def total(self) -> int:
        """How many comparisons there are."""
        return int(self._totals(np.ones((1, len(self.left)), np.int64))[0])

    def add(self, distances: Floats, one: int, others: Numbers) -> None:
        """Take in the distances of a face of person `one` from faces of `others`, strangers all."""
        close = distances <= self._bound
        pairs = np.stack([np.full(int(close.sum()), one), others[close]], axis=1).astype(np.int32)
        self._new.append((distances[close].astype(np.float32), pairs))
        self._waiting += len(pairs)
        if self._waiting > self._room():
            self._sort_in()

    def fmr(self, at: float) -> float:
        """Return the share of strangers who are let in at this threshold."""
        return float(np.count_nonzero(self.distances <= np.float32(at)) / self.total) if self.total else 0.0

    def threshold(self, fmr: float) -> float:
        """Return the highest threshold at which no larger share is let in."""
        allowed = int(fmr * self.total)
        if not len(self.distances):
            return 0.0
        return float(np.nextafter(self.distances[min(allowed, len(self.distances) - 1)], np.float32(-1)))

    def sampled_fmr(self, at: float, weights: Numbers) -> Floats:
        """Return the rate in each sample of the people."""
        close = self.pairs[: np.count_nonzero(self.distances <= at)]
        totals = np.maximum(self._totals(weights), 1)
        return np.array([float((row[close[:, 0]] * row[close[:, 1]]).sum()) for row in weights]) / totals

    def sampled_thresholds(self, fmr: float, weights: Numbers) -> Floats:
        """Return the threshold at this rate in each sample of the people."""
        found = []
        for row, total in zip(weights, self._totals(weights), strict=True):
            let_in = np.cumsum(row[self.pairs[:, 0]] * row[self.pairs[:, 1]])
            first = int(np.searchsorted(let_in, fmr * total, side="right"))
            found.append(self.distances[min(first, len(self.distances) - 1)] if len(self.distances) else 0.0)
        return np.nextafter(np.array(found, dtype=np.float32), np.float32(-1))

    def _room(self) -> int:
        return math.ceil(HIGHEST_FMR * self.total) + 1

    def _sort_in(self) -> None:
        """Take the new ones in, and let go of those that are too large to count."""
        if not self._new:
            return
        distances = np.concatenate([self._distances, *(far for far, _ in self._new)])
        pairs = np.concatenate([self._pairs, *(pairs for _, pairs in self._new)])
        order = np.argsort(distances, kind="stable")
        order = order[: max(self._room(), int(np.count_nonzero(distances <= np.float32(self.at))))]
        self._distances, self._pairs, self._new, self._waiting = distances[order], pairs[order], [], 0
        if len(order) >= self._room():
            self._bound = max(self.at, float(self._distances[-1]))

    def _totals(self, weights: Numbers) -> Numbers:
        left, right = weights * self.left, weights * self.right
        every = left.sum(axis=1) * right.sum(axis=1) - (left * right).sum(axis=1)
        return np.asarray(every if self.across else every // 2)


def strangers_of(people: Numbers, rows: Iterable[Floats], at: float = 0.0) -> Strangers:
    """Compare a set of faces with itself: `people` has each face's person, `rows` its distances to every later one."""
    counts = np.bincount(people)
    found = Strangers(counts, counts, across=False, at=at)
    for index, distances in enumerate(rows):
        later = people[index + 1 :]
        strange = later != people[index]
        found.add(distances[strange], int(people[index]), later[strange])
    return found


@dataclass(frozen=True, slots=True)
class Genuine:
    """Distances of faces to their own person's, and that person's number; infinite where there was no face."""

    distances: Floats
    people: Numbers

    def tar(self, at: float) -> float:
        """Return the share that is let in."""
        return float(np.mean(self.distances <= at)) if len(self.distances) else 0.0

    def sampled_tar(self, at: Floats, weights: Numbers) -> Floats:
        """Return the share in each sample of the people, at that sample's threshold."""
        drawn = weights[:, self.people]
        return np.array(
            [
                float((row * (self.distances <= one)).sum() / max(row.sum(), 1))
                for row, one in zip(drawn, at, strict=True)
            ]
        )


def samples(people: int) -> Numbers:
    """Return how often each person is in each of SAMPLES bootstrap samples."""
    draw = np.random.default_rng(SEED)
    return draw.multinomial(people, np.full(people, 1 / people), size=SAMPLES).astype(np.int64)


def interval(sampled: Floats, rate: float, trials: int) -> Interval:
    """Return the 95 % interval: the wider of the sampled one and Wilson's."""
    low, high = (float(one) for one in np.percentile(sampled, LEVEL))
    wilson_low, wilson_high = wilson(rate, trials)
    return min(low, wilson_low), max(high, wilson_high)


def wilson(rate: float, trials: int) -> Interval:
    """Return Wilson's 95 % interval of a rate among so many independent trials."""
    if trials == 0:
        return 0.0, 1.0
    middle = rate + Z * Z / (2 * trials)
    half = Z * math.sqrt(rate * (1 - rate) / trials + Z * Z / (4 * trials * trials))
    whole = 1 + Z * Z / trials
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)
