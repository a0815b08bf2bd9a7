"""What a right to pass says once it is used: who, whence and whither, and whose right it was."""

from __future__ import annotations

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.doors import Direction
from controller.domain.ids import OUTSIDE, ZoneId
from controller.domain.operators import UnlockOnce
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    GIL,
    INNER_IN,
    LOBBY,
    House,
    closes,
    of_kind,
    opens,
    order,
    pin,
    quiet_house,
    small_site,
    swipe,
    with_turnstile,
)

NAMED = order(GIL, UnlockOnce(FRONT, "a colleague", cardholder=ALICE))


def went(house: House) -> tuple[ZoneId | None, ZoneId | None]:
    """Return whence and whither the last one went."""
    last = of_kind(ev.EntryObserved, house.events)[-1]
    return last.leaves, last.enters


def test_whom_a_guard_names_goes_away_from_where_they_are_known_to_be() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    for stimulus in (opens(FRONT), closes(FRONT)):
        house.see(stimulus)
    for whence, whither in ((LOBBY, OUTSIDE), (OUTSIDE, LOBBY)):
        house.see(NAMED, after=20.0)
        for stimulus in (opens(FRONT), closes(FRONT)):
            house.see(stimulus)
        assert went(house) == (whence, whither)
        assert house.state.locations[ALICE] == whither


@pytest.mark.parametrize("known", [False, True])
def test_whom_a_guard_names_elsewhere_or_nowhere_may_go_either_way(known: bool) -> None:
    house = quiet_house()
    if known:  # in the chancery, where the front door does not lead
        for stimulus in (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), opens(house.site.readers[INNER_IN].door)):
            house.see(stimulus)
    house.see(NAMED, after=20.0)
    house.see(opens(FRONT))
    assert went(house) == (None, None)
    assert house.state.locations[ALICE] is None


@pytest.mark.parametrize(
    ("turned", "ways"), [(Direction.IN, (OUTSIDE, LOBBY)), (Direction.OUT, (LOBBY, OUTSIDE))], ids=str
)
def test_a_turnstile_shows_which_way_they_went_whom_a_guard_names(
    turned: Direction, ways: tuple[ZoneId, ZoneId]
) -> None:
    house = quiet_house(with_turnstile(small_site()))
    for _ in range(2):  # the second time against what is known of them: what was seen counts
        house.see(NAMED, after=20.0)
        house.see(st.RotationSeen(FRONT, turned))
        assert went(house) == ways


def test_whoever_passes_an_open_door_uses_nobody_elses_right() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(st.RexSeen(FRONT))  # somebody is about to leave
    house.see(swipe(FRONT_IN, BOB))  # counts as in at once, for the door stands open
    rights = house.state.door(FRONT).passages
    assert [(right.cardholder, right.used) for right in rights] == [(None, False), (BOB, True)]
