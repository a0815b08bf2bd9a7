"""The controller alone: one decision, and stimulus to effect with the log in between."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.crowd import BOOT, DOORS, badge_of, crowded, swipe
from benchmarks.disk import insert_and_commit, plain_table
from benchmarks.extent import Extent, Tick
from benchmarks.peers import casbin_p99, cedar_p99
from benchmarks.rows import BenchmarkFailed, Figure, Row, percentile
from controller.domain.decision import AccessRequest
from controller.domain.effects import Effect, Unlock
from controller.domain.ids import RequestId
from controller.domain.site import Factor
from controller.domain.stimuli import BoxStartedUp
from controller.rules.decide import CHECKS, decide
from controller.rules.step import step
from controller.runtime.clock import SystemClock
from controller.runtime.runtime import Runtime
from controller.runtime.undisturbed import undisturbed
from controller.store.eventlog import SqlEventLog

CONTROLLER_MS = 10.0
DECISION_US = 100.0
STEP_US = 200.0
MEMORY_KB = 2.0
LEAST_WEIGHED = 5_000
"""People; fewer weigh less than what a process happens to have at hand."""
GAP_SECONDS = 0.005
"""Between two stimuli: 200 a second, as many as the promise for MQTT names."""

MISSED_SECONDS = 0.5
"""What a badge counts that led to no unlock: a grant is withdrawn when its record takes longer than half of this."""


class Stopwatch:
    """Actuators that note when an unlock is posted."""

    def __init__(self) -> None:
        self.unlocked: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def post(self, effect: Effect) -> None:
        """Stop the clock."""
        if isinstance(effect, Unlock) and not self.unlocked.done():
            self.unlocked.set_result(time.perf_counter())

    async def take(self, runtime: Runtime, number: int) -> float:
        """Return the milliseconds from a badge handed in to its unlock posted, or ``MISSED_SECONDS`` for none."""
        self.unlocked = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        runtime.handle(swipe(number))
        done, _ = await asyncio.wait([self.unlocked], timeout=MISSED_SECONDS)
        return 1000 * (self.unlocked.result() - began if done else MISSED_SECONDS)


@asynccontextmanager
async def doors(extent: Extent, folder: Path) -> AsyncIterator[Callable[[int], Awaitable[float]]]:
    """Yield what hands in the n-th badge, and returns the milliseconds to its unlock: a running core and a real log."""
    clock = SystemClock()
    site, state = crowded(folder, extent.cardholders, clock.now())
    log, watch = SqlEventLog(folder / "log.db"), Stopwatch()
    runtime = Runtime(site, state, 0, boot=BOOT, log=log, actuators=watch, clock=clock)
    await runtime.submit(BoxStartedUp("bench", site.digest, ""))  # as every box does before its first badge

    async def swiped(number: int) -> float:
        return await watch.take(runtime, _one_of(number, extent))

    try:
        with undisturbed():
            yield swiped
    finally:
        runtime.stop()
        log.close()


async def stimulus_to_effect(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Take turns: one badge through the runtime and the real log, one bare commit on the same disk."""
    took, commits = [], []
    async with doors(extent, folder) as swiped:
        with plain_table(folder / "bare.db", columns=2) as bare:
            for number in range(extent.stimuli):
                took.append(await swiped(number))
                began = time.perf_counter()
                insert_and_commit(bare, [(number, "")])
                commits.append(1000 * (time.perf_counter() - began))
                tick(1)
                await asyncio.sleep(GAP_SECONDS)
    fsync = percentile(commits, 99)
    return Row(
        "controller_stimulus_to_effect",
        percentile(took, 99),
        "ms",
        Figure(f"p99 ≤ 10 ms + one fsync; {DOORS} doors, {extent.cardholders:,} cardholders", CONTROLLER_MS + fsync),
        Figure(
            f"one bare fsync'd commit, p99 (p50: {percentile(took, 50):.2f} against {percentile(commits, 50):.2f} ms)",
            fsync,
        ),
    )


async def decision(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Time each decision by itself, in this thread's own processor time: whoever shares the machine is no rule."""
    now = SystemClock().now()
    site, state = crowded(folder, extent.cardholders, now)
    gc.freeze()  # as the box does once it has read its log
    took = []
    for number in range(extent.decisions):
        holder = _one_of(number, extent)
        request = AccessRequest(RequestId("r1"), swipe(holder).reader, badge_of(holder), frozenset({Factor.CARD}))
        began = time.thread_time_ns()
        decide(site, state, request, now)
        took.append((time.thread_time_ns() - began) / 1000)
        tick(1)
    people = list(state.people.values())
    asked = [(f"p-{_one_of(number, extent):05}", "hall") for number in range(extent.decisions // 10)]
    peer = casbin_p99(site, people, asked)
    cedar = cedar_p99(site, people, asked)
    return Row(
        "decide_p99",
        percentile(took, 99),
        "µs",
        Figure(
            f"p99 < 100 µs of processor time, {len(CHECKS)} checks; {extent.cardholders:,} cardholders "
            f"(p50 {percentile(took, 50):.1f} µs)",
            DECISION_US,
        ),
        Figure(f"pycasbin, p99 (cedarpy: {cedar:.0f} µs): levels and zones alone, all that both can express", peer),
    )


async def step_and_apply(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Time a badge through the whole core, its facts folded into the state: what the loop spends on one stimulus."""
    now = SystemClock().now()
    site, state = crowded(folder, extent.cardholders, now)
    gc.freeze()  # as the box does once it has read its log
    took = []
    for number in range(extent.decisions):
        began = time.thread_time_ns()
        outcome = step(site, state, swipe(_one_of(number, extent)), now)
        took.append((time.thread_time_ns() - began) / 1000)
        if not outcome.effects:
            raise BenchmarkFailed("a badge led to nothing")
        tick(1)
    text = f"p99 < 200 µs of processor time; {extent.cardholders:,} cardholders (p50 {percentile(took, 50):.1f} µs)"
    return Row("step_apply_p99", percentile(took, 99), "µs", Figure(text, STEP_US), None)


async def memory(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Weigh the state: what each person and badge adds to a process that measured nothing else before.

    In this one it would lie in memory that earlier rows gave back to Python and not to the system, and weigh nothing.
    """
    cardholders = max(extent.cardholders, LEAST_WEIGHED)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        grown = await asyncio.get_running_loop().run_in_executor(pool, _grown_by, cardholders, folder)
    tick(1)
    text = f"< 2 kB a person, badge included; {cardholders:,} cardholders"
    return Row("memory_per_cardholder", grown / 1000 / cardholders, "kB", Figure(text, MEMORY_KB), None)


def _grown_by(cardholders: int, folder: Path) -> int:
    """Return the bytes by which this process grows while so many people come to be known."""
    now, process = SystemClock().now(), psutil.Process()
    crowded(folder, 1, now)  # what every process needs once
    gc.collect()
    before = process.memory_info().rss
    _, state = crowded(folder, cardholders, now)
    gc.collect()
    grown = process.memory_info().rss - before
    if len(state.people) != cardholders or grown <= 0:
        raise BenchmarkFailed(f"{len(state.people):,} people were weighed, and the process grew by {grown:,} bytes")
    return grown


def _one_of(number: int, extent: Extent) -> int:
    return number * 7919 % extent.cardholders
