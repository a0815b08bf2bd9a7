"""Visitors and their escorts: whose badge comes first, how many, how far, and what it is when the escort is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.effects import Light, Signal
from controller.domain.ids import CardholderId
from controller.domain.operators import ForgivePassback
from controller.domain.people import CredentialStatus
from controller.domain.site import EscortOrder, EscortRule, Factor, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    INNER,
    INNER_IN,
    LOBBY,
    NORA,
    PEOPLE,
    STAFF,
    SUE,
    House,
    badge,
    closes,
    of_kind,
    opens,
    order,
    pin,
    quiet_house,
    small_site,
    swipe,
    with_zone,
)
from tests.controller.rules.test_companions import denials, goes_out, granted

R = DenyReason
GRACE = 60.0


def escorts(order: EscortOrder = EscortOrder.EITHER, per_escort: int | None = None) -> Site:
    return with_zone(small_site(), LOBBY, escort=EscortRule(order, 20.0, per_escort, GRACE))


def reception(site: Site) -> House:
    """Alice may escort, Bob may not; Eve is a visitor, and Nora a contractor who needs an escort."""
    house = quiet_house(site)
    changed = (
        replace(PEOPLE[ALICE], may_escort=True),
        replace(PEOPLE[EVE], levels=frozenset({STAFF})),
        replace(PEOPLE[NORA], levels=frozenset({STAFF}), needs_escort=True),
    )
    for person in changed:
        house.see(st.PersonEnrolled("test", person, "sealed"))
    house.events.clear()
    return house


def through(house: House) -> None:
    house.see(opens(FRONT))
    house.see(closes(FRONT))


@pytest.mark.parametrize("order", [EscortOrder.EITHER, EscortOrder.VISITOR_FIRST])
@pytest.mark.parametrize("who", [EVE, NORA])
def test_a_visitor_waits_for_the_escorts_badge_and_both_go_in(order: EscortOrder, who: CardholderId) -> None:
    house = reception(escorts(order))
    assert Signal(FRONT_IN, Light.NEXT_BADGE) in house.see(swipe(FRONT_IN, who)).effects
    assert granted(house) == []
    house.see(swipe(FRONT_IN, ALICE))
    assert granted(house) == [who, ALICE]
    assert Factor.ESCORT in of_kind(ev.AccessGranted, house.events)[0].presented
    assert Factor.ESCORT not in of_kind(ev.AccessGranted, house.events)[1].presented


def test_no_escort_comes() -> None:
    house = reception(escorts())
    house.see(swipe(FRONT_IN, EVE))
    house.wait(19.9)
    assert denials(house) == []
    house.wait(0.2)
    assert denials(house) == [(EVE, (R.ESCORT_NEEDED,))]


def test_whoever_may_not_escort_goes_in_alone_and_the_visitor_is_refused() -> None:
    house = reception(escorts())
    house.see(swipe(FRONT_IN, EVE))
    house.see(swipe(FRONT_IN, BOB))
    assert denials(house) == [(EVE, (R.ESCORT_NEEDED,))]
    assert granted(house) == [BOB]


def test_an_escort_goes_in_alone_where_the_visitor_falls_short_by_then() -> None:
    house = reception(escorts())
    house.see(swipe(FRONT_IN, EVE))
    house.see(st.BadgeEnrolled("test", badge(EVE, status=CredentialStatus.STOLEN)))
    house.see(swipe(FRONT_IN, ALICE))
    assert denials(house) == [(EVE, (R.CREDENTIAL_STOLEN,))]
    assert granted(house) == [ALICE]


@pytest.mark.parametrize("order", [EscortOrder.EITHER, EscortOrder.ESCORT_FIRST])
@pytest.mark.parametrize("gone_through", [False, True])
def test_a_visitor_follows_the_escort_at_the_same_reader(order: EscortOrder, *, gone_through: bool) -> None:
    house = reception(escorts(order))
    house.see(swipe(FRONT_IN, ALICE))
    if gone_through:
        through(house)
    house.see(swipe(FRONT_IN, EVE), after=4.0)
    assert granted(house) == [ALICE, EVE]


def test_too_long_after_the_escort_or_without_one_is_refused() -> None:
    house = reception(escorts(EscortOrder.ESCORT_FIRST))
    house.see(swipe(FRONT_IN, EVE))
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    house.see(swipe(FRONT_IN, EVE), after=20.1)
    assert denials(house) == [(EVE, (R.ESCORT_NEEDED,))] * 2


def test_an_escort_who_stayed_behind_is_no_escort() -> None:
    house = reception(escorts(EscortOrder.ESCORT_FIRST))
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    house.wait(7.0)
    goes_out(house, ALICE)
    house.see(swipe(FRONT_IN, ALICE))
    house.wait(7.0)  # granted, and did not go through
    house.see(swipe(FRONT_IN, EVE))
    assert denials(house) == [(EVE, (R.ESCORT_NEEDED,))]


def test_where_the_visitor_comes_first_an_escort_who_went_ahead_does_not_count() -> None:
    house = reception(escorts(EscortOrder.VISITOR_FIRST))
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    house.see(swipe(FRONT_IN, EVE))
    assert granted(house) == [ALICE]
    assert Factor.ESCORT in house.state.challenges[FRONT_IN].wanted


def test_an_escort_who_has_gone_on_is_too_far() -> None:
    house = reception(escorts())
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    for stimulus in (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), opens(INNER), closes(INNER)):
        house.see(stimulus)
    house.see(swipe(FRONT_IN, EVE))
    assert denials(house) == [(EVE, (R.ESCORT_TOO_FAR,))]


def test_an_escort_looks_after_so_many_and_no_more() -> None:
    house = reception(escorts(per_escort=1))
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    house.see(swipe(FRONT_IN, EVE))
    through(house)
    house.see(swipe(FRONT_IN, NORA))
    assert granted(house) == [ALICE, EVE]
    assert denials(house) == [(NORA, (R.ESCORT_NEEDED,))]


def test_the_way_out_takes_no_escort() -> None:
    site = escorts()
    house = reception(with_zone(site, LOBBY, escort=site.zones[LOBBY].escort))
    house.see(swipe(FRONT_OUT, EVE))
    assert granted(house) == [EVE]


def test_a_visitor_whose_escort_left_is_astray_after_a_grace_time_until_one_is_back() -> None:
    house = reception(escorts())
    house.see(swipe(FRONT_IN, EVE))
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    house.wait(8.0)
    goes_out(house, ALICE)  # nobody is kept in for it
    assert of_kind(ev.GraceStarted, house.events) == [ev.GraceStarted(LOBBY, AlarmKind.VISITOR_ASTRAY, GRACE)]
    house.wait(GRACE)
    (alarm,) = house.alarms(AlarmKind.VISITOR_ASTRAY)
    assert (alarm.source.zone, alarm.detail, alarm.persists) == (LOBBY, EVE, True)
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    assert not house.alarms(AlarmKind.VISITOR_ASTRAY)[0].persists


def test_a_visitor_whose_escort_may_still_be_there_is_not_astray() -> None:
    house = reception(escorts())
    house.see(swipe(FRONT_IN, EVE))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(st.RexSeen(FRONT))
    house.see(closes(FRONT))
    house.wait(8.0)
    house.see(st.RexSeen(FRONT))
    house.see(opens(FRONT))  # somebody left whom nobody can name
    house.see(closes(FRONT))
    house.wait(2 * GRACE)
    assert house.alarms(AlarmKind.VISITOR_ASTRAY) == []


def test_an_escort_who_may_still_be_there_is_not_gone() -> None:
    house = reception(escorts())
    house.see(swipe(FRONT_IN, EVE))
    house.see(swipe(FRONT_IN, ALICE))
    through(house)
    house.see(order(SUE, ForgivePassback(ALICE, "where is she?")), after=10.0)
    assert (house.state.locations[EVE], house.state.locations[ALICE]) == (LOBBY, None)
    assert of_kind(ev.GraceStarted, house.events) == []
    house.see(order(SUE, ForgivePassback(BOB, "where is he?")))
    house.see(swipe(FRONT_OUT, ALICE))
    through(house)
    assert [event.zone for event in of_kind(ev.GraceStarted, house.events)] == [LOBBY]
