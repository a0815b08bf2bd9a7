"""The topic contract: `ostiary/v1/<site>/<device>/<channel>`, pure strings.

| channel | QoS, retain | direction |
|---|---|---|
| `$state`, `$description`, `state/<name>` | 1, retained | device to box |
| `event/<kind>`, `ack/<id>` | 1, not retained | device to box |
| `cmd/<kind>` | 1, not retained | box to device |
"""

import functools
import re
from dataclasses import dataclass
from typing import Final, NewType

DeviceId = NewType("DeviceId", str)

ROOT: Final = "ostiary"
VERSION: Final = "v1"
CONTROLLER: Final = "controller"
"""User name of the box itself; no device may bear it."""

MAX_TOPIC: Final = 256
"""Characters; a longer topic is refused unread."""

WRITTEN_BY_DEVICE: Final = ("$state", "$description", "state/+", "event/+", "ack/+")
READ_BY_DEVICE: Final = ("cmd/+",)

KEPT_TOPICS: Final = 4096
"""How many topics are kept taken apart: devices say most of what they say under few."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_CHANNEL: Final = re.compile(r"[$A-Za-z0-9_.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device lives: a topic's first four levels.

    Raises ValueError for a site or device name that could not stand in a topic or in a broker's access list.
    """

    site: str
    device: DeviceId

    def __post_init__(self) -> None:
        for what, name in (("site", self.site), ("device", self.device)):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{what} {name!r}: use 1 to 64 of A-Z a-z 0-9 _ . -, a letter or digit first")

    def topic(self, channel: str) -> str:
        """Return the topic of `channel`, for instance `state/lock`."""
        return f"{prefix(self.site)}/{self.device}/{channel}"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic taken apart: `channel` is `$state`, `state`, `event`, `ack` or `cmd`; `name` is the rest, or empty."""

    address: Address
    channel: str
    name: str


def prefix(site: str) -> str:
    """Return the levels that all topics of a site share."""
    return f"{ROOT}/{VERSION}/{site}"


def filters(site: str) -> tuple[str, ...]:
    """Return what the box subscribes to: everything that devices write, and none of its own commands."""
    return tuple(f"{prefix(site)}/+/{channel}" for channel in WRITTEN_BY_DEVICE)


@functools.lru_cache(maxsize=KEPT_TOPICS)
def split(topic: str) -> Topic | None:
    """Take a topic apart; None where it is not one of this contract."""
    levels = topic.split("/") if len(topic) <= MAX_TOPIC else []
    if len(levels) not in (5, 6) or levels[:2] != [ROOT, VERSION]:
        return None
    site, device, *channel = levels[2:]
    if not all(_NAME.fullmatch(name) for name in (site, device)) or not all(map(_CHANNEL.fullmatch, channel)):
        return None
    return Topic(Address(site, DeviceId(device)), channel[0], "".join(channel[1:]))
