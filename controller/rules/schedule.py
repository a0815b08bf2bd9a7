"""When something holds: weekly periods in the site's own time zone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, auto
from functools import lru_cache
from zoneinfo import ZoneInfo

from controller.domain.site import Period, Schedule, Site, Weekday

ONE_DAY = timedelta(days=1)
INSTANT_BEFORE = timedelta(microseconds=1)

FAR = timedelta(days=366)
"""How far ahead and back the edges of a schedule are looked for: every week and every feast of a year lies within."""


_KEPT = 256
"""Answers that are kept: more than a site has schedules."""


class When(StrEnum):
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
    return _when(schedule, site.holidays, wall.astimezone(site.timezone))


def next_edge(schedule: Schedule, site: Site, wall: datetime) -> datetime | None:
    """Return the first moment (UTC) after ``wall`` at which ``schedule`` begins or ends; None within a year."""
    return None if schedule.always else _next_edge(_calendar(schedule, site), _mark_before(schedule, site, wall))


def began(schedule: Schedule, site: Site, wall: datetime) -> datetime | None:
    """Return when (UTC) the period that holds at ``wall`` began; None where none holds, or it always did."""
    if schedule.always or not _holds(schedule, site, wall):
        return None
    return _began(_calendar(schedule, site), _mark_before(schedule, site, wall))


@dataclass(frozen=True, slots=True)
class _Calendar:
    """All that the edges of a schedule depend on, as a key: every view of the building asks for the same ones."""

    schedule: Schedule
    timezone: ZoneInfo
    holidays: frozenset[date]


def _calendar(schedule: Schedule, site: Site) -> _Calendar:
    return _Calendar(schedule, site.timezone, frozenset(site.holidays))


def _mark_before(schedule: Schedule, site: Site, wall: datetime) -> datetime:
    """Return the last mark at or before ``wall``: between two marks nothing changes, so that answers are kept."""
    today = wall.astimezone(site.timezone).date()
    return max(mark for mark in _marks(_calendar(schedule, site), today) if mark <= wall)  # midnight at the latest


@lru_cache(maxsize=_KEPT)
def _next_edge(calendar: _Calendar, mark: datetime) -> datetime | None:
    holds = _in_force(calendar, mark)
    day, last = mark.astimezone(calendar.timezone).date() - ONE_DAY, (mark + FAR).date()
    while day <= last:
        for moment in _marks(calendar, day):
            if moment > mark and _in_force(calendar, moment) is not holds:
                return moment
        day += ONE_DAY
    return None


@lru_cache(maxsize=_KEPT)
def _began(calendar: _Calendar, mark: datetime) -> datetime | None:
    day, last = mark.astimezone(calendar.timezone).date() + ONE_DAY, (mark - FAR).date()
    while day >= last:
        for moment in reversed(_marks(calendar, day)):
            if moment <= mark and not _in_force(calendar, moment - INSTANT_BEFORE):
                return moment
        day -= ONE_DAY
    return None


def _when(schedule: Schedule, holidays: Collection[date], local: datetime) -> When:
    days = [local.date(), local.date() - ONE_DAY]
    on = [(period, day) for period in schedule.periods for day in days if _covers(period, day, local)]
    if any(period.on_holidays or day not in holidays for period, day in on):
        return When.HOLDS
    return When.HOLIDAY if on else When.OUTSIDE


def _holds(schedule: Schedule, site: Site, wall: datetime) -> bool:
    return when(schedule, site, wall) is When.HOLDS


def _in_force(calendar: _Calendar, moment: datetime) -> bool:
    local = moment.astimezone(calendar.timezone)
    return _when(calendar.schedule, calendar.holidays, local) is When.HOLDS


def _marks(calendar: _Calendar, day: date) -> list[datetime]:
    """Return every moment (UTC) of a local day at which the schedule may change, the DST change among them."""
    clocks = {time(), *(clock for period in calendar.schedule.periods for clock in (period.start, period.end))}
    zone = calendar.timezone
    local = [datetime.combine(day, clock, zone).replace(fold=fold) for clock in clocks for fold in (0, 1)]
    return sorted({*(moment.astimezone(UTC) for moment in local), *_clock_changes(zone, day)})


def _clock_changes(zone: ZoneInfo, day: date) -> Iterator[datetime]:
    """The moment of this local day at which the zone's offset from UTC changes, to the second."""
    low, high = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + ONE_DAY))

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(zone).utcoffset()

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
