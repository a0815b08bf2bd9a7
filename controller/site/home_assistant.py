"""The ``[home_assistant]`` table of a site file: which doors are shown there, and which of them it may order about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from controller.domain.home_assistant import HomeAssistant
from controller.domain.site import SecurityLevel, Site
from controller.site import kinds, sections
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.reading import Reading, Table
from controller.site.safety import door_level
from controller.site.wiring import Finding

TABLE = "home_assistant"
NAME = "home-assistant"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,47}", re.ASCII)


def home_assistant(table: Table) -> HomeAssistant:
    """``[home_assistant]``: without ``orders`` it looks on."""
    doors = kinds.many(sections.DOOR.ref, 1)
    return HomeAssistant(
        name=table.want("name", _name, NAME),
        doors=tuple(dict.fromkeys(table.need("doors", doors, '["garden-gate"]') or ())),
        orders=table.want("orders", kinds.several(sections.DOOR.ref), frozenset()),
    )


def home_assistant_orders_little(site: Site) -> Iterator[Finding]:
    """It may order about doors that it sees, none of them above ``controlled``."""
    known = site.home_assistant
    for door in sorted(known.orders) if known else ():
        at = (TABLE, "orders")
        if known and door not in known.doors:
            yield Finding(at, f"{quoted(door)} is not shown there", "name it in `doors` as well")
        level = door_level(site, site.doors[door]) if door in site.doors else SecurityLevel.UNRESTRICTED
        if level > SecurityLevel.CONTROLLED:
            problem = f"{quoted(door)} is of level {level.name.lower()}: nobody orders it about from a living room"
            yield Finding(at, problem, "leave it out: it is shown all the same, if `doors` names it")


def home_assistant_is_nobody_else(site: Site) -> Iterator[Finding]:
    """Its name on the broker is its own."""
    if site.home_assistant is None:
        return
    name = site.home_assistant.name
    topics = {(device.topic or "").partition("/")[0] for device in site.devices.values()}
    if name in {"controller", *site.devices, *topics}:
        problem = f"{quoted(name)} is the name of another user of the broker"
        yield Finding((TABLE, "name"), problem, f'give it one of its own: name = "{NAME}"')


def _name(reading: Reading, path: Path, value: object) -> str | None:
    written = kinds.text(reading, path, value)
    if written is not None and not _NAME.fullmatch(written):
        reading.refuse(path, f"{quoted(written)} is no name", "use a-z first, then up to 47 of a-z, 0-9 and -")
        return None
    return written
