"""A link that is cut without a word, and comes back: what was asked meanwhile opens nothing any more."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from devices.mqtt.client import BrokerBack
from devices.mqtt.messages import Ack, AckResult, DeviceState, Lifecycle, LockAction, LockCommand
from devices.mqtt.topics import Address, DeviceId
from simulators.door import Door
from simulators.lock import MqttLock
from tests.devices.mqtt.conftest import running
from tests.devices.mqtt.test_client import now_ms

pytestmark = pytest.mark.anyio

LOCK = Address("embassy", DeviceId("lock-1"))


class Wire:
    """The network between a device and the broker: what is sent into a cut one arrives once it is whole again."""

    def __init__(self, broker):
        self._broker = broker
        self.whole = asyncio.Event()
        self.whole.set()
        self._under_way = set()

    @asynccontextmanager
    async def laid(self):
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _carry(self, device, to_device):
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker.port)
        self._under_way |= {
            asyncio.create_task(self._pass_on(device, to_broker)),
            asyncio.create_task(self._pass_on(from_broker, to_device)),
        }

    async def _pass_on(self, source, target):
        try:
            with suppress(ConnectionError):
                while said := await source.read(4096):
                    await self.whole.wait()
                    target.write(said)
                    await target.drain()
        finally:
            target.close()


@pytest.fixture
async def distant(broker, device):
    """A lock behind a wire that can be cut."""
    wire = Wire(broker)
    async with wire.laid() as port:
        lock = MqttLock(replace(device("lock-1"), port=port), Door())
        async with running(lock):
            await lock.session.connected.wait()
            yield lock, wire


async def test_an_unlock_that_hung_in_a_cut_wire_is_answered_as_expired_and_opens_nothing(listen, distant):
    lock, wire = distant
    async with listen() as ears:
        await ears.hear_all(DeviceState(LOCK.device, Lifecycle.READY))
        wire.whole.clear()
        assert ears.client.post(LOCK, LockCommand("old", now_ms() + 1000, LockAction.UNLOCK, 5000))
        await asyncio.sleep(1.5)
        wire.whole.set()
        await ears.hear(Ack(LOCK.device, "old", AckResult.EXPIRED))
        assert lock.door.truth.energised_at == ()


async def test_an_unlock_for_a_device_that_is_gone_is_not_there_when_it_comes_back(listen, lock):
    async with listen() as ears:
        await ears.hear_all(DeviceState(LOCK.device, Lifecycle.READY))
        lock.unplug()
        await ears.hear(DeviceState(LOCK.device, Lifecycle.LOST))
        assert ears.client.post(LOCK, LockCommand("old", now_ms() + 60_000, LockAction.UNLOCK, 5000))
        lock.plug_in()
        await ears.hear(DeviceState(LOCK.device, Lifecycle.READY))
        assert ears.client.post(LOCK, LockCommand("new", now_ms() + 60_000, LockAction.LOCK))
        answer, _ = await ears.hear(Ack)
        assert answer == Ack(LOCK.device, "new", AckResult.OK)
        assert lock.door.truth.energised_at == ()


async def test_a_command_that_comes_twice_is_answered_twice_and_obeyed_once(listen, lock):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        unlock = LockCommand("c-1", now_ms() + 60_000, LockAction.UNLOCK, 100)
        ears.client.post(LOCK, unlock)
        await ears.hear(Ack(LOCK.device, "c-1", AckResult.OK))
        await asyncio.sleep(0.5)
        ears.client.post(LOCK, unlock)
        await ears.hear(Ack(LOCK.device, "c-1", AckResult.OK))
        assert len(lock.door.truth.energised_at) == 1
