"""Watches how much room the disk has that the log lies on, and says so early."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import structlog

from controller.domain.stimuli import DiskSeen, Stimulus

PERIOD_SECONDS = 10.0
LOW_MIB = 1024
"""Below this an alarm is raised: a busy building's log grows by some 100 MiB a month."""

ROOM_AGAIN = 1.25
"""So many times as much must be free before the alarm's cause is gone: no flutter at the threshold."""

MIB = 2**20

_LOG = structlog.get_logger(__name__)


class DiskWatch:
    """Tells once how things are, then each time that changes."""

    def __init__(self, folder: Path, submit: Callable[[Stimulus], object], low_mib: int = LOW_MIB) -> None:
        self._folder = folder
        self._submit = submit
        self._low_mib = low_mib
        self._low: bool | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. ``stop`` ends it."""
        self._task = asyncio.create_task(self._run(), name="disk")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def look(self) -> None:
        """Look once. A disk that cannot be asked is not called full: the log itself will tell."""
        try:
            free = shutil.disk_usage(self._folder).free / MIB
        except OSError as error:
            _LOG.error("the log's disk cannot be asked for its room", error=str(error))
            return
        low = free < self._low_mib * (ROOM_AGAIN if self._low else 1.0)
        if low is not self._low:
            self._low = low
            self._submit(DiskSeen(low, f"{free:,.0f} MiB free, {self._low_mib:,} MiB are asked for"))

    async def _run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(PERIOD_SECONDS)
