"""A camera head is judged by where it truly looks; its orders come over a paced line."""

import pytest

from devices.pelco_d import (
    TURBO,
    Axis,
    ClearPreset,
    GoToPreset,
    Motion,
    PelcoParser,
    Position,
    QueryPosition,
    SetPosition,
    SetPreset,
    encode,
)
from devices.transport.serial import SerialTransport
from simulators.camera_head import HIGHEST, LOWEST, STOPS_AFTER, Aim, CameraHead
from tests.devices.lines import PATIENCE, running_bus


class Joystick:
    def __init__(self, head):
        self.head, self.now = head, 100.0

    def say(self, message, seconds=0.0, address=None):
        answers = self.head.receive(encode(self.head.address if address is None else address, message), self.now)
        self.now += seconds
        return [PelcoParser().feed(answer) for answer in answers]

    def aim(self):
        return self.head.aim(self.now)


@pytest.fixture
def stick():
    return Joystick(CameraHead(3))


def test_it_turns_as_fast_as_it_was_told_until_it_is_told_to_stop(stick):
    stick.say(Motion(pan=63, tilt=-63), 1.0)
    assert (stick.aim().pan, stick.aim().tilt) == pytest.approx((80.0, -40.0))
    stick.say(Motion(pan=-TURBO), 1.0)
    assert stick.aim().pan == pytest.approx(360.0 - 40.0)
    stick.say(Motion(), 5.0)
    assert stick.aim().pan == pytest.approx(320.0)


def test_it_stops_at_its_ends_and_by_itself_where_the_stop_was_lost(stick):
    stick.say(Motion(tilt=63, zoom=1), 4.0)
    assert stick.aim() == Aim(0.0, HIGHEST, 1.0)
    stick.say(Motion(tilt=-63, zoom=-1), 10.0)
    assert stick.aim() == Aim(0.0, LOWEST, 0.0)
    stick.say(Motion(pan=21), STOPS_AFTER)
    stopped = stick.aim()
    stick.now += 100.0
    assert stick.aim() == stopped


def test_presets_are_kept_found_and_forgotten(stick):
    stick.say(Motion(pan=63, zoom=1), 1.0)
    stick.say(SetPreset(7))
    stick.say(Motion(pan=-63, zoom=-1), 2.0)
    stick.say(GoToPreset(7), 3.0)
    assert stick.aim().pan == pytest.approx(80.0)
    assert stick.aim().zoom == pytest.approx(0.5)
    stick.say(ClearPreset(7))
    assert stick.head.presets == {}
    stick.say(GoToPreset(7))
    assert stick.aim().pan == pytest.approx(80.0), "a preset that is not there moves nothing"


def test_positions_are_set_and_told(stick):
    stick.say(SetPosition(Axis.PAN, 12_345))
    stick.say(SetPosition(Axis.TILT, 4_500))
    stick.say(SetPosition(Axis.ZOOM, 0x8000))
    assert stick.aim() == Aim(123.45, -45.0, 0x8000 / 0xFFFF)
    for axis, value in ((Axis.PAN, 12_345), (Axis.TILT, 4_500), (Axis.ZOOM, 0x8000)):
        assert stick.say(QueryPosition(axis)) == [[(3, Position(axis, value))]]


def test_orders_to_others_and_damaged_ones_move_nothing(stick):
    stick.say(Motion(pan=63), 1.0, address=4)
    damaged = bytearray(encode(3, Motion(pan=63)))
    damaged[4] ^= 1
    assert stick.head.receive(bytes(damaged), stick.now) == []
    stick.now += 1.0
    assert stick.aim() == Aim()
    assert stick.head.ignored == 1


def test_over_a_paced_line_it_answers_where_it_looks():
    with running_bus(CameraHead(1), CameraHead(2), baud=2400) as bus:
        port = SerialTransport(bus.path, 2400)
        port.open()
        port.write(encode(2, SetPosition(Axis.PAN, 9_000)) + encode(2, QueryPosition(Axis.PAN)))
        heard, parser = [], PelcoParser()
        while not heard:
            received = port.read(100, PATIENCE)
            assert received, "no answer"
            heard += parser.feed(received)
        port.close()
    assert heard == [(2, Position(Axis.PAN, 9_000))]
