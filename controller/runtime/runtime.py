"""One queue, one writer, one timer: stimuli go in, are decided on, written down, and only then acted upon.

Everything here runs on one event loop; ``handle`` never waits. What must not happen before its record is durable (an
ingress unlock and its green light) is posted when the log says so, and given up when the log takes too long.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from controller.domain.effects import Effect, HoldUnlocked, Unlock, waits_for_log
from controller.domain.events import Recorded
from controller.domain.ids import DoorId, RequestId
from controller.domain.instant import Instant
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.domain.stimuli import FaultSeen, LogLateSeen, LogRestoredSeen, PolicyApproved, Stimulus, TimePassed
from controller.rules.policy import refused
from controller.rules.step import next_deadline, step, still_holds
from controller.rules.turn import Outcome
from controller.runtime.ports import Actuators, Clock, EventLog
from controller.runtime.watch import RecordWatch

LOG_WAIT_SECONDS = 0.25
"""How long an ingress unlock waits for its record; past it the grant is withdrawn."""

HEARING_SECONDS = 0.02
"""A busy loop hears late of what the disk did in time: so much longer it listens before it gives a grant up."""

TICK_SECONDS = 1.0
"""The clock and the log are looked at this often even while nothing happens."""

RECENT = 2000
"""So many durable records are kept at hand; what is not durable yet is kept however much it is."""

_LOG = structlog.get_logger(__name__)


class HandlingFailed(Exception):
    """A fault of ours, in a rule or at a wire. The building is as it was; the alarm ``recorded`` tells is raised."""

    def __init__(self, where: str, error: Exception, recorded: asyncio.Future[None]) -> None:
        super().__init__(f"{where}: {type(error).__name__}")
        self.recorded = recorded


@dataclass(frozen=True, slots=True)
class Handled:
    """What one stimulus led to; ``durable`` is done once all of it, and all before it, is on the disk."""

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
        self._due: float | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._heartbeat = self._loop.call_later(TICK_SECONDS, self._tick)
        self._recent: deque[Recorded] = deque()
        self._durable_seq = seq
        self._newest: asyncio.Future[None] = self._loop.create_future()
        self._newest.set_result(None)
        self._watchers: set[RecordWatch] = set()
        self._listeners: list[Callable[[Recorded], None]] = []

    def handle(self, stimulus: Stimulus) -> Handled:
        """Decide, queue the record, fold, post what may go at once, and the rest once the record is durable.

        Raises ``HandlingFailed`` where a rule fails: then nothing is folded and nothing posted.
        """
        now = self._clock.now()
        with self._alarmed(type(stimulus).__name__):
            outcome = step(self.site, self.state, stimulus, now)
            records = self._numbered(outcome, now)
            awaited = [effect for effect in outcome.effects if waits_for_log(effect)]
            written = self._log.append(records, at_once=bool(awaited)) if records else None
        self.state = outcome.state
        if written is not None:
            self.seq = records[-1].seq
            self._newest = written
            written.add_done_callback(lambda _: self._now_durable(records[-1].seq))
            self._publish(records)
        durable = self._newest
        self._set_timer(now)
        self._post([effect for effect in outcome.effects if not waits_for_log(effect)])
        for waiting in _together(awaited):
            self._post_when_durable(waiting, durable)
        # Shielded: whoever gives up waiting must not make an unwritten record look written.
        return Handled(outcome, asyncio.shield(durable))

    def submit(self, stimulus: Stimulus) -> asyncio.Future[None]:
        """Handle a stimulus; the future is done once everything that followed from it is durable.

        A fault of ours follows from it, too: as an alarm. Whoever hands claims in has no use for the exception.
        """
        try:
            return self.handle(stimulus).durable
        except HandlingFailed as failed:
            return failed.recorded

    def activate(self, site: Site, approved: PolicyApproved) -> Handled:
        """Bring a policy into force, between two stimuli: what came before was decided under the old one, what comes
        after under this. Where the rules refuse it, or fail, the old one stays. Raises ``HandlingFailed``.
        """
        before = self.site
        if refused(self.state, approved) is None:
            self.site = site
        try:
            return self.handle(approved)
        finally:
            if self.state.site_digest != self.site.digest:
                self.site = before

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
        return self._clock.mono()

    def stop(self) -> None:
        """Let no timer fire any more."""
        self._heartbeat.cancel()
        if self._deadline is not None:
            self._deadline.cancel()

    def _numbered(self, outcome: Outcome, now: Instant) -> list[Recorded]:
        return [
            Recorded(seq, now, self.boot, self.site.digest, event)
            for seq, event in enumerate(outcome.events, self.seq + 1)
        ]

    @contextlib.contextmanager
    def _alarmed(self, where: str) -> Iterator[None]:
        """The top of all that happens here: a fault of ours is an alarm, and never the end of the loop."""
        try:
            yield
        except HandlingFailed:
            raise
        except Exception as error:
            _LOG.exception("a fault of ours", where=where)
            raise HandlingFailed(where, error, self._record_fault(where, error)) from error

    def _record_fault(self, where: str, error: Exception) -> asyncio.Future[None]:
        """Raise the alarm. Where that fails as well, the future stays pending: nothing of it was written down."""
        if where == FaultSeen.__name__:
            return self._loop.create_future()
        # The error's own words stay out of the log: they may repeat what must not stand there.
        return self.submit(FaultSeen(None, active=True, detail=f"{type(error).__name__} in {where}"))

    def _post(self, effects: Sequence[Effect]) -> None:
        """Post each; one that cannot be posted keeps none of the others back."""
        for effect in effects:
            with contextlib.suppress(HandlingFailed), self._alarmed(type(effect).__name__):
                self._actuators.post(effect)

    def _post_when_durable(self, effects: Sequence[Effect], durable: asyncio.Future[None]) -> None:
        timer: asyncio.TimerHandle

        def too_late() -> None:
            nonlocal timer
            timer = self._loop.call_later(HEARING_SECONDS, give_up)

        def give_up() -> None:
            durable.remove_done_callback(in_time)
            self.submit(LogLateSeen(_grants(effects), _TOO_SLOW))
            self._newest.add_done_callback(lambda _: self._look_at_log())

        def in_time(_: asyncio.Future[None]) -> None:
            timer.cancel()
            now = self._clock.now()
            if all(still_holds(self.state, effect, now) for effect in effects):
                self._post(effects)

        timer = self._loop.call_later(LOG_WAIT_SECONDS, too_late)
        durable.add_done_callback(in_time)

    def _now_durable(self, seq: int) -> None:
        self._durable_seq = seq

    def _publish(self, records: Sequence[Recorded]) -> None:
        self._recent.extend(records)
        while len(self._recent) > RECENT and self._recent[0].seq <= self._durable_seq:
            self._recent.popleft()
        for record in records:
            for listener in self._listeners:
                self._tell(listener, record)
            for watcher in list(self._watchers):
                watcher.offer(record)

    def _tell(self, listener: Callable[[Recorded], None], record: Recorded) -> None:
        try:
            listener(record)
        except Exception:  # only then is there more to do: a listener costs nothing while it works
            with contextlib.suppress(HandlingFailed), self._alarmed("a listener"):
                raise

    def _set_timer(self, now: Instant) -> None:
        """Have the next deadline kept. One that was kept and still stands is the heartbeat's: no spinning on it."""
        due = next_deadline(self.state)
        if due == self._due:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._due = due
        self._deadline = self._wake_in(due - now.mono) if due is not None else None

    def _wake_in(self, seconds: float) -> asyncio.TimerHandle:
        return self._loop.call_later(max(0.0, seconds), self._deadline_came)

    def _deadline_came(self) -> None:
        left = self._due - self.mono() if self._due is not None else 0.0
        if left > 0.0:  # the loop's clock is coarser than ours
            self._deadline = self._wake_in(left)
        else:
            self.submit(TimePassed())

    def _tick(self) -> None:
        self._heartbeat = self._loop.call_later(HEARING_SECONDS, self._beat)

    def _beat(self) -> None:
        self._heartbeat = self._loop.call_later(TICK_SECONDS, self._tick)
        self._look_at_log()
        self.submit(TimePassed())

    def _look_at_log(self) -> None:
        """Say when the log falls behind, and, at once, when it has caught up: nobody is let in between."""
        late = self._log.late(LOG_WAIT_SECONDS)
        if late and not self.state.log_late:
            self.submit(LogLateSeen((), _TOO_SLOW))
        elif self.state.log_late and not late:
            self.submit(LogRestoredSeen())


_TOO_SLOW = f"no record was durable within {LOG_WAIT_SECONDS} s"


def _together(effects: Sequence[Effect]) -> Iterator[Sequence[Effect]]:
    """An unlock and its green light go out together or not at all; each door that is held unlocked goes by itself."""
    yield from ([effect] for effect in effects if isinstance(effect, HoldUnlocked))
    granted = [effect for effect in effects if not isinstance(effect, HoldUnlocked)]
    if granted:
        yield granted


def _grants(effects: Sequence[Effect]) -> tuple[tuple[DoorId, RequestId], ...]:
    return tuple((effect.door, effect.request) for effect in effects if isinstance(effect, Unlock))
