"""The hygiene score: a row for each flaw on its boundary, and laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from controller.domain.events import Violation
from controller.domain.hygiene import ATTACKS, DOWNGRADES, KEY_LIFE, WEIGHTS, Flaw, KeyFacts, WireFacts, hygiene

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
GOOD = {"key": KeyFacts(NOW - timedelta(days=1)), "seconds": 100.0, "secured_seconds": 99.0, "polls": 1000}


def lost(**facts):
    return dict(hygiene(WireFacts("head", **(GOOD | facts)), NOW).lost)


@pytest.mark.parametrize(
    ("facts", "flaws"),
    [
        ({}, {}),
        ({"key": None, "secured_seconds": 0.0}, {Flaw.CHANNEL_OFF: 60}),
        ({"key": KeyFacts(NOW, exposed=True)}, {Flaw.KEY_EXPOSED: 40}),
        ({"key": KeyFacts(None)}, {Flaw.KEY_AGE_UNKNOWN: 10}),
        ({"key": KeyFacts(NOW - KEY_LIFE)}, {Flaw.KEY_OLD: 10}),
        ({"key": KeyFacts(NOW - KEY_LIFE + timedelta(seconds=1))}, {}),
        ({"secured_seconds": 80.0}, {Flaw.CHANNEL_UNSTEADY: 20}),
        ({"secured_seconds": 0.0}, {Flaw.CHANNEL_UNSTEADY: 20}),
        ({"secured_seconds": 89.5}, {Flaw.CHANNEL_UNSTEADY: 10}),
        ({"unanswered": 10}, {}),
        ({"unanswered": 105}, {Flaw.LINE_ERRORS: 5}),
        ({"unanswered": 900}, {Flaw.LINE_ERRORS: 10}),
        ({"seconds": 0.0, "secured_seconds": 0.0, "polls": 0}, {}),
        ({"violations": {Violation.DEFAULT_KEY: 1}}, {Flaw.DEFAULT_KEY: 50}),
        ({"violations": {Violation.MALFORMED: 9, Violation.BAD_MAC: 0}}, {}),
        *(({"violations": {each: 3}}, {Flaw.DOWNGRADE_TRIED: 20}) for each in sorted(DOWNGRADES)),
        *(({"violations": {each: 3}}, {Flaw.ATTACKED: 20}) for each in sorted(ATTACKS)),
    ],
)
def test_what_costs_points(facts, flaws):
    assert lost(**facts) == flaws


def test_the_score_is_what_is_left_and_never_below_nothing():
    assert hygiene(WireFacts("head", **GOOD), NOW).score == 100
    assert hygiene(WireFacts("head", **(GOOD | {"key": KeyFacts(None)})), NOW).score == 90
    everything = dict.fromkeys(Violation, 1)
    assert hygiene(WireFacts("head", None, 10.0, 0.0, 10, 10, everything), NOW).score == 0


def test_every_violation_but_what_a_broken_device_does_costs():
    free = set(Violation) - ATTACKS - DOWNGRADES - {Violation.DEFAULT_KEY}
    assert free == {Violation.MALFORMED, Violation.SEQUENCE_GAP}


@given(some.integers(0, 100), some.integers(0, 1000), some.booleans(), some.booleans())
def test_worse_never_scores_better(up, unanswered, exposed, attacked):
    facts = GOOD | {
        "secured_seconds": float(up),
        "unanswered": unanswered,
        "key": KeyFacts(NOW, exposed=exposed),
        "violations": {Violation.BAD_MAC: int(attacked)},
    }
    found = hygiene(WireFacts("head", **facts), NOW)
    assert 0 <= found.score <= hygiene(WireFacts("head", **GOOD), NOW).score
    assert all(0 < points <= WEIGHTS[flaw] for flaw, points in found.lost)
