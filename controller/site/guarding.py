"""The tables of a site file about points, outputs and what they guard, and the rules on them."""

from __future__ import annotations

from collections.abc import Iterator

from controller.domain.ids import OutputId, PointId
from controller.domain.points import AlarmOutput, OutputKind, Point, PointKind
from controller.domain.site import DeviceKind, Output, SecurityLevel, Site
from controller.site import kinds, sections
from controller.site.errors import quoted
from controller.site.kinds import Section
from controller.site.reading import Table
from controller.site.wiring import Finding

POINT = Section("point", PointId)
OUTPUT = Section("output", OutputId)

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
    return Point(
        id=table.need("id", POINT.ident, '"pir-hall"'),
        name=table.need("name", kinds.text, '"Detector in the hall"'),
        zone=table.need("zone", sections.ZONE.ref, '"hall"'),
        kind=kind,
        input=sections.wired_input(table),
        debounce_seconds=table.want("debounce_ms", debounce, _DEBOUNCE) / _MILLISECONDS,
        silent=table.want("silent", kinds.flag, default=False),
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


def clear_lines_warn_of_nothing(site: Site) -> Iterator[Finding]:
    """Whoever reaches a line in the clear keeps a detector quiet, or a siren."""
    for each in site.points.values():
        zone = site.zones.get(each.zone)
        if zone and zone.level > SecurityLevel.UNRESTRICTED and _in_the_clear(site, each.input.device):
            yield _clear(("point", each.id, "device"), each.input.device)
    for each_output in site.outputs.values():
        if _in_the_clear(site, each_output.output.device):
            yield _clear(("output", each_output.id, "device"), each_output.output.device)


def _clear(at: tuple[str, str, str], device: str) -> Finding:
    problem = f"{quoted(device)} is spoken to in the clear: whoever reaches the line keeps it quiet"
    return Finding(at, problem, f"set `secure_channel = true` for {quoted(device)}")


def _in_the_clear(site: Site, device_id: str) -> bool:
    device = next((device for device in site.devices.values() if device.id == device_id), None)
    return device is not None and device.kind is DeviceKind.OSDP and not device.secure_channel
