"""Rules on the wiring: what hangs where, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.domain.ids import OUTSIDE, DeviceId
from controller.domain.site import ON_THE_BROKER, DeviceKind, Door, Reader, Site
from controller.site.errors import quoted
from controller.site.positions import Path

_NUMBERED = {DeviceKind.OSDP: "an OSDP device", DeviceKind.MODBUS: "a relay board"}
"""Devices with many inputs and outputs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a site breaks. ``at`` names the row by its id: ``("door", "lobby-door", "lock")``."""

    at: Path
    problem: str
    mend: str


@dataclass(frozen=True, slots=True)
class Wire:
    """One input or output of a device, and the key of the site file that uses it."""

    at: Path
    device: DeviceId
    index: int | None
    analogue: int | None = None

    @property
    def terminal(self) -> str:
        """The word for what is wired: ``output`` or ``input``."""
        return "output" if self.at[-1] in ("lock", "output") else "input"


def lock_wires(door: Door) -> tuple[Wire, ...]:
    """Lock and inputs of a door, as far as it has them."""
    at = ("door", door.id)
    wires = (Wire((*at, key), wired.device, wired.index, wired.analogue) for key, wired in door.inputs.items())
    return Wire((*at, "lock"), door.lock.device, door.lock.index), *wires


def wires_fit_their_device(site: Site) -> Iterator[Finding]:
    """An OSDP device numbers its inputs and outputs; an MQTT device has one of each kind."""
    for wire in wires_of(site):
        device = site.devices.get(wire.device)
        if device and device.kind in _NUMBERED and wire.index is None and wire.analogue is None:
            problem = f"{quoted(wire.device)} is {_NUMBERED[device.kind]}: it numbers its {wire.terminal}s"
            yield Finding(wire.at, problem, f"add `{wire.terminal} = 0` (or another number)")
        if device and device.kind in ON_THE_BROKER and wire.index is not None:
            problem = f"{quoted(wire.device)} is an MQTT device: it has one {wire.terminal} of each kind"
            yield Finding(wire.at, problem, f"remove `{wire.terminal} = {wire.index}`")


def nothing_wired_twice(site: Site) -> Iterator[Finding]:
    """Each input, output, reader head and bus address serves one purpose."""
    yield from _twice((wire.at, _terminal(wire)) for wire in wires_of(site))
    heads = site.readers.values()
    yield from _twice((("reader", reader.id, "device"), f"reader head {quoted(reader.device)}") for reader in heads)
    yield from _twice(
        (("device", device.id, "address"), f"address {device.address} on line {quoted(device.line)}")
        for device in site.devices.values()
        if device.line is not None
    )
    yield from _twice(
        (("device", device.id, "address"), f"address {device.board.unit} on bus {quoted(device.board.bus)}")
        for device in site.devices.values()
        if device.board is not None
    )


def readers_stand_at_their_door(site: Site) -> Iterator[Finding]:
    """A reader leaves one of its door's zones and enters the other."""
    for reader in site.readers.values():
        door = site.doors.get(reader.door)
        if door and {reader.leaves, reader.enters} != set(door.zones):
            outer, inner = door.zones
            problem = f"leads from {quoted(reader.leaves)} to {quoted(reader.enters)}, {quoted(door.id)} does not"
            mend = f"leaves and enters are {quoted(outer)} and {quoted(inner)}, in one order or the other"
            yield Finding(("reader", reader.id, "enters"), problem, mend)


def readers_know_their_cards(site: Site) -> Iterator[Finding]:
    """A reader head without a card format reads nothing."""
    for reader in site.readers.values():
        device = site.devices.get(reader.device)
        if device and not device.formats:
            problem = f"reads cards for {quoted(reader.id)} and knows no card format"
            yield Finding(("device", device.id, "formats"), problem, 'add `formats = ["H10301"]`')


def cameras_look_at_whoever_asks(site: Site) -> Iterator[Finding]:
    """The camera of a reader stands in the zone that the reader leaves: that is where the person stands."""
    for reader in site.readers.values():
        camera = site.cameras.get(reader.camera) if reader.camera else None
        if camera and camera.zone != reader.leaves:
            yield Finding(("reader", reader.id, "camera"), *_wrong_zone(reader, camera.zone))


def plan_holds_everything(site: Site) -> Iterator[Finding]:
    """Zones, doors and cameras lie on the floor plan."""
    width, height = site.plan_size
    shapes = {("zone", str(zone.id), "shape"): zone.shape for zone in site.zones.values()}
    doors = {("door", str(door.id), "position"): (door.position,) for door in site.doors.values()}
    cameras = {("camera", str(camera.id), "position"): (camera.position,) for camera in site.cameras.values()}
    for at, points in {**shapes, **doors, **cameras}.items():
        for x, y in points:
            if x > width or y > height:
                problem = f"[{x:g}, {y:g}] lies off the plan"
                yield Finding(at, problem, f"the plan is {width:g} wide and {height:g} high, the origin top left")


def every_zone_has_a_floor(site: Site) -> Iterator[Finding]:
    """Where one zone names its floor, each does: a room that stands on no floor would be on no plan."""
    floors = list(dict.fromkeys(zone.floor for zone in site.zones.values() if zone.floor))
    for zone in site.zones.values():
        if floors and not zone.floor and zone.id != OUTSIDE:
            yield Finding(("zone", zone.id), "it names no floor, and other zones do", f"floor = {quoted(floors[0])}")


def wires_of(site: Site) -> Iterator[Wire]:
    """Yield every wire of the site."""
    for door in site.doors.values():
        yield from lock_wires(door)
    for point, wired in site.point_wires.items():
        yield Wire(("point", point, "input"), wired.device, wired.index, wired.analogue)
    for output in site.outputs.values():
        yield Wire(("output", output.id, "output"), output.output.device, output.output.index)


def _terminal(wire: Wire) -> str:
    """What two wires must not share. MQTT devices have no numbers: there the kind tells inputs apart."""
    number = f"the {wire.at[-1]}" if wire.index is None else f"{wire.terminal} {wire.index}"
    number = number if wire.analogue is None else f"analogue register {wire.analogue}"
    return f"{number} of {quoted(wire.device)}"


def _twice(uses: Iterable[tuple[Path, str]]) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    for at, what in uses:
        if first.setdefault(what, at) != at:
            problem = f"{what} is used twice, first by {'.'.join(map(str, first[what]))}"
            yield Finding(at, problem, "wire one of the two elsewhere")


def _wrong_zone(reader: Reader, zone: str) -> tuple[str, str]:
    problem = f"{quoted(str(reader.camera))} looks at {quoted(zone)}, whoever asks stands in {quoted(reader.leaves)}"
    return problem, f"name a camera whose zone is {quoted(reader.leaves)}"
