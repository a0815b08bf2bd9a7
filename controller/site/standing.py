"""The tables of a site file about fire, and the rules on doors that stand unlocked by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.points import PointKind
from controller.domain.site import Door, FireZone, SecurityLevel, Side, Site
from controller.site import kinds, sections
from controller.site.errors import quoted
from controller.site.guarding import POINT
from controller.site.passage import counts
from controller.site.reading import Table
from controller.site.wiring import Finding


def fire_zone(table: Table) -> FireZone:
    """``[[fire_zone]]``."""
    return FireZone(
        id=table.need("id", sections.FIRE_ZONE.ident, '"building"'),
        name=table.need("name", kinds.text, '"The whole building"'),
        point=table.need("point", POINT.ref, '"fire-panel"'),
    )


def unlocked_doors_guard_little(site: Site) -> Iterator[Finding]:
    """Who walks through an open door shows nothing: nothing that matters lies behind it, and nobody counts there."""
    for door in site.doors.values():
        if door.unlocked_schedule is None:
            continue
        at = ("door", door.id, "unlocked_schedule")
        for zone_id in door.zones:
            zone = site.zones.get(zone_id)
            if zone and zone.level > SecurityLevel.CONTROLLED:
                problem = f"would stand open to everybody, and {quoted(zone.id)} is {zone.level.name.lower()}"
                yield Finding(at, problem, "only doors between unrestricted and controlled zones stand unlocked")
            for _, what in counts(zone) if zone else ():
                problem = f"would let people pass unseen, and {what} of {quoted(zone_id)} counts who is in"
                yield Finding(at, problem, "drop one of the two")
        if any(door.id in group.doors for group in site.interlocks.values()):
            yield Finding(at, "would keep the other leaves of its interlock shut", "take the door out of one of them")


def unlocked_doors_hang_on_the_safe_side(site: Site) -> Iterator[Finding]:
    """Whoever reaches the lock of a door that unlocks by itself keeps it unlocked after hours."""
    for door in site.doors.values():
        device = site.devices.get(door.lock.device)
        if door.unlocked_schedule is None or device is None:
            continue
        at = ("door", door.id, "lock")
        if device.side is Side.ATTACK:
            yield Finding(at, f"unlocks by itself, and {quoted(device.id)} hangs on the attack side", _MEND)


def first_persons_are_seen(site: Site) -> Iterator[Finding]:
    """Nobody is the first whom nobody can see go in."""
    for door in site.doors.values():
        if door.after_first_person and not _seen_in(site, door):
            problem = "waits for a first person whom nobody sees go in"
            mend = "wire its contact (or its rotation) and add a reader inwards, or drop `after_first_person`"
            yield Finding(("door", door.id, "after_first_person"), problem, mend)


def fire_lines_are_the_panels(site: Site) -> Iterator[Finding]:
    """A forged fire opens doors: its line hangs where nobody reaches it, and serves one zone."""
    users: dict[str, str] = {}
    for zone in site.fire_zones.values():
        point = site.points.get(zone.point)
        wired = site.point_wires.get(zone.point)
        device = site.devices.get(wired.device) if wired else None
        at = ("fire_zone", zone.id, "point")
        if point and point.kind is not PointKind.FIRE:
            yield Finding(at, f"{quoted(point.id)} is a {point.kind} point", 'name a point of kind "fire"')
        if device and (device.side is Side.ATTACK or not device.secure_channel):
            where = "on the attack side" if device.side is Side.ATTACK else "on a line in the clear"
            problem = f"{quoted(device.id)} hangs {where}: whoever reaches it opens every door of this zone"
            yield Finding(at, problem, _MEND)
        if zone.point in users:
            yield Finding(at, f"{quoted(zone.point)} serves {quoted(users[zone.point])} already", "wire one line each")
        users.setdefault(zone.point, zone.id)


def fires_are_listened_to(site: Site) -> Iterator[Finding]:
    """A line to the fire panel that releases nothing is a mistake nobody would notice before the fire."""
    for point in site.points.values():
        if point.kind is PointKind.FIRE and all(zone.point != point.id for zone in site.fire_zones.values()):
            mend = f"add a `[[fire_zone]]` with `point = {quoted(point.id)}`, or make it another kind"
            yield Finding(("point", point.id, "kind"), "belongs to no fire zone", mend)


def _seen_in(site: Site, door: Door) -> bool:
    inwards = any(reader.door == door.id and reader.enters == door.zones[1] for reader in site.readers.values())
    return (door.contact is not None or door.rotation_in is not None) and inwards


_MEND = "wire it to a device on the safe side, with `secure_channel = true`"
