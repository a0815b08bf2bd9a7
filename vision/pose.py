"""Which way a face looks, by five landmarks, in numbers that a flat picture cannot change by being tilted or turned.

Seen from some way off, a flat picture that is held at any angle is an affine map of itself, and the place of the nose
between eyes and mouth is the same in each. A head has depth: its nose comes forward, and as the head turns it leaves
that place. Pure.
"""

from collections.abc import Sequence

import numpy as np

from vision.models import Face

EYE_RIGHT, EYE_LEFT, NOSE, MOUTH_RIGHT, MOUTH_LEFT = range(5)
"""Order of the landmarks; right and left as the picture has them from left to right."""


def sideways(face: Face) -> float:
    """Return how far the nose lies to the picture's right of the middle line, over the distance of the eyes.

    0: looks at the camera. About +-0.35 at 30 degrees. NaN where there are no landmarks, or they lie on one line.
    """
    if len(face.landmarks) != 5:
        return float("nan")
    points = np.asarray(face.landmarks, dtype=np.float64)
    eyes = (points[EYE_RIGHT] + points[EYE_LEFT]) / 2
    across = points[EYE_LEFT] - points[EYE_RIGHT]
    down = (points[MOUTH_RIGHT] + points[MOUTH_LEFT]) / 2 - eyes
    frame = np.column_stack([across, down])
    if abs(np.linalg.det(frame)) < 1.0:
        return float("nan")
    return float(np.linalg.solve(frame, points[NOSE] - eyes)[0])


def middle(values: Sequence[float]) -> float:
    """Return the median; NaN for none."""
    return float(np.median(values)) if len(values) else float("nan")
