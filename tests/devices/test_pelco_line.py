"""Heads on a paced wire, judged by where they truly look: every movement ends, whatever becomes of who ordered it."""

from __future__ import annotations

import threading
import time

import pytest

from controller.domain.heads import GoToPreset, Head, HeadDriver, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import CameraId
from devices.gateway.heads import PelcoHeads, motion
from devices.pelco_d import TOP_SPEED, Motion
from devices.pelco_line import PelcoLine
from devices.transport.serial import SerialTransport
from simulators.camera_head import CameraHead
from tests.controller.builders import LOBBY_CAMERA, small_site
from tests.devices.lines import PATIENCE, running_bus

FAST = Motion(pan=TOP_SPEED)
NEVER = float("inf")


class Said:
    """What a line told of itself, in order."""

    def __init__(self):
        self.words = []
        self._more = threading.Condition()

    def __call__(self, *word):
        with self._more:
            self.words.append(word)
            self._more.notify_all()

    def wait(self, count):
        with self._more:
            assert self._more.wait_for(lambda: len(self.words) >= count, PATIENCE), self.words
            return self.words[count - 1]


def until(condition):
    for _ in range(int(PATIENCE / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(condition)


def rests(head):
    """Wait until a head looks elsewhere than at its beginning, and no longer turns."""
    began = head.aim(time.monotonic()).pan

    def turned_and_still():
        first = head.aim(time.monotonic())
        time.sleep(0.1)
        return first.pan != began and head.aim(time.monotonic()) == first

    until(turned_and_still)


def line_to(bus, *addresses, said=None):
    return PelcoLine("yard", addresses, lambda: SerialTransport(bus.path, bus.baud), time.monotonic, said or Said())


def test_a_movement_ends_at_its_deadline_by_itself():
    head, other = CameraHead(3), CameraHead(4)
    with running_bus(head, other, baud=2400) as bus:
        line = line_to(bus, 3, 4)
        line.start()
        line.move(3, FAST, by=NEVER, until=time.monotonic() + 0.5)
        rests(head)
        line.stop()
    assert 10 < head.aim(time.monotonic()).pan < 350
    assert other.aim(time.monotonic()).pan == 0.0


def test_a_box_that_starts_or_stops_leaves_no_head_turning():
    head = CameraHead(3)
    head._motion, head._ordered, head._since = FAST, time.monotonic(), time.monotonic()  # by a box that died since
    with running_bus(head, baud=9600) as bus:
        line = line_to(bus, 3)
        line.start()
        until(lambda: head._motion == Motion())
        line.move(3, FAST, by=NEVER, until=NEVER)
        until(lambda: head._motion == FAST)
        line.stop()
        until(lambda: head._motion == Motion())


def test_an_order_that_comes_too_late_turns_nothing():
    head = CameraHead(3)
    with running_bus(head, baud=9600) as bus:
        line = line_to(bus, 3)
        line.start()
        line.move(3, FAST, by=time.monotonic() - 0.1, until=NEVER)
        line.move(3, Motion(tilt=-TOP_SPEED), by=NEVER, until=time.monotonic() + 0.3)
        until(lambda: head.aim(time.monotonic()).tilt < 0)
        line.stop()
    assert head.aim(time.monotonic()).pan == 0.0


def test_a_wire_that_is_not_there_is_told_once_and_found_later(tmp_path):
    said, path, head = Said(), tmp_path / "adapter", CameraHead(3)
    line = PelcoLine("yard", (3,), lambda: SerialTransport(str(path), 9600), time.monotonic, said)
    line.start()
    assert str(path) in said.wait(1)[0]
    with running_bus(head, baud=9600, link=path):
        assert said.wait(2) == (None,)
        line.move(3, FAST, by=NEVER, until=NEVER)
        until(lambda: head._motion == FAST)
    assert said.wait(3)[0], "it is unplugged"
    line.stop()
    assert len(said.words) == 3


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ((1.0, -1.0, 0.0), Motion(pan=63, tilt=-63)),
        ((-0.5, 0.0, 0.2), Motion(pan=-32, zoom=1)),
        ((0.001, -0.001, -1.0), Motion(pan=1, tilt=-1, zoom=-1)),
        ((0.0, 0.0, 0.0), Motion()),
        ((5.0, -5.0, 0.0), Motion(pan=63, tilt=-63)),
    ],
)
def test_parts_of_top_speed_in_steps_of_pelco(asked, sent):
    assert motion(*asked) == sent


def test_orders_of_the_building_reach_the_head_of_their_camera():
    first, second = CameraHead(3), CameraHead(4)
    one, two = LOBBY_CAMERA, CameraId("cam-yard")
    said = Said()

    async def story(port):
        from dataclasses import replace

        hung = replace(small_site().cameras[one], head=Head(HeadDriver.PELCO_D, port, {}, address=3, baud=9600))
        yard = replace(hung, id=two, head=replace(hung.head, address=4))
        heads = PelcoHeads({one: hung, two: yard}, said, time.monotonic)
        await heads.start()
        assert {said.wait(1), said.wait(2)} == {(one, None), (two, None)}
        heads.obey(TurnCamera(two, 1.0, 0.0, 0.0, 0.4), NEVER)
        rests(second)
        heads.obey(KeepPreset(two, 5), NEVER)
        until(lambda: 5 in second.presets)
        heads.obey(TurnCamera(two, 1.0, 0.0, 0.0, 60.0), NEVER)
        until(lambda: second._motion.pan)
        heads.obey(StopCamera(two), time.monotonic() - 10.0)
        until(lambda: not second._motion.pan)
        heads.obey(GoToPreset(two, 5), NEVER)
        until(lambda: second.aim(time.monotonic()) == second.presets[5])
        await heads.stop()

    with running_bus(first, second, baud=9600) as bus:
        import asyncio

        asyncio.run(story(bus.path))
    assert first.aim(time.monotonic()).pan == 0.0
    assert first.presets == {}
