"""Grants to join somebody who is no longer there: taken back, and the door locked as any door is."""

from __future__ import annotations

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockStatus, Loop
from controller.domain.effects import FireRelease, Hold, Relock
from controller.domain.operators import ForgiveAllPassback, ForgivePassback, Refusal
from controller.domain.site import Site
from tests.controller.builders import (
    ALICE,
    BOB,
    CHANCERY,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    INNER,
    INNER_IN,
    LOBBY,
    NORA,
    PANEL,
    SUE,
    House,
    bolt,
    closes,
    of_kind,
    opens,
    order,
    pin,
    point,
    small_site,
    swipe,
    with_barrier,
    with_fire,
    with_zone,
)
from tests.controller.rules.test_companions import both_in, goes_out, staffed, two_person


def about_to_join(site: Site | None = None) -> House:
    """Alice and Bob are in the lobby, and Nora was just let in to join them."""
    house = staffed(two_person(site))
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    house.see(swipe(FRONT_IN, NORA))
    assert of_kind(ev.AccessGranted, house.events)[-1].cardholder == NORA
    house.effects.clear()
    return house


def taken_back(house: House) -> bool:
    return any(event.why is Refusal.SECOND_PERSON_NEEDED for event in of_kind(ev.GrantWithdrawn, house.events))


def test_the_door_is_locked_again() -> None:
    house = about_to_join()
    house.see(order(SUE, ForgiveAllPassback("where is everybody?")))
    assert taken_back(house)
    assert Relock(FRONT) in house.effects


def test_a_fire_keeps_its_doors_released_all_the_same() -> None:
    """In a fire nobody knows any more who is in: what is taken back then must not lock the way out."""
    house = about_to_join(with_fire(small_site()))
    house.see(point(PANEL))
    assert taken_back(house)
    assert FireRelease(FRONT) in house.effects
    assert Relock(FRONT) not in house.effects


def test_a_barrier_does_not_come_down_on_whoever_drives_in() -> None:
    house = about_to_join(with_barrier(small_site()))
    for stimulus in (bolt(FRONT, LockStatus.UNLOCKED), st.LoopSeen(FRONT, Loop.OCCUPIED)):
        house.see(stimulus)
    house.see(order(SUE, ForgiveAllPassback("where is everybody?")))
    assert taken_back(house)
    assert Hold(FRONT) in house.effects
    assert Relock(FRONT) not in house.effects
    house.see(opens(FRONT))
    house.see(st.LoopSeen(FRONT, Loop.FREE))
    assert house.effects[-1] == Relock(FRONT)


def test_whoever_was_let_in_to_join_two_still_joins_one() -> None:
    house = about_to_join()
    house.see(order(SUE, ForgivePassback(ALICE, "where is she?")))
    assert not taken_back(house)


def test_a_visitor_is_nobody_to_join() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    for stimulus in (swipe(FRONT_IN, EVE), opens(FRONT), closes(FRONT), swipe(FRONT_IN, NORA)):
        house.see(stimulus)
    house.see(order(SUE, ForgivePassback(ALICE, "where is she?")))
    assert not taken_back(house)
    house.see(order(SUE, ForgivePassback(BOB, "where is he?")))
    assert house.state.locations[EVE] == LOBBY
    assert taken_back(house)


def test_two_who_were_let_in_together_need_nobody_inside() -> None:
    house = staffed(two_person())
    for who in (ALICE, BOB):
        house.see(swipe(FRONT_IN, who))
    for stimulus in (swipe(INNER_IN, NORA), pin(INNER_IN, NORA), opens(INNER)):
        house.see(stimulus)
    assert house.state.locations[NORA] == CHANCERY  # somebody moved: every zone was looked at
    assert len(house.state.door(FRONT).passages) == 2
    assert not taken_back(house)


def test_whoever_is_on_the_way_out_needs_nobody_inside() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.see(swipe(FRONT_OUT, ALICE), after=10.0)
    house.see(order(SUE, ForgiveAllPassback("where is everybody?")))
    assert [right.cardholder for right in house.state.door(FRONT).passages] == [ALICE]
    assert not taken_back(house)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.0])
def test_a_short_grace_time_is_one_and_none_is_none(seconds: float) -> None:
    house = staffed(with_zone(two_person(), LOBBY, two_person_grace_seconds=seconds))
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, BOB)
    started = [event.seconds for event in of_kind(ev.GraceStarted, house.events)]
    assert started == ([seconds] if seconds else [])
    assert len(house.alarms(AlarmKind.TWO_PERSON_BROKEN)) == 1
