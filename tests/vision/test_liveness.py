"""A face or a picture of one: signs of single frames, gestures over a track, and both over real RTSP."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from simulators import faces
from simulators.scene import Scene, drawn
from tests.vision.test_supervisor import building
from tests.vision.test_tracking import ALICE, BALLOT, CHALLENGE, HERE, MALLORY, UNSURE, outcome
from vision.eyelids import load_eyelids
from vision.liveness import CLOSED_AT, TURNED_BY, Signs, did, is_framed
from vision.messages import (
    CameraUp,
    Challenge,
    EngineReady,
    FaceVerdict,
    Gesture,
    GestureAsked,
    Liveness,
    Outcome,
    TemplateMode,
)
from vision.models import Face
from vision.pose import sideways
from vision.quality import Quality
from vision.tracking import Look, awaits_gesture, with_gesture, with_look

LEFT, RIGHT, CLOSE = Gesture.TURN_LEFT, Gesture.TURN_RIGHT, Gesture.CLOSE_EYES
STILL, FRAMED = Signs(sideways=0.01, eyelids=0.3), Signs(framed=True, sideways=0.01, eyelids=0.3)
TO_LEFT, TO_RIGHT = Signs(sideways=0.2, eyelids=0.3), Signs(sideways=-0.2, eyelids=0.3)
SHUT = Signs(sideways=0.01, eyelids=0.1)
POINTS = ((40.0, 50.0), (80.0, 52.0), (61.0, 75.0), (45.0, 95.0), (76.0, 96.0))

small = some.floats(-0.5, 0.5)


@given(a=small, b=small, c=small, d=small, x=some.floats(-50, 50), y=some.floats(-50, 50))
def test_no_tilt_of_a_flat_picture_turns_its_head(a, b, c, d, x, y):
    tilt = np.array([[1 + a, b], [c, 1 + d]])
    assume(abs(np.linalg.det(tilt)) > 0.1)
    moved = tuple((float(px), float(py)) for px, py in np.asarray(POINTS) @ tilt.T + (x, y))
    flat = Face(0, 100, 100, 0, 80.0, POINTS)
    assert sideways(replace(flat, landmarks=moved)) == pytest.approx(sideways(flat), abs=1e-6)


def test_landmarks_on_one_line_or_none_say_nothing():
    assert np.isnan(sideways(HERE))
    assert np.isnan(sideways(replace(HERE, landmarks=((0.0, 0.0),) * 5)))


def person(engine, name, **scene):
    image = drawn("", Scene(people=(name,), **scene), 0)
    return image, engine.find(image)[0]


@pytest.mark.parametrize("name", faces.NAMES)
def test_a_head_that_turns_is_told_from_paper_that_is_tilted_and_from_paper_that_is_held_still(engine, name):
    for to in (1.0, -1.0):
        assert sideways(person(engine, name, turned_head=to)[1]) * to > TURNED_BY
        assert abs(sideways(person(engine, name, turned_head=to, photo=True)[1])) < TURNED_BY / 4
    assert is_framed(*person(engine, name, photo=True))
    assert not is_framed(*person(engine, name))


def test_eyes_that_close_are_seen(engine):
    eyelids = load_eyelids()
    opened, closed = (eyelids.openness(*person(engine, "astronaut", eyes_closed=shut)) for shut in (False, True))
    assert closed < CLOSED_AT * opened


@pytest.mark.parametrize(
    ("gesture", "since", "done"),
    [
        (LEFT, [STILL], None),
        (LEFT, [replace(STILL, sideways=0.01 + TURNED_BY - 0.001)], None),
        (LEFT, [replace(STILL, sideways=0.01 + TURNED_BY + 0.001)], True),
        (LEFT, [TO_RIGHT, TO_LEFT], False),
        (RIGHT, [STILL, TO_RIGHT], True),
        (RIGHT, [TO_LEFT], False),
        (LEFT, [replace(STILL, sideways=float("nan"))], None),
        (CLOSE, [SHUT], None),
        (CLOSE, [SHUT, STILL, SHUT], None),
        (CLOSE, [SHUT, SHUT], True),
        (CLOSE, [replace(SHUT, eyelids=float("nan"))] * 3, None),
    ],
)
def test_a_gesture_is_made_not_made_or_the_wrong_one(gesture, since, done):
    assert did(gesture, [STILL, STILL, STILL], since) is done


def test_closing_cannot_be_told_of_eyes_that_were_hardly_open():
    assert did(CLOSE, [replace(STILL, eyelids=0.19)] * 2, [replace(SHUT, eyelids=0.01)] * 3) is None


def ballot(liveness, *looks, gesture_after=None, gesture=LEFT):
    """A ballot after looks 0.2 s apart: (distance, signs) or what was wrong with the frame."""
    known = replace(BALLOT, challenge=replace(CHALLENGE, liveness=liveness))
    for index, one in enumerate(looks):
        at = 10.2 + 0.2 * index
        quality = one if isinstance(one, Quality) else Quality.GOOD
        look = Look(at, quality) if isinstance(one, Quality) else Look(at, quality, HERE, one[0], one[1])
        known = with_look(known, "lobby", look)
        if gesture_after == index:
            known = with_gesture(known, gesture)
    return known


def test_where_nothing_is_asked_a_frame_around_a_face_says_nothing():
    assert outcome(ballot(Liveness.OFF, (ALICE, FRAMED), (ALICE, FRAMED))) is Outcome.MATCHED


def test_a_matching_face_on_a_sheet_is_no_person():
    assert outcome(ballot(Liveness.PASSIVE, (ALICE, FRAMED), (ALICE, FRAMED))) is Outcome.NOT_LIVE
    assert outcome(ballot(Liveness.PASSIVE, (ALICE, FRAMED), (ALICE, STILL))) is Outcome.MATCHED  # half is not most
    assert outcome(ballot(Liveness.PASSIVE, (ALICE, STILL), (ALICE, STILL))) is Outcome.MATCHED


def test_a_gesture_is_asked_for_once_the_face_is_known_and_once():
    assert not awaits_gesture(ballot(Liveness.CHALLENGE, (ALICE, STILL)))
    known = ballot(Liveness.CHALLENGE, (ALICE, STILL), (ALICE, STILL))
    assert awaits_gesture(known)
    assert not awaits_gesture(with_gesture(known, LEFT))
    assert not awaits_gesture(ballot(Liveness.PASSIVE, (ALICE, STILL), (ALICE, STILL)))
    assert not awaits_gesture(ballot(Liveness.CHALLENGE, (ALICE, FRAMED), (ALICE, FRAMED)))


KNOWN = ((ALICE, STILL), (ALICE, STILL))


@pytest.mark.parametrize(
    ("since", "now", "expected"),
    [
        ([], 12.0, None),
        ([], 15.0, Outcome.NOT_LIVE),
        ([(UNSURE, TO_LEFT)], 12.0, None),
        ([(UNSURE, TO_LEFT), (ALICE, STILL)], 12.0, Outcome.MATCHED),
        ([(MALLORY, TO_LEFT), (ALICE, STILL)], 12.0, Outcome.MATCHED),  # a face aside is hard to know
        ([(ALICE, TO_RIGHT)], 12.0, Outcome.NOT_LIVE),
        ([(ALICE, TO_LEFT), (MALLORY, STILL)], 15.0, Outcome.NOT_LIVE),
        ([(MALLORY, STILL), (MALLORY, STILL), (MALLORY, TO_LEFT), (ALICE, STILL)], 12.0, Outcome.NOT_LIVE),
        ([Quality.SEVERAL_FACES, (ALICE, TO_LEFT), (ALICE, STILL)], 15.0, Outcome.NOT_LIVE),
        ([Quality.NOBODY] * 6 + [(ALICE, TO_LEFT), (ALICE, STILL)], 15.0, Outcome.NOT_LIVE),  # away for 1.2 s
        ([Quality.NOBODY, (ALICE, TO_LEFT), (ALICE, STILL)], 12.0, Outcome.MATCHED),
    ],
)
def test_a_gesture_counts_by_the_face_that_was_known_and_in_one_go(since, now, expected):
    known = ballot(Liveness.CHALLENGE, *KNOWN, *since, gesture_after=1)
    assert outcome(known, now) is expected


def test_who_is_somebody_else_is_refused_as_ever():
    strangers = ballot(Liveness.CHALLENGE, *((MALLORY, STILL),) * 3)
    assert outcome(strangers) is Outcome.MISMATCH
    assert outcome(ballot(Liveness.CHALLENGE, Quality.NOBODY), 15.0) is Outcome.NOBODY


def test_a_crowd_that_comes_up_is_no_spoof():
    crowd = ballot(Liveness.CHALLENGE, *KNOWN, *(Quality.SEVERAL_FACES,) * 9, gesture_after=1)
    assert outcome(crowd, 15.0) is Outcome.SEVERAL_FACES


@pytest.mark.timeout(120)
def test_over_real_rtsp_a_photo_is_held_up_and_a_person_does_what_was_drawn_by_lot(embeddings):
    template = np.mean(embeddings("astronaut"), axis=0).astype("<f4").tobytes()

    async def story():
        async with building() as here:
            await here.next(CameraUp)
            await here.next(EngineReady)

            def ask(name, liveness, seconds):
                now = asyncio.get_running_loop().time()
                about = (name, "lobby", "eileen", template, TemplateMode.MEAN, now, now + seconds)
                here.supervisor.post(Challenge(*about, liveness=liveness))

            async def held_up(name):
                """On a busy machine no two looks in a row may be at the photo: it is nobody's face then either."""
                ask(name, Liveness.PASSIVE, 20.0)
                outcome = (await here.next(FaceVerdict)).outcome
                assert outcome is not Outcome.MATCHED
                return outcome is Outcome.NOT_LIVE

            here.cameras.show_face("lobby", "astronaut", photo=True)
            await asyncio.sleep(0.5)  # a frame of before may be on its way
            assert await held_up("photo") or await held_up("photo again") or await held_up("photo once more")

            async def obeyed(name):
                """Do what is asked for; on a busy machine a face may be out of sight for too long meanwhile."""
                here.cameras.show_face("lobby", "astronaut")
                await asyncio.sleep(0.5)
                ask(name, Liveness.CHALLENGE, 10.0)
                asked = await here.next(GestureAsked)
                if asked.gesture is Gesture.CLOSE_EYES:
                    here.cameras.close_eyes("lobby")
                else:
                    here.cameras.turn_head("lobby", 1.0 if asked.gesture is Gesture.TURN_LEFT else -1.0)
                await asyncio.sleep(1.5)
                here.cameras.show_face("lobby", "astronaut")
                return (await here.next(FaceVerdict)).outcome is Outcome.MATCHED

            for pose in ({"turned_head": 1.0}, {"turned_head": -1.0}, {"eyes_closed": True}, {}):
                await here.cameras.film("lobby", Scene(people=("astronaut",), **pose), "lobby")  # drawn once
            assert any([await obeyed(f"try {number}") for number in range(2)]) or await obeyed("once more")

            ask("stiff", Liveness.CHALLENGE, 3.0)
            assert (await here.next(FaceVerdict)).outcome is Outcome.NOT_LIVE

    asyncio.run(story())
