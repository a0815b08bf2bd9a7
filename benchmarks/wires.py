"""The simulator's hand, told from here what to do; it starts and stops the clock itself."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any

from benchmarks.building import UNLOCK_SECONDS, Files, person, reader
from benchmarks.extent import Tick
from benchmarks.rows import BenchmarkFailed
from controller.bootstrap import Box, Ports
from controller.demo import BUNDLES, Simulator, make_keys, simulated
from controller.domain.ids import CameraId, LineId
from controller.site.loader import load_site
from controller.site.people import load_people

AUTHOR = "bench"
ONLINE_SECONDS = 60.0
SETTLED_SECONDS = 1.0
"""How long a box is left alone once all devices came at once: how it gets through that is another row's matter."""

FALL_MARGIN_SECONDS = 0.1
"""How long past its pulse a relay is left alone before the next badge at its door."""

MISSED_MS = 1500.0
"""What a badge counts that opened nothing: as long as the hand waits for the door."""

REST_SECONDS = 1.28
"""From one badge to the next at the same door."""

SEED = 1


def opened_nothing(took: Sequence[float]) -> str:
    """Return how many badges opened nothing, as a part of a sentence; nothing where every one opened its door."""
    missed = sum(ms >= MISSED_MS for ms in took)
    return f", {missed} of them opened nothing" if missed else ""


class Hand:
    """The simulator once it is running: several orders may be under way. ``listen`` must run beside them."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        """Take what the simulator says, until cancelled."""
        while True:
            match await self._simulator.hear():
                case {"done": {"n": int(n)} as done}:
                    self._waiting.pop(n).set_result(done)
                case {"error": error}:
                    raise BenchmarkFailed(f"the simulator: {error}")
                case _:
                    pass

    async def order(self, verb: str, **said: str) -> dict[str, Any]:
        """Let the hand do something, and return what really happened."""
        n = next(self._numbers)
        self._waiting[n] = asyncio.get_running_loop().create_future()
        self._simulator.tell(hand={"n": n, "verb": verb, **said})
        return await self._waiting[n]

    async def swipe(self, doors: int, count: int, tick: Tick, rest: float = REST_SECONDS) -> list[float]:
        """Show ``count`` badges, door by door at uneven times; return the milliseconds until each relay was energised.

        ``rest``: seconds from one badge at a door to the next there, on average. A badge that opens nothing counts
        ``MISSED_MS``. No door is used again before its relay has fallen.
        """
        took: list[float] = []
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as people:
            for door in range(doors):
                people.create_task(self._come_and_go(door, range(door, count, doors), rest / doors, began, took, tick))
        return took

    async def _come_and_go(
        self, door: int, turns: range, gap: float, began: float, took: list[float], tick: Tick
    ) -> None:
        dice = random.Random(f"{SEED} {door}")
        for turn in turns:
            await asyncio.sleep(began + (turn + dice.random()) * gap - asyncio.get_running_loop().time())
            done = await self.order("present_card", reader=reader(door), person=person(door))
            took.append(done["ms"] if done["energised"] else MISSED_MS)
            tick(1)
            await asyncio.sleep(UNLOCK_SECONDS + FALL_MARGIN_SECONDS)


async def cycle_ms(hand: Hand, readers: Sequence[str], seconds: float) -> float:
    """Return how long it takes an idle line to come round: the time between two polls of one reader."""
    before = await _polls(hand, readers)
    await asyncio.sleep(seconds)
    after = await _polls(hand, readers)
    passed = sum(end - start for (_, start), (_, end) in zip(before, after, strict=True))
    polls = sum(last - first for (first, _), (last, _) in zip(before, after, strict=True))
    return 1000 * passed / polls


async def _polls(hand: Hand, readers: Sequence[str]) -> list[tuple[int, float]]:
    counts = [await hand.order("count_polls", reader=each) for each in readers]
    return [(count["polls"], count["at"]) for count in counts]


@contextlib.asynccontextmanager
async def simulator(files: Files, data: Path, *wires: str) -> AsyncIterator[tuple[Simulator, dict[str, Any]]]:
    """Run the simulated building as a child process; yields it with what it said when it was ready."""
    make_keys(data, load_site(files.site))
    async with simulated(files.site, files.people, data, *wires) as child:
        yield child, await child.hear_of("ready")


@contextlib.asynccontextmanager
async def opened(files: Files, data: Path, *wires: str, console: bool) -> AsyncIterator[tuple[Simulator, Box]]:
    """Run the building with the real controller in front of it; yields both once every device is online."""
    async with simulator(files, data, *wires) as (child, ready):
        lines = {LineId(line): port for line, port in ready["lines"].items()}
        cameras = {CameraId(camera): url for camera, url in ready["cameras"].items()}
        heads = {CameraId(camera): port for camera, port in ready["heads"].items()}
        async with Box(data, files.site, Ports(lines, cameras, heads=heads, console=console)) as box:
            await box.admin.import_people(load_people(files.people, box.core.runtime.site), AUTHOR)
            await box.pki.equip(data / BUNDLES, AUTHOR)
            await connect(child, box.broker.port, data / BUNDLES)
            await online(box)
            await asyncio.sleep(SETTLED_SECONDS)
            yield child, box


@contextlib.asynccontextmanager
async def played(files: Files, data: Path, *wires: str) -> AsyncIterator[Hand]:
    """Run the building with the real controller in front of it; yields the hand once every device is online."""
    async with opened(files, data, *wires, console=False) as (child, box), listening(child, box.wait()) as hand:
        yield hand


@contextlib.asynccontextmanager
async def listening(child: Simulator, *beside: Coroutine[Any, Any, None]) -> AsyncIterator[Hand]:
    """Give the hand to whoever orders; take its answers meanwhile, and run what else must not end before."""
    hand = Hand(child)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(work) for work in (hand.listen(), *beside)]
        yield hand
        for task in running:
            task.cancel()


async def connect(child: Simulator, port: int, bundles: Path) -> None:
    """Let the simulated MQTT devices connect to a broker, each with its own certificate."""
    child.tell(mqtt={"port": port, "bundles": str(bundles)})
    await child.hear_of("connected")


async def online(box: Box) -> None:
    """Wait until every device is there. Raises ``TimeoutError``."""
    runtime, heard = box.core.runtime, asyncio.Event()

    def look() -> None:
        if not heard.is_set() and all(runtime.state.device(each).online for each in runtime.site.devices):
            heard.set()  # and from then on it costs the box nothing

    runtime.listen(lambda _: look())
    look()
    async with asyncio.timeout(ONLINE_SECONDS):
        await heard.wait()
