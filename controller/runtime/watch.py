"""A subscription to the records, for the consoles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from controller.domain.events import Recorded
from controller.runtime.facade import Lagged

WATCH_QUEUE = 1000


class RecordWatch:
    """A bounded subscription: a watcher that falls behind is told so, and holds nobody up."""

    def __init__(self, forget: Callable[[RecordWatch], None]) -> None:
        self._forget = forget
        self._queue: asyncio.Queue[Recorded] = asyncio.Queue(WATCH_QUEUE)
        self._lagged = False

    def offer(self, record: Recorded) -> None:
        """Hand a record over, or note that there is no room."""
        try:
            self._queue.put_nowait(record)
        except asyncio.QueueFull:
            self._lagged = True

    async def next(self) -> Recorded:
        """Return the next record. Raises ``Lagged`` once records were dropped."""
        if self._lagged:
            while not self._queue.empty():
                self._queue.get_nowait()
            self._lagged = False
            raise Lagged
        return await self._queue.get()

    def close(self) -> None:
        """End the subscription."""
        self._forget(self)
