"""Who is who from one picture to the next: tracks of people and of what moves. Pure.

People come from the detector, which does not look at every picture and misses some; blobs come from every picture, and
cannot tell two who walk side by side apart. A track is carried by whichever of the two shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vision.foreground import Blob, Part

SAME = 0.2
"""Intersection over union of two boxes that may be one and the same."""
PATIENCE = 1.5
"""Seconds that somebody may be hidden behind somebody else, or be missed."""
MOTION_PATIENCE = 0.7
"""Seconds that something which only moves may stand still."""
LIKE_SOMEBODY = 0.25
"""Share of the picture's width that something must have moved by, away from where it began, to count as somebody."""
FOR_LONG = 1.5
"""Seconds that it must have moved for."""
STALE = 0.3
"""So much of their likeness a second without being seen costs: of two who may be there, it is who was there last."""
EXPLAINED = 0.5
"""Share of a blob inside people's boxes from which on it is nothing else."""
MOVES = 0.15
"""Share of a person's box that blobs must fill for somebody new: posters and statues do not move."""
ALIKE = (0.5, 2.0)
"""A blob this many times as large as somebody may be the same; others are several, or a part."""


@dataclass(frozen=True, slots=True)
class Track:
    """Somebody, or something that moves. Boxes and places in parts of the picture, times in monotonic seconds.

    ``person_at``: when the detector last found a person there. ``reach``: how far it has been from where it began.
    """

    number: int
    box: Part
    began: float
    start: tuple[float, float]
    seen: float
    person_at: float | None = None
    reach: float = 0.0

    @property
    def foot(self) -> tuple[float, float]:
        """Where it stands: the middle of its lower edge."""
        return (self.box[0] + self.box[2]) / 2, self.box[3]

    @property
    def somebody(self) -> bool:
        """Whether it counts as a person: one was seen there, or it moved like one."""
        return self.person_at is not None or (self.reach >= LIKE_SOMEBODY and self.seen - self.began >= FOR_LONG)


@dataclass(frozen=True, slots=True)
class Followed:
    """All tracks, the oldest first, and the number of the next."""

    tracks: tuple[Track, ...] = ()
    next: int = 1


def followed(before: Followed, blobs: Sequence[Blob], people: Sequence[Part] | None, now: float) -> Followed:
    """Return the tracks after one more picture; ``people`` is None where the detector did not look."""
    found = [_standing(person, blobs) for person in people or ()]
    loose = [blob for blob in blobs if sum(_inside(blob.box, person) for person in found) < EXPLAINED]
    kept, new_people = _matched(before.tracks, found, now, person=True)
    left = [track for track in before.tracks if track.number not in kept]
    similar = [blob.box for blob in loose]
    moved, _ = _matched([t for t in left if any(_alike(t, box) for box in similar)], similar, now, person=False)
    taken = {track.box for track in moved.values()}
    fresh = [box for box in similar if box not in taken and not _hides(box, left)]
    tracks = [kept.get(t.number) or moved.get(t.number) or _waiting(t, blobs, now) for t in before.tracks]
    number, born = before.next, list[Track]()
    for box, at in [*((b, now) for b in new_people if _stirs(b, blobs)), *((b, None) for b in fresh)]:
        foot = ((box[0] + box[2]) / 2, box[3])
        born.append(Track(number + len(born), box, now, foot, now, at))
    alive = (track for track in tracks if now - track.seen <= (PATIENCE if track.somebody else MOTION_PATIENCE))
    return Followed((*alive, *born), number + len(born))


def overlap(a: Part, b: Part) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    shared = _shared(a, b)
    return shared / (_size(a) + _size(b) - shared) if shared else 0.0


def _matched(
    tracks: Sequence[Track], boxes: Sequence[Part], now: float, *, person: bool
) -> tuple[dict[int, Track], list[Part]]:
    """Give each track the box most like it; return those that have one, by number, and the boxes left over."""
    pairs = [(overlap(t.box, box), t, i) for t in tracks for i, box in enumerate(boxes)]
    likely = sorted(
        ((alike - STALE * _unseen(t, now), t.number, i) for alike, t, i in pairs if alike >= SAME), key=_first
    )
    by_number, found, used = {t.number: t for t in tracks}, dict[int, Track](), set[int]()
    for _, number, index in likely:
        if number not in found and index not in used:
            found[number] = _moved(by_number[number], boxes[index], now, person=person)
            used.add(index)
    return found, [box for index, box in enumerate(boxes) if index not in used]


def _first(pair: tuple[float, int, int]) -> tuple[float, int]:
    return -pair[0], pair[1]


def _unseen(track: Track, now: float) -> float:
    """Return for how many seconds nobody was seen there."""
    return now - (track.seen if track.person_at is None else track.person_at)


def _moved(track: Track, box: Part, now: float, *, person: bool) -> Track:
    now_there = replace(track, box=box, seen=now, person_at=now if person else track.person_at)
    x, y = now_there.foot
    away = ((x - track.start[0]) ** 2 + (y - track.start[1]) ** 2) ** 0.5
    return replace(now_there, reach=max(track.reach, away))


def _waiting(track: Track, blobs: Sequence[Blob], now: float) -> Track:
    """Somebody hidden among others who move is still there, where they were last seen."""
    hidden = any(_inside(track.box, blob.box) >= EXPLAINED for blob in blobs)
    recent = track.person_at is not None and now - track.person_at <= PATIENCE
    return replace(track, seen=now) if hidden and recent else track


def _standing(person: Part, blobs: Sequence[Blob]) -> Part:
    """Return the person's box down to the feet, which the detector may miss, where a blob of their own shows them."""
    for blob in blobs:
        left, _, right, bottom = blob.box
        own = _inside(person, blob.box) > EXPLAINED and right - left <= 1.5 * (person[2] - person[0])
        if own and person[3] < bottom <= person[3] + 0.5 * (person[3] - person[1]):
            return (person[0], person[1], person[2], bottom)
    return person


def _alike(track: Track, box: Part) -> bool:
    least, most = ALIKE
    return track.person_at is None or least <= _size(box) / max(_size(track.box), 1e-9) <= most


def _hides(box: Part, tracks: Sequence[Track]) -> bool:
    """Tell whether a blob is what somebody known is hidden in: it is nobody new."""
    return any(track.person_at is not None and _inside(track.box, box) >= EXPLAINED for track in tracks)


def _stirs(box: Part, blobs: Sequence[Blob]) -> bool:
    return sum(_shared(box, blob.box) for blob in blobs) >= MOVES * _size(box)


def _inside(box: Part, other: Part) -> float:
    """Return the share of a box that lies in another."""
    size = _size(box)
    return _shared(box, other) / size if size else 0.0


def _shared(a: Part, b: Part) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _size(box: Part) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
