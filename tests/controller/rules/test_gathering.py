"""Grants to join somebody who is no longer there: taken back, and the door locked as any door is."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.doors import LockStatus, Loop
from controller.domain.effects import FireRelease, Hold, Relock
from controller.domain.operators import ForgiveAllPassback, Refusal
from controller.domain.site import Site
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    NORA,
    PANEL,
    SUE,
    House,
    bolt,
    of_kind,
    opens,
    order,
    point,
    small_site,
    swipe,
    with_barrier,
    with_fire,
)
from tests.controller.rules.test_companions import both_in, staffed, two_person


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
