"""The consular entrance and hall: open to the public, and watched all the more."""

from __future__ import annotations

import asyncio
import time

from controller.domain.ids import DoorId
from simulators.acts.seeing import persists
from simulators.acts.steps import Step
from simulators.scenario import SCREEN_SECONDS, Stage

ENTRANCE = DoorId("consular-door")
FIRST = "p-010"

OFFLINE_SECONDS = 8.0
"""IEC 60839-11-5: after this long without an answer a peripheral is offline."""

UNPLUGGED_SECONDS = 9.5


async def consulate(stage: Stage) -> None:
    """Play what happens at the consular entrance."""
    await stage.walk(FIRST, "main-gate-in")
    await _first_in(stage)
    await _unplugged(stage)


async def _first_in(stage: Stage) -> None:
    stage.begin(Step.FIRST_IN)
    leaf = stage.building.doors[ENTRANCE]
    if leaf.state.bolt_locked:  # not so in a later round: somebody came in today
        stage.check("nobody is in, and the entrance is locked", not stage.hand.push(ENTRANCE))
        await stage.passage("consular-in", FIRST)
    await stage.happens("it stands unlocked", lambda: not leaf.state.bolt_locked, SCREEN_SECONDS)
    await stage.seen("and is seen to", lambda g: g.view.unlocked(ENTRANCE))
    before, since = leaf.truth, stage.guard.seq
    await stage.go_through(ENTRANCE)
    stage.check("the public walks in without a badge", len(leaf.truth.entries) == len(before.entries) + 1)
    await stage.hidden("that is no alarm", lambda g: g.raised("forced_open", since, door=ENTRANCE))
    stage.check("and it still stands unlocked", not leaf.state.bolt_locked)


async def _unplugged(stage: Stage) -> None:
    stage.begin(Step.UNPLUG)
    device, since, at = "osdp-consular", stage.guard.seq, time.monotonic()
    stage.hand.unplug("consular-in")
    await stage.seen(
        "a reader that is gone is an alarm",
        lambda g: g.raised("offline", since, device=device),
        OFFLINE_SECONDS + SCREEN_SECONDS,
    )
    await asyncio.sleep(max(0.0, at + UNPLUGGED_SECONDS - time.monotonic()))
    stage.hand.plug_in("consular-in")
    await stage.seen("the reader is back", lambda g: g.view.online(device), 2 * SCREEN_SECONDS)
    await stage.seen("its alarm's cause is gone", lambda g: not persists(g, "offline", device=device))
