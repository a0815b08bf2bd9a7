"""The tables in tests/golden are what the rules say today; whoever changes an answer sees which, and signs for it."""

from __future__ import annotations

import difflib
from itertools import combinations

import pytest

from controller.domain.decision import DenyReason
from tests.controller.rules.truth.scene import play
from tests.controller.rules.truth.table import GOLDEN, TABLES, WRITE, reviewed
from tests.controller.rules.truth.twists import TWISTS

ELSEWHERE = {
    DenyReason.UNKNOWN_READER: "the loader lets no reader through that has no door: test_deny_reasons.py",
    DenyReason.CHECK_FAILED: "takes a fault of ours: test_deny_reasons.py",
}
PASSBACK = ("hard anti-passback", "timed anti-passback")
NOBODY_KNOWS_WHO = ("unlocked by schedule", "unlocked by order", "fire", "door forced", "lock offline")
"""Who is where is not known any more, and unknown refuses nobody."""
EXCUSED = {frozenset({rule, why}) for rule in PASSBACK for why in NOBODY_KNOWS_WHO} | {
    # Two came in before: a third may follow alone.
    frozenset({"soft anti-passback", "two-person zone, alone"}),
}


@pytest.mark.parametrize(("name", "part"), [(name, part) for name, parts in TABLES.items() for part in parts])
def test_the_rules_say_what_was_reviewed(name, part):
    before = reviewed(name).get(part, [])
    today = "\n".join(TABLES[name][part]()).splitlines()
    changed = "\n".join(difflib.unified_diff(before, today, "reviewed", "today", n=0, lineterm=""))
    assert today == before, f"look at each row; if all are meant, write the tables anew: {WRITE}\n{changed}"


@pytest.mark.parametrize("name", TABLES)
def test_nothing_else_was_reviewed(name):
    assert [part for part in TABLES[name] if part in reviewed(name)] == [*reviewed(name)]


def test_every_reason_has_a_row():
    rows = (GOLDEN / "truth-rules.txt").read_text(encoding="utf-8")
    missing = {reason for reason in DenyReason if reason not in rows} - ELSEWHERE.keys()
    assert not missing


def test_what_one_rule_refuses_no_other_rule_lets_in():
    strict = [twist for twist in TWISTS if not twist.relaxes]
    refused = {twist.name: play(twist).verdict.startswith("deny") for twist in strict}
    laxer = set[frozenset[str]]()
    for one, other in combinations(strict, 2):
        strict_one = one.matter != other.matter and (refused[one.name] or refused[other.name])
        if strict_one and not play(one, other).verdict.startswith("deny"):
            laxer.add(frozenset({one.name, other.name}))
    assert laxer == EXCUSED
