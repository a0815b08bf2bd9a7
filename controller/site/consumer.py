"""Consumer kit (zigbee2mqtt, Shelly, Tasmota, ESPHome, Frigate): its keys, and how little may depend on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from controller.domain.ids import DeviceId
from controller.domain.site import CONSUMER, Device, DeviceKind, RexKind, SecurityLevel, Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.reading import Kind, Reading, Table
from controller.site.safety import door_level
from controller.site.wiring import Finding, Wire, lock_wires

RELOCKS_BY_ORDER = frozenset({DeviceKind.SHELLY, DeviceKind.TASMOTA})
"""These are told how long with each unlock (`toggle_after`, `PulseTime`), and keep time themselves."""

BASES = {DeviceKind.ZIGBEE2MQTT: "zigbee2mqtt", DeviceKind.FRIGATE: "frigate"}
"""What the topics of all that speak through one gateway begin with."""
OURS = ("ostiary", "homeassistant")
_LEVEL = r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}"
_TOPIC = re.compile(_LEVEL, re.ASCII)
_UNDER_A_BASE = re.compile(rf"{_LEVEL}/{_LEVEL}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kit:
    """What a ``[[device]]`` of consumer kit says beside the keys that all have."""

    topic: str | None
    relocks_itself: bool


NO_KIT = Kit(None, relocks_itself=False)


def kit(table: Table, device: DeviceId, kind: DeviceKind) -> Kit:
    """``topic``: what its topics begin with; without one its id is it (below ``zigbee2mqtt/`` or ``frigate/``)."""
    base = BASES.get(kind)
    relocks = kind in RELOCKS_BY_ORDER
    if kind is DeviceKind.FRIGATE:
        table.forbid("relocks_itself", "a recorder locks nothing")
    elif relocks:
        table.forbid("relocks_itself", f"a {kind} device is told with each unlock how long it lasts")
    return Kit(
        topic=table.want("topic", _under(base) if base else _topic, f"{base}/{device}" if base else device),
        relocks_itself=relocks or table.want("relocks_itself", kinds.flag, default=False),
    )


def consumer_kit_guards_little(site: Site) -> Iterator[Finding]:
    """Above ``controlled`` no door and no point depends on what was made for a living room."""
    for door in site.doors.values():
        level = door_level(site, door)
        for wire in lock_wires(door) if level > SecurityLevel.CONTROLLED else ():
            device = _consumer(site, wire.device)
            if device:
                problem = f"{_named(device)}, and this door is of level {level.name.lower()}"
                yield Finding(wire.at, problem, "wire it to an OSDP module, a relay board or an MQTT device of ours")
    for point_id, wired in site.point_wires.items():
        zone, device = site.zones.get(site.points[point_id].zone), _consumer(site, wired.device)
        if device and zone and zone.level > SecurityLevel.CONTROLLED:
            problem = f"{_named(device)}, and guards a {zone.level.name.lower()} zone"
            yield Finding(("point", point_id, "device"), problem, "name a supervised input")


def consumer_kit_is_no_way_out(site: Site) -> Iterator[Finding]:
    """Nobody is locked in by a radio: a lock of consumer kit opens from inside by hand."""
    for door in site.doors.values():
        device = _consumer(site, door.lock.device)
        if device and not door.free_egress:
            problem = f"the only way out would hang on consumer kit ({quoted(device.id)}, {device.kind})"
            yield Finding(("door", door.id, "lock"), problem, "fit a handle that always opens (`free_egress = true`)")
        rex = _consumer(site, door.rex.input.device) if door.rex else None
        if rex and door.rex and door.rex.kind is not RexKind.SHUNT_ONLY:
            problem = f"{_named(rex)}: its button opens nothing"
            yield Finding(("door", door.id, "rex"), problem, 'make it kind = "shunt_only", or wire it elsewhere')


def consumer_kit_reads_no_cards(site: Site) -> Iterator[Finding]:
    """Its messages have neither boot nor number: a badge could be told twice, or again a year later."""
    for reader in site.readers.values():
        device = _consumer(site, reader.device)
        if device:
            problem = f"{_named(device)}: no badge is taken from it"
            yield Finding(
                ("reader", reader.id, "device"), problem, "name a reader head on OSDP, or an MQTT device of ours"
            )


def consumer_locks_relock(site: Site) -> Iterator[Finding]:
    """An unlock ends, whatever becomes of this box."""
    for door in site.doors.values():
        device = _consumer(site, door.lock.device)
        if device and not device.relocks_itself:
            problem = f"an unlock of {quoted(device.id)} ({device.kind}) does not end, should this box die"
            mend = f"set it to relock by itself, and say so for {quoted(device.id)}: `relocks_itself = true`"
            yield Finding(("door", door.id, "lock"), problem, mend)


def recorders_see_points_alone(site: Site) -> Iterator[Finding]:
    """What finds people in pictures knows no bolt, no contact and no relay."""
    wires = [wire for door in site.doors.values() for wire in lock_wires(door)]
    wires += [Wire(("output", o.id, "device"), o.output.device, o.output.index) for o in site.outputs.values()]
    for wire in wires:
        device = _consumer(site, wire.device)
        if device and device.kind is DeviceKind.FRIGATE:
            problem = f"{quoted(device.id)} is a recorder: it sees people, and switches and senses nothing"
            yield Finding(wire.at, problem, "name it at a [[point]]")


def topics_are_their_own(site: Site) -> Iterator[Finding]:
    """No device speaks for another, and none for a gateway."""
    used: dict[str, str] = {}
    for device in site.devices.values():
        if device.topic is None:
            continue
        first = used.setdefault(device.topic, device.id)
        if first != device.id:
            problem = f"its topic {quoted(device.topic)} is that of {quoted(first)}"
            yield Finding(("device", device.id, "topic"), problem, "give one of the two another")
    bases = {d.topic.partition("/")[0]: d.id for d in site.devices.values() if d.topic and "/" in d.topic}
    for device in site.devices.values():
        others: set[str] = {other.id for other in site.devices.values() if other != device}
        if device.topic is not None and device.topic in {*bases, *others}:
            problem = f"its topic {quoted(device.topic)} is the name of another user of the broker"
            yield Finding(("device", device.id, "topic"), problem, "give it another")


def _named(device: Device) -> str:
    return f"{quoted(device.id)} is consumer kit ({device.kind})"


def _consumer(site: Site, device: DeviceId) -> Device | None:
    known = site.devices.get(device)
    return known if known and known.kind in CONSUMER else None


def _topic(reading: Reading, path: Path, value: object) -> str | None:
    return _matching(reading, path, value, _TOPIC, '"shed-relay"')


def _under(base: str) -> Kind[str]:
    def kind(reading: Reading, path: Path, value: object) -> str | None:
        return _matching(reading, path, value, _UNDER_A_BASE, f'"{base}/Shed door"')

    return kind


def _matching(reading: Reading, path: Path, value: object, pattern: re.Pattern[str], example: str) -> str | None:
    written = kinds.text(reading, path, value)
    if written is None:
        return None
    if not pattern.fullmatch(written) or written.partition("/")[0] in (*OURS, "controller"):
        mend = f"write A-Z a-z 0-9 _ . - and spaces, as the device is set to: for instance {example}"
        reading.refuse(path, f"{quoted(written)} is no topic of such a device", mend)
        return None
    return written
