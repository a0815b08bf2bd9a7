"""From frames to one answer: the vote of a challenge, and one sighting per person. Pure.

A frame becomes a `Look`; looks are folded into a `Ballot` (one per challenge) or a `Presence` (one per camera).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vision.liveness import TURNED_BY, Signs, did
from vision.matching import Threshold
from vision.messages import Challenge, FaceVerdict, Gesture, Liveness, Outcome
from vision.models import Face
from vision.quality import Quality

AGREEING = 2
"""Frames of one person that must match before the answer is yes."""
DISAGREEING = 3
"""Frames that must have been judged before the answer is no."""
CROWDED_FOR = 1.5
"""Seconds with several people in view after which the challenge is given up."""
SAME_PERSON_WITHIN = 1.0
"""Seconds between two looks at one person; longer, and somebody else may stand there."""
OVERLAP = 0.2
"""Intersection over union of two boxes that are one person, at 5 frames per second."""
GONE_AFTER = 2.0
"""Seconds without a face after which the next one is another person."""
NO_SIGNS = Signs()


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame of one camera showed; `distance` only where the quality is good and a template was at hand.

    `signs` of life only where a challenge asks for them.
    """

    seen_at: float
    quality: Quality
    face: Face | None = None
    distance: float | None = None
    signs: Signs = NO_SIGNS


@dataclass(frozen=True, slots=True)
class Ballot:
    """A challenge and its looks so far, oldest first; `gesture` was asked for after so many (`asked_after`)."""

    challenge: Challenge
    threshold: Threshold
    looks: tuple[Look, ...] = ()
    gesture: Gesture | None = None
    asked_after: int = 0


def counts(challenge: Challenge, camera: str, seen_at: float) -> bool:
    """Return whether a frame may count: by that camera, seen after the challenge began and before it ended."""
    return camera == challenge.camera and challenge.started_mono < seen_at <= challenge.until


def with_look(ballot: Ballot, camera: str, look: Look) -> Ballot:
    """Return the ballot after one more frame; a frame that may not count changes nothing."""
    if not counts(ballot.challenge, camera, look.seen_at):
        return ballot
    return replace(ballot, looks=(*ballot.looks, look))


def verdict(ballot: Ballot, now: float) -> FaceVerdict | None:
    """Return the answer as soon as there is one, at the deadline in any case.

    Yes after AGREEING matching looks in a row at one person, nobody else in view. No after DISAGREEING looks at clearly
    somebody else in a row, or at the deadline after as many judged looks none of which matched: a first bad angle is
    not yet a stranger, and neither is somebody known whom a busy box looked at too seldom. Otherwise, at the deadline,
    what most looks lacked. Where signs of life are asked for, a yes takes these as well.
    """
    judged = [look for look in ballot.looks if look.distance is not None]
    agreeing = _last_in_a_row(ballot.looks, ballot.threshold.same, AGREEING)
    crowded = _crowded_for(ballot.looks) >= CROWDED_FOR
    if agreeing and not crowded and ballot.challenge.liveness is not Liveness.OFF:
        lives = proof_of_life(ballot)
        if lives is None and now < ballot.challenge.until:
            return None
        return _answer(ballot, Outcome.MATCHED if lives else Outcome.NOT_LIVE, agreeing, now)
    if agreeing and ballot.challenge.liveness is Liveness.OFF:
        return _answer(ballot, Outcome.MATCHED, agreeing, now)
    if _clearly_other(judged, ballot.threshold.other):
        return _answer(ballot, Outcome.MISMATCH, judged, now)
    if crowded:
        return _answer(ballot, Outcome.SEVERAL_FACES, [], now)
    if now < ballot.challenge.until:
        return None
    if len(judged) >= DISAGREEING and not any(_is_match(look, ballot.threshold) for look in judged):
        return _answer(ballot, Outcome.MISMATCH, judged, now)
    return _answer(ballot, _commonest_fault(ballot.looks), judged, now)


def awaits_gesture(ballot: Ballot) -> bool:
    """Tell whether a gesture is to be drawn by lot now: the face is known, and nothing was asked for yet."""
    wanted = ballot.challenge.liveness is Liveness.CHALLENGE and ballot.gesture is None
    return wanted and bool(_last_in_a_row(ballot.looks, ballot.threshold.same, AGREEING)) and not _framed(ballot)


def with_gesture(ballot: Ballot, gesture: Gesture) -> Ballot:
    """Return the ballot after that gesture was asked for."""
    return replace(ballot, gesture=gesture, asked_after=len(ballot.looks))


def proof_of_life(ballot: Ballot) -> bool | None:
    """Tell whether what was matched lives, by what the challenge asks; None: not known yet.

    A gesture counts when one face, never out of sight for longer than SAME_PERSON_WITHIN nor beside another, matched
    before it, made it without being clearly somebody else, and matched again after it.
    """
    if _framed(ballot):
        return False
    if ballot.challenge.liveness is Liveness.PASSIVE:
        return True
    if ballot.gesture is None:
        return None
    before, since = ballot.looks[: ballot.asked_after], ballot.looks[ballot.asked_after :]
    track = _unbroken(before, since)
    for count in range(1, len(track) + 1):
        done = did(ballot.gesture, [look.signs for look in before if look.face], [look.signs for look in track[:count]])
        if done is False:
            return False
        if done:
            matched = any(_is_match(look, ballot.threshold) for look in track[count:])
            return False if _strange(track, ballot.threshold) else True if matched else None
    return None


def _strange(track: Sequence[Look], threshold: Threshold) -> bool:
    """Tell whether somebody else made the gesture. A face aside is hard to know, so only looks straight on say so."""
    straight = [look for look in track if abs(look.signs.sideways) < TURNED_BY]
    return sum(look.distance is not None and look.distance > threshold.other for look in straight) >= AGREEING


def _is_match(look: Look, threshold: Threshold) -> bool:
    return look.distance is not None and look.distance <= threshold.same


def _framed(ballot: Ballot) -> bool:
    """Tell whether most looks at a face saw the edges of a sheet around it."""
    faces = [look for look in ballot.looks if look.face is not None]
    return len(faces) >= AGREEING and 2 * sum(look.signs.framed for look in faces) > len(faces)


def _unbroken(before: Sequence[Look], since: Sequence[Look]) -> list[Look]:
    """Return the looks since, as far as they are at the one face that was last seen before."""
    last = next((look for look in reversed(before) if look.face is not None), None)
    track: list[Look] = []
    for look in since:
        if look.quality is Quality.SEVERAL_FACES or last is None:
            break
        if look.face is None:
            continue
        if not _one_person(last, look):
            break
        track.append(look)
        last = look
    return track


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether somebody's face is before one camera, and whether that was said already."""

    since: float | None = None
    last: float = 0.0
    said: bool = False


def is_present(presence: Presence, now: float) -> bool:
    """Return whether somebody was seen within the last GONE_AFTER seconds."""
    return presence.since is not None and now - presence.last <= GONE_AFTER


def somebody(presence: Presence, look: Look, *, challenged: bool) -> tuple[Presence, bool]:
    """Return the presence after a look, and whether to say "a face at the door" now: once per person.

    Said at the second look at a face; whoever is being challenged needs no saying.
    """
    present = presence if is_present(presence, look.seen_at) else Presence()
    if look.quality is Quality.NOBODY:
        return present, False
    second = present.since is not None
    say = second and not present.said and not challenged
    since = look.seen_at if present.since is None else present.since
    return Presence(since, look.seen_at, present.said or say or challenged), say


def _last_in_a_row(looks: Sequence[Look], same: float, wanted: int) -> list[Look]:
    row: list[Look] = []
    for look in looks:
        if look.distance is None and look.quality is not Quality.SEVERAL_FACES:
            continue  # the detector misses a frame now and then; _one_person bounds the gap
        matches = look.distance is not None and look.distance <= same
        row = ([*row, look] if row and _one_person(row[-1], look) else [look]) if matches else []
        if len(row) >= wanted:
            return row
    return []


def _one_person(before: Look, after: Look) -> bool:
    if before.face is None or after.face is None or after.seen_at - before.seen_at > SAME_PERSON_WITHIN:
        return False
    return overlap(before.face, after.face) >= OVERLAP


def overlap(a: Face, b: Face) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    high = min(a.bottom, b.bottom) - max(a.top, b.top)
    wide = min(a.right, b.right) - max(a.left, b.left)
    shared = max(0, high) * max(0, wide)
    areas = (a.bottom - a.top) * (a.right - a.left) + (b.bottom - b.top) * (b.right - b.left)
    return shared / (areas - shared) if areas > shared else 0.0


def _clearly_other(judged: Sequence[Look], other: float) -> bool:
    latest = judged[-DISAGREEING:]
    return len(latest) == DISAGREEING and all(look.distance is not None and look.distance > other for look in latest)


def _crowded_for(looks: Sequence[Look]) -> float:
    crowded = 0.0
    for look in reversed(looks):
        if look.quality is not Quality.SEVERAL_FACES:
            break
        crowded = looks[-1].seen_at - look.seen_at
    return crowded


def _commonest_fault(looks: Sequence[Look]) -> Outcome:
    faults = [Outcome(look.quality) for look in looks if look.quality not in (Quality.GOOD, Quality.NOBODY)]
    seen_well = any(look.distance is not None for look in looks)
    return max(faults, key=faults.count) if faults else Outcome.UNSURE if seen_well else Outcome.NOBODY


def _answer(ballot: Ballot, outcome: Outcome, used: Sequence[Look], now: float) -> FaceVerdict:
    distances = [look.distance for look in used if look.distance is not None]
    return FaceVerdict(
        challenge_id=ballot.challenge.challenge_id,
        camera=ballot.challenge.camera,
        outcome=outcome,
        distance=min(distances, default=None),
        frames=len(used),
        seen_at=used[-1].seen_at if used else now,
    )
