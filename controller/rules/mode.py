"""Lock modes: who asks for what at a door, and which of it is in effect.

Outside fire the strictest of operator, threat level and lockdown is in effect; a schedule counts where none of them
speaks. Whatever is taken away uncovers what is asked for now: nothing is kept but the requests themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from controller.domain.doors import LockMode, ModeRequest, ModeSource
from controller.domain.ids import DoorId
from controller.domain.instant import Instant
from controller.domain.site import Door, Schedule, Site, ThreatLevel
from controller.domain.state import SiteState
from controller.rules.case import threat_in_force
from controller.rules.schedule import When, began, next_edge, when

STRICTNESS = {LockMode.UNLOCKED: 0, LockMode.SECURED: 1, LockMode.BLOCKED: 2, LockMode.LOCKDOWN: 3}
"""A fire release is no stricter than anything: it stands outside this order, above it."""

CLOCK_SLACK = timedelta(seconds=5)
"""A wall clock further than this behind the last event is not believed, even before it is found out."""


def effective_mode(site: Site, state: SiteState, door: DoorId, now: Instant) -> LockMode:
    """Return what a lock should do by itself right now."""
    return mode_of(state, mode_requests(site, state, door, now, ends=False))


def mode_of(state: SiteState, requests: tuple[ModeRequest, ...]) -> LockMode:
    """Return the mode that these requests come to. While the log cannot be written nothing is unlocked for a way in."""
    mode = requests[0].mode if requests else LockMode.SECURED
    return LockMode.SECURED if mode is LockMode.UNLOCKED and state.log_late else mode


def mode_requests(
    site: Site, state: SiteState, door: DoorId, now: Instant, *, ends: bool = True
) -> tuple[ModeRequest, ...]:
    """Return every request at a door, the one in effect first, then in the order in which they would come to be.

    ``ends``: also look up until when a schedule holds, which takes longer than all the rest.
    """
    built = site.doors[door]
    strict = sorted(_speaking(site, state, built), key=lambda request: -STRICTNESS[request.mode])
    return (*_fire(state, built), *strict, *_scheduled(site, state, built, now, ends=ends))


def next_change(site: Site, now: Instant) -> datetime | None:
    """Return when a schedule that unlocks some door next begins or ends."""
    schedules = {door.unlocked_schedule for door in site.doors.values() if door.unlocked_schedule is not None}
    edges = (next_edge(site.schedules[schedule], site, now.wall) for schedule in schedules)
    return min((edge for edge in edges if edge is not None), default=None)


def schedule_holds(site: Site, state: SiteState, door: Door, now: Instant) -> Schedule | None:
    """Return the schedule that would unlock a door right now, whoever has come or not. It takes a clock to trust."""
    if door.unlocked_schedule is None or not _clock_counts(state, now):
        return None
    schedule = site.schedules[door.unlocked_schedule]
    return schedule if when(schedule, site, now.wall) is When.HOLDS else None


def somebody_came(site: Site, state: SiteState, door: Door, schedule: Schedule, now: Instant) -> bool:
    """Tell whether the first person has gone in since the schedule's period began."""
    came = state.door(door.id).came_in
    begin = began(schedule, site, now.wall)
    return came is not None and (begin is None or came >= begin)


def _fire(state: SiteState, door: Door) -> Iterator[ModeRequest]:
    if door.fire_zone is not None and door.fire_zone in state.fires:
        yield ModeRequest(LockMode.FIRE_RELEASE, ModeSource.FIRE, door.fire_zone)


def _speaking(site: Site, state: SiteState, door: Door) -> Iterator[ModeRequest]:
    """Those of whom the strictest counts."""
    if state.lockdown is not None:
        yield ModeRequest(LockMode.LOCKDOWN, ModeSource.LOCKDOWN, state.lockdown.operator)
    level = threat_in_force(site, state)
    if door.id in level.locked_doors:
        yield ModeRequest(LockMode.BLOCKED, ModeSource.THREAT_LEVEL, level.name)
    elif asks_more(site, level, door):
        yield ModeRequest(LockMode.SECURED, ModeSource.THREAT_LEVEL, level.name)
    for order in state.door(door.id).orders:
        yield ModeRequest(order.mode, ModeSource.OPERATOR, order.operator, order.until)


def asks_more(site: Site, level: ThreatLevel, door: Door) -> bool:
    """A level that asks more of whoever comes in lets nobody in unasked."""
    return stricter(door, site.threat_levels.get(0, level), level)


def stricter(door: Door, before: ThreatLevel, after: ThreatLevel) -> bool:
    """Tell whether a threat level asks anything at a door that another one does not."""
    if before is after:
        return False
    if (after.allowed_kinds, after.allowed_levels) != (before.allowed_kinds, before.allowed_levels):
        return True
    return any(
        after.minimum_clearance.get(zone, 0) > before.minimum_clearance.get(zone, 0)
        or not after.added_factors.get(zone, frozenset()) <= before.added_factors.get(zone, frozenset())
        for zone in door.zones
    )


def _scheduled(site: Site, state: SiteState, door: Door, now: Instant, *, ends: bool) -> Iterator[ModeRequest]:
    schedule = schedule_holds(site, state, door, now)
    if schedule is not None and (not door.after_first_person or somebody_came(site, state, door, schedule, now)):
        until = next_edge(schedule, site, now.wall) if ends else None
        yield ModeRequest(LockMode.UNLOCKED, ModeSource.SCHEDULE, schedule.id, until)


def _clock_counts(state: SiteState, now: Instant) -> bool:
    return state.clock_trusted and (state.last is None or now.wall >= state.last.wall - CLOCK_SLACK)
