"""What cameras are watched for, asked of the eyes in their words and told in the building's."""

from __future__ import annotations

import asyncio

import pytest

from controller.domain.filming import ViewTrouble
from controller.domain.ids import OUTSIDE
from controller.domain.points import PointCondition
from controller.domain.stimuli import CameraSeen, CameraViewSeen, PersonPassed, PointSeen
from controller.site.loader import parse_site
from tests.controller.site.test_watching import WHOLE
from tests.vision.test_gateway import People, Supervisor
from vision import messages as eyes
from vision.gateway import LEAST_MOVING, VisionGateway

pytestmark = pytest.mark.anyio

SITE = parse_site(WHOLE.encode(), "site.toml")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def gateway(monkeypatch):
    supervisor, told = Supervisor(), []
    monkeypatch.setattr("vision.gateway.Supervisor", lambda *_, **__: supervisor)

    def submit(stimulus):
        told.append(stimulus)
        return asyncio.get_running_loop().create_future()

    opened = VisionGateway(SITE, People(), submit, lambda: 1000.0, {})
    await opened.start()
    return opened, supervisor, told


async def test_the_eyes_are_told_what_to_look_for_as_the_site_says_it(gateway):
    _, supervisor, _ = gateway
    (watch,) = supervisor.posted
    assert watch.sights == (
        eyes.Sight("see", eyes.Looks.INTRUSION, ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)), people=False),
        eyes.Sight("fence", eyes.Looks.LINE, ((0.2, 0.5), (0.8, 0.5)), beyond=(0.5, 0.9)),
        eyes.Sight("lingers", eyes.Looks.LOITERING, ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0)), seconds=20.0),
    )
    assert watch.counting == (eyes.CountingLine("door", ((0.3, 0.6), (0.7, 0.6)), (0.5, 0.4)),)
    assert watch.ignored == (((0.0, 0.0), (1.0, 0.0), (1.0, 0.1)),)
    assert watch.least == LEAST_MOVING[SITE.cameras["cam"].motion.sensitivity]
    assert eyes.decode_command(eyes.encode_command(watch)[eyes.LENGTH_BYTES :]) == watch


async def test_a_sight_is_a_point_and_a_camera_that_sees_nothing_knows_nothing_of_it(gateway):
    opened, _, told = gateway
    for value in (
        eyes.CameraUp("cam"),
        eyes.SightChanged("cam", "see", active=False),
        eyes.SightChanged("cam", "see", active=True),
        eyes.ViewJudged("cam", eyes.Trouble.COVERED),
        eyes.SightChanged("cam", "see", active=False),
        eyes.ViewJudged("cam", None),
        eyes.CameraLost("cam", "no answer"),
        eyes.CameraUp("cam"),
    ):
        opened._receive(value)
    unknown, quiet = (PointSeen("see", PointCondition.UNKNOWN), PointSeen("see", PointCondition.NORMAL))
    assert told == [
        CameraSeen("cam", online=True, detail=""),
        quiet,
        PointSeen("see", PointCondition.ACTIVE),
        CameraViewSeen("cam", ViewTrouble.COVERED),
        unknown,
        unknown,
        CameraViewSeen("cam", None),
        quiet,
        CameraSeen("cam", online=False, detail="no answer"),
        unknown,
        CameraSeen("cam", online=True, detail=""),
        quiet,
    ]


async def test_whoever_crosses_enters_the_zone_beyond_and_whoever_comes_back_the_other(gateway):
    opened, _, told = gateway
    opened._receive(eyes.PersonCrossed("cam", "door", beyond=True))
    opened._receive(eyes.PersonCrossed("cam", "door", beyond=False))
    assert told == [PersonPassed("cam", "door", "room"), PersonPassed("cam", "door", OUTSIDE)]


async def test_what_nobody_asked_for_is_told_nobody(gateway):
    opened, _, told = gateway
    opened._receive(eyes.CameraUp("cam"))
    told.clear()
    opened._receive(eyes.SightChanged("cam", "panic-button", active=True))
    opened._receive(eyes.SightChanged("another", "see", active=True))
    opened._receive(eyes.PersonCrossed("another", "door", beyond=True))
    opened._receive(eyes.PersonCrossed("cam", "vault", beyond=True))
    assert told == []


async def test_a_new_process_that_looks_has_seen_nothing_yet(gateway):
    opened, _, told = gateway
    for value in (eyes.CameraUp("cam"), eyes.SightChanged("cam", "see", active=False), eyes.CameraLost("cam", "ended")):
        opened._receive(value)
    told.clear()
    opened._receive(eyes.EngineReady("dlib"))
    opened._receive(eyes.CameraUp("cam"))
    assert told == [CameraSeen("cam", online=True, detail="")]
    opened._receive(eyes.SightChanged("cam", "see", active=True))
    assert told[-1] == PointSeen("see", PointCondition.ACTIVE)
