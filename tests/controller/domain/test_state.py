"""The state's own copies, and what it keeps beside its doors."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given

from controller.domain.doors import DoorState
from controller.domain.ids import DoorId
from controller.domain.state import SiteState, deadlines, replace
from tests.controller.builders import ALICE, FRONT, FRONT_IN, quiet_house, swipe
from tests.controller.rules.test_laws import Act, days, law, lived


def test_a_copy_is_what_the_library_would_make_of_it() -> None:
    state = quiet_house().state
    assert replace(state, raised=7, log_late=True) == dataclasses.replace(state, raised=7, log_late=True)


def test_the_copied_state_is_left_as_it_was() -> None:
    state = SiteState()
    replace(state, raised=7)
    assert state == SiteState()


def test_a_field_the_state_has_not_is_no_field_of_its_copy() -> None:
    with pytest.raises(TypeError, match="rised"):
        replace(SiteState(), rised=7)  # type: ignore[call-arg] # which mypy sees as well


def test_another_value_is_copied_too() -> None:
    assert replace(DoorState(), key_turned=True).key_turned


def test_new_doors_bring_their_deadlines() -> None:
    doors = SiteState().doors.set(DoorId("hatch"), DoorState(held_after=40.0))
    assert dict(replace(SiteState(), doors=doors).door_deadlines) == {"hatch": 40.0}
    assert dict(SiteState(doors=doors).door_deadlines) == {"hatch": 40.0}


def test_an_open_grant_is_found_without_looking_at_every_door() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    ((door, passage),) = house.state.open_grants(house.now.mono)
    assert (door, passage.cardholder) == (FRONT, ALICE)
    assert not list(house.state.open_grants(passage.until))


@law
@given(days)
def test_the_deadlines_kept_beside_the_doors_are_the_doors_own(script: list[Act]) -> None:
    state = lived(script).house.state
    assert state.door_deadlines == deadlines(state.doors)
