"""From the site file to things on wires: which device is a reader, a lock or an I/O module, and what is wired to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from os import urandom
from pathlib import Path

from controller.domain.ids import DeviceId, DoorId, LineId
from controller.domain.site import CRUSHING, Device, DeviceKind, DoorKind, LockKind, Site
from controller.domain.site import Door as DoorAsBuilt
from simulators.bus import FIFO, PacedBus
from simulators.door import Change, Door, Sense
from simulators.gates import Barrier, Turnstile
from simulators.io_module import IoModule
from simulators.line_faults import Faults
from simulators.mechanism import Parts
from simulators.osdp_device import Wiring
from simulators.reader import Reader
from simulators.relay_board import RelayBoard

CLOSER_SECONDS = 3.0
"""After which a door closer shuts a leaf that nobody wedged."""
ARM_UP_SECONDS = 0.8
ARM_DOWN_SECONDS = 1.2

Peripheral = Reader | IoModule
Module = IoModule | RelayBoard


@dataclass(frozen=True, slots=True)
class Terminal:
    """One input of an I/O module, and what it senses."""

    door: DoorId
    sense: Sense
    index: int


def doors_of(site: Site) -> dict[DoorId, Door]:
    """Return every door of the site, closed and locked."""
    return {door.id: _built(site, door) for door in site.doors.values()}


def peripherals_of(
    site: Site, keys: Mapping[str, bytes], doors: Mapping[DoorId, Door], *, as_shipped: bool = False
) -> dict[DeviceId, Peripheral]:
    """Return every OSDP device, its doors' relays wired; ValueError where a secured one has no key and needs one."""
    osdp = [device for device in site.devices.values() if device.kind is DeviceKind.OSDP]
    wired = {device: _wiring(device, keys, as_shipped=as_shipped) for device in osdp}
    return {device.id: _peripheral(site, device, wiring, doors) for device, wiring in wired.items()}


@dataclass(frozen=True, slots=True)
class LinesAre:
    """What all lines of a building are like. ``turnaround`` is in seconds, ``fifo`` as of ``PacedBus``.

    ``linked``: each is found at the very port that the site file names, by a link there, unless that is below `/dev`.
    ``as_shipped``: what hangs on them has no key of its own yet, and waits in install mode.
    """

    turnaround: float = 0.003
    faults: Faults = field(default_factory=Faults)
    fifo: int = FIFO
    linked: bool = False
    as_shipped: bool = False

    def link(self, port: str) -> Path | None:
        """Return where a port's link stands, its folder made; None where there is none."""
        return _link(port) if self.linked else None


def buses_of(site: Site, peripherals: Mapping[DeviceId, Peripheral], are: LinesAre) -> dict[LineId, PacedBus]:
    """Return one pty for each line, not started. OSError for a port at which no link can stand."""
    return {
        line.id: PacedBus(
            [peripherals[device.id] for device in site.devices.values() if device.line == line.id],
            clock=time.monotonic,
            baud=line.baud,
            turnaround=are.turnaround,
            fifo=are.fifo,
            faults=replace(are.faults, seed=are.faults.seed + number),
            link=are.link(line.port),
        )
        for number, line in enumerate(site.lines.values())
    }


def wire_inputs(
    site: Site,
    peripherals: Mapping[DeviceId, Peripheral | RelayBoard],
    doors: Mapping[DoorId, Door],
    loop: asyncio.AbstractEventLoop,
) -> list[Callable[[], None]]:
    """Lead contacts, bolts and buttons to their modules' inputs; an input is active for open, locked and pressed.

    Changes cross over to `loop`: a module moves a bolt with its own lock held, and must not be called back from there.
    Returns how to cut each wire.
    """
    return [
        _wired(module, terminal, doors[terminal.door], loop)
        for device, module in peripherals.items()
        if isinstance(module, Module)
        for terminal in _terminals(site, device)
    ]


def locks_of(site: Site) -> dict[DeviceId, DoorId]:
    """Return the MQTT locks, and the door that each one locks."""
    locks = {door.lock.device: door.id for door in site.doors.values()}
    return {device: door for device, door in locks.items() if site.devices[device].kind is DeviceKind.MQTT}


def detectors_of(site: Site) -> dict[DeviceId, tuple[bool, bool]]:
    """Return the MQTT devices that carry a point, an output, or both, and which of the two."""
    points = {wired.device for wired in site.point_wires.values()}
    outputs = {output.output.device for output in site.outputs.values()}
    return {
        device.id: (device.id in points, device.id in outputs)
        for device in site.devices.values()
        if device.kind is DeviceKind.MQTT and device.id in points | outputs
    }


def heads_of(site: Site) -> list[DeviceId]:
    """Return the MQTT devices that are reader heads."""
    heads = dict.fromkeys(reader.device for reader in site.readers.values())
    return [device for device in heads if site.devices[device].kind is DeviceKind.MQTT]


def _link(port: str) -> Path | None:
    """Return where a port's link stands, its folder made; None for a real device's place."""
    path = Path(port)
    if path.is_relative_to("/dev"):
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _built(site: Site, door: DoorAsBuilt) -> Door:
    parts = Parts(fail_safe=door.lock_kind is LockKind.FAIL_SAFE, closer=CLOSER_SECONDS)
    if door.kind in CRUSHING:
        return Barrier(replace(parts, opening=ARM_UP_SECONDS, closing=ARM_DOWN_SECONDS))
    if door.kind is DoorKind.TURNSTILE:
        badged_out = any(r.door == door.id and r.enters == door.zones[0] for r in site.readers.values())
        return Turnstile(parts, free_exit=not badged_out)
    return Door(parts)


def _wiring(device: Device, keys: Mapping[str, bytes], *, as_shipped: bool) -> Wiring:
    at = device.address or 0
    if not device.secure_channel:
        return Wiring(at)
    if as_shipped:
        return Wiring(at, install_mode=True)
    if device.id not in keys:
        raise ValueError(f"{device.id} speaks on a secure channel, and the key file has no key for it")
    return Wiring(at, keys[device.id])


def _peripheral(site: Site, device: Device, wiring: Wiring, doors: Mapping[DoorId, Door]) -> Peripheral:
    strikes = {door.lock.index or 0: doors[door.id] for door in site.doors.values() if door.lock.device == device.id}
    terminals = _terminals(site, device.id)
    if not strikes and not terminals and not _loops(site, device.id) and not _relays(site, device.id):
        return Reader(wiring, random_bytes=urandom)
    return IoModule(
        wiring,
        random_bytes=urandom,
        outputs=1 + max([*strikes, *_relays(site, device.id)], default=-1),
        inputs=1 + max([*(terminal.index for terminal in terminals), *_loops(site, device.id)], default=-1),
        on_output=partial(_drive, strikes),
    )


def _drive(strikes: Mapping[int, Door], output: int, energised: bool, now: float) -> None:  # noqa: FBT001 - IoModule's
    """A relay that is energised frees its door: it feeds a strike, or breaks a magnet's supply."""
    door = strikes.get(output)
    if door is not None:
        (door.unlock if energised else door.lock)(now)


def _loops(site: Site, device: DeviceId) -> list[int]:
    """The inputs of a module that points hang on."""
    return [wired.index or 0 for wired in site.point_wires.values() if wired.device == device]


def _relays(site: Site, device: DeviceId) -> list[int]:
    """The relays of a module that sirens and the like hang on."""
    return [output.output.index or 0 for output in site.outputs.values() if output.output.device == device]


def _terminals(site: Site, device: DeviceId) -> list[Terminal]:
    return [t for at, t in chain.from_iterable(map(_senses, site.doors.values())) if at == device]


def _senses(door: DoorAsBuilt) -> Iterator[tuple[DeviceId, Terminal]]:
    for key, wired in door.inputs.items():
        yield wired.device, Terminal(door.id, Sense(key), wired.terminal or 0)


def _wired(module: Module, terminal: Terminal, door: Door, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    def sensed(change: Change) -> None:
        if change.sense is terminal.sense:
            loop.call_soon_threadsafe(module.set_input, terminal.index, int(change.active))

    if terminal.sense is Sense.BOLT:
        module.set_input(terminal.index, int(door.state.secured))
    return door.observe(sensed)
