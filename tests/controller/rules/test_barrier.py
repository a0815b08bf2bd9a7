"""Machines that crush: a barrier never moves to secure while its loop may be occupied, and does so once it is free."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as given_by

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockMode, LockStatus, Loop, Position
from controller.domain.effects import Hold, Relock, waits_for_log
from controller.domain.operators import (
    BlockDoor,
    EndLockdown,
    LockDoor,
    Order,
    ReleaseDoorMode,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
)
from controller.rules.fold import apply
from controller.rules.lockdown import not_secured
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    MONDAY_TEN,
    SUE,
    House,
    bolt,
    closes,
    lock_of,
    of_kind,
    opens,
    order,
    quiet_house,
    small_site,
    swipe,
    with_barrier,
)
from tests.controller.rules.test_laws import Act, acts, law, lived

SITE = with_barrier(small_site())
UP, DOWN = bolt(FRONT, LockStatus.UNLOCKED), bolt(FRONT, LockStatus.LOCKED)


def loop(state: Loop) -> st.LoopSeen:
    return st.LoopSeen(FRONT, state)


def a_car_under_it(house: House) -> None:
    """Alice was let in, the arm is up, and her car stands on the loop."""
    house.see(swipe(FRONT_IN, ALICE))
    house.see(UP, after=0.5)
    house.see(opens(FRONT), after=0.5)
    house.see(loop(Loop.OCCUPIED), after=0.5)


def at_front(house: House, since: int = 0) -> list[object]:
    return [e for e in house.effects[since:] if isinstance(e, Relock | Hold) and e.door == FRONT]


def test_it_closes_behind_the_car_and_not_before() -> None:
    house = quiet_house(SITE)
    house.see(swipe(FRONT_IN, ALICE))
    house.see(UP, after=0.5)
    assert house.see(opens(FRONT), after=0.5).effects == ()  # the car has still to come
    assert house.see(loop(Loop.OCCUPIED), after=0.5).effects == (Hold(FRONT),)
    house.wait(120.0)
    assert at_front(house) == [Hold(FRONT)]
    left = house.see(loop(Loop.FREE))
    assert (left.events, left.effects) == (
        (ev.LoopObserved(FRONT, Loop.FREE), ev.RelockResumed(FRONT)),
        (Relock(FRONT),),
    )


def test_a_car_that_comes_while_it_closes_raises_it_again() -> None:
    house = quiet_house(SITE)
    a_car_under_it(house)
    house.see(loop(Loop.FREE), after=2.0)
    assert house.see(loop(Loop.OCCUPIED), after=0.2).effects == (Hold(FRONT),)
    assert house.see(loop(Loop.FREE), after=5.0).effects == (Relock(FRONT),)


def test_nobody_opens_it_by_standing_on_its_loop() -> None:
    house = quiet_house(SITE)
    assert house.see(loop(Loop.OCCUPIED)).effects == ()
    assert house.see(loop(Loop.FREE)).effects == ()


def test_what_stood_there_before_it_went_up_keeps_it_up() -> None:
    house = quiet_house(SITE)
    house.see(loop(Loop.OCCUPIED))
    house.see(swipe(FRONT_IN, ALICE))
    assert house.see(UP, after=0.5).effects == (Hold(FRONT),)


@pytest.mark.parametrize(
    "what", [StartLockdown("shots"), LockDoor(FRONT), BlockDoor(FRONT, "a bomb"), SetThreatLevel(2, "a call")]
)
def test_no_order_brings_it_down_on_a_car_and_every_one_does_behind_it(what: Order) -> None:
    site = replace(SITE, threat_levels={**SITE.threat_levels, 2: replace(SITE.threat_levels[2], locked_doors={FRONT})})
    house = quiet_house(site)
    a_car_under_it(house)
    since = len(house.effects)
    house.see(order(SUE, what))
    house.wait(60.0)
    assert at_front(house, since) == []
    house.see(loop(Loop.FREE))
    assert at_front(house, since) == [Relock(FRONT)]


def test_a_lockdown_lists_it_until_it_is_seen_down() -> None:
    house = quiet_house(SITE)
    a_car_under_it(house)
    house.see(closes(INNER))
    house.see(order(GIL, StartLockdown("shots")))
    assert not_secured(house.site, house.state) == (FRONT,)
    house.wait(5.0)
    assert house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE)[0].persists
    house.see(loop(Loop.FREE))
    assert not_secured(house.site, house.state) == (FRONT,)  # told is not seen
    house.see(closes(FRONT), after=2.0)
    house.see(DOWN)
    assert not_secured(house.site, house.state) == ()
    assert not house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE)[0].persists


def test_a_lockdown_that_ends_while_a_car_stands_there_still_closes_behind_it() -> None:
    house = quiet_house(SITE)
    a_car_under_it(house)
    house.see(order(GIL, StartLockdown("shots")))
    house.see(order(GIL, EndLockdown()))
    house.see(order(SUE, EndLockdown()))
    assert house.see(loop(Loop.FREE)).effects == (Relock(FRONT),)


def test_the_next_cars_grant_keeps_it_up_until_that_one_passed_too() -> None:
    house = quiet_house(SITE)
    a_car_under_it(house)
    house.see(closes(FRONT))  # so that Bob's grant is not counted as used at once
    house.see(swipe(FRONT_IN, BOB), after=1.0)
    assert house.see(loop(Loop.FREE), after=0.5).effects == ()
    assert Relock(FRONT) not in house.effects
    house.wait(6.0)  # Bob never came
    assert at_front(house)[-1] == Relock(FRONT)


@pytest.mark.parametrize("blind", [Loop.FAULT, Loop.UNKNOWN])
def test_a_loop_that_is_not_known_to_be_free_counts_as_occupied(blind: Loop) -> None:
    house = quiet_house(SITE)
    house.see(swipe(FRONT_IN, ALICE))
    house.see(UP)
    assert house.see(loop(blind)).effects == (Hold(FRONT),)
    house.see(order(GIL, LockDoor(FRONT)))
    assert at_front(house) == [Hold(FRONT)]


def test_after_a_restart_it_waits_for_its_loop_and_then_closes() -> None:
    house = quiet_house(SITE)
    a_car_under_it(house)
    since = len(house.effects)
    started = house.restart()
    assert Relock(INNER) in started.effects
    assert of_kind(ev.RelockDeferred, started.events) == [ev.RelockDeferred(FRONT)]
    house.see(UP)
    house.see(loop(Loop.OCCUPIED))
    assert Relock(FRONT) not in at_front(house, since)
    house.see(loop(Loop.FREE), after=3.0)
    assert at_front(house, since)[-1] == Relock(FRONT)


def test_a_lost_device_says_nothing_of_its_loop_and_moves_nothing_when_it_is_back() -> None:
    house = quiet_house(SITE)
    lost = house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    assert ev.LoopObserved(FRONT, Loop.UNKNOWN) in lost.events
    back = house.see(st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail=""))
    assert back.effects == ()
    assert house.see(loop(Loop.FREE)).effects == (Relock(FRONT),)


def test_an_order_to_stay_up_that_ends_over_a_car_waits_for_the_car() -> None:
    house = quiet_house(SITE)
    house.see(STAY_UP)
    for stimulus in (UP, opens(FRONT), loop(Loop.OCCUPIED)):
        house.see(stimulus, after=0.5)
    since = len(house.effects)
    house.see(AS_USUAL)
    assert at_front(house, since) == []
    house.see(loop(Loop.FREE), after=60.0)
    assert at_front(house, since) == [Relock(FRONT)]


def test_cars_come_and_go_while_it_is_ordered_to_stay_up() -> None:
    house = quiet_house(SITE)
    house.see(STAY_UP)
    for stimulus in (UP, opens(FRONT), loop(Loop.OCCUPIED), loop(Loop.FREE), loop(Loop.OCCUPIED), loop(Loop.FREE)):
        house.see(stimulus, after=0.5)
    assert Relock(FRONT) not in house.effects


def test_a_barrier_that_the_policy_knows_no_more_is_told_nothing() -> None:
    house = quiet_house(SITE)
    a_car_under_it(house)
    house.see(order(GIL, LockDoor(FRONT)))
    gone = ev.SiteActivated("digest-2", "", doors_gone=(FRONT,))
    assert apply(house.state, gone, house.now).deferred == frozenset()


def test_holding_waits_for_no_log() -> None:
    assert not waits_for_log(Hold(FRONT))


def test_a_loop_told_twice_is_one_fact_and_a_door_without_one_has_none() -> None:
    house = quiet_house(SITE)
    assert house.see(loop(Loop.FREE)).events == ()
    assert house.see(st.LoopSeen(INNER, Loop.OCCUPIED)).events == ()
    assert house.see(st.LoopSeen("nowhere", Loop.OCCUPIED)).events == ()  # type: ignore[arg-type]


STAY_UP = order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=1), "a delivery"))
AS_USUAL = order(SUE, ReleaseDoorMode(FRONT, LockMode.UNLOCKED))
loops = given_by.builds(
    Act,
    given_by.one_of(
        given_by.sampled_from([*map(loop, Loop), loop(Loop.OCCUPIED), loop(Loop.FREE)]),
        given_by.sampled_from([UP, DOWN, opens(FRONT), closes(FRONT), swipe(FRONT_IN, ALICE), STAY_UP, AS_USUAL]),
    ),
    given_by.sampled_from([0.0, 0.1, 1.0, 6.0]),
)


@law
@given(given_by.lists(given_by.one_of(loops, loops, acts), min_size=3, max_size=40))
def test_it_never_closes_on_anything_whatever_happens(script: list[Act]) -> None:
    """No relock is ever asked of a barrier unless its loop is known to be free at that very moment."""
    for before, outcome in lived(script, SITE).steps:
        if Relock(FRONT) in outcome.effects:
            assert outcome.state.door(FRONT).loop is Loop.FREE
        after = outcome.state.door(FRONT)
        went_up = after.lock is LockStatus.UNLOCKED and before.door(FRONT).lock is not LockStatus.UNLOCKED
        left_free = after.loop is not Loop.FREE and before.door(FRONT).loop is Loop.FREE
        if after.lock is LockStatus.UNLOCKED and after.loop is not Loop.FREE and (went_up or left_free):
            assert Hold(FRONT) in outcome.effects  # else its pulse would end by itself
            assert FRONT in outcome.state.deferred or after.held


@law
@given(given_by.lists(given_by.one_of(loops, acts), max_size=30))
def test_it_always_closes_in_the_end(script: list[Act]) -> None:
    house = lived(script, SITE).house
    house.see(loop(Loop.OCCUPIED))
    house.see(loop(Loop.FREE))
    house.wait(600.0)
    assert house.state.deferred == frozenset()
    assert house.state.door(FRONT).position in Position
