"""When a schedule next begins or ends: the same as looking at every minute, clock changes and feasts included."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain.ids import ScheduleId
from controller.domain.site import Holiday, Period, Schedule, Weekday
from controller.rules import schedule as edges
from controller.rules.schedule import When, began, next_edge, when
from tests.controller.builders import ALWAYS, BERLIN, NIGHT, OFFICE, small_site

SITE = small_site()
MINUTE = timedelta(minutes=1)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
"""The nights on which Berlin's clocks change: 02:00 to 03:00, and 03:00 to 02:00."""


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What another test asked answers nothing here."""
    edges._next_edge.cache_clear()
    edges._began.cache_clear()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_office_hours_end_at_six_and_begin_at_eight_on_the_next_working_day() -> None:
    office = SITE.schedules[OFFICE]
    assert next_edge(office, SITE, utc("2026-11-23T10:00+01:00")) == utc("2026-11-23T18:00+01:00")
    assert next_edge(office, SITE, utc("2026-11-27T18:00+01:00")) == utc("2026-11-30T08:00+01:00")
    assert began(office, SITE, utc("2026-11-23T10:00+01:00")) == utc("2026-11-23T08:00+01:00")
    assert began(office, SITE, utc("2026-11-23T18:00+01:00")) is None


def test_a_feast_is_passed_over_and_a_night_belongs_to_the_day_it_began_on() -> None:
    office, night = SITE.schedules[OFFICE], SITE.schedules[NIGHT]
    assert next_edge(office, SITE, utc("2026-12-24T18:00+01:00")) == utc("2026-12-28T08:00+01:00")
    assert next_edge(night, SITE, utc("2026-11-27T23:00+01:00")) == utc("2026-11-28T06:00+01:00")
    assert began(night, SITE, utc("2026-11-28T05:59+01:00")) == utc("2026-11-27T22:00+01:00")


def test_what_always_holds_has_no_edge_and_neither_has_what_never_does() -> None:
    never = Schedule(ScheduleId("never"), "Never", False, ())
    now = utc("2026-11-23T10:00+01:00")
    assert next_edge(SITE.schedules[ALWAYS], SITE, now) is began(SITE.schedules[ALWAYS], SITE, now) is None
    assert next_edge(never, SITE, now) is None


def test_what_always_holds_has_no_edge_whatever_its_periods_say() -> None:
    always = replace(SITE.schedules[OFFICE], always=True)
    assert next_edge(always, SITE, utc("2026-11-23T10:00+01:00")) is None


@pytest.mark.parametrize(
    ("zone", "hours", "evening", "expected"),
    [
        ("Europe/Berlin", (time(2, 30), time(3, 30)), "2026-10-24T20:00Z", ["00:30", "01:00", "01:30", "02:30"]),
        ("Europe/Berlin", (time(2, 30), time(3, 30)), "2026-03-28T20:00Z", ["01:00", "01:30"]),
        ("Pacific/Auckland", (time(0, 30), time(2, 30)), "2026-04-04T05:00Z", ["11:30", "13:30", "14:00", "14:30"]),
        ("Pacific/Auckland", (time(22), time()), "2026-11-22T05:00Z", ["09:00", "11:00"]),
    ],
)
def test_every_edge_of_a_sunday_is_found_whatever_the_clocks_do(
    zone: str, hours: tuple[time, time], evening: str, expected: list[str]
) -> None:
    """An hour that comes twice holds a period twice; one that never comes takes its part of it along. Times in UTC."""
    sundays = Schedule(ScheduleId("s"), "", False, (Period(frozenset({Weekday.SUN}), *hours),))
    site, at, seen = replace(SITE, timezone=ZoneInfo(zone)), utc(evening), []
    for _ in expected:
        edge = next_edge(sundays, site, at)
        assert edge is not None
        assert edge.tzinfo is UTC
        seen.append(edge)
        at = edge
    assert [f"{edge:%H:%M:%S}".removesuffix(":00") for edge in seen] == expected
    assert seen[-1] - utc(evening) < timedelta(days=1)


def test_two_periods_that_meet_have_no_edge_between_them() -> None:
    day = frozenset({Weekday.MON})
    whole = Schedule(ScheduleId("day"), "", False, (Period(day, time(0), time(12)), Period(day, time(12), time(0))))
    noon = utc("2026-11-23T11:59+01:00")
    assert next_edge(whole, SITE, noon) == utc("2026-11-24T00:00+01:00")
    assert began(whole, SITE, noon + 2 * MINUTE) == utc("2026-11-23T00:00+01:00")


clocks = some.builds(time, some.integers(0, 4), some.sampled_from([0, 15, 30]))
days = some.frozensets(some.sampled_from([Weekday.SAT, Weekday.SUN, Weekday.MON]), min_size=1)
periods = some.builds(Period, days, clocks, clocks, some.booleans()).filter(lambda period: period.start != period.end)
schedules = some.builds(
    Schedule,
    some.just(ScheduleId("s")),
    some.just(""),
    some.just(False),
    some.tuples(periods) | some.tuples(periods, periods),
)


@settings(max_examples=60)
@given(schedules, some.sampled_from([SPRING, AUTUMN]), some.integers(-300, 600), some.booleans())
def test_edges_are_where_a_look_at_every_minute_finds_them(
    schedule: Schedule, night: date, minutes: int, feast: bool
) -> None:
    site = replace(SITE, holidays={night: Holiday(night, "Feast")} if feast else {})
    start = datetime.combine(night, time(), BERLIN).astimezone(UTC) + minutes * MINUTE
    now = when(schedule, site, start) is When.HOLDS
    ahead = (start + n * MINUTE for n in range(1, 600))
    seen = next((at for at in ahead if (when(schedule, site, at) is When.HOLDS) is not now), None)
    edge = next_edge(schedule, site, start)
    assert edge == seen if seen is not None else edge is None or edge >= start + 600 * MINUTE
    if now:
        first = began(schedule, site, start)
        assert first is None or (
            first <= start
            and when(schedule, site, first) is When.HOLDS
            and when(schedule, site, first - MINUTE) is not When.HOLDS
        )
        behind = [start - n * MINUTE for n in range(600)]
        last_off = next((at for at in behind if when(schedule, site, at) is not When.HOLDS), None)
        if last_off is not None:
            assert first == last_off + MINUTE


def test_an_edge_is_looked_for_once_between_two_marks_and_anew_behind_the_next_or_under_other_feasts() -> None:
    office = SITE.schedules[OFFICE]
    found = {next_edge(office, SITE, utc(f"2026-11-23T10:{minute:02}+01:00")) for minute in range(60)}
    assert (found, edges._next_edge.cache_info().misses) == ({utc("2026-11-23T18:00+01:00")}, 1)
    assert next_edge(office, SITE, utc("2026-11-23T18:00+01:00")) == utc("2026-11-24T08:00+01:00")
    feast = replace(SITE, holidays={date(2026, 11, 24): Holiday(date(2026, 11, 24), "A feast")})
    assert next_edge(office, feast, utc("2026-11-23T18:00+01:00")) == utc("2026-11-25T08:00+01:00")
