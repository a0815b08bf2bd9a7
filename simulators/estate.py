"""Writes a building of any size: a site file and its people, with several OSDP lines, MQTT doors, and what else hangs
on a box's wires. The controller runs on it, and `ostiary-sim building` is its other end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

READERS_PER_LINE = 16
"""As many as the field hangs on one OSDP line."""

MODULE_ADDRESS = 100
DOORS_PER_WING = 8
GATES = 2
MQTT_SHARE = 4
"""Every so manieth door is on MQTT, unless told otherwise."""

_FACILITY = 42
_FIRST_NUMBER = 10_001
_PLAN = 1000
_COLUMNS = "id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face"

_POINTS = ("fire", "pir", "glass_break", "panic", "mains", "battery")
"""One of each kind, on the inputs of the first line's module that no door takes; on MQTT where there is no line."""


@dataclass(frozen=True, slots=True)
class Estate:
    """How large a building is, and how it is wired.

    The first ``readers - doors`` doors have a reader on either side, the others on the way in only. ``mqtt_doors`` of
    them hang on the broker (None: every fourth), the first two being a turnstile and a barrier; the rest hang on OSDP
    lines of at most ``per_line`` readers and one I/O module each. ``ports`` is the folder of the lines' serial ports.
    ValueError for fewer readers than doors, more than two at each, or more MQTT doors than doors.
    """

    doors: int
    readers: int
    ports: Path
    mqtt_doors: int | None = None
    baud: int = 115_200
    per_line: int = READERS_PER_LINE
    unlock_seconds: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.doors <= self.readers <= 2 * self.doors:
            raise ValueError(f"{self.doors} doors have {self.doors} to {2 * self.doors} readers, not {self.readers}")
        if not 0 <= self.on_broker <= self.doors:
            raise ValueError(f"there are no {self.on_broker} MQTT doors among {self.doors}")

    @property
    def on_broker(self) -> int:
        """How many doors hang on the broker: the first ones."""
        return self.doors // MQTT_SHARE if self.mqtt_doors is None else self.mqtt_doors

    @property
    def gates(self) -> int:
        """How many of the MQTT doors are gates: a turnstile, then a barrier."""
        return min(GATES, self.on_broker)

    def ways(self, number: int) -> tuple[str, ...]:
        """Return the ways on which a door has a reader."""
        return ("in", "out") if number < self.readers - self.doors else ("in",)

    def lines(self) -> list[list[int]]:
        """Return the doors of each OSDP line."""
        lines: list[list[int]] = []
        room = 0
        for number in range(self.on_broker, self.doors):
            if room < len(self.ways(number)):
                lines.append([])
                room = self.per_line
            lines[-1].append(number)
            room -= len(self.ways(number))
        return lines


def door(number: int) -> str:
    """Return a door's id."""
    return f"door-{number:03}"


def reader(number: int, way: str = "in") -> str:
    """Return the id of a door's reader on the way ``in`` or ``out``."""
    return f"{door(number)}-{way}"


def person(number: int) -> str:
    """Return a person's id: there is one for each door, who may go everywhere."""
    return f"p-{number:03}"


def site_text(estate: Estate) -> str:
    """Return the site file."""
    lines = list(enumerate(estate.lines()))
    return "".join(
        chain(
            _head(estate),
            chain.from_iterable(_mqtt_door(estate, number) for number in range(estate.on_broker)),
            chain.from_iterable(_line(estate, number, doors) for number, doors in lines),
            _points(2 * len(lines[0][1]) if lines else None),
        )
    )


def people_text(estate: Estate) -> str:
    """Return the people and badges, as CSV."""
    rows = (
        f"{person(n)},Person {n},staff,0,staff,H10301,{_FACILITY},{_FIRST_NUMBER + n},symmetric,active,,,{1000 + n},"
        for n in range(estate.doors)
    )
    return "\n".join([_COLUMNS, *rows]) + "\n"


def write(estate: Estate, site: Path, people: Path) -> None:
    """Write both files, and the folders they lie in."""
    for path, text in ((site, site_text(estate)), (people, people_text(estate))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _wing(number: int) -> str:
    return f"wing-{number // DOORS_PER_WING:02}"


def _head(estate: Estate) -> Iterator[str]:
    wings = sorted({_wing(number) for number in range(estate.gates, estate.doors)})
    yield f"# Written by `ostiary-sim site`: {estate.doors} doors, {estate.readers} readers.\n"
    yield _table("[site]", id="estate", name="Estate", timezone="Europe/Vienna", plan=[_PLAN, _PLAN])
    for zone in ("hall", *wings):
        shape = [[0, 0], [_PLAN, 0], [_PLAN, _PLAN]]
        yield _table("[[zone]]", id=zone, name=zone.capitalize(), level="controlled", shape=shape)
    yield _table("[[schedule]]", id="always", name="Always", always=True)
    zones = ["outside", "hall", *wings]
    yield _table("[[access_level]]", id="staff", name="Staff", zones=zones, schedule="always")
    yield _table("[[threat_level]]", number=0, name="Normal")
    yield _table("[[fire_zone]]", id="building", name="Building", point="fire")


def _line(estate: Estate, number: int, doors: list[int]) -> Iterator[str]:
    line, module = f"line-{number + 1:02}", f"io-{number + 1:02}"
    yield _table("[[line]]", id=line, port=str(estate.ports / line), baud=estate.baud)
    on_line: dict[str, object] = {"kind": "osdp", "line": line}
    yield _table("[[device]]", id=module, side="safe", address=MODULE_ADDRESS, **on_line)
    address = 0
    for place, each in enumerate(doors):
        for way in estate.ways(each):
            head = f"head-{reader(each, way)}"
            yield _table("[[device]]", id=head, side="attack", address=address, formats=["H10301"], **on_line)
            address += 1
        wired: dict[str, object] = {
            "lock": {"kind": "fail_secure", "device": module, "output": place},
            "contact": {"device": module, "input": 2 * place},
            "bolt": {"device": module, "input": 2 * place + 1},
        }
        yield from _door(estate, each, wired)


def _mqtt_door(estate: Estate, number: int) -> Iterator[str]:
    lock = f"lock-{door(number)}"
    yield _table("[[device]]", id=lock, kind="mqtt", side="safe")
    for way in estate.ways(number):
        head = f"head-{reader(number, way)}"
        yield _table("[[device]]", id=head, kind="mqtt", side="attack", formats=["H10301"])
    here = {"device": lock}
    wired: dict[str, object] = {"lock": {"kind": "fail_secure", **here}, "bolt": here}
    match number:
        case 0:
            wired |= {"kind": "turnstile", "rotation_in": here, "rotation_out": here}
        case 1:
            wired |= {"kind": "barrier", "contact": here, "loop": here}
        case _:
            wired |= {"contact": here}
    yield from _door(estate, number, {**wired, "rex": {"kind": "emergency", **here}})


def _door(estate: Estate, number: int, wired: dict[str, object]) -> Iterator[str]:
    gate = number < estate.gates
    zones = ["outside", "hall"] if gate else ["hall", _wing(number)]
    across = 10 + number * 30
    yield _table(
        "[[door]]",
        id=door(number),
        name=f"Door {number}",
        zones=zones,
        free_egress=not gate,
        fire_zone="building",
        unlock_seconds=estate.unlock_seconds,
        position=[across % _PLAN, 50 + across // _PLAN * 50],
        **wired,
    )
    for way in estate.ways(number):
        there = {"in": zones, "out": zones[::-1]}[way]
        yield _table(
            "[[reader]]",
            id=reader(number, way),
            name=f"Door {number}, way {way}",
            door=door(number),
            leaves=there[0],
            enters=there[1],
            device=f"head-{reader(number, way)}",
            keypad=True,
        )


def _points(free: int | None) -> Iterator[str]:
    """Write the detectors and the siren: on the first module, its inputs from ``free`` on, or on MQTT (None)."""
    for place, kind in enumerate(_POINTS):
        name = kind.replace("_", "-")
        wired: dict[str, object] = {"device": f"point-{name}"}
        if free is None:
            yield _table("[[device]]", id=f"point-{name}", kind="mqtt", side="safe")
        else:
            wired = {"device": "io-01", "input": free + place}
        yield _table("[[point]]", id=name, name=name.capitalize(), zone="hall", kind=kind, **wired)
    yield _table("[[device]]", id="sounder", kind="mqtt", side="safe")
    yield _table("[[output]]", id="sounder", name="Sounder", kind="sounder", device="sounder")


def _table(header: str, **values: object) -> str:
    return "\n".join(["", header, *(f"{key} = {_toml(value)}" for key, value in values.items()), ""])


def _toml(value: object) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return json.dumps(value)  # numbers, truth values and plain texts are the same in both
