"""Many templates, one face: who of them could it be? Exact, by one pass over the memory. Pure.

For the duplicate check at enrolment, and for a watch list where a site may have one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vision.matching import Calibration, Embedding, Template
from vision.messages import DIMENSIONS, EngineKind

_SPLIT = DIMENSIONS[EngineKind.DLIB]
_ROUNDING = 1e-3
"""What a distance by way of a product of float32 may be off."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Templates of one row each, in order; `first` is what every search reads, `rows` only where it must."""

    calibration: Calibration
    rows: Template
    first: Template

    def within(self, face: Embedding, limit: float) -> list[tuple[int, float]]:
        """Return the templates no further away than `limit`, the nearest first: number and distance.

        A fusion reads dlib's part of all of them, and the other's only of those that dlib does not rule out: both must
        agree, so what one puts beyond limit / agreement cannot be within it.
        """
        near = np.sqrt(np.maximum(2 - 2 * (self.first @ face[: self.first.shape[1]]), 0))
        candidates = np.flatnonzero(near <= self._bound(limit) + _ROUNDING)
        distances = self.calibration.distances(self.rows[candidates], face)
        found = [(int(number), float(far)) for number, far in zip(candidates, distances, strict=True) if far <= limit]
        return sorted(found, key=lambda one: one[1])

    def _bound(self, limit: float) -> float:
        fusion = self.calibration.fusion
        return limit if fusion is None else limit * fusion.dlib_scale / fusion.agreement


def gallery(templates: Sequence[Template], calibration: Calibration) -> Gallery:
    """Return a gallery of templates of length one."""
    rows = np.ascontiguousarray(np.concatenate(templates))
    first = rows if calibration.fusion is None else np.ascontiguousarray(rows[:, :_SPLIT])
    return Gallery(calibration, rows, first)
