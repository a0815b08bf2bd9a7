"""What operators do with an alarm: that part of the fold."""

from __future__ import annotations

from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarms import Alarm, Shelf
from controller.domain.instant import Instant
from controller.domain.state import SiteState, replace

HandledEvent = ev.AlarmStepDone | ev.AlarmShelved | ev.AlarmUnshelved


def handled(state: SiteState, event: HandledEvent, at: Instant) -> SiteState:
    """Somebody did something about an alarm. One that is closed meanwhile stays so."""
    alarm = state.alarms.get(event.alarm)
    if alarm is None:
        return state
    return replace(state, alarms=state.alarms.set(alarm.id, _handled(alarm, event, at)))


def _handled(alarm: Alarm, event: HandledEvent, at: Instant) -> Alarm:
    match event:
        case ev.AlarmStepDone(step=step):
            return replace(alarm, steps=alarm.steps | {step})
        case ev.AlarmShelved(operator=operator, reason=reason, seconds=seconds):
            return replace(alarm, shelf=Shelf(operator, reason, at.mono + seconds))
        case ev.AlarmUnshelved():
            return replace(alarm, shelf=None)
    assert_never(event)
