"""Doors while vision takes every core it may: swipes with and without processes that search pictures for people.

They give way as the worker does, one for each core, and do nothing but what a worker does at its busiest. Run as a
program, this is one of them: it says `busy` once it searches.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import core
from benchmarks.extent import Extent, Tick
from benchmarks.rows import BenchmarkFailed, Figure, Row, percentile
from vision.child import ONE_THREAD

TIMES = 2.0
BUSY = "busy"
SETTLED_SECONDS = 0.2
TURNS = 10
"""How often the eyes rest and work again: what else this machine does meets both."""


async def vision_saturated(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Swipe at one box, by turns with eyes that rest and with eyes that take all they may. p99 in milliseconds."""
    idle, saturated = list[float](), list[float]()
    each = max(1, extent.stimuli // TURNS)
    async with core.doors(extent, folder) as swiped:
        with _eyes() as work:
            for turn in range(2 * TURNS):
                busy = turn % 2 == 1
                work(busy=busy)
                await asyncio.sleep(SETTLED_SECONDS)
                for number in range(turn * each, (turn + 1) * each):
                    (saturated if busy else idle).append(await swiped(number))
                    tick(1)
                    await asyncio.sleep(core.GAP_SECONDS)
    quiet = percentile(idle, 99)
    promise = f"p99 of a swipe, at most {TIMES:.0f} times that of an idle box"
    return Row(
        "vision_saturated",
        percentile(saturated, 99),
        "ms",
        Figure(promise, TIMES * quiet),
        Figure(
            f"eyes that rest, p99 (p50: {percentile(saturated, 50):.2f} against {percentile(idle, 50):.2f} ms)", quiet
        ),
    )


@contextmanager
def _eyes() -> Iterator[Callable[..., None]]:
    """Yield what has processes that search pictures, one for each core, go on or rest."""
    line = [sys.executable, "-m", "benchmarks.saturation"]
    with ExitStack() as stack:
        eyes = []
        for _ in range(len(os.sched_getaffinity(0))):
            eye = subprocess.Popen(line, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD}, text=True)
            stack.callback(eye.communicate)
            stack.callback(eye.kill)
            eyes.append(eye)
        for eye in eyes:
            if eye.stdout is None or eye.stdout.readline().strip() != BUSY:
                raise BenchmarkFailed("a process that searches pictures did not begin")

        def work(*, busy: bool) -> None:
            for eye in eyes:
                eye.send_signal(signal.SIGCONT if busy else signal.SIGSTOP)

        yield work


def _search_for_ever() -> None:
    import cv2

    from simulators.scene import Scene, drawn
    from vision.giving_way import give_way, keep_off_a_core
    from vision.persons import load_find
    from vision.worker import NICENESS

    give_way(NICENESS)
    keep_off_a_core()
    cv2.setNumThreads(1)
    find, picture = load_find(), drawn("cam", Scene(walking=2), 15)
    print(BUSY, flush=True)
    while True:
        find(picture)


if __name__ == "__main__":
    _search_for_ever()
