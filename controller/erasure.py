"""What an erasure leaves to do: what is erased goes from the backups too, at once where they can be reached, and from
what memory was freed; and a backup's keys go when it is time.

A place that cannot be reached is an alarm, and tried again every hour. Nothing here holds a door up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from datetime import UTC

import structlog

from controller.backup import expire_everywhere, strike_out
from controller.core import Core
from controller.domain.events import (
    CardholderErased,
    FaceTemplateRecorded,
    FaceWithdrawn,
    PortraitKept,
    PortraitRemoved,
    Recorded,
    RetentionApplied,
)
from controller.domain.stimuli import FaultSeen
from controller.scrub import scrub

ENDS = CardholderErased | RetentionApplied | FaceTemplateRecorded | FaceWithdrawn | PortraitKept | PortraitRemoved
"""After these a key is gone, or about to be."""

RETRY_SECONDS = 3600.0
SETTLE_SECONDS = 1.0
"""By then every screen shows the building without whom was erased, and what showed them is freed."""

UNREACHED = "who was erased is still in backups that cannot be reached: {places}"

FAILED = "who was erased may still be in {where}: {error}"

_LOG = structlog.get_logger(__name__)


class ErasureKeeper:
    """Follows the erasures of a running box to its backups and its memory, and expires the keys of old backups."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._erased = asyncio.Event()
        self._told = ""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. ``stop`` ends it."""
        self._core.runtime.listen(self.heard)
        self._task = asyncio.create_task(self._run(), name="erasure")

    def heard(self, record: Recorded) -> None:
        """Hear a record: somebody who is erased, and a face that is withdrawn or replaced, is struck out now."""
        if isinstance(record.event, ENDS):
            self._erased.set()

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def keep(self) -> None:
        """Strike out who is erased, and expire what is old. A clock that is not trusted expires nothing."""
        core = self._core
        await core.log.append(())  # the erasure stands in the log first
        missing = await asyncio.to_thread(strike_out, core.folder, core.vault.erased())
        self._tell(", ".join(map(str, missing)))
        if core.runtime.state.clock_trusted:
            now = core.clock.now().wall.astimezone(UTC)
            await asyncio.to_thread(expire_everywhere, core.folder, now)

    def _tell(self, places: str) -> None:
        """Raise the fault once for the same places; it has no end that could be seen but their being named no more."""
        if places and places != self._told:
            self._core.runtime.submit(FaultSeen(None, active=True, detail=UNREACHED.format(places=places)))
        self._told = places

    async def _done_or_told(self, where: str, work: Awaitable[None]) -> None:
        """Do the work; that it fails is an alarm. The rest goes on, and all of it is tried again."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the top of this task, and no door waits for it
            _LOG.exception("what is erased could not be taken from everywhere", where=where)
            # The error's own words stay out of the log: they may repeat what must not stand there.
            told = FaultSeen(None, active=True, detail=FAILED.format(where=where, error=type(error).__name__))
            self._core.runtime.submit(told)

    async def _run(self) -> None:
        while True:
            self._erased.clear()
            await self._done_or_told("backups", self.keep())
            await asyncio.sleep(SETTLE_SECONDS)
            await self._done_or_told("memory", asyncio.to_thread(scrub))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._erased.wait()
