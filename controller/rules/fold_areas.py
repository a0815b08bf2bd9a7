"""The intrusion areas' part of the fold."""

from __future__ import annotations

from typing import assert_never

from immutables import Map

from controller.domain import events as ev
from controller.domain.ids import AreaId
from controller.domain.instant import Instant
from controller.domain.points import AreaMode, AreaState
from controller.domain.state import OutputState, SiteState, replace

AreaEvent = (
    ev.AreaArming
    | ev.AreaArmed
    | ev.ArmingWithheld
    | ev.AreaEntryDelayed
    | ev.AreaTripped
    | ev.AreaDisarmed
    | ev.AreaScheduleTurned
    | ev.WalkTestStarted
    | ev.PointTested
    | ev.WalkTestEnded
)


def area_moved(state: SiteState, event: AreaEvent, at: Instant) -> SiteState:
    """Something became of an area. One that rests leaves nothing behind."""
    now = _moved(state.area(event.area), event, at)
    if now == AreaState():
        left = state.areas.delete(event.area) if event.area in state.areas else state.areas
        return replace(state, areas=left)
    return replace(state, areas=state.areas.set(event.area, now))


def bypassed(state: SiteState, event: ev.PointBypassed, at: Instant) -> SiteState:
    """A point counts for nothing for a while."""
    return replace(state, bypasses=state.bypasses.set(event.point, at.mono + event.seconds))


def counts_again(state: SiteState, event: ev.BypassEnded) -> SiteState:
    """A point counts again."""
    left = state.bypasses.delete(event.point) if event.point in state.bypasses else state.bypasses
    return replace(state, bypasses=left)


def areas_after_start(state: SiteState, at: Instant) -> Map[AreaId, AreaState]:
    """Armed stays armed. A delay or a walk test goes on for what is left of it by the wall, and never longer."""
    return Map(
        {
            area: replace(
                was,
                until=None if was.until is None else sooner(state, was.until, at),
                walk_until=None if was.walk_until is None else sooner(state, was.walk_until, at),
            )
            for area, was in state.areas.items()
        }
    )


def outputs_after_start(state: SiteState, at: Instant) -> SiteState:
    """What outputs do is unknown again; who wanted one on for a while wants it for what is left."""
    outputs = {
        output: OutputState(
            None, Map({who: None if t is None else _left(state, t, at) for who, t in was.wanted.items()})
        )
        for output, was in state.outputs.items()
    }
    return replace(state, outputs=Map(outputs))


def sooner(state: SiteState, deadline: float, at: Instant) -> float:
    """Return a deadline of the last boot on the clock of this one; past, where the wall clock went backwards."""
    if state.last is not None and at.wall < state.last.wall:
        return at.mono
    return _left(state, deadline, at)


def _left(state: SiteState, deadline: float, at: Instant) -> float:
    if state.last is None:
        return at.mono
    down = max(0.0, (at.wall - state.last.wall).total_seconds())
    return at.mono + max(0.0, deadline - state.last.mono - down)


def _moved(was: AreaState, event: AreaEvent, at: Instant) -> AreaState:  # noqa: C901 - one flat table
    match event:
        case ev.AreaArming():
            return AreaState(AreaMode.EXIT_DELAY, at.mono + event.seconds, on_schedule=was.on_schedule)
        case ev.AreaArmed():
            return replace(was, mode=AreaMode.ARMED, until=None)
        case ev.ArmingWithheld():
            return replace(was, withheld=was.withheld or event.by is ev.ArmedBy.SCHEDULE)
        case ev.AreaEntryDelayed():
            return replace(was, mode=AreaMode.ENTRY_DELAY, until=at.mono + event.seconds, entered=event.point)
        case ev.AreaTripped():
            return replace(was, mode=AreaMode.ALARM, until=None)
        case ev.AreaDisarmed():
            return AreaState(on_schedule=was.on_schedule)
        case ev.AreaScheduleTurned():
            return replace(was, on_schedule=event.active, withheld=was.withheld and event.active)
        case ev.WalkTestStarted():
            return replace(was, walk_until=at.mono + event.seconds, tested=frozenset())
        case ev.PointTested():
            return replace(was, tested=was.tested | {event.point})
        case ev.WalkTestEnded():
            return replace(was, walk_until=None)
    assert_never(event)
