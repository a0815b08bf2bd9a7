"""Badge to relay over OSDP: eight readers and an I/O module on one line, secure channel, the real controller."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.building import BAUD, reader, write_osdp
from benchmarks.extent import Extent, Tick
from benchmarks.rows import Figure, Row, percentile
from benchmarks.wires import Hand, opened_nothing, played

READERS = 8
TURNAROUND_MS = 3
"""Of every simulated line (``simulators.bus``)."""

CYCLES = 2
MARGIN_MS = 20.0


async def badge_to_relay(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Watch the idle line's cycle, then swipe."""
    files = write_osdp(folder, READERS)
    async with played(files, folder / "data") as hand:
        cycle = await _cycle_ms(hand, extent.cycle_seconds)
        took = await hand.swipe(READERS, extent.osdp_swipes, tick)
    line = f"{READERS} readers + I/O module, {BAUD} baud, turnaround {TURNAROUND_MS} ms, secure channel"
    return Row(
        "osdp_badge_to_relay",
        percentile(took, 99),
        "ms",
        Figure(
            f"p99 ≤ {CYCLES} cycles + {MARGIN_MS:.0f} ms; {line}; {len(took)} swipes{opened_nothing(took)}",
            CYCLES * cycle + MARGIN_MS,
        ),
        Figure(f"the line's own cycle, idle (badge to relay p50 {percentile(took, 50):.1f} ms)", cycle),
    )


async def _cycle_ms(hand: Hand, seconds: float) -> float:
    """Return how long it takes the idle line to come round: the time between two polls of one reader."""
    before = await _polls(hand)
    await asyncio.sleep(seconds)
    after = await _polls(hand)
    passed = sum(end - start for (_, start), (_, end) in zip(before, after, strict=True))
    polls = sum(last - first for (first, _), (last, _) in zip(before, after, strict=True))
    return 1000 * passed / polls


async def _polls(hand: Hand) -> list[tuple[int, float]]:
    counts = [await hand.order("count_polls", reader=reader(number)) for number in range(READERS)]
    return [(count["polls"], count["at"]) for count in counts]
