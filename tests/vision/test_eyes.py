"""The worker's turns, with a clock, an engine and cameras that the test holds in its hand."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from vision.eyes import Eyes
from vision.matching import Calibration, CalibrationError, Threshold, to_bytes
from vision.messages import (
    DIMENSIONS,
    CancelChallenge,
    Challenge,
    EngineKind,
    EngineReady,
    EngineRefused,
    Enrol,
    EnrolmentRefused,
    FaceAtDoor,
    FaceSpotted,
    FaceVerdict,
    FrameCount,
    Heartbeat,
    Outcome,
    PhotoProblem,
    Stop,
    TemplateMode,
    Watch,
    WatchList,
)
from vision.models import Face, ModelRefusedError
from vision.motion import STAYS_AWAKE

ALICE, MALLORY, EMPTY = 1, 2, 0
WALL = np.full((120, 160), 100, dtype=np.uint8)
PATTERN = (np.indices((120, 160)).sum(axis=0) % 2 * 80).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class FakeFrame:
    """A frame whose pixels say who stands there."""

    seen_at: float
    person: int

    def luma(self):
        return WALL + np.uint8(60 * self.person)

    def rgb(self):
        image = np.repeat(PATTERN[:, :, None], 3, axis=2)
        image[0, 0] = self.person
        return image


@dataclass(slots=True)
class FakeSource:
    watch: Watch
    frame: FakeFrame | None = None
    closed: bool = False
    decoded: int = 0

    def start(self):
        pass

    def close(self):
        self.closed = True

    def latest(self):
        return self.frame

    def take_count(self):
        count, self.decoded = self.decoded, 0
        return count


class SlowSource(FakeSource):
    """A camera whose picture takes its time, on a machine that has much else to do."""

    def __init__(self, watch, box, seconds):
        super().__init__(watch)
        self._box, self._seconds = box, seconds

    def latest(self):
        self._box.now += self._seconds
        return self.frame


@dataclass(slots=True)
class FakeEngine:
    """Reads the person off the first pixel; person N lies along axis N."""

    name: str = "fake"
    kind: EngineKind = EngineKind.DLIB
    searches: list[bool] = field(default_factory=list)
    embedded: int = 0

    def find(self, image, *, small_too=True):
        self.searches.append(small_too)
        return (Face(10, 110, 110, 10, 80.0),) if image[0, 0, 0] else ()

    def embed(self, image, face):
        self.embedded += 1
        return embedding(image[0, 0, 0])


def embedding(person):
    row = np.zeros(DIMENSIONS[EngineKind.DLIB], dtype=np.float32)
    row[person] = 1.0
    return row


LIMITS = Calibration(EngineKind.DLIB, "fake", dict.fromkeys(TemplateMode, Threshold(0.5, 1.0, 1e-4)))


@dataclass(slots=True)
class Box:
    """The eyes with everything around them."""

    now: float = 100.0
    sent: list = field(default_factory=list)
    sources: dict[str, FakeSource] = field(default_factory=dict)
    engine: FakeEngine = field(default_factory=FakeEngine)
    eyes: Eyes = None

    def open(self, watch, say):
        return self.sources.setdefault(watch.url, FakeSource(watch))

    def show(self, person, seconds=0.0, camera="lobby", late=0.0):
        """Let a camera see somebody for so long, in new frames 0.2 s apart, each `late` seconds old."""
        for _ in range(max(1, round(seconds / 0.2))):
            self.now += 0.2
            self.sources[camera].frame = FakeFrame(self.now - late, person)
            self.sources[camera].decoded += 1
            self.eyes.turn()

    def of(self, kind):
        return [value for value in self.sent if isinstance(value, kind)]

    def challenge(self, name="c1", person=ALICE, camera="lobby", seconds=5.0):
        template = to_bytes(embedding(person)[None])
        self.eyes.take(
            Challenge(name, camera, "alice", template, TemplateMode.MEAN, self.now, self.now + seconds),
        )


@pytest.fixture
def box():
    box = Box()
    box.eyes = Eyes(
        box.sent.append,
        lambda value: None,
        load=lambda kind: box.engine,
        calibrated=lambda kind: LIMITS,
        open_source=box.open,
        clock=lambda: box.now,
    )
    box.eyes.take(Watch("lobby", "lobby"))
    box.eyes.take(Watch("parking", "parking"))
    return box


def test_the_holder_is_matched_after_two_frames(box):
    box.challenge()
    box.show(ALICE)
    assert box.of(FaceVerdict) == []
    box.show(ALICE)
    (verdict,) = box.of(FaceVerdict)
    assert (verdict.outcome, verdict.frames, verdict.seen_at) == (Outcome.MATCHED, 2, box.now)
    box.show(ALICE, seconds=6)
    assert box.of(FaceVerdict) == [verdict]


def test_another_face_is_a_mismatch_after_three_frames(box):
    box.challenge()
    box.show(MALLORY, seconds=0.4)
    assert box.of(FaceVerdict) == []
    box.show(MALLORY)
    assert [verdict.outcome for verdict in box.of(FaceVerdict)] == [Outcome.MISMATCH]


def test_nobody_is_said_at_the_deadline_also_without_any_frame(box):
    box.challenge(seconds=2.0)
    box.now += 1.9
    box.eyes.turn()
    assert box.of(FaceVerdict) == []
    box.now += 0.1
    box.eyes.turn()
    assert [verdict.outcome for verdict in box.of(FaceVerdict)] == [Outcome.NOBODY]


def test_a_face_seen_before_the_challenge_does_not_count(box):
    box.show(ALICE, seconds=1)
    box.challenge(seconds=2.0)
    box.show(EMPTY, seconds=2)
    assert [verdict.outcome for verdict in box.of(FaceVerdict)] == [Outcome.NOBODY]


def test_a_frame_held_up_on_the_way_counts_by_when_it_was_taken(box):
    box.challenge(seconds=2.0)
    box.show(ALICE, seconds=1, late=3.0)
    assert box.of(FaceVerdict) == []


def test_a_face_at_another_door_does_not_count(box):
    box.challenge(seconds=2.0)
    box.show(ALICE, seconds=2, camera="parking")
    box.eyes.turn()
    assert [verdict.outcome for verdict in box.of(FaceVerdict)] == [Outcome.NOBODY]


def test_a_cancelled_challenge_gets_no_verdict(box):
    box.challenge()
    box.eyes.take(CancelChallenge("c1"))
    box.show(ALICE, seconds=6)
    assert box.of(FaceVerdict) == []


def test_two_challenges_at_one_camera_are_answered_apart(box):
    box.challenge("c1", ALICE)
    box.challenge("c2", MALLORY)
    box.show(ALICE, seconds=1)
    assert {v.challenge_id: v.outcome for v in box.of(FaceVerdict)} == {"c1": Outcome.MATCHED, "c2": Outcome.MISMATCH}


def test_a_face_without_a_challenge_is_said_once(box):
    box.show(ALICE, seconds=4)
    assert len(box.of(FaceAtDoor)) == 1
    assert box.of(FaceAtDoor)[0].camera == "lobby"


def test_an_empty_corridor_is_not_searched_for_faces(box):
    box.show(EMPTY, seconds=STAYS_AWAKE + 1)
    searched = len(box.engine.searches)
    box.show(EMPTY, seconds=5)
    assert len(box.engine.searches) == searched
    box.show(ALICE)
    box.show(ALICE)
    assert len(box.engine.searches) > searched


def test_during_a_challenge_an_unmoving_scene_is_searched_also_for_small_faces(box):
    box.show(EMPTY, seconds=STAYS_AWAKE + 1)
    assert not any(box.engine.searches)
    box.challenge()
    box.show(EMPTY)
    assert box.engine.searches[-1]


def test_frames_are_counted_once_and_the_heart_beats(box):
    box.show(EMPTY, seconds=5)
    box.now += 1
    box.eyes.turn()
    assert sum(count.frames for count in box.of(FrameCount)) == 25
    assert len(box.of(Heartbeat)) >= 5


def test_watching_a_camera_again_changes_nothing_and_a_new_address_reopens_it(box):
    before = box.sources["lobby"]
    box.eyes.take(Watch("lobby", "lobby"))
    assert not before.closed
    box.eyes.take(Watch("lobby", "elsewhere"))
    assert before.closed
    assert box.sources["elsewhere"].watch.camera == "lobby"


def test_stop_closes_the_cameras(box):
    box.eyes.take(Stop())
    assert all(source.closed for source in box.sources.values())


def test_a_refused_engine_is_said_once_and_no_face_matches(box):
    def refuse(kind):
        raise ModelRefusedError("the face model is another")

    box.eyes = Eyes(box.sent.append, lambda value: None, load=refuse, open_source=box.open, clock=lambda: box.now)
    box.eyes.take(Watch("lobby", "lobby"))
    box.challenge(seconds=2.0)
    box.eyes.take(Enrol("r1", "alice", (b"photo",)))
    box.show(ALICE, seconds=2.2)
    assert box.of(EngineRefused) == [EngineRefused("the face model is another")]
    assert box.of(EngineReady) == []
    assert [verdict.outcome for verdict in box.of(FaceVerdict)] == [Outcome.NOBODY]
    assert box.of(EnrolmentRefused) == [EnrolmentRefused("r1", "alice", (), PhotoProblem.ENGINE_REFUSED)]


def test_a_challenge_that_is_called_off_leaves_no_template_behind(box):
    box.challenge()
    box.eyes.turn()
    _, template = box.eyes._ballots["c1"]
    assert template.any()
    box.eyes.take(CancelChallenge("c1"))
    assert not template.any()
    assert box.eyes._ballots == {}
    box.show(ALICE, 1.0)
    assert box.of(FaceVerdict) == []


def listed(*people):
    rows = tuple(to_bytes(embedding(person)[None]) for person in people)
    return WatchList(("lobby",), tuple(f"p-{person}" for person in people), rows)


def test_a_listed_face_is_told_of_once_by_the_cameras_of_the_list_alone(box):
    box.eyes.take(listed(MALLORY))
    box.show(MALLORY, 3.0)
    (spotted,) = box.of(FaceSpotted)
    assert (spotted.camera, spotted.person) == ("lobby", "p-2")
    box.show(MALLORY, 3.0, camera="parking")
    box.show(ALICE, 3.0)
    assert len(box.of(FaceSpotted)) == 1


def test_without_a_list_nobody_is_looked_for_and_nobodys_face_is_taken(box):
    rows = listed(MALLORY)
    box.eyes.take(rows)
    kept = box.eyes._list.rows.rows
    box.eyes.take(WatchList())
    assert not kept.any()
    box.show(MALLORY, 3.0)
    assert box.of(FaceSpotted) == []
    assert box.engine.embedded == 0


def test_an_enrolment_goes_photo_by_photo_and_leaves_the_cameras_their_turn(box):
    box.eyes.take(Enrol("r1", "alice", (b"no photo",) * 3))
    for _ in range(3):
        box.eyes.turn()
        assert box.of(EnrolmentRefused) == []
    box.eyes.turn()
    (refused,) = box.of(EnrolmentRefused)
    assert (refused.photos, refused.why) == ((PhotoProblem.UNREADABLE,) * 3, PhotoProblem.TOO_FEW_PHOTOS)


def test_the_newest_frame_is_there_for_the_pictures(box):
    box.show(ALICE)
    assert box.eyes.newest("lobby") is box.sources["lobby"].frame
    assert box.eyes.newest("parking") is None
    assert box.eyes.newest("nowhere") is None


def test_an_engine_without_thresholds_is_refused_and_no_face_matches(box):
    def nothing(kind):
        raise CalibrationError("there are no thresholds for the engine dlib")

    box.eyes = Eyes(
        box.sent.append,
        lambda value: None,
        load=lambda kind: box.engine,
        calibrated=nothing,
        open_source=box.open,
        clock=lambda: box.now,
    )
    box.eyes.take(Watch("lobby", "lobby"))
    box.challenge(seconds=2.0)
    box.show(ALICE, seconds=2.2)
    assert box.of(EngineRefused) == [EngineRefused("there are no thresholds for the engine dlib")]
    assert [verdict.outcome for verdict in box.of(FaceVerdict)] == [Outcome.NOBODY]


def test_a_template_of_another_engine_never_matches(box):
    template = np.ones((1, DIMENSIONS[EngineKind.MOBILEFACENET]), dtype=np.float32)
    mode, kind = TemplateMode.MEAN, EngineKind.MOBILEFACENET
    box.eyes.take(Challenge("c1", "lobby", "alice", to_bytes(template), mode, box.now, box.now + 2.0, kind))
    box.show(ALICE, seconds=2.2)
    assert [verdict.outcome for verdict in box.of(FaceVerdict)] == [Outcome.NOBODY]


def test_a_round_that_takes_long_says_between_cameras_that_it_lives(box):
    for camera in ("lobby", "parking"):
        slow = Watch(camera, f"{camera}, slow")
        box.sources[slow.url] = SlowSource(slow, box, 4.0)
        box.eyes.take(slow)
    box.eyes.turn()
    told = [beat.at for beat in box.of(Heartbeat)]
    assert len(told) >= 2
    assert told[-1] - told[-2] < 5.0, "nobody waits for longer than that"


def test_eyelids_are_measured_from_the_start_where_a_gesture_may_be_asked_for():
    loaded = []

    def load():
        loaded.append("eyelids")
        return object()

    eyes = Eyes(print, print, eyelids=load, open_source=lambda watch, say: FakeSource(watch))
    eyes.take(Watch("lobby", "lobby"))
    assert loaded == []
    eyes.take(Watch("door", "door", gestures=True))
    eyes.take(Watch("other", "other", gestures=True))
    assert loaded == ["eyelids"]
