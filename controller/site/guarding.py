"""The tables of a site file about points, outputs and what they guard, and the rules on them."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.ids import OUTSIDE, AreaId, OutputId, PointId, ZoneId
from controller.domain.points import (
    ALWAYS_ARMED,
    AlarmOutput,
    AtDoors,
    IntrusionArea,
    OutputKind,
    Point,
    PointKind,
)
from controller.domain.site import DeviceKind, Output, SecurityLevel, Site
from controller.site import kinds, sections, watching
from controller.site.errors import quoted
from controller.site.kinds import Section
from controller.site.reading import Table
from controller.site.wiring import Finding

POINT = Section("point", PointId)
OUTPUT = Section("output", OutputId)
AREA = Section("intrusion_area", AreaId)

_LONGEST_DELAY = 300.0  # seconds; EN 50131-1 asks for 45 at most on the way in
_DELAY = 30.0
_LONGEST_SIREN = 900.0  # seconds; EN 50131-4: a siren outside falls silent after 15 minutes
_SIREN = 180.0
_SHORTEST_DEBOUNCE = 20.0  # milliseconds, EN 60839-11-1
_LONGEST_DEBOUNCE = 100.0
_DEBOUNCE = 50.0
_MILLISECONDS = 1000.0


def point(table: Table) -> Point:
    """``[[point]]``."""
    kind = table.need("kind", kinds.word(PointKind), '"pir"')
    debounce = kinds.number(_SHORTEST_DEBOUNCE, _LONGEST_DEBOUNCE, "milliseconds")
    if kind is not PointKind.PANIC:
        table.forbid("silent", "only a panic button can be silent")
    if kind is PointKind.CAMERA:
        return Point(*_named(table), kind, None, sight=watching.sight(table))
    return Point(
        *_named(table),
        kind=kind,
        input=sections.wired_input(table),
        debounce_seconds=table.want("debounce_ms", debounce, _DEBOUNCE) / _MILLISECONDS,
        silent=table.want("silent", kinds.flag, default=False),
    )


def _named(table: Table) -> tuple[PointId, str, ZoneId]:
    return (
        table.need("id", POINT.ident, '"pir-hall"'),
        table.need("name", kinds.text, '"Detector in the hall"'),
        table.need("zone", sections.ZONE.ref, '"hall"'),
    )


def output(table: Table) -> AlarmOutput:
    """``[[output]]``."""
    index = table.want("output", kinds.whole(0, sections.HIGHEST_INDEX), None)
    return AlarmOutput(
        id=table.need("id", OUTPUT.ident, '"siren-roof"'),
        name=table.need("name", kinds.text, '"Siren on the roof"'),
        kind=table.need("kind", kinds.word(OutputKind), '"siren"'),
        output=Output(table.need("device", sections.DEVICE.ref, '"siren-roof"'), index),
    )


def intrusion_area(table: Table) -> IntrusionArea:
    """``[[intrusion_area]]``: at least one point."""
    delay = kinds.number(0, _LONGEST_DELAY, "seconds")
    return IntrusionArea(
        id=table.need("id", AREA.ident, '"chancery"'),
        name=table.need("name", kinds.text, '"Chancery"'),
        zones=table.need("zones", kinds.several(sections.ZONE.ref, 1), '["chancery"]'),
        points=table.need("points", kinds.several(POINT.ref, 1), '["pir-hall"]'),
        entry_points=table.want("entry_points", kinds.several(POINT.ref), frozenset()),
        exit_seconds=table.want("exit_seconds", delay, _DELAY),
        entry_seconds=table.want("entry_seconds", delay, _DELAY),
        sirens=table.want("sirens", kinds.several(OUTPUT.ref), frozenset()),
        siren_seconds=table.want("siren_seconds", kinds.number(1, _LONGEST_SIREN, "seconds"), _SIREN),
        schedule=table.want("schedule", sections.SCHEDULE.ref, None),
        last_out=table.want("last_out", kinds.flag, default=False),
        at_doors=table.want("at_doors", kinds.word(AtDoors), AtDoors.IGNORES),
    )


def points_stand_in_their_area(site: Site) -> Iterator[Finding]:
    """An area's points stand in its zones, its entry points are among them, and none of them is always armed."""
    for area in site.areas.values():
        at = ("intrusion_area", area.id)
        if OUTSIDE in area.zones:
            yield Finding((*at, "zones"), "the outside cannot be armed", 'remove "outside"')
        for entry in sorted(area.entry_points - area.points):
            problem = f"{quoted(entry)} is no point of this area"
            yield Finding((*at, "entry_points"), problem, "add it to points, or leave it out here")
        for point_id in sorted(area.points):
            known = site.points.get(point_id)
            if known and known.zone not in area.zones:
                problem = f"{quoted(point_id)} stands in {quoted(known.zone)}, which this area does not guard"
                yield Finding((*at, "points"), problem, f"add {quoted(known.zone)} to zones, or leave the point out")
            if known and known.kind in ALWAYS_ARMED:
                problem = f"{quoted(point_id)} is a {known.kind} point: its alarm needs no arming"
                yield Finding((*at, "points"), problem, "leave it out here")


def nobody_disarms_an_exclusion_zone_by_badge(site: Site) -> Iterator[Finding]:
    """A badge alone never takes the guard off an exclusion zone (design: an operator does)."""
    for area in site.areas.values():
        exclusion = [z for z in sorted(area.zones) if (k := site.zones.get(z)) and k.level is SecurityLevel.EXCLUSION]
        if area.at_doors is AtDoors.DISARMS and exclusion:
            problem = f"a badge would disarm {quoted(exclusion[0])}, an exclusion zone"
            mend = 'write "refuses" or "ignores", or guard that zone by an area of its own'
            yield Finding(("intrusion_area", area.id, "at_doors"), problem, mend)


def the_last_one_out_can_be_seen(site: Site) -> Iterator[Finding]:
    """Nobody is seen to be the last one out at a door where nobody can badge out."""
    for area in site.areas.values():
        for door in site.doors.values() if area.last_out else ():
            inside = set(door.zones) & area.zones
            leaving = {reader.leaves for reader in site.readers.values() if reader.door == door.id}
            if len(inside) == 1 and not inside & leaving:
                problem = f"last_out counts who is in, and nobody can badge out at {quoted(door.id)}"
                mend = f"add a reader at {quoted(door.id)} that leaves {quoted(min(inside))}, or drop last_out"
                yield Finding(("intrusion_area", area.id, "last_out"), problem, mend)


def clear_lines_warn_of_nothing(site: Site) -> Iterator[Finding]:
    """Whoever reaches a line in the clear keeps a detector quiet, or a siren."""
    for each, wired in site.point_wires.items():
        zone = site.zones.get(site.points[each].zone)
        if zone and zone.level > SecurityLevel.UNRESTRICTED and _in_the_clear(site, wired.device):
            yield _clear(("point", each, "device"), wired.device)
    for each_output in site.outputs.values():
        if _in_the_clear(site, each_output.output.device):
            yield _clear(("output", each_output.id, "device"), each_output.output.device)


def _clear(at: tuple[str, str, str], device: str) -> Finding:
    problem = f"{quoted(device)} is spoken to in the clear: whoever reaches the line keeps it quiet"
    return Finding(at, problem, f"set `secure_channel = true` for {quoted(device)}")


def _in_the_clear(site: Site, device_id: str) -> bool:
    device = next((device for device in site.devices.values() if device.id == device_id), None)
    return device is not None and device.kind is DeviceKind.OSDP and not device.secure_channel
