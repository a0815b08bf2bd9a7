"""Cameras on heads: where the head points decides what the camera sees."""

import time
from pathlib import Path

import pytest

from controller.domain.heads import Head, HeadDriver
from controller.site.loader import load_site
from devices.pelco_d import GoToPreset, Motion, encode
from devices.transport.serial import SerialTransport
from simulators.building import Building
from simulators.camera_mount import APART, Aim, Mount, mounts_of
from simulators.hand import until

SITE = load_site(Path(__file__).parents[2] / "config" / "embassy.toml")
CAMERA = "cam-chancery"
BUILT = SITE.cameras[CAMERA].head
PATIENCE = 20.0


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_it_stands_at_home_and_tells_once_when_it_looks_elsewhere_and_once_when_it_is_back():
    told = []
    mount = Mount(CAMERA, BUILT, lambda *said: told.append(said))
    assert mount.aim(0.0) == mount.presets[BUILT.home] == Aim()
    for number in (2, 2, 1, 1):
        mount.receive(encode(BUILT.address, GoToPreset(number)), 1.0)
    assert told == [(CAMERA, True), (CAMERA, False)]
    mount.receive(encode(BUILT.address + 1, GoToPreset(2)), 1.0)
    assert len(told) == 2, "that was for another head"


def test_a_head_that_was_turned_by_hand_looks_elsewhere_once_it_stops():
    told = []
    mount = Mount(CAMERA, BUILT, lambda *said: told.append(said))
    mount.receive(encode(BUILT.address, Motion(pan=20)), 1.0)
    mount.receive(encode(BUILT.address, Motion()), 2.0)
    assert told == [(CAMERA, True)]


def test_places_lie_apart_and_the_home_comes_first():
    mount = Mount(CAMERA, Head(HeadDriver.PELCO_D, "x", {1: "Gate", 5: "Yard", 9: "Door"}, home=5, address=1), print)
    assert {number: aim.pan for number, aim in mount.presets.items()} == {5: 0.0, 1: APART, 9: 2 * APART}
    assert set(mounts_of(SITE, print)) == {CAMERA}


@pytest.mark.anyio
async def test_in_a_building_the_picture_turns_with_the_head_and_nobody_else_is_touched():
    keys = {device.id: bytes(16) for device in SITE.devices.values()}
    logins = dict.fromkeys(SITE.cameras, ("ostiary", "secret"))
    async with Building(SITE, [], keys=keys, logins=logins) as building:
        assert set(building.mounts) == {CAMERA}
        wire = SerialTransport(building.mounts[CAMERA], BUILT.baud)
        wire.open()
        try:
            wire.write(encode(BUILT.address, GoToPreset(2)))
            assert await until(lambda: building.camera(CAMERA).scene(CAMERA).turned, PATIENCE)
            assert building.mount(CAMERA).aim(time.monotonic()) == building.mount(CAMERA).presets[2]
            wire.write(encode(BUILT.address, GoToPreset(BUILT.home)))
            assert await until(lambda: not building.camera(CAMERA).scene(CAMERA).turned, PATIENCE)
        finally:
            wire.close()
        assert not building.camera("cam-lobby").scene("cam-lobby").turned
        with pytest.raises(KeyError):
            building.mount("cam-lobby")
