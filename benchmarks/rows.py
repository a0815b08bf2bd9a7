"""The form every figure takes, and what is computed from a list of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

DIGITS = 3
"""Decimals that a figure is given with."""


class BenchmarkFailed(RuntimeError):
    """A figure cannot be had; the sentence says why."""


class NothingToMeasure(RuntimeError):
    """What a row is measured on is not here; the sentence says what. The other rows are measured all the same."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, in its row's unit, and what it is."""

    text: str
    value: float


@dataclass(frozen=True, slots=True)
class Row:
    """One promise as measured. ``ratio`` is to what stands beside it, or to the promise where nothing does.

    ``holds`` is None where the figure was taken under easier conditions than the promise names.
    """

    name: str
    value: float
    unit: str
    promise: Figure
    beside: Figure | None
    at_least: bool = False
    as_promised: bool = True

    @property
    def ratio(self) -> float:
        """Return ``value`` over its neighbour's."""
        return self.value / (self.beside or self.promise).value

    @property
    def holds(self) -> bool | None:
        """Tell whether the promise is kept."""
        if not self.as_promised:
            return None
        return self.value >= self.promise.value if self.at_least else self.value <= self.promise.value

    def as_json(self) -> dict[str, Any]:
        """Return the row for machines."""
        return {
            "name": self.name,
            "value": round(self.value, DIGITS),
            "unit": self.unit,
            "promise": _rounded(self.promise),
            "beside": _rounded(self.beside) if self.beside else None,
            "ratio": round(self.ratio, DIGITS),
            "holds": self.holds,
        }


def percentile(taken: Sequence[float], percent: int) -> float:
    """Return a percentile (nearest rank) of at least one number."""
    ordered = sorted(taken)
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1]


def _rounded(figure: Figure) -> dict[str, Any]:
    return asdict(Figure(figure.text, round(figure.value, DIGITS)))
