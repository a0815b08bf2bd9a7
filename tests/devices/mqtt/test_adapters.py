"""Consumer kit over a real Mosquitto: a device of each kind, as its maker documents it, and what it must not do."""

from __future__ import annotations

import asyncio
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from devices.mqtt.adapters.esphome import Esphome
from devices.mqtt.adapters.frigate import MOST_PEOPLE, Frigate
from devices.mqtt.adapters.kits import Kits
from devices.mqtt.adapters.shelly import Shelly
from devices.mqtt.adapters.tasmota import Tasmota, pulse_time
from devices.mqtt.adapters.zigbee2mqtt import Zigbee
from devices.mqtt.broker import Broker
from devices.mqtt.client import BrokerBack, MqttClient
from devices.mqtt.messages import (
    Ack,
    AckResult,
    DeviceState,
    DoorState,
    DoorWord,
    InputWord,
    Lifecycle,
    LockAction,
    LockCommand,
    LockState,
    LockWord,
    Malformed,
    OutputState,
    OutputWord,
    PointState,
    Power,
    Tamper,
)
from devices.mqtt.topics import Address
from simulators.consumer_kit import EsphomeLock, FrigateRecorder, ShellyPlus, TasmotaRelay, Zigbee2Mqtt
from simulators.hand import until

pytestmark = pytest.mark.anyio

PATIENCE = 20.0
SITE = "embassy"


def kits():
    return Kits(
        [
            Zigbee("zig", "zigbee2mqtt/Shed door"),
            Zigbee("zag", "zigbee2mqtt/Window"),
            Shelly("shelly", "shellyplus1-a8032abe54dc"),
            Tasmota("tasmota", "gate_relay"),
            Esphome("esp", "esp-gate", is_lock=True),
            Frigate("nvr", "frigate/yard"),
            Frigate("porch", "frigate/porch"),
        ]
    )


KINDS = {
    "zig": (Zigbee2Mqtt, "zigbee2mqtt", "zigbee2mqtt/Shed door"),
    "shelly": (ShellyPlus, "shelly", "shellyplus1-a8032abe54dc"),
    "tasmota": (TasmotaRelay, "tasmota", "gate_relay"),
    "esp": (EsphomeLock, "esp", "esp-gate"),
}


class Box:
    """The box's client, everything it heard, and a broker."""

    def __init__(self, broker, own):
        self.broker, self.heard, self.links, self._numbers = broker, [], [], 0
        self.client = MqttClient(
            SITE,
            broker.bundle,
            port=broker.port,
            on_message=self._hear,
            on_link=self.links.append,
            kits=own,
        )

    def _hear(self, message, ack):
        self.heard.append(message)
        ack()

    async def sees(self, true, within=PATIENCE):
        assert await until(true, within)

    async def hears(self, *wanted):
        await self.sees(lambda: all(each in self.heard for each in wanted))

    def order(self, device, action, ms=0):
        self._numbers += 1
        command = LockCommand(f"c-{self._numbers}", 2**50, action, ms)
        return command.id, self.client.post(Address(SITE, device), command)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def box(tmp_path, signs):
    own = kits()
    broker = Broker(tmp_path / "broker", SITE, [], signs, kits=own)
    await broker.start()
    box = Box(broker, own)
    running = asyncio.create_task(box.client.run())
    await box.sees(lambda: any(isinstance(link, BrokerBack) for link in box.links))
    yield box
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await broker.stop()


@pytest.fixture
def device(bundle, box):
    made = []

    def make(name):
        kind, user, topic = KINDS[name]
        made.append(kind(user, bundle(user), box.broker.port, topic))
        return made[-1]

    yield make
    for each in made:
        each.stop()


async def started(box, each, name):
    await asyncio.to_thread(each.start)
    await box.hears(DeviceState(name, Lifecycle.READY))


@pytest.mark.parametrize("name", list(KINDS))
async def test_it_is_heard_told_and_ends_its_pulse_by_itself(box, device, name):
    each = device(name)
    await started(box, each, name)
    each.open(is_open=True)
    await box.hears(DoorState(name, DoorWord.OPEN))
    each.open(is_open=False)
    await box.hears(DoorState(name, DoorWord.CLOSED))
    await asyncio.sleep(0.3)  # what it answered to our questions has come
    command, sent = box.order(name, LockAction.UNLOCK, 1500)
    assert sent
    await box.hears(Ack(name, command, AckResult.OK))
    assert each.energised
    since = time.monotonic()
    await box.sees(lambda: not each.energised)
    assert time.monotonic() - since < 5
    if name in ("zig", "esp"):
        await box.hears(LockState(name, LockWord.UNLOCKED), LockState(name, LockWord.LOCKED))
    else:  # a relay that is on is no bolt that was seen
        await box.hears(OutputState(name, OutputWord.ON), OutputState(name, OutputWord.OFF))
        assert not any(isinstance(message, LockState) for message in box.heard)


@pytest.mark.parametrize("name", list(KINDS))
async def test_what_is_not_there_is_told_nothing_and_finds_no_old_order_when_it_is_back(box, device, name):
    assert box.order(name, LockAction.UNLOCK, 1000)[1] is False
    each = device(name)
    await started(box, each, name)
    await asyncio.sleep(0.3)
    each.vanish()
    await box.hears(DeviceState(name, Lifecycle.LOST))
    assert box.order(name, LockAction.UNLOCK, 1000)[1] is False
    again = device(name)
    await started(box, again, name)
    await asyncio.sleep(0.5)
    assert not again.energised
    assert not any(b"UNLOCK" in payload or b"true" in payload or b"ON" in payload for _, payload in again.obeyed)


async def test_a_zigbee_device_is_there_while_its_gateway_is_and_it_is(box, device):
    each = device("zig")
    await started(box, each, "zig")
    each.available(there=False)
    await box.hears(DeviceState("zig", Lifecycle.LOST))
    assert DeviceState("zag", Lifecycle.READY) not in box.heard  # its neighbour never said that it is there
    each.available(there=True)
    await box.sees(lambda: box.heard.count(DeviceState("zig", Lifecycle.READY)) == 2)
    each.vanish()
    await box.sees(lambda: box.heard.count(DeviceState("zig", Lifecycle.LOST)) == 2)


async def test_an_old_state_answers_no_order_and_an_old_shock_is_none(box, device, tmp_path):
    each = device("zig")
    await started(box, each, "zig")
    each.say("zigbee2mqtt/Window/availability", '{"state":"online"}', retain=True)
    each.say("zigbee2mqtt/Window", '{"vibration":true,"contact":true}', retain=True)
    await box.hears(DoorState("zag", DoorWord.CLOSED))
    fresh = kits()
    said = [m for m, _ in fresh.heard("zigbee2mqtt/Window", b'{"vibration":true,"contact":true}', retained=True)]
    assert [m.state.value for m in said if isinstance(m, PointState)] == ["NORMAL"]
    said = [m for m, _ in fresh.heard("zigbee2mqtt/Window", b'{"vibration":true}', retained=False)]
    assert [m.state.value for m in said if isinstance(m, PointState)] == ["ACTIVE"]
    each.say("zigbee2mqtt/Shed door", '{"state":"UNLOCK","lock_state":"unlocked"}', retain=True)
    later = Box(box.broker, kits())
    running = asyncio.create_task(later.client.run())  # a box that starts now: all it hears is the broker's memory
    await later.sees(lambda: any(isinstance(message, DeviceState) for message in later.heard))
    assert not any(isinstance(message, Ack) for message in later.heard)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_nobody_speaks_for_another_nor_in_our_own_words(box, device):
    each = device("tasmota")
    await started(box, each, "tasmota")
    before = len(box.heard)
    for topic, payload in (
        ("shellyplus1-a8032abe54dc/online", "true"),
        ("esp-gate/status", "online"),
        ("zigbee2mqtt/bridge/state", '{"state":"online"}'),
        (f"ostiary/v1/{SITE}/tasmota/state/lock", "UNLOCKED"),
        (f"ostiary/v1/{SITE}/tasmota/event/card", "{}"),
        ("cmnd/gate_relay/POWER1", "ON"),
    ):
        each.say(topic, payload, retain=True)
    each.open(is_open=True)
    await box.hears(DoorState("tasmota", DoorWord.OPEN))
    assert {message.device for message in box.heard[before:]} == {"tasmota"}
    assert not each.energised


BAD = [
    ("zigbee2mqtt/Shed door", b"not json"),
    ("zigbee2mqtt/Shed door", b"[1]"),
    ("zigbee2mqtt/Shed door", b'{"contact":"yes"}'),
    ("zigbee2mqtt/Shed door", b'{"lock_state":"ajar"}'),
    ("zigbee2mqtt/Shed door", b'{"state":7}'),
    ("zigbee2mqtt/Shed door/availability", b'{"state":true}'),
    ("shellyplus1-a8032abe54dc/online", b"maybe"),
    ("shellyplus1-a8032abe54dc/status/switch:0", b'{"output":"on"}'),
    ("shellyplus1-a8032abe54dc/events/rpc", b'{"params":3}'),
    ("tele/gate_relay/LWT", b"\xff\xfe"),
    ("stat/gate_relay/RESULT", b'{"POWER":"MAYBE"}'),
    ("stat/gate_relay/RESULT", b'{"Switch1":{"Action":[]}}'),
    ("esp-gate/lock/lock/state", b"OPEN"),
    ("esp-gate/status", b"x" * 20_000),
    ("frigate/yard/person", b"-1"),
    ("frigate/yard/person", b"12345"),
    ("frigate/yard/person", "²".encode()),
]


@pytest.mark.parametrize(("topic", "payload"), BAD)
def test_what_makes_no_sense_is_refused_by_its_device_s_name(topic, payload):
    said = [message for message, _ in kits().heard(topic, payload, retained=False)]
    assert len(said) == 1
    assert isinstance(said[0], Malformed)
    assert said[0].device in ("zig", "shelly", "tasmota", "esp", "nvr")


def seen(own, topic, payload, *, retained=False):
    """What each camera of the recorder shows for a message."""
    said = [m for m, _ in own.heard(topic, payload, retained=retained)]
    assert not [m for m in said if isinstance(m, Malformed)], said
    return [(m.device, m.state.value) for m in said if isinstance(m, PointState)]


def event(kind, number="a", camera="yard", zones=(), **more):
    after = {"id": number, "camera": camera, "label": "person", "current_zones": list(zones), **more}
    return orjson.dumps({"type": kind, "before": {}, "after": after})


async def test_a_recorder_s_people_are_a_point_of_the_camera_or_the_zone_they_are_in(box, device, bundle):
    recorder = FrigateRecorder("frigate", bundle("frigate"), box.broker.port, "frigate/yard")
    await started(box, recorder, "nvr")
    await box.hears(DeviceState("porch", Lifecycle.READY), PointState("nvr", InputWord.NORMAL))
    recorder.open(is_open=True)
    await box.hears(PointState("nvr", InputWord.ACTIVE))
    assert PointState("porch", InputWord.ACTIVE) not in box.heard
    recorder.event("update", zones=("porch",))
    await box.hears(PointState("porch", InputWord.ACTIVE))
    before = len(box.heard)
    recorder.open(is_open=False)
    await box.sees(lambda: PointState("nvr", InputWord.NORMAL) in box.heard[before:])
    await box.sees(lambda: PointState("porch", InputWord.NORMAL) in box.heard[before:])
    assert box.order("nvr", LockAction.UNLOCK, 1000)[1] is False, "it switches nothing"
    recorder.vanish()
    await box.hears(DeviceState("nvr", Lifecycle.LOST), DeviceState("porch", Lifecycle.LOST))


def test_who_is_followed_is_told_once_and_forgotten_when_nobody_is_counted_or_the_recorder_is_gone():
    own = kits()
    events, count = "frigate/events", "frigate/yard/person"
    assert seen(own, events, event("new")) == [("nvr", "ACTIVE")]
    assert seen(own, events, event("update")) == []
    assert seen(own, events, event("new", "b")) == []
    assert seen(own, events, event("end")) == [], "another one is still there"
    assert seen(own, events, event("update", "b", false_positive=True)) == [("nvr", "NORMAL")]
    assert seen(own, events, event("new", "c", label="dog")) == []
    assert seen(own, events, event("new", "d", camera="street")) == []
    assert seen(own, events, event("new", "e"), retained=True) == [], "what somebody did once is not done again"
    assert seen(own, events, event("new", "f")) == [("nvr", "ACTIVE")]
    assert seen(own, count, b"0") == [("nvr", "NORMAL")], "their end was lost"
    assert seen(own, count, b"2") == [("nvr", "ACTIVE")]
    seen(own, "frigate/available", b"online", retained=True)
    seen(own, events, event("new", "g"))
    assert seen(own, "frigate/available", b"offline") == []
    assert seen(own, "frigate/available", b"online") == [("nvr", "NORMAL"), ("porch", "NORMAL")]


def test_a_recorder_that_never_says_who_is_gone_takes_no_more_memory_for_it():
    own, kit = kits(), Frigate("nvr", "frigate/yard")
    for number in range(MOST_PEOPLE + 10):
        kit.heard("frigate/events", event("new", str(number)), retained=False)
    assert len(kit._people) == MOST_PEOPLE
    assert seen(own, "frigate/events", event("end")) == []


@pytest.mark.parametrize(
    "payload", [b"{}", b'{"type":"new"}', b'{"type":"gone","after":{"id":"a"}}', b'{"type":"new","after":{"id":7}}']
)
def test_an_event_that_makes_no_sense_is_refused_for_each_camera(payload):
    said = [m for m, _ in kits().heard("frigate/events", payload, retained=False)]
    assert [(type(m), m.device) for m in said] == [(Malformed, "nvr"), (Malformed, "porch")]


TOPICS = list(kits().filters)


@given(some.sampled_from(TOPICS), some.binary(max_size=200), some.booleans())
def test_no_bytes_make_an_adapter_fail(topic, payload, retained):
    for message, _ in kits().heard(topic, payload, retained=retained):
        assert message.device


LEAVES = some.one_of(some.none(), some.booleans(), some.integers(-9, 9), some.sampled_from(["ON", "OFF", "online", ""]))
KEYS = some.sampled_from(["state", "contact", "lock_state", "output", "params", "POWER", "Switch1", "id", "result"])
JSON = some.recursive(LEAVES, lambda inner: some.dictionaries(KEYS, inner, max_size=4), max_leaves=8)


@given(some.sampled_from(TOPICS), JSON, some.booleans())
def test_no_json_makes_an_adapter_fail(topic, value, retained):

    for message, _ in kits().heard(topic, orjson.dumps(value), retained=retained):
        assert message.device


def test_tampering_and_a_low_battery_are_told():
    said = [m for m, _ in kits().heard("zigbee2mqtt/Window", b'{"tamper":true,"battery_low":true}', retained=False)]
    assert [type(message) for message in said] == [Tamper, Power]
    said = [m for m, _ in kits().heard("esp-gate/binary_sensor/tamper/state", b"ON", retained=True)]
    assert [type(message) for message in said] == [Tamper]


@pytest.mark.parametrize(
    ("seconds", "number"),
    [(None, 0), (0.05, 1), (0.1, 1), (5.0, 50), (11.1, 111), (12.0, 112), (11.2, 112), (60.0, 160), (90_000.0, 64_900)],
)
def test_pulse_time_counts_tenths_and_then_seconds(seconds, number):
    assert pulse_time(seconds) == number
