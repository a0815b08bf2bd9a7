"""People who need more time get more of it: to open, to go through, and to show what is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import Position
from controller.domain.effects import Relock, Unlock
from controller.domain.site import RelockOn, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    INNER_IN,
    PEOPLE,
    House,
    closes,
    of_kind,
    opens,
    quiet_house,
    small_site,
    swipe,
    with_door,
)


def slow_house(site: Site | None = None) -> House:
    """Alice needs more time; Bob does not."""
    site = with_door(site or small_site(), FRONT, extended_unlock_seconds=12.0, extended_open_seconds=50.0)
    reader = replace(site.readers[INNER_IN], extended_challenge_seconds=25.0)
    house = quiet_house(replace(site, readers={**site.readers, INNER_IN: reader}))
    house.see(st.PersonEnrolled("test", replace(PEOPLE[ALICE], extended_time=True), "sealed"))
    house.events.clear()
    return house


@pytest.mark.parametrize(("who", "seconds"), [(ALICE, 12.0), (BOB, 5.0)])
def test_the_strike_stays_released_longer(who: str, seconds: float) -> None:
    house = slow_house()
    granted = house.see(swipe(FRONT_IN, who))  # type: ignore[arg-type]
    assert [e.seconds for e in of_kind(ev.AccessGranted, granted.events)] == [seconds]
    assert [e.seconds for e in granted.effects if isinstance(e, Unlock)] == [seconds]
    house.see(opens(FRONT), after=seconds + 0.9)  # the contact's grace
    assert house.alarms(AlarmKind.FORCED_OPEN) == []


@pytest.mark.parametrize(("who", "seconds"), [(ALICE, 50.0), (BOB, 20.0)])
def test_the_door_may_stand_open_longer(who: str, seconds: float) -> None:
    house = slow_house()
    house.see(swipe(FRONT_IN, who))  # type: ignore[arg-type]
    opened = house.see(opens(FRONT), after=1.0)
    assert opened.events[0] == ev.PositionObserved(FRONT, Position.OPEN, seconds, seconds - 5.0)
    house.wait(seconds - 0.001)
    assert house.alarms(AlarmKind.HELD_OPEN) == []
    house.wait(0.001)
    assert len(house.alarms(AlarmKind.HELD_OPEN)) == 1


def test_of_two_who_go_in_together_the_slower_one_sets_the_time() -> None:
    house = slow_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB), after=1.0)
    assert house.see(opens(FRONT), after=1.0).events[0] == ev.PositionObserved(FRONT, Position.OPEN, 50.0, 45.0)


def test_a_quicker_one_behind_takes_no_time_away() -> None:
    house = slow_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT), after=1.0)
    house.see(swipe(FRONT_IN, BOB), after=5.0)
    assert of_kind(ev.HeldOpenTimerRestarted, house.events) == [ev.HeldOpenTimerRestarted(FRONT, 45.0, 40.0)]


def test_a_slower_one_behind_gets_the_whole_time() -> None:
    house = slow_house()
    house.see(swipe(FRONT_IN, BOB))
    house.see(opens(FRONT), after=1.0)
    house.see(swipe(FRONT_IN, ALICE), after=5.0)
    assert of_kind(ev.HeldOpenTimerRestarted, house.events) == [ev.HeldOpenTimerRestarted(FRONT, 50.0, 45.0)]


def test_the_second_factor_may_take_longer() -> None:
    house = slow_house()
    asked = house.see(swipe(INNER_IN, ALICE))
    assert [e.seconds for e in of_kind(ev.ChallengeIssued, asked.events)] == [25.0]
    other = slow_house()
    asked = other.see(swipe(INNER_IN, BOB))
    assert [e.seconds for e in of_kind(ev.ChallengeIssued, asked.events)] == [10.0]


def test_the_lock_goes_back_on_open_or_on_close_as_for_everybody() -> None:
    on_open = slow_house()
    on_open.see(swipe(FRONT_IN, ALICE))
    assert on_open.see(opens(FRONT), after=11.0).effects == (Relock(FRONT),)
    on_close = slow_house(with_door(small_site(), FRONT, relock_on=RelockOn.CLOSE))
    on_close.see(swipe(FRONT_IN, ALICE))
    assert on_close.see(opens(FRONT), after=11.0).effects == ()
    assert on_close.see(closes(FRONT), after=40.0).effects == (Relock(FRONT),)


def test_a_door_that_says_nothing_of_it_gives_everybody_the_same() -> None:
    house = slow_house()
    house.site = small_site()
    assert [e.seconds for e in house.see(swipe(FRONT_IN, ALICE)).effects if isinstance(e, Unlock)] == [5.0]
