"""Tells webhooks of events: each in the log's order, at least once, on its own and never in the log's way.

How far each is lies on the disk, and moves once an event was taken; what is sent is made from the log each time, so
that whoever was erased meanwhile is not told of. A receiver that does not answer holds up itself alone; what it does
not take for ``give_up`` seconds is given up, which is an event of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from api.withheld import told_to_programs
from controller.core import Core
from controller.domain.events import Recorded, WebhookUndelivered
from controller.domain.integrations import Webhook
from controller.domain.stimuli import KeepingDone
from controller.posting import Unposted, post, signature, trusting
from controller.runtime.ports import Delivery, WebhookStanding
from controller.store.outbox import Outbox

PAGE = 100
LOOK_SECONDS = 1.0

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long until the next try, in seconds: twice as long each time, up to ``most``; given up after ``give_up``."""

    first: float = 1.0
    most: float = 300.0
    give_up: float = 24 * 3600.0


@dataclass(slots=True)
class _Line:
    """One webhook's own way."""

    task: asyncio.Task[None]
    standing: WebhookStanding
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Webhooks:
    """The webhooks of a running box. ``ca``: the box's own authority (PEM), where the site file names no other."""

    def __init__(self, core: Core, ca: Callable[[], str], patience: Patience = Patience()) -> None:
        self._core = core
        self._ca = ca
        self._patience = patience
        self._outbox = Outbox(core.folder)
        self._lines: dict[str, _Line] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. ``stop`` ends it."""
        self._core.runtime.listen(self._heard)
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """End. What was not taken is told after the next start."""
        tasks = [line.task for line in self._lines.values()] + ([self._task] if self._task else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def standing(self, webhook: str) -> WebhookStanding:
        """Return how far a webhook is."""
        line = self._lines.get(webhook)
        return line.standing if line is not None else WebhookStanding()

    async def deliveries(self, webhook: str, *, before: int | None, limit: int) -> list[tuple[int, Delivery]]:
        """Return its deliveries with their ids below ``before``, the newest first."""
        return await asyncio.to_thread(self._outbox.deliveries, webhook, before=before, limit=limit)

    def _heard(self, _: Recorded) -> None:
        for line in self._lines.values():
            line.wake.set()

    async def _run(self) -> None:
        """Have each webhook its own task, as the log says which there are."""
        while True:
            wanted = self._core.runtime.state.webhooks
            for gone in self._lines.keys() - wanted.keys():
                self._lines[gone].task.cancel()
                await asyncio.gather(self._lines[gone].task, return_exceptions=True)
                await asyncio.to_thread(self._outbox.forget, gone)
                del self._lines[gone]
            for name in wanted.keys() - self._lines.keys():
                task = asyncio.create_task(self._kept_up(name), name=f"webhook {name}")
                self._lines[name] = _Line(task, WebhookStanding())
            await asyncio.sleep(LOOK_SECONDS)

    async def _kept_up(self, name: str) -> None:
        """Tell one webhook for as long as it exists, whatever goes wrong with it."""
        while True:
            try:
                await self._follow(name)
            except Exception as error:  # noqa: BLE001 - the top of a supervised task: a full disk, an unreadable record
                _LOG.error("a webhook stumbled; it goes on", webhook=name, error=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self, name: str) -> None:
        line = self._lines[name]
        reached = await asyncio.to_thread(self._outbox.reached, name)
        if reached is None:
            reached = (self._durable(), 0)
            await asyncio.to_thread(self._outbox.move, name, *reached, None)
        number, dead = reached
        kept = number
        while (webhook := self._core.runtime.state.webhooks.get(name)) is not None:
            line.standing = replace(line.standing, delivered=number, dead=dead, waiting=self._durable() - number)
            line.wake.clear()
            following = self._after(number)
            if not following:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(line.wake.wait(), LOOK_SECONDS)
                continue
            for record in following:
                delivery = await self._tell(webhook, line, record) if _concerns(webhook, record) else None
                number, dead = record.seq, dead + (delivery is not None and delivery.outcome == "dead")
                if delivery is not None:
                    await asyncio.to_thread(self._outbox.move, name, number, dead, delivery)
                    kept = number
            if number - kept >= PAGE:  # of what it does not hear of, it is kept now and then that it was passed
                await asyncio.to_thread(self._outbox.move, name, number, dead, None)
                kept = number

    async def _tell(self, webhook: Webhook, line: _Line, record: Recorded) -> Delivery:
        """Tell of one event until it is taken or given up, and return what came of it."""
        tries, wait, began = 0, self._patience.first, self._core.runtime.mono()
        while True:
            try:
                status = await self._post(webhook, record)
            except Unposted as unposted:
                problem, answered = str(unposted), unposted.status
            else:
                line.standing = replace(line.standing, tries=0, problem=None, retry_at=None)
                return Delivery(record.seq, self._wall(), "delivered", status, None)
            if self._core.runtime.mono() - began >= self._patience.give_up:
                self._core.runtime.submit(KeepingDone(WebhookUndelivered(webhook.id, record.seq, problem)))
                return Delivery(record.seq, self._wall(), "dead", answered, problem)
            tries += 1
            due = self._wall() + timedelta(seconds=wait)
            line.standing = replace(line.standing, tries=tries, problem=problem, retry_at=due)
            failed = Delivery(record.seq, self._wall(), "failed", answered, problem)
            await asyncio.to_thread(self._outbox.failed, webhook.id, failed)
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._patience.most)

    async def _post(self, webhook: Webhook, record: Recorded) -> int:
        site, vault = self._core.runtime.site, self._core.vault
        if not site.integrations.allows(webhook.url):
            raise Unposted("the site file does not allow this target any more")
        named = site.integrations.hears_names(webhook.url)
        body = told_to_programs(record, site, vault.identity, vault.text, named=named)
        now = self._wall()
        secrets = await asyncio.to_thread(self._core.keystore.programs.webhook_secrets, webhook.id, now)
        if not secrets:
            raise Unposted("it has no secret: rotate it")
        signed = signature(secrets, int(now.timestamp()), body)
        return await post(webhook.url, record.seq, body, signed, trusting(site.integrations.ca or self._ca()))

    def _after(self, number: int) -> list[Recorded]:
        """Return the durable records that follow, the oldest first."""
        newest = self._durable()
        records = self._core.runtime.read(before=min(number + PAGE, newest) + 1, limit=PAGE)
        return [record for record in reversed(records) if record.seq > number]

    def _durable(self) -> int:
        newest = self._core.runtime.read(before=None, limit=1)
        return newest[0].seq if newest else 0

    def _wall(self) -> datetime:
        return self._core.clock.now().wall


def _concerns(webhook: Webhook, record: Recorded) -> bool:
    """Tell whether a webhook hears of a record. Of what is silent nobody does, nor of its own undelivered events."""
    own = isinstance(record.event, WebhookUndelivered) and record.event.webhook == webhook.id
    silent = getattr(record.event, "silent", False) is True
    return not own and not silent and (not webhook.kinds or record.kind in webhook.kinds)
