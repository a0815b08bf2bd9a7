"""Who gets in at the consoles: the ``[console]`` table of a site file."""

from __future__ import annotations

import ipaddress
import re

from controller.domain.console import IDLE_SECONDS, UNWATCHED_SECONDS, ConsoleRules
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.reading import Reading, Table

_LONGEST_IDLE = 3600
_LONGEST_UNWATCHED = 3600
_SHORTEST = 10
_LONGEST_NAME = 253
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
"""RFC 1123: labels of letters, digits and hyphens, a hyphen at neither end."""


def console(table: Table) -> ConsoleRules:
    """``[console]``: where a guard signs in by a password alone, when orders are locked, how long nobody may watch,
    what the box is called."""
    seconds = kinds.number(_SHORTEST, _LONGEST_IDLE, "seconds")
    return ConsoleRules(
        local_post=table.want("local_post", kinds.several(_address), frozenset()),
        idle_seconds=table.want("idle_seconds", seconds, IDLE_SECONDS),
        unwatched_seconds=table.want(
            "unwatched_seconds", kinds.number(_SHORTEST, _LONGEST_UNWATCHED, "seconds"), UNWATCHED_SECONDS
        ),
        names=table.want("names", kinds.several(_name), frozenset()),
    )


def _address(reading: Reading, path: Path, value: object) -> str | None:
    """An IP address, as the box sees it."""
    word = kinds.text(reading, path, value)
    if word is None:
        return None
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        reading.refuse(path, f"{quoted(word)} is no address", 'write one as the box sees it: "192.0.2.10" or "::1"')
        return None


def _name(reading: Reading, path: Path, value: object) -> str | None:
    """A host name or an IP address, in small letters."""
    word = kinds.text(reading, path, value)
    if word is None:
        return None
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        if len(word) <= _LONGEST_NAME and _HOST_NAME.fullmatch(word):
            return word.lower()
        mend = 'write what stands in the browser\'s address bar, without port: "ostiary.mission.example" or "192.0.2.5"'
        reading.refuse(path, f"{quoted(word)} is no host name and no address", mend)
        return None
