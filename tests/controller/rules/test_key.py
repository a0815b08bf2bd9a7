"""The mechanical key: an event of its own that excuses an opening, and leaves it open who is where."""

from __future__ import annotations

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import Position
from controller.domain.ids import OUTSIDE
from tests.controller.builders import (
    ALICE,
    FRONT,
    FRONT_IN,
    INNER,
    LOBBY,
    House,
    closes,
    lock_of,
    of_kind,
    opens,
    quiet_house,
    small_site,
    swipe,
    with_key,
)

TURNED, BACK = st.KeySeen(FRONT, turned=True), st.KeySeen(FRONT, turned=False)


def keyed() -> House:
    """Alice is in the lobby; the front door's key is in its lock."""
    house = quiet_house(with_key(small_site()))
    for stimulus in (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT)):
        house.see(stimulus)
    house.events.clear()
    return house


def test_a_key_is_a_fact_and_makes_it_uncertain_who_is_where() -> None:
    house = keyed()
    assert house.see(TURNED).events == (
        ev.KeyOverrideObserved(FRONT, active=True, seconds=5.0),
        ev.WhereaboutsDoubted(FRONT, (OUTSIDE, LOBBY), ev.Doubt.KEY_OVERRIDE),
    )
    assert house.state.locations[ALICE] is None
    assert house.see(BACK).events == (ev.KeyOverrideObserved(FRONT, active=False, seconds=5.0),)


def test_an_opening_by_key_is_not_forced_and_is_timed_like_any_other() -> None:
    house = keyed()
    house.see(TURNED)
    opened = house.see(opens(FRONT), after=60.0)  # it is turned for as long as it takes
    assert ev.PositionObserved(FRONT, Position.OPEN, 20.0, 15.0) in opened.events
    assert house.alarms(AlarmKind.FORCED_OPEN) == []
    assert of_kind(ev.EntryObserved, opened.events) == []
    house.wait(20.0)
    assert len(house.alarms(AlarmKind.HELD_OPEN)) == 1


@pytest.mark.parametrize(("after", "forced"), [(4.999, 0), (5.0, 1)])
def test_a_key_that_was_turned_back_excuses_an_opening_for_a_moment(after: float, forced: int) -> None:
    house = keyed()
    house.see(TURNED)
    house.see(BACK)
    house.see_late(opens(FRONT), after)
    assert len(house.alarms(AlarmKind.FORCED_OPEN)) == forced


def test_a_key_that_was_never_turned_excuses_nothing() -> None:
    house = keyed()
    assert house.see(BACK).events == ()
    house.see(opens(FRONT))
    assert len(house.alarms(AlarmKind.FORCED_OPEN)) == 1


def test_a_door_found_open_is_found_open_key_or_not() -> None:
    house = keyed()
    house.restart()
    house.see(TURNED)
    house.see(opens(FRONT))
    assert len(house.alarms(AlarmKind.FOUND_OPEN)) == 1


def test_a_badge_beside_the_key_is_an_entry_of_its_own() -> None:
    house = keyed()
    house.see(closes(FRONT))
    house.see(swipe(FRONT_IN, ALICE), after=10.0)
    house.see(TURNED)
    house.see(opens(FRONT))
    assert len(of_kind(ev.EntryObserved, house.events)) == 1


def test_a_key_whose_contact_went_silent_excuses_nothing_for_long() -> None:
    house = keyed()
    house.see(TURNED)
    house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    assert not house.state.door(FRONT).key_turned


@pytest.mark.parametrize("door", [INNER, "nowhere"])
def test_a_door_without_a_key_contact_has_no_key(door: str) -> None:
    assert keyed().see(st.KeySeen(door, turned=True)).events == ()  # type: ignore[arg-type]


def test_a_key_told_twice_is_one_fact() -> None:
    house = keyed()
    house.see(TURNED)
    assert house.see(TURNED).events == ()
