"""The MQTT side of the building: locks and readers behind the broker."""

from __future__ import annotations

import asyncio
import functools
import itertools
import math
from collections.abc import Callable, Iterable
from typing import assert_never

import structlog

from controller.domain.doors import Direction, LockStatus, Loop, Position
from controller.domain.effects import (
    DoorEffect,
    FireRelease,
    Hold,
    HoldUnlocked,
    Release,
    Relock,
    SetOutput,
    Signal,
    Unlock,
)
from controller.domain.events import UnlockFailure, Violation
from controller.domain.hygiene import BrokerFacts
from controller.domain.ids import DeviceId, DoorId
from controller.domain.site import ON_THE_BROKER, Door, Site, takes_pin_alone
from controller.domain.stimuli import (
    BatterySeen,
    CardPresented,
    Delivered,
    DeviceSeen,
    FaultSeen,
    KeySeen,
    LockSeen,
    LoopSeen,
    Nothing,
    OutputSeen,
    PinEntered,
    PositionSeen,
    PowerSeen,
    RexSeen,
    RotationSeen,
    Stimulus,
    TamperSeen,
    UnlockFailed,
    ViolationSeen,
)
from controller.runtime.ports import CardSecrets
from devices.gateway.broker_watch import BrokerWatch
from devices.gateway.commands import Commands, Post
from devices.gateway.holds import LEASE_SECONDS, Holds
from devices.gateway.mqtt_words import BROKEN, CONDITIONS, FAILURES, LIGHTS, LOCKS, LOOP, ROTATIONS
from devices.gateway.port import Building, when_durable
from devices.gateway.settling import points_settling
from devices.gateway.shown import NOTHING_KNOWN, Keypads, Wires, card_presented, decoders, readers_by_device
from devices.mqtt import messages as mqtt
from devices.mqtt import topics
from devices.mqtt.client import BrokerBack, BrokerLost, Link

COMMAND_SECONDS = 2.0
"""How long a command that is not an unlock may take to reach its device (the contract's message expiry)."""

FIRE_SECONDS = 24 * 3600.0
"""How long a lock stays released by a fire that it heard of last: as long as the contract lets it (a lost link must not
lock the way out); the end of the fire is a `LOCK`."""

FRESH_SECONDS = 5.0
"""How old a key or a request to exit may be when it is told; whoever pressed it has long gone."""

CALLED_BACK = "its certificate was called back"
OTHER_CONTRACT = "it speaks version {schema} of the contract, this box version {known}: bring it to that version"

_LOG = structlog.get_logger(__name__)


class MqttGateway:
    """Carries what MQTT devices say to the building and what the building asks to them.

    ``post`` of the client is handed over by ``connect``; until then, and while the broker is away, nothing unlocks.
    ``boot``: what its commands' ids begin with, another for each gateway that ever was: a device answers an id that it
    obeyed before, and does nothing.
    """

    def __init__(self, site: Site, building: Building, secrets: CardSecrets, *, boot: str) -> None:
        self._site = site
        self._building = building
        self._secrets = secrets
        self._boot = boot
        self._loop = asyncio.get_running_loop()
        self._keypads = Keypads(secrets)
        self._readers = readers_by_device(site)
        self._decoders = decoders(site)
        self._doors = {door.lock.device: door for door in site.doors.values()}
        self._wired = {(wired.device, key): d.id for d in site.doors.values() for key, wired in d.inputs.items()}
        self._points = {wired.device: point for point, wired in site.point_wires.items()}
        self._outputs = {output.output.device: output.id for output in site.outputs.values()}
        self._holds = Holds(self._loop)
        self._settling = points_settling(site, building, self._loop)
        self._since_ms = building.wall_ms()
        self._wires = Wires()
        self._link = BrokerWatch(building.mono)
        self._ready: set[DeviceId] = set()
        self._told: dict[DeviceId, dict[type[mqtt.State], mqtt.State]] = {}
        self._numbers = itertools.count(1)
        self._refused: frozenset[str] = frozenset()
        self._foreign: set[DeviceId] = set()
        self._commands = Commands(self._loop)
        self._unlocks: dict[str, Unlock] = {}

    @property
    def devices(self) -> list[DeviceId]:
        """Return the site's MQTT devices."""
        return [device.id for device in self._site.devices.values() if device.kind in ON_THE_BROKER]

    def link(self) -> BrokerFacts:
        """Return how the link to the broker stands."""
        return self._link.facts(len(self.devices), len(self._ready))

    def connect(self, post: Post) -> None:
        """Send commands this way from now on."""
        self._commands.connect(post)

    def refuse(self, devices: frozenset[str]) -> None:
        """Take nothing from these devices from now on, whatever the broker lets them do; the others count again."""
        newly = [device for device in self.devices if device in devices - self._refused]
        self._refused = devices
        for device in newly:
            self._building.submit(self._gone(device, CALLED_BACK))

    def stop(self) -> None:
        """Wait for no answer any more."""
        self._settling.stop()
        self._holds.stop()
        self._commands.stop()

    def link_changed(self, link: Link) -> None:
        """The broker is there, or gone: and with it everything behind it. What is there again says so itself."""
        match link:
            case BrokerLost(why=why):
                self._link.lost(why)
                self._ready.clear()
                self._told.clear()
                self._settling.stop()
                self._holds.lost(door.id for door in self._doors.values())
                for device in self.devices:
                    self._commands.lost(topics.DeviceId(device))
                    self._building.submit(DeviceSeen(device, online=False, secure=False, detail=f"no broker: {why}"))
            case BrokerBack():
                self._link.back()
                _LOG.info("connected to the broker", resumed=link.resumed)
            case _:
                assert_never(link)

    def received(self, message: mqtt.DeviceMessage | mqtt.Malformed, ack: Callable[[], None]) -> None:
        """Take one message in; it is acknowledged once what follows from it is durable."""
        durable = [self._building.submit(stimulus) for stimulus in self._stimuli(message)]
        when_durable(durable, ack)

    def post(self, effect: DoorEffect | Signal | SetOutput) -> None:
        """Send an effect to its device; what fails comes back as a stimulus."""
        match effect:
            case Unlock():
                self._unlock(effect)
            case Hold():
                self._lock(effect.door, mqtt.LockAction.HOLD, COMMAND_SECONDS, 0.0)
            case Release(door=door):
                self._release(door, self._holds.pulse(door, effect.seconds))
            case HoldUnlocked(door=door):
                self._holds.begin(door, functools.partial(self._release, door, LEASE_SECONDS))
            case FireRelease(door=door):
                tell = functools.partial(self._release, door, FIRE_SECONDS)
                self._holds.begin(door, tell, seconds=FIRE_SECONDS, lasting=True)
            case Relock(door=door):
                self._holds.end(door)
                self._lock(door, mqtt.LockAction.LOCK, COMMAND_SECONDS, 0.0)
            case Signal():
                device = self._site.readers[effect.reader].device
                command = mqtt.ReaderCommand(self._name(), self._expiry(COMMAND_SECONDS), LIGHTS[effect.light])
                self._commands.send(self._address(device), command, COMMAND_SECONDS, _nobody_minds)
            case SetOutput():
                self._switch(effect)
            case _:
                assert_never(effect)

    def _unlock(self, unlock: Unlock) -> None:
        left = unlock.deadline - self._building.mono()
        seconds = self._holds.pulse(unlock.door, unlock.seconds)
        if self._has_a_say(self._site.doors[unlock.door].lock.device):
            command = self._lock(unlock.door, mqtt.LockAction.UNLOCK, left, seconds)
            if command is not None:
                self._unlocks[command] = unlock
                return
        self._loop.call_soon(self._failed, unlock, UnlockFailure.DEVICE_OFFLINE)

    def _release(self, door: DoorId, seconds: float) -> None:
        self._lock(door, mqtt.LockAction.UNLOCK, COMMAND_SECONDS, seconds)

    def _lock(self, door: DoorId, action: mqtt.LockAction, within: float, seconds: float) -> str | None:
        """Post a lock command; return its id, or None where it did not leave."""
        command = mqtt.LockCommand(self._name(), self._expiry(within), action, round(seconds * 1000))
        address = self._address(self._site.doors[door].lock.device)
        sent = self._commands.send(address, command, within, functools.partial(self._unanswered, command.id))
        return command.id if sent else None

    def _switch(self, order: SetOutput) -> None:
        """Switch a siren. Where nobody answers, nothing comes back: its own word says what it does."""
        device = self._site.outputs[order.output].output.device
        action = mqtt.OutputAction.ON if order.on else mqtt.OutputAction.OFF
        ms = round((order.seconds or 0.0) * 1000) if order.on else 0
        command = mqtt.OutputCommand(self._name(), self._expiry(COMMAND_SECONDS), action, ms)
        self._commands.send(self._address(device), command, COMMAND_SECONDS, _nobody_minds)

    def _unanswered(self, command: str) -> None:
        unlock = self._unlocks.pop(command, None)
        if unlock is not None:
            self._failed(unlock, UnlockFailure.DEVICE_OFFLINE)

    def _answered(self, ack: mqtt.Ack) -> None:
        if not self._commands.answered(ack.device, ack.command_id):
            return
        unlock = self._unlocks.pop(ack.command_id, None)
        if unlock is not None and ack.result in FAILURES:
            self._failed(unlock, FAILURES[ack.result])

    def _failed(self, unlock: Unlock, why: UnlockFailure) -> None:
        self._building.submit(UnlockFailed(unlock.door, unlock.request, why))

    def _stimuli(self, message: mqtt.DeviceMessage | mqtt.Malformed) -> Iterable[Stimulus]:
        match message:
            case mqtt.Malformed():
                yield from self._malformed(message)
            case mqtt.OtherContract(device=name, schema=schema):
                yield from self._cannot_talk(DeviceId(name), schema)
            case mqtt.Description(device=name):
                self._foreign.discard(DeviceId(name))
            case _ if self._has_a_say(DeviceId(message.device)):
                yield from self._said(message)
            case _:
                pass

    def _said(self, message: mqtt.DeviceState | mqtt.State | mqtt.Event | mqtt.Ack) -> Iterable[Stimulus]:
        match message:
            case mqtt.CardEvent() | mqtt.KeyEvent() | mqtt.RexEvent() | mqtt.RotationEvent() | mqtt.InputEvent():
                device = DeviceId(message.device)
                known = self._building.taken(device, message.boot, message.seq)
                yield Delivered(device, message.boot, message.seq, self._event(device, message))
                if isinstance(message, mqtt.InputEvent) and not known:
                    yield from self._blinded(device, message)
            case (
                mqtt.LockState()
                | mqtt.DoorState()
                | mqtt.LoopState()
                | mqtt.KeyState()
                | mqtt.Tamper()
                | mqtt.Power()
                | mqtt.PointState()
                | mqtt.OutputState()
            ):
                device = DeviceId(message.device)
                self._told.setdefault(device, {})[type(message)] = message
                if device in self._ready:
                    yield from self._state(device, message)
            case mqtt.DeviceState():
                yield from self._lifecycle(DeviceId(message.device), message.state)
            case mqtt.Ack():
                self._answered(message)
            case _:
                assert_never(message)

    def _has_a_say(self, device: DeviceId) -> bool:
        """Whether what a device says counts, and it is asked to let anybody in."""
        return device not in self._refused and device not in self._foreign

    def _cannot_talk(self, device: DeviceId, schema: int) -> Iterable[Stimulus]:
        """A device of another contract may mean something else by the same words: it counts as away, and says why."""
        if device in self._foreign or device in self._refused:
            return
        self._foreign.add(device)
        why = OTHER_CONTRACT.format(schema=schema, known=mqtt.SCHEMA)
        yield ViolationSeen(device, Violation.MALFORMED, why)
        yield self._gone(device, why)

    def _gone(self, device: DeviceId, why: str) -> Stimulus:
        """Nothing that was heard of a device counts any more."""
        self._forget(device)
        self._holds.lost(door.id for door in self._site.doors.values() if door.lock.device == device)
        return DeviceSeen(device, online=False, secure=False, detail=why)

    def _lifecycle(self, device: DeviceId, state: mqtt.Lifecycle) -> Iterable[Stimulus]:
        """What the broker keeps of a device counts only while the device is there to stand by it."""
        match state:
            case mqtt.Lifecycle.READY:
                self._ready.add(device)
                yield DeviceSeen(device, online=True, secure=False, detail="")
                for told in self._told.get(device, {}).values():
                    yield from self._state(device, told)
            case mqtt.Lifecycle.DISCONNECTED | mqtt.Lifecycle.LOST:
                yield self._gone(device, state.value)
            case mqtt.Lifecycle.INIT:
                self._forget(device)
            case _:
                assert_never(state)

    def _forget(self, device: DeviceId) -> None:
        self._ready.discard(device)
        self._told.pop(device, None)
        self._commands.lost(topics.DeviceId(device))
        if device in self._points:
            self._settling.forget(self._points[device])

    def _event(
        self, device: DeviceId, event: mqtt.Event
    ) -> CardPresented | PinEntered | RexSeen | RotationSeen | FaultSeen | Nothing:
        reader, door = self._readers.get(device), self._doors.get(device)
        if self._building.taken(device, event.boot, event.seq):
            return Nothing()  # told again: half a PIN must not be typed twice
        match event:
            case mqtt.CardEvent() if reader is not None:
                self._keypads.forget(reader)
                decoder = self._decoders.get(device, NOTHING_KNOWN)
                return card_presented(self._secrets, reader, decoder, event.bit_count, event.raw, self._age(event))
            case mqtt.KeyEvent() if reader is not None and self._is_fresh(event):
                alone = takes_pin_alone(self._site, self._site.readers[reader])
                challenged, now = self._building.challenged(reader), self._building.mono()
                pin = self._keypads.typed(reader, event.digits, challenged, now, alone=alone)
                return pin or Nothing()
            case mqtt.RexEvent() if door is not None and _rex_is_on(door, device) and self._is_fresh(event):
                return RexSeen(door.id)
            case mqtt.RotationEvent() if turnstile := self._wired.get((device, ROTATIONS[event.direction])):
                return RotationSeen(turnstile, Direction(event.direction.lower()))
            case mqtt.InputEvent():
                return self._wires.seen(device, {event.input: event.state in BROKEN}) or Nothing()
            case _:
                return Nothing()

    def _blinded(self, device: DeviceId, event: mqtt.InputEvent) -> Iterable[Stimulus]:
        """A wire that is cut or shorted tells nothing of its door; mended, it shows what the device last told."""
        door = self._doors.get(device)
        broken = event.state in BROKEN
        match event.input:
            case "contact" if door is not None and broken:
                yield PositionSeen(door.id, Position.UNKNOWN)
            case "bolt" if door is not None and broken:
                yield LockSeen(door.id, LockStatus.UNKNOWN)
            case "contact" | "bolt" if not broken and device in self._ready:
                kind = mqtt.DoorState if event.input == "contact" else mqtt.LockState
                told = self._told.get(device, {}).get(kind)
                yield from self._state(device, told) if told is not None else ()
            case _:
                pass

    def _sensed_by(self, device: DeviceId, sensor: str) -> DoorId | None:
        """Return the door whose bolt or contact a device tells of: its lock's own, unless another one is wired."""
        wired = self._wired.get((device, sensor))
        locked = self._doors.get(device)
        return wired or (locked.id if locked is not None and sensor not in locked.inputs else None)

    def _age(self, event: mqtt.Event) -> float:
        """Return how many seconds old an event is. What was shown to a box that was not there is older than any."""
        return math.inf if event.ts < self._since_ms else (self._building.wall_ms() - event.ts) / 1000

    def _is_fresh(self, event: mqtt.Event) -> bool:
        return abs(self._age(event)) <= FRESH_SECONDS

    def _state(self, device: DeviceId, state: mqtt.State) -> Iterable[Stimulus]:
        match state:
            case mqtt.LockState() if bolted := self._sensed_by(device, "bolt"):
                yield LockSeen(bolted, LOCKS[state.state])
            case mqtt.DoorState() if leaf := self._sensed_by(device, "contact"):
                is_open = state.state is mqtt.DoorWord.OPEN
                yield PositionSeen(leaf, Position.OPEN if is_open else Position.CLOSED)
            case mqtt.LoopState() if barrier := self._wired.get((device, "loop")):
                yield LoopSeen(barrier, Loop(state.state.lower()))
                fault = self._wires.seen(device, {LOOP: state.state is mqtt.LoopWord.FAULT})
                if fault is not None:
                    yield fault
            case mqtt.KeyState() if keyed := self._wired.get((device, "key_switch")):
                yield KeySeen(keyed, turned=state.state is mqtt.KeyWord.TURNED)
            case mqtt.Tamper():
                yield TamperSeen(device, state.state is mqtt.TamperWord.TAMPERED)
            case mqtt.Power():
                yield PowerSeen(device, state.state is not mqtt.PowerWord.MAINS)
                yield BatterySeen(device, state.state is mqtt.PowerWord.LOW)
            case mqtt.PointState() if device in self._points:
                self._settling.seen(self._points[device], CONDITIONS[state.state])
            case mqtt.OutputState() if device in self._outputs:
                yield OutputSeen(self._outputs[device], state.state is mqtt.OutputWord.ON)
            case _:
                pass

    def _malformed(self, message: mqtt.Malformed) -> Iterable[Stimulus]:
        _LOG.warning("a message was refused", topic=message.topic, why=message.why)
        topic = topics.split(message.topic)
        device = message.device or (topic.address.device if topic else None)
        if device is not None:
            yield ViolationSeen(DeviceId(device), Violation.MALFORMED, message.why)

    def _address(self, device: DeviceId) -> topics.Address:
        return topics.Address(self._site.id, topics.DeviceId(device))

    def _name(self) -> str:
        return f"{self._boot}-{next(self._numbers)}"

    def _expiry(self, seconds: float) -> int:
        return self._building.wall_ms() + round(seconds * 1000)


def _rex_is_on(door: Door, device: DeviceId) -> bool:
    return door.rex is not None and door.rex.input.device == device


def _nobody_minds() -> None:
    """What was not answered is seen by its outcome: a light that stays as it was, a siren's own word."""
