"""Who could have entered, and where somebody was: by the log, as of then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.decision import DenyReason
from controller.domain.events import Recorded
from controller.domain.operators import BlockDoor, Operator
from controller.domain.people import CredentialStatus
from controller.domain.site import Factor
from controller.domain.stimuli import BadgeEnrolled, PersonEnrolled, RexSeen
from controller.past import entitled, folded, whereabouts
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_IN,
    CHANCERY,
    EVE,
    FRONT,
    FRONT_IN,
    INNER,
    INNER_IN,
    LOBBY,
    OPERATORS,
    PEOPLE,
    SUE,
    VAULT,
    badge,
    closes,
    empty_house,
    everything_answers,
    opens,
    order,
    swipe,
)


class Chronicle:
    """A house that keeps its log."""

    def __init__(self):
        self.house, self.records = empty_house(), []
        self._take(self.house.events)
        for person in PEOPLE.values():
            self.see(PersonEnrolled("test", person, "sealed"))
            self.see(BadgeEnrolled("test", badge(person.id)))
        for operator, role in OPERATORS.items():
            self.see(st.OperatorEnrolled("test", Operator(operator, role)))
        before = len(self.house.events)
        everything_answers(self.house)
        self._take(self.house.events[before:])

    def see(self, stimulus, after=1.0):
        before = len(self.house.events)
        self.house.see(stimulus, after)
        self._take(self.house.events[before:])
        return self.house.now.wall

    def _take(self, events):
        for event in events:
            self.records.append(Recorded(len(self.records) + 1, self.house.now, "boot", self.house.site.digest, event))

    def who(self, zone, wall):
        past = folded(self.records, wall)
        return {(one.person, one.reader, one.factors, one.but) for one in entitled(self.house.site, past, zone, wall)}


@pytest.fixture
def log():
    return Chronicle()


def test_whoever_has_a_right_and_a_good_badge_could_have_entered(log):
    now = log.house.now.wall
    assert log.who(CHANCERY, now) == {
        (ALICE, INNER_IN, (Factor.PIN,), ()),
        (BOB, INNER_IN, (Factor.PIN,), ()),
    }
    assert {person for person, *_ in log.who(VAULT, now)} == {BOB}


def test_at_night_it_is_somebody_else(log):
    night = log.house.now.wall + timedelta(hours=13)
    assert {person for person, *_ in log.who(LOBBY, night)} == {BOB, "nora"}


def test_a_badge_that_was_lost_later_was_good_then(log):
    before = log.house.now.wall
    after = log.see(BadgeEnrolled("test", badge(ALICE, status=CredentialStatus.LOST)))
    assert ALICE in {person for person, *_ in log.who(CHANCERY, before)}
    assert ALICE not in {person for person, *_ in log.who(CHANCERY, after)}


def test_a_blocked_door_is_a_matter_of_rights_and_a_grant_elsewhere_is_not(log):
    wall = log.see(swipe(FRONT_IN, BOB))
    assert (BOB, INNER_IN, (), (DenyReason.GRANT_PENDING,)) in log.who(CHANCERY, wall)
    wall = log.see(order(SUE, BlockDoor(INNER, "broken")))
    assert log.who(CHANCERY, wall) == set()


def test_where_somebody_was_is_told_with_the_event_that_says_so(log):
    start = log.house.now.wall
    assert whereabouts(log.records, BOB, start).by is None
    log.see(swipe(FRONT_IN, BOB))
    inside = log.see(opens(FRONT))
    found = whereabouts(log.records, BOB, inside)
    assert (found.zone, type(found.by.event), found.by.event.door) == (LOBBY, ev.EntryObserved, FRONT)
    assert whereabouts(log.records, EVE, inside).by is None
    assert whereabouts(log.records, BOB, start).zone is None


def test_what_made_it_unknown_is_named(log):
    log.see(swipe(FRONT_IN, BOB))
    log.see(opens(FRONT))
    log.see(closes(FRONT))
    log.see(RexSeen(FRONT), 20.0)
    gone = log.see(opens(FRONT))
    found = whereabouts(log.records, BOB, gone)
    assert (found.zone, found.by.event.why) == (None, ev.Doubt.EXIT_BUTTON)


def test_an_entry_seen_again_is_the_newer_one(log):
    log.see(swipe(FRONT_IN, BOB))
    log.see(opens(FRONT))
    log.see(closes(FRONT))
    log.see(swipe(FRONT_IN, BOB), 30.0)
    again = log.see(opens(FRONT))
    assert whereabouts(log.records, BOB, again).by.at.wall == again


def test_the_vault_takes_a_face(log):
    assert log.who(VAULT, log.house.now.wall) == {(BOB, CELLAR_IN, (Factor.FACE,), ())}


def test_whoever_has_no_pin_cannot_show_one(log):
    wall = log.see(BadgeEnrolled("test", replace(badge(ALICE), pin=None)))
    assert {person for person, *_ in log.who(CHANCERY, wall)} == {BOB}
