"""A device dies while the broker is dead or frozen and can tell nobody: once it is back, nobody takes it for alive.

For a broker that ends in good order, see test_undelivered.py.
"""

import os
import signal

import pytest

from devices.mqtt.client import BrokerBack, BrokerLost
from devices.mqtt.messages import CardEvent, DeviceState, Lifecycle
from devices.mqtt.topics import DeviceId

pytestmark = pytest.mark.anyio

LOCK, READER = DeviceId("lock-1"), DeviceId("reader-1")
H10301 = 26, bytes.fromhex("9500ca80")


async def test_a_killed_broker_remembers_nothing_of_a_device_that_died_meanwhile(listen, broker, lock, reader):
    async with listen() as ears:
        await ears.hear_all(DeviceState(LOCK, Lifecycle.READY), DeviceState(READER, Lifecycle.READY))
        os.kill(broker.pid, signal.SIGKILL)
        lock.unplug()
        await ears.hear(BrokerLost)
        await ears.hear(BrokerBack)
        reader.present_card(*H10301)  # told live, after all that the broker may have kept
        await ears.hear_until(lambda: ears.values(CardEvent))
        assert DeviceState(READER, Lifecycle.READY) in ears.values(DeviceState)
        assert {message.device for message, _ in ears.heard} == {READER}


async def test_a_frozen_broker_tells_the_last_will_of_a_device_that_died_meanwhile(listen, broker, lock):
    async with listen() as ears:
        await ears.hear(DeviceState(LOCK, Lifecycle.READY))
        os.kill(broker.pid, signal.SIGSTOP)
        lock.unplug()
        os.kill(broker.pid, signal.SIGCONT)
        await ears.hear(DeviceState(LOCK, Lifecycle.LOST))
