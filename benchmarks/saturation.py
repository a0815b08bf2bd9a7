"""Doors while vision takes every core: the same swipes with and without processes that search pictures for people.

They give way as the worker does, one for each core, and do nothing but what a worker does at its busiest. Run as a
program, this is one of them: it says `busy` once it searches.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import core
from benchmarks.extent import Extent, Tick
from benchmarks.rows import BenchmarkFailed, Figure, Row
from vision.child import ONE_THREAD

TIMES = 2.0
BUSY = "busy"


async def vision_saturated(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Swipe at a quiet box, then at one whose eyes take every core. p99 in milliseconds."""
    quiet, loud = folder / "quiet", folder / "loud"
    quiet.mkdir()
    loud.mkdir()
    idle = (await core.stimulus_to_effect(extent, quiet, tick)).value
    with _every_core_busy():
        saturated = (await core.stimulus_to_effect(extent, loud, tick)).value
    promise = f"p99 of a swipe, at most {TIMES:.0f} times that of an idle box"
    return Row("vision_saturated", saturated, "ms", Figure(promise, TIMES * idle), Figure("eyes that rest, p99", idle))


@contextmanager
def _every_core_busy() -> Iterator[None]:
    line = [sys.executable, "-m", "benchmarks.saturation"]
    busy = [
        subprocess.Popen(line, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD}, text=True)
        for _ in range(len(os.sched_getaffinity(0)))
    ]
    try:
        for each in busy:
            if each.stdout is None or each.stdout.readline().strip() != BUSY:
                raise BenchmarkFailed("a process that searches pictures did not begin")
        yield
    finally:
        for each in busy:
            each.kill()
            each.communicate()


def _search_for_ever() -> None:
    import cv2

    from simulators.scene import Scene, drawn
    from vision.giving_way import give_way
    from vision.persons import load_find
    from vision.worker import NICENESS

    give_way(NICENESS)
    cv2.setNumThreads(1)
    find, picture = load_find(), drawn("cam", Scene(walking=2), 15)
    print(BUSY, flush=True)
    while True:
        find(picture)


if __name__ == "__main__":
    _search_for_ever()
