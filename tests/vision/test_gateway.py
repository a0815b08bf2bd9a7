"""What the eyes are asked and what they answer, in the building's words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from controller.domain.decision import FaceOutcome
from controller.domain.effects import AskFace, StopFace
from controller.domain.site import FaceEngine
from controller.domain.stimuli import CameraSeen, FaceSeen
from controller.runtime.ports import FaceTemplate, NoFace
from controller.site.loader import load_site
from vision import messages as eyes
from vision.gateway import CameraAccess, VisionGateway
from vision.models import ENGINE_NAMES

pytestmark = pytest.mark.anyio

SITE = load_site(Path(__file__).parents[2] / "config" / "embassy.toml")
CAMERA = "cam-server"
ROW = bytes(eyes.DIMENSIONS[eyes.EngineKind.DLIB] * eyes.NUMBER_OF_BYTES)
DLIB, FUSION = ENGINE_NAMES[eyes.EngineKind.DLIB], ENGINE_NAMES[eyes.EngineKind.FUSION]
TEMPLATE = FaceTemplate(DLIB, eyes.TemplateMode.MEAN.value, ROW)
ASK = AskFace("r1", CAMERA, "p-1", 1010.0)


class People:
    def __init__(self):
        short = FaceTemplate(DLIB, "mean", b"1234")
        unknown = FaceTemplate(DLIB, "by hand", TEMPLATE.vector)
        foreign = FaceTemplate("engine-0", "mean", TEMPLATE.vector)
        fused = FaceTemplate(FUSION, "mean", ROW + bytes(eyes.DIMENSIONS[eyes.EngineKind.MOBILEFACENET] * 4))
        self.known = {"p-1": TEMPLATE, "p-3": short, "p-4": unknown, "p-5": foreign, "p-6": fused}

    def template(self, cardholder):
        return self.known.get(cardholder)

    def templates(self):
        return dict(self.known)


class Supervisor:
    """Worker processes that are not there: what they are told is noted."""

    def __init__(self):
        self.posted = []

    async def start(self):
        pass

    async def stop(self):
        pass

    def post(self, value):
        self.posted.append(value)

    async def picture(self, camera):
        return b"jpeg of " + camera.encode()


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def seen():
    return []


@pytest.fixture
async def gateway(seen):
    access = {CAMERA: CameraAccess("rtsp://192.0.2.1/x", "ostiary", "hunter2")}
    gateway = VisionGateway(SITE, People(), seen.append, lambda: 1000.0, access)
    gateway._supervisor = Supervisor()
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
def posted(gateway):
    gateway._supervisor.posted.clear()
    return gateway._supervisor.posted


async def settle():
    for _ in range(3):
        await asyncio.sleep(0)


async def test_every_camera_is_watched_where_the_box_says(gateway):
    watched = {watch.camera: watch for watch in gateway._supervisor.posted}
    assert set(watched) == set(SITE.cameras)
    assert watched[CAMERA] == eyes.Watch(CAMERA, "rtsp://192.0.2.1/x", "ostiary", "hunter2", gestures=True)
    assert [watch.camera for watch in watched.values() if watch.gestures] == [CAMERA], "no other asks for any"
    assert watched["cam-lobby"].url == SITE.cameras["cam-lobby"].url


def test_a_cameras_password_is_in_no_representation():
    assert "hunter2" not in repr(CameraAccess("rtsp://192.0.2.1/x", "ostiary", "hunter2"))


async def test_a_camera_that_sees_is_asked(gateway, posted, seen):
    gateway._receive(eyes.CameraUp(CAMERA))
    gateway.post(ASK)
    assert posted == [eyes.Challenge("r1", CAMERA, "p-1", TEMPLATE.vector, eyes.TemplateMode.MEAN, 1000.0, 1010.0)]
    gateway.post(StopFace("r1"))
    assert posted[1:] == [eyes.CancelChallenge("r1")]
    assert seen == [CameraSeen(CAMERA, online=True, detail="")]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_camera_that_does_not_see_cannot_answer(gateway, posted, seen, lost):
    if lost:
        gateway._receive(eyes.CameraUp(CAMERA))
        gateway._receive(eyes.CameraLost(CAMERA, "no frames"))
        assert seen.pop() == CameraSeen(CAMERA, online=False, detail="no frames")
        seen.clear()
    gateway.post(ASK)
    assert posted == []
    assert seen == [], "never within the post: the building is in the middle of a turn"
    await settle()
    assert seen == [FaceSeen("r1", CAMERA, FaceOutcome.NO_CAMERA, None, 0, 1000.0)]


@pytest.mark.parametrize("person", ["p-2", "p-3", "p-4"])
async def test_a_person_without_a_template_for_this_engine_cannot_match(gateway, posted, seen, person):
    gateway._receive(eyes.CameraUp(CAMERA))
    seen.clear()
    gateway.post(AskFace("r1", CAMERA, person, 1010.0))
    await settle()
    assert posted == []
    assert seen == [FaceSeen("r1", CAMERA, FaceOutcome.NO_TEMPLATE, None, 0, 1000.0)]


async def test_a_template_of_another_engine_is_told_as_such(gateway, posted, seen):
    gateway._receive(eyes.CameraUp(CAMERA))
    seen.clear()
    gateway.post(AskFace("r1", CAMERA, "p-5", 1010.0))
    await settle()
    assert posted == []
    assert seen == [FaceSeen("r1", CAMERA, FaceOutcome.OTHER_ENGINE, None, 0, 1000.0)]


async def test_a_fused_template_serves_the_single_engine_and_not_the_other_way_round(gateway, posted, seen):
    gateway._receive(eyes.CameraUp(CAMERA))
    gateway.post(AskFace("r1", CAMERA, "p-6", 1010.0))
    (challenge,) = posted
    assert (challenge.template, challenge.engine) == (ROW, eyes.EngineKind.DLIB)
    site = replace(SITE, face_engine=FaceEngine.FUSION)
    fused = VisionGateway(site, People(), seen.append, lambda: 1000.0, {})
    fused._supervisor = Supervisor()
    fused._receive(eyes.CameraUp(CAMERA))
    fused.post(AskFace("r2", CAMERA, "p-6", 1010.0))
    (challenge,) = fused._supervisor.posted
    assert (len(challenge.template), challenge.engine) == (320 * 4, eyes.EngineKind.FUSION)
    fused.post(AskFace("r3", CAMERA, "p-1", 1010.0))
    await settle()
    assert seen[-1] == FaceSeen("r3", CAMERA, FaceOutcome.OTHER_ENGINE, None, 0, 1000.0)


@pytest.mark.parametrize("outcome", eyes.Outcome)
async def test_every_verdict_of_the_eyes_has_its_word(gateway, seen, outcome):
    gateway._receive(eyes.FaceVerdict("r1", CAMERA, outcome, 0.25, 4, 1003.0))
    assert seen == [FaceSeen("r1", CAMERA, FaceOutcome(outcome.value), 0.25, 4, 1003.0)]


@pytest.mark.parametrize(
    "value",
    [
        eyes.EngineReady("engine-1"),
        eyes.EngineRefused("wrong hash"),
        eyes.FaceAtDoor(CAMERA, 1.0),
        eyes.Heartbeat(1.0),
        eyes.Enrolled("nobody asked", "p-1", b"", "engine-1", eyes.TemplateMode.MEAN, 5, ()),
    ],
    ids=str,
)
async def test_what_is_no_claim_is_none(gateway, seen, value):
    gateway._receive(value)
    assert seen == []


async def test_frames_are_counted(gateway):
    gateway._receive(eyes.FrameCount(CAMERA, 5))
    gateway._receive(eyes.FrameCount("cam-lobby", 7))
    assert gateway.frames == 12


async def enrolling(gateway, posted):
    task = asyncio.create_task(gateway.make("p-2", [b"a", b"b"]))
    await settle()
    [enrol] = posted
    assert (enrol.cardholder, enrol.images) == ("p-2", (b"a", b"b"))
    return task, enrol.request_id


async def test_photos_become_a_template(gateway, posted):
    task, request = await enrolling(gateway, posted)
    vector = np.eye(1, 128, dtype="<f4").tobytes()
    gateway._people.known["p-7"] = FaceTemplate(DLIB, "mean", vector)
    gateway._people.known["p-8"] = FaceTemplate(DLIB, "mean", (-np.eye(1, 128, dtype="<f4")).tobytes())
    problems = (None, eyes.PhotoProblem.BLURRED)
    gateway._receive(eyes.Enrolled(request, "p-2", vector, DLIB, eyes.TemplateMode.MEAN, 2, problems))
    made = await task
    assert (made.template, made.photos, made.used) == (FaceTemplate(DLIB, "mean", vector), ("", "blurred"), 2)
    assert (made.alike, made.compared, made.not_compared) == (("p-7",), 2, 5)  # those of zeros are nobody's
    assert gateway._enrolling == {}


async def test_photos_that_make_no_template_say_why(gateway, posted):
    task, request = await enrolling(gateway, posted)
    problem = next(iter(eyes.PhotoProblem))
    gateway._receive(eyes.EnrolmentRefused(request, "p-2", (problem, None), eyes.PhotoProblem.TOO_FEW_PHOTOS))
    with pytest.raises(NoFace) as none:
        await task
    assert (none.value.photos, none.value.why) == ((problem.value, ""), ("too_few_photos",))


async def test_pictures_are_of_this_sites_cameras_only(gateway):
    assert await gateway.picture(CAMERA) == b"jpeg of cam-server"
    assert await gateway.picture("cam-of-a-stranger") is None
