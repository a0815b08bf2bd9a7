"""First person in: who waits for whom, and what is not known denies nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import stimuli as st
from controller.domain.decision import DenyReason
from controller.domain.site import FirstPerson
from controller.rules.first_person import counts_as_first, first_is_in
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GUARDS,
    LOBBY,
    PEOPLE,
    STAFF,
    House,
    closes,
    opens,
    quiet_house,
    small_site,
    swipe,
    with_zone,
)
from tests.controller.rules.test_companions import denials, goes_out, granted

BOB_FIRST = FirstPerson(frozenset({GUARDS}), 0)


def house_with(rule: FirstPerson | None) -> House:
    return quiet_house(with_zone(small_site(), LOBBY, first_person=rule))


def goes_in(house: House, who: str) -> None:
    for stimulus in (swipe(FRONT_IN, who), opens(FRONT), closes(FRONT)):
        house.see(stimulus)
    house.wait(7.0)


def test_nobody_goes_in_before_the_first() -> None:
    house = house_with(BOB_FIRST)
    house.see(swipe(FRONT_IN, ALICE))
    assert denials(house) == [(ALICE, (DenyReason.NOBODY_FIRST,))]
    house.see(swipe(FRONT_IN, BOB))
    house.see(swipe(FRONT_IN, ALICE))
    assert denials(house)[1:] == [(ALICE, (DenyReason.NOBODY_FIRST,))]  # granted is not in
    goes_in(house, BOB)
    goes_in(house, ALICE)
    assert granted(house)[-1] == ALICE
    assert first_is_in(house.state, house.site.zones[LOBBY], BOB_FIRST)


def test_once_the_first_has_left_others_wait_again() -> None:
    house = house_with(BOB_FIRST)
    goes_in(house, BOB)
    goes_out(house, BOB)
    house.see(swipe(FRONT_IN, ALICE))
    assert denials(house) == [(ALICE, (DenyReason.NOBODY_FIRST,))]


def test_a_first_who_may_still_be_in_keeps_nobody_out() -> None:
    house = house_with(BOB_FIRST)
    goes_in(house, BOB)
    house.restart()
    house.see(closes(FRONT))
    house.see(swipe(FRONT_IN, ALICE))
    assert granted(house)[-1] == ALICE


def test_the_way_out_waits_for_nobody() -> None:
    house = house_with(BOB_FIRST)
    house.see(swipe(FRONT_OUT, ALICE))
    assert granted(house) == [ALICE]


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        (FirstPerson(frozenset({STAFF}), 0), True),
        (FirstPerson(frozenset({STAFF, GUARDS}), 2), True),
        (FirstPerson(frozenset({STAFF}), 3), False),
        (FirstPerson(frozenset({GUARDS}), 0), False),
        (FirstPerson(frozenset(), 2), True),
        (FirstPerson(frozenset(), 3), False),
    ],
)
def test_who_counts(rule: FirstPerson, *, counts: bool) -> None:
    assert counts_as_first(rule, PEOPLE[ALICE]) is counts


def test_a_badge_that_counts_still_needs_a_right() -> None:
    house = house_with(FirstPerson(frozenset(), 1))
    house.see(st.PersonEnrolled("test", replace(PEOPLE[ALICE], levels=frozenset()), "sealed"))
    house.see(swipe(FRONT_IN, ALICE))
    assert denials(house) == [(ALICE, (DenyReason.NO_ACCESS_RIGHT,))]
