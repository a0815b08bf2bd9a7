"""Relay boards on Modbus: their tables in a site file, and the rules on what may hang on them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from controller.domain.boards import WINDOWS, Board, Bus, PulseEnd
from controller.domain.ids import BusId, DeviceId
from controller.domain.points import PointCondition, PointKind
from controller.domain.site import CRUSHING, Device, DeviceKind, SecurityLevel, Side, Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.kinds import Section
from controller.site.positions import Path
from controller.site.reading import Reading, Table
from controller.site.safety import door_level
from controller.site.wiring import Finding, lock_wires, wires_of

BUS = Section("bus", BusId)

BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200)
HIGHEST_UNIT = 247  # Modbus over Serial Line V1.02, section 2.2
_HIGHEST_ADDRESS = 65_535
_POLL_MS = 50.0
_LONGEST_WATCHDOG = 15.0  # seconds; a held door's lease is as long
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9._-]{1,200}:[0-9]{1,5}", re.ASCII)
_MS = 1000.0

ROUND_SECONDS = 0.2
"""How long a bus may take to look at all of its boards once: whatever lasts 400 ms (EN 60839-11-1) is then read at
least once, even if one answer gets lost."""

TURNAROUND_SECONDS = 0.005
"""How long a board takes to answer, as most do."""

_BITS_PER_BYTE = 11  # Modbus over Serial Line, section 2.5.1: start, eight, parity or a second stop bit, stop
_FRAME_BYTES = 8 + 5  # a read, and the frame of its answer
_SILENCE_BYTES = 2 * 3.5  # before each of the two


def bus(table: Table) -> Bus:
    """``[[bus]]``: serial with a ``baud``, else ``HOST:PORT``."""
    baud = table.want("baud", kinds.one_of(BAUDS), None)
    if baud is None:
        port = table.need("port", _host_and_port, '"192.168.77.2:502"')
    else:
        port = table.need("port", kinds.text, '"/dev/ttyUSB1"')
        table.forbid("own_wire", "a serial bus is a wire of its own")
    return Bus(
        id=table.need("id", BUS.ident, '"riser"'),
        port=port,
        baud=baud,
        own_wire=baud is not None or table.want("own_wire", kinds.flag, default=False),
        poll_seconds=table.want("poll_ms", kinds.number(20, 150, "milliseconds"), _POLL_MS) / _MS,
    )


def board(table: Table) -> Board:
    """The keys of a ``[[device]]`` of kind ``modbus``."""
    pulse = table.need("pulse", kinds.word(PulseEnd), '"register"', "what ends a pulse, should this box die")
    address = kinds.whole(0, _HIGHEST_ADDRESS)
    seconds = None
    if pulse is PulseEnd.WATCHDOG:
        seconds = table.need("watchdog_seconds", kinds.number(0.5, _LONGEST_WATCHDOG, "seconds"), "5")
    else:
        for key in ("watchdog_seconds", "watchdog_register"):
            table.forbid(key, 'only a board of `pulse = "watchdog"` has one')
    if pulse is not PulseEnd.REGISTER:
        table.forbid("pulse_register", 'only a board of `pulse = "register"` has one')
    return Board(
        bus=table.need("bus", BUS.ref, '"riser"'),
        unit=table.need("address", kinds.whole(1, HIGHEST_UNIT), "1"),
        pulse=pulse,
        pulse_register=table.need("pulse_register", address, "100") if pulse is PulseEnd.REGISTER else None,
        watchdog_seconds=seconds,
        watchdog_register=table.want("watchdog_register", address, None) if pulse is PulseEnd.WATCHDOG else None,
        outputs_at=table.want("outputs_at", address, 0),
        inputs_at=table.want("inputs_at", address, 0),
        analogue_at=table.want("analogue_at", address, 0),
        inverted=table.want("inverted", kinds.several(kinds.whole(0, kinds.HIGHEST_INDEX)), frozenset()),
        windows=_windows(table),
    )


def boards_end_their_pulses(site: Site) -> Iterator[Finding]:
    """A strike whose pulse only this box ends stays released for good when this box dies."""
    for door in site.doors.values():
        own = _board(site, door.lock.device)
        at = ("door", door.id, "lock")
        if own and own.pulse is PulseEnd.NOTHING:
            problem = (
                f"nothing on {quoted(door.lock.device)} ends a pulse, should this box die: the door would stay open"
            )
            mend = 'wire it to a board with timed outputs ("register", "flash") or with a watchdog'
            yield Finding(at, problem, mend)
        if own and own.pulse is PulseEnd.WATCHDOG and door.kind in CRUSHING:
            problem = f"the watchdog of {quoted(door.lock.device)} would close a {door.kind} over a car"
            yield Finding(at, problem, 'wire it to a board whose outputs stay as told: `pulse = "register"`')


def buses_belong_to_us(site: Site) -> Iterator[Finding]:
    """Modbus knows no password: whoever reaches the wire of a strike opens its door."""
    for door in site.doors.values():
        for wire in lock_wires(door) if door_level(site, door) > SecurityLevel.UNRESTRICTED else ():
            own = _board(site, wire.device)
            shared = site.buses.get(own.bus) if own else None
            if shared is None:
                continue
            if not shared.own_wire:
                problem = (
                    f"{quoted(wire.device)} is reached over a network, and Modbus knows no password: "
                    "whoever is on it opens the door"
                )
                mend = f"give {quoted(shared.id)} a network of its own and say so: `own_wire = true`"
                yield Finding(wire.at, problem, mend)
            outside = [d.id for d in _on(site, shared.id) if d.side is Side.ATTACK]
            if outside and wire.device not in outside:
                problem = f"shares the bus {quoted(shared.id)} with {quoted(outside[0])} on the attack side"
                mend = f"give {quoted(outside[0])} a bus of its own: whoever opens it speaks to every board of this one"
                yield Finding(wire.at, problem, mend)


def buses_keep_pace(site: Site) -> Iterator[Finding]:
    """Whatever lasts 400 ms is seen: a bus looks at each of its boards several times as often."""
    for each in site.buses.values():
        takes = round_seconds(site, each)
        if takes > ROUND_SECONDS:
            problem = (
                f"looking at all of its boards once takes {takes * _MS:.0f} ms: of what lasts 400 ms some would be "
                f"missed (at most {ROUND_SECONDS * _MS:.0f} ms)"
            )
            yield Finding(
                ("bus", each.id, "baud"), problem, "raise the baud rate, or spread the boards over more buses"
            )


def round_seconds(site: Site, bus: Bus) -> float:
    """Return how long a serial bus takes to read all of its boards once; 0 for TCP, where none waits for another."""
    if bus.baud is None:
        return 0.0
    return sum(_reading_seconds(site, device, bus.baud) for device in _on(site, bus.id))


def boards_do_what_boards_can(site: Site) -> Iterator[Finding]:
    """A relay board reads no cards, and what is not supervised is no line to a fire panel."""
    for reader in site.readers.values():
        if _board(site, reader.device):
            problem = f"{quoted(reader.device)} is a relay board: it reads no cards"
            yield Finding(("reader", reader.id, "device"), problem, "name a reader head")
    for point, wired in site.point_wires.items():
        if site.points[point].kind is PointKind.FIRE and _board(site, wired.device):
            problem = f"{quoted(wired.device)} is a relay board: Modbus knows no password, a fire could be forged"
            yield Finding(("point", point, "device"), problem, "wire the fire panel to an OSDP module")
    for wire in wires_of(site):
        if wire.analogue is not None and not _board(site, wire.device):
            yield Finding(wire.at, f"{quoted(wire.device)} is no relay board: it has no analogue registers", _NO_LOOPS)


def _reading_seconds(site: Site, device: Device, baud: int) -> float:
    used = [wire for wire in wires_of(site) if wire.device == device.id]
    outputs = [wire.index for wire in used if wire.index is not None and wire.terminal == "output"]
    discrete = [wire.index for wire in used if wire.index is not None and wire.terminal == "input"]
    analogue = [wire.analogue for wire in used if wire.analogue is not None]
    told = [_bytes_of_bits(outputs), _bytes_of_bits(discrete), 2 * (max(analogue, default=-1) + 1)]
    return sum(_exchange_seconds(size, baud) for size in told if size)


def _bytes_of_bits(numbers: list[int]) -> int:
    return (max(numbers, default=-1) + 8) // 8


def _exchange_seconds(size: int, baud: int) -> float:
    return (_FRAME_BYTES + size + _SILENCE_BYTES) * _BITS_PER_BYTE / baud + TURNAROUND_SECONDS


def _board(site: Site, device: DeviceId) -> Board | None:
    known = site.devices.get(device)
    return known.board if known and known.kind is DeviceKind.MODBUS else None


def _on(site: Site, bus: BusId) -> list[Device]:
    return [device for device in site.devices.values() if device.board and device.board.bus == bus]


def _windows(table: Table) -> Mapping[PointCondition, tuple[int, int]]:
    read = table.want("windows", kinds.by_key(kinds.word(PointCondition), _window), None)
    if read is None:
        return WINDOWS
    missing = [condition.value for condition in WINDOWS if condition not in read]
    if missing or set(read) != set(WINDOWS):
        table.refuse("windows", f"says nothing of {', '.join(missing)}", f"give one of each: {', '.join(WINDOWS)}")
        return WINDOWS
    for one, other in combinations(read, 2):
        if read[one][0] <= read[other][1] and read[other][0] <= read[one][1]:
            problem = f"{one.value} and {other.value} overlap: a reading would be both"
            table.refuse("windows", problem, "leave a gap between any two; what falls into it is a wire that is broken")
    return read


def _window(reading: Reading, path: Path, value: object) -> tuple[int, int] | None:
    ends = kinds.many(kinds.whole(0, _HIGHEST_ADDRESS), 2)(reading, path, value)
    if ends is None:
        return None
    if len(ends) != 2 or ends[0] > ends[1]:
        reading.refuse(path, "is no window", "write [lowest, highest]")
        return None
    return ends[0], ends[1]


def _host_and_port(reading: Reading, path: Path, value: object) -> str | None:
    written = kinds.text(reading, path, value)
    if written is None:
        return None
    if not _HOST_AND_PORT.fullmatch(written) or int(written.rpartition(":")[2]) > _HIGHEST_ADDRESS:
        mend = 'write "HOST:PORT", or add `baud = 19200` if it is a serial port'
        reading.refuse(path, f"{quoted(written)} is no address on a network", mend)
        return None
    return written


_NO_LOOPS = "write `input = 0` (or another number), as the device numbers them"
