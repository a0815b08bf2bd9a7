"""A face, or a picture of one? What single frames and the frames of a gesture say about it. Pure.

Two things are looked for, and no more than these is claimed (docs/faces.md). A *frame*: the edge of the paper or the
screen that a face is shown on, seen around it. A *gesture*, drawn by lot once the face is known: a head that turns
moves its nose against its eyes and mouth, which no flat picture does at any tilt (`pose`); eyes that close.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.messages import Gesture
from vision.models import Face, Image
from vision.pose import middle

SEARCHED_SIDE = 160
"""Pixels that the surroundings of a face are searched for edges at."""
ROOM = 1.3
"""The surroundings reach so many heights of the face beyond its middle, on each side."""
LONG = 0.7
"""Length of an edge that may be a sheet's, over the height of the face."""
STRAIGHT = 12.0
"""Degrees from level or upright that a sheet may be held at."""
SIDES = 3
"""Sides of a sheet that must be seen: two are a door frame's, and behind many people."""

TURNED_BY = 0.12
"""Change of `pose.sideways` that is a turn of the head, some ten degrees; of a photo, tilted or still, it is 0.02."""
CLOSED_AT = 0.65
"""Openness of the eyes, over what it was before, at which they are closed."""
CLOSED_LOOKS = 2
"""In so many looks in a row: a blink between two frames is not what was asked for."""
OPEN_AT_LEAST = 0.2
"""Openness before, below which closing cannot be told."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What one frame says of a face: whether a sheet's edges are around it, where it looks, how open its eyes are.

    `eyelids` is NaN where they were not looked at.
    """

    framed: bool = False
    sideways: float = float("nan")
    eyelids: float = float("nan")


def is_framed(image: Image, face: Face) -> bool:
    """Tell whether straight edges lie around a face on three sides or more, close to it, as a sheet's do."""
    high = face.bottom - face.top
    middle_x, middle_y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    reach = ROOM * high
    left, top = max(0, round(middle_x - reach)), max(0, round(middle_y - reach))
    crop = image[top : round(middle_y + reach), left : round(middle_x + reach)]
    if min(crop.shape[:2], default=0) < SEARCHED_SIDE // 4:
        return False
    scale = SEARCHED_SIDE / max(crop.shape[:2])
    small = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    edges = cv2.Canny(cv2.GaussianBlur(small, (3, 3), 0), 40, 120)
    length = LONG * high * scale
    lines = cv2.HoughLinesP(edges, 1, np.pi / 180, round(length * 0.6), minLineLength=length, maxLineGap=4)
    if lines is None:
        return False
    box = np.array([face.left - left, face.top - top, face.right - left, face.bottom - top]) * scale
    return len({side for line in lines.reshape(-1, 4) if (side := _side(line, box))}) >= SIDES


def did(gesture: Gesture, before: Sequence[Signs], since: Sequence[Signs]) -> bool | None:
    """Tell whether a gesture was made: by the signs before it was asked for, and since; oldest first.

    None: not yet. False: the opposite was done, as by a film that knows nothing of what was asked.
    """
    if gesture is Gesture.CLOSE_EYES:
        return _closed(before, since)
    base = middle([signs.sideways for signs in before if np.isfinite(signs.sideways)])
    wanted = 1.0 if gesture is Gesture.TURN_LEFT else -1.0  # one's own left is the picture's right
    for signs in since:
        by = wanted * (signs.sideways - base)
        if by >= TURNED_BY:
            return True
        if by <= -TURNED_BY:
            return False
    return None


def _closed(before: Sequence[Signs], since: Sequence[Signs]) -> bool | None:
    base = middle([signs.eyelids for signs in before if np.isfinite(signs.eyelids)])
    if not base >= OPEN_AT_LEAST:
        return None
    row = 0
    for signs in since:
        row = row + 1 if signs.eyelids <= CLOSED_AT * base else 0
        if row >= CLOSED_LOOKS:
            return True
    return None


def _side(line: NDArray[Any], box: NDArray[np.float64]) -> str:
    """Return on which side of the face's box a line lies, beyond it; nothing where it is oblique or across."""
    x1, y1, x2, y2 = (float(number) for number in line)
    angle = abs(np.degrees(np.arctan2(y2 - y1, x2 - x1))) % 180
    left, top, right, bottom = box
    if min(angle, 180 - angle) <= STRAIGHT:
        at = (y1 + y2) / 2
        return "above" if at < top else "below" if at > bottom else ""
    if abs(angle - 90) <= STRAIGHT:
        at = (x1 + x2) / 2
        return "left" if at < left else "right" if at > right else ""
    return ""
