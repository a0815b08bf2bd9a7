"""One queue, one writer, one timer: stimuli go in, are decided on, written down, and only then acted upon.

Everything here runs on one event loop; ``handle`` never waits. What must not happen before its record is durable (an
ingress unlock and its green light) is posted when the log says so, and given up when the log takes too long.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from controller.domain.effects import Effect, Unlock, waits_for_log
from controller.domain.events import Recorded
from controller.domain.ids import DoorId, RequestId
from controller.domain.instant import Instant
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.domain.stimuli import LogLateSeen, LogRestoredSeen, Stimulus, TimePassed
from controller.rules.step import next_deadline, step, still_holds
from controller.rules.turn import Outcome
from controller.runtime.facade import Lagged
from controller.runtime.ports import Actuators, Clock, EventLog

LOG_WAIT_SECONDS = 0.25
"""How long an ingress unlock waits for its record; past it the grant is withdrawn."""

TICK_SECONDS = 1.0
"""The clock and the log are looked at this often even while nothing happens."""

RECENT = 2000
WATCH_QUEUE = 1000

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handled:
    """What one stimulus led to; ``durable`` is done once all of it is on the disk."""

    outcome: Outcome
    durable: asyncio.Future[None]


class Runtime:
    """The building in motion. ``state`` is the fold of everything recorded, ``seq`` the number of the last record."""

    def __init__(
        self,
        site: Site,
        state: SiteState,
        seq: int,
        *,
        boot: str,
        log: EventLog,
        actuators: Actuators,
        clock: Clock,
    ) -> None:
        self.site = site
        self.state = state
        self.seq = seq
        self.boot = boot
        self._log = log
        self._actuators = actuators
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._deadline: asyncio.TimerHandle | None = None
        self._heartbeat = self._loop.call_later(TICK_SECONDS, self._tick)
        self._recent: deque[Recorded] = deque(maxlen=RECENT)
        self._watchers: set[RecordWatch] = set()
        self._listeners: list[Callable[[Recorded], None]] = []

    def handle(self, stimulus: Stimulus) -> Handled:
        """Decide, fold, post what may go at once, queue the record, and post the rest once it is durable."""
        now = self._clock.now()
        outcome = step(self.site, self.state, stimulus, now)
        records = self._numbered(outcome, now)
        self.state = outcome.state
        waiting = [effect for effect in outcome.effects if waits_for_log(effect)]
        for effect in outcome.effects:
            if not waits_for_log(effect):
                self._actuators.post(effect)
        durable = self._log.append(records) if records else self._nothing_to_wait_for()
        if waiting:
            self._post_when_durable(waiting, durable)
        self._publish(records)
        self._set_timer(now)
        return Handled(outcome, durable)

    def submit(self, stimulus: Stimulus) -> asyncio.Future[None]:
        """Handle a stimulus; the future is done once everything that followed from it is durable."""
        return self.handle(stimulus).durable

    def listen(self, listener: Callable[[Recorded], None]) -> None:
        """Call ``listener`` with every record from now on, on the loop, in order."""
        self._listeners.append(listener)

    def watch(self) -> RecordWatch:
        """Return a subscription to every record from now on."""
        watcher = RecordWatch(self._watchers.discard)
        self._watchers.add(watcher)
        return watcher

    def read(self, *, before: int | None, limit: int) -> list[Recorded]:
        """Return up to ``limit`` records below ``before``, the newest first, those not durable yet included."""
        below = self.seq + 1 if before is None else before
        recent = [record for record in reversed(self._recent) if record.seq < below][:limit]
        if len(recent) < limit and not (recent and recent[-1].seq == 1):
            oldest = recent[-1].seq if recent else below
            recent += self._log.read(before=oldest, limit=limit - len(recent))
        return recent

    def mono(self) -> float:
        """Return monotonic seconds, on the clock of the state's deadlines."""
        return self._clock.now().mono

    def stop(self) -> None:
        """Let no timer fire any more."""
        self._heartbeat.cancel()
        if self._deadline is not None:
            self._deadline.cancel()

    def _numbered(self, outcome: Outcome, now: Instant) -> list[Recorded]:
        records = []
        for event in outcome.events:
            self.seq += 1
            records.append(Recorded(self.seq, now, self.boot, self.site.digest, event))
        return records

    def _nothing_to_wait_for(self) -> asyncio.Future[None]:
        done = self._loop.create_future()
        done.set_result(None)
        return done

    def _post_when_durable(self, effects: Sequence[Effect], durable: asyncio.Future[None]) -> None:
        def too_late() -> None:
            durable.remove_done_callback(in_time)
            grants = _grants(effects)
            self.handle(LogLateSeen(grants, f"no record was durable within {LOG_WAIT_SECONDS} s"))

        def in_time(_: asyncio.Future[None]) -> None:
            timer.cancel()
            now = self._clock.now()
            if all(still_holds(self.state, effect, now) for effect in effects):
                for effect in effects:
                    self._actuators.post(effect)

        timer = self._loop.call_later(LOG_WAIT_SECONDS, too_late)
        durable.add_done_callback(in_time)

    def _publish(self, records: Sequence[Recorded]) -> None:
        self._recent.extend(records)
        for record in records:
            for listener in self._listeners:
                listener(record)
            for watcher in list(self._watchers):
                watcher.offer(record)

    def _set_timer(self, now: Instant) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        due = next_deadline(self.state)
        if due is not None:
            self._deadline = self._loop.call_later(max(0.0, due - now.mono), self._time_passed)

    def _time_passed(self) -> None:
        self.handle(TimePassed())

    def _tick(self) -> None:
        self._heartbeat = self._loop.call_later(TICK_SECONDS, self._tick)
        late = self._log.late(LOG_WAIT_SECONDS)
        if late and not self.state.log_late:
            self.handle(LogLateSeen((), f"no record was durable within {LOG_WAIT_SECONDS} s"))
        elif self.state.log_late and not late:
            self.handle(LogRestoredSeen())
        else:
            self._time_passed()


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


def _grants(effects: Sequence[Effect]) -> tuple[tuple[DoorId, RequestId], ...]:
    return tuple((effect.door, effect.request) for effect in effects if isinstance(effect, Unlock))
