"""The Modbus side of the building: relay boards with strikes, contacts, supervised loops and sirens."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

import structlog

from controller.domain.boards import Board, PulseEnd
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
from controller.domain.ids import BusId, DeviceId
from controller.domain.points import PointCondition
from controller.domain.site import Site
from controller.domain.stimuli import DeviceSeen, OutputSeen, UnlockFailed, ViolationSeen
from controller.domain.wires import ANALOGUE, Output
from devices.gateway.holds import LEASE_SECONDS, Holds
from devices.gateway.port import Building
from devices.gateway.settling import points_settling
from devices.gateway.terminals import ACTIVE, CONDITIONS, INACTIVE, Terminals
from devices.modbus.board import (
    BoardFound,
    BoardLost,
    BoardRead,
    BusEvent,
    BusFault,
    Coil,
    Command,
    Flash,
    Order,
    OrderDone,
    OrderDropped,
    OrderRefused,
    Plan,
    Register,
)
from devices.modbus.bus import Bus
from devices.modbus.wire import PymodbusWire, Wire

TENTHS = 10
LONGEST_TIMER = 6553.5
"""Seconds that fit a register of tenths. What is to last longer stays on until it is told otherwise."""

FLASH_AT = 0x0200
"""Where Waveshare's boards take a number for their first relay."""

LONGEST_FLASH = 3276.7
"""Seconds; its number has 15 bits."""

ORDER_SECONDS = 10.0
"""How long anything but an unlock may wait for its board. A board that is away longer is told when it comes back."""

HOLD_SECONDS = 2.0
"""An unlock that comes later than this is nobody's wish any more."""

SETTLE_SECONDS = 1.5
"""How long a relay may show what it was before: the order is on its way."""

_LEVELS = {
    PointCondition.NORMAL: INACTIVE,
    PointCondition.ACTIVE: ACTIVE,
    PointCondition.SHORTED: 2,
    PointCondition.OPEN_LOOP: 3,
}
_LOG = structlog.get_logger(__name__)

Terminal = tuple[DeviceId, int]
MakeWire = Callable[[str, int | None], Wire]


class BoardGateway:
    """Carries what relay boards show to the building, and what the building asks to them.

    ``ports`` says where a bus is plugged in, where that is not as the site file says.
    """

    def __init__(
        self, site: Site, building: Building, ports: Mapping[BusId, str], make_wire: MakeWire = PymodbusWire
    ) -> None:
        self._site = site
        self._building = building
        self._loop = asyncio.get_running_loop()
        self._terminals = Terminals(site, building, self._loop)
        self._settling = points_settling(site, building, self._loop)
        self._points = {(wired.device, wired.terminal): p for p, wired in site.point_wires.items()}
        self._outputs = {(o.output.device, o.output.index): o.id for o in site.outputs.values()}
        self._boards = {device.id: device.board for device in site.devices.values() if device.board}
        self._devices = {(board.bus, board.unit): device for device, board in self._boards.items()}
        self._holds = Holds(self._loop)
        self._wanted: dict[Terminal, float] = {}  # until when a relay may be on; not after its pulse
        self._pulses: dict[Terminal, asyncio.TimerHandle] = {}
        self._told: dict[Terminal, bool] = {}  # outputs as they were last seen
        self._strange: set[Terminal] = set()  # relays that somebody else has switched, and that was told
        self._buses = {
            bus.id: Bus(
                bus.id,
                make_wire(ports.get(bus.id, bus.port), bus.baud),
                [_plan(site, d, b) for d, b in self._boards.items() if b.bus == bus.id],
                poll_seconds=bus.poll_seconds,
                clock=building.mono,
                on_event=functools.partial(self._take, bus.id),
            )
            for bus in site.buses.values()
        }
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look at the boards."""
        self._tasks = [self._loop.create_task(bus.run(), name=f"bus-{bus.name}") for bus in self._buses.values()]

    async def stop(self) -> None:
        """End the buses; returns when they are closed. A pulse that is under way is ended by its board."""
        for bus in self._buses.values():
            bus.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._settling.stop()
        self._holds.stop()
        self._terminals.stop()
        for timer in self._pulses.values():
            timer.cancel()

    def post(self, effect: DoorEffect | Signal | SetOutput) -> None:
        """Send an effect to its board; what fails comes back as a stimulus."""
        match effect:
            case Unlock():
                seconds = self._holds.pulse(effect.door, effect.seconds)
                self._pulse(self._strike(effect), seconds, effect.deadline, effect)
            case Release(door=door):
                self._pulse(self._strike(effect), self._holds.pulse(door, effect.seconds), self._within(ORDER_SECONDS))
            case HoldUnlocked(door=door):
                self._holds.begin(door, functools.partial(self._lease, self._strike(effect)))
            case FireRelease(door=door):
                tell = functools.partial(self._switch, self._strike(effect), on=True)
                self._holds.begin(door, tell, seconds=0.0, lasting=True)
            case Relock(door=door):
                self._holds.end(door)
                self._switch(self._strike(effect), on=False)
            case Hold():  # for good: a pulse that ends meanwhile changes nothing
                self._switch(self._strike(effect), on=True)
            case SetOutput():
                self._sound(effect)
            case Signal():
                pass  # a relay board shows nobody anything
            case _:
                assert_never(effect)

    def _strike(self, effect: DoorEffect) -> Terminal:
        return _terminal(self._site.doors[effect.door].lock)

    def _lease(self, relay: Terminal) -> None:
        self._pulse(relay, LEASE_SECONDS, self._within(HOLD_SECONDS))

    def _sound(self, order: SetOutput) -> None:
        relay = _terminal(self._site.outputs[order.output].output)
        if order.on and order.seconds is not None and order.seconds <= LONGEST_FLASH:
            self._pulse(relay, order.seconds, self._within(ORDER_SECONDS))
        else:
            self._switch(relay, on=order.on)

    def _pulse(self, relay: Terminal, seconds: float, deadline: float, token: object = None) -> None:
        """Have a relay energised for a while. Where the board does not count itself, its watchdog is what ends it when
        this box dies, and we are what ends it as long as we live."""
        command, timed = _timed(self._boards[relay[0]], relay[1], seconds)
        self._forget_pulse(relay)
        self._wanted[relay] = deadline + seconds
        self._send(relay, command, deadline, token)
        if not timed:
            self._pulses[relay] = self._loop.call_later(seconds, self._pulse_over, relay)

    def _pulse_over(self, relay: Terminal) -> None:
        del self._pulses[relay]
        self._switch(relay, on=False)

    def _switch(self, relay: Terminal, *, on: bool) -> None:
        self._forget_pulse(relay)
        self._wanted[relay] = float("inf") if on else self._building.mono()
        self._send(relay, Coil(self._boards[relay[0]].outputs_at + relay[1], on), self._within(ORDER_SECONDS))

    def _forget_pulse(self, relay: Terminal) -> None:
        timer = self._pulses.pop(relay, None)
        if timer is not None:
            timer.cancel()

    def _send(self, relay: Terminal, command: Command, deadline: float, token: object = None) -> None:
        board = self._boards[relay[0]]
        self._buses[board.bus].send(Order(board.unit, command, deadline, token))

    def _within(self, seconds: float) -> float:
        return self._building.mono() + seconds

    def _take(self, bus: BusId, event: BusEvent) -> None:
        match event:
            case BoardFound(unit=unit):
                self._found(self._devices[bus, unit])
            case BoardLost(unit=unit, cause=cause):
                self._lost(self._devices[bus, unit], cause)
            case BoardRead(unit=unit):
                self._read(self._devices[bus, unit], event)
            case OrderDone():
                pass
            case OrderRefused(order=order):
                self._failed(order, UnlockFailure.DEVICE_REFUSED)
            case OrderDropped(order=order, gone=gone):
                self._failed(order, UnlockFailure.DEVICE_OFFLINE if gone else UnlockFailure.DEADLINE_PASSED)
            case BusFault(error=error):
                _LOG.error("a fault on a bus; it begins anew", bus=bus, error=error)
            case _:
                assert_never(event)

    def _found(self, device: DeviceId) -> None:
        self._forget(device)
        board = self._boards[device]
        # Whatever it was told before it went is over: who decides tells it anew, and it may need a moment.
        self._wanted |= {relay: self._within(SETTLE_SECONDS) for relay in self._relays(device)}
        detail = f"unit {board.unit} on {board.bus}"
        self._building.submit(DeviceSeen(device, online=True, secure=False, detail=detail))

    def _lost(self, device: DeviceId, cause: str) -> None:
        self._forget(device)
        self._holds.lost(door.id for door in self._site.doors.values() if door.lock.device == device)
        self._building.submit(DeviceSeen(device, online=False, secure=False, detail=cause))

    def _forget(self, device: DeviceId) -> None:
        self._terminals.forget(device)
        for (where, _), point in self._points.items():
            if where == device:
                self._settling.forget(point)
        for relay in self._relays(device):
            self._told.pop(relay, None)
            self._strange.discard(relay)

    def _relays(self, device: DeviceId) -> list[Terminal]:
        used = [door.lock for door in self._site.doors.values()] + [o.output for o in self._site.outputs.values()]
        return [_terminal(output) for output in used if output.device == device]

    def _read(self, device: DeviceId, read: BoardRead) -> None:
        shown = list(_shown(self._boards[device], read))
        for stimulus in self._terminals.reported(device, shown, read.at, read.lag):
            self._building.submit(stimulus)
        for terminal, level in shown:
            point = self._points.get((device, terminal))
            if point is not None:
                self._settling.seen(point, CONDITIONS[level], read.at, read.lag)
        for relay in self._relays(device):
            self._relay_seen(relay, on=read.outputs[relay[1]])

    def _relay_seen(self, relay: Terminal, *, on: bool) -> None:
        output = self._outputs.get(relay)
        if output is not None and self._told.get(relay) != on:
            self._building.submit(OutputSeen(output, on))
        self._told[relay] = on
        if not on:
            self._strange.discard(relay)
        elif self._building.mono() > self._wanted.get(relay, 0.0) + SETTLE_SECONDS and relay not in self._strange:
            self._strange.add(relay)
            why = f"relay {relay[1]} is on, and this box did not ask for it: it is switched off"
            self._building.submit(ViolationSeen(relay[0], Violation.FOREIGN_COMMAND, why))
            self._switch(relay, on=False)

    def _failed(self, order: Order, why: UnlockFailure) -> None:
        if isinstance(order.token, Unlock):
            if not self._holds.is_held(order.token.door):  # it may have been taken, and only its answer was lost
                self._switch(self._strike(order.token), on=False)
            self._building.submit(UnlockFailed(order.token.door, order.token.request, why))


def _terminal(output: Output) -> Terminal:
    return output.device, output.index or 0


def _timed(board: Board, relay: int, seconds: float) -> tuple[Command, bool]:
    """Return what energises a relay for so long, and whether the board then ends it by itself."""
    match board.pulse:
        case PulseEnd.REGISTER:
            tenths = round(min(seconds, LONGEST_TIMER) * TENTHS)
            return Register((board.pulse_register or 0) + relay, tenths), True
        case PulseEnd.FLASH:
            return Flash(FLASH_AT + relay, round(min(seconds, LONGEST_FLASH) * TENTHS)), True
        case PulseEnd.WATCHDOG | PulseEnd.NOTHING:
            return Coil(board.outputs_at + relay, on=True), False
        case _:
            assert_never(board.pulse)


def _shown(board: Board, read: BoardRead) -> Iterable[tuple[int, int]]:
    """Yield each input and what it shows: 0 at rest, 1 active, 2 shorted, 3 cut."""
    for number, on in enumerate(read.inputs):
        yield number, ACTIVE if on != (number in board.inverted) else INACTIVE
    for number, value in enumerate(read.analogue):
        yield ANALOGUE + number, _LEVELS[loop_state(board, value)]


def loop_state(board: Board, value: int) -> PointCondition:
    """Return what a register shows of its loop. What falls between two windows is a loop that somebody changed."""
    for condition, (low, high) in board.windows.items():
        if low <= value <= high:
            return condition
    return PointCondition.OPEN_LOOP


def _plan(site: Site, device: DeviceId, board: Board) -> Plan:
    wired = [wire for door in site.doors.values() for wire in door.inputs.values()]
    wired += site.point_wires.values()
    own = [wire for wire in wired if wire.device == device]
    outputs = [d.lock for d in site.doors.values()] + [o.output for o in site.outputs.values()]
    watchdog: tuple[tuple[int, int], ...] = ()
    if board.watchdog_register is not None and board.watchdog_seconds is not None:
        watchdog = ((board.watchdog_register, round(board.watchdog_seconds * TENTHS)),)
    return Plan(
        board.unit,
        outputs=_count(output.index for output in outputs if output.device == device),
        inputs=_count(wire.index for wire in own),
        analogue=_count(wire.analogue for wire in own),
        outputs_at=board.outputs_at,
        inputs_at=board.inputs_at,
        analogue_at=board.analogue_at,
        setup=watchdog,
    )


def _count(numbers: Iterable[int | None]) -> int:
    return 1 + max((number for number in numbers if number is not None), default=-1)
