"""The building that is measured: doors in a row, each with one reader and one person of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from controller.site.people import COLUMNS

BAUD = 115_200
UNLOCK_SECONDS = 1.0
"""The shortest that a site file allows, so that the relay soon falls again."""

_HEAD = """
[site]
id = "bench"
name = "Benchmark"
timezone = "Europe/Vienna"
plan = [100, 100]

[[zone]]
id = "hall"
name = "Hall"
level = "controlled"
shape = [[0, 0], [100, 0], [100, 100]]

[[schedule]]
id = "always"
name = "Always"
always = true

[[access_level]]
id = "staff"
name = "Staff"
zones = ["outside", "hall"]
schedule = "always"

[[threat_level]]
number = 0
name = "Normal"
"""


@dataclass(frozen=True, slots=True)
class Files:
    """A site file, its people, and how many doors it has."""

    site: Path
    people: Path
    doors: int


def reader(number: int) -> str:
    """Return the reader of a door."""
    return f"reader-{number:03}-in"


def person(number: int) -> str:
    """Return the person who goes through a door."""
    return f"p-{number:03}"


def write_osdp(folder: Path, doors: int, baud: int = BAUD) -> Files:
    """Write a building whose readers and one I/O module with every lock share a line, all on secure channel."""
    lines = f'\n[[line]]\nid = "line-a"\nport = "/dev/null"\nbaud = {baud}\n'
    module = _table("device", id="osdp-io", kind="osdp", side="safe", line="line-a", address=doors)
    return _write(folder, doors, [lines, module, *(part for n in range(doors) for part in _osdp_door(n))])


def write_mqtt(folder: Path, doors: int) -> Files:
    """Write a building whose readers and locks hang on the broker, one device each."""
    return _write(folder, doors, [part for n in range(doors) for part in _mqtt_door(n)])


def _write(folder: Path, doors: int, parts: list[str]) -> Files:
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(folder / "site.toml", folder / "people.csv", doors)
    files.site.write_text(_HEAD + "".join(parts))
    files.people.write_text("\n".join([",".join(COLUMNS), *_people(doors)]) + "\n")
    return files


def _people(count: int) -> Iterator[str]:
    for n in range(count):
        yield f"{person(n)},Person {n},staff,0,staff,H10301,42,{10_001 + n},symmetric,active,,,,"


def _osdp_door(n: int) -> Iterator[str]:
    head = f"head-{n:03}"
    yield _table("device", id=head, kind="osdp", side="attack", line="line-a", address=n, formats=["H10301"])
    lock = f'{{ kind = "fail_secure", device = "osdp-io", output = {n} }}'
    inputs = (f'{{ device = "osdp-io", input = {2 * n + side} }}' for side in (0, 1))
    yield from _door_and_reader(n, head, lock, *inputs)


def _mqtt_door(n: int) -> Iterator[str]:
    head, lock = f"head-{n:03}", f"lock-{n:03}"
    yield _table("device", id=head, kind="mqtt", side="attack", formats=["H10301"])
    yield _table("device", id=lock, kind="mqtt", side="safe")
    wired = f'{{ device = "{lock}" }}'
    yield from _door_and_reader(n, head, f'{{ kind = "fail_secure", device = "{lock}" }}', wired, wired)


def _door_and_reader(n: int, head: str, lock: str, contact: str, bolt: str) -> Iterator[str]:
    door = f"door-{n:03}"
    plain = _table("door", id=door, name=f"Door {n}", zones=["outside", "hall"], unlock_seconds=UNLOCK_SECONDS)
    yield f"{plain}lock = {lock}\ncontact = {contact}\nbolt = {bolt}\nfree_egress = true\nposition = [1, 1]\n"
    yield _table("reader", id=reader(n), name=f"Reader {n}", door=door, leaves="outside", enters="hall", device=head)


def _table(section: str, **values: object) -> str:
    lines = (f"{key} = {_toml(value)}" for key, value in values.items())
    return "\n".join(["", f"[[{section}]]", *lines, ""])


def _toml(value: object) -> str:
    return (
        str(value).replace("'", '"')
        if isinstance(value, list)
        else f'"{value}"'
        if isinstance(value, str)
        else f"{value}"
    )
