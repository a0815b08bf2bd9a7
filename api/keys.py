"""The idempotency keys of this start, and through ``Answers`` those of before. ``api.once`` says what they are for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from controller.domain.ids import OperatorId
from controller.runtime.ports import KeptAnswer

if TYPE_CHECKING:
    from api.security import Api

log = structlog.get_logger()

KEYS_PER_OPERATOR = 1000
LIFE = timedelta(hours=24)
WAIT_SECONDS = 0.25
"""As long as an ingress unlock waits for the log."""


@dataclass(slots=True)
class Once:
    """The keys of this start, and through ``Answers`` those of before."""

    _known: dict[tuple[OperatorId, str], KeptAnswer] = field(default_factory=dict)
    _freed: set[tuple[OperatorId, str]] = field(default_factory=set)  # and perhaps still on the disk
    _writing: set[asyncio.Task[None]] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # what is written later is later on the disk, too

    async def find(self, api: Api, operator: OperatorId, key: str) -> KeptAnswer | None:
        """Return what is known of a key."""
        found = self._known.get((operator, key))
        if found is None and (operator, key) not in self._freed:
            with contextlib.suppress(OSError):
                found = await asyncio.to_thread(api.facade.answers.find, operator, key)
            if found is not None:
                self._known.setdefault((operator, key), found)
        return found if found is not None and api.wall() - found.at < LIFE else None

    async def begin(self, api: Api, operator: OperatorId, key: str, begun: KeptAnswer, *, urgent: bool) -> None:
        """Note that an order begins; wait a bounded time until that is kept, unless it is urgent."""
        self._known[operator, key] = begun
        self._freed.discard((operator, key))
        own = [known for known in self._known if known[0] == operator]
        for oldest in own[: max(0, len(own) - KEYS_PER_OPERATOR)]:
            del self._known[oldest]
        writing = self._keep(api, operator, key, begun)
        if not urgent:
            await asyncio.wait({writing}, timeout=WAIT_SECONDS)

    def answer(self, api: Api, operator: OperatorId, key: str, answered: KeptAnswer) -> None:
        """Note what the answer was."""
        self._known[operator, key] = answered
        self._keep(api, operator, key, answered)

    def forget(self, api: Api, operator: OperatorId, key: str) -> None:
        """Let a key be free again: its order changed nothing."""
        self._known.pop((operator, key), None)
        self._freed.add((operator, key))
        self._start(lambda: api.facade.answers.forget(operator, key)).add_done_callback(
            lambda _: self._freed.discard((operator, key))
        )

    def _keep(self, api: Api, operator: OperatorId, key: str, answer: KeptAnswer) -> asyncio.Task[None]:
        oldest = api.wall() - LIFE
        keep = api.facade.answers.keep
        return self._start(lambda: keep(operator, key, answer, oldest, KEYS_PER_OPERATOR))

    def _start(self, work: Callable[[], None]) -> asyncio.Task[None]:
        async def kept() -> None:
            try:
                async with self._turn:
                    await asyncio.to_thread(work)
            except Exception as error:  # noqa: BLE001 - a disk that fails keeps no key, and holds up no order
                log.warning("an idempotency key was not kept", error=type(error).__name__)

        task = asyncio.create_task(kept(), name="idempotency key")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task
