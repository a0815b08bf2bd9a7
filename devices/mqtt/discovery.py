"""Doors as Home Assistant finds them by itself (MQTT discovery): topics and payloads, pure.

Written after its pages *MQTT*, *MQTT Lock* and *MQTT Binary sensor*: retained JSON under
`<prefix>/<component>/<node>/<object>/config`, taken back by an empty payload; a state `None` is an unknown one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import orjson

from devices.mqtt.topics import ROOT

PREFIX: Final = "homeassistant"
"""What Home Assistant looks below unless told otherwise."""
TOPICS: Final = f"{ROOT}/ha/v1"
ONLINE, OFFLINE = "online", "offline"
UNKNOWN: Final = "None"
LOCK, UNLOCK = "LOCK", "UNLOCK"
ORDERS: Final = (LOCK, UNLOCK)


@dataclass(frozen=True, slots=True)
class ShownDoor:
    """A door as it is announced: whether it has a contact, and whether Home Assistant may order anything of it."""

    id: str
    name: str
    contact: bool
    orders: bool


@dataclass(frozen=True, slots=True)
class Looks:
    """How a door stands, by its sensors alone.

    `lock` is `LOCKED`, `UNLOCKED`, `JAMMED` or unknown; `contact` is `OPEN`, `CLOSED` or unknown.
    """

    there: bool
    lock: str
    contact: str


def announced(site: str, name: str, doors: Iterable[ShownDoor]) -> dict[str, bytes]:
    """Return the retained payload of each discovery topic: a lock for each door, and a sensor for each contact."""
    made: dict[str, bytes] = {}
    for door in doors:
        made[_config(site, "lock", door.id)] = orjson.dumps(_lock(site, name, door))
        if door.contact:
            made[_config(site, "binary_sensor", door.id)] = orjson.dumps(_contact(site, name, door))
    return made


def told(site: str, door: str, looks: Looks) -> dict[str, bytes]:
    """Return the retained payload of each of a door's topics."""
    return {
        state_topic(site, door, "lock"): looks.lock.encode(),
        state_topic(site, door, "contact"): looks.contact.encode(),
        state_topic(site, door, "available"): (ONLINE if looks.there else OFFLINE).encode(),
    }


def box_topic(site: str) -> str:
    """Return the topic that says whether the box is there."""
    return f"{TOPICS}/{site}/$state"


def state_topic(site: str, door: str, what: str) -> str:
    """Return a topic of a door: `lock`, `contact`, `available`, and `set`, which Home Assistant writes."""
    return f"{TOPICS}/{site}/{door}/{what}"


def filters(site: str) -> tuple[str, str]:
    """Return what covers everything that is said here of this site: what was announced, and how it stands."""
    return f"{PREFIX}/+/{_node(site)}/+/config", f"{TOPICS}/{site}/#"


def rights(site: str, doors: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return what Home Assistant may write and what it may read: orders for these doors alone."""
    return [state_topic(site, door, "set") for door in doors], list(filters(site))


def ordered(site: str, topic: str) -> str | None:
    """Return the door that an order's topic names; None where it is no such topic."""
    levels = topic.split("/")
    door = levels[-2] if len(levels) > 1 else ""
    return door if door and topic == state_topic(site, door, "set") else None


def _lock(site: str, name: str, door: ShownDoor) -> dict[str, object]:
    """A lock must have a command topic there. That of a door without orders is one it has no right to write."""
    return {
        "name": None,  # it is what its device is mainly about, and bears its name
        **_common(site, name, door, "lock"),
        "command_topic": state_topic(site, door.id, "set"),
        "payload_lock": LOCK,
        "payload_unlock": UNLOCK,
        "state_locked": "LOCKED",
        "state_unlocked": "UNLOCKED",
        "state_jammed": "JAMMED",
        "payload_reset": UNKNOWN,
        "optimistic": False,
        "retain": False,
    }


def _contact(site: str, name: str, door: ShownDoor) -> dict[str, object]:
    return {
        "name": "Contact",
        **_common(site, name, door, "contact"),
        "device_class": "door",
        "payload_on": "OPEN",
        "payload_off": "CLOSED",
    }


def _common(site: str, name: str, door: ShownDoor, what: str) -> dict[str, object]:
    own = f"{_node(site)}-{door.id}"
    return {
        "unique_id": f"{own}-{what}",
        "state_topic": state_topic(site, door.id, what),
        "qos": 1,
        "availability": [{"topic": box_topic(site)}, {"topic": state_topic(site, door.id, "available")}],
        "availability_mode": "all",
        "device": {"identifiers": [own], "name": door.name, "manufacturer": "Ostiary", "model": f"Door of {name}"},
        "origin": {"name": "Ostiary"},
    }


def _config(site: str, component: str, door: str) -> str:
    return f"{PREFIX}/{component}/{_node(site)}/{door}/config"


def _node(site: str) -> str:
    return f"ostiary-{site}"
