"""The ground truth of a building, as plain values for whoever draws it: what is there, and how everything stands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from controller.domain.ids import ReaderId
from simulators.building import Building
from simulators.door import Door
from simulators.gates import Barrier
from simulators.mqtt_reader import MqttReader
from simulators.reader import Reader

Values = dict[str, Any]


def inventory(building: Building) -> Values:
    """Return what there is, by kind: ids and names, and what hangs where."""
    site = building.site
    return {
        "site": site.name,
        "doors": [
            {
                "id": door.id,
                "name": door.name,
                "kind": door.kind.value,
                "readers": [each.id for each in site.readers.values() if each.door == door.id],
            }
            for door in site.doors.values()
        ],
        "people": [{"id": row.id, "name": row.name} for row in building.people.values()],
        "points": [{"id": point.id, "name": point.name, "kind": point.kind.value} for point in site.points.values()],
        "lines": [{"id": line.id, "port": building.lines[line.id], "baud": line.baud} for line in site.lines.values()],
    }


def truth(building: Building) -> Values:
    """Return how everything truly stands, by kind and id. Devices on MQTT exist once they are connected."""
    return {
        "doors": {door: _door(each) for door, each in building.doors.items()},
        "readers": {reader: state for reader in building.site.readers if (state := _reader(building, reader))},
        "points": {point: state.name.lower() for point, state in building.loops.items()},
        "lines": {
            line: {"collisions": building.line(line).collisions, "faulty": building.line(line).is_bad}
            for line in building.lines
        },
    }


def _door(door: Door) -> Values:
    state, happened = door.state, door.truth
    flags: Mapping[str, bool] = {
        "open": state.leaf_open,
        "moving": state.leaf_arrives is not None,
        "locked": state.bolt_locked,
        "propped": state.propped,
        "jammed": state.jammed,
        "powered": state.powered,
        "rex": state.rex_active,
        "key": door.key_turned,
        "battery_low": door.battery_low,
        "occupied": isinstance(door, Barrier) and door.occupied,
    }
    counts = {
        "entries": len(happened.entries),
        "exits": len(happened.exits),
        "forced": len(happened.forced_at),
        "crushed": len(happened.crushed_at),
    }
    return {**flags, **counts}


def _reader(building: Building, reader: ReaderId) -> Values | None:
    try:
        head = building.head(reader)
    except KeyError:
        return None
    if isinstance(head, MqttReader):
        return {"light": head.light.value.lower(), "linked": head.session.connected.is_set()}
    assert isinstance(head, Reader)  # noqa: S101 - for the type checker: there are two kinds
    return {"light": head.led(time.monotonic()).name.lower(), "linked": head.powered and head.secured}
