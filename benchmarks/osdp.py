"""OSDP on a paced line, eight readers and an I/O module with every lock, secure channel: how soon, and what gets lost.

Beside the real controller stands libosdp as the panel of the same line. It is handed whole frames only, because it
drops those that come in pieces; and it decides nothing and writes nothing down.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from benchmarks.building import BAUD, Files, person, reader, write_osdp
from benchmarks.extent import Extent, Tick
from benchmarks.rows import Figure, Row, percentile
from benchmarks.wires import REST_SECONDS, Hand, cycle_ms, listening, opened_nothing, played, simulator
from controller.domain.ids import DeviceId
from controller.site.loader import load_site
from simulators.secrets_of import read_keys

READERS = 8
TURNAROUND_MS = 3
CYCLES = 2
MARGIN_MS = 20.0
LINES = tuple((baud, turnaround) for baud in (9_600, BAUD) for turnaround in (3, 20, 35))
"""Baud rate and the readers' turnaround in milliseconds."""

BIT_FLIPS = 5e-3
SEED = 7
PANEL_SECONDS = 60.0
CARD_WAIT = "4"
"""Seconds that a card may take on a bad line before it counts as lost."""

Take = Callable[[Extent, Path, Tick], Awaitable[Row]]


def name(baud: int, turnaround: int) -> str:
    """Return the row of a line; the one that the promise is known by has no suffix."""
    plain = (baud, turnaround) == (BAUD, TURNAROUND_MS)
    return "osdp_badge_to_relay" + ("" if plain else f"_{baud}_{turnaround}")


def badge_to_relay(baud: int, turnaround: int) -> Take:
    """Return how a line is measured: its idle cycle, then badges; ours, then libosdp's."""

    async def take(extent: Extent, folder: Path, tick: Tick) -> Row:
        files = write_osdp(folder, READERS, baud)
        wires = ("--turnaround", str(turnaround))
        heads = [reader(number) for number in range(READERS)]
        async with played(files, folder / "data", *wires) as hand:
            cycle = await cycle_ms(hand, heads, extent.cycle_seconds)
            # A badge every other cycle at most: more do not fit on a slow line, whoever is its panel.
            rest = max(REST_SECONDS, READERS * CYCLES * cycle / 1000)
            took = await hand.swipe(READERS, extent.osdp_swipes, tick, rest)
        async with _libosdp(files, folder / "peer", baud, *wires) as hand:
            theirs = await hand.swipe(READERS, extent.osdp_swipes, tick, rest)
        line = f"{READERS} readers + I/O module, {baud} baud, turnaround {turnaround} ms, secure channel"
        swipes = (
            f"{len(took)} swipes at {READERS / rest:.1f}/s{opened_nothing(took)}, p50 {percentile(took, 50):.1f} ms"
        )
        return Row(
            name(baud, turnaround),
            percentile(took, 99),
            "ms",
            Figure(
                f"p99 ≤ {CYCLES} cycles of {cycle:.1f} ms + {MARGIN_MS:.0f} ms; {line}; {swipes}",
                CYCLES * cycle + MARGIN_MS,
            ),
            Figure(
                f"libosdp as the panel, p99 (p50 {percentile(theirs, 50):.1f} ms{opened_nothing(theirs)})",
                percentile(theirs, 99),
            ),
        )

    return take


async def cards_read(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Show cards, one after the other, on a line that damages one byte in two hundred; each that opens was not lost."""
    files = write_osdp(folder, READERS)
    wires = ("--bit-flips", str(BIT_FLIPS), "--seed", str(SEED))
    async with played(files, folder / "data", *wires) as hand:
        ours = await _opened(hand, extent.shown_cards, tick)
    async with _libosdp(files, folder / "peer", BAUD, *wires) as hand:
        theirs = await _opened(hand, extent.shown_cards, tick)
    share = 100 / extent.shown_cards
    text = f"none lost: of {extent.shown_cards} cards {ours} opened; {BIT_FLIPS:g} of all bytes damaged, {BAUD} baud"
    text += f"; libosdp as the panel: {theirs} opened"
    beside = Figure("libosdp as the panel", theirs * share) if theirs else None  # there is no ratio to nothing
    return Row("osdp_cards_read", ours * share, "%", Figure(text, 100.0), beside, at_least=True)


async def _opened(hand: Hand, cards: int, tick: Tick) -> int:
    """Return how many of so many cards opened their door."""
    opened = 0
    for turn in range(cards):
        number = turn % READERS
        done = await hand.order("present_card", reader=reader(number), person=person(number), within=CARD_WAIT)
        opened += bool(done["energised"])
        tick(1)
        if number == READERS - 1:
            await asyncio.sleep(1.0)  # until the first door's relay has fallen
    return opened


@contextlib.asynccontextmanager
async def _libosdp(files: Files, data: Path, baud: int, *wires: str) -> AsyncIterator[Hand]:
    """Run the same building with libosdp as its panel; yields the hand once every peripheral is secured, if ever."""
    site = await asyncio.to_thread(load_site, files.site)
    async with simulator(files, data, *wires, "--whole") as (child, ready):
        keys = await asyncio.to_thread(read_keys, data)
        peripherals = [f"{device.address}:{keys[device.id].hex()}" for device in site.devices.values()]
        port, module = ready["lines"]["line-a"], site.devices[DeviceId("osdp-io")].address
        panel = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.libosdp_panel", port, str(baud), str(module), *peripherals),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert panel.stdin  # for the type checker: both were asked for
        assert panel.stdout
        try:
            with contextlib.suppress(TimeoutError):  # on a bad line it may never have all of them at once
                async with asyncio.timeout(PANEL_SECONDS if len(wires) <= 2 else PANEL_SECONDS / 4):
                    await panel.stdout.readline()
            async with listening(child, _drained(panel.stdout)) as hand:
                yield hand
        finally:
            panel.stdin.close()
            await panel.wait()


async def _drained(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass
