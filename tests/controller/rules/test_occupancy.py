"""How many a zone holds: whoever is known to be in counts, and whoever may enter any moment."""

from __future__ import annotations

from hypothesis import given

from controller.domain import events as ev
from controller.domain.decision import DenyReason
from controller.domain.site import Site
from tests.controller.builders import (
    ALICE,
    BOB,
    CHANCERY,
    FRONT,
    FRONT_IN,
    INNER,
    INNER_IN,
    INNER_OUT,
    LOBBY,
    closes,
    of_kind,
    opens,
    pin,
    quiet_house,
    small_site,
    swipe,
    with_zone,
)
from tests.controller.rules.test_laws import Act, days, law, lived


def holds(limit: int, zone: str = LOBBY) -> Site:
    return with_zone(small_site(), zone, occupancy_limit=limit)


def test_an_open_grant_is_a_place_taken() -> None:
    house = quiet_house(holds(1))
    house.see(swipe(FRONT_IN, BOB))
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessDenied, house.events)[0].reasons == (DenyReason.ZONE_FULL,)
    house.wait(6.0)  # Bob thought better of it
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessGranted, house.events)[-1].cardholder == ALICE


def test_ones_own_grant_is_the_same_place() -> None:
    house = quiet_house(holds(1))
    house.see(swipe(FRONT_IN, BOB))
    house.see(swipe(FRONT_IN, BOB))
    assert of_kind(ev.AccessDenied, house.events) == []


def test_a_grant_into_another_zone_takes_no_place_here() -> None:
    house = quiet_house(holds(1, CHANCERY))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(INNER_IN, BOB))
    house.see(pin(INNER_IN, BOB))
    assert of_kind(ev.AccessDenied, house.events) == []


def test_the_way_out_into_a_full_zone_is_a_remark() -> None:
    house = quiet_house(holds(1))
    for stimulus in (swipe(FRONT_IN, BOB), opens(FRONT), closes(FRONT), swipe(INNER_OUT, ALICE)):
        house.see(stimulus)
    assert of_kind(ev.AccessGranted, house.events)[-1].remarks == (DenyReason.ZONE_FULL,)


@law
@given(days)
def test_no_more_are_let_in_than_a_zone_holds(script: list[Act]) -> None:
    for _, outcome in lived(script, holds(1, CHANCERY)).steps:
        last = outcome.state.last
        assert last is not None
        inside = {who for who, zone in outcome.state.locations.items() if zone == CHANCERY}
        coming = {
            p.cardholder for p in outcome.state.door(INNER).passages if p.enters == CHANCERY and p.until > last.mono
        }
        assert len(inside | coming) <= 1
