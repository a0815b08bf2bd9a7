"""Points that bounce: a change counts once it has lasted for its point's debounce time (EN 60839-11-1)."""

from __future__ import annotations

import asyncio

from controller.domain.ids import PointId
from controller.domain.points import PointCondition
from controller.domain.site import Site
from controller.domain.stimuli import PointSeen
from devices.gateway.port import Building


class Settling:
    """Holds each change of a point back until it has settled. What falls back meanwhile never was.

    A point's first word since it was last forgotten counts at once: nothing bounces that is only read.
    """

    def __init__(self, site: Site, building: Building, loop: asyncio.AbstractEventLoop) -> None:
        self._site = site
        self._building = building
        self._loop = loop
        self._settled: dict[PointId, PointCondition] = {}
        self._waiting: dict[PointId, tuple[PointCondition, asyncio.TimerHandle]] = {}

    def seen(self, point: PointId, condition: PointCondition) -> None:
        """Take in what a point shows."""
        if point not in self._settled:
            self._count(point, condition)
            return
        waiting = self._waiting.get(point)
        if waiting is not None and waiting[0] is condition:
            return
        self._drop(point)
        if self._settled[point] is not condition:
            seconds = self._site.points[point].debounce_seconds
            timer = self._loop.call_later(seconds, self._count, point, condition)
            self._waiting[point] = condition, timer

    def forget(self, point: PointId) -> None:
        """Its device is gone: what it showed counts no more."""
        self._drop(point)
        self._settled.pop(point, None)

    def stop(self) -> None:
        """Forget every point, and wait for none."""
        for point in list(self._settled):
            self.forget(point)

    def _count(self, point: PointId, condition: PointCondition) -> None:
        self._waiting.pop(point, None)
        self._settled[point] = condition
        self._building.submit(PointSeen(point, condition))

    def _drop(self, point: PointId) -> None:
        waiting = self._waiting.pop(point, None)
        if waiting is not None:
            waiting[1].cancel()
