import threading
import time

import pytest

from devices.line import LineBack, LineFault, LineLost
from devices.osdp import commands as cmd
from devices.osdp.errors import LocalError
from devices.osdp.events import (
    CardRead,
    CommandDelivered,
    CommandDropped,
    DeviceOffline,
    DeviceOnline,
    OfflineCause,
    OutputsReported,
)
from devices.transport.memory import memory_pair
from devices.transport.port import TransportUnavailable
from simulators.line_faults import Faults
from tests.devices.lines import all_online, running_bus, running_line, serial_line
from tests.devices.osdp.wire import module, reader

PULSE = cmd.Output((cmd.OutputRecord(0, cmd.OutputControl.TIMED_ON, 2),))


def test_a_badge_over_a_real_port_and_a_relay_at_the_other_end():
    moved = threading.Event()
    relay = module(1, on_output=lambda _number, energised, _now: energised and moved.set())
    badge = reader(0)
    with running_bus(badge, relay) as bus, serial_line(bus, 0, 1) as (line, tape):
        all_online(tape, 2)
        tape.wait(OutputsReported)
        badge.present_card(26, b"\x12\x34\x56\x40")
        assert tape.wait(CardRead) == CardRead(0, 0, 26, b"\x12\x34\x56\x40")
        line.send(1, PULSE, deadline=time.monotonic() + 5, token="door")
        assert tape.wait(CommandDelivered) == CommandDelivered(1, PULSE, "door")
        assert moved.wait(5)
        assert bus.collisions == 0


def test_no_card_is_lost_or_doubled_on_a_noisy_port():
    badge = reader(0)
    with running_bus(badge, faults=Faults(seed=1, bit_flip=5e-3)) as bus, serial_line(bus, 0) as (_, tape):
        all_online(tape, 1)
        for number in range(25):
            badge.present_card(32, number.to_bytes(4, "big"))
            tape.wait(CardRead, number + 1)
        assert [event.raw for event in tape.of(CardRead)] == [number.to_bytes(4, "big") for number in range(25)]


def test_an_unplugged_line_is_told_and_comes_back_by_itself(tmp_path):
    badge = reader(0)
    with running_bus(badge, link=tmp_path / "line") as bus, serial_line(bus, 0) as (line, tape):
        all_online(tape, 1)
        bus.cut()
        assert tape.wait(LineLost).line == "north"
        assert tape.wait(DeviceOffline) == DeviceOffline(0, OfflineCause.LINE_LOST)
        line.send(0, PULSE, deadline=time.monotonic() + 0.2, token="late")
        assert tape.wait(CommandDropped).token == "late"
        bus.restore()
        tape.wait(LineBack, 2)
        tape.wait(DeviceOnline, 2)
        badge.present_card(32, b"back")
        assert tape.wait(CardRead).raw == b"back"
        assert len(tape.of(LineLost)) == 1
    assert not (tmp_path / "line").exists()


def test_a_port_that_is_not_there_is_an_event_and_is_tried_again(tmp_path):
    with running_line(lambda: Absent(), [0]) as (_, tape):
        assert tape.wait(LineLost).cause == "no such adapter"


class Absent:
    def open(self):
        raise TransportUnavailable("no such adapter")


class Waiting:
    """A port on which nothing ever comes; what is written is told."""

    def __init__(self):
        self.near, self.far = memory_pair()
        self.written = threading.Event()
        self.open, self.read, self.wake, self.close = self.near.open, self.near.read, self.near.wake, self.near.close

    def write(self, outgoing):
        self.written.set()


def test_a_fault_of_our_own_is_told_and_the_line_begins_anew():
    class Broken(Waiting):
        def write(self, outgoing):
            raise ZeroDivisionError("a bug")

    opened = []
    with running_line(lambda: opened.append(Broken()) or opened[-1], [0]) as (_, tape):
        assert tape.wait(LineFault) == LineFault("north", "ZeroDivisionError: a bug")
        tape.wait(LineFault, 2)
        assert len(opened) >= 2


def test_a_send_wakes_the_line_at_once():
    port = Waiting()
    with running_line(lambda: port, [0]) as (line, tape):
        tape.wait(LineBack)
        started = time.monotonic()
        for token in range(20):
            line.send(0, PULSE, deadline=0.0, token=token)
            tape.wait(CommandDropped, token + 1)
        assert time.monotonic() - started < 2.0  # twenty read time-outs would take four


def test_a_reply_that_waited_in_the_port_is_not_missed():
    badge, clock = reader(0), Stepping()
    port = Waiting()
    sent = []

    def write(outgoing):
        sent.append(outgoing)
        for reply in badge.receive(outgoing, clock.now):
            port.far.write(reply)
        clock.now += 5.0  # the machine had better things to do

    port.write = write
    with running_line(lambda: port, [0], clock=clock) as (_, tape):
        tape.wait(DeviceOnline)
        assert len(sent) == len(set(sent))


class Stepping:
    """A clock that only goes when it is pushed, and a little by itself."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        self.now += 1e-4
        return self.now


def test_stop_ends_the_thread_even_while_it_waits():
    with running_line(Waiting, [0]) as (line, tape):
        tape.wait(LineBack)
        line.stop()
        assert not line._thread.is_alive()


def test_what_must_never_be_sent_is_refused_where_it_is_asked():
    with running_line(Waiting, [0]) as (line, _):
        with pytest.raises(LocalError):
            line.send(9, PULSE, deadline=0.0)
        with pytest.raises(LocalError):
            line.send(0, cmd.Poll(), deadline=0.0)
        with pytest.raises(LocalError):
            line.confirm(9)
