"""24 hours on one line, in virtual time: seeded faults, thousands of cards, none lost, none doubled, none invented."""

import os
import random
from collections import Counter

from devices.osdp.events import CardRead, DeviceOffline, DeviceOnline, OfflineCause, SecurityViolation
from simulators.line_faults import Faults
from tests.devices.osdp.wire import Wire, reader

HOURS = 24
CARDS = 3000
POLL = float(os.environ.get("OSTIARY_DAY_POLL", "2.0"))
"""Seconds between two polls: the standard's 0.05 is 3,500,000 exchanges, and for `make soak`."""
FAULTS = Faults(seed=24, loss=0.01, bit_flip=2e-4, duplicate=0.01, late=0.01, late_by=0.15)
READERS = 2


def test_a_day_on_one_line():
    dice = random.Random(24)
    wire = Wire(*[reader(address) for address in range(READERS)], faults=FAULTS, poll_interval=POLL).online()
    shown = []
    outages = set(dice.sample(range(CARDS), 40))
    start = wire.now
    for number in range(CARDS):
        due = start + (number + dice.random()) * HOURS * 3600 / CARDS
        wire.run(max(0.0, due - wire.now))
        if number in outages:
            break_off(wire, dice)
        address = dice.randrange(READERS)
        raw = number.to_bytes(4, "big")
        wire.devices[address].present_card(32, raw)
        shown.append((address, raw))
    wire.run(max(30.0, start + HOURS * 3600 - wire.now))
    told = [(event.address, event.raw) for event in wire.of(CardRead)]
    assert wire.now - start >= HOURS * 3600
    assert Counter(told) == Counter(shown)
    for address in range(READERS):  # in their order, too
        assert [raw for at, raw in told if at == address] == [raw for at, raw in shown if at == address]
    assert not wire.of(SecurityViolation)
    back = Counter(event.address for event in wire.of(DeviceOnline))
    gone = Counter(event.address for event in wire.of(DeviceOffline))
    assert back == gone
    assert len(outages) // 2 <= sum(gone.values()) <= len(outages)  # no session is lost but to an outage
    assert all(device.secured for device in wire.devices)
    survived(wire)


def break_off(wire, dice):
    """A cable that is cut for a while, or a reader without power: before the next card it is back."""
    device = dice.choice(wire.devices)
    seconds = dice.choice((0.5, 3.0, 7.0, 12.0, 20.0))
    if dice.random() < 0.5:
        wire.cut = {device.address}
        wire.run(seconds)
        wire.cut = set()
    else:
        wire.run(POLL * 2 + 2)  # what it still had to tell is told
        device.unplug()
        wire.run(seconds)
        device.plug_in()
    wire.run(12.0)


def survived(wire):
    """Sequence and MAC chains of both ends still fit, and the next card is heard."""
    causes = {event.cause for event in wire.of(DeviceOffline)}
    assert causes <= {OfflineCause.NO_ANSWER, OfflineCause.SESSION_LOST}
    for device in wire.devices:
        wire.events.clear()
        device.present_card(32, b"last")
        assert wire.until(CardRead, 2 * POLL + 2).raw == b"last"
