"""When a schedule holds, as a formula: the twin of ``rules.schedule``."""

from __future__ import annotations

from datetime import time

import z3

from controller.domain.site import Period, Schedule
from controller.prove.symbols import DAYS, Moment


def holds(schedule: Schedule, at: Moment) -> z3.BoolRef:
    """Return that a schedule holds at a moment."""
    if schedule.always:
        return z3.BoolVal(val=True)
    return z3.Or(*(_covers(period, at) for period in schedule.periods))


def micros(clock: time) -> int:
    """Return the microseconds since midnight."""
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000 + clock.microsecond


def _covers(period: Period, at: Moment) -> z3.BoolRef:
    """Return that a period, begun today or the day before, covers the moment."""
    start, end = micros(period.start), micros(period.end)
    crosses = end <= start
    today = [_on(period, at, 0), at.micros >= start, _counts(period, at.holiday)]
    if not crosses:
        return z3.And(*today, at.micros < end)
    return z3.Or(z3.And(*today), z3.And(_on(period, at, 1), at.micros < end, _counts(period, at.holiday_before)))


def _on(period: Period, at: Moment, later: int) -> z3.BoolRef:
    """Return that the period began so many days ago."""
    return z3.Or(*(at.weekday == (day + later) % DAYS for day in sorted(period.days)))


def _counts(period: Period, holiday: z3.BoolRef) -> z3.BoolRef:
    return z3.BoolVal(val=True) if period.on_holidays else z3.Not(holiday)
