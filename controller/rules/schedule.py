"""When something holds: weekly periods in the site's own time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto

from controller.domain.site import Period, Schedule, Site, Weekday

ONE_DAY = timedelta(days=1)
INSTANT_BEFORE = timedelta(microseconds=1)

FAR = timedelta(days=366)
"""How far ahead and back the edges of a schedule are looked for: every week and every feast of a year lies within."""


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


def next_edge(schedule: Schedule, site: Site, wall: datetime) -> datetime | None:
    """Return the first moment (UTC) after ``wall`` at which ``schedule`` begins or ends; None within a year."""
    if schedule.always:
        return None
    holds = _holds(schedule, site, wall)
    day, last = wall.astimezone(site.timezone).date() - ONE_DAY, (wall + FAR).date()
    while day <= last:
        for moment in _marks(schedule, site, day):
            if moment > wall and _holds(schedule, site, moment) is not holds:
                return moment
        day += ONE_DAY
    return None


def began(schedule: Schedule, site: Site, wall: datetime) -> datetime | None:
    """Return when (UTC) the period that holds at ``wall`` began; None where none holds, or it always did."""
    if schedule.always or not _holds(schedule, site, wall):
        return None
    day, last = wall.astimezone(site.timezone).date() + ONE_DAY, (wall - FAR).date()
    while day >= last:
        for moment in reversed(_marks(schedule, site, day)):
            if moment <= wall and not _holds(schedule, site, moment - INSTANT_BEFORE):
                return moment
        day -= ONE_DAY
    return None


def _holds(schedule: Schedule, site: Site, wall: datetime) -> bool:
    return when(schedule, site, wall) is When.HOLDS


def _marks(schedule: Schedule, site: Site, day: date) -> list[datetime]:
    """Return every moment (UTC) of a local day at which the schedule may change, the DST change among them."""
    clocks = {time(), *(clock for period in schedule.periods for clock in (period.start, period.end))}
    local = [datetime.combine(day, clock, site.timezone).replace(fold=fold) for clock in clocks for fold in (0, 1)]
    return sorted({*(moment.astimezone(UTC) for moment in local), *_clock_changes(site, day)})


def _clock_changes(site: Site, day: date) -> Iterator[datetime]:
    """The moment of this local day at which the site's offset from UTC changes, to the second."""
    low = datetime.combine(day, time(), site.timezone).astimezone(UTC)
    high = datetime.combine(day + ONE_DAY, time(), site.timezone).astimezone(UTC)

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(site.timezone).utcoffset()

    before = offset(low)
    if before == offset(high):
        return
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    yield high


def _covers(period: Period, day: date, local: datetime) -> bool:
    """Tell whether the period that starts on ``day`` covers the local time, holidays left aside."""
    if Weekday(day.weekday()) not in period.days:
        return False
    crosses = period.end <= period.start
    time = local.time()
    if local.date() == day:
        return period.start <= time and (crosses or time < period.end)
    return crosses and time < period.end
