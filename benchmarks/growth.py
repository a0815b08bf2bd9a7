"""Whether the log's cost per event stays what it is while it grows; ``python -m benchmarks.growth`` draws it."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crowd import DOORS, crowded, passage, records
from benchmarks.extent import FULL, Extent, Tick
from benchmarks.rows import Figure, Row
from controller.runtime.clock import SystemClock
from controller.store.eventlog import SqlEventLog

BATCH = 100
WINDOWS = 100
PICTURE = Path("docs") / "pictures" / "log-append.svg"
GROWTH = 1.5
"""What an event may cost at the end, next to the beginning: a disk that others use too is no ruler."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of appends: how many events there were at its end, and microseconds for each of its own.

    Of its batches the quickest quarter's slowest counts: whoever else syncs the same disk is no cost of the log's.
    """

    size: int
    cost: float


async def flatness(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Append up to the full size; compare the last tenth with the first hundredth to tenth."""
    windows = await measured(extent.grown, folder, tick)
    early = statistics.median(w.cost for w in windows[1 : WINDOWS // 10])
    late = statistics.median(w.cost for w in windows[-WINDOWS // 10 :])
    what = f"from {windows[0].size:,} to {windows[-1].size:,} events, batches of {BATCH}"
    return Row(
        "log_append_growth",
        late,
        "µs/event",
        Figure(f"≤ {GROWTH} times what it was at first; {what}", GROWTH * early),
        Figure("at first (lower quartiles, of which the median)", early),
    )


async def measured(count: int, folder: Path, tick: Tick) -> list[Window]:
    """Append ``count`` events, durably, batch after batch; return what each hundredth of them took."""
    now = SystemClock().now()
    site, state = crowded(folder, DOORS, now)
    events, log, windows = passage(site, state, now), SqlEventLog(folder / "log.db"), []
    step = max(BATCH, count // WINDOWS)
    try:
        for start in range(0, count, step):
            took = []
            for first in range(start + 1, start + step + 1, BATCH):
                batch = records(site, events, first, BATCH, now)
                began = time.perf_counter()
                await log.append(batch)
                took.append(1e6 * (time.perf_counter() - began) / BATCH)
                tick(BATCH)
            windows.append(Window(start + step, sorted(took)[len(took) // 4]))
    finally:
        log.close()
    return windows


def draw(windows: list[Window], picture: Path) -> None:
    """Draw what an event cost while the log grew."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "ostiary", "font.size": 9})
    figure, axes = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
    axes.plot([w.size for w in windows], [w.cost for w in windows], linewidth=1.2)
    axes.set(
        xscale="log",
        ylim=(0, 1.2 * max(w.cost for w in windows)),
        xlabel="events in the log",
        ylabel="µs per event",
        title=f"Append, durable, with leaf and chain; batches of {BATCH}, their lower quartile",
    )
    axes.grid(alpha=0.3)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.growth", description="Draw the cost of an append as the log grows."
    )
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where (default %(default)s)")
    parser.add_argument("--events", type=int, default=FULL.grown, help="how many (default %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("build") / "bench", help="on the disk to be measured")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as own:
        draw(asyncio.run(measured(given.events, Path(own), lambda _: None)), given.picture)


if __name__ == "__main__":
    main()
