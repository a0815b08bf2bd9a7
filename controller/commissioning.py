"""The commissioning wizard: a reader gets a key of its own, proves it, and the box keeps it. One visit, bounded.

The public default key is taken here alone, and whoever listens then learns the new key: so the reader should be by
itself on the line, on a bench. Where others answer, the key counts as exposed until it is changed where they do not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from controller.admin import AdminError, Command
from controller.domain.events import ReaderKeyed
from controller.domain.ids import DeviceId, LineId, OperatorId
from controller.domain.site import Device, Line, Site
from controller.osdp_keys import SCBK_BYTES, KeyNote, KeyRing, Origin, hex_key
from controller.runtime.studies import NotReplaced, Replaced
from devices.bench import Bench, hand_over, serial_bench
from devices.osdp.bench import BenchError, Found, Keyed, answering, give_key, scan, try_key, weak
from devices.osdp.errors import LocalError
from devices.osdp.frame import MAX_ADDRESS
from devices.osdp.handover import Ended, Fate, Handover
from devices.osdp.handover import Place as Spot
from devices.osdp.peripheral import Peripheral
from devices.osdp.replies import Identity
from devices.osdp.secure_channel import DEFAULT_KEY

VISIT_SECONDS = 120.0
"""How long the wizard stays open: long enough to reach for the switch on the reader's back."""
SCAN_SECONDS = 300.0
LOOK_EVERY = 0.5

AT_THE_BOX = "at the box"
"""Who asked, where nobody gave a name."""

T = TypeVar("T")
Say = Callable[[str], None]
Lend = Callable[[LineId], AbstractAsyncContextManager[None]]
"""Takes a line away from the doors for as long as the context lasts; they have it back with the keys of then."""
Record = Callable[[ReaderKeyed], object]
"""Writes down that a reader has its key."""


@dataclass(frozen=True, slots=True)
class Place:
    """One reader's place: on which line, at which address, and where that line is plugged in."""

    line: Line
    device: Device
    address: int
    port: str


@dataclass(frozen=True, slots=True)
class Result:
    """A reader whose key is kept: what it is, and which others could have listened."""

    device: DeviceId
    exposed: bool
    neighbours: tuple[int, ...]
    serial: str
    origin: Origin


class Wizard:
    """Commissions readers of one site. ``neighbours`` are the addresses to listen for on the line."""

    def __init__(
        self,
        site: Site,
        ring: KeyRing,
        now: Callable[[], datetime],
        say: Say,
        *,
        neighbours: Sequence[int] = range(MAX_ADDRESS + 1),
        within: float = VISIT_SECONDS,
    ) -> None:
        self._site = site
        self._ring = ring
        self._now = now
        self._say = say
        self._neighbours = neighbours
        self._within = within

    def place(self, line: str, address: int, port: str | None = None) -> Place:
        """Return the reader of the site file at this address, one that has a key. Raises ``AdminError``."""
        place = self.spot(line, address, port)
        if not place.device.secure_channel:
            raise AdminError(f'{place.device.id} is written down with `secure_channel = "off"`: it has no key')
        return place

    def spot(self, line: str, address: int, port: str | None = None) -> Place:
        """Return the reader of the site file at this address, whether it has a key or not. Raises ``AdminError``."""
        wired = line_of(self._site, line)
        device = next((d for d in self._site.devices.values() if d.line == line and d.address == address), None)
        if device is None:
            raise AdminError(f"the site file has no device at address {address} of line {line}: add it first")
        return Place(wired, device, address, port or wired.port)

    def commission(self, place: Place) -> Result:
        """Give a reader in install mode its first key. Raises ``AdminError``. Blocks: for a thread."""
        unfinished = self._ring.next(place.device.id)
        openers = (unfinished, DEFAULT_KEY) if unfinished else (DEFAULT_KEY,)
        return self._set(place, openers, known_to_all=True)

    def rotate(self, place: Place) -> Result:
        """Change a reader's key. Whoever knows the old one reads the new one: that is exposed, too, if they listen."""
        key = self._ring.key(place.device.id)
        if key is None:
            raise AdminError(f"{place.device.id} has no key yet: commission it with `ostiary osdp commission`")
        unfinished = self._ring.next(place.device.id)
        note = self._ring.notes({place.device.id: key})[place.device.id]
        openers = (key, unfinished) if unfinished else (key,)
        return self._set(place, openers, known_to_all=note.exposed, nameplate=note.nameplate)

    def adopt(self, place: Place, text: str) -> Result:
        """Keep a key that the reader was given elsewhere, once it has proven it. Raises ``AdminError``."""
        key = hex_key(text)
        if key is None or (bad := weak(key)) is not None:
            raise AdminError(bad if key is not None else f"the key is not {2 * SCBK_BYTES} hexadecimal digits")
        with self._bench(place) as bench:
            self._await(bench, place)
            self._say("it answers; asking it to prove the key")
            keyed = bench.hold(try_key(place.address, key, os.urandom))
            note = KeyNote(self._now(), Origin.OUT_OF_BAND, nameplate=keyed.identity.nameplate)
            return self._keep(place, key, note, keyed)

    def greet(self, place: Place) -> str:
        """Wait for the reader that hangs there in the clear; return its serial number. Raises ``BenchError``."""
        with self._bench(place) as bench:
            self._await(bench, place)
            while not (found := bench.hold(scan([place.address], os.urandom))):
                bench.pause(LOOK_EVERY)
        self._say(f"it says that it is {found[0].identity.nameplate}")
        return serial_of(found[0].identity)

    def move(self, place: Place, address: int | None, baud: int | None) -> Spot:
        """Have a reader speak at another address or speed, inside its channel; return where it answers from now on.

        ``AdminError`` where it stayed or was lost, or somebody else of the site file is there. Blocks: for a thread.
        """
        key = self._ring.key(place.device.id)
        if key is None:
            raise AdminError(f"{place.device.id} has no key yet: commission it with `ostiary osdp commission`")
        old = Spot(place.address, place.line.baud)
        new = Spot(old.address if address is None else address, old.baud if baud is None else baud)
        there = (d.id for d in self._site.devices.values() if d.line == place.line.id and d.address == new.address)
        if taken := next((device for device in there if device != place.device.id), None):
            raise AdminError(f"address {new.address} of line {place.line.id} is that of {taken}")
        try:
            handover = Handover(Peripheral(old.address, key), old, new, now=time.monotonic(), random_bytes=os.urandom)
        except LocalError as error:
            raise AdminError(str(error)) from error
        self._say(
            f"asking {place.device.id} to go to address {new.address} at {new.baud} baud, and looking for it there"
        )
        return self._moved(place, hand_over(place.port, handover))

    def _moved(self, place: Place, ended: Ended) -> Spot:
        where = f"address {ended.place.address} at {ended.place.baud} baud"
        match ended.fate:
            case Fate.MOVED:
                return ended.place
            case Fate.STAYED:
                raise AdminError(f"{place.device.id} stayed at {where}: it refuses to move, or moves after a power cut")
            case Fate.LOST:
                raise AdminError(
                    f"{place.device.id} answers nowhere any more; it was last at {where}: look for it with "
                    "`ostiary osdp scan --baud 0`"
                )

    def _set(
        self, place: Place, openers: Sequence[bytes], *, known_to_all: bool, nameplate: str | None = None
    ) -> Result:
        """Set a random key; the reader becomes known by ``nameplate``, or by what it says itself where that is None."""
        key = os.urandom(SCBK_BYTES)
        others = [address for address in self._neighbours if address != place.address] if known_to_all else []
        with self._bench(place) as bench:
            self._await(bench, place)
            if others:
                self._say(f"it answers; listening whether others do ({len(others)} addresses)")
            neighbours = bench.hold(answering(others))
            if neighbours:
                self._say(f"others answer on this line, at {_listed(neighbours)}: they can read the key")
            self._ring.note_next(place.device.id, key)
            self._say("setting a random key inside the secure channel, then connecting anew with it")
            keyed = bench.hold(give_key(place.address, key, openers, os.urandom))
            known_as = keyed.identity.nameplate if nameplate is None else nameplate
            note = KeyNote(self._now(), Origin.WIZARD, bool(neighbours), known_as)
            return self._keep(place, key, note, keyed, heard=neighbours)

    def _keep(self, place: Place, key: bytes, note: KeyNote, keyed: Keyed, heard: tuple[int, ...] = ()) -> Result:
        self._ring.put(place.device.id, key, note)
        self._say("the reader has proven its key, and the box keeps it")
        return Result(place.device.id, note.exposed, heard, serial_of(keyed.identity), note.origin)

    def _bench(self, place: Place) -> Bench:
        return serial_bench(place.port, place.line.baud, self._within)

    def _await(self, bench: Bench, place: Place) -> None:
        self._say(f"waiting for a reader at address {place.address} of {place.port}, {place.line.baud} baud")
        while not bench.hold(answering([place.address])):
            bench.pause(LOOK_EVERY)


def line_of(site: Site, line: str) -> Line:
    """Return a line of the site file. Raises ``AdminError``."""
    known = site.lines.get(LineId(line))
    if known is None:
        raise AdminError(f"the site file has no line {line}: it has {', '.join(site.lines) or 'none'}")
    return known


def look_around(
    port: str, bauds: Sequence[int], addresses: Sequence[int], say: Say
) -> tuple[tuple[int, tuple[Found, ...]], ...]:
    """Return what answers on a line that nobody polls, for each baud rate. Raises ``BenchError``. Blocks."""
    heard = []
    for baud in bauds:
        say(f"{port}: asking {len(addresses)} addresses at {baud} baud")
        with serial_bench(port, baud, SCAN_SECONDS) as bench:
            heard.append((baud, bench.hold(scan(addresses, os.urandom))))
    return tuple(heard)


class Commissioning:
    """The wizard of a running box: the doors lend it their line for as long as it takes."""

    def __init__(
        self,
        site: Callable[[], Site],
        ring: KeyRing,
        ports: Mapping[LineId, str],
        now: Callable[[], datetime],
        lend: Lend,
        record: Record,
        neighbours: Sequence[int] = range(MAX_ADDRESS + 1),
    ) -> None:
        self._site = site
        self._ring = ring
        self._ports = ports
        self._now = now
        self._lend = lend
        self._record = record
        self._neighbours = neighbours
        self._one_at_a_time = asyncio.Lock()
        self.commands: Mapping[str, Command] = {
            "osdp_commission": self._visit,
            "osdp_rotate": self._visit,
            "osdp_scan": self._scan,
            "osdp_move": self._move,
        }

    async def replace(self, operator: OperatorId, device: DeviceId) -> Replaced:
        """Take over the reader that hangs in this one's place, on the line it hangs on. Raises ``NotReplaced``.

        It gets a key of its own; one that speaks in the clear is asked who it is.
        """
        known = self._site().devices.get(device)
        if known is None or known.line is None or known.address is None:
            raise NotReplaced(f"{device} hangs on no line")
        given = {"command": "osdp_commission", "line": known.line, "address": known.address, "author": operator}
        try:
            done = await (self._visit(given) if known.secure_channel else self._greet(known.line, known.address))
        except AdminError as error:
            raise NotReplaced(str(error)) from error
        return Replaced(device, done["serial"], done["exposed"], tuple(done["neighbours"]), tuple(done["said"]))

    async def _greet(self, line: LineId, address: int) -> dict[str, Any]:
        said: list[str] = []
        wizard = Wizard(self._site(), self._ring, self._now, said.append)
        place = wizard.spot(line, address, self._ports.get(line))
        async with self._one_at_a_time, self._lend(line):
            serial = await _told(lambda: wizard.greet(place))
        return {"serial": serial, "exposed": False, "neighbours": [], "said": said}

    async def _visit(self, given: Mapping[str, Any]) -> dict[str, Any]:
        said: list[str] = []
        wizard = Wizard(self._site(), self._ring, self._now, said.append, neighbours=self._neighbours)
        line = LineId(str(given["line"]))
        bench = given.get("port")
        place = wizard.place(line, int(given["address"]), str(bench) if bench else self._ports.get(line))

        def visit() -> Result:
            return carried_out(wizard, place, given["command"], given.get("key"))

        async with self._one_at_a_time:
            if bench:
                result = await _told(visit)
                async with self._lend(line):  # the doors go on with the new key
                    pass
            else:
                async with self._lend(line):
                    result = await _told(visit)
        author = str(given.get("author") or AT_THE_BOX)
        self._record(ReaderKeyed(author, result.device, result.serial, result.origin.value, result.exposed))
        return told(result, said)

    async def _move(self, given: Mapping[str, Any]) -> dict[str, Any]:
        said: list[str] = []
        wizard = Wizard(self._site(), self._ring, self._now, said.append)
        line = LineId(str(given["line"]))
        bench = given.get("port")
        place = wizard.place(line, int(given["address"]), str(bench) if bench else self._ports.get(line))
        async with self._one_at_a_time, contextlib.AsyncExitStack() as stack:
            if not bench:
                await stack.enter_async_context(self._lend(line))
            spot = await _told(lambda: wizard.move(place, given.get("to"), given.get("baud")))
        return moved(place, spot, said)

    async def _scan(self, given: Mapping[str, Any]) -> dict[str, Any]:
        line = line_of(self._site(), str(given["line"]))
        port = self._ports.get(line.id, line.port)
        bauds = [int(baud) for baud in given.get("bauds") or [line.baud]]
        async with self._one_at_a_time, self._lend(line.id):
            last = int(given.get("last", MAX_ADDRESS))
            heard = await _told(lambda: look_around(port, bauds, range(last + 1), lambda _: None))
        return {"found": listed(heard)}


def serial_of(identity: Identity) -> str:
    """Return a device's serial number as it is printed on it."""
    return f"{identity.serial:08x}"


def carried_out(wizard: Wizard, place: Place, command: str, key: object) -> Result:
    """Commission, rotate, or take a key that was brought: as a command says. Raises ``BenchError``, ``AdminError``."""
    if isinstance(key, str):
        return wizard.adopt(place, key)
    return wizard.rotate(place) if command == "osdp_rotate" else wizard.commission(place)


def moved(place: Place, spot: Spot, said: Sequence[str] = ()) -> dict[str, Any]:
    """Return what to tell of a reader that speaks elsewhere."""
    return {"device": place.device.id, "address": spot.address, "baud": spot.baud, "said": list(said)}


def told(result: Result, said: Sequence[str] = ()) -> dict[str, Any]:
    """Return what to tell of a reader that has its key; the key itself is told to nobody."""
    return {
        "device": result.device,
        "serial": result.serial,
        "exposed": result.exposed,
        "neighbours": list(result.neighbours),
        "said": list(said),
    }


def listed(heard: Sequence[tuple[int, tuple[Found, ...]]]) -> list[dict[str, Any]]:
    """Return what was found as rows of a table."""
    return [
        {
            "address": each.address,
            "baud": baud,
            "vendor": each.identity.vendor.hex(),
            "model": each.identity.model,
            "serial": serial_of(each.identity),
            "firmware": ".".join(str(part) for part in each.identity.firmware),
            "secure_channel": each.capabilities.secure_channel,
            "default_key": each.default_key,
            "capabilities": [[c.function, c.compliance, c.items] for c in each.capabilities.functions],
        }
        for baud, found in heard
        for each in found
    ]


async def _told(work: Callable[[], T]) -> T:
    """Do what blocks in a thread; its refusals are sentences for whoever asked."""
    try:
        return await asyncio.to_thread(work)
    except BenchError as error:
        raise AdminError(str(error)) from error


def _listed(addresses: Sequence[int]) -> str:
    return ", ".join(str(address) for address in addresses)
