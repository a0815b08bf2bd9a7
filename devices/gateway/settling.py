"""Contacts that bounce, with timers: a change counts once it has lasted for its contact's debounce time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from controller.domain.ids import PointId
from controller.domain.points import PointCondition
from controller.domain.site import Site
from controller.domain.stimuli import PointSeen
from devices.debounce import Contact, passed, told
from devices.gateway.port import Building

K = TypeVar("K", bound=Hashable)
S = TypeVar("S")

NOT_LATE = 0.0
TIMER_GRAIN = 0.001
"""Seconds that an event loop's timer may be early by."""


class Settling(Generic[K, S]):
    """Holds each change of a contact back until it has settled, and then has it counted.

    ``seconds`` is a contact's debounce time, ``count`` takes what counts, ``mono`` is the clock of the reports.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        mono: Callable[[], float],
        seconds: Callable[[K], float],
        count: Callable[[K, S], None],
    ) -> None:
        self._loop = loop
        self._mono = mono
        self._seconds = seconds
        self._count = count
        self._contacts: dict[K, Contact[S]] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}

    def seen(self, key: K, state: S, at: float | None = None, lag: float = NOT_LATE) -> None:
        """Take in what a contact shows, and count what counts."""
        for each in self.told(key, state, self._mono() if at is None else at, lag):
            self._count(key, each)

    def told(self, key: K, state: S, at: float, lag: float) -> tuple[S, ...]:
        """Take in what a contact shows, and return what counts at once; what counts later goes to ``count``."""
        seconds = self._seconds(key)
        contact, counts = told(self._contacts.get(key, Contact()), state, at=at, lag=lag, seconds=seconds)
        self._become(key, contact)
        return counts

    def forget(self, key: K) -> None:
        """Its device is gone: what it showed counts no more, and what it next shows counts at once."""
        self._contacts.pop(key, None)
        self._drop(key)

    def stop(self) -> None:
        """Forget every contact, and wait for none."""
        for key in list(self._contacts):
            self.forget(key)

    def _become(self, key: K, contact: Contact[S]) -> None:
        self._drop(key)
        self._contacts[key] = contact
        if contact.waiting is not None:
            left = contact.since + self._seconds(key) - self._mono()
            self._timers[key] = self._loop.call_later(max(0.0, left) + TIMER_GRAIN, self._due, key)

    def _due(self, key: K) -> None:
        """The contact was quiet for long enough: no clock needs to be asked."""
        contact, counts = passed(self._contacts[key], now=math.inf, seconds=self._seconds(key))
        self._become(key, contact)
        for each in counts:
            self._count(key, each)

    def _drop(self, key: K) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()


def points_settling(
    site: Site, building: Building, loop: asyncio.AbstractEventLoop
) -> Settling[PointId, PointCondition]:
    """Return what holds the site's points back until they have settled."""

    def count(point: PointId, condition: PointCondition) -> None:
        building.submit(PointSeen(point, condition))

    return Settling(loop, building.mono, lambda point: site.points[point].debounce_seconds, count)
