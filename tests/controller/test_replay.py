"""Deciding again: over any log there is no difference, unless a rule or the policy is another one."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain.decision import Challenge, Deny, DenyReason, FaceOutcome, Grant
from controller.domain.site import Factor
from controller.replay import Answer, BrokenHistory, difference, requests
from controller.rules import decide as rules
from tests.controller.builders import small_site
from tests.controller.days import SITES, RandomDays

STEPS = 7000
ANSWERS = (ev.AccessGranted, ev.AccessDenied, ev.ChallengeIssued, ev.FactorProven)


@pytest.fixture(scope="module")
def history():
    return asyncio.run(RandomDays(7).run(STEPS))


@pytest.fixture(scope="module")
def asked(history):
    return list(requests(history))


def test_every_recorded_request_is_found(history, asked):
    assert [one.record for one in asked] == [record for record in history if isinstance(record.event, ANSWERS)]
    assert len(asked) > 3000


def test_the_log_holds_what_makes_deciding_again_hard(history, asked):
    kinds = Counter(type(record.event) for record in history)
    for kind in (ev.BoxStarted, ev.LockdownStarted, ev.LockdownEnded, ev.ThreatLevelSet, ev.ClockDistrusted):
        assert kinds[kind] >= 3, kind
    for kind in (ev.FactorProven, ev.LogWasLate, ev.DoorBlocked):
        assert kinds[kind] >= 1, kind
    reasons = {reason for one in asked for reason in one.answer.reasons}
    from_the_request = {DenyReason.FACTOR_NOT_PRESENTED, DenyReason.WRONG_PIN, DenyReason.FACE_TOO_POOR}
    from_the_past = {DenyReason.TOO_MANY_PIN_TRIES, DenyReason.GRANT_PENDING, DenyReason.CLOCK_NOT_TRUSTED}
    from_orders = {DenyReason.LOCKDOWN, DenyReason.THREAT_LEVEL, DenyReason.DOOR_BLOCKED}
    assert reasons >= from_the_request | from_the_past | from_orders
    assert len(reasons) >= 24
    assert {one.record.site for one in asked} == set(SITES)
    superseded = [r for r in history if getattr(r.event, "why", None) is ev.UnlockFailure.SUPERSEDED]
    assert superseded
    faces = {one.request.face for one in asked}
    assert faces >= {FaceOutcome.MATCHED, FaceOutcome.MISMATCH, FaceOutcome.NOBODY, None}
    assert len(faces) >= 6  # and some of those that say why it could not be judged


def test_under_the_policy_and_in_the_state_of_its_time_every_decision_is_the_same(asked):
    assert [found for one in asked if (found := difference(one, SITES.__getitem__))] == []


def test_so_is_every_check_with_the_facts_it_looked_at(asked):
    for one in asked:
        if one.trace is not None:
            assert one.decide(SITES[one.record.site]).trace == one.trace, one.record.seq


@pytest.mark.parametrize("seed", range(2))
def test_the_same_goes_for_other_days(seed):
    for one in requests(asyncio.run(RandomDays(seed).run(800))):
        assert difference(one, SITES.__getitem__) is None, one.record.seq


def without_the_request(record):
    grown = isinstance(record.event, ANSWERS)
    return replace(record, event=replace(record.event, asked=None)) if grown else record


def test_every_answer_holds_the_request_it_answers(asked):
    assert [one.request for one in asked] == [one.event.asked for one in asked]


def test_a_log_of_before_the_request_was_recorded_is_decided_the_same(history, asked):
    old = list(requests(without_the_request(record) for record in history))
    assert [(one.record.seq, one.answer) for one in old] == [(one.record.seq, one.answer) for one in asked]
    assert [found for one in old if (found := difference(one, SITES.__getitem__))] == []


def test_a_rule_that_was_edited_is_found_where_it_first_decides_otherwise(asked, monkeypatch):
    def lax(case):
        return rules.Finding("whatever")

    checks = tuple((name, lax if name == "pin" else check) for name, check in rules.CHECKS)
    monkeypatch.setattr(rules, "CHECKS", checks)
    found = next(found for one in asked if (found := difference(one, SITES.__getitem__)))
    pins = {DenyReason.WRONG_PIN, DenyReason.TOO_MANY_PIN_TRIES}
    first = next(one for one in asked if pins & set(one.answer.reasons))
    assert found.asked.record.seq == first.record.seq
    assert found.now != first.answer


def test_the_wrong_policy_is_found(asked):
    strict = replace(small_site(), access_levels={})
    found = next(found for one in asked if (found := difference(one, lambda _: strict)))
    assert found.now.result is Deny


def test_an_answer_agrees_with_what_is_known_of_it():
    pin = Answer(Challenge, (), frozenset({Factor.PIN}))
    assert Answer(Challenge).agrees(pin)
    assert pin.agrees(pin)
    assert not pin.agrees(Answer(Challenge, (), frozenset({Factor.FACE})))
    assert not Answer(Grant).agrees(pin)
    assert not Answer(Deny, (DenyReason.LOCKDOWN,)).agrees(Answer(Deny, (DenyReason.HOLIDAY,)))
    assert (str(pin), str(Answer(Grant))) == ("challenge (pin)", "grant")
    assert str(Answer(Deny, (DenyReason.LOCKDOWN, DenyReason.HOLIDAY))) == "deny (lockdown, holiday)"


def test_a_factor_that_nothing_asked_for_breaks_the_history(history):
    at = next(place for place, record in enumerate(history) if isinstance(record.event, ev.FactorProven))
    torn = [without_the_request(r) for r in history[: at + 1] if not isinstance(r.event, ev.ChallengeIssued)]
    with pytest.raises(BrokenHistory, match=f"event {history[at].seq}: "):
        list(requests(torn))
