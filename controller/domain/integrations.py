"""Programs beside the console: what a token lets one do, and where the box tells of events by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from controller.domain.ids import OperatorId, ZoneId

TOKEN_PREFIX = "api:"  # noqa: S105 - the beginning of a name, and no secret
"""What the name begins with that a program orders by: no person's does."""
LONGEST_TOKEN = timedelta(days=366)
PORTS = {"https": 443, "http": 80}


class Scope(StrEnum):
    """One thing that a token lets a program do. None of them names a person, or agrees as a second one."""

    READ_STATE = "read_state"
    READ_EVENTS = "read_events"
    READ_METRICS = "read_metrics"
    ORDER_DOORS = "order_doors"
    HANDLE_ALARMS = "handle_alarms"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program's right. ``zones``: where it counts; None: everywhere. Its secret stands in no event."""

    id: OperatorId
    scopes: frozenset[Scope]
    zones: frozenset[ZoneId] | None
    expires: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the box tells of events of these kinds, in their order. No kinds: all."""

    id: str
    url: str
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Integrations:
    """Whom the box may tell: origins (``https://192.0.2.20:8443``), and those of them that may hear who it was.

    ``ca``: the authority their certificates are of (PEM); empty: the box's own.
    """

    targets: frozenset[str] = frozenset()
    personal_data: frozenset[str] = frozenset()
    ca: str = ""

    def allows(self, url: str) -> bool:
        """Tell whether something may be posted there."""
        return origin(url) in self.targets

    def hears_names(self, url: str) -> bool:
        """Tell whether people's data may be told there."""
        return origin(url) in self.targets & self.personal_data


def origin(url: str) -> str | None:
    """Return scheme, host and port of a URL in one form; None for what is none, or carries a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None or parts.password is not None:
        return None
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port or PORTS[parts.scheme]}"
