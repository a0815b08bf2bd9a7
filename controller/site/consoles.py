"""Who gets in at the consoles: the ``[console]`` table of a site file."""

from __future__ import annotations

import ipaddress

from controller.domain.console import IDLE_SECONDS, UNWATCHED_SECONDS, ConsoleRules
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.reading import Reading, Table

_LONGEST_IDLE = 3600
_LONGEST_UNWATCHED = 3600
_SHORTEST = 10


def console(table: Table) -> ConsoleRules:
    """``[console]``: where a guard signs in by a password alone, when orders are locked, how long nobody may watch."""
    seconds = kinds.number(_SHORTEST, _LONGEST_IDLE, "seconds")
    return ConsoleRules(
        local_post=table.want("local_post", kinds.several(_address), frozenset()),
        idle_seconds=table.want("idle_seconds", seconds, IDLE_SECONDS),
        unwatched_seconds=table.want(
            "unwatched_seconds", kinds.number(_SHORTEST, _LONGEST_UNWATCHED, "seconds"), UNWATCHED_SECONDS
        ),
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
