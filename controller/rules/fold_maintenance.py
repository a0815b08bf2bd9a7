"""The part of the fold that is about places somebody works on."""

from __future__ import annotations

from typing import assert_never

from immutables import Map

from controller.domain import events as ev
from controller.domain.alarms import Alarm, Priority, Source
from controller.domain.instant import Instant
from controller.domain.maintenance import Maintenance
from controller.domain.state import SiteState, replace
from controller.rules.fold_areas import sooner


def maintained(state: SiteState, event: ev.MaintenanceStarted | ev.MaintenanceEnded, at: Instant) -> SiteState:
    """Somebody works on a place, or no longer does."""
    match event:
        case ev.MaintenanceStarted(source=source, operator=operator, reason=reason, seconds=seconds):
            work = Maintenance(operator, reason, at.mono + seconds)
            return replace(state, maintenance=state.maintenance.set(source, work))
        case ev.MaintenanceEnded(source=source):
            left = state.maintenance.delete(source) if source in state.maintenance else state.maintenance
            alarms = state.alarms
            for alarm in event.alarms:
                if alarm in alarms:
                    alarms = alarms.set(alarm, _counting(alarms[alarm], event.escalate_seconds, at))
            return replace(state, maintenance=left, alarms=alarms)
    assert_never(event)


def known_by(state: SiteState, event: ev.DeviceIdentified | ev.ReaderReplacementOrdered) -> SiteState:
    """A device is known by its nameplate; one that is to be replaced by nothing, until the next is seen there."""
    match event:
        case ev.DeviceIdentified(device=device, nameplate=nameplate):
            return replace(state, nameplates=state.nameplates.set(device, nameplate))
        case ev.ReaderReplacementOrdered(device=device):
            known = state.nameplates
            return replace(state, nameplates=known.delete(device)) if device in known else state
    assert_never(event)


def maintenance_after_start(state: SiteState, at: Instant) -> Map[Source, Maintenance]:
    """Work goes on for what is left of its time by the wall, and never longer."""
    return Map({p: replace(was, until=sooner(state, was.until, at)) for p, was in state.maintenance.items()})


def _counting(alarm: Alarm, seconds: float | None, at: Instant) -> Alarm:
    waits = seconds is not None and alarm.priority is Priority.HIGH and alarm.acknowledged_by is None
    return replace(alarm, maintenance=False, escalates_at=at.mono + seconds if waits and seconds is not None else None)
