"""Detectors, panic buttons and sirens on the real wire, moved by hand: broker, client and gateway as a box has them."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.area_orders import ArmArea, DisarmArea
from controller.domain.effects import SetOutput
from controller.domain.ids import DeviceId
from controller.domain.instant import Instant
from controller.domain.operators import Operator
from controller.domain.points import AlarmOutput, IntrusionArea, OutputKind, Point, PointCondition, PointKind
from controller.domain.site import Device as DeviceAsBuilt
from controller.domain.site import DeviceKind, Input, Output, Side
from devices.gateway.broker import MqttGateway
from devices.mqtt.broker import Broker
from devices.mqtt.client import MqttClient
from devices.mqtt.topics import Address
from devices.mqtt.topics import DeviceId as MqttId
from simulators.detector import LoopState, MqttDetector
from simulators.hand import until
from simulators.mqtt_session import Device
from tests.certificates import authority, bundles
from tests.controller.builders import (
    CHANCERY,
    GIL,
    GLASS,
    OPERATORS,
    PANIC,
    ROOM,
    SIREN,
    House,
    empty_house,
    order,
    small_site,
)

pytestmark = pytest.mark.anyio
NAMES = ("glass", "button", "horn")
PATIENCE = 20.0


@pytest.fixture
def anyio_backend():
    return "asyncio"


def guarded():
    """Only MQTT: a glass-break detector, a panic button and a horn, each a device of its own."""
    wire = {name: Input(DeviceId(name), None) for name in NAMES}
    site = small_site()
    points = [
        Point(GLASS, "Glass", CHANCERY, PointKind.GLASS_BREAK, wire["glass"]),
        Point(PANIC, "Button", CHANCERY, PointKind.PANIC, wire["button"]),
    ]
    area = IntrusionArea(
        ROOM, "Room", frozenset({CHANCERY}), frozenset({GLASS}), exit_seconds=0.0, sirens=frozenset({SIREN})
    )
    devices = {
        name: DeviceAsBuilt(DeviceId(name), name, DeviceKind.MQTT, Side.SAFE, None, None, True, ()) for name in NAMES
    }
    return replace(
        site,
        doors={},
        readers={},
        cameras={},
        devices=devices,
        points={point.id: point for point in points},
        outputs={SIREN: AlarmOutput(SIREN, "Horn", OutputKind.SIREN, Output(DeviceId("horn"), None))},
        areas={ROOM: area},
    )


class Box:
    """The rules behind the gateway, without a disk: every effect goes out at once."""

    def __init__(self, house: House) -> None:
        self.house, self.gateway = house, None

    def submit(self, stimulus):
        self.house.now = Instant(self.house.now.wall, time.monotonic())
        for effect in self.house.see(stimulus).effects:
            if self.gateway is not None and isinstance(effect, SetOutput):
                self.gateway.post(effect)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def mono(self):
        return time.monotonic()

    def wall_ms(self):
        return time.time_ns() // 1_000_000

    def challenged(self, _reader):
        return None

    def taken(self, *_message):
        return False


@asynccontextmanager
async def box_and_devices(folder):
    house = empty_house(guarded())
    for operator, role in OPERATORS.items():
        house.see(st.OperatorEnrolled("test", Operator(operator, role)))
    signs = authority(folder)
    own = bundles(signs, folder / "bundles", *NAMES)
    broker = Broker(folder / "broker", house.site.id, [MqttId(name) for name in NAMES], signs)
    await broker.start()
    box = Box(house)
    box.gateway = MqttGateway(house.site, box, None, boot="boot-1")
    client = MqttClient(
        house.site.id,
        broker.bundle,
        port=broker.port,
        on_message=box.gateway.received,
        on_link=box.gateway.link_changed,
    )
    box.gateway.connect(client.post)
    there = {
        name: MqttDetector(
            Device(Address(house.site.id, MqttId(name)), own / name, broker.port),
            point=name != "horn",
            output=name == "horn",
        )
        for name in NAMES
    }
    tasks = [asyncio.create_task(thing.run()) for thing in (client, *there.values())]
    try:
        assert await until(
            lambda: (
                all(house.state.device(DeviceId(name)).online for name in NAMES)
                and house.state.point(GLASS) is PointCondition.NORMAL
                and house.state.output(SIREN).on is False
            ),
            PATIENCE,
        )
        yield box, there
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        box.gateway.stop()
        await broker.stop()


async def test_glass_that_breaks_in_an_armed_area_sounds_the_siren_until_somebody_disarms(tmp_path):
    async with box_and_devices(tmp_path) as (box, there):
        box.submit(order(GIL, ArmArea(ROOM)))
        there["glass"].set_loop(LoopState.ACTIVE)
        assert await until(lambda: there["horn"].sounding, PATIENCE)
        assert await until(lambda: box.house.state.output(SIREN).on is True, PATIENCE)
        assert box.house.alarms(AlarmKind.INTRUSION)
        box.submit(order(GIL, DisarmArea(ROOM)))
        assert await until(lambda: not there["horn"].sounding, PATIENCE)


@pytest.mark.parametrize(
    ("loop", "condition"),
    [(LoopState.OPEN_LOOP, PointCondition.OPEN_LOOP), (LoopState.SHORTED, PointCondition.SHORTED)],
)
async def test_a_wire_cut_or_shorted_is_a_fault_until_it_is_mended(tmp_path, loop, condition):
    async with box_and_devices(tmp_path) as (box, there):
        there["glass"].set_loop(loop)
        assert await until(lambda: box.house.state.point(GLASS) is condition, PATIENCE)
        assert box.house.alarms(AlarmKind.FAULT)[0].persists
        there["glass"].set_loop(LoopState.NORMAL)
        assert await until(lambda: not box.house.alarms(AlarmKind.FAULT)[0].persists, PATIENCE)


async def test_a_panic_button_and_a_detector_whose_cable_is_pulled(tmp_path):
    async with box_and_devices(tmp_path) as (box, there):
        there["button"].set_loop(LoopState.ACTIVE)
        assert await until(lambda: bool(box.house.alarms(AlarmKind.PANIC)), PATIENCE)
        box.submit(order(GIL, ArmArea(ROOM)))
        there["glass"].unplug()
        assert await until(lambda: bool(box.house.alarms(AlarmKind.INTRUSION)), PATIENCE)


async def test_a_siren_falls_silent_by_itself_after_its_time(tmp_path):
    async with box_and_devices(tmp_path) as (box, there):
        box.gateway.post(SetOutput(SIREN, on=True, seconds=0.5))
        assert await until(lambda: there["horn"].sounding, PATIENCE)
        assert await until(lambda: not there["horn"].sounding, PATIENCE)
        assert await until(lambda: box.house.state.output(SIREN).on is False, PATIENCE)
