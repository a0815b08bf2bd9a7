"""What one camera is watched for: people in parts of its picture, across lines in it, and through doors.

A `Watcher` is given each picture as a Y plane and, at a pace that a shared `Pace` allows, people from the detector; it
says what changed. It reads no clock and no camera.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from vision import foreground
from vision.following import Followed, Track, followed
from vision.foreground import Blob, Ground, Part
from vision.messages import Looks, PersonCrossed, Polygon, Sight, SightChanged, Watch
from vision.models import Image
from vision.motion import Grey

CLEAR_AFTER = 3.0
"""Seconds without anybody after which a point is quiet again."""
STAYS = 0.35
"""Seconds that somebody must be there: one picture is no intruder."""
OFTEN, SELDOM, KEEP_EVERY = 0.18, 0.5, 1.0
"""Seconds between two searches for people: where they are counted or something new moves, where it has moved for a
while, and where people only stand.
"""
NEW_FOR = 2.0
MARGIN = 0.012
"""Part of the picture within which a foot is on a line, and on neither side of it."""
REACH = 0.05
"""So much longer than drawn a line is at both ends, in parts of its length."""
AROUND, LEAST_REGION = 0.25, 0.4
"""A search sees what moves, this share of it around that, and at least this share of the picture's width."""
NEAR_EDGE = 0.995
"""A foot that the picture's lower edge cuts off stands on that edge."""

Find = Callable[[Image], Sequence[Part]]
"""Finds people in an RGB picture; returns their boxes in parts of it."""


class Pace:
    """How often all cameras together may search for people: counting comes first, the rest share what is left."""

    def __init__(self, per_second: float) -> None:
        self._every, self._next = 1.0 / per_second, 0.0

    def allows(self, now: float, *, urgent: bool) -> bool:
        """Return whether to search now; a search that is urgent is put on the others' account."""
        if now < self._next and not urgent:
            return False
        self._next = max(self._next, now) + self._every
        self._next = min(self._next, now + 1.0)
        return True


@dataclass(slots=True)
class _Told:
    """One sight: since when somebody is there, when last, and what was said."""

    since: float | None = None
    last: float = -CLEAR_AFTER
    active: bool | None = None
    stays: dict[int, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Way:
    """Where a track was last seen clearly on one side of a line, and crossings of it that were not told yet."""

    side: int
    at: tuple[float, float]
    untold: list[bool] = field(default_factory=list)


class Watcher:
    """The memory of one camera's watch."""

    def __init__(self, watch: Watch, pace: Pace) -> None:
        self._watch, self._pace = watch, pace
        self._ground: Ground | None = None
        self._ignored: NDArray[np.bool_] | None = None
        self._followed = Followed()
        self._searched = -KEEP_EVERY
        self._told = {sight.point: _Told() for sight in watch.sights}
        self._ways: dict[tuple[int, str], _Way] = {}

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Everybody and everything that is followed now."""
        return self._followed.tracks

    def look(
        self, luma: Grey, picture: Callable[[], Image], find: Find | None, now: float
    ) -> list[SightChanged | PersonCrossed]:
        """Return what changed with one more picture; `picture` makes it RGB where people are searched for.

        Without a detector (`find` is None) whoever moves like somebody counts as somebody.
        """
        plane = foreground.small(luma)
        if self._ignored is None or self._ignored.shape != plane.shape:
            self._ignored = _painted(self._watch.ignored, plane.shape)
        before = self._ground
        self._ground, blobs = foreground.looked(before, plane, now, least=self._watch.least, ignored=self._ignored)
        people = None
        if find is not None and self._wants_people(blobs, now):
            people = _people(picture(), self._region(blobs), find)
            self._searched = now
        self._followed = followed(self._followed, blobs, people, now)
        self._forget()
        said: list[SightChanged | PersonCrossed] = []
        for sight in self._watch.sights:
            said += self._judged(sight, blobs, now)
        for line in self._watch.counting:
            crossed = self._crossed(line.door, line.ends, line.beyond, now)
            said += [PersonCrossed(self._watch.camera, line.door, beyond) for beyond in crossed]
        return said

    def _wants_people(self, blobs: Sequence[Blob], now: float) -> bool:
        if not any(sight.people for sight in self._watch.sights) and not self._watch.counting:
            return False
        if blobs:
            new = any(t.person_at is None and now - t.began < NEW_FOR for t in self._followed.tracks)
            every = OFTEN if self._watch.counting or new else SELDOM
        elif any(track.person_at is not None for track in self._followed.tracks):
            every = KEEP_EVERY
        else:
            return False
        return now - self._searched >= every and self._pace.allows(now, urgent=bool(self._watch.counting))

    def _region(self, blobs: Sequence[Blob]) -> Part:
        """Return the part of the picture to search: what moves and whom we know, with some room around."""
        boxes = [blob.box for blob in blobs] + [t.box for t in self._followed.tracks if t.person_at is not None]
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
        wide = max((1 + 2 * AROUND) * (right - left), LEAST_REGION)
        high = max((1 + 2 * AROUND) * (bottom - top), LEAST_REGION)
        x, y = (left + right) / 2, (top + bottom) / 2
        return max(0.0, x - wide / 2), max(0.0, y - high / 2), min(1.0, x + wide / 2), min(1.0, y + high / 2)

    def _forget(self) -> None:
        alive = {track.number for track in self._followed.tracks}
        self._ways = {key: way for key, way in self._ways.items() if key[0] in alive}
        for told in self._told.values():
            told.stays = {number: since for number, since in told.stays.items() if number in alive}

    def _judged(self, sight: Sight, blobs: Sequence[Blob], now: float) -> list[SightChanged | PersonCrossed]:
        told = self._told[sight.point]
        if self._is_there(sight, told, blobs, now):
            told.since = now if told.since is None else told.since
            told.last = now
        elif now - told.last > STAYS:
            told.since = None
        at_once = sight.looks is not Looks.INTRUSION
        active = told.active or False
        if told.since is not None and (at_once or now - told.since >= STAYS):
            active = True
        elif now - told.last >= CLEAR_AFTER:
            active = False
        if active == told.active or self._ground is None or not self._ground.settled(now):
            return []
        told.active = active
        return [SightChanged(self._watch.camera, sight.point, active)]

    def _is_there(self, sight: Sight, told: _Told, blobs: Sequence[Blob], now: float) -> bool:
        if sight.looks is Looks.LINE:
            assert sight.shape  # noqa: S101 - the site file has two ends
            ways = self._crossed(sight.point, sight.shape, sight.beyond, now)
            return any(way or sight.beyond is None for way in ways)
        if not sight.people:
            return any(_touches(sight.shape, blob.box) for blob in blobs)
        inside = [t for t in self._followed.tracks if t.somebody and holds(sight.shape, t.foot)]
        if sight.looks is Looks.INTRUSION:
            return any(now - track.seen < STAYS for track in inside)
        told.stays = {track.number: told.stays.get(track.number, now) for track in inside}
        return any(now - since >= sight.seconds for since in told.stays.values())

    def _crossed(self, name: str, ends: Polygon, beyond: tuple[float, float] | None, now: float) -> list[bool]:
        """Return the crossings of a line by people, True for each towards `beyond`. Whoever turns out to be somebody
        only later has crossed all the same.
        """
        towards = 1 if beyond is None else _side(ends, beyond)
        told = []
        for track in self._followed.tracks:
            if track.seen < now:
                continue
            way = self._ways.get((track.number, name))
            side = _side(ends, track.foot)
            if way is None:
                if side:
                    self._ways[track.number, name] = _Way(side, track.foot)
                continue
            if side and side != way.side and _meets(ends, way.at, track.foot):
                way.untold.append(side == towards)
            if side:
                way.side, way.at = side, track.foot
            if track.somebody:
                told += way.untold
                way.untold = []
        return told


def holds(shape: Polygon, place: tuple[float, float]) -> bool:
    """Tell whether a place lies in a polygon; the picture's lower edge belongs to what reaches down to it."""
    corners = np.array(shape, dtype=np.float32)
    return cv2.pointPolygonTest(corners, (place[0], min(place[1], NEAR_EDGE)), measureDist=False) >= 0


def _touches(shape: Polygon, box: Part) -> bool:
    """Tell whether a box's middle or the middle of its lower edge lies in a polygon."""
    x = (box[0] + box[2]) / 2
    return holds(shape, (x, box[3])) or holds(shape, (x, (box[1] + box[3]) / 2))


def _side(ends: Polygon, place: tuple[float, float]) -> int:
    """Return on which side of a line a place is, 1 or -1; 0 on the line itself."""
    (ax, ay), (bx, by) = ends
    long = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    far = ((bx - ax) * (place[1] - ay) - (by - ay) * (place[0] - ax)) / long
    return 0 if abs(far) < MARGIN else 1 if far > 0 else -1


def _meets(ends: Polygon, before: tuple[float, float], after: tuple[float, float]) -> bool:
    """Tell whether the way between two places, on either side of a line, crosses it between its ends."""
    (ax, ay), (bx, by) = ends
    (px, py), (qx, qy) = before, after
    along, across = (bx - ax, by - ay), (qx - px, qy - py)
    turn = along[0] * across[1] - along[1] * across[0]
    if turn == 0:
        return False
    where = ((px - ax) * across[1] - (py - ay) * across[0]) / turn
    return -REACH <= where <= 1 + REACH


def _people(picture: Image, region: Part, find: Find) -> list[Part]:
    """Search a part of a picture; return boxes in parts of the whole."""
    height, width = picture.shape[:2]
    left, top, right, bottom = (round(a * b) for a, b in zip(region, (width, height, width, height), strict=True))
    found = find(np.ascontiguousarray(picture[top:bottom, left:right]))
    wide, high = (right - left) / width, (bottom - top) / height
    return [
        (region[0] + a * wide, region[1] + b * high, region[0] + c * wide, region[1] + d * high) for a, b, c, d in found
    ]


def _painted(shapes: Sequence[Polygon], size: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(size, dtype=np.uint8)
    for shape in shapes:
        corners = np.round(np.array(shape) * (size[1], size[0])).astype(np.int32)
        cv2.fillPoly(mask, [corners], (1,))
    return mask.astype(bool)
