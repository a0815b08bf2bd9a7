"""Barriers, turnstiles and keys on both wires: what their inputs mean, and how a barrier is kept from closing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.doors import Direction, LockStatus, Loop, Position
from controller.domain.effects import Hold
from controller.domain.site import Input
from controller.domain.stimuli import (
    Delivered,
    FaultSeen,
    KeySeen,
    LockSeen,
    LoopSeen,
    Nothing,
    PositionSeen,
    RotationSeen,
)
from devices.gateway.broker import MqttGateway
from devices.gateway.lines import OsdpGateway
from devices.line import PanelReport
from devices.mqtt import messages as mqtt
from devices.osdp import events as osdp
from devices.osdp.commands import Output, OutputControl
from tests.devices.gateway.test_lines import KEY, Line

pytestmark = pytest.mark.anyio

MAIN, GATE, LOBBY_DOOR = "main-gate", "vehicle-gate", "lobby-door"
TS = 1_795_424_400_000


def wired(site, door, **inputs):
    return replace(site, doors={**site.doors, door: replace(site.doors[door], **inputs)})


@pytest.fixture
def broker(site, building, secrets):
    """The vehicle gate has a loop and a key, the main gate turns; what is posted is kept."""
    loop, main = Input("lock-vehicle-gate", None), Input("lock-main-gate", None)
    site = wired(wired(site, GATE, loop=loop, key_switch=loop), MAIN, rotation_in=main, rotation_out=main)
    return lambda: MqttGateway(site, building, secrets, boot="boot-1")


@pytest.fixture
def lines(site, building, secrets):
    """Loop, counters and key of the lobby door hang on the module's inputs 12 to 15."""
    on = [Input("osdp-io", index) for index in range(12, 16)]
    site = wired(site, LOBBY_DOOR, loop=on[0], rotation_in=on[1], rotation_out=on[2], key_switch=on[3])
    keys = {device.id: KEY for device in site.devices.values() if device.secure_channel}
    [name] = site.lines

    def made():
        gateway = OsdpGateway(site, building, secrets, keys, {name: "/dev/null"})
        gateway._lines = {name: Line()}
        return gateway

    def tell(gateway, **states):
        values = [0] * 16
        for key, state in states.items():
            values[{"loop": 12, "turn_in": 13, "turn_out": 14, "key": 15}[key]] = state
        gateway._take(PanelReport(name, osdp.InputsReported(site.devices["osdp-io"].address, tuple(values))))

    return made, tell


@pytest.mark.parametrize(
    ("state", "stimulus"),
    [
        (mqtt.LoopState("lock-vehicle-gate", mqtt.LoopWord.FREE), LoopSeen(GATE, Loop.FREE)),
        (mqtt.LoopState("lock-vehicle-gate", mqtt.LoopWord.OCCUPIED), LoopSeen(GATE, Loop.OCCUPIED)),
        (mqtt.LoopState("lock-vehicle-gate", mqtt.LoopWord.FAULT), LoopSeen(GATE, Loop.FAULT)),
        (mqtt.KeyState("lock-vehicle-gate", mqtt.KeyWord.TURNED), KeySeen(GATE, turned=True)),
        (mqtt.KeyState("lock-vehicle-gate", mqtt.KeyWord.NORMAL), KeySeen(GATE, turned=False)),
    ],
    ids=str,
)
async def test_a_loop_and_a_key_on_mqtt(broker, building, state, stimulus):
    gateway = broker()
    gateway.received(mqtt.DeviceState("lock-vehicle-gate", mqtt.Lifecycle.READY), lambda: None)
    building.take()
    gateway.received(state, lambda: None)
    assert [told for told in building.take() if not isinstance(told, FaultSeen)] == [stimulus]


async def test_a_broken_loop_on_mqtt_is_a_fault_until_it_is_mended(broker, building):
    gateway = broker()
    gateway.received(mqtt.DeviceState("lock-vehicle-gate", mqtt.Lifecycle.READY), lambda: None)
    for word in (mqtt.LoopWord.FREE, mqtt.LoopWord.FAULT, mqtt.LoopWord.OCCUPIED):
        gateway.received(mqtt.LoopState("lock-vehicle-gate", word), lambda: None)
    assert [told.active for told in building.take() if isinstance(told, FaultSeen)] == [False, True, False]


@pytest.mark.parametrize("broken", [mqtt.InputWord.OPEN_LOOP, mqtt.InputWord.SHORTED])
@pytest.mark.parametrize(
    ("wire", "told", "unknown", "known"),
    [
        (
            "contact",
            mqtt.DoorState("lock-main-gate", mqtt.DoorWord.CLOSED),
            PositionSeen(MAIN, Position.UNKNOWN),
            PositionSeen(MAIN, Position.CLOSED),
        ),
        (
            "bolt",
            mqtt.LockState("lock-main-gate", mqtt.LockWord.LOCKED),
            LockSeen(MAIN, LockStatus.UNKNOWN),
            LockSeen(MAIN, LockStatus.LOCKED),
        ),
    ],
)
async def test_a_cut_wire_on_mqtt_tells_nothing_of_its_door(broker, building, broken, wire, told, unknown, known):
    gateway = broker()
    gateway.received(mqtt.DeviceState("lock-main-gate", mqtt.Lifecycle.READY), lambda: None)
    gateway.received(told, lambda: None)
    building.take()
    gateway.received(mqtt.InputEvent("lock-main-gate", "b1", 1, TS, wire, broken), lambda: None)
    assert building.take()[1:] == [unknown]
    gateway.received(mqtt.InputEvent("lock-main-gate", "b1", 2, TS, wire, mqtt.InputWord.NORMAL), lambda: None)
    assert building.take()[1:] == [known]
    building.counted.add(("lock-main-gate", "b1", 1))
    gateway.received(mqtt.InputEvent("lock-main-gate", "b1", 1, TS, wire, broken), lambda: None)
    assert unknown not in building.take()


async def test_a_device_without_a_loop_tells_of_none(broker, building):
    gateway = broker()
    gateway.received(mqtt.DeviceState("lock-main-gate", mqtt.Lifecycle.READY), lambda: None)
    building.take()
    gateway.received(mqtt.LoopState("lock-main-gate", mqtt.LoopWord.OCCUPIED), lambda: None)
    assert building.take() == []


@pytest.mark.parametrize(
    ("word", "direction"), [(mqtt.DirectionWord.IN, Direction.IN), (mqtt.DirectionWord.OUT, Direction.OUT)]
)
async def test_a_rotation_on_mqtt_is_counted_once(broker, building, word, direction):
    gateway = broker()
    turned = mqtt.RotationEvent("lock-main-gate", "b1", 7, TS, word)
    gateway.received(turned, lambda: None)
    building.counted.add(("lock-main-gate", "b1", 7))
    gateway.received(turned, lambda: None)
    assert building.take() == [
        Delivered("lock-main-gate", "b1", 7, RotationSeen(MAIN, direction)),
        Delivered("lock-main-gate", "b1", 7, Nothing()),
    ]


async def test_a_rotation_that_is_told_late_happened_nevertheless(broker, building):
    """Whoever cut the turnstile's cable and went through is counted when it is put back."""
    gateway = broker()
    gateway.received(mqtt.RotationEvent("lock-main-gate", "b1", 7, TS - 60_000, mqtt.DirectionWord.IN), lambda: None)
    assert building.take() == [Delivered("lock-main-gate", "b1", 7, RotationSeen(MAIN, Direction.IN))]


async def test_a_rotation_of_what_does_not_turn_is_nothing(broker, building):
    gateway = broker()
    gateway.received(mqtt.RotationEvent("lock-vehicle-gate", "b1", 1, TS, mqtt.DirectionWord.IN), lambda: None)
    assert building.take() == [Delivered("lock-vehicle-gate", "b1", 1, Nothing())]


async def test_a_barrier_on_mqtt_is_held(broker):
    gateway, sent = broker(), []
    gateway.connect(lambda address, command: sent.append((address.device, command)) or True)
    gateway.post(Hold(GATE))
    [(device, command)] = sent
    assert (device, command.action, command.ms) == ("lock-vehicle-gate", mqtt.LockAction.HOLD, 0)


async def test_a_barrier_on_osdp_is_held_for_good(lines):
    """A relay that is on for good stays on when the pulse of a grant ends."""
    gateway = lines[0]()
    gateway.post(Hold(LOBBY_DOOR))
    [line] = gateway._lines.values()
    [(_, command, _, _)] = line.sent
    assert isinstance(command, Output)
    assert [(record.control, record.timer) for record in command.records] == [(OutputControl.ON, 0)]


def gates(building):
    return [s for s in building.take() if isinstance(s, LoopSeen | RotationSeen | KeySeen | FaultSeen)]


async def test_loop_counters_and_key_on_osdp(lines, building):
    made, tell = lines
    gateway = made()
    tell(gateway)
    assert gates(building) == [
        LoopSeen(LOBBY_DOOR, Loop.FREE),
        KeySeen(LOBBY_DOOR, turned=False),
        FaultSeen("osdp-io", active=False, detail=""),
    ]
    tell(gateway, loop=1, turn_in=1, key=1)
    assert gates(building) == [
        LoopSeen(LOBBY_DOOR, Loop.OCCUPIED),
        RotationSeen(LOBBY_DOOR, Direction.IN),
        KeySeen(LOBBY_DOOR, turned=True),
    ]
    tell(gateway, turn_in=1, turn_out=1)  # the first one is still the same rotation
    assert RotationSeen(LOBBY_DOOR, Direction.OUT) in (seen := gates(building))
    assert RotationSeen(LOBBY_DOOR, Direction.IN) not in seen
    tell(gateway)
    tell(gateway, turn_in=1)
    assert RotationSeen(LOBBY_DOOR, Direction.IN) in gates(building)


@pytest.mark.parametrize("broken", [2, 3])
@pytest.mark.parametrize("wire", ["loop", "turn_in", "turn_out", "key"])
async def test_a_wire_of_a_gate_cut_or_shorted_is_a_fault(lines, building, broken, wire):
    made, tell = lines
    gateway = made()
    tell(gateway)
    building.take()
    tell(gateway, **{wire: broken})
    seen = gates(building)
    assert [s.active for s in seen if isinstance(s, FaultSeen)] == [True]
    assert not any(isinstance(s, RotationSeen) for s in seen)
    assert KeySeen(LOBBY_DOOR, turned=True) not in seen
    loops = [s.loop for s in seen if isinstance(s, LoopSeen)]
    assert loops == ([Loop.FAULT] if wire == "loop" else [])
