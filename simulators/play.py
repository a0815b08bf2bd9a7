"""Takes the parent's messages one by one and lets them happen: broker, sign-in, plays, single verbs of the hand."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from simulators import morning
from simulators.building import Building
from simulators.guard import Guard, GuardError
from simulators.hand import Orders, UnknownVerb
from simulators.scenario import Say, Stage

PAUSE_SECONDS = 6.0
"""Between two rounds of a loop: time to look at what happened."""

SIGN_IN_SECONDS = 60.0
FIRST_VIEW_SECONDS = 5.0

Operators = tuple[Guard, Guard, Guard]
"""At the guard's post, at the second one, and the security officer."""


class Theatre:
    """What happens in the building because the parent said so. Runs its work in `tasks`, until `close`."""

    def __init__(self, building: Building, say: Say, tasks: asyncio.TaskGroup) -> None:
        self._building, self._say, self._tasks = building, say, tasks
        self._orders = Orders(building)
        self._running: set[asyncio.Task[None]] = set()
        self._playing: asyncio.Task[None] | None = None
        self._operators: asyncio.Future[Operators] = asyncio.get_running_loop().create_future()
        self._enrolled = asyncio.Event()
        self._auditor: tuple[str, ...] = ()
        self._rounds = 0

    def take(self, message: Mapping[str, object]) -> None:
        """Let one message happen; what cannot be done is answered with an `error`."""
        match message:
            case {"mqtt": {"port": int(port), "bundles": str(path)}}:
                self._start(self._connect(port, Path(path)))
            case {
                "api": {"url": str(url), "ca": str(ca), "operators": [dict(a), dict(b), dict(c)], "auditor": [*words]}
            }:
                self._auditor = tuple(map(str, words))
                self._start(self._sign_in(url, ca, a, b, c))
            case {"enrolled": list()}:
                self._enrolled.set()
            case {"play": {"scenario": "morning", **options}} if self._playing is None or self._playing.done():
                self._playing = self._start(self._play(again=options.get("loop") is True))
            case {"hand": dict(order)}:
                self._start(self._obey(order))
            case {"stop": True}:
                if self._playing is not None:
                    self._playing.cancel()
            case _:
                self._say({"error": f"not understood: {', '.join(message) or 'nothing'}"})

    def close(self) -> None:
        """End everything that runs."""
        for task in self._running:
            task.cancel()

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = self._tasks.create_task(self._supervised(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _supervised(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except* (OSError, ValueError, KeyError, GuardError, httpx.HTTPError) as errors:
            for error in errors.exceptions:
                self._say({"error": repr(error)})

    async def _connect(self, port: int, bundles: Path) -> None:
        devices = await self._building.connect(port, bundles)
        # Walking the whole building for garbage stops all of it for 50 ms; real devices never stop for one another.
        gc.collect()
        gc.freeze()
        self._say({"connected": {"devices": devices}})

    async def _obey(self, order: Mapping[str, object]) -> None:
        try:
            self._say({"done": await self._orders.obey(order)})
        except UnknownVerb as error:
            self._say({"error": str(error)})

    async def _sign_in(self, url: str, ca: str, *operators: Mapping[str, str]) -> None:
        """Sign everybody in, and watch their screens until the end."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as watching:
            guards = [await stack.enter_async_context(Guard(url, ca=ca)) for _ in operators]
            for guard, operator in zip(guards, operators, strict=True):
                await guard.sign_in(operator["operator"], operator["password"])
                watching.create_task(guard.watch())
            self._say({"signed_in": {"operators": len(guards)}})
            self._operators.set_result((guards[0], guards[1], guards[2]))

    async def _play(self, *, again: bool) -> None:
        async with asyncio.timeout(SIGN_IN_SECONDS):
            guard, second, officer = await asyncio.shield(self._operators)
        await guard.until(lambda g: g.seq > 0, FIRST_VIEW_SECONDS)
        while True:
            if self._rounds:
                await morning.tidy(self._building, guard, second)
            self._rounds += 1
            stage = Stage(
                self._building,
                guard,
                second,
                say=self._say,
                steps=morning.Step,
                enrolled=self._enrolled,
                officer=officer,
                auditor=self._auditor,
            )
            await morning.play(stage)
            self._say({"report": stage.tally.report(stage.truth())})
            if not again:
                return
            await asyncio.sleep(PAUSE_SECONDS)
