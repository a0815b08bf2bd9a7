"""When a schedule holds: ends, midnights, holidays, and the two nights a year on which the clock is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from controller.domain.ids import ScheduleId
from controller.domain.site import Holiday, Period, Schedule, Weekday
from controller.rules.schedule import When, when
from tests.controller.builders import ALWAYS, BERLIN, NIGHT, OFFICE, small_site

SITE = small_site()
HOLDS, HOLIDAY, OUTSIDE = When.HOLDS, When.HOLIDAY, When.OUTSIDE


def local(*when_: int, fold: int = 0) -> datetime:
    year, month, day, *clock = when_
    return datetime(year, month, day, *clock, tzinfo=BERLIN, fold=fold)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (local(2026, 11, 23, 7, 59, 59), OUTSIDE),
        (local(2026, 11, 23, 8, 0), HOLDS),
        (local(2026, 11, 23, 17, 59, 59, 999999), HOLDS),
        (local(2026, 11, 23, 18, 0), OUTSIDE),  # the end is excluded
        (local(2026, 11, 27, 12, 0), HOLDS),  # Friday
        (local(2026, 11, 28, 12, 0), OUTSIDE),  # Saturday
        (local(2026, 12, 25, 12, 0), HOLIDAY),
        (local(2026, 12, 25, 18, 0), OUTSIDE),  # not only because of the holiday
        (local(2028, 2, 29, 8, 0), HOLDS),  # a leap day is a Tuesday like any other
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), HOLDS),  # the site's zone counts, not the caller's
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), OUTSIDE),
        (datetime(2026, 7, 6, 6, 0, tzinfo=UTC), HOLDS),  # and in summer an hour earlier
        (datetime(2026, 7, 6, 16, 0, tzinfo=UTC), OUTSIDE),
    ],
)
def test_office_hours(moment: datetime, expected: When) -> None:
    assert when(SITE.schedules[OFFICE], SITE, moment) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (local(2026, 11, 23, 21, 59), OUTSIDE),
        (local(2026, 11, 23, 22, 0), HOLDS),
        (local(2026, 11, 24, 0, 0), HOLDS),
        (local(2026, 11, 24, 5, 59), HOLDS),
        (local(2026, 11, 24, 6, 0), OUTSIDE),
        (local(2026, 11, 28, 5, 59), HOLDS),  # Saturday's small hours belong to Friday
        (local(2026, 11, 28, 22, 0), OUTSIDE),
        (local(2026, 11, 23, 3, 0), OUTSIDE),  # Monday's small hours belong to Sunday
        (local(2026, 12, 25, 3, 0), HOLDS),  # Christmas morning belongs to the ordinary Thursday before
        (local(2026, 12, 25, 22, 0), HOLIDAY),
        (local(2026, 12, 26, 3, 0), HOLIDAY),  # and the night after belongs to the holiday
    ],
)
def test_a_night_belongs_to_the_day_it_starts_on(moment: datetime, expected: When) -> None:
    assert when(SITE.schedules[NIGHT], SITE, moment) is expected


def test_always_is_always() -> None:
    assert when(SITE.schedules[ALWAYS], SITE, local(2026, 12, 25, 3, 0)) is HOLDS


def schedule(start: time, end: time, *, on_holidays: bool = False) -> Schedule:
    return Schedule(ScheduleId("s"), "S", False, (Period(frozenset(Weekday), start, end, on_holidays),))


@pytest.mark.parametrize(
    ("period", "moment", "expected"),
    [
        # Spring: on 29 March 2026 02:00 to 03:00 never comes; 01:59:59 is followed by 03:00.
        ((time(2), time(3)), datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), OUTSIDE),
        ((time(2), time(3)), datetime(2026, 3, 29, 1, 0, tzinfo=UTC), OUTSIDE),
        ((time(1), time(2, 30)), datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), HOLDS),
        ((time(1), time(2, 30)), datetime(2026, 3, 29, 1, 0, tzinfo=UTC), OUTSIDE),
        ((time(2, 30), time(4)), datetime(2026, 3, 29, 1, 0, tzinfo=UTC), HOLDS),
        # Autumn: on 25 October 2026 02:00 to 03:00 comes twice, and counts both times.
        ((time(2), time(3)), datetime(2026, 10, 25, 0, 0, tzinfo=UTC), HOLDS),
        ((time(2), time(3)), datetime(2026, 10, 25, 1, 59, 59, tzinfo=UTC), HOLDS),
        ((time(2), time(3)), datetime(2026, 10, 25, 2, 0, tzinfo=UTC), OUTSIDE),
        ((time(1), time(2, 30)), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), OUTSIDE),
        ((time(1), time(2, 30)), datetime(2026, 10, 25, 1, 15, tzinfo=UTC), HOLDS),
    ],
)
def test_the_nights_the_clock_is_changed(period: tuple[time, time], moment: datetime, expected: When) -> None:
    assert when(schedule(*period), SITE, moment) is expected


def test_a_period_to_midnight_ends_at_midnight() -> None:
    evening = schedule(time(22), time(0))
    assert when(evening, SITE, local(2026, 11, 23, 23, 59)) is HOLDS
    assert when(evening, SITE, local(2026, 11, 24, 0, 0)) is OUTSIDE


def test_equal_start_and_end_is_a_whole_day() -> None:
    mondays = Schedule(ScheduleId("s"), "S", False, (Period(frozenset({Weekday.MON}), time(8), time(8)),))
    assert when(mondays, SITE, local(2026, 11, 23, 7, 59)) is OUTSIDE
    assert when(mondays, SITE, local(2026, 11, 23, 8, 0)) is HOLDS
    assert when(mondays, SITE, local(2026, 11, 24, 7, 59)) is HOLDS
    assert when(mondays, SITE, local(2026, 11, 24, 8, 0)) is OUTSIDE


def test_a_period_may_be_kept_alive_on_holidays() -> None:
    kept = schedule(time(8), time(18), on_holidays=True)
    assert when(kept, SITE, local(2026, 12, 25, 12, 0)) is HOLDS


def test_a_leap_day_may_be_a_holiday() -> None:
    leap = date(2028, 2, 29)
    site = replace(SITE, holidays={leap: Holiday(leap, "Leap Day")})
    assert when(SITE.schedules[OFFICE], site, local(2028, 2, 29, 12, 0)) is HOLIDAY
    assert when(SITE.schedules[OFFICE], site, local(2028, 3, 1, 12, 0)) is HOLDS


def test_a_schedule_without_periods_never_holds() -> None:
    assert when(Schedule(ScheduleId("s"), "S", False, ()), SITE, local(2026, 11, 23, 12, 0)) is OUTSIDE
