"""What a killed box had not taken is with the next one; what has long been told is not."""

import asyncio
import os
import shutil
import signal
import stat
import sys

import psutil
import pytest

from devices.mqtt.broker import Broker, BrokerError
from devices.mqtt.broker_files import UNDELIVERED, PlainKeep
from devices.mqtt.client import BrokerBack
from devices.mqtt.messages import CardEvent, DeviceState, Lifecycle, LockState
from devices.mqtt.topics import Address, DeviceId
from devices.mqtt.waiting import MEMORY, place_of
from simulators.door import Door
from simulators.lock import MqttLock
from simulators.mqtt_reader import MqttReader
from simulators.mqtt_session import Device
from tests.certificates import authority, bundles
from tests.devices.mqtt.conftest import SITE, Ears, running

pytestmark = pytest.mark.anyio

NAMES = [DeviceId("lock-1"), DeviceId("reader-1")]
H10301 = 26, bytes.fromhex("9500ca80")

OWNER = """
import asyncio, pathlib, sys
from devices.mqtt.broker import Broker
from tests.certificates import authority

async def main():
    folder = pathlib.Path(sys.argv[1])
    signs = authority(folder.parent)
    broker = Broker(folder, "embassy", ["lock-1", "reader-1"], signs, port=int(sys.argv[2]))
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
    first = Broker(folder, SITE, NAMES, authority(folder.parent))
    await first.start()
    await acquainted(first)
    await first.stop()
    owner = await owned(folder, first.port)
    own = bundles(authority(folder.parent), folder.parent / "bundles", *NAMES)
    reader = MqttReader(Device(Address(SITE, NAMES[1]), own / "reader-1", first.port))
    lock = MqttLock(Device(Address(SITE, NAMES[0]), own / "lock-1", first.port), Door())
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
    broker = Broker(folder, SITE, NAMES, authority(folder.parent), port=port)
    await broker.start()
    try:
        ears = Ears(broker)
        async with running(ears.client):
            card, ack = await ears.hear(CardEvent)
            assert (card.seq, card.raw) == (1, H10301[1])
            ack()
            await asyncio.sleep(0.2)
        assert not (place_of(folder) / UNDELIVERED).exists(), "after a crash it would be told again"
    finally:
        await broker.stop()


async def test_a_device_that_did_not_come_back_is_told_lost(folder):
    port = await shown_and_killed(folder)
    broker = Broker(folder, SITE, NAMES, authority(folder.parent), port=port)
    await broker.start()
    try:
        ears = Ears(broker)
        async with running(ears.client):
            await ears.hear_all(DeviceState(NAMES[0], Lifecycle.LOST), DeviceState(NAMES[1], Lifecycle.LOST))
            # The broker keeps what the lock showed last: that it is old, its lost device says.
            await ears.hear_until(lambda: ears.values(LockState))
    finally:
        await broker.stop()


async def test_what_was_told_is_not_told_again_after_the_broker_was_killed(folder):
    port = await shown_and_killed(folder)
    broker = Broker(folder, SITE, NAMES, authority(folder.parent), port=port)
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
    broker = Broker(folder, SITE, NAMES, authority(folder.parent))
    for _ in range(2):
        try:
            await broker.start()
            break
        except BrokerError:
            continue
    else:
        pytest.fail("it never starts again")
    await broker.stop()


async def test_what_waits_over_a_kill_is_in_memory_and_never_on_the_disk(folder):
    await shown_and_killed(folder)
    async with asyncio.timeout(20):
        while not (place_of(folder) / UNDELIVERED).exists():  # noqa: ASYNC110 - the broker ends by itself
            await asyncio.sleep(0.02)
    waits = (place_of(folder) / UNDELIVERED).read_bytes()
    assert stat.S_IMODE(place_of(folder).stat().st_mode) == 0o700
    assert any(raw in waits for raw in (H10301[1].hex().encode(), H10301[1].hex().upper().encode()))
    assert not any(path.name.startswith(UNDELIVERED) for path in folder.iterdir())
    assert "tmpfs" in {each.fstype for each in psutil.disk_partitions(all=True) if each.mountpoint == str(MEMORY)}


class Locked:
    """A keep that turns every byte over, as a sealed box's does, in a way that a test can read."""

    def __init__(self, folder):
        self._plain = PlainKeep(folder)

    def read(self, name):
        kept = self._plain.read(f"{name}.sealed")
        return None if kept is None else bytes(byte ^ 0xFF for byte in kept)

    def write(self, name, content):
        self._plain.write(f"{name}.sealed", bytes(byte ^ 0xFF for byte in content))

    def remove(self, name):
        self._plain.remove(f"{name}.sealed")


async def test_what_waits_at_a_good_stop_is_kept_with_the_secrets_and_told_at_the_next_start(folder):
    folder.mkdir()
    first = Broker(folder, SITE, NAMES, authority(folder.parent), keep=Locked(folder))
    await first.start()
    await acquainted(first)
    own = bundles(authority(folder.parent), folder.parent / "bundles", *NAMES)
    reader = MqttReader(Device(Address(SITE, NAMES[1]), own / "reader-1", first.port))
    async with running(reader), asyncio.timeout(20):
        reader.present_card(*H10301)
        while not reader.session.connected.is_set() or reader.session._outbox:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
    await first.stop()
    assert not place_of(folder).exists(), "a machine that stays on keeps nothing in memory"
    on_disk = b"".join(path.read_bytes() for path in folder.iterdir())
    assert (folder / f"{UNDELIVERED}.sealed").exists()
    assert H10301[1].hex().encode() not in on_disk.lower()
    second = Broker(folder, SITE, NAMES, authority(folder.parent), port=first.port, keep=Locked(folder))
    await second.start()
    try:
        ears = Ears(second)
        async with running(ears.client):
            card, ack = await ears.hear(CardEvent)
            assert (card.seq, card.raw) == (1, H10301[1])
            ack()
            await asyncio.sleep(0.2)
        assert not (folder / f"{UNDELIVERED}.sealed").exists(), "after a crash it would be told again"
    finally:
        await second.stop()


async def test_a_box_that_was_destroyed_keeps_nothing_of_it(folder):
    broker = Broker(folder, SITE, NAMES, authority(folder.parent))
    await broker.start()
    await acquainted(broker)
    shutil.rmtree(folder)
    await broker.stop()
    assert not folder.exists()
    assert not place_of(folder).exists()


async def test_a_place_in_memory_that_others_can_read_is_refused(folder):
    place_of(folder).mkdir(mode=0o755)
    with pytest.raises(BrokerError, match="somebody else's"):
        await Broker(folder, SITE, NAMES, authority(folder.parent)).start()


async def test_two_brokers_never_share_a_folder(folder, monkeypatch):
    first = Broker(folder, SITE, NAMES, authority(folder.parent))
    await first.start()
    monkeypatch.setattr("devices.mqtt.broker.START_TIMEOUT", 0.7)
    try:
        with pytest.raises(BrokerError, match="did not listen"):
            await Broker(folder, SITE, NAMES, authority(folder.parent)).start()
    finally:
        await first.stop()
