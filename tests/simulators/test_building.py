"""The embassy's own site file, assembled on real ptys, and driven by a panel and over the broker as a box would."""

import asyncio
import secrets
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from controller.domain.site import DeviceKind
from controller.site.loader import load_site
from controller.site.people import load_people
from devices.line import Line, PanelReport
from devices.mqtt.broker import Broker
from devices.mqtt.client import MqttClient
from devices.mqtt.messages import CardEvent, DoorState, DoorWord, LockAction, LockCommand
from devices.mqtt.topics import Address, DeviceId
from devices.osdp.commands import Output, OutputControl, OutputRecord
from devices.osdp.control_panel import ControlPanel
from devices.osdp.events import CardRead, DeviceOnline, InputsReported
from devices.osdp.peripheral import Peripheral
from devices.transport.serial import SerialTransport
from simulators.badges import badge
from simulators.building import Building
from simulators.hand import Hand, Orders, UnknownVerb, released, until
from tests.certificates import authority, bundles

CONFIG = Path(__file__).parents[2] / "config"
SITE = load_site(CONFIG / "embassy.toml")
PEOPLE = load_people(CONFIG / "people.csv", SITE)
OSDP = {device.id: device for device in SITE.devices.values() if device.kind is DeviceKind.OSDP}
KEYS = {device.id: secrets.token_bytes(16) for device in OSDP.values() if device.secure_channel}
LOGINS = dict.fromkeys(SITE.cameras, ("ostiary", "secret"))
PATIENCE = 20.0

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def open_files():
    return [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.exists()]


def is_jpeg(path):
    return Path(path).read_bytes()[:2] == b"\xff\xd8"


def overwrite(path):
    Path(path).write_bytes(b"kept")


@pytest.fixture
async def building():
    threads = set(threading.enumerate())
    async with Building(SITE, PEOPLE, keys=KEYS, logins=LOGINS) as building:
        yield building
    assert not [t for t in threading.enumerate() if t not in threads and t.name == "bus"]
    assert not any("ptmx" in name for name in open_files())


@asynccontextmanager
async def panel(building):
    """A control panel on the building's line; yields its line and the tape of all it heard."""
    tape = []
    peripherals = [Peripheral(d.address, KEYS.get(d.id), d.secure_channel) for d in OSDP.values()]
    control = ControlPanel(peripherals, now=time.monotonic(), random_bytes=secrets.token_bytes)

    def hear(event):
        if isinstance(event, PanelReport):
            tape.append(event.event)
            line.confirm(event.event.address)

    line = Line("line-a", lambda: SerialTransport(building.lines["line-a"], 115200), control, time.monotonic, hear)
    line.start()
    try:
        yield line, tape
    finally:
        await asyncio.to_thread(line.stop)


async def heard(tape, wanted):
    assert await until(lambda: any(wanted(event) for event in tuple(tape)), PATIENCE)


async def all_online(tape):
    await until(lambda: len({e.address for e in tuple(tape) if isinstance(e, DeviceOnline)}) == len(OSDP), PATIENCE)
    return {event.address: event.secure for event in tape if isinstance(event, DeviceOnline)}


async def test_every_osdp_device_of_the_site_answers_at_its_address_and_is_as_secure_as_the_file_says(building):
    async with panel(building) as (_, tape):
        assert await all_online(tape) == {device.address: device.secure_channel for device in OSDP.values()}


async def test_a_badge_shown_by_hand_is_read_on_the_line_with_its_own_bits(building):
    async with panel(building) as (_, tape):
        await all_online(tape)
        Hand(building).present_card("lobby-in", "p-003")
        printed = badge("H10301", 42, 10003)
        await heard(tape, lambda e: e == CardRead(OSDP["osdp-lobby"].address, 0, printed.bit_count, printed.raw))


ON_THE_LINE = {name: wired for name, wired in SITE.point_wires.items() if wired.device == "osdp-io"}


async def test_each_hand_at_a_point_comes_back_on_the_wire(building):
    """Detector, glass, mains and battery: set off, cut, bridged and well again, as a module tells it."""
    assert {SITE.points[point].kind.value for point in ON_THE_LINE} >= {"pir", "glass_break", "mains", "battery"}
    orders, last = Orders(building), {}
    async with panel(building) as (_, tape):
        await all_online(tape)
        for point, wired in ON_THE_LINE.items():
            for verb, level in (("trip", 1), ("cut_loop", 3), ("short_loop", 2), ("restore", 0), ("break_glass", 1)):
                await orders.obey({"verb": verb, "point": point})
                last[wired.index] = level
                await heard(
                    tape,
                    lambda e: isinstance(e, InputsReported) and all(e.states[at] == of for at, of in last.items()),
                )
    with pytest.raises(UnknownVerb):
        await orders.obey({"verb": "press_panic", "point": "panic-counter"})  # its device is at no broker yet


@pytest.mark.parametrize("door", ["lobby-door", "chancery-door"], ids=["magnet", "strike"])
async def test_a_relay_frees_its_own_door_and_its_contact_comes_back_on_the_wire(building, door):
    built, leaf = SITE.doors[door], building.doors[door]
    async with panel(building) as (line, tape):
        await all_online(tape)
        assert not Hand(building).push(door)
        at = time.monotonic()
        pulse = Output((OutputRecord(built.lock.index, OutputControl.TIMED_ON, 50),))
        line.send(OSDP["osdp-io"].address, pulse, deadline=at + 2)
        assert await released(leaf, at, PATIENCE) is not None
        assert all(other.state.bolt_locked for name, other in building.doors.items() if name != door)
        assert Hand(building).push(door)
        await heard(
            tape,
            lambda e: (
                isinstance(e, InputsReported) and (e.states[built.contact.index], e.states[built.bolt.index]) == (1, 0)
            ),
        )
        assert len(leaf.truth.entries) == 1


@pytest.fixture
async def broker(tmp_path):
    devices = [DeviceId(d.id) for d in SITE.devices.values() if d.kind is DeviceKind.MQTT]
    broker = Broker(tmp_path / "broker", SITE.id, devices, authority(tmp_path))
    await broker.start()
    yield broker
    await broker.stop()


async def test_over_the_broker_a_badge_is_heard_and_an_unlock_frees_the_right_door(building, broker, tmp_path):
    devices = [d.id for d in SITE.devices.values() if d.kind is DeviceKind.MQTT]
    own = bundles(authority(tmp_path), tmp_path / "bundles", *devices)
    assert await building.connect(broker.port, own) == len(devices)
    tape = []

    def hear(message, ack):
        tape.append(message)
        ack()

    client = MqttClient(SITE.id, broker.bundle, port=broker.port, on_message=hear, on_link=lambda _: None)
    running = asyncio.create_task(client.run())
    try:
        await heard(tape, lambda m: isinstance(m, DoorState) and m.device == "lock-main-gate")
        Hand(building).present_card("main-gate-in", "p-010")
        printed = badge("C1000_35", 1207, 310010)
        await heard(tape, lambda m: isinstance(m, CardEvent) and m.raw == printed.raw)
        at = time.monotonic()
        unlock = LockCommand("c1", int(time.time() * 1000) + 5000, LockAction.UNLOCK, 3000)
        assert client.post(Address(SITE.id, DeviceId("lock-main-gate")), unlock)
        assert await released(building.door_at("main-gate-in"), at, PATIENCE) is not None
        assert Hand(building).push("main-gate")
        await heard(
            tape,
            lambda m: isinstance(m, DoorState) and (m.device, m.state) == ("lock-main-gate", DoorWord.OPEN),
        )
        assert building.door("vehicle-gate").state.bolt_locked
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_closer_shuts_a_door_that_was_forced_unless_somebody_wedged_it(building):
    orders = Orders(building)
    assert (await orders.obey({"verb": "force_open", "door": "fire-exit"}))["open"] is True
    assert await until(lambda: not building.door("fire-exit").state.leaf_open, PATIENCE)
    assert len(building.door("fire-exit").truth.forced_at) == 1


async def test_a_badge_that_nobody_answers_is_told_as_not_energised(building):
    said = {"verb": "present_card", "reader": "lobby-in", "person": "p-003", "within": 0.05}
    assert await Orders(building).obey(said) == {**said, "energised": False, "ms": None}


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"verb": "fly"},
        {"verb": "push", "door": "no-such-door"},
        {"verb": "push"},
        {"verb": "present_card", "reader": "lobby-in", "person": "nobody"},
        {"verb": "present_card", "reader": "main-gate-in", "person": "p-003"},  # not connected to any broker yet
        {"verb": "type_pin", "reader": "registry-in", "digits": "x"},
        {"verb": "show_face", "camera": "cam-server", "face": "mona_lisa"},
    ],
)
async def test_a_hand_that_cannot_do_something_says_so(building, order):
    with pytest.raises(UnknownVerb):
        await Orders(building).obey(order)


async def test_the_cameras_of_the_site_can_be_found_and_each_asks_for_its_own_login(building):
    assert set(building.camera_urls) == set(SITE.cameras)
    orders = Orders(building)
    await orders.obey({"verb": "show_face", "camera": "cam-server", "face": "grace_hopper"})
    assert building.camera("cam-server").scene("cam-server").people == ("hopper",)
    assert building.camera("cam-gate").scene("cam-gate").people == ()
    await orders.obey({"verb": "clear_face", "camera": "cam-server"})
    assert building.camera("cam-server").scene("cam-server").people == ()


async def test_enrolment_photos_are_drawn_once_and_kept(building, tmp_path):
    portraits = await asyncio.to_thread(building.write_portraits, tmp_path)
    assert set(portraits) == {"astronaut", "grace_hopper"}
    assert all(is_jpeg(path) for paths in portraits.values() for path in paths)
    overwrite(portraits["astronaut"][0])
    assert await asyncio.to_thread(building.write_portraits, tmp_path) == portraits
    assert not is_jpeg(portraits["astronaut"][0])


def test_a_secured_reader_without_a_key_is_refused():
    with pytest.raises(ValueError, match="osdp-lobby"):
        Building(SITE, PEOPLE, keys={}, logins=LOGINS)
