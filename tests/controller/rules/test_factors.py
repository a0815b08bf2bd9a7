"""What is asked for besides the badge: by the hour, by lot, by a guard's look, and in place of a face."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import Challenge, Decision, Deny, DenyReason, FaceOutcome, Grant
from controller.domain.effects import AskFace, Light, Signal, Unlock
from controller.domain.ids import OUTSIDE, RequestId
from controller.domain.operators import (
    BlockDoor,
    ConfirmPassage,
    Refusal,
    RefusePassage,
    SetThreatLevel,
    StartLockdown,
)
from controller.domain.people import CardholderKind
from controller.domain.site import Factor, FactorsOutside, Site
from tests.controller.builders import (
    ADA,
    ALICE,
    BERLIN,
    BOB,
    CELLAR_IN,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GUARDS,
    INNER_IN,
    LOBBY,
    MONDAY_TEN,
    NORA,
    OFFICE,
    PEOPLE,
    SUE,
    House,
    badge,
    closes,
    everything_answers,
    of_kind,
    opens,
    order,
    pin,
    quiet_house,
    small_site,
    swipe,
    with_reader,
    with_zone,
)
from tests.controller.rules.test_deny_reasons import ask

R1 = RequestId("r1")
EVENING = datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN)
AFTER_HOURS = FactorsOutside(OFFICE, frozenset({Factor.PIN}))


def attended(**rules: object) -> Site:
    """A guard looks at whoever enters the lobby."""
    return with_zone(small_site(), LOBBY, factors=frozenset({Factor.CARD, Factor.GUARD}), **rules)


def asked(decision: Decision) -> frozenset[Factor]:
    assert isinstance(decision, Challenge), decision
    return decision.factors


def denials(house: House) -> list[tuple[DenyReason, ...]]:
    return [event.reasons for event in of_kind(ev.AccessDenied, house.events)]


def refusals(house: House) -> list[Refusal]:
    return [event.why for event in of_kind(ev.OrderRefused, house.events)]  # type: ignore[misc]


# By the hour.


@pytest.mark.parametrize("where", ["zone", "reader"])
def test_after_hours_a_pin_too(where: str) -> None:
    by = with_zone(small_site(), LOBBY, factors_outside=AFTER_HOURS)
    house = quiet_house(by if where == "zone" else with_reader(small_site(), FRONT_IN, factors_outside=AFTER_HOURS))
    house.travel(EVENING.replace(hour=17, minute=59, second=59))
    assert isinstance(ask(house, who=BOB), Grant)
    house.travel(EVENING)
    assert asked(ask(house, who=BOB)) == {Factor.PIN}


def test_a_holiday_is_after_hours() -> None:
    house = quiet_house(with_zone(small_site(), LOBBY, factors_outside=AFTER_HOURS))
    house.travel(datetime(2026, 12, 25, 12, 0, tzinfo=BERLIN))
    assert asked(ask(house, who=BOB)) == {Factor.PIN}


def test_by_a_clock_nobody_trusts_the_stricter_holds() -> None:
    house = quiet_house(with_zone(small_site(), LOBBY, factors_outside=AFTER_HOURS))
    house.set_wall(MONDAY_TEN.replace(hour=9, minute=50))
    house.see(st.TimePassed())
    assert asked(ask(house, who=BOB)) == {Factor.PIN}


def test_where_more_is_asked_by_the_time_one_factor_is_shown_that_is_asked_for_too() -> None:
    """The badge at 17:59:59, the guard's word at 18:00: the challenge grows, and keeps its deadline."""
    house = quiet_house(attended(factors_outside=AFTER_HOURS))
    house.travel(EVENING.replace(hour=17, minute=59, second=59))
    house.see(swipe(FRONT_IN, BOB))
    until = house.state.challenges[FRONT_IN].until
    outcome = house.see(order(GIL, ConfirmPassage(R1)), after=1.0)
    assert Signal(FRONT_IN, Light.ENTER_PIN) in outcome.effects
    pending = house.state.challenges[FRONT_IN]
    assert (pending.wanted, pending.until) == ({Factor.PIN}, pytest.approx(until))
    house.see(pin(FRONT_IN, BOB))
    (granted,) = of_kind(ev.AccessGranted, house.events)
    assert granted.presented == (Factor.CARD, Factor.GUARD, Factor.PIN)


# A guard's look.


def test_a_guard_is_asked_and_confirms() -> None:
    house = quiet_house(attended())
    assert house.see(swipe(FRONT_IN, ALICE)).effects == (Signal(FRONT_IN, Light.WAIT),)
    outcome = house.see(order(GIL, ConfirmPassage(R1)), after=59.0)
    assert [type(event) for event in outcome.events] == [ev.PassageJudged, ev.AccessGranted]
    assert [type(effect) for effect in outcome.effects] == [Unlock, Signal]


def test_a_guard_who_says_nothing_lets_nobody_in() -> None:
    house = quiet_house(attended())
    house.see(swipe(FRONT_IN, ALICE))
    house.wait(59.9)
    assert denials(house) == []
    house.wait(0.1)
    assert denials(house) == [(DenyReason.FACTOR_NOT_PRESENTED,)]
    house.see(order(GIL, ConfirmPassage(R1)))
    assert refusals(house) == [Refusal.UNKNOWN_REQUEST]


def test_a_stalled_box_takes_no_late_word() -> None:
    house = quiet_house(attended())
    house.see(swipe(FRONT_IN, ALICE))
    house.see_late(order(GIL, ConfirmPassage(R1)), 60.0)
    assert of_kind(ev.AccessGranted, house.events) == []


def test_a_guard_refuses_and_says_why() -> None:
    house = quiet_house(attended())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(order(GIL, RefusePassage(R1, "  ")))
    assert refusals(house) == [Refusal.REASON_NEEDED]
    house.see(order(GIL, RefusePassage(R1, "not her")))
    assert denials(house) == [(DenyReason.GUARD_REFUSED,)]
    (judged,) = of_kind(ev.PassageJudged, house.events)
    assert (judged.operator, judged.confirmed, judged.reason) == (GIL, False, "not her")
    assert FRONT_IN not in house.state.challenges


def test_only_whoever_may_confirms_and_only_what_waits_for_it() -> None:
    house = quiet_house(attended())
    house.see(swipe(INNER_IN, BOB))  # waits for a PIN, and for no guard
    house.see(order(GIL, ConfirmPassage(R1)))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(order(ADA, ConfirmPassage(RequestId("r2"))))
    assert refusals(house) == [Refusal.UNKNOWN_REQUEST, Refusal.NOT_YOUR_ROLE]
    assert of_kind(ev.AccessGranted, house.events) == []


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (st.BadgeEnrolled("test", replace(badge(ALICE), valid_until=MONDAY_TEN)), DenyReason.CREDENTIAL_EXPIRED),
        (order(SUE, BlockDoor(FRONT, "x")), DenyReason.DOOR_BLOCKED),
        (st.LogLateSeen((), "slow disk"), DenyReason.LOG_CANNOT_BE_WRITTEN),
    ],
)
def test_a_confirmed_passage_is_decided_afresh(meanwhile: st.Stimulus, reason: DenyReason) -> None:
    house = quiet_house(attended())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(meanwhile)
    house.see(order(GIL, ConfirmPassage(R1)))
    assert denials(house) == [(reason,)]


def test_a_lockdown_or_a_restart_ends_what_waits_for_a_guard() -> None:
    for end in (lambda house: house.see(order(SUE, StartLockdown("x"))), lambda house: house.restart()):
        house = quiet_house(attended())
        house.see(swipe(FRONT_IN, ALICE))
        end(house)
        house.see(order(GIL, ConfirmPassage(R1)))
        assert refusals(house) == [Refusal.UNKNOWN_REQUEST]
        assert of_kind(ev.AccessGranted, house.events) == []


# In place of a face.


def cellar_with_keypad() -> Site:
    return with_reader(small_site(), CELLAR_IN, keypad=True)


def test_who_has_no_template_types_a_pin_and_a_guard_looks() -> None:
    house = quiet_house(cellar_with_keypad())
    house.see(st.PersonEnrolled("test", replace(PEOPLE[NORA], levels=frozenset({GUARDS})), "sealed"))
    outcome = house.see(swipe(CELLAR_IN, NORA))
    assert house.state.challenges[CELLAR_IN].wanted == {Factor.PIN, Factor.GUARD}
    assert not of_kind(AskFace, outcome.effects)
    house.see(pin(CELLAR_IN, NORA))
    house.see(order(GIL, ConfirmPassage(R1)))
    (granted,) = of_kind(ev.AccessGranted, house.events)
    assert granted.presented == (Factor.CARD, Factor.GUARD, Factor.PIN)


def test_who_has_one_shows_their_face() -> None:
    house = quiet_house(cellar_with_keypad())
    assert asked(ask(house, CELLAR_IN, BOB)) == {Factor.FACE}
    house.see(st.PersonEnrolled("test", replace(PEOPLE[EVE], levels=frozenset({GUARDS})), "sealed"))
    assert asked(ask(house, CELLAR_IN, EVE)) == {Factor.PIN, Factor.GUARD}
    house.see(st.FaceEnrolled("test", EVE, "dlib", "mean", "sealed"))
    assert asked(ask(house, CELLAR_IN, EVE)) == {Factor.FACE}


def test_a_reader_that_cannot_take_a_pin_asks_for_the_face_which_nobody_can_judge() -> None:
    house = quiet_house()
    house.see(st.PersonEnrolled("test", replace(PEOPLE[EVE], levels=frozenset({GUARDS})), "sealed"))
    house.see(swipe(CELLAR_IN, EVE))
    house.face(FaceOutcome.NO_TEMPLATE)
    assert denials(house) == [(DenyReason.FACE_TOO_POOR,)]


def test_a_picture_held_up_is_refused_and_an_alarm_each_time() -> None:
    house = quiet_house()
    for _ in range(2):
        house.see(swipe(CELLAR_IN, BOB), after=1.0)
        house.face(FaceOutcome.NOT_LIVE)
    assert denials(house) == [(DenyReason.FACE_NOT_LIVE,)] * 2
    assert len(house.alarms(AlarmKind.SPOOFED_FACE)) == 2


# By lot.


def searched(percent: float = 5.0) -> Site:
    return with_zone(small_site(), LOBBY, random_search_percent=percent)


def lot(draw: int, reader=FRONT_IN, who=ALICE) -> st.CardPresented:  # type: ignore[no-untyped-def]
    return replace(swipe(reader, who), draw=draw)


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (0, "5 in 100 are searched here; lot 0 of 10000: a search"),
        (500, "5 in 100 are searched here; lot 500 of 10000: no search"),
        (None, "5 in 100 are searched here; no lot was drawn: no search"),
    ],
)
def test_the_trace_tells_the_lot(draw: int | None, told: str) -> None:
    house = quiet_house(searched())
    house.see(replace(swipe(FRONT_IN, ALICE), draw=draw))
    (decided,) = [event for event in house.events if isinstance(event, ev.AccessGranted | ev.ChallengeIssued)]
    assert [check.facts for check in decided.trace if check.name == "search"] == [told]


@pytest.mark.parametrize(("draw", "chosen"), [(0, True), (499, True), (500, False), (9_999, False)])
def test_the_low_lots_are_searched(draw: int, chosen: bool) -> None:
    house = quiet_house(searched())
    house.see(lot(draw))
    assert bool(house.state.challenges) is chosen
    assert [event.search for event in of_kind(ev.ChallengeIssued, house.events)] == [True] * chosen
    assert len(of_kind(ev.AccessGranted, house.events)) == (not chosen)


@pytest.mark.parametrize(("percent", "draw", "chosen"), [(0.0, 0, False), (100.0, 9_999, True), (0.01, 0, True)])
def test_nobody_everybody_and_hardly_anybody(percent: float, draw: int, chosen: bool) -> None:
    house = quiet_house(searched(percent))
    house.see(lot(draw))
    assert bool(house.state.challenges) is chosen


@pytest.mark.parametrize("where", ["site", "zone", "reader"])
def test_the_highest_of_site_zone_and_reader_counts(where: str) -> None:
    sites = {
        "site": replace(small_site(), random_search_percent=50.0),
        "zone": searched(50.0),
        "reader": with_reader(searched(1.0), FRONT_IN, random_search_percent=50.0),
    }
    house = quiet_house(sites[where])
    house.see(lot(4_999))
    assert house.state.challenges[FRONT_IN].search


def test_whoever_walks_away_from_a_search_is_searched_the_next_time() -> None:
    house = quiet_house(searched())
    house.see(lot(0))
    house.wait(60.0)
    house.restart()
    everything_answers(house)
    house.see(lot(9_999))
    assert house.state.challenges[FRONT_IN].search
    house.see(order(GIL, ConfirmPassage(RequestId("r2"))))
    assert len(of_kind(ev.AccessGranted, house.events)) == 1
    house.see(opens(FRONT))
    house.see(closes(FRONT))
    house.see(lot(9_999), after=10.0)
    assert len(of_kind(ev.AccessGranted, house.events)) == 2


def test_nobody_is_searched_on_the_way_out() -> None:
    site = with_zone(replace(small_site(), random_search_percent=100.0), OUTSIDE, random_search_percent=100.0)
    house = quiet_house(site)
    house.see(lot(0, FRONT_OUT))
    assert len(of_kind(ev.AccessGranted, house.events)) == 1


def test_the_lot_is_recorded_only_where_it_counts() -> None:
    house = quiet_house(searched())
    house.see(lot(777))
    house.see(lot(777, INNER_IN, BOB))
    told = of_kind(ev.AccessGranted, house.events) + of_kind(ev.ChallengeIssued, house.events)  # type: ignore[operator]
    assert [event.asked.draw for event in told] == [777, None]


# Who may pass at a threat level.


def only(**who: object) -> Site:
    site = small_site()
    return replace(
        site, threat_levels={**site.threat_levels, 1: replace(site.threat_levels[1], added_factors={}, **who)}
    )  # type: ignore[arg-type]


STAFF_ONLY = only(allowed_kinds=frozenset({CardholderKind.STAFF}))
GUARDS_ONLY = only(allowed_levels=frozenset({GUARDS}))


@pytest.mark.parametrize(("site", "kept_out", "let_in"), [(STAFF_ONLY, NORA, ALICE), (GUARDS_ONLY, ALICE, BOB)])
def test_a_threat_level_says_who_may_go_further_in(site: Site, kept_out, let_in) -> None:  # type: ignore[no-untyped-def]
    house = quiet_house(site)
    if kept_out == NORA:
        house.travel(datetime(2026, 11, 23, 22, 0, tzinfo=BERLIN))
    assert isinstance(ask(house, who=kept_out), Grant)
    house.see(order(SUE, SetThreatLevel(1, "x")))
    decision = ask(house, who=kept_out)
    assert isinstance(decision, Deny)
    assert decision.reasons == (DenyReason.THREAT_LEVEL,)
    assert isinstance(ask(house, FRONT_OUT, kept_out), Grant)  # the way out is nobody's privilege
    if let_in == BOB:
        assert isinstance(ask(house, who=let_in), Grant)
