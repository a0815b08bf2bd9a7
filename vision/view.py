"""Does a camera still see what it should? Black, covered, blurred, turned: told from small planes alone. Pure.

What it should see is learned while all is well: a plane of edges, which light, weather and people change little,
averaged over minutes. They are compared tile by tile, so that somebody who fills half of the picture is no hood.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.messages import Trouble
from vision.motion import Grey

WIDTH, HEIGHT = 160, 90
"""Pixels of the plane that is looked at."""
TILES = (8, 6)
"""Columns and rows."""
LOOK_EVERY = 1.0
"""Seconds between two looks."""
LEARNS_FOR = 3.0
"""Seconds of a steady view until it counts as what the camera should see."""
HOLDS_FOR = 4.0
"""Seconds that a trouble must last before it is told: somebody who walks close by is none."""
WELL_FOR = 2.0
"""Seconds without trouble before it counts as over."""
FORGETS_IN = 600.0
"""Seconds in which what was learned follows slow changes, such as the sun's."""
MOST_AT_ONCE = 0.05
"""Share of what was learned that one look may change."""

DARK = 34.0
"""Mean grey (16 is black in video) up to which a flat picture is black: a cap, no light, no supply."""
FLAT = 7.0
"""Standard deviation, in grey levels, up to which there is nothing in a picture."""
BLANK = 0.3
"""Share of the learned edges' strength below which something hangs before the lens."""
SOFT = 0.45
"""Share of the learned sharpness below which a picture that still shows the same place is blurred."""
SAME_PLACE = 0.55
"""Correlation of two coarse planes from which they show the same place."""
TILE_MATCHES = 0.35
"""Correlation of a tile's edges with those learned from which it shows the same."""
FEW_TILES = 0.25
"""Share of the tiles with edges below which nothing is where it was."""
WORTH = 2.0
"""Mean strength of edges from which a tile is worth comparing."""
TINY = 1e-6
"""Below it there is nothing to compare."""


Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Learned:
    """What a camera should see: its edges, a coarse plane, and how sharp it was. HEIGHT x WIDTH, grey levels."""

    edges: Plane
    coarse: Plane
    sharpness: float


@dataclass(frozen=True, slots=True)
class View:
    """What is known of a camera's view. `told` is what the building is to know, once it was `judged`."""

    learned: Learned | None = None
    seen: Learned | None = None
    steady_since: float | None = None
    trouble: Trouble | None = None
    since: float = 0.0
    looked_at: float | None = None
    told: Trouble | None = None
    judged: bool = False

    def due(self, now: float) -> bool:
        """Return whether to look again."""
        return self.looked_at is None or now - self.looked_at >= LOOK_EVERY


def looked(view: View, luma: Grey, now: float) -> View:
    """Return what is known after one more look, at `now` seconds; `told` has changed where the building must hear."""
    look = _look(luma)
    before = now if view.looked_at is None else view.looked_at
    view = replace(view, looked_at=now)
    learned = view.learned
    if learned is None:
        return _learning(view, look, now)
    found = _trouble(learned, look)
    if found is not view.trouble:
        view = replace(view, trouble=found, since=now)
    if now - view.since >= (HOLDS_FOR if found else WELL_FOR):
        view = replace(view, told=found, judged=True)
    if found is None and view.told is None:
        return replace(view, learned=_mixed(learned, look, min(MOST_AT_ONCE, (now - before) / FORGETS_IN)))
    return view


def _learning(view: View, look: Learned, now: float) -> View:
    """Wait for a view with something in it that stays the same for a while; one without is in trouble meanwhile."""
    empty = _empty(look)
    if empty is not view.trouble:
        view = replace(view, trouble=empty, since=now)
    if empty is not None:
        told = empty if now - view.since >= HOLDS_FOR else view.told
        return replace(view, seen=None, told=told, judged=view.judged or told is not None)
    if view.seen is None or view.steady_since is None or _matching(view.seen, look) < 2 * FEW_TILES:
        return replace(view, seen=look, steady_since=now)
    if now - view.steady_since < LEARNS_FOR:
        return replace(view, seen=_mixed(view.seen, look, 0.3))
    return replace(view, learned=view.seen, seen=None, told=None, judged=True, trouble=None, since=now)


def _trouble(learned: Learned, look: Learned) -> Trouble | None:
    empty = _empty(look)
    if empty is not None:
        return empty
    matching = _matching(learned, look)
    alike = _correlation(learned.coarse, look.coarse)
    contrast = min(1.0, float(look.coarse.std()) / max(float(learned.coarse.std()), TINY))
    if alike > SAME_PLACE:
        return Trouble.BLURRED if look.sharpness < SOFT * learned.sharpness * contrast else None
    if matching >= FEW_TILES:
        return None
    return Trouble.COVERED if look.edges.mean() < BLANK * learned.edges.mean() else Trouble.TURNED


def _empty(look: Learned) -> Trouble | None:
    """Return what is wrong with a picture that has nothing in it, whatever it should have."""
    if look.coarse.std() > FLAT:
        return None
    return Trouble.BLACK if look.coarse.mean() <= DARK else Trouble.COVERED


def _matching(learned: Learned, look: Learned) -> float:
    """Return the share of the tiles worth comparing that show what they should, 0 to 1; 1 where none is worth it."""
    mine, now = _tiles(learned.edges), _tiles(look.edges)
    worth = mine.mean(axis=1) >= WORTH
    if not worth.any():
        return 1.0
    first, second = mine - mine.mean(axis=1, keepdims=True), now - now.mean(axis=1, keepdims=True)
    scale = np.sqrt((first * first).sum(axis=1) * (second * second).sum(axis=1))
    alike = (first * second).sum(axis=1) >= TILE_MATCHES * np.maximum(scale, TINY)
    return float(np.count_nonzero(alike & worth) / np.count_nonzero(worth))


def _tiles(plane: Plane) -> Plane:
    """Return the plane's tiles, each as a row."""
    columns, rows = TILES
    cut = plane.reshape(rows, HEIGHT // rows, columns, WIDTH // columns)
    return np.ascontiguousarray(cut.transpose(0, 2, 1, 3)).reshape(rows * columns, -1)


def _look(luma: Grey) -> Learned:
    small = cv2.GaussianBlur(cv2.resize(luma, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), (0, 0), 0.8)
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    strength = cv2.magnitude(across, down)
    edges = np.maximum(strength - 6.0, 0.0)  # a sensor's noise is none
    coarse = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 3.0)
    return Learned(np.asarray(edges, dtype=np.float32), np.asarray(coarse, dtype=np.float32), _sharpness(strength))


def _sharpness(strength: Plane | NDArray[np.generic]) -> float:
    """Return how steep the steepest hundredth of the picture is."""
    return float(np.partition(strength.ravel(), -strength.size // 100)[-strength.size // 100])


def _mixed(learned: Learned, look: Learned, share: float) -> Learned:
    return Learned(
        learned.edges + share * (look.edges - learned.edges),
        learned.coarse + share * (look.coarse - learned.coarse),
        learned.sharpness + share * (look.sharpness - learned.sharpness),
    )


def _correlation(one: Plane, other: Plane) -> float:
    """Return Pearson's r; 0 where one of the two is flat."""
    first, second = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((first * first).sum() * (second * second).sum()))
    return float((first * second).sum()) / scale if scale > TINY else 0.0
