"""The OSDP side of the building: serial lines, their reader heads and I/O modules."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

import structlog

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
from controller.domain.hygiene import KeyFacts, WireFacts
from controller.domain.ids import DeviceId, DoorId, LineId
from controller.domain.points import PointCondition
from controller.domain.site import Device, DeviceKind, Site, takes_pin_alone
from controller.domain.stimuli import (
    DeviceSeen,
    OutputSeen,
    PowerSeen,
    Stimulus,
    TamperSeen,
    UnlockFailed,
    ViolationSeen,
)
from controller.runtime.ports import CardSecrets
from devices.gateway.holds import LEASE_SECONDS, Holds
from devices.gateway.lights import LIGHTS
from devices.gateway.port import Building, when_durable
from devices.gateway.settling import points_settling
from devices.gateway.shown import NOTHING_KNOWN, Keypads, card_presented, decoders, formatted_card, readers_by_device
from devices.gateway.terminals import CONDITIONS, Terminals
from devices.gateway.wire_watch import VIOLATIONS, WireWatch
from devices.line import Line, LineBack, LineEvent, LineFault, LineLost, PanelReport
from devices.osdp import events as osdp
from devices.osdp.commands import (
    Buzzer,
    Color,
    Command,
    Led,
    LedRecord,
    LedTemporary,
    Output,
    OutputControl,
    OutputRecord,
    TemporaryLed,
    Tone,
)
from devices.osdp.control_panel import ControlPanel
from devices.osdp.peripheral import Peripheral
from devices.transport.serial import SerialTransport

TENTHS = 10
"""OSDP counts time in units of 100 ms."""

RELOCK_WITHIN = 10.0
"""Seconds a relock may wait for its line. A module that is away longer is relocked when it comes back."""

HOLD_WITHIN = 2.0
"""Seconds a hold may wait for its line: an unlock that comes later is nobody's wish any more."""

LIGHT_WITHIN = 1.0

NO_NOTES: Mapping[DeviceId, KeyFacts] = {}
EXPOSED = "its key was set where others could listen: rotate it on a bench line"
UNHEARD = "a reader that hangs on it is not connected"
LENT = "its line is lent to whoever commissions readers"

_LOG = structlog.get_logger(__name__)


class OsdpGateway:
    """Carries what the lines say to the building and what the building asks to the lines.

    ``keys`` holds each secured device's base key (SCBK), ``known`` what is known of it, ``ports`` where each line is
    plugged in. A message that must
    be recorded holds its peripheral (the next poll would acknowledge it) until the log has it.
    """

    def __init__(
        self,
        site: Site,
        building: Building,
        secrets: CardSecrets,
        keys: Mapping[DeviceId, bytes],
        ports: Mapping[LineId, str],
        known: Mapping[DeviceId, KeyFacts] = NO_NOTES,
    ) -> None:
        self._site = site
        self._building = building
        self._secrets = secrets
        self._loop = asyncio.get_running_loop()
        self._keypads = Keypads(secrets)
        self._readers = readers_by_device(site)
        self._decoders = decoders(site)
        self._terminals = Terminals(site, building, self._loop)
        self._points = {(wired.device, wired.index): p for p, wired in site.point_wires.items()}
        self._outputs = {(o.output.device, o.output.index): o.id for o in site.outputs.values()}
        self._holds = Holds(self._loop)
        self._ports = ports
        self._lent: set[LineId] = set()
        self._notes = known
        self._watch = WireWatch(building.mono)
        self._settling = points_settling(site, building, self._loop)
        self._heads = {(_line(device), _address(device)): device for device in _osdp_devices(site)}
        self._lines = {line.id: self._line(line.id, line.baud, ports[line.id], keys) for line in site.lines.values()}

    def start(self) -> None:
        """Begin to poll."""
        for line in self._lines.values():
            line.start()

    def stop(self) -> None:
        """End the lines' threads."""
        self._settling.stop()
        self._holds.stop()
        self._terminals.stop()
        for line in self._lines.values():
            line.stop()

    async def lend(self, line: LineId) -> None:
        """Let go of a line: its devices count as offline, and what is asked of them is dropped, until it is back."""
        self._lent.add(line)
        await asyncio.to_thread(self._lines[line].stop)
        for device in _osdp_devices(self._site):
            if device.line == line:
                self._forget(device.id)
                self._watch.offline(device.id)
                self._holds.lost(door.id for door in self._site.doors.values() if door.lock.device == device.id)
                self._building.submit(DeviceSeen(device.id, online=False, secure=False, detail=LENT))

    def take_back(
        self, line: LineId, keys: Mapping[DeviceId, bytes], known: Mapping[DeviceId, KeyFacts] = NO_NOTES
    ) -> None:
        """Poll a line again that was lent, with the keys of now and what is known of them."""
        self._lent.discard(line)
        self._notes = known
        wired = self._site.lines[line]
        self._lines[line] = self._line(line, wired.baud, self._ports[line], keys)
        self._lines[line].start()

    def wires(self) -> list[WireFacts]:
        """Return what is known of every reader's wire."""
        return [self._wire(device) for device in _osdp_devices(self._site)]

    def post(self, effect: DoorEffect | Signal | SetOutput) -> None:
        """Send an effect to its device; what fails comes back as a stimulus."""
        match effect:
            case Unlock():
                seconds = self._holds.pulse(effect.door, effect.seconds)
                self._output(effect.door, _pulse(seconds), effect.deadline, effect)
            case Release(door=door):
                self._output(door, _pulse(self._holds.pulse(door, effect.seconds)), self._within(RELOCK_WITHIN))
            case HoldUnlocked(door=door):
                tell = functools.partial(self._hold, door, _pulse(LEASE_SECONDS), HOLD_WITHIN)
                self._holds.begin(door, tell)
            case FireRelease(door=door):
                tell = functools.partial(self._hold, door, (OutputControl.ON, 0), RELOCK_WITHIN)
                self._holds.begin(door, tell, seconds=0.0, lasting=True)
            case Relock(door=door):
                self._holds.end(door)
                self._output(door, (OutputControl.OFF, 0), self._within(RELOCK_WITHIN))
            case SetOutput():
                self._switch(effect)
            case Hold():
                on = OutputControl.ON, 0  # for good: a pulse that ends meanwhile changes nothing
                self._output(effect.door, on, self._building.mono() + RELOCK_WITHIN)
            case Signal():
                self._signal(effect)
            case _:
                assert_never(effect)

    def _hold(self, door: DoorId, what: tuple[OutputControl, int], within: float) -> None:
        self._output(door, what, self._within(within))

    def _wire(self, device: Device) -> WireFacts:
        key = self._notes.get(device.id, KeyFacts()) if device.secure_channel else None
        return self._watch.facts(device, key, self._lines[_line(device)].tally(_address(device)))

    def _within(self, seconds: float) -> float:
        return self._building.mono() + seconds

    def _line(self, line: LineId, baud: int, port: str, keys: Mapping[DeviceId, bytes]) -> Line:
        peripherals = [
            Peripheral(_address(device), keys.get(device.id) if device.secure_channel else None, device.secure_channel)
            for device in _osdp_devices(self._site)
            if device.line == line
        ]
        panel = ControlPanel(peripherals, now=self._building.mono(), random_bytes=os.urandom)
        return Line(line, lambda: SerialTransport(port, baud), panel, self._building.mono, self._from_line)

    def _from_line(self, event: LineEvent) -> None:
        """In the line's own thread: hand over and return."""
        self._loop.call_soon_threadsafe(self._take, event)

    def _take(self, event: LineEvent) -> None:
        match event:
            case PanelReport(line=line, event=told):
                self._told(LineId(line), told)
            case LineLost(line=line, cause=cause):
                _LOG.warning("line lost", line=line, cause=cause)
            case LineBack(line=line):
                _LOG.info("line open", line=line)
            case LineFault(line=line, error=error):
                _LOG.error("a fault in a line's thread; it begins anew", line=line, error=error)
            case _:
                assert_never(event)

    def _told(self, line: LineId, told: osdp.PanelEvent) -> None:
        device = self._heads[line, told.address]
        if isinstance(told, osdp.CommandDropped | osdp.CommandRefused):
            self._failed(told)
            return
        durable = [self._building.submit(stimulus) for stimulus in self._stimuli(device, told)]
        if not isinstance(told, osdp.TO_BE_CONFIRMED):
            return
        when_durable(durable, lambda: self._lines[line].confirm(told.address))

    def _stimuli(self, device: Device, told: osdp.PanelEvent) -> Iterable[Stimulus]:  # noqa: C901 - one flat table
        match told:
            case osdp.DeviceOnline():
                self._forget(device.id)
                self._watch.online(device.id, secure=told.secure)
                yield self._arrived(device.id, told)
                if device.id in self._notes:
                    yield self._watch.fault(device.id, EXPOSED, active=self._notes[device.id].exposed)
            case osdp.DeviceOffline():
                self._watch.offline(device.id)
                self._forget(device.id)
                self._holds.lost(door.id for door in self._site.doors.values() if door.lock.device == device.id)
                yield DeviceSeen(device.id, online=False, secure=False, detail=told.cause.value)
            case osdp.CardRead():
                yield from self._card(device, told)
            case osdp.FormattedCardRead():
                yield from self._characters(device, told)
            case osdp.KeypadInput():
                yield from self._keys(device, told)
            case osdp.InputsReported():
                yield from self._terminals.reported(device.id, enumerate(told.states), told.at, told.lag)
                self._settle(device, told)
            case osdp.OutputsReported():
                yield from self._switched(device, told.states)
            case osdp.TamperChanged():
                yield TamperSeen(device.id, told.active)
            case osdp.PowerChanged():
                yield PowerSeen(device.id, told.failed)
            case osdp.ReadersChanged():
                yield self._watch.fault(device.id, UNHEARD, active=told.missing)
            case osdp.SecurityViolation():
                yield from self._violated(device, VIOLATIONS[told.kind])
            case osdp.ReplyNotUnderstood():
                yield from self._violated(device, Violation.MALFORMED, f"reply 0x{told.code:02x}")
            case osdp.CommunicationChanged():
                _LOG.warning("speaks elsewhere from now on", device=device.id, address=told.new_address, baud=told.baud)
            case osdp.ManufacturerSaid():
                _LOG.info("a maker's own reply", device=device.id, vendor=told.vendor.hex(), length=len(told.said))
            case osdp.ConfirmOverdue():
                _LOG.warning("polled on before its report was durable", device=device.id)
            case osdp.CommandDelivered() | osdp.CommandDropped() | osdp.CommandRefused():
                pass
            case _:
                assert_never(told)

    def _arrived(self, device: DeviceId, told: osdp.DeviceOnline) -> DeviceSeen:
        nameplate, note = told.identity.nameplate, self._notes.get(device)
        commissioned = note is not None and note.nameplate == nameplate
        return DeviceSeen(
            device, online=True, secure=told.secure, detail=nameplate, nameplate=nameplate, commissioned=commissioned
        )

    def _card(self, device: Device, card: osdp.CardRead) -> Iterable[Stimulus]:
        reader = self._readers.get(device.id)
        if reader is not None:
            self._keypads.forget(reader)
            decoder = self._decoders.get(device.id, NOTHING_KNOWN)
            yield card_presented(self._secrets, reader, decoder, card.bit_count, card.raw)

    def _characters(self, device: Device, card: osdp.FormattedCardRead) -> Iterable[Stimulus]:
        """Characters that a reader made of a card by rules of its own: they name nobody, and are kept as they came."""
        reader = self._readers.get(device.id)
        if reader is not None:
            self._keypads.forget(reader)
            yield formatted_card(reader, card.characters)

    def _keys(self, device: Device, keys: osdp.KeypadInput) -> Iterable[Stimulus]:
        reader = self._readers.get(device.id)
        if reader is not None:
            alone = takes_pin_alone(self._site, self._site.readers[reader])
            challenged, now = self._building.challenged(reader), self._building.mono()
            pin = self._keypads.typed(reader, keys.digits, challenged, now, alone=alone)
            if pin is not None:
                yield pin

    def _violated(self, device: Device, violation: Violation, what: str = "") -> Iterable[Stimulus]:
        told = self._watch.violated(device.id, violation)
        if told is not None:
            yield ViolationSeen(device.id, violation, ", ".join(filter(None, (what, told))))

    def _settle(self, device: Device, told: osdp.InputsReported) -> None:
        for index, state in enumerate(told.states):
            point = self._points.get((device.id, index))
            if point is not None:
                self._settling.seen(point, CONDITIONS.get(state, PointCondition.OPEN_LOOP), told.at, told.lag)

    def _forget(self, device: DeviceId) -> None:
        self._terminals.forget(device)
        for (where, _), point in self._points.items():
            if where == device:
                self._settling.forget(point)

    def _switched(self, device: Device, states: Sequence[int]) -> Iterable[Stimulus]:
        for index, on in enumerate(states):
            output = self._outputs.get((device.id, index))
            if output is not None:
                yield OutputSeen(output, bool(on))

    def _output(self, door: DoorId, what: tuple[OutputControl, int], deadline: float, token: object = None) -> None:
        lock = self._site.doors[door].lock
        device = self._site.devices[lock.device]
        record = OutputRecord(lock.index or 0, what[0], what[1])
        self._send(device, Output((record,)), deadline, token)

    def _switch(self, order: SetOutput) -> None:
        wired = self._site.outputs[order.output].output
        record = OutputRecord(wired.index or 0, *_switching(order))
        self._send(self._site.devices[wired.device], Output((record,)), self._building.mono() + RELOCK_WITHIN)

    def _signal(self, signal: Signal) -> None:
        device = self._site.devices[self._site.readers[signal.reader].device]
        color, tenths, beeps = LIGHTS[signal.light]
        shown = LedTemporary(TemporaryLed.SET, tenths, 0, color, Color.BLACK, tenths)
        deadline = self._building.mono() + LIGHT_WITHIN
        self._send(device, Led((LedRecord(temporary=shown),)), deadline)
        if beeps:
            self._send(device, Buzzer(0, Tone.DEFAULT, 1, 1, beeps), deadline)

    def _send(self, device: Device, command: Command, deadline: float, token: object = None) -> None:
        if _line(device) in self._lent:
            self._failed(osdp.CommandDropped(_address(device), command, token))
        else:
            self._lines[_line(device)].send(_address(device), command, deadline=deadline, token=token)

    def _failed(self, told: osdp.CommandDropped | osdp.CommandRefused) -> None:
        if isinstance(told.token, Unlock):
            dropped = isinstance(told, osdp.CommandDropped)
            why = UnlockFailure.DEADLINE_PASSED if dropped else UnlockFailure.DEVICE_REFUSED
            self._building.submit(UnlockFailed(told.token.door, told.token.request, why))


LONGEST_TIMER = 6553.5
"""Seconds that fit OSDP's 16 bits of tenths. What is to last longer stays on until it is told otherwise."""


def _switching(order: SetOutput) -> tuple[OutputControl, int]:
    if not order.on:
        return OutputControl.OFF, 0
    if order.seconds is None or order.seconds > LONGEST_TIMER:
        return OutputControl.ON, 0
    return _pulse(order.seconds)


def _pulse(seconds: float) -> tuple[OutputControl, int]:
    return OutputControl.TIMED_ON, round(seconds * TENTHS)


def _osdp_devices(site: Site) -> list[Device]:
    return [device for device in site.devices.values() if device.kind is DeviceKind.OSDP]


def _line(device: Device) -> LineId:
    if device.line is None:
        raise ValueError(f"device {device.id} hangs on no line")
    return device.line


def _address(device: Device) -> int:
    if device.address is None:
        raise ValueError(f"device {device.id} has no address")
    return device.address
