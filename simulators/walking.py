"""People who walk up to the corridor's door, stop before it, and go in: drawn figures with a stride."""

import cv2
import numpy as np

from simulators import faces
from simulators.encoding import Image

COMES_IN = 3.0
"""Seconds from the edge of the picture to the door."""
STOPS = 1.5
"""Seconds before the door, while a badge is shown."""
GOES_IN = 0.8
BEHIND = 1.2
"""Seconds between one and the next."""
LINGER = 1.2
"""Seconds of empty corridor after the last."""
STRIDES = 1.8
"""Steps a second."""

_START, _DOOR = (30.0, 350.0), (240.0, 262.0)
_TALL_START, _TALL_DOOR = 250.0, 165.0
_COATS = ((52, 62, 96), (120, 52, 48), (46, 92, 62), (92, 84, 40))


def walk_seconds(people: int) -> float:
    """Return how long it takes until that many are through the door, and the corridor is empty again."""
    return COMES_IN + STOPS + GOES_IN + BEHIND * (people - 1) + LINGER


def through_at(place: int) -> float:
    """Return when the one in that place (0: the first) has gone through the door, in seconds since the first came."""
    return COMES_IN + STOPS + GOES_IN + BEHIND * place


def put_walkers(image: Image, people: int, seconds: float) -> None:
    """Draw everybody where they are after so many seconds; those in front last."""
    for place in range(people):
        mine = seconds - BEHIND * place
        if 0.0 <= mine < COMES_IN + STOPS + GOES_IN:
            _put_walker(image, place, mine)


def _put_walker(image: Image, place: int, seconds: float) -> None:
    way = min(1.0, seconds / COMES_IN)
    going_in = max(0.0, seconds - COMES_IN - STOPS) / GOES_IN
    x = _START[0] + way * (_DOOR[0] - _START[0])
    feet = _START[1] + way * (_DOOR[1] - _START[1]) - going_in * 52
    tall = _TALL_START + way * (_TALL_DOOR - _TALL_START) - going_in * 30
    walks = way < 1.0 or going_in > 0.0
    swing = 0.13 * tall * np.sin(2 * np.pi * STRIDES * seconds / 2) if walks else 0.04 * tall
    _figure(image, (x, feet), tall, swing, place)


def _figure(image: Image, at: tuple[float, float], tall: float, swing: float, place: int) -> None:
    x, feet = at
    hip, shoulder = feet - 0.47 * tall, feet - 0.82 * tall
    coat, leg = _COATS[place % len(_COATS)], max(3, round(0.075 * tall))
    for way in (swing, -swing):
        cv2.line(image, _point(x, hip), _point(x + way, feet), (38, 36, 40), leg, cv2.LINE_AA)
        cv2.line(image, _point(x, shoulder), _point(x - 1.1 * way, hip), coat, max(3, leg - 2), cv2.LINE_AA)
    centre, axes = _point(x, (hip + shoulder) / 2), (round(0.13 * tall), round(0.21 * tall))
    cv2.ellipse(image, centre, axes, 0, 0, 360, coat, -1, cv2.LINE_AA)
    _head(image, x, feet - tall, round(0.19 * tall), place)


def _head(image: Image, x: float, top: float, side: int, place: int) -> None:
    left, high = round(x - side / 2), max(0, round(top))
    if left < 0 or left + side > image.shape[1] or high + side > image.shape[0]:
        return
    portrait = cv2.resize(faces.head(faces.NAMES[place % len(faces.NAMES)]), (side, side), interpolation=cv2.INTER_AREA)
    mask = np.zeros((side, side), dtype=np.uint8)
    cv2.ellipse(mask, (side // 2, side // 2), (round(side * 0.4), side // 2), 0, 0, 360, (255,), -1)
    below = image[high : high + side, left : left + side]
    below[mask > 0] = portrait[mask > 0]


def _point(x: float, y: float) -> tuple[int, int]:
    return round(x), round(y)
