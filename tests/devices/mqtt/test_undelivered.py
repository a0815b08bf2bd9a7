"""What a killed box had not taken is with the next one; what has long been told is not."""

import asyncio
import os
import signal
import sys

import pytest

from devices.mqtt.broker import Broker, BrokerError
from devices.mqtt.broker_files import UNDELIVERED
from devices.mqtt.client import BrokerBack
from devices.mqtt.messages import CardEvent, DeviceState, Lifecycle, LockState
from devices.mqtt.topics import Address, DeviceId
from simulators.door import Door
from simulators.lock import MqttLock
from simulators.mqtt_reader import MqttReader
from simulators.mqtt_session import Device
from tests.devices.mqtt.conftest import SITE, Ears, running

pytestmark = pytest.mark.anyio

NAMES = [DeviceId("lock-1"), DeviceId("reader-1")]
H10301 = 26, bytes.fromhex("9500ca80")

OWNER = """
import asyncio, pathlib, sys
from devices.mqtt.broker import Broker

async def main():
    broker = Broker(pathlib.Path(sys.argv[1]), "embassy", ["lock-1", "reader-1"], port=int(sys.argv[2]))
    await broker.start()
    print("there", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "broker"


async def owned(folder, port):
    """A broker whose owner is another process, which can be killed."""
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(folder), str(port)), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        assert await owner.stdout.readline() == b"there\n"
    return owner


async def acquainted(broker):
    """Let the broker know the box, so that it keeps what comes while the box is away."""
    ears = Ears(broker)
    async with running(ears.client):
        await ears.hear(BrokerBack)


async def shown_and_killed(folder):
    """A card is acknowledged to its reader while the box is away; then the broker's owner is killed."""
    first = Broker(folder, SITE, NAMES)
    await first.start()
    await acquainted(first)
    await first.stop()
    owner = await owned(folder, first.port)
    reader = MqttReader(Device(Address(SITE, NAMES[1]), first.password("reader-1"), first.port))
    lock = MqttLock(Device(Address(SITE, NAMES[0]), first.password("lock-1"), first.port), Door())
    async with running(reader), running(lock), asyncio.timeout(20):
        reader.present_card(*H10301)
        await lock.session.connected.wait()
        while not reader.session.connected.is_set() or reader.session._outbox:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
        owner.kill()
        await owner.wait()
    return first.port


async def test_a_card_acknowledged_to_its_reader_outlives_the_box_and_is_told_once(folder):
    port = await shown_and_killed(folder)
    broker = Broker(folder, SITE, NAMES, port=port)
    await broker.start()
    try:
        ears = Ears(broker)
        async with running(ears.client):
            card, ack = await ears.hear(CardEvent)
            assert (card.seq, card.raw) == (1, H10301[1])
            ack()
            await asyncio.sleep(0.2)
        assert not (folder / UNDELIVERED).exists(), "after a crash it would be told again"
    finally:
        await broker.stop()


async def test_a_device_that_did_not_come_back_is_told_lost(folder):
    port = await shown_and_killed(folder)
    broker = Broker(folder, SITE, NAMES, port=port)
    await broker.start()
    try:
        ears = Ears(broker)
        async with running(ears.client):
            await ears.hear_all(DeviceState(NAMES[0], Lifecycle.LOST), DeviceState(NAMES[1], Lifecycle.LOST))
            assert ears.values(LockState), "the broker keeps it: that it is old, its lost device says"
    finally:
        await broker.stop()


async def test_what_was_told_is_not_told_again_after_the_broker_was_killed(folder):
    port = await shown_and_killed(folder)
    broker = Broker(folder, SITE, NAMES, port=port)
    await broker.start()
    try:
        ears = Ears(broker)
        async with running(ears.client):
            _, ack = await ears.hear(CardEvent)
            ack()
            await asyncio.sleep(0.2)
            os.kill(broker.pid, signal.SIGKILL)
            await ears.hear(BrokerBack)
            assert not ears.values(CardEvent)
    finally:
        await broker.stop()


async def test_a_file_it_cannot_read_stops_the_broker_once_and_not_for_ever(folder):
    folder.mkdir()
    (folder / UNDELIVERED).write_bytes(b"\x00\xb5\x00mosquitto db" + b"\xff" * 100)
    broker = Broker(folder, SITE, NAMES)
    for _ in range(2):
        try:
            await broker.start()
            break
        except BrokerError:
            continue
    else:
        pytest.fail("it never starts again")
    await broker.stop()


async def test_two_brokers_never_share_a_folder(folder, monkeypatch):
    monkeypatch.setattr("devices.mqtt.broker.START_TIMEOUT", 0.7)
    first = Broker(folder, SITE, NAMES)
    await first.start()
    try:
        with pytest.raises(BrokerError, match="did not listen"):
            await Broker(folder, SITE, NAMES).start()
    finally:
        await first.stop()
