"""One dead, babbling or slow peripheral does not slow the others of its line: counted in polls, in simulated time."""

import random

import pytest

from devices.osdp.events import CardRead, DeviceOffline, DeviceOnline, InputsReported, SecurityViolation
from tests.devices.osdp.wire import Wire, module, reader

SECONDS = 8.0
LEAST = 0.85
"""A line with time to spare gives up some of it; on a full one the others are polled no less often than before."""
LINES = {
    "9600 baud": {"byte": 10 / 9600, "turnaround": 0.035},
    "115200 baud": {"byte": 10 / 115_200, "turnaround": 0.003},
    "115200 baud, slow readers": {"byte": 10 / 115_200, "turnaround": 0.035},
}


class Slow:
    """It answers, but takes 150 ms longer than the others to begin."""

    def __init__(self, wire, address):
        self.wire, self.device = wire, wire.devices[address]
        self.address = self.device.address

    def receive(self, received, now):
        for reply in self.device.receive(received, now):
            start = now + 0.15
            self.wire._at(start, lambda reply=reply: self.wire._to_panel(reply))
        return []

    def get_timer(self):
        return float("inf")

    def handle_timer(self, now):
        return []


class Babbler:
    """It answers each command to its address with a second of noise, and one in ten with the beginning of a frame."""

    def __init__(self, wire, address):
        self.wire, self.address, self.dice = wire, address, random.Random(address)

    def receive(self, received, now):
        if received[1] == self.address:
            noise = self.dice.randbytes(round(1.0 / self.wire.byte))
            head = bytes((0x53, 0x80 | self.address, 0xA0, 0x05, 0x04)) if self.dice.random() < 0.1 else b""
            for piece in range(0, len(noise), 16):
                chunk = head + noise[piece : piece + 16] if piece == 0 else noise[piece : piece + 16]
                self.wire._at(now + piece * self.wire.byte, lambda chunk=chunk: self.say(chunk))
        return []

    def say(self, chunk):
        """Whoever starts to talk is answered by silence from this one: a reader that hears others stops."""
        if self.wire.panel._outstanding and self.wire.panel._outstanding.link.address == self.address:
            self.wire.inject(chunk)

    def get_timer(self):
        return float("inf")

    def handle_timer(self, now):
        return []


def dead(wire, address):
    wire.devices[address].unplug()


def slow(wire, address):
    wire.devices[address] = Slow(wire, address)


def babbling(wire, address):
    wire.devices[address] = Babbler(wire, address)


def polls_each(wire, addresses):
    """How often each of these was asked something, over the time."""
    wire.run(10.0)  # what is gone is offline by now, and what is slow is known
    wire.commands.clear()
    wire.run(SECONDS)
    asked = [sent[1] for _, sent in wire.commands]
    return [asked.count(address) for address in addresses]


@pytest.mark.parametrize("readers", [4, 8])
@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
@pytest.mark.parametrize("spoil", [dead, slow, babbling])
def test_the_others_are_polled_as_often_as_if_it_were_well(spoil, line, readers):
    healthy = Wire(*[reader(address) for address in range(readers)], **line).online()
    usual = min(polls_each(healthy, range(readers - 1)))
    spoilt = Wire(*[reader(address) for address in range(readers)], **line).online()
    spoil(spoilt, readers - 1)
    now = min(polls_each(spoilt, range(readers - 1)))
    assert now >= LEAST * usual
    assert not [event for event in spoilt.of(SecurityViolation, DeviceOffline) if event.address != readers - 1]
    spoilt.devices[0].present_card(32, b"card")
    assert spoilt.until(CardRead, 2.0).raw == b"card"


def test_half_of_sixteen_are_dead():
    healthy = Wire(*[reader(address) for address in range(16)]).online()
    usual = min(polls_each(healthy, range(8)))
    spoilt = Wire(*[reader(address) for address in range(16)]).online()
    for address in range(8, 16):
        dead(spoilt, address)
    assert min(polls_each(spoilt, range(8))) >= 0.8 * usual


def test_none_of_400_ms_is_missed_at_a_module_while_its_neighbour_babbles():
    wire = Wire(module(0, inputs=1), *[reader(address) for address in range(1, 8)]).online()
    babbling(wire, 7)
    dead(wire, 6)
    dice = random.Random(4)
    for _ in range(30):
        wire.run(dice.uniform(0.4, 1.2))
        wire.devices[0].set_input(0, 1)
        wire.run(0.4)
        wire.devices[0].set_input(0, 0)
    wire.run(2.0)
    told = [event for event in wire.of(InputsReported) if event.address == 0]
    assert [event.states for event in told] == [(1,), (0,)] * 30
    assert all(event.lag <= 0.4 for event in told)


OUTAGES = [0.1, 1.0, 7.8, 8.2, 60.0, 3600.0, 86_400.0]


@pytest.mark.parametrize("what", ["cable", "power"])
@pytest.mark.parametrize("seconds", OUTAGES)
def test_it_is_back_within_2_s_of_any_outage(seconds, what):
    wire = Wire(reader(0), poll_interval=1.0 if seconds > 100 else 0.05)
    device = wire.online().devices[0]
    if what == "power":
        device.unplug()
    else:
        wire.cut = {0}
    wire.run(seconds)
    wire.cut = set()
    device.plug_in()
    returned = wire.now
    while wire.panel._links[0].misses or not wire.panel.is_online(0):
        wire.run(0.005)
        assert wire.now - returned <= 2.0
    device.present_card(32, b"card")
    assert wire.until(CardRead, 2.0).raw == b"card"
    offline = [at for at, event in wire.events if isinstance(event, DeviceOffline)]
    assert len(offline) <= 1


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_it_is_back_within_2_s_on_a_full_line_too(line):
    wire = Wire(*[reader(address) for address in range(8)], **line).online()
    wire.devices[7].unplug()
    wire.run(30.0)
    wire.devices[7].plug_in()
    assert wire.until(DeviceOnline, 2.0).address == 7
