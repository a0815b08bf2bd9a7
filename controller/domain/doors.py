"""What is known of a door right now. Commanded is not observed: only its sensors change these values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
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
    """What the lock does without a request, from the laxest to the strictest; a fire release stands above them all."""

    UNLOCKED = "unlocked"
    SECURED = "secured"
    BLOCKED = "blocked"
    LOCKDOWN = "lockdown"
    FIRE_RELEASE = "fire_release"


HELD = frozenset({LockMode.UNLOCKED, LockMode.FIRE_RELEASE})
"""Modes in which the lock is held released: whoever opens the door does nothing wrong."""


class ModeSource(StrEnum):
    """Who may ask for a lock mode."""

    SCHEDULE = "schedule"
    OPERATOR = "operator"
    THREAT_LEVEL = "threat_level"
    LOCKDOWN = "lockdown"
    FIRE = "fire"


@dataclass(frozen=True, slots=True)
class ModeRequest:
    """What one of those who may ask wants a lock to do by itself.

    ``reference`` names who or what asks (a schedule, an operator, a level, a fire zone); ``until`` when that ends by
    itself, None where somebody has to end it.
    """

    mode: LockMode
    source: ModeSource
    reference: str
    until: datetime | None = None


class DoorAlarm(StrEnum):
    """What is wrong with an open door."""

    FORCED_OPEN = "forced_open"
    HELD_OPEN = "held_open"
    FOUND_OPEN = "found_open"


@dataclass(frozen=True, slots=True)
class Passage:
    """A right to pass: armed by a grant, a guard's order, or a request to exit.

    ``until`` is monotonic seconds. ``enters`` is None for an exit button and for a guard's order, and so is
    ``cardholder``, unless the guard named one of ours.
    ``used``: counted as an entry because the door already stood open or has no contact; it still excuses an opening
    until it lapses. ``companion``: the passage it was granted together with; neither is taken back alone.
    """

    request: RequestId
    cardholder: CardholderId | None
    enters: ZoneId | None
    until: float
    exit: bool = False
    used: bool = False
    companion: RequestId | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody pressed an exit button and waits for the other leaves of an interlock, until monotonic ``until``."""

    request: RequestId
    until: float


@dataclass(frozen=True, slots=True)
class ModeOrder:
    """An operator's standing order for one door, with its author and reason.

    ``until`` is its end by the wall, ``lapses`` by the monotonic clock of this boot; both None until it is released.
    """

    mode: LockMode
    operator: OperatorId
    reason: str
    until: datetime | None = None
    lapses: float | None = None


@dataclass(frozen=True, slots=True)
class Uncounted:
    """An entry that no camera has counted yet: into which zone (None: nobody knows), and when (monotonic)."""

    enters: ZoneId | None
    at: float


@dataclass(frozen=True, slots=True)
class DoorState:
    """One door. Times are monotonic seconds of this boot."""

    position: Position = Position.UNKNOWN
    lock: LockStatus = LockStatus.UNKNOWN
    passages: tuple[Passage, ...] = field(default=())
    warn_after: float | None = None
    held_after: float | None = None
    orders: tuple[ModeOrder, ...] = ()  # of operators, one for each mode at most
    hold: LockMode | None = None  # one of HELD, while the lock is told to stand released
    came_in: datetime | None = None  # when the first person went in whom its schedule waits for
    ordered: LockStatus | None = None  # what was last commanded and is not observed yet
    waiting: Waiting | None = None
    loop: Loop = Loop.UNKNOWN
    key_turned: bool = False
    key_until: float | None = None  # until when an opening is the key's, after it was turned back
    uncounted: tuple[Uncounted, ...] = ()  # entries of this opening, the oldest first

    @property
    def held(self) -> bool:
        """Tell whether the lock is held released."""
        return self.hold is not None

    @property
    def block(self) -> ModeOrder | None:
        """Return the operator's block, if there is one."""
        return next((order for order in self.orders if order.mode is LockMode.BLOCKED), None) if self.orders else None

    @property
    def due(self) -> float | None:
        """Return when something about this door lapses next; None, quickly, for the many doors where nothing does."""
        timed = self.passages or self.orders
        if not timed and self.warn_after is None and self.held_after is None and self.waiting is None:
            return None
        waiting = self.waiting.until if self.waiting else None
        passages, orders = (p.until for p in self.passages), (order.lapses for order in self.orders)
        times = (self.warn_after, self.held_after, waiting, *passages, *orders)
        return min((time for time in times if time is not None), default=None)
