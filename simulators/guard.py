"""A guard at a console: signs in over HTTP, watches the event stream, presses buttons. Sees only what a guard sees."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import cattrs
import httpx

T = TypeVar("T")

PASSWORD_BYTES = 24
REMEMBERED = 5000
"""Events on the screen: more than any round of a scenario brings."""

BEAT_LOST_SECONDS = 5.0
RECONNECT_SECONDS = 0.5


class GuardError(Exception):
    """The console refused an order or does not answer; the sentence names its code."""


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
class View:
    """The whole screen at one moment."""

    seq: int
    lockdown: SeenLockdown | None = None
    doors: tuple[SeenDoor, ...] = ()
    alarms: tuple[SeenAlarm, ...] = ()
    devices: tuple[SeenThing, ...] = ()
    cameras: tuple[SeenThing, ...] = ()

    def alarm(self, kind: str, **place: str) -> SeenAlarm | None:
        """Return the newest alarm of a kind at a place (`door=`, `reader=`, `device=`), or None."""
        found = [a for a in self.alarms if a.kind == kind and all(getattr(a, k) == v for k, v in place.items())]
        return max(found, key=lambda alarm: int(alarm.id[1:]), default=None)

    def online(self, thing: str) -> bool:
        """Return whether a device or camera is shown as there."""
        return any(each.id == thing and each.online for each in (*self.devices, *self.cameras))


class Guard:
    """One operator's browser. Use it as an async context manager; `watch` keeps the screen up to date while it runs."""

    def __init__(self, url: str) -> None:
        self.view = View(0)
        self.records: deque[Record] = deque(maxlen=REMEMBERED)
        self._http = httpx.AsyncClient(base_url=url, timeout=10.0, trust_env=False)
        self._stirred = asyncio.Condition()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def seq(self) -> int:
        """The number of the newest event seen: whatever comes later has a higher one."""
        return max(self.view.seq, self.records[-1].seq if self.records else 0)

    async def sign_in(self, operator: str, one_time: str) -> None:
        """Sign in with a one-time password, choosing a new one that nobody else will ever know."""
        chosen = secrets.token_urlsafe(PASSWORD_BYTES)
        me = await self._post("/api/session", operator=operator, password=one_time, new_password=chosen)
        self._http.headers["X-CSRF-Token"] = str(me["csrf"])

    async def order(self, button: str, **said: str) -> str | None:
        """Press a button (`lockdown/end`, `alarms/a3/close`); return what the order still waits for, or None.

        Raises GuardError where it is refused.
        """
        code = (await self._post(f"/api/{button}", **said)).get("code")
        return None if code is None else str(code)

    async def watch(self) -> None:
        """Follow the event stream until cancelled, through lost connections."""
        while True:
            try:
                async with self._http.stream("GET", "/api/stream", timeout=BEAT_LOST_SECONDS) as response:
                    async for name, said in _messages(response):
                        await self._take(name, said)
            except httpx.HTTPError:
                pass
            await asyncio.sleep(RECONNECT_SECONDS)

    async def until(self, wanted: Callable[[Guard], T | None], within: float) -> T | None:
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
        """Return every event of a kind after event `since` with these facts."""
        return [
            record
            for record in self.records
            if record.seq > since and record.kind == kind and all(getattr(record, k) == v for k, v in facts.items())
        ]

    def raised(self, kind: str, since: int, **place: str) -> Record | None:
        """Return the first alarm of a kind that was raised after event `since` at a place, or None."""
        raised = self.all_records("alarm_raised", since, **place)
        return next((record for record in raised if record.detail.get("kind") == kind), None)

    async def _take(self, name: str, said: Mapping[str, object]) -> None:
        async with self._stirred:
            match name:
                case "view":
                    self.view = cattrs.structure(said, View)
                case "event":
                    self.records.append(cattrs.structure(said, Record))
                case _:
                    return
            self._stirred.notify_all()

    async def _post(self, path: str, **said: str) -> dict[str, object]:
        try:
            response = await self._http.post(path, json=said)
        except httpx.HTTPError as error:
            raise GuardError(f"{path}: {error!r}") from error
        told = response.json() if response.content else {}
        if response.is_error or not isinstance(told, dict):
            raise GuardError(f"{path}: {response.status_code} {told.get('code', '')}")
        return told


async def _messages(response: httpx.Response) -> AsyncIterator[tuple[str, Mapping[str, object]]]:
    """Yield each server-sent event: its name and its JSON."""
    response.raise_for_status()
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)
