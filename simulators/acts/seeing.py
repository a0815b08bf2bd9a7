"""What more than one act looks for on a screen."""

from __future__ import annotations

from collections.abc import Callable

from simulators.screen import Record, Screen


def entry(since: int, door: str, person: str) -> Callable[[Screen], Record | None]:
    """Return how to find somebody's entry through a door after an event."""
    return lambda screen: screen.record("entry_observed", since, door=door, person=person)


def persists(screen: Screen, kind: str, **place: str) -> bool:
    """Tell whether the newest alarm of a kind at a place (`door=`, `device=`) still has its cause."""
    alarm = screen.view.alarm(kind, **place)
    return alarm is not None and alarm.persists
