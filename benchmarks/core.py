"""The controller alone: one decision, and stimulus to effect with the log in between."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.crowd import BOOT, DOORS, badge_of, crowded, swipe
from benchmarks.disk import insert_and_commit, plain_table
from benchmarks.extent import Extent, Tick
from benchmarks.rows import Figure, Row, percentile
from controller.domain.decision import AccessRequest
from controller.domain.effects import Effect, Unlock
from controller.domain.ids import RequestId
from controller.domain.site import Factor
from controller.domain.stimuli import BoxStartedUp
from controller.rules.decide import decide
from controller.runtime.clock import SystemClock
from controller.runtime.runtime import Runtime
from controller.store.eventlog import SqlEventLog

CONTROLLER_MS = 10.0
DECISION_US = 100.0
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


async def stimulus_to_effect(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Take turns: one badge through the runtime and the real log, one bare commit on the same disk."""
    clock = SystemClock()
    site, state = crowded(folder, extent.cardholders, clock.now())
    log, watch = SqlEventLog(folder / "log.db"), Stopwatch()
    runtime = Runtime(site, state, 0, boot=BOOT, log=log, actuators=watch, clock=clock)
    took, commits = [], []
    await runtime.submit(BoxStartedUp("bench", site.digest, ""))  # as every box does before its first badge
    try:
        with plain_table(folder / "bare.db", columns=2) as bare:
            for number in range(extent.stimuli):
                took.append(await watch.take(runtime, number % extent.cardholders))
                began = time.perf_counter()
                insert_and_commit(bare, [(number, "")])
                commits.append(1000 * (time.perf_counter() - began))
                tick(1)
                await asyncio.sleep(GAP_SECONDS)
    finally:
        runtime.stop()
        log.close()
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
    took = []
    for number in range(extent.decisions):
        holder = number * 7919 % extent.cardholders
        request = AccessRequest(RequestId("r1"), swipe(holder).reader, badge_of(holder), frozenset({Factor.CARD}))
        began = time.thread_time_ns()
        decide(site, state, request, now)
        took.append((time.thread_time_ns() - began) / 1000)
        tick(1)
    return Row(
        "decide_p99",
        percentile(took, 99),
        "µs",
        Figure(
            f"p99 < 100 µs of processor time; {extent.cardholders:,} cardholders (p50 {percentile(took, 50):.1f} µs)",
            DECISION_US,
        ),
        None,
    )
