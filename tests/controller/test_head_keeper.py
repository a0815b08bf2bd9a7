"""Heads of a running box on a real wire: cameras go home again, and what their turning looks like is no alarm."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace

import pytest

from controller import heads
from controller.domain.effects import MoveHead
from controller.domain.events import CameraPresetOrdered
from controller.domain.filming import ViewTrouble
from controller.domain.heads import GoToPreset, Head, HeadDriver, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import PointId
from controller.domain.points import PointCondition, Sight, SightKind
from controller.domain.stimuli import CameraSeen, CameraViewSeen, FaultSeen, KeepingDone, PointSeen
from simulators.camera import Cameras
from simulators.camera_head import Aim, CameraHead
from simulators.encoding import Format
from simulators.onvif import OnvifCamera
from tests.controller.builders import LOBBY_CAMERA, small_site
from tests.devices.lines import running_bus
from tests.vision.test_onvif import free_port
from vision.gateway import CameraAccess

pytestmark = pytest.mark.anyio

PATIENCE = 60.0
HOME, STREET = 1, 2
WENT_HOME = KeepingDone(CameraPresetOrdered(LOBBY_CAMERA, None, HOME))
TURNED = CameraViewSeen(LOBBY_CAMERA, ViewTrouble.TURNED)
NEVER = float("inf")
ZONE, OTHER, TOLD = PointId("zone"), PointId("other"), PointId("told")
SIGHTS = {ZONE: Sight(LOBBY_CAMERA, SightKind.INTRUSION, ())}
UNKNOWN = PointSeen(ZONE, PointCondition.UNKNOWN)
FORMAT = Format(640, 360, 5)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(heads, "SETTLES", 0.2)


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - a head rings no bell
            await asyncio.sleep(0.02)


class Stage:
    """A keeper, the head of its one camera, and what the building was told."""

    def __init__(self, head, home_after=0.3, home=HOME, port=""):
        self.head, self.told, self.learnt = head, [], []
        presets = {HOME: "Door", STREET: "Street"}
        told = Head(HeadDriver.PELCO_D, port, presets, home=home, home_after=home_after, address=3, baud=9_600)
        self.cameras = {LOBBY_CAMERA: replace(small_site().cameras[LOBBY_CAMERA], head=told)}
        self.keeper = heads.HeadKeeper(self._submit, time.monotonic, self.learnt.append)

    def _submit(self, stimulus):
        self.told.append(stimulus)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def order(self, order, by=NEVER):
        self.keeper.post(MoveHead(order, by))

    @property
    def aim(self):
        return self.head.aim(time.monotonic())


@contextlib.asynccontextmanager
async def stage(**given):
    head = CameraHead(3)
    head.presets |= {HOME: Aim(pan=10.0), STREET: Aim(pan=90.0)}
    with running_bus(head, baud=9_600) as bus:
        known = Stage(head, port=bus.path, **given)
        await known.keeper.start(known.cameras, {}, SIGHTS)
        try:
            yield known
        finally:
            await known.keeper.stop()


async def test_a_head_is_found_where_it_is_plugged_in_and_every_other_where_the_site_file_says():
    fixed = replace(small_site().cameras[LOBBY_CAMERA], id="fixed", head=None)
    built = {LOBBY_CAMERA: Stage(None, port="/dev/ttyUSB2").cameras[LOBBY_CAMERA], "fixed": fixed}
    assert heads.plugged_in(built, {}) == built
    found = heads.plugged_in(built, {LOBBY_CAMERA: "/dev/pts/7", "fixed": "/dev/pts/8"})
    assert found["fixed"] == fixed
    assert found[LOBBY_CAMERA].head == replace(built[LOBBY_CAMERA].head, port="/dev/pts/7")


async def test_a_camera_is_sent_home_at_the_start_and_when_nobody_turns_it_any_more():
    async with stage() as known:
        await until(lambda: known.aim.pan == 10.0 and not known.keeper.is_away(LOBBY_CAMERA))
        known.order(GoToPreset(LOBBY_CAMERA, STREET))
        await until(lambda: known.aim.pan == 90.0)
        assert known.keeper.is_away(LOBBY_CAMERA)
        await until(lambda: known.aim.pan == 10.0 and not known.keeper.is_away(LOBBY_CAMERA))
        assert known.told == [WENT_HOME, WENT_HOME]


async def test_that_it_looks_elsewhere_by_order_is_told_only_if_it_still_does_at_home():
    async with stage() as known:
        await until(lambda: known.told == [WENT_HOME] and not known.keeper.is_away(LOBBY_CAMERA))
        known.told.clear()
        await known.keeper.see(TURNED)
        assert known.told == [TURNED], "nobody ordered that"
        known.order(GoToPreset(LOBBY_CAMERA, STREET))
        covered, well = (CameraViewSeen(LOBBY_CAMERA, trouble) for trouble in (ViewTrouble.COVERED, None))
        for seen in (TURNED, covered, TURNED, well, TURNED, CameraSeen(LOBBY_CAMERA, online=True, detail="")):
            await known.keeper.see(seen)
        assert known.told[1:] == [covered, well, CameraSeen(LOBBY_CAMERA, online=True, detail="")]
        await until(lambda: known.told[-2:] == [WENT_HOME, TURNED])
        known.order(GoToPreset(LOBBY_CAMERA, STREET))
        await known.keeper.see(TURNED)
        await known.keeper.see(well)
        await until(lambda: not known.keeper.is_away(LOBBY_CAMERA))
        assert known.told[-2:] == [well, WENT_HOME]


async def test_what_moves_in_the_picture_of_a_camera_that_is_turned_is_not_known_until_it_is_home():
    async with stage() as known:
        await until(lambda: known.told == [WENT_HOME] and not known.keeper.is_away(LOBBY_CAMERA))
        known.order(GoToPreset(LOBBY_CAMERA, STREET))
        for condition in (PointCondition.ACTIVE, PointCondition.NORMAL):
            await known.keeper.see(PointSeen(ZONE, condition))
        await known.keeper.see(PointSeen(OTHER, PointCondition.ACTIVE))
        assert known.told[1:] == [UNKNOWN, UNKNOWN, PointSeen(OTHER, PointCondition.ACTIVE)]
        await until(lambda: known.told[-1] == PointSeen(ZONE, PointCondition.NORMAL))
        await known.keeper.see(PointSeen(ZONE, PointCondition.ACTIVE))
        assert known.told[-1] == PointSeen(ZONE, PointCondition.ACTIVE)


async def test_a_camera_s_own_word_on_motion_is_its_point_and_nothing_is_known_once_it_is_gone():
    known = Stage(CameraHead(3))
    cameras = Cameras(["cam-lobby"], username="ostiary", password="secret", large=FORMAT, small=FORMAT)
    where, told = ("127.0.0.1", free_port()), {TOLD: Sight(LOBBY_CAMERA, SightKind.TOLD, ())}
    login = {LOBBY_CAMERA: CameraAccess("rtsp://camera", "ostiary", "secret")}
    async with cameras:
        async with OnvifCamera(cameras, "cam-lobby", "ostiary", "secret", discovery=where) as camera:
            still = replace(known.cameras[LOBBY_CAMERA], head=None, onvif=f"127.0.0.1:{camera.port}")
            await known.keeper.start({LOBBY_CAMERA: still}, login, told)
            await until(lambda: known.told == [PointSeen(TOLD, PointCondition.NORMAL)])
            cameras.walk("cam-lobby")
            await until(lambda: known.told[1:] == [PointSeen(TOLD, PointCondition.ACTIVE)])
        await until(lambda: len(known.told) == 4)
    await known.keeper.stop()
    fault, unknown = known.told[2:]
    assert fault.detail.startswith("cam-lobby says nothing of motion: ")
    assert unknown == PointSeen(TOLD, PointCondition.UNKNOWN)


async def test_a_new_home_is_learned_and_what_was_seen_before_is_nothing():
    async with stage(home_after=60.0) as known:
        await until(lambda: known.aim.pan == 10.0)
        known.order(TurnCamera(LOBBY_CAMERA, 1.0, 0.0, 0.0, 0.3))
        await until(lambda: known.aim.pan > 10.0)
        await known.keeper.see(TURNED)
        known.order(KeepPreset(LOBBY_CAMERA, STREET))
        await until(lambda: known.head.presets[STREET].pan != 90.0)
        assert known.keeper.is_away(LOBBY_CAMERA)
        assert known.learnt == []
        known.order(KeepPreset(LOBBY_CAMERA, HOME))
        await until(lambda: known.head.presets[HOME].pan != 10.0)
        assert not known.keeper.is_away(LOBBY_CAMERA)
        assert known.learnt == [LOBBY_CAMERA]
        assert TURNED not in known.told


async def test_a_camera_without_a_home_stays_where_it_was_left_and_is_stopped_at_the_end():
    async with stage(home=None) as known:
        known.order(TurnCamera(LOBBY_CAMERA, 1.0, 0.0, 0.0, 60.0))
        await until(lambda: known.aim.pan > 1.0)
        known.order(StopCamera(LOBBY_CAMERA), by=0.0)
        await until(lambda: not known.head._motion.pan)
        known.order(TurnCamera(LOBBY_CAMERA, 1.0, 0.0, 0.0, 60.0))
        await until(lambda: known.head._motion.pan)
        known.order(GoToPreset(LOBBY_CAMERA, 99))  # of a policy that comes into force just now
        await known.keeper.see(PointSeen(ZONE, PointCondition.NORMAL))
        await until(lambda: known.told == [UNKNOWN, PointSeen(ZONE, PointCondition.NORMAL)])
        assert known.learnt[-1] == LOBBY_CAMERA, "where it was left is where it should look"
        await known.keeper.stop()
        await until(lambda: not known.head._motion.pan)


async def test_a_head_that_is_not_there_is_told_once_and_an_order_to_a_still_camera_is_nothing(tmp_path):
    known = Stage(CameraHead(3), port=str(tmp_path / "none"))
    await known.keeper.start(known.cameras, {})
    await until(lambda: known.told)
    known.order(StopCamera("cam-other"))
    await asyncio.sleep(heads.SETTLES)
    await known.keeper.stop()
    (fault,) = known.told
    assert isinstance(fault, FaultSeen)
    assert fault.detail.startswith("cam-lobby cannot be turned: ")
