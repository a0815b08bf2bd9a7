"""What more than one act looks for on a screen."""

from __future__ import annotations

from collections.abc import Callable

from simulators.scenario import Stage
from simulators.screen import Record, Screen

EYES_SECONDS = 25.0
"""How long cameras and face engine may take after the box's start."""


def entry(since: int, door: str, person: str) -> Callable[[Screen], Record | None]:
    """Return how to find somebody's entry through a door after an event."""
    return lambda screen: screen.record("entry_observed", since, door=door, person=person)


def persists(screen: Screen, kind: str, **place: str) -> bool:
    """Tell whether the newest alarm of a kind at a place (`door=`, `camera=`, …) still has its cause."""
    alarm = screen.view.alarm(kind, **place)
    return alarm is not None and alarm.persists


async def eyes_open(stage: Stage, *cameras: str) -> bool:
    """Check that cameras are shown as there, once the box had its time."""
    there = await stage.guard.until(lambda g: all(map(g.view.online, cameras)), EYES_SECONDS)
    return stage.check(f"{', '.join(cameras)}: seen to be there", there)
