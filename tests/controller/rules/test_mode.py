"""Which of those who ask for a lock mode is heard, and when a schedule next has a word: boundary rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain import stimuli as st
from controller.domain.doors import LockMode, ModeSource
from controller.domain.ids import DoorId
from controller.domain.operators import EndLockdown, LockDoor, SetDoorMode, SetThreatLevel, StartLockdown
from controller.domain.people import CardholderKind
from controller.domain.site import Factor, ThreatLevel
from controller.rules.mode import asks_more, effective_mode, mode_requests, next_change, stricter
from tests.controller.builders import (
    ALICE,
    ALWAYS,
    BERLIN,
    BUILDING,
    CELLAR,
    CHANCERY,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    LOBBY,
    MONDAY_TEN,
    NIGHT,
    PANEL,
    STAFF,
    SUE,
    House,
    closes,
    opens,
    order,
    point,
    quiet_house,
    small_site,
    swipe,
    with_fire,
    with_open_hours,
)

OPEN = with_open_hours(small_site())
AFTER_THE_FIRST = with_open_hours(small_site(), first=True)
SIX = datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN)
EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=BERLIN)
TEN = datetime(2026, 11, 23, 22, 0, tzinfo=BERLIN)
HOUR = timedelta(hours=1)


def mode_at(house: House, door: DoorId = FRONT) -> LockMode:
    return effective_mode(house.site, house.state, door, house.now)


def asked(house: House, door: DoorId = FRONT) -> list[tuple[LockMode, ModeSource, str, datetime | None]]:
    requests = mode_requests(house.site, house.state, door, house.now)
    return [(each.mode, each.source, each.reference, each.until) for each in requests]


def goes_in(house: House) -> None:
    for stimulus in (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT)):
        house.see(stimulus)


def test_a_fire_is_named_first_then_the_strictest_and_a_schedule_last() -> None:
    house = quiet_house(with_open_hours(with_fire(small_site())))
    until = house.now.wall + HOUR
    house.see(order(SUE, SetDoorMode(FRONT, LockMode.SECURED, until, "paint")))
    house.see(order(SUE, SetThreatLevel(1, "a threat")))
    house.see(order(GIL, StartLockdown("drill")))
    house.see(point(PANEL))
    assert asked(house) == [
        (LockMode.FIRE_RELEASE, ModeSource.FIRE, BUILDING, None),
        (LockMode.LOCKDOWN, ModeSource.LOCKDOWN, GIL, None),
        (LockMode.SECURED, ModeSource.THREAT_LEVEL, "Elevated", None),
        (LockMode.SECURED, ModeSource.OPERATOR, SUE, until),
        (LockMode.UNLOCKED, ModeSource.SCHEDULE, "office", SIX),
    ]
    assert mode_at(house) is LockMode.FIRE_RELEASE
    assert mode_at(house, CELLAR) is LockMode.LOCKDOWN  # no fire releases it


def test_a_level_that_locks_a_door_blocks_it_and_no_other() -> None:
    house = quiet_house()
    house.see(order(SUE, SetThreatLevel(2, "a threat")))
    assert asked(house, INNER) == [(LockMode.BLOCKED, ModeSource.THREAT_LEVEL, "High", None)]
    assert asked(house, FRONT) == [(LockMode.SECURED, ModeSource.THREAT_LEVEL, "High", None)]


def test_a_log_that_is_late_unlocks_no_door_for_its_hours_and_relaxes_nothing_that_is_stricter() -> None:
    house = quiet_house(OPEN)
    house.see(st.LogLateSeen((), "slow"))
    assert mode_at(house) is LockMode.SECURED
    house.see(order(GIL, StartLockdown("drill")))
    assert mode_at(house) is LockMode.LOCKDOWN


@pytest.mark.parametrize(
    ("back", "mode"), [(5.0, LockMode.UNLOCKED), (5.001, LockMode.SECURED), (-1.0, LockMode.UNLOCKED)]
)
def test_a_wall_clock_more_than_five_seconds_behind_the_last_event_opens_no_door(back: float, mode: LockMode) -> None:
    house = quiet_house(OPEN)
    assert house.state.last is not None
    house.set_wall(house.state.last.wall - timedelta(seconds=back))
    assert mode_at(house) is mode


def test_a_clock_that_is_not_trusted_opens_no_door() -> None:
    house = quiet_house(OPEN)
    house.set_wall(MONDAY_TEN + 2 * HOUR)
    house.see(st.TimePassed())
    assert not house.state.clock_trusted
    assert asked(house) == []


# The first person


def test_nothing_opens_before_the_first_person_and_each_day_waits_for_its_own() -> None:
    house = quiet_house(AFTER_THE_FIRST)
    assert asked(house) == []
    goes_in(house)
    assert mode_at(house) is LockMode.UNLOCKED
    house.travel(EIGHT + HOUR)
    assert house.state.door(FRONT).came_in is not None
    assert asked(house) == []


def test_whoever_goes_in_at_the_very_beginning_is_the_first() -> None:
    house = quiet_house(AFTER_THE_FIRST)
    house.travel(EIGHT)
    goes_in(house)
    assert house.state.door(FRONT).came_in == EIGHT
    assert mode_at(house) is LockMode.UNLOCKED


def test_a_schedule_that_never_begins_waits_for_one_first_person_only() -> None:
    house = quiet_house(with_open_hours(small_site(), schedule=ALWAYS, first=True))
    assert asked(house) == []
    goes_in(house)
    house.travel(EIGHT + HOUR)
    assert asked(house) == [(LockMode.UNLOCKED, ModeSource.SCHEDULE, "always", None)]


# The next change


@pytest.mark.parametrize(
    ("site", "now", "change"),
    [
        (small_site(), MONDAY_TEN, None),
        (with_open_hours(small_site(), schedule=ALWAYS), MONDAY_TEN, None),
        (OPEN, MONDAY_TEN, SIX),
        (with_open_hours(OPEN, INNER, schedule=NIGHT), MONDAY_TEN, SIX),
        (with_open_hours(OPEN, INNER, schedule=NIGHT), SIX + HOUR, TEN),
        (with_open_hours(OPEN, INNER, schedule=ALWAYS), SIX, EIGHT),
    ],
)
def test_the_next_change_is_the_first_of_any_door(site, now: datetime, change: datetime | None) -> None:
    house = House(site)
    house.set_wall(now)
    assert next_change(site, house.now) == (change.astimezone(UTC) if change else None)


# Threat levels

NORMAL = ThreatLevel(0, "Normal", frozenset(), {CHANCERY: 1}, {LOBBY: frozenset({Factor.PIN})})


@pytest.mark.parametrize(
    ("door", "changes", "more"),
    [
        (INNER, {}, False),
        (INNER, {"minimum_clearance": {CHANCERY: 1}}, False),
        (INNER, {"minimum_clearance": {CHANCERY: 2}}, True),
        (INNER, {"minimum_clearance": {CHANCERY: 1, LOBBY: 1}}, True),
        (INNER, {"minimum_clearance": {}}, False),
        (FRONT, {"minimum_clearance": {CHANCERY: 2}}, False),  # it does not lead there
        (INNER, {"added_factors": {LOBBY: frozenset({Factor.PIN, Factor.FACE})}}, True),
        (INNER, {"added_factors": {LOBBY: frozenset({Factor.FACE})}}, True),
        (INNER, {"added_factors": {}}, False),
        (INNER, {"added_factors": {LOBBY: frozenset({Factor.PIN}), CHANCERY: frozenset({Factor.PIN})}}, True),
        (FRONT, {"added_factors": {LOBBY: frozenset({Factor.PIN}), CHANCERY: frozenset({Factor.PIN})}}, False),
        (FRONT, {"allowed_kinds": frozenset({CardholderKind.STAFF})}, True),
        (FRONT, {"allowed_levels": frozenset({STAFF})}, True),
    ],
)
def test_a_level_is_stricter_at_a_door_that_leads_where_it_asks_more(door: DoorId, changes, more: bool) -> None:
    level = replace(NORMAL, number=1, **changes)
    site = replace(small_site(), threat_levels={0: NORMAL, 1: level})
    assert stricter(site.doors[door], NORMAL, level) is more
    assert asks_more(site, level, site.doors[door]) is more


def test_a_building_without_a_normal_level_asks_no_more_than_its_own() -> None:
    site = replace(small_site(), threat_levels={1: small_site().threat_levels[1]})
    assert not asks_more(site, site.threat_levels[1], site.doors[FRONT])


def test_what_is_taken_away_uncovers_what_is_asked_for_now() -> None:
    house = quiet_house(OPEN)
    house.see(order(GIL, StartLockdown("drill")))
    house.see(order(GIL, EndLockdown()))
    house.see(order(SUE, EndLockdown()))
    assert mode_at(house) is LockMode.UNLOCKED
    house.see(order(GIL, LockDoor(FRONT)))
    assert mode_at(house) is LockMode.SECURED
