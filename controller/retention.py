"""Old personal data goes by itself: which keys are past their time, and the task that destroys them daily.

The log keeps every entry; what is personal in an entry is sealed, and goes with its key. So a kind of data is a kind of
key here. Recordings have a keeper of their own, ``controller.film_keeper``, which looks every minute.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from controller.core import Core
from controller.domain.events import RetentionApplied
from controller.domain.ids import CardholderId
from controller.domain.people import CardholderKind
from controller.domain.records import LegalHold, RetentionClass
from controller.domain.state import SiteState
from controller.domain.stimuli import FaultSeen, KeepingDone
from controller.store.vault import text_day

DAY_SECONDS = 86_400.0
RETRY_SECONDS = 3600.0
TEXTS: Mapping[RetentionClass, str] = {RetentionClass.ALARMS: "alarms", RetentionClass.AUDIT: "audit"}

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """What of one kind is past its time: keys to destroy, and how many a legal hold keeps."""

    retention: RetentionClass
    days: int
    until: datetime
    keys: frozenset[CardholderId]
    held: int


def due(
    days: Mapping[RetentionClass, int],
    state: SiteState,
    subjects: Iterable[CardholderId],
    guests: Mapping[CardholderId, datetime],
    now: datetime,
) -> list[Due]:
    """Return what is past its time at ``now``. ``guests``: when each person let through once was. Pure.

    A hold on everybody keeps all; a hold on one person keeps what can be told to be theirs.
    """
    known = frozenset(subjects)
    found = []
    for kind, limit in sorted(days.items()):
        until = now.astimezone(UTC) - timedelta(days=limit)
        keys = frozenset(_old_keys(kind, state, known, guests, until))
        kept = frozenset(key for key in keys if _held(state.holds.values(), key))
        found.append(Due(kind, limit, until, keys - kept, len(kept)))
    return [each for each in found if each.keys or each.held]


class Retention:
    """Applies a site's times at start and once a day. It never runs on a clock that is not trusted: a clock that jumped
    ahead would destroy what must be kept.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. ``stop`` ends it."""
        self._task = asyncio.create_task(self._run(), name="retention")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def apply(self) -> list[RetentionApplied]:
        """Destroy what is past its time and record it; return what was recorded."""
        core, state = self._core, self._core.runtime.state
        if not state.clock_trusted:
            return []
        times = core.runtime.site.retention
        now = core.clock.now().wall
        subjects, guests = core.keystore.subjects(), core.vault.guests()
        found = await asyncio.to_thread(due, times, state, subjects, guests, now)
        return [fact for each in found if (fact := await self._destroy(each)) is not None]

    async def _destroy(self, each: Due) -> RetentionApplied | None:
        fact = RetentionApplied(each.retention, each.days, each.until, len(each.keys), each.held)
        if not each.keys:
            return None
        await self._core.runtime.handle(KeepingDone(fact)).durable
        await asyncio.to_thread(self._core.vault.destroy, each.keys)
        return fact

    async def _run(self) -> None:
        while True:
            try:
                await self.apply()
            except Exception as error:  # noqa: BLE001 - the top of this task: tried again, and no door waits for it
                _LOG.exception("retention could not be applied")
                detail = f"what is past its time could not be destroyed: {type(error).__name__}"
                self._core.runtime.submit(FaultSeen(None, active=True, detail=detail))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await asyncio.sleep(DAY_SECONDS if self._core.runtime.state.clock_trusted else RETRY_SECONDS)


def _old_keys(
    kind: RetentionClass,
    state: SiteState,
    subjects: frozenset[CardholderId],
    guests: Mapping[CardholderId, datetime],
    until: datetime,
) -> Iterable[CardholderId]:
    match kind:
        case RetentionClass.VISITORS:
            yield from (guest for guest, seen in guests.items() if seen < until and guest in subjects)
            yield from (who for who in _gone(state, (CardholderKind.VISITOR,), until) if who in subjects)
        case RetentionClass.EVENTS:
            everybody = tuple(CardholderKind)
            yield from (who for who in _gone(state, everybody, until) if who in subjects)
        case RetentionClass.ALARMS | RetentionClass.AUDIT:
            for subject in subjects:
                written = text_day(subject)
                if written is not None and written[0] == TEXTS[kind] and written[1] < until.date():
                    yield subject
        case RetentionClass.CLIPS | RetentionClass.SNAPSHOTS | RetentionClass.CONTINUOUS:
            return  # film_keeper's


def _gone(state: SiteState, kinds: Iterable[CardholderKind], until: datetime) -> Iterable[CardholderId]:
    """People all of whose badges ended before ``until``, and who have not been seen since."""
    ends: dict[CardholderId, datetime | None] = {}
    for badge in state.credentials.values():
        before = ends.get(badge.cardholder, badge.valid_until)
        open_ended = before is None or badge.valid_until is None
        ends[badge.cardholder] = None if open_ended else max(before or until, badge.valid_until or until)
    for who, end in ends.items():
        person, seen = state.people.get(who), state.sightings.get(who)
        late = seen is not None and seen.seen >= until
        if person is not None and person.kind in kinds and end is not None and end < until and not late:
            yield who


def _held(holds: Iterable[LegalHold], subject: CardholderId) -> bool:
    return any(hold.cardholder in (None, subject) for hold in holds)
