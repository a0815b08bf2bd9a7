"""From a dead process to its first decision, with a million events behind it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.building import write_mqtt
from benchmarks.crowd import DOORS
from benchmarks.extent import Extent, Tick
from benchmarks.history import make_history
from benchmarks.rows import BenchmarkFailed, Figure, Row
from controller.runtime.clock import SystemClock
from controller.site.loader import load_site
from controller.snapshots import EVERY

RESTART_SECONDS = 5.0
MEMORY_MB = 600.0

BOX = """
import asyncio, json, resource, sys, time
from pathlib import Path
from benchmarks.crowd import swipe
from controller.core import open_core, start_up
from controller.domain.events import AccessGranted

class Nobody:
    def post(self, effect):
        pass

async def main(folder, site):
    core = open_core(Path(folder), Path(site), Nobody())
    opened = time.time()
    start_up(core)
    decided = core.runtime.handle(swipe(7)).outcome.events
    now = time.time()
    granted = any(isinstance(event, AccessGranted) for event in decided)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    known = len(core.runtime.state.people)
    print(json.dumps({"now": now, "granted": granted, "peak": peak, "known": known, "seq": core.runtime.seq}))
    core.snapshots.close = lambda: None
    core.close()

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass(frozen=True, slots=True)
class _Start:
    seconds: float
    peak_mb: float
    what: str


_STARTS: dict[Extent, _Start] = {}
"""A history takes a minute to make: both rows are of the same start."""


async def restart(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Make the history, then start a box on it: a process of its own, from its first instruction on."""
    start = await _started(extent, folder, tick)
    promise = Figure(f"≤ 5 s to the first decision; {start.what}", RESTART_SECONDS)
    return Row("restart_1m", start.seconds, "s", promise, None)


async def memory(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Return the most memory that the same box ever held."""
    start = await _started(extent, folder, tick)
    promise = Figure(f"≤ 600 MB resident at most; {start.what}", MEMORY_MB)
    return Row("restart_1m_memory", start.peak_mb, "MB", promise, None)


async def _started(extent: Extent, folder: Path, tick: Tick) -> _Start:
    if extent not in _STARTS:
        _STARTS[extent] = await _start(extent, folder, tick)
    return _STARTS[extent]


async def _start(extent: Extent, folder: Path, tick: Tick) -> _Start:
    files, data = write_mqtt(folder, DOORS), folder / "data"
    data.mkdir(mode=0o700)
    site, count, rest = load_site(files.site), extent.history, min(EVERY, extent.history // 2)
    at = SystemClock().now()
    await asyncio.to_thread(make_history, data, site, files.site.read_text(), extent.cardholders, count, rest, at, tick)
    began = time.time()
    box = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BOX, str(data), str(files.site)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    said, _ = await box.communicate()
    lines = said.splitlines()
    if box.returncode != 0 or not lines:
        raise BenchmarkFailed(f"the box did not start: exit code {box.returncode}")
    told = json.loads(lines[-1])
    if not told["granted"] or told["known"] != extent.cardholders or told["seq"] <= count:
        raise BenchmarkFailed(f"the box did not start with all that was written down: {told}")
    what = f"{count:,} events, {extent.cardholders:,} cardholders, the last {rest:,} events behind the snapshot"
    return _Start(told["now"] - began, told["peak"], what)
