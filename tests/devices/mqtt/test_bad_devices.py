"""Devices whose messages come late, double, damaged, from long ago or as noise: seeded, over a real Mosquitto."""

import time

import pytest

from devices.mqtt.client import BrokerBack
from devices.mqtt.messages import CardEvent, Malformed
from simulators.hand import until
from simulators.line_faults import Faults

pytestmark = pytest.mark.anyio
H10301 = (26, bytes.fromhex("02000080"))
CARDS = 6


async def shown(ears, reader, count=CARDS):
    await ears.hear(BrokerBack)
    for _ in range(count):
        reader.present_card(*H10301)


async def heard(ears, wanted):
    assert await until(wanted, 20)
    for _, ack in ears.heard:
        if ack:
            ack()


def numbers(ears):
    return [card.seq for card in ears.values(CardEvent)]


async def test_a_connection_that_drops_at_every_other_card_loses_none(listen, reader):
    reader.session.suffer(Faults(seed=3, loss=0.5))
    async with listen() as ears:
        await shown(ears, reader)
        await heard(ears, lambda: numbers(ears) == list(range(1, CARDS + 1)))


async def test_doubles_and_replays_bear_the_numbers_they_had(listen, reader):
    reader.session.suffer(Faults(seed=5, duplicate=1.0, replay=1.0))
    async with listen() as ears:
        await shown(ears, reader)
        await heard(ears, lambda: len(numbers(ears)) >= 3 * CARDS)
    assert set(numbers(ears)) == set(range(1, CARDS + 1))
    assert {card.boot for card in ears.values(CardEvent)} == {reader.session.boot}


async def test_what_is_late_comes_in_its_order(listen, reader):
    reader.session.suffer(Faults(seed=1, late=1.0, late_by=0.1))
    async with listen() as ears:
        began = time.monotonic()
        await shown(ears, reader, 3)
        await heard(ears, lambda: numbers(ears) == [1, 2, 3])
    assert time.monotonic() - began > 0.3


async def test_what_is_damaged_or_noise_is_no_card(listen, reader):
    reader.session.suffer(Faults(seed=8, babble=1.0, bit_flip=0.3))
    async with listen() as ears:
        await shown(ears, reader)
        await heard(ears, lambda: len(ears.values(Malformed)) >= 2 * CARDS - 1)
        reader.session.suffer(Faults())
        reader.present_card(*H10301)
        await heard(ears, lambda: CARDS + 1 in numbers(ears))
