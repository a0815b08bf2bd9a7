"""When something holds: weekly periods in the site's own time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum, auto

from controller.domain.site import Period, Schedule, Site, Weekday

ONE_DAY = timedelta(days=1)


class When(Enum):
    """Whether a schedule holds, and if not, whether only a holiday is why."""

    HOLDS = auto()
    HOLIDAY = auto()
    OUTSIDE = auto()


def when(schedule: Schedule, site: Site, wall: datetime) -> When:
    """Tell whether ``schedule`` holds at the aware time ``wall``.

    The wall clock of the site's zone decides: an hour that a DST change skips never comes, one it repeats counts both
    times. A period that crosses midnight belongs to its starting day, holidays too.
    """
    if schedule.always:
        return When.HOLDS
    local = wall.astimezone(site.timezone)
    days = [local.date(), local.date() - ONE_DAY]
    on = [(period, day) for period in schedule.periods for day in days if _covers(period, day, local)]
    if any(period.on_holidays or day not in site.holidays for period, day in on):
        return When.HOLDS
    return When.HOLIDAY if on else When.OUTSIDE


def _covers(period: Period, day: date, local: datetime) -> bool:
    """Tell whether the period that starts on ``day`` covers the local time, holidays left aside."""
    if Weekday(day.weekday()) not in period.days:
        return False
    crosses = period.end <= period.start
    time = local.time()
    if local.date() == day:
        return period.start <= time and (crosses or time < period.end)
    return crosses and time < period.end
