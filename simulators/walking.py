"""People who walk up to the corridor's door, stop before it, and go in: drawn figures with a stride."""

from itertools import pairwise

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
_TROUSERS, _TROUSERS_BEHIND, _SHOES, _SKIN = (44, 46, 58), (34, 35, 44), (24, 22, 22), (194, 157, 135)
_QUEUE = 0.22
"""Share of the way that each keeps from the one in front, who stands before the door."""
_CLOSES_UP = 0.4
"""Seconds in which they go on once the one in front is through."""
_STANCE = 0.12
"""Share of their height between the feet of those who stand."""


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
    way = min(seconds / COMES_IN, 1.0 - _QUEUE * _in_front(place, seconds))
    going_in = max(0.0, seconds - COMES_IN - STOPS) / GOES_IN
    x = _START[0] + way * (_DOOR[0] - _START[0])
    feet = _START[1] + way * (_DOOR[1] - _START[1]) - going_in * 52
    tall = _TALL_START + way * (_TALL_DOOR - _TALL_START) - going_in * 30
    walks = seconds / COMES_IN <= way or going_in > 0.0
    swing = 0.13 * tall * float(np.sin(2 * np.pi * STRIDES * seconds / 2)) if walks else _STANCE * tall
    _figure(image, (x, feet), tall, swing, place)


def _in_front(place: int, seconds: float) -> float:
    """Return how many still stand before the door; whoever has just gone through counts in part."""
    through = (through_at(other) - BEHIND * place for other in range(place))
    return sum(min(1.0, max(0.0, (at + _CLOSES_UP - seconds) / _CLOSES_UP)) for at in through)


def _figure(image: Image, at: tuple[float, float], tall: float, swing: float, place: int) -> None:
    x, feet = at
    hip, shoulder, elbow, hand = (feet - share * tall for share in (0.48, 0.77, 0.62, 0.47))
    coat = _COATS[place % len(_COATS)]
    sleeve = tuple(round(colour * 0.78) for colour in coat)
    for side, colour in ((-1, _TROUSERS_BEHIND), (1, _TROUSERS)):
        sole = x + side * swing
        bent = [(x + side * 0.03 * tall, hip), (x + side * swing / 2, feet - 0.26 * tall), (sole, feet - 0.03 * tall)]
        _limb(image, bent, 0.1 * tall, colour)
        shoe = (max(2, round(0.055 * tall)), max(2, round(0.022 * tall)))
        cv2.ellipse(image, _point(sole + 0.03 * tall, feet - 0.015 * tall), shoe, 0, 0, 360, _SHOES, -1, cv2.LINE_AA)
    arms = [
        [(x + side * 0.11 * tall, shoulder), (x + side * (0.13 * tall + swing / 3), elbow), (x + side * swing, hand)]
        for side in (-1, 1)
    ]
    _limb(image, arms[0], 0.06 * tall, sleeve)
    half = ((0.11, feet - 0.81 * tall), (0.125, elbow), (0.1, hip + 0.04 * tall))
    outline = [_point(x + share * tall, y) for share, y in half] + [
        _point(x - share * tall, y) for share, y in half[::-1]
    ]
    cv2.fillPoly(image, [np.array(outline)], coat, cv2.LINE_AA)
    _limb(image, arms[1], 0.06 * tall, sleeve)
    cv2.circle(image, _point(*arms[1][-1]), max(2, round(0.025 * tall)), _SKIN, -1, cv2.LINE_AA)
    _limb(image, [(x, shoulder), (x, feet - 0.86 * tall)], 0.06 * tall, _SKIN)
    _head(image, x, feet - tall, round(0.18 * tall), place)


def _limb(image: Image, joints: list[tuple[float, float]], wide: float, colour: tuple[int, ...]) -> None:
    for start, end in pairwise(joints):
        cv2.line(image, _point(*start), _point(*end), colour, max(2, round(wide)), cv2.LINE_AA)


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
