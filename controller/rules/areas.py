"""Intrusion areas: armed and disarmed together, and what a point that moves means while they are."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source, in_order
from controller.domain.events.areas import ArmedBy, Obstacle
from controller.domain.ids import AreaId, CardholderId, OperatorId, PointId
from controller.domain.points import (
    AreaMode,
    AreaState,
    AtDoors,
    IntrusionArea,
    PointCondition,
    moved,
    not_ready,
    on_the_way,
)
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.outputs import switch_off, switch_on
from controller.rules.schedule import When, when
from controller.rules.turn import Turn

LOOKED_AT = (
    ev.PointObserved,
    ev.PointBypassed,
    ev.BypassEnded,
    ev.AreaArmed,
    ev.EntryObserved,
    ev.StartUpCompleted,
    ev.AreaScheduleTurned,
    ev.SiteActivated,
)
"""Events after which an area may stand differently."""

WATCHFUL = frozenset({AreaMode.ARMED, AreaMode.ENTRY_DELAY, AreaMode.ALARM})


def look_at_areas(turn: Turn) -> None:
    """Let every area see what this turn brought, until nothing more follows from it."""
    if not (turn.site.areas or turn.state.areas) or not any(isinstance(event, LOOKED_AT) for event in turn.events):
        return
    for gone in sorted(turn.state.areas.keys() - turn.site.areas.keys()):
        _forget(turn, gone)
    for area in turn.site.areas.values():
        _look(turn, area)


def arm(turn: Turn, area: IntrusionArea, operator: OperatorId | None, by: ArmedBy) -> None:
    """Begin the exit delay; without one the area is armed at once."""
    cause_gone(turn, {AlarmKind.FAULT}, Source(area=area.id))
    state = turn.state.area(area.id)
    if state.walk_until is not None:
        turn.record(ev.WalkTestEnded(area.id, _untested(area, state)))
    turn.record(ev.AreaArming(area.id, operator, by, area.exit_seconds))
    if area.exit_seconds <= 0.0:
        turn.record(ev.AreaArmed(area.id))


def disarm(turn: Turn, area: IntrusionArea, operator: OperatorId | None, cardholder: CardholderId | None) -> None:
    """End whatever the area does: its sirens are silent, and its alarms may be closed."""
    turn.record(ev.AreaDisarmed(area.id, operator, cardholder))
    for siren in sorted(area.sirens):
        switch_off(turn, siren, wanted_by(area.id))
    for alarm in in_order(turn.state.alarms.values()):
        if alarm.kind is AlarmKind.INTRUSION and alarm.source.area == area.id and alarm.persists:
            turn.record(ev.AlarmCauseGone(alarm.id))


def area_time_passed(turn: Turn) -> None:
    """Delays, bypasses and walk tests that are over, and arming schedules that begin."""
    for area_id, state in sorted(turn.state.areas.items()):
        area = turn.site.areas.get(area_id)
        if area is None:
            _forget(turn, area_id)
            continue
        if state.until is not None and state.until <= turn.now.mono:
            _delay_over(turn, area, state)
        if state.walk_until is not None and state.walk_until <= turn.now.mono:
            turn.record(ev.WalkTestEnded(area_id, _untested(area, state)))
    for point, until in sorted(turn.state.bypasses.items()):
        if until <= turn.now.mono:
            turn.record(ev.BypassEnded(point, None))
    for area in turn.site.areas.values():
        _look_at_schedule(turn, area)


def wanted_by(area: AreaId) -> str:
    """Return the word by which an area wants its sirens on."""
    return f"area {area}"


def _forget(turn: Turn, area: AreaId) -> None:
    """The policy no longer knows this area: nothing of it is guarded, and nothing sounds for it."""
    turn.record(ev.AreaDisarmed(area, None, None))
    for output in sorted(turn.state.outputs):
        switch_off(turn, output, wanted_by(area))


def _look(turn: Turn, area: IntrusionArea) -> None:
    _note_tested(turn, area)
    _badge_disarms(turn, area)
    _last_out_arms(turn, area)
    _arm_at_last(turn, area)
    mode = turn.state.area(area.id).mode
    if mode not in WATCHFUL:
        return
    counting = _counting(turn.state, area)
    at_once = [p for p in counting if mode is AreaMode.ALARM or not on_the_way(turn.state.points, area, p)]
    for point in at_once:
        _trip(turn, area, point)
    if not at_once and counting and mode is AreaMode.ARMED:
        _somebody_enters(turn, area, counting[0])


def _somebody_enters(turn: Turn, area: IntrusionArea, point: PointId) -> None:
    if area.entry_seconds > 0.0:
        turn.record(ev.AreaEntryDelayed(area.id, point, area.entry_seconds))
    else:
        _trip(turn, area, point)


def _trip(turn: Turn, area: IntrusionArea, point: PointId) -> None:
    """Raise the alarm of one point. One that stands already is told no second time, and sounds no second siren."""
    source = Source(point=point, area=area.id)
    told = any(
        alarm.kind is AlarmKind.INTRUSION and alarm.source == source and alarm.persists
        for alarm in turn.state.alarms.values()
    )
    if told and turn.state.area(area.id).mode is AreaMode.ALARM:
        return
    turn.record(ev.AreaTripped(area.id, point))
    raise_alarm(turn, AlarmKind.INTRUSION, source, _name(turn, point))
    for siren in sorted(area.sirens):
        switch_on(turn, siren, area.siren_seconds, wanted_by(area.id))


def _delay_over(turn: Turn, area: IntrusionArea, state: AreaState) -> None:
    if state.mode is AreaMode.EXIT_DELAY:
        turn.record(ev.AreaArmed(area.id))
    elif state.entered is not None:
        _trip(turn, area, state.entered)


def _look_at_schedule(turn: Turn, area: IntrusionArea) -> None:
    """The beginning of the schedule arms, once: whoever is let in later may disarm. Its end disarms nothing."""
    schedule = turn.site.schedules.get(area.schedule) if area.schedule else None
    if schedule is None:
        return
    holds = when(schedule, turn.site, turn.now.wall) is When.HOLDS
    if holds == turn.state.area(area.id).on_schedule:
        return
    turn.record(ev.AreaScheduleTurned(area.id, holds))
    if not holds or turn.state.area(area.id).mode is not AreaMode.DISARMED:
        return
    if obstacles := _obstacles(turn.state, area):
        turn.record(ev.ArmingWithheld(area.id, ArmedBy.SCHEDULE, Obstacle.POINT_NOT_READY, obstacles))
        names = ", ".join(_name(turn, point) for point in obstacles)
        raise_alarm(turn, AlarmKind.FAULT, Source(area=area.id), f"not armed on schedule: {names}")
    else:
        arm(turn, area, None, ArmedBy.SCHEDULE)


def _arm_at_last(turn: Turn, area: IntrusionArea) -> None:
    """What the schedule could not arm is armed as soon as it is ready."""
    state = turn.state.area(area.id)
    if state.withheld and state.mode is AreaMode.DISARMED and not _obstacles(turn.state, area):
        arm(turn, area, None, ArmedBy.SCHEDULE)


def _badge_disarms(turn: Turn, area: IntrusionArea) -> None:
    """Whoever was let in and was seen to enter disarms, where the site file says so; an alarm takes an operator."""
    if area.at_doors is not AtDoors.DISARMS:
        return
    for event in tuple(turn.events):
        if isinstance(event, ev.EntryObserved) and event.enters in area.zones and not event.assumed:
            running = turn.state.area(area.id).mode not in (AreaMode.DISARMED, AreaMode.ALARM)
            if running and event.cardholder is not None:
                disarm(turn, area, None, event.cardholder)


def _last_out_arms(turn: Turn, area: IntrusionArea) -> None:
    """The last known person was seen to leave. Somebody who may still be inside keeps it from arming by itself."""
    state = turn.state.area(area.id)
    if not area.last_out or state.mode is not AreaMode.DISARMED or state.walk_until is not None:
        return
    if not any(isinstance(event, ev.EntryObserved) and _leaves(turn.site, area, event) for event in turn.events):
        return
    if any(turn.state.headcount.get(zone) for zone in area.zones):
        return
    obstacles = _obstacles(turn.state, area)
    if _somebody_may_be_in(turn.state, area):
        turn.record(ev.ArmingWithheld(area.id, ArmedBy.LAST_OUT, Obstacle.POSSIBLY_INSIDE, ()))
    elif obstacles:
        turn.record(ev.ArmingWithheld(area.id, ArmedBy.LAST_OUT, Obstacle.POINT_NOT_READY, obstacles))
    else:
        arm(turn, area, None, ArmedBy.LAST_OUT)


def _leaves(site: Site, area: IntrusionArea, event: ev.EntryObserved) -> bool:
    sides = area.zones.intersection(site.doors[event.door].zones)
    return event.enters is not None and event.enters not in area.zones and bool(sides)


def _somebody_may_be_in(state: SiteState, area: IntrusionArea) -> bool:
    return any(
        zone is None and (last := state.sightings.get(person)) is not None and last.zone in area.zones
        for person, zone in state.locations.items()
    )


def _note_tested(turn: Turn, area: IntrusionArea) -> None:
    for event in tuple(turn.events):
        state = turn.state.area(area.id)
        if (
            isinstance(event, ev.PointObserved)
            and state.walk_until is not None
            and event.condition is PointCondition.ACTIVE
            and event.point in area.points - state.tested
        ):
            turn.record(ev.PointTested(area.id, event.point))


def _counting(state: SiteState, area: IntrusionArea) -> list[PointId]:
    """Return what moved. After a start a point that was not heard of yet has not moved."""
    waiting = state.hear_by is not None
    return [
        p
        for p in moved(state.points, state.bypasses, area)
        if not (waiting and state.point(p) is PointCondition.UNKNOWN)
    ]


def _untested(area: IntrusionArea, state: AreaState) -> tuple[PointId, ...]:
    return tuple(sorted(area.points - state.tested))


def _obstacles(state: SiteState, area: IntrusionArea) -> tuple[PointId, ...]:
    return not_ready(state.points, state.bypasses, area)


def _name(turn: Turn, point: PointId) -> str:
    known = turn.site.points.get(point)
    return known.name if known else point
