"""What stands out from a camera's background: blobs of what moves, on a small plane. Pure.

The background is learned pixel by pixel, how much each varies included, so that a waving tree counts less every minute.
A change of the light moves all pixels alike, or keeps their texture: neither is a blob.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.motion import Grey

WIDTH = 320
"""Pixels of the plane; its height follows the picture's."""
LEAST_CHANGE = 15.0
"""Grey levels that a pixel must differ by: H.264 noise of a still scene stays below 6, at night below 12."""
TIMES_SPREAD = 3.5
"""So many times its usual spread a pixel must differ by."""
SETTLES_IN = 2.0
"""Seconds until a background counts, after a start or after the light was switched."""
LEARNS_IN, ABSORBS_IN = 20.0, 60.0
"""Seconds in which the background follows what changes slowly, and takes in what stands still before it."""
SWITCHED = 0.6
"""Share of the plane that changes at once when a light is switched."""
LIKE_BEFORE = 0.85
"""Correlation of a blob's pixels with the background from which only their light has changed."""
TEXTURED = 3.0
"""Standard deviation of grey levels from which there is a texture to compare."""
MOST_BLOBS = 24
"""Larger ones first; more at once is weather."""

Plane = NDArray[np.float32]
Part = tuple[float, float, float, float]
"""Left, top, right, bottom in parts of the picture, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Something that moves: its box and the share of the picture it fills."""

    box: Part
    share: float


@dataclass(frozen=True, slots=True)
class Ground:
    """The background: mean and spread of each pixel (grey levels), when it began to count and was last looked at."""

    mean: Plane
    spread: Plane
    since: float
    at: float

    def settled(self, now: float) -> bool:
        """Return whether it counts."""
        return now - self.since >= SETTLES_IN


def small(luma: Grey) -> Grey:
    """Return the plane that is compared: a Y plane, WIDTH pixels wide, without single drops and flakes."""
    height = max(2, round(luma.shape[0] * WIDTH / luma.shape[1]))
    reduced = cv2.resize(luma, (WIDTH, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(reduced, (3, 3), 0), dtype=np.uint8)


def looked(
    ground: Ground | None, plane: Grey, now: float, *, least: float, ignored: NDArray[np.bool_] | None = None
) -> tuple[Ground, tuple[Blob, ...]]:
    """Return the background after one more plane, and what stands out of it, the largest first.

    ``least``: share of the picture that a blob fills at least. ``ignored``: pixels of the plane that never count.
    """
    if ground is None or ground.mean.shape != plane.shape:
        mean = plane.astype(np.float32)
        return Ground(mean, np.full_like(mean, LEAST_CHANGE / TIMES_SPREAD), now, now), ()
    difference = plane - ground.mean
    difference -= np.median(difference[::4, ::4])
    size = np.abs(difference)
    out = size > np.maximum(LEAST_CHANGE, TIMES_SPREAD * ground.spread)
    if ignored is not None:
        out &= ~ignored
    if out.mean() > SWITCHED:
        return Ground(plane.astype(np.float32), ground.spread, now, now), ()
    mask = cv2.morphologyEx(out.astype(np.uint8), cv2.MORPH_OPEN, _KERNEL)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _WIDE_KERNEL)
    blobs, kept = _blobs(np.asarray(mask, dtype=np.uint8), plane, ground.mean, least)
    learned = _learned(ground, plane, size, kept, now)
    return learned, blobs if ground.settled(now) else ()


def _blobs(mask: Grey, plane: Grey, mean: Plane, least: float) -> tuple[tuple[Blob, ...], NDArray[np.bool_]]:
    """Return what is large enough and not only lit otherwise, and the pixels of it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    kept = np.zeros(mask.shape, dtype=bool)
    found = []
    for label in np.argsort(-stats[1:count, cv2.CC_STAT_AREA])[:MOST_BLOBS] + 1:
        left, top, wide, high, area = (int(number) for number in stats[label])
        if area < least * mask.size:
            break
        window = np.s_[top : top + high, left : left + wide]
        pixels = labels[window] == label
        if not _only_lit(plane[window][pixels], mean[window][pixels]):
            kept[window] |= pixels
            found.append(Blob(_part(left, top, wide, high, mask.shape), area / mask.size))
    return tuple(found), kept


def _only_lit(now: NDArray[np.uint8], before: Plane) -> bool:
    """Tell whether pixels show the texture that they did: a shadow, a torch, a cloud."""
    one, other = now - now.mean(dtype=np.float32), before - before.mean()
    spread = float(other.std())
    if spread < TEXTURED or float(one.std()) < TEXTURED:
        return False
    return float((one * other).mean()) / (float(one.std()) * spread) > LIKE_BEFORE


def _learned(ground: Ground, plane: Grey, size: Plane, kept: NDArray[np.bool_], now: float) -> Ground:
    passed = max(0.0, now - ground.at)
    quick = 0.3 if not ground.settled(now) else min(1.0, passed / LEARNS_IN)
    share = np.where(kept, min(1.0, passed / ABSORBS_IN), quick).astype(np.float32)
    mean = ground.mean + share * (plane - ground.mean)
    spread = ground.spread + np.where(kept, 0.0, quick).astype(np.float32) * (size - ground.spread)
    return replace(ground, mean=mean, spread=spread, at=now)


def _part(left: int, top: int, wide: int, high: int, shape: tuple[int, ...]) -> Part:
    height, width = shape
    return left / width, top / height, (left + wide) / width, (top + high) / height


_KERNEL = np.ones((3, 3), dtype=np.uint8)
_WIDE_KERNEL = np.ones((9, 5), dtype=np.uint8)
