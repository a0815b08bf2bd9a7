"""What if another policy had been in force: one row for each way an entry can change, or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import pytest

from controller.domain.decision import DenyReason, FaceOutcome
from controller.domain.site import AccessLevel, Factor, Period, Schedule, Weekday
from controller.replay import requests
from controller.whatif import Change, Changed, changes
from tests.controller.builders import (
    ALICE,
    BERLIN,
    BOB,
    CELLAR,
    CELLAR_IN,
    CHANCERY,
    EVE,
    FRONT,
    FRONT_IN,
    INNER,
    INNER_IN,
    LOBBY,
    OFFICE,
    STAFF,
    pin,
    small_site,
    strange_card,
    swipe,
    wrong_pin,
)
from tests.controller.chronicle import ordinary_monday

SITE = small_site()
TEN = datetime(2026, 11, 23, 10, tzinfo=BERLIN)
AFTERNOON = Schedule(OFFICE, "Afternoons", False, (Period(frozenset(Weekday), time(12), time(18)),))


@pytest.fixture
def house():
    return ordinary_monday()


def asking(reader, *factors):
    """The same policy, but this reader asks for these."""
    changed = replace(SITE.readers[reader], keypad=True, factors=frozenset(factors))
    return replace(SITE, readers={**SITE.readers, reader: changed})


def under(site, house):
    """One entry for each request that was answered."""
    return list(changes(requests(house.records), site))


def test_under_the_same_policy_nothing_changes(house):
    for stimulus in (swipe(FRONT_IN, ALICE), swipe(INNER_IN, ALICE), wrong_pin(INNER_IN), swipe(FRONT_IN, EVE)):
        house.see(stimulus, after=2.0)
    assert under(SITE, house) == [None] * 3


def test_an_entry_outside_the_new_hours_is_refused_with_its_reason(house):
    house.see(swipe(FRONT_IN, ALICE))
    later = replace(SITE, schedules={**SITE.schedules, OFFICE: AFTERNOON})
    assert under(later, house) == [Changed(Change.REFUSED, ALICE, FRONT, TEN, (DenyReason.SCHEDULE_OUTSIDE,))]


def test_a_new_right_lets_in_who_was_refused(house):
    house.see(swipe(CELLAR_IN, ALICE))
    level = AccessLevel(
        STAFF, "Staff", frozenset({LOBBY, CHANCERY, SITE.readers[CELLAR_IN].enters}), frozenset(), OFFICE
    )
    wider = replace(SITE, access_levels={**SITE.access_levels, STAFF: level})
    assert under(wider, house) == [Changed(Change.ALLOWED, ALICE, CELLAR, TEN, factors=(Factor.FACE,))]


def test_a_further_factor_is_asked_for(house):
    house.see(swipe(FRONT_IN, ALICE))
    assert under(asking(FRONT_IN, Factor.PIN), house) == [
        Changed(Change.ASKED, ALICE, FRONT, TEN, factors=(Factor.PIN,))
    ]


def test_what_was_shown_then_counts(house):
    house.see(swipe(INNER_IN, ALICE))
    house.see(pin(INNER_IN, ALICE), after=1.0)
    assert under(asking(INNER_IN, Factor.PIN), house) == [None]
    assert under(asking(INNER_IN, Factor.PIN, Factor.FACE), house) == [
        Changed(Change.ASKED, ALICE, INNER, TEN, factors=(Factor.FACE,))
    ]


def test_where_less_is_asked_it_is_decided_once_enough_was_shown(house):
    house.see(swipe(INNER_IN, ALICE))
    house.see(wrong_pin(INNER_IN), after=1.0)
    assert under(asking(INNER_IN), house) == [Changed(Change.ALLOWED, ALICE, INNER, TEN)]


def test_so_it_is_in_the_middle_of_a_challenge():
    house = ordinary_monday()
    house.site = asking(CELLAR_IN, Factor.PIN, Factor.FACE)
    house.see(swipe(CELLAR_IN, BOB))
    house.see(pin(CELLAR_IN, BOB), after=1.0)
    house.face(FaceOutcome.MISMATCH)
    assert under(asking(CELLAR_IN, Factor.PIN), house) == [Changed(Change.ALLOWED, BOB, CELLAR, TEN)]
    assert under(house.site, house) == [None]


def test_a_card_nobody_knows_stays_one_and_an_open_challenge_is_no_answer(house):
    house.see(strange_card(FRONT_IN))
    house.see(swipe(INNER_IN, ALICE))
    assert under(asking(FRONT_IN, Factor.PIN), house) == [None]


def test_a_reader_that_was_not_there_names_its_door(house):
    house.site = replace(SITE, readers={key: reader for key, reader in SITE.readers.items() if key != FRONT_IN})
    house.see(swipe(FRONT_IN, ALICE))
    assert under(SITE, house) == [Changed(Change.ALLOWED, ALICE, FRONT, TEN)]


def test_the_hour_is_the_new_policys(house):
    house.see(swipe(FRONT_IN, ALICE), after=1900.0)
    [changed] = under(asking(FRONT_IN, Factor.PIN), house)
    assert (changed.hour, changed.hour.tzinfo) == (TEN, BERLIN)
