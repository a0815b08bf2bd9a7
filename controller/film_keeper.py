"""The task that ends recordings: the key of a day when its time is over, the oldest when there is no room, and what
shows somebody who is erased.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import UTC
from itertools import groupby

import structlog

from controller import film_keeping
from controller.core import Core
from controller.disk import ROOM_AGAIN, Room, free_bytes
from controller.domain.events import CardholderErased, Recorded, RecordingsDropped, RetentionApplied
from controller.domain.filming import RECORDED
from controller.domain.ids import CardholderId
from controller.domain.stimuli import FaultSeen, KeepingDone
from controller.filmed import FOLDER, recorded_day
from controller.store.projection import PERSON, Projection

PERIOD_SECONDS = 60.0
ROOM_SECONDS = 10.0
"""How often the disk is asked for its room in between."""
RECORDS_OF_ONE = 1_000_000
GIB = 2**30
FAILED = "recordings past their time could not be destroyed: {error}"

_LOG = structlog.get_logger(__name__)


class FilmKeeper:
    """Keeps the recordings of a box to their time and their room. A clock that is not trusted ends nothing.

    ``reserve``: the bytes of disk that are the log's; where less is free, the oldest recordings make room, and so much
    of it that the disk's alarm ends too. ``room``: how many bytes are free where they lie.
    """

    def __init__(self, core: Core, reserve: int, room: Room = free_bytes) -> None:
        self._core, self._reserve, self._room = core, reserve, room
        self._projection = Projection(core.folder, core.keystore.secrets)
        self._erased: set[CardholderId] = set()
        self._told = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. ``stop`` ends it."""
        self._core.runtime.listen(self.heard)
        self._task = asyncio.create_task(self._run(), name="film keeper")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def heard(self, record: Recorded) -> None:
        """Hear a record: what shows somebody who is erased goes too."""
        if isinstance(record.event, CardholderErased):
            self._erased.add(record.event.cardholder)

    async def keep(self) -> None:
        """Do once what is due. The log is told first, then the keys end, then the files."""
        await self._forget_erased()
        if not self._core.runtime.state.clock_trusted:
            return
        held = await asyncio.to_thread(self._held)
        await self._end_outdated(held)
        await self._make_room(held)

    async def _end_outdated(self, held: set[CardholderId]) -> None:
        core, site = self._core, self._core.runtime.site
        now = core.clock.now().wall.astimezone(UTC)
        old = sorted(
            film_keeping.outdated(site, core.keystore.subjects(), now), key=lambda each: RECORDED.index(each[0])
        )
        for kind, group in groupby(old, key=lambda each: each[0]):
            keys = {subject for _, subject in group}
            days = site.retention.get(kind, max((c.days(kind) for c in site.cameras.values()), default=0))
            if ending := keys - held:
                fact = RetentionApplied(kind, days, now, len(ending), len(keys & held))
                await core.runtime.handle(KeepingDone(fact)).durable
                await self._end(ending)

    async def _make_room(self, held: set[CardholderId]) -> None:
        core = self._core
        missing = await asyncio.to_thread(self._missing)
        gib = core.runtime.site.recording.quota_gib
        if gib is None and not missing:
            return
        subjects = core.keystore.subjects()
        used = await asyncio.to_thread(self._used, subjects)
        quota = min(used if gib is None else round(gib * GIB), used - missing)
        dropped = await asyncio.to_thread(film_keeping.too_many, core.folder, subjects, quota, held)
        for subject, fact in dropped:
            await self._drop(subject, fact)

    async def _drop(self, subject: CardholderId, fact: RecordingsDropped) -> None:
        await self._core.runtime.handle(KeepingDone(fact)).durable
        await self._end({subject})

    async def _end(self, keys: Iterable[CardholderId]) -> None:
        ending = list(keys)
        await asyncio.to_thread(self._core.vault.destroy, ending)
        for subject in ending:
            await asyncio.to_thread(film_keeping.remove, self._core.folder, subject)

    async def _forget_erased(self) -> None:
        for whom in tuple(self._erased):
            records = await asyncio.to_thread(self._about, whom)
            await asyncio.to_thread(film_keeping.shred_of, self._core.folder, records, whom)
            self._erased.discard(whom)

    def _held(self) -> set[CardholderId]:
        holds = tuple(self._core.runtime.state.holds.values())
        named = [record for hold in holds if hold.cardholder is not None for record in self._about(hold.cardholder)]
        return film_keeping.kept_by(holds, named, self._core.keystore.subjects())

    def _about(self, whom: CardholderId) -> list[Recorded]:
        return self._projection.history(PERSON, whom, before=None, limit=RECORDS_OF_ONE)

    def _used(self, subjects: Iterable[CardholderId]) -> int:
        days = (subject for subject in subjects if recorded_day(subject) is not None)
        files = (path for subject in days for path in film_keeping.files_under(self._core.folder, subject))
        return sum(path.stat().st_size for path in files)

    def _missing(self) -> int:
        """Return the bytes that are to be made free: none while the reserve is not touched."""
        free = self._room(self._core.folder / FOLDER)
        return 0 if free >= self._reserve else round(self._reserve * ROOM_AGAIN) - free

    async def _until_due(self) -> None:
        """Wait until it is time again, or the disk runs full."""
        loop = asyncio.get_running_loop()
        due = loop.time() + PERIOD_SECONDS
        while (left := due - loop.time()) > 0:
            await asyncio.sleep(min(left, ROOM_SECONDS))
            if await asyncio.to_thread(self._missing):
                return

    async def _run(self) -> None:
        while True:
            try:
                await self.keep()
            except Exception as error:  # noqa: BLE001 - the top of this task: tried again, and no door waits for it
                _LOG.exception("recordings could not be kept to their time")
                if not self._told:
                    self._told = True
                    detail = FAILED.format(error=type(error).__name__)
                    self._core.runtime.submit(FaultSeen(None, active=True, detail=detail))
            else:
                self._told = False
            with contextlib.suppress(OSError):  # a disk that cannot be asked: the next round says so
                await self._until_due()
