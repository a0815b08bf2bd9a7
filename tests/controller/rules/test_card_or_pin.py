"""A personal PIN in place of a card: whom it names, where it is enough, and what guessing leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from controller.domain.decision import AccessRequest, DenyReason
from controller.domain.ids import RequestId
from controller.domain.operators import AcknowledgeAlarm, BlockDoor, ConfirmPassage, SetThreatLevel
from controller.domain.people import CredentialStatus
from controller.domain.site import Factor, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    GIL,
    INNER_IN,
    LOBBY,
    SUE,
    House,
    everything_answers,
    nobodys_pin,
    of_kind,
    order,
    own_pin,
    personal,
    quiet_house,
    small_site,
    strange_card,
    swipe,
    with_reader,
    with_zone,
)


def by_pin(**rules: object) -> Site:
    return with_zone(small_site(), LOBBY, card_or_pin=True, **rules)


def at_home(site: Site | None = None) -> House:
    """Alice and Bob have personal PINs; the lobby takes them in place of a card."""
    house = quiet_house(site or by_pin())
    for who in (ALICE, BOB):
        house.see(personal(who))
    house.events.clear()
    return house


def denials(house: House) -> list[tuple[DenyReason, ...]]:
    return [event.reasons for event in of_kind(ev.AccessDenied, house.events)]


def grants(house: House) -> list[tuple[str, tuple[Factor, ...]]]:
    return [(event.cardholder, event.presented) for event in of_kind(ev.AccessGranted, house.events)]


@pytest.mark.parametrize("site", [by_pin(), with_reader(small_site(), FRONT_IN, card_or_pin=True)])
def test_a_personal_pin_names_its_holder(site: Site) -> None:
    house = at_home(site)
    house.see(own_pin(FRONT_IN, ALICE))
    assert grants(house) == [(ALICE, (Factor.PIN,))]
    house.see(swipe(FRONT_IN, BOB))
    assert grants(house)[1:] == [(BOB, (Factor.CARD,))]


@pytest.mark.parametrize("site", [small_site(), with_reader(by_pin(), FRONT_IN, keypad=False)])
def test_where_none_is_taken_it_means_nothing(site: Site) -> None:
    house = at_home(site)
    assert house.see(own_pin(FRONT_IN, ALICE)).events == ()
    assert house.see(own_pin(INNER_IN, ALICE)).events == ()


def test_it_is_no_answer_to_a_challenge() -> None:
    house = at_home(by_pin(factors=frozenset({Factor.CARD, Factor.GUARD})))
    house.see(swipe(FRONT_IN, BOB))
    assert house.see(own_pin(FRONT_IN, ALICE)).events == ()


def test_one_pin_is_one_factor() -> None:
    house = at_home()
    house.see(order(SUE, SetThreatLevel(1, "x")))  # which asks for a PIN beside the card
    house.see(own_pin(FRONT_IN, ALICE))
    assert denials(house) == [(DenyReason.ASSURANCE_TOO_LOW,)]


def test_a_guards_look_comes_on_top() -> None:
    house = at_home(by_pin(factors=frozenset({Factor.CARD, Factor.GUARD})))
    house.see(own_pin(FRONT_IN, ALICE))
    house.see(order(GIL, ConfirmPassage(RequestId("r1"))))
    assert grants(house) == [(ALICE, (Factor.GUARD, Factor.PIN))]


def test_a_search_is_drawn_for_it_too() -> None:
    house = at_home(by_pin(random_search_percent=5.0))
    house.see(replace(own_pin(FRONT_IN, ALICE), draw=499))
    assert house.state.challenges[FRONT_IN].search


@pytest.mark.parametrize(("percent", "draw"), [(0.0, None), (0.01, 7)])
def test_what_was_drawn_and_that_somebody_was_forced_is_on_record(percent: float, draw: int | None) -> None:
    house = at_home(by_pin(random_search_percent=percent))
    house.see(replace(own_pin(FRONT_IN, ALICE, forced=True), draw=7))
    (granted,) = of_kind(ev.AccessGranted, house.events)
    assert granted.asked is not None
    assert (granted.asked.draw, granted.asked.duress) == (draw, True)


def test_it_works_while_it_is_active() -> None:
    house = at_home()
    enrolled = personal(ALICE)
    house.see(replace(enrolled, credential=replace(enrolled.credential, status=CredentialStatus.SUSPENDED)))
    house.see(own_pin(FRONT_IN, ALICE))
    assert denials(house) == [(DenyReason.CREDENTIAL_SUSPENDED,)]


def test_a_changed_one_opens_nothing_any_more_nor_does_its_duress_pin() -> None:
    house = at_home()
    enrolled = personal(ALICE)
    house.see(replace(enrolled, credential=replace(enrolled.credential, token="new", duress=None)))
    house.see(own_pin(FRONT_IN, ALICE))
    house.see(own_pin(FRONT_IN, ALICE, forced=True))
    assert denials(house) == [(DenyReason.WRONG_PIN,)] * 2
    assert house.alarms(AlarmKind.DURESS) == []


def test_under_duress_it_opens_as_always_and_the_second_station_knows() -> None:
    house, forced = at_home(), at_home()
    house.see(own_pin(FRONT_IN, ALICE))
    forced.see(own_pin(FRONT_IN, ALICE, forced=True))
    assert forced.effects == house.effects
    assert grants(forced) == grants(house)
    (alarm,) = forced.alarms(AlarmKind.DURESS)
    assert (alarm.source, alarm.detail, alarm.silent) == (Source(reader=FRONT_IN), ALICE, True)


def guess(house: House, times: int, after: float = 1.0) -> None:
    for _ in range(times):
        house.see(nobodys_pin(FRONT_IN), after=after)


def test_what_is_nobodys_is_a_wrong_pin_and_five_of_them_close_the_keypad() -> None:
    house = at_home()
    guess(house, 4)
    house.see(own_pin(FRONT_IN, ALICE))  # somebody's right PIN does not forgive what others guess
    assert len(grants(house)) == 1
    assert house.alarms(AlarmKind.PIN_BRUTE_FORCE) == []
    guess(house, 1)
    assert denials(house) == [(DenyReason.WRONG_PIN,)] * 5
    (alarm,) = house.alarms(AlarmKind.PIN_BRUTE_FORCE)
    assert alarm.source == Source(reader=FRONT_IN)
    house.see(own_pin(FRONT_IN, BOB), after=59.9)
    assert denials(house)[5:] == [(DenyReason.TOO_MANY_PIN_TRIES,)]


def test_a_minute_later_it_takes_one_try_and_closes_again_if_that_is_wrong() -> None:
    house = at_home()
    guess(house, 5)
    guess(house, 1, after=60.0)
    house.see(own_pin(FRONT_IN, BOB))
    assert denials(house)[-1] == (DenyReason.TOO_MANY_PIN_TRIES,)
    house.see(own_pin(FRONT_IN, BOB), after=60.0)
    assert [who for who, _ in grants(house)] == [BOB]


def test_old_tries_are_forgotten_and_a_restart_is_no_way_around() -> None:
    house = at_home()
    guess(house, 4)
    guess(house, 1, after=900.0)
    house.see(own_pin(FRONT_IN, ALICE))
    assert len(grants(house)) == 1
    guess(house, 4)
    house.restart()
    everything_answers(house)
    house.see(own_pin(FRONT_IN, BOB))
    assert denials(house)[-1] == (DenyReason.TOO_MANY_PIN_TRIES,)


def test_a_strange_card_at_a_closed_keypad_is_no_further_guess() -> None:
    house = at_home()
    guess(house, 5)
    (alarm,) = house.alarms(AlarmKind.PIN_BRUTE_FORCE)
    house.see(order(GIL, AcknowledgeAlarm(alarm.id)))
    house.see(strange_card(FRONT_IN))
    assert len(house.alarms(AlarmKind.PIN_BRUTE_FORCE)) == 1
    guess(house, 1)
    assert len(house.alarms(AlarmKind.PIN_BRUTE_FORCE)) == 2


def test_what_was_asked_stands_beside_a_refusal_so_that_it_can_be_decided_again() -> None:
    house = at_home()
    house.see(order(GIL, BlockDoor(FRONT, "paint")))
    house.see(own_pin(FRONT_IN, ALICE))
    (denied,) = of_kind(ev.AccessDenied, house.events)
    assert denied.asked == AccessRequest(denied.request, FRONT_IN, denied.credential, frozenset({Factor.PIN}))


def test_a_card_is_read_while_the_keypad_is_closed() -> None:
    house = at_home()
    guess(house, 5)
    house.see(swipe(FRONT_IN, ALICE))
    assert grants(house) == [(ALICE, (Factor.CARD,))]


def test_a_token_of_a_card_is_no_pin() -> None:
    house = at_home()
    house.see(st.PinEntered(FRONT_IN, None, "token-alice"))
    assert denials(house) == [(DenyReason.WRONG_PIN,)]
