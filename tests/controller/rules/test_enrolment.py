"""People and badges by order: a row per refusal, two where two are asked for, and a card that opens no door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.cards import SERIAL_FORMATS, most_assurance
from controller.domain.decision import DenyReason
from controller.domain.enrolment_orders import IssueBadge, OpenEnrolment, RecordCardholder, person_told, told
from controller.domain.ids import AccessLevelId, CardholderId, CompetencyId, OperatorId, ReaderId
from controller.domain.operators import Operator, Refusal, Role
from controller.domain.people import Cardholder, CardholderKind, CredentialStatus, HeldCompetency
from controller.domain.record_orders import SetCredentialStatus
from controller.domain.site import AccessLevel, Assurance, SecurityLevel
from controller.rules.enrolment import ENROLMENT_SECONDS, eases, issued_name
from controller.site.formats import BUILT_IN
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    FRONT_IN,
    GIL,
    INNER_IN,
    MONDAY_TEN,
    SUE,
    VAULT,
    of_kind,
    order,
    quiet_house,
    small_site,
    strange_card,
    swipe,
    with_zone,
)

SVEN, NEW, KEEPER = OperatorId("sven"), CardholderId("p-new"), CardholderId("p-keeper")
INNERMOST = AccessLevelId("innermost")
PERSON = Cardholder(NEW, CardholderKind.STAFF, 1, frozenset())
HOLDER = Cardholder(KEEPER, CardholderKind.STAFF, 1, frozenset({INNERMOST}))
RECORD = RecordCardholder(PERSON, "another", "joins", "sealed")
OPEN = OpenEnrolment(FRONT_IN, BOB, "first badge")
CARD = replace(strange_card(FRONT_IN, "mac-1"), format="H10301")
ISSUE = IssueBadge(FRONT_IN, Assurance.PKI, None, None, "f00dfeed" * 8)
FIRST_AID = CompetencyId("first-aid")
SOON, LATER = MONDAY_TEN, MONDAY_TEN + timedelta(days=1)


def house():
    """The house with an exclusion zone, a keeper of it, and a security officer who is Alice."""
    site = with_zone(small_site(), VAULT, level=SecurityLevel.EXCLUSION)
    schedule = next(iter(site.access_levels.values())).schedule
    inner = AccessLevel(INNERMOST, "Innermost", frozenset({VAULT}), frozenset(), schedule)
    known = quiet_house(replace(site, access_levels={**site.access_levels, INNERMOST: inner}))
    known.see(st.OperatorEnrolled("test", Operator(SVEN, Role.SECURITY_OFFICER, ALICE)))
    known.see(st.PersonEnrolled("test", HOLDER, "sealed"))
    return known


def refusal(known, who, what):
    return next((e.why for e in known.see(order(who, what)).events if isinstance(e, ev.OrderRefused)), None)


@pytest.mark.parametrize(
    ("who", "what", "why"),
    [
        (GIL, RECORD, Refusal.NOT_YOUR_ROLE),
        (ADA, OPEN, Refusal.NOT_YOUR_ROLE),
        (SVEN, replace(RECORD, cardholder=replace(PERSON, id=ALICE)), Refusal.ABOUT_YOURSELF),
        (SUE, replace(RECORD, cardholder=replace(PERSON, clearance=10)), Refusal.UNKNOWN_COMPETENCY),
        (SUE, replace(RECORD, cardholder=replace(PERSON, clearance=-1)), Refusal.UNKNOWN_COMPETENCY),
        (SUE, replace(RECORD, cardholder=replace(PERSON, clearance=9)), None),
        (
            SUE,
            replace(RECORD, cardholder=replace(PERSON, competencies=(HeldCompetency(CompetencyId("x"), None),))),
            Refusal.UNKNOWN_COMPETENCY,
        ),
        (SUE, replace(RECORD, identity=""), Refusal.NAME_NEEDED),
        (SUE, replace(RECORD, reason=" "), Refusal.REASON_NEEDED),
        (SUE, RECORD, None),
        (SUE, replace(OPEN, reader=ReaderId("none")), Refusal.UNKNOWN_READER),
        (SUE, replace(OPEN, cardholder=NEW), Refusal.UNKNOWN_CARDHOLDER),
        (SVEN, replace(OPEN, cardholder=ALICE), Refusal.ABOUT_YOURSELF),
        (SUE, replace(OPEN, reason=""), Refusal.REASON_NEEDED),
        (SUE, OPEN, None),
        (SUE, ISSUE, Refusal.NO_BADGE_OFFERED),
    ],
    ids=str,
)
def test_why_an_order_is_refused(who, what, why):
    assert refusal(house(), who, what) is why


def test_somebody_new_has_no_access_level_whatever_the_order_says():
    known = house()
    known.see(order(SUE, replace(RECORD, cardholder=replace(PERSON, levels=frozenset({INNERMOST})))))
    assert known.state.people[NEW] == PERSON
    assert known.events[-1] == ev.CardholderRecorded(SUE, PERSON, "sealed", "joins")
    assert refusal(known, SUE, replace(RECORD, name="")) is Refusal.ALREADY_SO
    assert refusal(known, SUE, RECORD) is None  # another name alone


def test_what_eases_the_way_into_an_exclusion_zone_takes_two_and_keeps_the_levels():
    known = house()
    more = RecordCardholder(replace(HOLDER, clearance=9, may_escort=True), "", "promoted", "sealed")
    known.see(order(SUE, more))
    assert known.state.people[KEEPER] == HOLDER
    assert refusal(known, SUE, more) is Refusal.SECOND_PERSON_NEEDED
    ((_, about),) = known.state.asked
    assert person_told(about) == replace(more.cardholder, levels=frozenset())
    known.see(order(SVEN, replace(more, cardholder=person_told(about))))
    assert known.state.people[KEEPER] == more.cardholder
    assert known.events[-1] == ev.CardholderRecorded(SUE, more.cardholder, "sealed", "promoted", SVEN)
    assert len(known.state.asked) == 0


def test_what_makes_it_harder_waits_for_nobody():
    known = house()
    less = replace(HOLDER, clearance=0)
    known.see(order(SUE, RecordCardholder(less, "", "steps back", "sealed")))
    assert known.state.people[KEEPER] == less


def held(until):
    return {"competencies": (HeldCompetency(FIRST_AID, until),)}


@pytest.mark.parametrize(
    ("before", "after", "easier"),
    [
        ({}, {}, False),
        ({}, {"clearance": 2}, True),
        ({"clearance": 2}, {}, False),
        ({"needs_escort": True}, {}, True),
        ({}, {"needs_escort": True}, False),
        ({}, {"may_escort": True}, True),
        ({"may_escort": True}, {}, False),
        ({}, {"extended_time": True}, True),
        ({"extended_time": True}, {}, False),
        ({}, {"kind": CardholderKind.CONTRACTOR}, True),
        ({}, held(SOON), True),
        (held(SOON), {}, False),
        (held(SOON), held(LATER), True),
        (held(SOON), held(SOON), False),
        (held(LATER), held(SOON), False),
        (held(SOON), held(None), True),
        (held(None), held(LATER), False),
        (held(None), held(None), False),
    ],
    ids=str,
)
def test_what_eases_a_door(before, after, easier):
    assert eases(replace(PERSON, **before), replace(PERSON, **after)) is easier


def test_a_person_is_told_in_words_and_read_from_them_again():
    both = (HeldCompetency(CompetencyId("driver"), None), HeldCompetency(FIRST_AID, LATER))
    whole = replace(PERSON, competencies=both, extended_time=True, needs_escort=True, may_escort=True)
    assert [person_told(told(one)) for one in (PERSON, whole)] == [PERSON, whole]


def test_a_card_that_is_shown_in_time_is_offered_and_opens_nothing():
    known = house()
    known.see(order(SUE, OPEN))
    outcome = known.see(CARD, after=ENROLMENT_SECONDS - 1)
    (denied,) = of_kind(ev.AccessDenied, outcome.events)
    assert DenyReason.UNKNOWN_CREDENTIAL in denied.reasons
    assert (denied.format, denied.bit_count, denied.raw) == (None, None, None)  # its number is no stranger's
    assert outcome.events[-1] == ev.BadgeOffered(FRONT_IN, BOB, "H10301")
    assert known.state.enrolments[FRONT_IN].format == "H10301"
    known.see(replace(CARD, token="mac-2"))
    assert len(of_kind(ev.BadgeOffered, known.events)) == 1


@pytest.mark.parametrize(
    ("card", "after"),
    [
        (CARD, ENROLMENT_SECONDS),
        (replace(CARD, reader=INNER_IN), 1.0),
        (replace(CARD, token=None), 1.0),
        (replace(CARD, age=5.1), 1.0),
        (swipe(FRONT_IN, ALICE), 1.0),
    ],
    ids=["too late", "elsewhere", "unreadable", "told late", "known"],
)
def test_another_card_is_none(card, after):
    known = house()
    known.see(order(SUE, OPEN))
    known.see(card, after=after)
    assert of_kind(ev.BadgeOffered, known.events) == []


def test_the_badge_is_issued_once_and_to_whom_it_was_meant_for():
    known = house()
    known.see(st.PersonEnrolled("test", PERSON, "sealed"))
    known.see(order(SUE, replace(OPEN, cardholder=NEW)))
    known.see(CARD)
    assert refusal(known, SVEN, ISSUE) is Refusal.NO_BADGE_OFFERED  # another's
    assert refusal(known, SUE, replace(ISSUE, token="")) is Refusal.NO_BADGE_OFFERED
    assert refusal(known, SUE, replace(ISSUE, valid_from=LATER, valid_until=LATER)) is Refusal.UNTIL_NOT_ALLOWED
    known.see(order(SUE, ISSUE))
    badge = known.state.credentials[issued_name(NEW, ISSUE.token)]
    assert (badge.cardholder, badge.status, badge.assurance) == (NEW, CredentialStatus.ACTIVE, Assurance.PKI)
    assert known.state.tokens[ISSUE.token] == badge.id
    assert refusal(known, SUE, replace(ISSUE, token="beef" * 16)) is Refusal.NO_BADGE_OFFERED


def test_a_badge_for_an_exclusion_zone_sleeps_until_two_wake_it():
    known = house()
    known.see(order(SUE, replace(OPEN, cardholder=KEEPER)))
    known.see(CARD)
    known.see(order(SUE, ISSUE))
    name = issued_name(KEEPER, ISSUE.token)
    wake = SetCredentialStatus(name, CredentialStatus.ACTIVE, "handed over")
    assert refusal(known, SUE, wake) is None
    assert known.state.credentials[name].status is CredentialStatus.SUSPENDED
    assert refusal(known, SUE, wake) is Refusal.SECOND_PERSON_NEEDED
    known.see(order(SVEN, wake))
    assert known.state.credentials[name].status is CredentialStatus.ACTIVE
    assert of_kind(ev.CredentialStatusSet, known.events)[-1].second == SVEN
    assert len(known.state.asked) == 0


def test_two_do_not_enrol_at_one_reader_and_a_restart_ends_it():
    known = house()
    known.see(order(SUE, OPEN))
    assert refusal(known, SVEN, OPEN) is Refusal.READER_TAKEN
    assert refusal(known, SUE, OPEN) is None  # begins anew
    known.restart()
    assert len(known.state.enrolments) == 0


def test_a_serial_number_is_copyable_whatever_was_said():
    assert {name for name, shape in BUILT_IN.items() if shape.assurance is Assurance.COPYABLE} == SERIAL_FORMATS
    assert most_assurance(small_site(), "CSN32") is Assurance.COPYABLE
    known = house()
    known.see(order(SUE, OPEN))
    known.see(replace(CARD, format="CSN32"))
    known.see(order(SUE, ISSUE))
    assert known.state.credentials[issued_name(BOB, ISSUE.token)].assurance is Assurance.COPYABLE
