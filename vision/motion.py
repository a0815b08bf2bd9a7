"""Has anything moved? So that an empty corridor costs no search for faces. Pure."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
"""Height x width: the luma (Y) plane."""

WIDTH = 160
"""Pixels. The plane is compared at this width: noise of single pixels averages out."""
CHANGED_BY = 12
"""Grey levels by which a pixel must change to count; H.264 noise of a still scene stays below 6."""
CHANGED_SHARE = 0.003
"""Share of pixels that must have changed: a head at 60 px of 480 is ten times that."""
STAYS_AWAKE = 3.0
"""Seconds that a scene counts as moving after the last change: people before a camera stand still."""


@dataclass(frozen=True, slots=True)
class Motion:
    """The last small plane and when something last moved (monotonic seconds; None: nothing yet)."""

    plane: Grey | None = None
    moved_at: float | None = None

    def awake(self, now: float) -> bool:
        """Return whether something moved within the last STAYS_AWAKE seconds."""
        return self.moved_at is not None and now - self.moved_at <= STAYS_AWAKE


def seen(motion: Motion, luma: Grey, now: float) -> Motion:
    """Return the motion after one more frame; the first frame of a camera counts as motion."""
    plane = _small(luma)
    if motion.plane is None or motion.plane.shape != plane.shape:
        return Motion(plane, now)
    changed = np.count_nonzero(cv2.absdiff(motion.plane, plane) > CHANGED_BY)
    return Motion(plane, now if changed > CHANGED_SHARE * plane.size else motion.moved_at)


def _small(luma: Grey) -> Grey:
    height = max(1, round(luma.shape[0] * WIDTH / luma.shape[1]))
    return np.asarray(cv2.resize(luma, (WIDTH, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
