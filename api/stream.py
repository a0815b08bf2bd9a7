"""The event stream: every record once, the newest view often enough, a beat each second, and an honest word when
something was missed.

Subscribing comes before the first snapshot, with nothing in between, so that no record falls into a gap.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.model import Model
from api.rights import MAY_ORDER
from api.schemas import BeatOut, HelloOut, OrderWord, ResyncOut, SignedOutOut
from api.security import Api, SignedIn, look_up_again
from api.withheld import Eyes
from controller.domain.events import Recorded
from controller.runtime.facade import Lagged, Moment

log = structlog.get_logger()

BEAT_SECONDS = 1.0
VIEW_SECONDS = 0.05
LOOK_SECONDS = 0.25
"""How often the right to watch is looked up anew: a withdrawn one acts within a second."""
RESEND_LIMIT = 1000
SLOW_CLIENT_SECONDS = 10.0
RETRY = b"retry: 1000\n\n"

Emit = Callable[[bytes], Awaitable[None]]
Missed = Literal["lagged", "restarted", "too_far_behind"]


class Feed:
    """One console's stream. ``last`` is the id of the last record it had, as its browser sends it back."""

    def __init__(self, api: Api, who: SignedIn, last: str) -> None:
        self._api = api
        self._who = who
        self._last = re.fullmatch(r"(.+):(\d{1,18})", last)
        self._owed: set[int] = set()  # older than the subscription, and not sent yet: not durable, or missed
        self._newest = 0
        self._shown = -1
        self._view_due = 0.0
        self._beat_due = 0.0

    async def run(self, emit: Emit) -> None:
        """Send until the right to watch ends or the server closes."""
        missed: Missed | None = None
        with self._counted():
            await self._run(emit, missed)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count as a console that is watched, where whoever watches may act on an alarm."""
        acts = self._who.program is None and OrderWord.ACKNOWLEDGE_ALARM in MAY_ORDER[self._who.operator.role]
        if acts:
            self._api.facade.console_opened()
        try:
            yield
        finally:
            if acts:
                self._api.facade.console_closed()

    async def _run(self, emit: Emit, missed: Missed | None) -> None:
        while not self._over():
            try:
                await self._follow(emit, missed)
            except Lagged:
                missed = "lagged"
        if not self._api.closing:
            ended = self._api.facade.operator(self._who.operator.id) == self._who.operator
            await emit(_message("signed_out", SignedOutOut(why="session_ended" if ended else "right_withdrawn")))

    def _over(self) -> bool:
        """Tell whether the session ended, or the operator's right is no longer the one the stream began with."""
        now = look_up_again(self._api, self._who)
        return self._api.closing or now is None or now.operator != self._who.operator

    async def _follow(self, emit: Emit, missed: Missed | None) -> None:
        """Send what one subscription brings. Raises ``Lagged`` once it dropped records."""
        watch = self._api.facade.watch()
        following = asyncio.ensure_future(watch.next())
        try:
            await self._greet(emit, self._api.facade.moment(), missed)
            while not self._over():
                await asyncio.wait({following}, timeout=self._patience())
                if following.done():
                    record = following.result()
                    following = asyncio.ensure_future(watch.next())
                    await self._take(emit, record)
                await self._send_due(emit)
        finally:
            watch.close()
            if not following.cancel() and not following.cancelled():
                following.exception()  # seen: nobody is left to tell

    async def _greet(self, emit: Emit, moment: Moment, missed: Missed | None) -> None:
        self._newest = moment.seq
        since = self._resume(moment) if missed is None else None
        if isinstance(since, str):
            missed, since = since, None
        first = self._durable() + 1 if since is None else since + 1
        self._owed = set(range(max(first, moment.seq + 1 - RESEND_LIMIT), moment.seq + 1))
        hello = HelloOut(boot=moment.boot, seq=moment.seq, time=self._api.wall())
        await emit(RETRY + _message("hello", hello))
        if missed is not None:
            await emit(_message("resync", ResyncOut(why=missed)))
        await self._show(emit, moment)
        await self._pay(emit)

    def _resume(self, moment: Moment) -> int | Missed | None:
        """Return the record to go on from, why that is not possible, or None for a console that had none."""
        if self._last is None:
            return None
        boot, seq = self._last[1], int(self._last[2])
        if boot != moment.boot or seq > moment.seq:
            return "restarted"
        return seq if moment.seq - seq <= RESEND_LIMIT else "too_far_behind"

    def _durable(self) -> int:
        newest = self._api.facade.read(before=None, limit=1)
        return newest[0].seq if newest else 0

    async def _take(self, emit: Emit, record: Recorded) -> None:
        """Send a record unless it was sent; whatever the subscription skipped is owed."""
        if record.seq > self._newest:
            self._owed.update(range(max(self._newest + 1, record.seq - RESEND_LIMIT), record.seq + 1))
            self._newest = record.seq
        if record.seq in self._owed:
            await self._send(emit, record)

    async def _pay(self, emit: Emit) -> None:
        """Send what is owed and durable by now, the oldest first."""
        if not self._owed:
            return
        first, last = min(self._owed), max(self._owed)
        records = self._api.facade.read(before=last + 1, limit=last + 1 - first)
        for record in reversed(records):
            if record.seq in self._owed:
                await self._send(emit, record)

    async def _send(self, emit: Emit, record: Recorded) -> None:
        """Send a record. Its id is the number up to which nothing is owed, so that resuming there loses nothing."""
        self._owed.discard(record.seq)
        moment = self._api.facade.moment()
        complete = min(self._owed) - 1 if self._owed else self._newest
        event = Eyes(self._api, self._who).event(record)
        if event is None:
            return
        await emit(_message("event", event, f"{moment.boot}:{complete}"))

    async def _send_due(self, emit: Emit) -> None:
        now, moment = _now(), self._api.facade.moment()
        if moment.seq != self._shown and now >= self._view_due:
            await self._show(emit, moment)
        if now >= self._beat_due:
            await self._pay(emit)
            await emit(_message("beat", BeatOut(time=self._api.wall())))
            self._beat_due = _now() + BEAT_SECONDS

    async def _show(self, emit: Emit, moment: Moment) -> None:
        self._shown = moment.seq
        self._view_due = _now() + VIEW_SECONDS
        view = Eyes(self._api, self._who).view(moment)
        if view is not None:
            await emit(_message("view", view))

    def _patience(self) -> float:
        """Return how long to wait for the next record before something else is due."""
        changed = self._api.facade.moment().seq != self._shown
        due = min(self._beat_due, self._view_due) if changed else self._beat_due
        return max(0.0, min(LOOK_SECONDS, due - _now()))


class EventStream(Response):
    """Serves a feed until it ends, the client leaves, or the client no longer reads."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send the stream as one endless body."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

        async def emit(chunk: bytes) -> None:
            async with asyncio.timeout(SLOW_CLIENT_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})

        try:
            async with asyncio.TaskGroup() as tasks:
                gone = tasks.create_task(_gone(receive))
                feed = tasks.create_task(self._feed.run(emit))
                await asyncio.wait({gone, feed}, return_when=asyncio.FIRST_COMPLETED)
                gone.cancel()
                feed.cancel()
        except* TimeoutError:
            log.warning("a console stopped reading its stream")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _now() -> float:
    return asyncio.get_running_loop().time()


def _message(name: str, value: Model, ident: str | None = None) -> bytes:
    """Return one server-sent event; the JSON holds no line break."""
    head = f"event: {name}\n" + (f"id: {ident}\n" if ident is not None else "")
    return f"{head}data: {value.model_dump_json()}\n\n".encode()
