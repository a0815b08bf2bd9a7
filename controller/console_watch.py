"""Whether anybody watches: with no console open for too long there is an alarm, and sirens and second post hear it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from controller.domain.stimuli import ConsolesSeen, Stimulus

LOOK_SECONDS = 1.0


class ConsoleWatch:
    """Counts how long nobody has watched. ``consoles`` says how many do; ``patience`` how long none may."""

    def __init__(
        self, consoles: Callable[[], int], patience: Callable[[], float], submit: Callable[[Stimulus], object]
    ) -> None:
        self._consoles = consoles
        self._patience = patience
        self._submit = submit
        self._alone_since: float | None = None
        self._said: bool | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look once a second, until ``stop``."""
        self._task = asyncio.create_task(self._run(), name="console watch")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def look(self, mono: float) -> None:
        """See whether a console is watched at this moment, and say so where that is news."""
        if self._consoles() > 0:
            self._alone_since = None
            if self._said is not True:  # at the first look too: an alarm of before the start may stand
                self._said = True
                self._submit(ConsolesSeen(watching=True))
            return
        self._alone_since = mono if self._alone_since is None else self._alone_since
        if self._said is not False and mono - self._alone_since >= self._patience():
            self._said = False
            self._submit(ConsolesSeen(watching=False))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.look(loop.time())
            await asyncio.sleep(LOOK_SECONDS)
