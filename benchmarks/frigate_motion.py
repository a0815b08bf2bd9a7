"""Frigate's motion detector, written anew from its published description, to stand beside ours.

Frigate (MIT licence, by Blake Blackshear and others) documents it under "Motion detector": the picture is made 100
pixels high, its contrast stretched by smoothed percentiles, blurred, compared with a running average by a threshold of
30, dilated, and its outlines of at least 10 pixels are motion; where more than 80 % of it is new at once, it is taken
for lightning, and the average follows quickly. No code of theirs is in here.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.motion import Grey

HEIGHT = 100
THRESHOLD = 30
OUTLINE = 10.0
FOLLOWS, FOLLOWS_QUICKLY = 0.01, 0.2
LIGHTNING = 0.8
CONTRAST = (4, 96)
REMEMBERED = 50
CALIBRATES_FOR = 30
"""Pictures until its average counts."""
_AROUND = np.ones((3, 3), dtype=np.uint8)


class FrigateMotion:
    """The detector with its defaults."""

    def __init__(self) -> None:
        self._average: NDArray[np.float32] | None = None
        self._contrast: list[tuple[float, float]] = []
        self._seen = 0

    def look(self, luma: Grey, zone: NDArray[np.bool_] | None = None) -> bool:
        """Return whether anything moves in one more picture, within a zone (at its own 100 pixels' height)."""
        width = round(luma.shape[1] * HEIGHT / luma.shape[0])
        plane = cv2.resize(luma, (width, HEIGHT), interpolation=cv2.INTER_NEAREST)
        plane = cv2.GaussianBlur(self._stretched(np.asarray(plane, dtype=np.uint8)), (3, 3), 1.0)
        self._seen += 1
        if self._average is None:
            self._average = plane.astype(np.float32)
            return False
        out = cv2.absdiff(plane, cv2.convertScaleAbs(self._average)) > THRESHOLD
        mask = cv2.dilate(out.astype(np.uint8), _AROUND, iterations=2)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        moving = [each for each in outlines if cv2.contourArea(each) >= OUTLINE]
        calibrates = self._seen < CALIBRATES_FOR or float(out.mean()) > LIGHTNING
        cv2.accumulateWeighted(plane, self._average, FOLLOWS_QUICKLY if calibrates else FOLLOWS)
        return not calibrates and any(zone is None or _touches(each, zone) for each in moving)

    def _stretched(self, plane: Grey) -> Grey:
        low, high = (float(number) for number in np.percentile(plane, CONTRAST))
        self._contrast = [*self._contrast, (low, high)][-REMEMBERED:]
        low, high = (sum(column) / len(self._contrast) for column in zip(*self._contrast, strict=True))
        if high <= low:
            return plane
        stretched = np.clip((plane.astype(np.float32) - low) * 255.0 / (high - low), 0, 255)
        return np.asarray(stretched, dtype=np.uint8)


def _touches(outline: NDArray[Any], zone: NDArray[np.bool_]) -> bool:
    left, top, wide, high = cv2.boundingRect(outline)
    return bool(zone[top : top + high, left : left + wide].any())
