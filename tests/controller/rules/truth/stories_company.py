"""Stories of people together: who comes with whom, who is where, who visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from controller.domain import stimuli as st
from controller.domain.ids import CardholderId, CredentialId
from controller.domain.operators import (
    ForgiveAllPassback,
    ForgivePassback,
    UnlockOnce,
)
from controller.domain.people import CardholderKind, CredentialStatus
from controller.domain.site import AntiPassback, EscortOrder, EscortRule, Factor, FirstPerson, Site
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor
from tests.controller.builders import (
    ALICE,
    BOB,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GUARDS,
    INNER,
    INNER_IN,
    INNER_OUT,
    LOBBY,
    MONDAY_TEN,
    NORA,
    PEOPLE,
    STAFF,
    SUE,
    badge,
    badge_of,
    closes,
    opens,
    order,
    pin,
    swipe,
    with_zone,
    wrong_pin,
)
from tests.controller.rules.truth.acts import RESTART, Late, Script

THROUGH: Script = (opens(FRONT), closes(FRONT))
GUEST, OTHER_GUEST = CardholderId("g-1"), CardholderId("g-2")
TEN_PAST = MONDAY_TEN + timedelta(minutes=10)
CAROL = CardholderId("carol")
CAROL_KNOWN: Script = (
    st.PersonEnrolled("test", replace(PEOPLE[ALICE], id=CAROL), "sealed"),
    st.BadgeEnrolled("test", badge(CAROL)),
)
ESCORTS: Script = (
    st.PersonEnrolled("test", replace(PEOPLE[EVE], levels=PEOPLE[BOB].levels), "sealed"),
    st.PersonEnrolled("test", replace(PEOPLE[ALICE], may_escort=True), "sealed"),
    st.PersonEnrolled("test", replace(PEOPLE[BOB], may_escort=True), "sealed"),
)
DESK: Script = (
    st.BadgeEnrolled("test", badge(EVE, status=CredentialStatus.RETURNED)),
    order(SUE, RegisterVisitor(GUEST, ALICE, None, MONDAY_TEN, TEN_PAST, frozenset({STAFF}), "sealed")),
)


def for_visitors(site: Site) -> Site:
    staff = replace(site.access_levels[STAFF], for_visitors=True)
    return replace(site, access_levels={**site.access_levels, STAFF: staff})


def two_persons(site: Site) -> Site:
    return with_zone(site, LOBBY, two_person=True, two_person_seconds=20.0, two_person_grace_seconds=5.0)


def two_and_pin(site: Site) -> Site:
    return with_zone(two_persons(site), LOBBY, factors=frozenset({Factor.CARD, Factor.PIN}))


def asked_for_two(site: Site) -> Site:
    return with_zone(site, LOBBY, factors=frozenset({Factor.CARD, Factor.SECOND_PERSON}))


def escorts(order_: EscortOrder, per_escort: int | None = None) -> object:
    rule = EscortRule(order_, 20.0, per_escort, 10.0)
    return lambda site: with_zone(site, LOBBY, escort=rule)


def first_in(site: Site) -> Site:
    return with_zone(site, LOBBY, first_person=FirstPerson(frozenset({GUARDS}), 3))


def holds_two(site: Site) -> Site:
    return with_zone(site, LOBBY, occupancy_limit=2)


def timed_passback(site: Site) -> Site:
    return with_zone(site, LOBBY, anti_passback=AntiPassback.TIMED, anti_passback_seconds=60.0)


COMPANY: Mapping[str, Script] = {
    "two come together, and one stays": [
        two_persons,
        *CAROL_KNOWN,
        swipe(FRONT_IN, ALICE),
        19.0,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, EVE),
        swipe(FRONT_IN, NORA),
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_IN, CAROL),
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        6.0,
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
        swipe(FRONT_OUT, CAROL),
        *THROUGH,
    ],
    "one of two is left alone, and somebody comes back in time": [
        two_persons,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        4.0,
        swipe(FRONT_IN, BOB),
        *THROUGH,
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        RESTART,
        5.0,
    ],
    "who was let in to join somebody may no longer once nobody is in": [
        two_persons,
        *CAROL_KNOWN,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
        swipe(FRONT_IN, CAROL),
        st.RexSeen(FRONT),
        swipe(INNER_OUT, BOB),
        swipe(FRONT_OUT, BOB),
        *THROUGH,
    ],
    "two with a PIN each, and the second one's is wrong": [
        two_and_pin,
        swipe(FRONT_IN, ALICE),
        pin(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        wrong_pin(FRONT_IN),
        swipe(FRONT_IN, ALICE),
        pin(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        pin(FRONT_IN, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_IN, BOB),
        pin(FRONT_IN, BOB),
        10.0,
    ],
    "the first of two loses the right before the second comes": [
        asked_for_two,
        swipe(FRONT_IN, ALICE),
        st.BadgeEnrolled("test", badge(ALICE, status=CredentialStatus.LOST)),
        swipe(FRONT_IN, BOB),
        st.BadgeEnrolled("test", badge(ALICE)),
        swipe(FRONT_IN, ALICE),
        Late(swipe(FRONT_IN, BOB), 10.0),
    ],
    "a visitor comes first, then the escort; another comes along": [
        escorts(EscortOrder.EITHER, 1),  # type: ignore[list-item]
        *ESCORTS,
        swipe(FRONT_IN, EVE),
        19.0,
        swipe(FRONT_IN, NORA),
        swipe(FRONT_IN, EVE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        st.PersonEnrolled("test", replace(PEOPLE[NORA], kind=CardholderKind.VISITOR, levels=frozenset({GUARDS})), "s"),
        swipe(FRONT_IN, NORA),
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        10.0,
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_IN, BOB),
        *THROUGH,
    ],
    "an escort goes ahead, and the visitor follows in time or not": [
        escorts(EscortOrder.ESCORT_FIRST),  # type: ignore[list-item]
        *ESCORTS,
        swipe(FRONT_IN, EVE),
        swipe(FRONT_IN, BOB),
        20.0,
        swipe(FRONT_IN, EVE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        20.0,
        swipe(FRONT_IN, EVE),
        10.0,
        swipe(FRONT_IN, EVE),
        swipe(FRONT_IN, BOB),
        5.0,
        swipe(FRONT_IN, EVE),
    ],
    "an escort who was let in and stayed outside": [
        escorts(EscortOrder.EITHER),  # type: ignore[list-item]
        *ESCORTS,
        swipe(FRONT_IN, BOB),
        *THROUGH,
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        swipe(FRONT_IN, BOB),
        5.0,
        swipe(FRONT_IN, EVE),
        20.0,
        swipe(FRONT_IN, BOB),
        Late(swipe(FRONT_IN, EVE), 6.0),
        swipe(FRONT_OUT, EVE),
    ],
    "a visit from its first day to its last": [
        for_visitors,
        *DESK,
        *DESK,
        order(SUE, RegisterVisitor(OTHER_GUEST, EVE, None, MONDAY_TEN, TEN_PAST, frozenset())),
        order(SUE, RegisterVisitor(OTHER_GUEST, ALICE, EVE, MONDAY_TEN, TEN_PAST, frozenset())),
        order(SUE, RegisterVisitor(OTHER_GUEST, ALICE, None, MONDAY_TEN, MONDAY_TEN, frozenset())),
        order(SUE, RegisterVisitor(OTHER_GUEST, ALICE, None, MONDAY_TEN, TEN_PAST, frozenset({GUARDS}))),
        order(GIL, RegisterVisitor(OTHER_GUEST, ALICE, BOB, MONDAY_TEN, TEN_PAST, frozenset())),
        order(GIL, SignInVisitor(GUEST, badge_of(ALICE))),
        order(GIL, SignInVisitor(GUEST, CredentialId("badge-gone"))),
        order(GIL, SignInVisitor(CardholderId("g-9"), badge_of(EVE))),
        order(GIL, SignOutVisitor(CardholderId("g-9"), badge_returned=True)),
        order(GIL, SignOutVisitor(GUEST, badge_returned=False)),
        order(GIL, ApproveVisit(GUEST)),
        order(SUE, ApproveVisit(CardholderId("g-9"))),
        order(GIL, SignInVisitor(GUEST, badge_of(EVE))),
        order(GIL, SignInVisitor(GUEST, badge_of(EVE))),
        swipe(FRONT_IN, EVE),
        order(SUE, ApproveVisit(GUEST)),
        order(SUE, ApproveVisit(GUEST)),
        swipe(FRONT_IN, EVE),
        600.0,
        st.TimePassed(),
        st.TimePassed(),
        order(GIL, SignOutVisitor(GUEST, badge_returned=False)),
        order(GIL, SignOutVisitor(GUEST, badge_returned=False)),
        order(GIL, SignInVisitor(OTHER_GUEST, badge_of(EVE))),
        RESTART,
        order(GIL, SignOutVisitor(GUEST, badge_returned=True)),
        order(GIL, SignOutVisitor(OTHER_GUEST, badge_returned=True)),
    ],
    "a visitor brings the badge in time": [
        for_visitors,
        *DESK,
        order(GIL, SignInVisitor(GUEST, badge_of(EVE))),
        order(GIL, SignOutVisitor(GUEST, badge_returned=True)),
        swipe(FRONT_IN, EVE),
    ],
    "nobody but a first one is the first in": [
        first_in,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        6.0,
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        swipe(FRONT_IN, NORA),
        st.RexSeen(FRONT),
        opens(FRONT),
        closes(FRONT),
        swipe(FRONT_IN, ALICE),
    ],
    "a zone is full, and somebody leaves": [
        holds_two,
        *CAROL_KNOWN,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        swipe(FRONT_IN, CAROL),
        Late(swipe(FRONT_IN, CAROL), 6.0),
        *THROUGH,
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        swipe(FRONT_IN, BOB),
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
        swipe(FRONT_IN, BOB),
    ],
    "timed anti-passback, to the second, over a restart, forgiven": [
        timed_passback,
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        59.0,
        swipe(FRONT_IN, ALICE),
        1.0,
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        swipe(FRONT_IN, ALICE),
        order(GIL, ForgivePassback(ALICE, "")),
        order(GIL, ForgivePassback(CardholderId("nobody"), "a mistake")),
        order(GIL, ForgivePassback(ALICE, "a mistake")),
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        RESTART,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        order(SUE, ForgiveAllPassback("drill over")),
    ],
    "who is where is doubted, and found again": [
        *CAROL_KNOWN,
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        swipe(FRONT_IN, BOB),
        *THROUGH,
        swipe(INNER_IN, ALICE),
        pin(INNER_IN, ALICE),
        opens(INNER),
        closes(INNER),
        order(GIL, UnlockOnce(INNER, "the plumber")),
        opens(INNER),
        closes(INNER),
        swipe(INNER_OUT, ALICE),
        opens(INNER),
        closes(INNER),
        swipe(FRONT_OUT, CAROL),
        *THROUGH,
        opens(FRONT),
        closes(FRONT),
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        RESTART,
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
    ],
    "somebody strange comes in behind a guard's back, and goes": [
        order(GIL, UnlockOnce(FRONT, "the plumber")),
        *THROUGH,
        *CAROL_KNOWN,
        swipe(FRONT_OUT, CAROL),
        *THROUGH,
    ],
    "people sign in, and somebody guesses": [
        *[st.SignInTried(GIL, succeeded=False, address="10.0.0.9")] * 4,
        st.SignInTried(SUE, succeeded=True, address="10.0.0.8"),
        59.0,
        st.SignInTried(GIL, succeeded=False, address="10.0.0.9"),
        1.0,
        st.SignInTried(GIL, succeeded=False, address="10.0.0.9"),
        st.SignInTried(GIL, succeeded=True, address="10.0.0.9", duress=True),
        RESTART,
        st.SignInTried(GIL, succeeded=False, address="10.0.0.9"),
    ],
    "who comes out into a two-person zone waits for no second": [
        two_persons,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
        swipe(INNER_OUT, CAROL),
        *CAROL_KNOWN,
        swipe(INNER_OUT, CAROL),
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        opens(INNER),
        closes(INNER),
    ],
    "two are let in beside one who leaves, and stay two": [
        two_persons,
        *CAROL_KNOWN,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
        swipe(FRONT_IN, CAROL),
        order(GIL, UnlockOnce(FRONT, "the plumber")),
        swipe(FRONT_OUT, BOB),
        st.RexSeen(FRONT),
        *THROUGH,
    ],
    "an alarm of one zone and kind hides no other": [
        two_persons,
        escorts(EscortOrder.EITHER),  # type: ignore[list-item]
        *ESCORTS,
        swipe(FRONT_IN, ALICE),
        swipe(FRONT_IN, BOB),
        *THROUGH,
        10.0,
        swipe(FRONT_IN, EVE),
        swipe(FRONT_IN, NORA),
        swipe(FRONT_IN, EVE),
        swipe(FRONT_IN, ALICE),
        *THROUGH,
        6.0,
        swipe(FRONT_OUT, BOB),
        *THROUGH,
        6.0,
        swipe(FRONT_OUT, ALICE),
        *THROUGH,
        10.0,
        swipe(FRONT_OUT, EVE),
        *THROUGH,
    ],
}
