"""Two people at one door: a second person where one is asked for, and zones that hold nobody or at least two."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.effects import Light, Relock, Signal, Unlock
from controller.domain.events import UnlockFailure
from controller.domain.ids import CardholderId, ReaderId
from controller.domain.operators import ForgivePassback, Refusal, SetThreatLevel, StartLockdown
from controller.domain.people import CardholderKind, CredentialStatus
from controller.domain.site import Factor, Site
from controller.rules.access import light_for
from controller.rules.companions import TOGETHER
from tests.controller.builders import (
    ALICE,
    BOB,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
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
    strange_card,
    swipe,
    with_zone,
    wrong_pin,
)
from tests.controller.rules.test_laws import Act, days, law, lived

R = DenyReason
GRACE = 30.0


def asks_for_two(reader: ReaderId = FRONT_IN) -> Site:
    """One reader asks for a second person."""
    site = small_site()
    asking = replace(site.readers[reader], factors=site.readers[reader].factors | {Factor.SECOND_PERSON})
    return replace(site, readers={**site.readers, reader: asking})


def two_person(site: Site | None = None, **rules: object) -> Site:
    """The lobby holds nobody or at least two."""
    return with_zone(site or small_site(), LOBBY, two_person=True, two_person_grace_seconds=GRACE, **rules)


def staffed(site: Site) -> House:
    """Nora works by day as well, Eve is a visitor with a right to the lobby."""
    house = quiet_house(site)
    for person in (PEOPLE[NORA], PEOPLE[EVE]):
        house.see(st.PersonEnrolled("test", replace(person, levels=frozenset({STAFF})), "sealed"))
    house.events.clear()
    return house


def denials(house: House) -> list[tuple[CardholderId | None, tuple[DenyReason, ...]]]:
    return [(event.cardholder, event.reasons) for event in of_kind(ev.AccessDenied, house.events)]


def granted(house: House) -> list[CardholderId]:
    return [event.cardholder for event in of_kind(ev.AccessGranted, house.events)]


def both_in(house: House, *people: CardholderId) -> None:
    """They show their badges, go through together, and the door closes."""
    for person in people:
        house.see(swipe(FRONT_IN, person))
    house.see(opens(FRONT))
    house.see(closes(FRONT))


def goes_out(house: House, who: CardholderId) -> None:
    for stimulus in (swipe(FRONT_OUT, who), opens(FRONT), closes(FRONT)):
        house.see(stimulus)
    house.wait(7.0)


# A second person at a reader


def test_the_second_badge_lets_both_in_each_with_a_record_and_an_unlock() -> None:
    house = staffed(asks_for_two())
    assert Signal(FRONT_IN, Light.NEXT_BADGE) in house.see(swipe(FRONT_IN, ALICE)).effects
    assert granted(house) == []
    outcome = house.see(swipe(FRONT_IN, BOB), after=2.0)
    assert granted(house) == [ALICE, BOB]
    grants = of_kind(ev.AccessGranted, house.events)
    assert [e.request for e in outcome.effects if isinstance(e, Unlock)] == [one.request for one in grants]
    assert [one.asked.companion.request for one in grants if one.asked and one.asked.companion] == [
        grants[1].request,
        grants[0].request,
    ]
    assert all(Factor.SECOND_PERSON in one.presented for one in grants)
    house.see(opens(FRONT))
    assert [(e.cardholder, e.assumed) for e in of_kind(ev.EntryObserved, house.events)] == [
        (ALICE, False),
        (BOB, True),
    ]
    assert house.state.locations[ALICE] == house.state.locations[BOB] == LOBBY


def test_nobody_comes_in_time() -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, ALICE))
    house.wait(9.9)
    assert denials(house) == []
    house.wait(0.2)
    assert denials(house) == [(ALICE, (R.SECOND_PERSON_NEEDED,))]
    house.see(swipe(FRONT_IN, BOB))  # too late: now he is the first
    assert granted(house) == []


@pytest.mark.parametrize("second", [swipe(FRONT_IN, ALICE), swipe(FRONT_IN, EVE), strange_card(FRONT_IN)])
def test_ones_own_badge_a_visitors_and_a_strange_one_are_no_second(second: st.CardPresented) -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(second)
    assert granted(house) == []
    assert denials(house)[0] == (ALICE, (R.SECOND_PERSON_NEEDED,))


def test_a_visitor_is_not_even_asked_for_a_second() -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, EVE))
    assert denials(house) == [(EVE, (R.SECOND_PERSON_NEEDED,))]


def test_a_second_without_a_right_of_their_own_keeps_both_out_and_both_are_recorded() -> None:
    house = staffed(asks_for_two())
    house.see(st.BadgeEnrolled("test", badge(BOB, status=CredentialStatus.LOST)))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB))
    assert denials(house) == [(BOB, (R.CREDENTIAL_LOST,)), (ALICE, (R.SECOND_PERSON_NEEDED,))]
    assert len(house.state.challenges) == 0


def test_the_first_is_decided_afresh_when_the_second_comes() -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(st.BadgeEnrolled("test", badge(ALICE, status=CredentialStatus.STOLEN)))
    house.see(swipe(FRONT_IN, BOB))
    assert denials(house) == [(ALICE, (R.CREDENTIAL_STOLEN,)), (BOB, (R.SECOND_PERSON_NEEDED,))]
    assert granted(house) == []


def test_whoever_came_first_is_refused_where_more_is_asked_of_both_by_now() -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(order(SUE, SetThreatLevel(1, "a threat")))  # a PIN, from now on
    house.see(swipe(FRONT_IN, BOB))
    house.see(pin(FRONT_IN, BOB))
    assert granted(house) == []
    assert [(who, why[0]) for who, why in denials(house)] == [
        (ALICE, R.SECOND_PERSON_NEEDED),
        (BOB, R.SECOND_PERSON_NEEDED),
    ]
    assert len(house.state.challenges) == 0


def test_who_waits_for_an_escort_and_for_a_second_is_shown_that_the_next_badge_is_awaited() -> None:
    assert light_for(TOGETHER) is Light.NEXT_BADGE
    assert light_for(TOGETHER | {Factor.GUARD}) is Light.WAIT


def test_each_of_two_shows_their_own_pin() -> None:
    house = staffed(asks_for_two(INNER_IN))
    house.see(swipe(INNER_IN, ALICE))
    assert Signal(INNER_IN, Light.NEXT_BADGE) in house.see(pin(INNER_IN, ALICE)).effects
    outcome = house.see(swipe(INNER_IN, BOB))
    assert Signal(INNER_IN, Light.ENTER_PIN) in outcome.effects
    assert granted(house) == []
    house.see(pin(INNER_IN, BOB))
    assert granted(house) == [ALICE, BOB]
    assert [set(one.presented) for one in of_kind(ev.AccessGranted, house.events)] == [
        {Factor.CARD, Factor.PIN, Factor.SECOND_PERSON}
    ] * 2


def test_the_seconds_wrong_pin_keeps_both_out() -> None:
    house = staffed(asks_for_two(INNER_IN))
    for stimulus in (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), swipe(INNER_IN, BOB), wrong_pin(INNER_IN)):
        house.see(stimulus)
    assert denials(house) == [(BOB, (R.WRONG_PIN,)), (ALICE, (R.SECOND_PERSON_NEEDED,))]


def test_the_seconds_pin_comes_too_late_for_both() -> None:
    house = staffed(asks_for_two(INNER_IN))
    for stimulus in (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), swipe(INNER_IN, BOB)):
        house.see(stimulus)
    house.wait(11.0)
    reasons = dict(denials(house))
    assert R.FACTOR_NOT_PRESENTED in reasons[BOB]
    assert reasons[ALICE] == (R.SECOND_PERSON_NEEDED,)


def test_a_badge_before_the_firsts_own_pin_begins_anew() -> None:
    house = staffed(asks_for_two(INNER_IN))
    house.see(swipe(INNER_IN, ALICE))
    house.see(swipe(INNER_IN, BOB))
    assert denials(house) == [(ALICE, (R.SECOND_PERSON_NEEDED, R.FACTOR_NOT_PRESENTED))]
    house.see(pin(INNER_IN, BOB))
    assert granted(house) == []  # Bob waits for a second now


def test_a_lockdown_ends_what_both_wait_for() -> None:
    house = staffed(asks_for_two(INNER_IN))
    for stimulus in (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), swipe(INNER_IN, BOB)):
        house.see(stimulus)
    house.see(order(GIL, StartLockdown("drill")))
    assert all(R.LOCKDOWN in reasons for _, reasons in denials(house))
    assert {who for who, _ in denials(house)} == {ALICE, BOB}
    assert len(house.state.challenges) == 0


def test_a_restart_in_the_middle_lets_neither_in() -> None:
    house = staffed(asks_for_two(INNER_IN))
    for stimulus in (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), swipe(INNER_IN, BOB)):
        house.see(stimulus)
    house.restart()
    assert {who for who, _ in denials(house)} == {ALICE, BOB}
    house.see(pin(INNER_IN, BOB))
    assert granted(house) == []


def test_neither_grant_is_taken_back_alone() -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB))
    failed = of_kind(ev.AccessGranted, house.events)[0].request
    house.see(st.UnlockFailed(FRONT, failed, UnlockFailure.DEVICE_REFUSED))
    assert len(of_kind(ev.GrantWithdrawn, house.events)) == 2
    assert house.state.door(FRONT).passages == ()


def test_a_log_that_is_late_takes_both_grants_back() -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB))
    house.see(st.LogLateSeen(((FRONT, of_kind(ev.AccessGranted, house.events)[1].request),), "slow"))
    assert house.state.door(FRONT).passages == ()


def test_a_grant_for_two_reserves_both() -> None:
    house = staffed(asks_for_two())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB))
    for who in (ALICE, BOB):
        house.see(swipe(INNER_IN, who))
    assert [reasons for _, reasons in denials(house)] == [(R.GRANT_PENDING,)] * 2


def test_occupancy_counts_both() -> None:
    house = staffed(with_zone(asks_for_two(), LOBBY, occupancy_limit=1))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB))
    assert granted(house) == []
    assert dict(denials(house))[BOB] == (R.ZONE_FULL,)
    house = staffed(with_zone(asks_for_two(), LOBBY, occupancy_limit=2))
    both_in(house, ALICE, BOB)
    assert granted(house) == [ALICE, BOB]


def test_through_a_door_that_stands_open_both_count_as_in() -> None:
    house = staffed(asks_for_two())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, ALICE)
    goes_out(house, BOB)
    house.see(swipe(FRONT_OUT, NORA))
    house.see(opens(FRONT))
    for who in (ALICE, BOB):
        house.see(swipe(FRONT_IN, who))
    assert house.state.locations[ALICE] == house.state.locations[BOB] == LOBBY


def test_nobody_waits_for_a_second_on_the_way_out() -> None:
    house = staffed(asks_for_two(FRONT_OUT))
    house.see(swipe(FRONT_OUT, ALICE))
    assert granted(house) == [ALICE]


# Zones that hold nobody or at least two


def test_an_empty_zone_is_entered_by_two_and_a_third_may_follow_alone() -> None:
    house = staffed(two_person())
    house.see(swipe(FRONT_IN, ALICE))
    assert granted(house) == []
    house.see(swipe(FRONT_IN, BOB))
    house.see(opens(FRONT))
    house.see(closes(FRONT))
    house.see(swipe(FRONT_IN, NORA))
    assert granted(house) == [ALICE, BOB, NORA]
    assert len(house.state.left_alone) == 0


def test_before_the_two_went_in_a_third_is_not_let_in_alone() -> None:
    house = staffed(two_person())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB))
    house.see(swipe(FRONT_IN, NORA))
    assert granted(house) == [ALICE, BOB]


def test_the_second_of_two_has_the_zones_own_time() -> None:
    house = staffed(two_person(two_person_seconds=4.0))
    house.see(swipe(FRONT_IN, ALICE))
    house.wait(4.1)
    assert denials(house) == [(ALICE, (R.SECOND_PERSON_NEEDED,))]


def test_a_visitor_follows_two_but_is_not_one_of_them() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.see(swipe(FRONT_IN, EVE))
    assert granted(house)[-1] == EVE
    house.see(opens(FRONT))
    house.see(closes(FRONT))
    house.wait(8.0)
    goes_out(house, ALICE)
    assert LOBBY in house.state.left_alone  # Bob and a visitor: one


def test_leaving_one_alone_starts_a_grace_time_then_alarms_until_two_are_in() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    house.see(swipe(FRONT_OUT, BOB))
    house.see(opens(FRONT))
    (grace,) = of_kind(ev.GraceStarted, house.events)
    assert (grace.zone, grace.kind, grace.seconds) == (LOBBY, AlarmKind.TWO_PERSON_BROKEN, GRACE)
    house.see(closes(FRONT))
    house.wait(GRACE - 0.1)
    assert house.alarms(AlarmKind.TWO_PERSON_BROKEN) == []
    house.wait(0.2)
    (alarm,) = house.alarms(AlarmKind.TWO_PERSON_BROKEN)
    assert (alarm.source.zone, alarm.detail, alarm.persists) == (LOBBY, ALICE, True)
    house.see(swipe(FRONT_IN, NORA))  # joins her: that mends it, so it takes no second person
    house.see(opens(FRONT))
    assert not house.alarms(AlarmKind.TWO_PERSON_BROKEN)[0].persists


def test_the_alarm_ends_when_nobody_is_left() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, BOB)
    house.wait(GRACE)
    assert house.alarms(AlarmKind.TWO_PERSON_BROKEN)[0].persists
    goes_out(house, ALICE)
    assert not house.alarms(AlarmKind.TWO_PERSON_BROKEN)[0].persists


def test_who_leaves_within_the_grace_time_alarms_nobody() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, BOB)
    goes_out(house, ALICE)
    house.wait(2 * GRACE)
    assert house.alarms(AlarmKind.TWO_PERSON_BROKEN) == []
    assert of_kind(ev.GraceEnded, house.events) == [ev.GraceEnded(LOBBY, AlarmKind.TWO_PERSON_BROKEN)]


def test_what_is_not_known_alarms_nobody() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    house.see(order(SUE, ForgivePassback(BOB, "drill")))  # Bob may be anywhere, and so may still be in
    house.wait(2 * GRACE)
    assert house.alarms(AlarmKind.TWO_PERSON_BROKEN) == []
    goes_out(house, BOB)
    assert LOBBY in house.state.left_alone
    house.see(st.RexSeen(FRONT))
    house.see(opens(FRONT))  # somebody left: it may have been Alice
    house.see(closes(FRONT))
    house.wait(2 * GRACE)
    assert house.alarms(AlarmKind.TWO_PERSON_BROKEN) == []


def test_after_a_restart_nobody_is_known_to_be_alone() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, BOB)
    house.restart()
    house.wait(2 * GRACE)
    assert house.alarms(AlarmKind.TWO_PERSON_BROKEN) == []


def test_an_alarm_outlives_a_restart_until_it_is_seen_to_be_over() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, BOB)
    house.wait(GRACE)
    house.restart()
    assert house.alarms(AlarmKind.TWO_PERSON_BROKEN)[0].persists
    house.site = with_zone(house.site, LOBBY, two_person=False)
    house.restart()
    assert not house.alarms(AlarmKind.TWO_PERSON_BROKEN)[0].persists


def test_whoever_is_about_to_leave_does_not_count_as_company() -> None:
    house = staffed(two_person())
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, BOB)
    house.see(swipe(FRONT_OUT, ALICE))
    house.see(swipe(FRONT_IN, NORA))
    assert NORA not in granted(house)


def test_a_grant_to_join_somebody_is_taken_back_when_nobody_is_left() -> None:
    house = staffed(two_person(replace(small_site())))
    both_in(house, ALICE, BOB)
    house.wait(10.0)
    goes_out(house, BOB)
    house.see(swipe(FRONT_IN, NORA))
    assert granted(house)[-1] == NORA
    house.see(swipe(INNER_IN, ALICE))
    house.see(pin(INNER_IN, ALICE))
    outcome = house.see(opens(INNER))  # Alice goes on into the chancery
    assert [e.why for e in of_kind(ev.GrantWithdrawn, outcome.events)] == [Refusal.SECOND_PERSON_NEEDED]
    assert Relock(FRONT) in outcome.effects


class Beside:
    """Another count of the same: who is in, by entries and doubts alone; nothing of the box's own books."""

    def __init__(self) -> None:
        self.where: dict[CardholderId, str | None] = {}

    def sees(self, event: object) -> None:
        match event:
            case ev.EntryObserved(cardholder=who, enters=zone) if who is not None and zone is not None:
                self.where[who] = zone
            case ev.WhereaboutsDoubted(zones=zones):
                self.where |= {who: None for who, zone in self.where.items() if zone in zones}
            case ev.EntryAmbiguous(cardholders=people):
                self.where |= dict.fromkeys(people)
            case ev.PassbackForgiven(cardholder=who):
                self.where |= dict.fromkeys(self.where if who is None else [who])
            case ev.BoxStarted():
                self.where = dict.fromkeys(self.where)
            case _:
                pass

    def staff_in(self, zone: str) -> set[CardholderId]:
        return {w for w, at in self.where.items() if at == zone and PEOPLE[w].kind is not CardholderKind.VISITOR}


@law
@given(days)
def test_a_two_person_zone_is_never_entered_alone_from_empty(script: list[Act]) -> None:
    beside = Beside()
    for _, outcome in lived(script, two_person()).steps:
        grants = of_kind(ev.AccessGranted, outcome.events)
        together = {g.asked.companion.request for g in grants if g.asked and g.asked.companion}
        for event in outcome.events:
            if isinstance(event, ev.AccessGranted) and event.enters == LOBBY and event.reader == FRONT_IN:
                alone = not (beside.staff_in(LOBBY) - {event.cardholder})
                assert not alone or event.request in together
            beside.sees(event)


@law
@given(days)
def test_two_are_let_in_or_neither_and_each_by_right_of_their_own(script: list[Act]) -> None:
    for _, outcome in lived(script, asks_for_two()).steps:
        grants = {g.request: g for g in of_kind(ev.AccessGranted, outcome.events) if g.reader == FRONT_IN}
        for grant in grants.values():
            assert grant.asked is not None
            assert grant.asked.companion is not None
            other = grants[grant.asked.companion.request]
            assert other.cardholder != grant.cardholder
            assert CardholderKind.VISITOR not in (PEOPLE[other.cardholder].kind, PEOPLE[grant.cardholder].kind)
        for door in outcome.state.doors.values():
            requests = {p.request for p in door.passages}
            assert all(p.companion in requests for p in door.passages if p.companion and not p.used)


@law
@given(days)
def test_the_books_of_who_is_where_agree_with_each_other(script: list[Act]) -> None:
    for _, outcome in lived(script, two_person()).steps:
        state = outcome.state
        known: dict[str, set[CardholderId]] = {}
        for who, zone in state.locations.items():
            if zone not in (None, "outside"):
                known.setdefault(str(zone), set()).add(who)
        assert {zone: set(people) for zone, people in state.present.items()} == known
        lost: dict[str, set[CardholderId]] = {}
        for who, zone in state.locations.items():
            if zone is None and who in state.sightings and state.sightings[who].zone != "outside":
                lost.setdefault(state.sightings[who].zone, set()).add(who)
        assert {zone: set(people) for zone, people in state.lost.items()} == lost
