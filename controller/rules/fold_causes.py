"""The causes' part of the fold."""

from __future__ import annotations

from typing import assert_never

from immutables import Map

from controller.domain import events as ev
from controller.domain.alarms import Alarm
from controller.domain.causes import CauseState
from controller.domain.flood import Flood
from controller.domain.instant import Instant
from controller.domain.state import SiteState, replace
from controller.rules.fold_areas import areas_after_start, outputs_after_start, sooner
from controller.rules.fold_maintenance import maintenance_after_start

CauseEvent = ev.CauseBegan | ev.CauseFired | ev.CauseEnded | ev.CauseReset


def cause_moved(state: SiteState, event: CauseEvent, at: Instant) -> SiteState:
    """Something became of a cause. One that neither holds nor has fired leaves nothing behind."""
    now = _moved(state.cause(event.cause), event, at)
    if not (now.holding or now.fired):
        left = state.causes.delete(event.cause) if event.cause in state.causes else state.causes
        return replace(state, causes=left)
    return replace(state, causes=state.causes.set(event.cause, now))


def escalated(state: SiteState, event: ev.AlarmEscalated) -> SiteState:
    """An alarm was told outside the browser, too. Where an operator asked for that, somebody is to see it anew."""
    alarm = state.alarms.get(event.alarm)
    if alarm is None:
        return state
    now = replace(alarm, escalates_at=None, escalated=True)
    if event.operator is not None:
        now = replace(now, acknowledged_by=None, shelf=None)
    return replace(state, alarms=state.alarms.set(alarm.id, now))


def guarding_after_start(state: SiteState, at: Instant) -> SiteState:
    """Points and outputs are unknown again; what was armed, caused or unacknowledged stays so.

    Delays go on for what is left of them by the wall, and never longer: nobody acknowledged anything meanwhile.
    """
    return replace(
        outputs_after_start(state, at),
        points=Map(),
        areas=areas_after_start(state, at),
        bypasses=Map({point: sooner(state, until, at) for point, until in state.bypasses.items()}),
        maintenance=maintenance_after_start(state, at),
        causes=Map({cause: _due(state, was, at) for cause, was in state.causes.items()}),
        alarms=Map(
            {alarm: _shelved(state, _unacknowledged(state, was, at), at) for alarm, was in state.alarms.items()}
        ),
        flood=_flood(state, at),
    )


def _due(state: SiteState, was: CauseState, at: Instant) -> CauseState:
    return was if was.due is None else replace(was, due=sooner(state, was.due, at))


def _unacknowledged(state: SiteState, was: Alarm, at: Instant) -> Alarm:
    return was if was.escalates_at is None else replace(was, escalates_at=sooner(state, was.escalates_at, at))


def _shelved(state: SiteState, was: Alarm, at: Instant) -> Alarm:
    return (
        was if was.shelf is None else replace(was, shelf=replace(was.shelf, until=sooner(state, was.shelf.until, at)))
    )


def _flood(state: SiteState, at: Instant) -> Flood:
    """Return the flood on this boot's clock: the time in which the box was off has passed for it, too."""
    if state.last is None:
        return state.flood
    down = max(0.0, (at.wall - state.last.wall).total_seconds())
    return state.flood.moved(at.mono - state.last.mono - down)


def _moved(was: CauseState, event: CauseEvent, at: Instant) -> CauseState:
    match event:
        case ev.CauseBegan(seconds=seconds):
            silent = event.silent and (was.silent or not was.fired)
            return replace(was, holding=True, due=was.due if was.fired else at.mono + seconds, silent=silent)
        case ev.CauseFired(seconds=seconds):
            return replace(was, fired=True, due=None if seconds is None else at.mono + seconds)
        case ev.CauseEnded():
            return replace(was, holding=False)  # one that has not fired is forgotten
        case ev.CauseReset():
            return replace(was, fired=False, due=None)
    assert_never(event)
