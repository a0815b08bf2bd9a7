"""Where two people at a door turn on one fact: asked of each check by itself, with words and reason."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import timedelta

import pytest
from immutables import Map

from controller.domain import events as ev
from controller.domain.decision import AccessRequest, Companion, DenyReason
from controller.domain.doors import DoorState, Passage
from controller.domain.ids import OUTSIDE, AccessLevelId, CardholderId, RequestId, ZoneId
from controller.domain.instant import Instant
from controller.domain.people import Cardholder, CardholderKind
from controller.domain.site import AntiPassback, EscortOrder, EscortRule, Factor, Site
from controller.domain.state import ModesDue, Sighting, SiteState, Visit, replace
from controller.rules import companions, escort, factors, threat
from controller.rules.case import Case, Finding
from controller.rules.decide import _anti_passback, _resolve
from controller.rules.gathering import people_moved
from controller.rules.standing import settle_modes
from controller.rules.turn import Turn
from tests.controller.builders import (
    ALICE,
    BOB,
    EVE,
    FRONT,
    FRONT_IN,
    LOBBY,
    MONDAY_TEN,
    NORA,
    PEOPLE,
    STAFF,
    badge_of,
    quiet_house,
    small_site,
    with_reader,
    with_zone,
)
from tests.controller.full import FullHouse

NOW = Instant(MONDAY_TEN, 1000.0)
FIRST, SECOND = RequestId("r1"), RequestId("r2")


def known(people: dict[CardholderId, Cardholder] = PEOPLE, **more: object) -> SiteState:
    """A state that knows these people and their badges."""
    return replace(quiet_house().state, people=Map(people), **more)


def at_the_door(
    who: CardholderId,
    site: Site,
    state: SiteState | None = None,
    *,
    beside: CardholderId | None = None,
    draw: int | None = None,
) -> Case:
    companion = Companion(SECOND, badge_of(beside)) if beside else None
    card = frozenset({Factor.CARD})
    request = AccessRequest(FIRST, FRONT_IN, badge_of(who), card, companion=companion, draw=draw)
    case = _resolve(site, known() if state is None else state, request, NOW)
    assert isinstance(case, Case)
    return case


def inside(*people: CardholderId, zone: ZoneId = LOBBY) -> dict[str, object]:
    return {"present": Map({zone: frozenset(people)}), "locations": Map(dict.fromkeys(people, zone))}


def escorting(order: EscortOrder = EscortOrder.EITHER, per_escort: int | None = None) -> Site:
    return with_zone(small_site(), LOBBY, escort=EscortRule(order, 20.0, per_escort, 60.0))


# A second person


def test_who_is_no_second_person_is_named() -> None:
    asked = small_site().readers[FRONT_IN].factors | {Factor.SECOND_PERSON}
    site = with_reader(small_site(), FRONT_IN, factors=asked)
    visitor = companions.second_person(at_the_door(ALICE, site, beside=EVE))
    assert visitor == Finding("eve is no second person", DenyReason.SECOND_PERSON_NEEDED)
    assert companions.second_person(at_the_door(ALICE, site, beside=BOB)) == Finding("together with bob")


@pytest.mark.parametrize(
    ("who", "inside_already", "in_company"),
    [(ALICE, (), False), (ALICE, (BOB,), True), (EVE, (BOB,), False), (EVE, (ALICE, BOB), True)],
)
def test_a_visitor_is_in_company_of_two(
    who: CardholderId, inside_already: tuple[CardholderId, ...], in_company: bool
) -> None:
    state = known(**inside(*inside_already))
    assert companions._in_company(at_the_door(who, small_site(), state)) is in_company


# Escorts


def test_who_may_not_escort_is_named() -> None:
    found = escort.escorted(at_the_door(EVE, escorting(), beside=BOB))
    assert found == Finding("bob may not escort eve", DenyReason.ESCORT_NEEDED)


@pytest.mark.parametrize(
    ("one", "visit", "may"),
    [
        (changed(PEOPLE[NORA], may_escort=True, needs_escort=True), None, False),  # is escorted
        (changed(PEOPLE[EVE], may_escort=True, kind=CardholderKind.STAFF), None, False),  # is the visitor
        (changed(PEOPLE[ALICE], may_escort=True), None, True),
        (PEOPLE[ALICE], None, False),
        (PEOPLE[ALICE], (ALICE, None), True),  # the host
        (PEOPLE[ALICE], (BOB, None), False),
        (changed(PEOPLE[ALICE], may_escort=True), (BOB, None), True),  # nobody was named
        (changed(PEOPLE[ALICE], may_escort=True), (BOB, NORA), False),
        (PEOPLE[ALICE], (BOB, ALICE), True),  # was named
    ],
)
def test_who_may_escort_a_visitor(
    one: Cardholder, visit: tuple[CardholderId, CardholderId | None] | None, may: bool
) -> None:
    visits = {EVE: Visit(*visit, MONDAY_TEN, MONDAY_TEN + timedelta(hours=8))} if visit else {}
    assert escort.may_escort(known(visits=Map(visits)), EVE, one) is may


def passing(*people: CardholderId, enters: ZoneId = LOBBY) -> dict[str, object]:
    """Doors with grants that are open."""
    passages = tuple(Passage(RequestId(f"of-{one}"), one, enters, 1005.0) for one in people)
    return {"doors": Map({FRONT: DoorState(passages=passages)}), "door_deadlines": Map({FRONT: 1005.0})}


GUIDES = {one: changed(PEOPLE[one], may_escort=True) for one in (ALICE, BOB)}
GUEST = CardholderId("guest")
GUEST_TOO = CardholderId("guest-too")
GUESTS = {one: changed(PEOPLE[EVE], id=one) for one in (GUEST, GUEST_TOO)}
SEVERAL = {**PEOPLE, **GUIDES, **GUESTS}


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, None),
        (inside(GUEST), "2 visitors, 1 escorts, 1 for each"),
        (inside(GUEST, ALICE), None),
        (inside(GUEST, GUEST_TOO), "3 visitors, 1 escorts, 1 for each"),
        (inside(GUEST, GUEST_TOO, ALICE), "3 visitors, 2 escorts, 1 for each"),
        (inside(GUEST, NORA), "2 visitors, 1 escorts, 1 for each"),  # Nora is of us, and no escort
        (passing(GUEST), "2 visitors, 1 escorts, 1 for each"),  # is about to come in
        (passing(GUEST, enters=OUTSIDE), None),  # goes the other way
        (inside(GUEST) | passing(ALICE), None),
        (inside(GUEST) | passing(ALICE, enters=OUTSIDE), "2 visitors, 1 escorts, 1 for each"),
    ],
)
def test_visitors_are_counted_and_their_escorts(facts: dict[str, object], told: str | None) -> None:
    site = escorting(per_escort=1)
    rule = site.zones[LOBBY].escort
    assert rule is not None
    wanted = Finding(told, DenyReason.ESCORT_NEEDED) if told else None
    case = at_the_door(EVE, site, known(SEVERAL, **facts))
    assert escort._too_many(case, rule, None) == wanted
    assert escort._too_many(case, rule, SEVERAL[BOB]) == wanted
    assert escort._too_many(case, changed(rule, per_escort=None), None) is None


@pytest.mark.parametrize(("per_escort", "enough"), [(1, False), (2, False), (3, True)])
def test_an_escort_counts_once_and_has_so_many(per_escort: int, enough: bool) -> None:
    site = escorting(per_escort=per_escort)
    rule = site.zones[LOBBY].escort
    assert rule is not None
    case = at_the_door(EVE, site, known(SEVERAL, **inside(GUEST, GUEST_TOO, BOB)))
    assert (escort._too_many(case, rule, SEVERAL[BOB]) is None) is enough


def test_whoever_is_escorted_is_nobodys_escort() -> None:
    """A visitor who was told to be an escort still is one more to look after."""
    site = escorting(per_escort=1)
    rule = site.zones[LOBBY].escort
    assert rule is not None
    people = SEVERAL | {GUEST: changed(GUESTS[GUEST], may_escort=True)}
    case = at_the_door(EVE, site, known(people, **inside(GUEST)))
    assert escort._too_many(case, rule, None) == Finding("2 visitors, 1 escorts, 1 for each", DenyReason.ESCORT_NEEDED)


# Other checks, by their words


@pytest.mark.parametrize(("where", "told"), [(OUTSIDE, "in outside"), (None, "anywhere")])
def test_where_somebody_is_who_may_pass(where: ZoneId | None, told: str) -> None:
    site = with_zone(small_site(), LOBBY, anti_passback=AntiPassback.HARD)
    facts = (
        {"locations": Map({ALICE: where}), "sightings": Map({ALICE: Sighting(where, MONDAY_TEN, 900.0)})}
        if where
        else {}
    )
    assert _anti_passback(at_the_door(ALICE, site, known(**facts))) == Finding(f"anti-passback hard; alice is {told}")


def test_a_search_comes_on_top_of_what_is_asked() -> None:
    site = with_zone(small_site(), LOBBY, random_search_percent=50.0)
    usual = factors.factors_needed(at_the_door(ALICE, site))
    assert Factor.CARD in usual
    assert factors.factors_needed(at_the_door(ALICE, site, draw=0)) == usual | {Factor.GUARD}


@pytest.mark.parametrize(
    ("levels", "kinds", "finding"),
    [
        ({STAFF}, None, Finding("alice is staff; threat level 0 lets them in")),
        ({"others"}, None, Finding("alice is staff; threat level 0 keeps them out", DenyReason.THREAT_LEVEL)),
        (None, {CardholderKind.STAFF}, Finding("alice is staff; threat level 0 lets them in")),
        (
            None,
            {CardholderKind.VISITOR},
            Finding("alice is staff; threat level 0 keeps them out", DenyReason.THREAT_LEVEL),
        ),
        (None, None, threat.ANYBODY),
    ],
)
def test_whom_a_threat_level_lets_in(
    levels: set[AccessLevelId] | None, kinds: set[CardholderKind] | None, finding: Finding
) -> None:
    case = at_the_door(ALICE, small_site())
    limits = {
        "allowed_levels": None if levels is None else frozenset(levels),
        "allowed_kinds": None if kinds is None else frozenset(kinds),
    }
    assert threat.lets_in(case._replace(threat=changed(case.threat, **limits))) == finding


# Time


@pytest.mark.parametrize(
    ("until", "mono", "looked"),
    [
        (timedelta(seconds=1), 1001.0, False),
        (timedelta(0), 1001.0, True),
        (timedelta(seconds=1), 1000.0, True),
        (timedelta(seconds=-1), 999.0, True),
    ],
)
def test_modes_are_looked_at_when_either_clock_says_so(until: timedelta, mono: float, looked: bool) -> None:
    state = replace(known(), modes_due=ModesDue(MONDAY_TEN + until, mono), clock_trusted=True)
    turn = Turn(FullHouse().site, state, NOW)
    settle_modes(turn)
    assert any(isinstance(event, ev.LockModesTimed) for event in turn.events) is looked


@pytest.mark.parametrize(
    ("before", "then"),
    [
        pytest.param(inside(ALICE, BOB), inside(ALICE), id="one is left"),
        pytest.param(
            inside(ALICE) | {"lost": Map({LOBBY: Map({BOB: None})})}, {"lost": Map()}, id="one is found again"
        ),
    ],
)
def test_zones_are_looked_at_once_somebody_moved(before: dict[str, object], then: dict[str, object]) -> None:
    site = with_zone(small_site(), LOBBY, two_person=True, two_person_grace_seconds=30.0)
    moved = replace(known(**before), **then)
    for earlier, looked in ((known(**before), True), (moved, False)):
        turn = Turn(site, moved, NOW)
        people_moved(turn, earlier)
        assert bool(turn.events) is looked
