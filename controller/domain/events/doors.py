"""What happened at a door."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.doors import Direction, LockStatus, Loop, Position
from controller.domain.ids import CameraId, CardholderId, DoorId, RequestId, ZoneId
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class EntryObserved:
    """A granted passage was used. ``assumed``: the door already stood open, or has no contact.

    ``leaves``: the zone they came from. Both zones are None where a guard let somebody through, nobody saw which way.
    """

    request: RequestId
    door: DoorId
    cardholder: CardholderId | None
    enters: ZoneId | None
    assumed: bool
    leaves: ZoneId | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class EntryAmbiguous:
    """The door opened while a grant and an exit request were both armed: who passed, and which way, is not known."""

    door: DoorId
    requests: tuple[RequestId, ...]
    cardholders: tuple[CardholderId, ...]


@dataclass(frozen=True, slots=True)
class ExitObserved:
    """Somebody left by the exit button; who is not known."""

    request: RequestId
    door: DoorId


@dataclass(frozen=True, slots=True)
class ExitRequested:
    """Somebody inside asked to leave; the door's opening within ``seconds`` is an exit."""

    request: RequestId
    door: DoorId
    seconds: float


@dataclass(frozen=True, slots=True)
class ExitDelayed:
    """Somebody inside asked to leave, and waits up to ``seconds`` for the other leaves of an interlock to be shut."""

    request: RequestId
    door: DoorId
    seconds: float


@dataclass(frozen=True, slots=True)
class PassageLapsed:
    """An exit request, or a passage already counted as used, is over."""

    request: RequestId
    door: DoorId


@dataclass(frozen=True, slots=True)
class PositionObserved:
    """A leaf moved. ``open_seconds``: how long it may now stand open; None where that is not timed (forced, found)."""

    door: DoorId
    position: Position
    open_seconds: float | None
    warn_seconds: float | None


@dataclass(frozen=True, slots=True)
class HeldOpenTimerRestarted:
    """A further passage through the open door gives it its full time again."""

    door: DoorId
    open_seconds: float
    warn_seconds: float


@dataclass(frozen=True, slots=True)
class HeldOpenWarned:
    """The pre-alarm: soon this door is held open."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class HeldOpenTimed:
    """The door's time is over; it is timed no further."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class LockObserved:
    """A bolt moved."""

    door: DoorId
    lock: LockStatus


@dataclass(frozen=True, slots=True)
class LoopObserved:
    """Something drove onto a barrier's safety loop, or off it; or its wire is cut, and nobody knows."""

    door: DoorId
    loop: Loop


@dataclass(frozen=True, slots=True)
class RelockDeferred:
    """A barrier should secure and must not: its loop is not known to be free. It secures once that is."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class RelockResumed:
    """The loop is free: the barrier was told to secure."""

    door: DoorId


@dataclass(frozen=True, slots=True)
class RotationObserved:
    """A turnstile turned once: one person passed."""

    door: DoorId
    direction: Direction


@dataclass(frozen=True, slots=True)
class PersonCounted:
    """A camera saw one person go through a door, into this zone. Nobody is told apart by it."""

    door: DoorId
    camera: CameraId
    enters: ZoneId


@dataclass(frozen=True, slots=True)
class KeyOverrideObserved:
    """The mechanical key was turned, or turned back; it excuses an opening until ``seconds`` after that."""

    door: DoorId
    active: bool
    seconds: float
