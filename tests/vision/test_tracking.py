from dataclasses import replace

import pytest

from vision.matching import Threshold
from vision.messages import Challenge, Outcome, TemplateMode
from vision.models import Face
from vision.quality import Quality
from vision.tracking import (
    CROWDED_FOR,
    GONE_AFTER,
    Ballot,
    Look,
    Presence,
    counts,
    is_present,
    overlap,
    somebody,
    verdict,
    with_look,
)

CHALLENGE = Challenge("c1", "lobby", "alice", bytes(512), TemplateMode.MEAN, started_mono=10.0, until=15.0)
BALLOT = Ballot(CHALLENGE, Threshold(same=0.4, other=0.55, fmr=1e-4))
HERE = Face(top=100, right=200, bottom=200, left=100, between_ears=100.0)
ELSEWHERE = replace(HERE, left=300, right=400)

ALICE, UNSURE, MALLORY = 0.3, 0.5, 0.7


def looks(*distances: float | Quality, face: Face = HERE, begin: float = 10.2) -> Ballot:
    """A ballot after looks 0.2 s apart: a distance (a good frame) or what was wrong with the frame."""
    ballot = BALLOT
    for index, one in enumerate(distances):
        seen_at = begin + 0.2 * index
        look = Look(seen_at, one) if isinstance(one, Quality) else Look(seen_at, Quality.GOOD, face, one)
        ballot = with_look(ballot, "lobby", look)
    return ballot


def outcome(ballot: Ballot, now: float = 12.0) -> Outcome | None:
    answer = verdict(ballot, now)
    return answer.outcome if answer else None


@pytest.mark.parametrize(
    ("camera", "seen_at", "expected"),
    [
        ("lobby", 10.001, True),
        ("lobby", 10.0, False),
        ("lobby", 9.9, False),
        ("lobby", 15.0, True),
        ("lobby", 15.001, False),
        ("parking", 11.0, False),
    ],
    ids=["after", "at the very beginning", "before", "at the very end", "too late", "another camera"],
)
def test_a_face_counts_only_if_seen_after_the_challenge_began_and_by_that_camera(camera, seen_at, expected):
    assert counts(CHALLENGE, camera, seen_at) is expected
    ballot = with_look(BALLOT, camera, Look(seen_at, Quality.GOOD, HERE, ALICE))
    assert bool(ballot.looks) is expected


@pytest.mark.parametrize(
    ("ballot", "expected"),
    [
        (looks(ALICE), None),
        (looks(ALICE, ALICE), Outcome.MATCHED),
        (looks(0.4, 0.4), Outcome.MATCHED),
        (looks(0.4, 0.401), None),
        (looks(ALICE, UNSURE, ALICE), None),
        (looks(ALICE, Quality.NOBODY, ALICE), Outcome.MATCHED),
        (looks(ALICE, Quality.SEVERAL_FACES, ALICE), None),
        (looks(MALLORY, MALLORY), None),
        (looks(MALLORY, MALLORY, MALLORY), Outcome.MISMATCH),
        (looks(MALLORY, MALLORY, UNSURE), None),
        (looks(UNSURE, UNSURE, UNSURE, ALICE, ALICE), Outcome.MATCHED),
        (looks(*[Quality.NOBODY] * 8), None),
        (looks(*[Quality.SEVERAL_FACES] * 8), None),
        (looks(*[Quality.SEVERAL_FACES] * 9), Outcome.SEVERAL_FACES),
        (looks(*[Quality.SEVERAL_FACES] * 8, ALICE), None),
    ],
    ids=[
        "one frame is no match",
        "two frames agree",
        "on the threshold",
        "just over it",
        "not in a row",
        "the detector missed a frame",
        "somebody else stepped in between",
        "two frames are no mismatch",
        "three frames clearly of another",
        "not clearly another",
        "a bad angle first",
        "nobody yet",
        "a crowd, not for long",
        "a crowd that stays",
        "a crowd that parts",
    ],
)
def test_before_the_deadline(ballot, expected):
    assert outcome(ballot, now=12.5) is expected


@pytest.mark.parametrize(
    ("ballot", "expected"),
    [
        (looks(), Outcome.NOBODY),
        (looks(ALICE), Outcome.UNSURE),
        (looks(UNSURE, UNSURE), Outcome.UNSURE),
        (looks(ALICE, UNSURE, ALICE), Outcome.UNSURE),
        (looks(MALLORY, Quality.TURNED, ALICE, MALLORY), Outcome.TURNED),
        (looks(UNSURE, UNSURE, UNSURE), Outcome.MISMATCH),
        (looks(Quality.NOBODY, Quality.TOO_SMALL), Outcome.TOO_SMALL),
        (looks(Quality.BLURRED, Quality.BLURRED, Quality.TOO_SMALL), Outcome.BLURRED),
        (looks(Quality.SEVERAL_FACES, UNSURE), Outcome.SEVERAL_FACES),
    ],
)
def test_at_the_deadline_there_is_an_answer_in_any_case(ballot, expected):
    assert outcome(ballot, now=14.999) is None
    assert outcome(ballot, now=15.0) is expected


def test_two_matching_faces_in_different_places_are_two_people():
    one = with_look(BALLOT, "lobby", Look(10.2, Quality.GOOD, HERE, ALICE))
    assert outcome(with_look(one, "lobby", Look(10.4, Quality.GOOD, ELSEWHERE, ALICE))) is None
    assert outcome(with_look(one, "lobby", Look(11.3, Quality.GOOD, HERE, ALICE))) is None


def test_a_verdict_tells_the_best_distance_the_frames_and_the_last_sight():
    answer = verdict(looks(UNSURE, 0.35, 0.3), 11.0)
    assert answer is not None
    assert (answer.challenge_id, answer.camera, answer.distance, answer.frames) == ("c1", "lobby", 0.3, 2)
    assert answer.seen_at == pytest.approx(10.6)
    nobody = verdict(BALLOT, 15.0)
    assert nobody is not None
    assert (nobody.distance, nobody.frames, nobody.seen_at) == (None, 0, 15.0)


def test_a_crowd_is_given_up_after_the_time_that_is_named():
    assert 0.2 * 7 < CROWDED_FOR <= 0.2 * 8  # what the rows above stand on


def said(*sightings: tuple[float, Quality], challenged: bool = False) -> list[float]:
    presence, times = Presence(), []
    for seen_at, judgement in sightings:
        presence, say = somebody(presence, Look(seen_at, judgement), challenged=challenged)
        times += [seen_at] if say else []
    return times


def test_a_face_is_said_once_per_person_at_the_second_look():
    good, nobody = Quality.GOOD, Quality.NOBODY
    assert said((0.0, good)) == []
    assert said((0.0, good), (0.3, good), (0.6, good), (0.9, Quality.BLURRED)) == [0.3]
    assert said((0.0, good), (0.3, nobody), (0.6, good), (1.2, good)) == [0.6]
    assert said((0.0, good), (0.3, good), (3.0, nobody), (5.0, good), (5.3, good)) == [0.3, 5.3]


def test_a_face_that_is_challenged_is_not_said_and_not_afterwards():
    assert said((0.0, Quality.GOOD), (0.3, Quality.GOOD), challenged=True) == []
    presence, _ = somebody(Presence(), Look(0.0, Quality.GOOD), challenged=True)
    presence, say = somebody(presence, Look(0.3, Quality.GOOD), challenged=False)
    assert not say
    assert is_present(presence, 0.3 + GONE_AFTER)
    assert not is_present(presence, 0.31 + GONE_AFTER)


def test_overlap_is_intersection_over_union():
    assert overlap(HERE, HERE) == 1.0
    assert overlap(HERE, ELSEWHERE) == 0.0
    assert overlap(HERE, replace(HERE, left=150, right=250)) == pytest.approx(1 / 3)
