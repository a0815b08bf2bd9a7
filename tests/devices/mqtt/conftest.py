import asyncio
from contextlib import asynccontextmanager

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices.mqtt.broker import Broker
from devices.mqtt.client import MqttClient
from devices.mqtt.identity import context
from devices.mqtt.topics import Address, DeviceId
from devices.mqtt.waiting import forget, place_of
from simulators.door import Door
from simulators.lock import MqttLock
from simulators.mqtt_reader import MqttReader
from simulators.mqtt_session import Device
from tests.certificates import authority, bundles

SITE = "embassy"
PATIENCE = 20.0


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(autouse=True)
def nothing_left_in_memory(tmp_path):
    yield
    forget(tmp_path / "broker")


@pytest.fixture
def signs(tmp_path):
    """The authority of the box."""
    return authority(tmp_path)


@pytest.fixture
def bundle(signs, tmp_path):
    """Where a device's own bundle lies; it is made when it is first asked for."""

    def bundle(name):
        if name == "controller":
            return place_of(tmp_path / "broker") / name
        return bundles(signs, tmp_path / "bundles", name) / name

    return bundle


@pytest.fixture
async def broker(tmp_path, signs):
    broker = Broker(tmp_path / "broker", SITE, [DeviceId("lock-1"), DeviceId("reader-1")], signs)
    await broker.start()
    yield broker
    await broker.stop()


class Ears:
    """The box's client with everything it heard, in order."""

    def __init__(self, broker, bundle=None):
        self.heard = []
        self._stirred = asyncio.Event()
        self.client = MqttClient(
            SITE,
            bundle or broker.bundle,
            port=broker.port,
            on_message=lambda message, ack: self._hear((message, ack)),
            on_link=lambda link: self._hear((link, None)),
        )

    def _hear(self, said):
        self.heard.append(said)
        self._stirred.set()

    def values(self, kind):
        return [message for message, _ in self.heard if isinstance(message, kind)]

    async def hear(self, wanted):
        """Take the first thing heard that is `wanted` (a value or a type), with its ack; forget what came before."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for place, (message, ack) in enumerate(self.heard):
                    if message == wanted or (isinstance(wanted, type) and isinstance(message, wanted)):
                        del self.heard[: place + 1]
                        return message, ack
                self._stirred.clear()
                await self._stirred.wait()

    async def hear_all(self, *wanted):
        """Wait until every one of these values was heard, in whatever order; forget nothing."""
        await self.hear_until(lambda: all(any(message == one for message, _ in self.heard) for one in wanted))

    async def hear_until(self, true):
        """Wait until what was heard makes this true; forget nothing."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._stirred.clear()
                await self._stirred.wait()


@asynccontextmanager
async def running(thing):
    task = asyncio.create_task(thing.run())
    try:
        yield thing
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def listen(broker):
    @asynccontextmanager
    async def listen(**options):
        ears = Ears(broker, **options)
        async with running(ears.client):
            yield ears

    return listen


@pytest.fixture
def device(broker, bundle):
    return lambda name: Device(Address(SITE, DeviceId(name)), bundle(name), broker.port)


@pytest.fixture
async def lock(device):
    async with running(MqttLock(device("lock-1"), Door())) as lock:
        await lock.session.connected.wait()
        yield lock


@pytest.fixture
async def reader(device):
    async with running(MqttReader(device("reader-1"))) as reader:
        await reader.session.connected.wait()
        yield reader


class Stranger:
    """Any MQTT 5 client, driven by hand: what the broker lets it do. Call from a worker thread."""

    def __init__(self, port, bundle, client_id="stranger", will=None, user=None):
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5)
        self._client.tls_set_context(context(bundle))
        if user:
            self._client.username_pw_set(user, "whatever")
        self.said = []
        self._client.on_connect = lambda *given: self.said.append(("connect", str(given[3])))
        self._client.on_publish = lambda *given: self.said.append(("publish", str(given[3])))
        self._client.on_message = lambda *given: self._took(given[2])
        self.last_expiry = None
        self._client.on_subscribe = lambda *given: self.said.append(("subscribe", str(given[3][0])))
        if will:
            self._client.will_set(will, b"lost", qos=1, retain=True)
        self._client.connect("127.0.0.1", port)

    def _took(self, message):
        self.said.append((message.topic, message.payload))
        self.last_expiry = getattr(message.properties, "MessageExpiryInterval", None)

    def until(self, what):
        for _ in range(int(PATIENCE / 0.1)):
            for said in self.said:
                if said[0] == what:
                    self.said.remove(said)
                    return said[1]
            self._client.loop(0.1)
        raise TimeoutError(what)

    def publish(self, topic, payload, retain=False):
        self._client.publish(topic, payload, qos=1, retain=retain)
        return self.until("publish")

    def subscribe(self, topic):
        self._client.subscribe(topic, qos=1)
        return self.until("subscribe")

    def drop(self):
        """Go without a word, as a cut cable does."""
        self._client._reset_sockets()

    def linger(self):
        """Take what comes for a moment."""
        for _ in range(5):
            self._client.loop(0.1)

    def leave(self):
        self._client.disconnect()
        self.drop()


@pytest.fixture
def stranger(broker, bundle):
    met = []

    async def stranger(name, **options):
        def meet():
            who = Stranger(broker.port, bundle(name), **options)
            met.append(who)
            return who, who.until("connect")

        return await asyncio.to_thread(meet)

    yield stranger
    for who in met:
        who.leave()
