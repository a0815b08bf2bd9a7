"""Watches how much room the log's disk has, and the recordings' where that is another one, and says so early."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from controller.domain.stimuli import DiskSeen, Stimulus

PERIOD_SECONDS = 10.0
LOW_MIB = 1024
"""Below this an alarm is raised: a busy building's log grows by some 100 MiB a month."""

ROOM_AGAIN = 1.25
"""So many times as much must be free before the alarm's cause is gone: no flutter at the threshold."""

MIB = 2**20
LOG, RECORDINGS = "the log's disk", "the recordings' disk"

_LOG = structlog.get_logger(__name__)

Room = Callable[[Path], int]
"""Return how many bytes are free on the disk that a folder lies on. Raises ``OSError``."""


def free_bytes(folder: Path) -> int:
    """Return how many bytes are free on the disk that a folder lies on, or will. Raises ``OSError``."""
    return shutil.disk_usage(_standing(folder)).free


def disks(folder: Path, recordings: Path) -> tuple[tuple[str, Path], ...]:
    """Return the disks that a box needs room on, each with its name: one where log and recordings share it."""
    shared = _standing(folder).stat().st_dev == _standing(recordings).stat().st_dev
    return ((LOG, folder),) if shared else ((LOG, folder), (RECORDINGS, recordings))


class DiskWatch:
    """Tells once how things are, then each time that changes. ``watched``: disks by their names, as ``disks`` says."""

    def __init__(
        self,
        watched: Sequence[tuple[str, Path]],
        submit: Callable[[Stimulus], object],
        low_mib: int = LOW_MIB,
        room: Room = free_bytes,
    ) -> None:
        self._watched = tuple(watched)
        self._submit = submit
        self._low_mib = low_mib
        self._room = room
        self._low: dict[str, str] | None = None  # what is told of each disk that is low
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
        """Look once. A disk that cannot be asked stays what it was, and is not called full: the log will tell."""
        before = self._low or {}
        low = {name: told for name, folder in self._watched if (told := self._told(name, folder, before)) is not None}
        if self._low is None or low.keys() != before.keys():
            self._submit(DiskSeen(bool(low), "; ".join(low.values()) or "room again"))
            self._low = low

    def _told(self, name: str, folder: Path, before: dict[str, str]) -> str | None:
        """Return what is wrong with a disk; None where it has room."""
        try:
            free = self._room(folder) / MIB
        except OSError as error:
            _LOG.error("a disk cannot be asked for its room", disk=name, error=str(error))
            return before.get(name)
        if free >= self._low_mib * (ROOM_AGAIN if name in before else 1.0):
            return None
        return f"{name}: {free:,.0f} MiB free, {self._low_mib:,} MiB are asked for"

    async def _run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(PERIOD_SECONDS)


def _standing(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
