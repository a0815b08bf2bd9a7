"""The scenario *morning* of the example embassy: a day's beginning with everything that may go wrong at its doors.

Who has which badge, PIN and face stands in people.csv. Each place of the building has its act in `simulators.acts`;
they run side by side, and a lockdown ends the morning. What is expected holds at any hour of any day.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from simulators.acts.arrivals import arrivals
from simulators.acts.cameras import cameras
from simulators.acts.consulate import consulate
from simulators.acts.guard_post import guard_post
from simulators.acts.lockdown import lockdown
from simulators.acts.outer_doors import outer_doors
from simulators.acts.server_room import server_room
from simulators.acts.steps import ROUTES, Step
from simulators.acts.vault import WRONG_PIN, vault
from simulators.acts.visitors import visitors
from simulators.acts.watched import watched
from simulators.building import Building
from simulators.guard import Guard, GuardError
from simulators.hand import until
from simulators.scenario import REST_SECONDS, Stage
from simulators.screen import SeenAlarm

__all__ = ["ROUTES", "WRONG_PIN", "Step", "play", "tidy"]

PLACES = (consulate, visitors, server_room, watched, vault, guard_post, outer_doors, arrivals, cameras)


async def play(stage: Stage) -> None:
    """Play it once. Whatever is not as it should be becomes a failed check."""
    async with asyncio.TaskGroup() as beside:
        for act in PLACES:
            beside.create_task(act(stage))
    await lockdown(stage)


async def tidy(building: Building, *operators: Guard) -> None:
    """Close every door, and let the operators deal with every alarm that they see: close it where its cause is gone."""
    for door in building.doors.values():
        if door.state.leaf_open:
            door.close(time.monotonic())
    await until(lambda: not any(door.state.leaf_open for door in building.doors.values()), REST_SECONDS)
    seen: set[str] = set()
    for operator in operators:
        for alarm in operator.view.alarms:
            if alarm.id not in seen:
                seen.add(alarm.id)
                await _deal_with(operator, alarm)


async def _deal_with(operator: Guard, alarm: SeenAlarm) -> None:
    with contextlib.suppress(GuardError):  # another operator may have been quicker
        if alarm.acknowledged_by is None:
            await operator.order(f"alarms/{alarm.id}/acknowledge")
        if not alarm.persists:
            await operator.order(f"alarms/{alarm.id}/close", reason="Seen to; the round is over")
