"""What a guard sees: the view of the building and the events of the stream, as values, and waits for what comes up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Self, TypeVar

import cattrs

T = TypeVar("T")

REMEMBERED = 5000
"""Events on the screen: more than any round of a scenario brings."""


@dataclass(frozen=True, slots=True)
class Who:
    """A person, by pseudonym."""

    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One event on the screen."""

    seq: int
    kind: str
    door: str | None
    reader: str | None
    camera: str | None
    device: str | None
    who: Who | None
    reasons: tuple[str, ...]
    detail: dict[str, Any]

    @property
    def person(self) -> str | None:
        """Whom it is about."""
        return self.who.id if self.who else None


@dataclass(frozen=True, slots=True)
class SeenAlarm:
    """One alarm on the screen."""

    id: str
    kind: str
    door: str | None
    reader: str | None
    device: str | None
    persists: bool
    acknowledged_by: str | None
    area: str | None = None
    camera: str | None = None


@dataclass(frozen=True, slots=True)
class SeenDoor:
    """One door on the plan."""

    id: str
    status: str
    lock: str


@dataclass(frozen=True, slots=True)
class SeenThing:
    """A device or a camera."""

    id: str
    online: bool | None


@dataclass(frozen=True, slots=True)
class SeenLockdown:
    """The lockdown banner."""

    state: str
    unsecured_doors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenWaiting:
    """Somebody at a reader who was asked for more."""

    request: str
    reader: str
    who: Who
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenFire:
    """A fire that stands."""

    fire_zone: str
    panel: str


@dataclass(frozen=True, slots=True)
class SeenArea:
    """An intrusion area."""

    id: str
    mode: str


@dataclass(frozen=True, slots=True)
class SeenPoint:
    """A detector, or what a camera is watched for."""

    id: str
    condition: str


@dataclass(frozen=True, slots=True)
class SeenGuarding:
    """Whatever points guard."""

    areas: tuple[SeenArea, ...] = ()
    points: tuple[SeenPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """The whole screen at one moment."""

    seq: int
    lockdown: SeenLockdown | None = None
    doors: tuple[SeenDoor, ...] = ()
    alarms: tuple[SeenAlarm, ...] = ()
    devices: tuple[SeenThing, ...] = ()
    cameras: tuple[SeenThing, ...] = ()
    waiting: tuple[SeenWaiting, ...] = ()
    fires: tuple[SeenFire, ...] = ()
    guarding: SeenGuarding = SeenGuarding()

    def alarm(self, kind: str, **place: str) -> SeenAlarm | None:
        """Return the newest alarm of a kind at a place (`door=`, `reader=`, `device=`, …), or None."""
        found = [a for a in self.alarms if a.kind == kind and all(getattr(a, k) == v for k, v in place.items())]
        return max(found, key=lambda alarm: int(alarm.id[1:]), default=None)

    def waits(self, reader: str, person: str) -> SeenWaiting | None:
        """Return who waits at a reader to be asked for more, or None."""
        return next((each for each in self.waiting if (each.reader, each.who.id) == (reader, person)), None)

    def secured(self, door: str) -> bool:
        """Return whether a door is shown as closed and locked."""
        return any((each.id, each.status) == (door, "secured") for each in self.doors)

    def unlocked(self, door: str) -> bool:
        """Return whether a door's lock is shown as unlocked."""
        return any((each.id, each.lock) == (door, "unlocked") for each in self.doors)

    def area(self, area: str) -> str | None:
        """Return how an intrusion area stands, or None for one that is not shown."""
        return next((each.mode for each in self.guarding.areas if each.id == area), None)

    def at_rest(self, point: str) -> bool:
        """Return whether a point is shown as one before which nothing stirs."""
        return any((each.id, each.condition) == (point, "normal") for each in self.guarding.points)

    def online(self, thing: str) -> bool:
        """Return whether a device or camera is shown as there."""
        return any(each.id == thing and each.online for each in (*self.devices, *self.cameras))


class Screen:
    """The newest view and the latest events. `show` is told what the stream says."""

    def __init__(self) -> None:
        self.view = View(0)
        self.records: deque[Record] = deque(maxlen=REMEMBERED)
        self._stirred = asyncio.Condition()

    @property
    def seq(self) -> int:
        """The number of the newest event seen: whatever comes later has a higher one."""
        return max(self.view.seq, self.records[-1].seq if self.records else 0)

    async def show(self, name: str, said: Mapping[str, object]) -> None:
        """Take in one message of the stream: a `view` or an `event`; others change nothing here."""
        async with self._stirred:
            match name:
                case "view":
                    self.view = cattrs.structure(said, View)
                case "event":
                    self.records.append(cattrs.structure(said, Record))
                case _:
                    return
            self._stirred.notify_all()

    async def until(self, wanted: Callable[[Self], T | None], within: float) -> T | None:
        """Look at the screen until `wanted` finds something there, and return it; None where it did not in time."""
        try:
            async with asyncio.timeout(within), self._stirred:
                while not (found := wanted(self)):
                    await self._stirred.wait()
                return found
        except TimeoutError:
            return None

    def record(self, kind: str, since: int, **facts: str) -> Record | None:
        """Return the first event of a kind after event `since` with these facts (`door=`, `person=`, …), or None."""
        return next(iter(self.all_records(kind, since, **facts)), None)

    def all_records(self, kind: str, since: int, **facts: str) -> list[Record]:
        """Return every event of a kind after event `since` with these facts, the oldest first."""
        later = takewhile(lambda record: record.seq > since, reversed(self.records))
        found = [r for r in later if r.kind == kind and all(getattr(r, k) == v for k, v in facts.items())]
        return found[::-1]

    def raised(self, kind: str, since: int, **place: str) -> Record | None:
        """Return the first alarm of a kind that was raised after event `since` at a place (`point=`, …), or None."""
        point = place.pop("point", None)
        raised = self.all_records("alarm_raised", since, **place)
        found = (r for r in raised if r.detail.get("kind") == kind and point in (None, r.detail.get("point")))
        return next(found, None)
