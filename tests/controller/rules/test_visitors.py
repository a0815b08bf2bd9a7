"""The visitors' desk: registered, approved, signed in with a badge of the pool, signed out, overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.ids import CardholderId, CredentialId
from controller.domain.operators import Refusal
from controller.domain.people import CardholderKind, CredentialStatus
from controller.domain.site import EscortOrder, EscortRule
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor, VisitOrder
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    LOBBY,
    MONDAY_TEN,
    PEOPLE,
    STAFF,
    SUE,
    House,
    badge,
    badge_of,
    closes,
    of_kind,
    opens,
    order,
    quiet_house,
    small_site,
    swipe,
    with_zone,
)
from tests.controller.rules.test_companions import denials, granted

R = DenyReason
VERA = CardholderId("g-vera")
UNTIL = MONDAY_TEN + timedelta(hours=2)
REGISTER = RegisterVisitor(VERA, ALICE, None, MONDAY_TEN, UNTIL, frozenset({STAFF}), "sealed")
APPROVE, OUT = ApproveVisit(VERA), SignOutVisitor(VERA, badge_returned=True)
IN = SignInVisitor(VERA, badge_of(EVE))


def desk() -> House:
    """Staff rights may be given to visitors; Eve's badge is the pool's, and was given back."""
    site = small_site()
    levels = {**site.access_levels, STAFF: replace(site.access_levels[STAFF], for_visitors=True)}
    house = quiet_house(replace(site, access_levels=levels))
    house.see(st.BadgeEnrolled("test", badge(EVE, status=CredentialStatus.RETURNED)))
    house.events.clear()
    return house


def ordered(house: House, *orders: VisitOrder) -> House:
    for one in orders:
        house.see(order(SUE, one))
        assert of_kind(ev.OrderRefused, house.events) == []
    return house


def refused(house: House, what: VisitOrder, who: str = SUE) -> Refusal:
    (event,) = of_kind(ev.OrderRefused, list(house.see(order(who, what)).events))
    assert event.subject == what.visitor
    return event.why


def test_a_visitor_goes_in_once_signed_in_and_approved() -> None:
    house = ordered(desk(), REGISTER, IN)
    house.see(swipe(FRONT_IN, EVE))  # the pool's badge
    assert denials(house) == [(VERA, (R.HOST_NOT_APPROVED,))]
    ordered(house, APPROVE)
    house.see(swipe(FRONT_IN, EVE))
    assert granted(house) == [VERA]


def test_registered_is_not_signed_in() -> None:
    house = ordered(desk(), REGISTER, APPROVE)
    own = replace(badge(VERA), status=CredentialStatus.ACTIVE)
    house.see(st.BadgeEnrolled("test", own))
    house.see(swipe(FRONT_IN, VERA))
    assert denials(house) == [(VERA, (R.VISITOR_NOT_SIGNED_IN,))]


def test_registering_makes_a_person_by_pseudonym_with_the_levels_given() -> None:
    house = ordered(desk(), REGISTER)
    (person,) = of_kind(ev.CardholderRecorded, house.events)
    assert (person.author, person.identity) == (SUE, "sealed")
    assert person.cardholder.kind is CardholderKind.VISITOR
    assert person.cardholder.levels == {STAFF}
    assert of_kind(ev.VisitorRegistered, house.events) == [
        ev.VisitorRegistered(VERA, SUE, ALICE, None, MONDAY_TEN, UNTIL)
    ]


def test_the_badge_counts_for_the_time_of_the_visit_and_has_no_pin() -> None:
    house = ordered(desk(), REGISTER, IN)
    handed = house.state.credentials[badge_of(EVE)]
    assert (handed.cardholder, handed.pin, handed.status) == (VERA, None, CredentialStatus.ACTIVE)
    assert (handed.valid_from, handed.valid_until) == (MONDAY_TEN, UNTIL)
    assert handed.duress is None, "nor the one that its last holder had for when somebody forces them"


def test_once_signed_out_the_badge_is_returned_and_the_visit_over() -> None:
    house = ordered(desk(), REGISTER, APPROVE, IN, OUT)
    assert house.state.credentials[badge_of(EVE)].status is CredentialStatus.RETURNED
    assert len(house.state.visits) == 0
    house.see(swipe(FRONT_IN, EVE))
    assert denials(house) == [(VERA, (R.CREDENTIAL_RETURNED,))]


def test_a_badge_that_was_not_returned_opens_nothing_and_is_an_alarm_until_it_is_back() -> None:
    house = ordered(desk(), REGISTER, APPROVE, IN, replace(OUT, badge_returned=False))
    house.see(swipe(FRONT_IN, EVE))
    assert denials(house) == [(VERA, (R.CREDENTIAL_SUSPENDED, R.VISITOR_NOT_SIGNED_IN))]
    (alarm,) = house.alarms(AlarmKind.BADGE_NOT_RETURNED)
    assert (alarm.source.cardholder, alarm.persists) == (VERA, True)
    house.restart()
    assert house.alarms(AlarmKind.BADGE_NOT_RETURNED)[0].persists
    ordered(house, OUT)
    assert not house.alarms(AlarmKind.BADGE_NOT_RETURNED)[0].persists
    assert house.state.credentials[badge_of(EVE)].status is CredentialStatus.RETURNED


def test_a_visitor_who_stays_too_long_is_told_of_once() -> None:
    house = ordered(desk(), REGISTER, APPROVE, IN)
    house.travel(UNTIL - timedelta(seconds=1))
    house.see(st.TimePassed())
    assert of_kind(ev.VisitorOverdue, house.events) == []
    house.see(st.TimePassed(), after=1.0)
    house.see(st.TimePassed(), after=1.0)
    assert of_kind(ev.VisitorOverdue, house.events) == [ev.VisitorOverdue(VERA)]
    assert house.alarms(AlarmKind.VISITOR_OVERDUE)[0].persists
    ordered(house, OUT)
    assert not house.alarms(AlarmKind.VISITOR_OVERDUE)[0].persists


def test_a_visitor_may_always_leave_by_badge() -> None:
    house = ordered(desk(), REGISTER, IN)
    house.see(swipe(FRONT_OUT, EVE))
    assert granted(house) == [VERA]


def test_the_host_may_escort_their_own_visitor_and_nobody_elses() -> None:
    house = desk()
    house.site = with_zone(house.site, LOBBY, escort=EscortRule(EscortOrder.EITHER, 20.0, None, 60.0))
    ordered(house, REGISTER, APPROVE, IN)
    house.see(swipe(FRONT_IN, EVE))
    house.see(swipe(FRONT_IN, BOB))
    assert granted(house) == [BOB]
    house.see(opens(FRONT))
    house.see(closes(FRONT))
    house.see(swipe(FRONT_IN, EVE), after=8.0)
    house.see(swipe(FRONT_IN, ALICE))
    assert granted(house) == [BOB, VERA, ALICE]


def test_a_named_escort_is_the_one() -> None:
    house = desk()
    house.site = with_zone(house.site, LOBBY, escort=EscortRule(EscortOrder.EITHER, 20.0, None, 60.0))
    house.see(st.PersonEnrolled("test", replace(PEOPLE[ALICE], may_escort=True), "sealed"))
    ordered(house, replace(REGISTER, host=CardholderId("nora"), escort=BOB), APPROVE, IN)
    house.see(swipe(FRONT_IN, EVE))
    house.see(swipe(FRONT_IN, ALICE))
    assert VERA not in granted(house)
    house.see(swipe(FRONT_IN, EVE), after=8.0)
    house.see(swipe(FRONT_IN, BOB))
    assert granted(house)[-2:] == [VERA, BOB]


def test_where_visitors_sign_in_one_who_never_registered_is_refused() -> None:
    house = quiet_house(with_zone(small_site(), LOBBY, visitors_sign_in=True))
    house.see(st.PersonEnrolled("test", replace(PEOPLE[EVE], levels=frozenset({STAFF})), "sealed"))
    house.see(swipe(FRONT_IN, EVE))
    assert denials(house) == [(EVE, (R.VISITOR_NOT_SIGNED_IN,))]


@pytest.mark.parametrize(
    ("before", "what", "why"),
    [
        ((), replace(REGISTER, host=CardholderId("nobody")), Refusal.UNKNOWN_CARDHOLDER),
        ((), replace(REGISTER, host=EVE), Refusal.UNKNOWN_CARDHOLDER),
        ((), replace(REGISTER, escort=EVE), Refusal.UNKNOWN_CARDHOLDER),
        ((), replace(REGISTER, visitor=BOB), Refusal.ALREADY_SO),
        ((), replace(REGISTER, valid_until=MONDAY_TEN), Refusal.VISIT_OVER),
        ((), replace(REGISTER, valid_from=UNTIL), Refusal.VISIT_OVER),
        ((REGISTER, IN, replace(OUT, badge_returned=False)), IN, Refusal.ALREADY_SO),
        ((), replace(REGISTER, levels=frozenset({"guards"})), Refusal.NOT_FOR_VISITORS),
        ((), replace(REGISTER, levels=frozenset({"gone"})), Refusal.NOT_FOR_VISITORS),
        ((), APPROVE, Refusal.UNKNOWN_VISITOR),
        ((REGISTER, APPROVE), APPROVE, Refusal.ALREADY_SO),
        ((), IN, Refusal.UNKNOWN_VISITOR),
        ((REGISTER, IN), IN, Refusal.ALREADY_SO),
        ((REGISTER,), replace(IN, credential=badge_of(BOB)), Refusal.BADGE_NOT_FREE),
        ((REGISTER,), replace(IN, credential=CredentialId("none")), Refusal.BADGE_NOT_FREE),
        ((), OUT, Refusal.UNKNOWN_VISITOR),
        ((REGISTER,), replace(OUT, badge_returned=False), Refusal.ALREADY_SO),
    ],
)
def test_what_the_desk_may_not(before: tuple[VisitOrder, ...], what: VisitOrder, why: Refusal) -> None:
    assert refused(ordered(desk(), *before), what) is why


def test_a_returned_badge_of_staff_is_not_handed_out() -> None:
    house = ordered(desk(), REGISTER)
    house.see(st.BadgeEnrolled("test", badge(BOB, status=CredentialStatus.RETURNED)))
    assert refused(house, replace(IN, credential=badge_of(BOB))) is Refusal.BADGE_NOT_FREE


def test_nobody_is_signed_in_after_the_visit() -> None:
    house = ordered(desk(), REGISTER)
    house.travel(UNTIL)
    assert refused(house, IN) is Refusal.VISIT_OVER


def test_who_may_order_what() -> None:
    house = desk()
    house.see(order(GIL, REGISTER))
    assert refused(house, APPROVE, GIL) is Refusal.NOT_YOUR_ROLE  # a guard does not answer for the host
    house.see(order(GIL, IN))
    house.see(order(GIL, OUT))
    assert len(house.state.visits) == 0
    assert refused(house, REGISTER, ADA) is Refusal.NOT_YOUR_ROLE
