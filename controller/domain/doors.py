"""What is known of a door right now. Commanded is not observed: only its sensors change these values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from controller.domain.ids import CardholderId, OperatorId, RequestId, ZoneId


class Position(StrEnum):
    """The leaf, by its contact."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    OPEN = "open"


class LockStatus(StrEnum):
    """The bolt, by its own sensor."""

    UNKNOWN = "unknown"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    JAMMED = "jammed"


class Loop(StrEnum):
    """What stands where a barrier would close. Only ``FREE`` lets it: not knowing and a fault count as occupied."""

    UNKNOWN = "unknown"
    FREE = "free"
    OCCUPIED = "occupied"
    FAULT = "fault"


class Direction(StrEnum):
    """Which way a turnstile turned: ``IN`` is towards the second of its two zones."""

    IN = "in"
    OUT = "out"


class LockMode(StrEnum):
    """What the lock does without a request, from the laxest to the strictest."""

    SECURED = "secured"
    BLOCKED = "blocked"
    LOCKDOWN = "lockdown"


class DoorAlarm(StrEnum):
    """What is wrong with an open door."""

    FORCED_OPEN = "forced_open"
    HELD_OPEN = "held_open"
    FOUND_OPEN = "found_open"


@dataclass(frozen=True, slots=True)
class Passage:
    """A right to pass: armed by a grant, a guard's order, or a request to exit.

    ``until`` is monotonic seconds. ``cardholder`` and ``enters`` are None for an exit button and for a guard's order.
    ``used``: counted as an entry because the door already stood open or has no contact; it still excuses an opening
    until it lapses.
    """

    request: RequestId
    cardholder: CardholderId | None
    enters: ZoneId | None
    until: float
    exit: bool = False
    used: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody pressed an exit button and waits for the other leaves of an interlock, until monotonic ``until``."""

    request: RequestId
    until: float


@dataclass(frozen=True, slots=True)
class Block:
    """An operator's block, with its author and reason."""

    operator: OperatorId
    reason: str


@dataclass(frozen=True, slots=True)
class DoorState:
    """One door. Times are monotonic seconds of this boot."""

    position: Position = Position.UNKNOWN
    lock: LockStatus = LockStatus.UNKNOWN
    passages: tuple[Passage, ...] = field(default=())
    warn_after: float | None = None
    held_after: float | None = None
    block: Block | None = None
    ordered: LockStatus | None = None  # what was last commanded and is not observed yet
    waiting: Waiting | None = None
    loop: Loop = Loop.UNKNOWN
    key_turned: bool = False
    key_until: float | None = None  # until when an opening is the key's, after it was turned back

    @property
    def due(self) -> float | None:
        """Return when something about this door lapses next; None, quickly, for the many doors where nothing does."""
        if not self.passages and self.warn_after is None and self.held_after is None and self.waiting is None:
            return None
        waiting = self.waiting.until if self.waiting else None
        times = (self.warn_after, self.held_after, waiting, *(passage.until for passage in self.passages))
        return min((time for time in times if time is not None), default=None)
