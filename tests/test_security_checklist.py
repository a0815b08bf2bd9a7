"""docs/security.md judges every requirement of OWASP ASVS 5.0, levels 1 and 2; every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
ROWS = re.findall(r"^\| (V\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
ASKED = [tuple(line.split()) for line in (ROOT / "tests/golden/asvs-5.0.0.txt").read_text().splitlines()]
"""Identifier and level of each requirement of levels 1 and 2, in the standard's order."""


def test_every_requirement_is_judged_once_in_the_standards_order():
    assert [(identifier, level) for identifier, level, _, _ in ROWS] == ASKED


def test_each_has_a_test_or_a_reason():
    assert [identifier for identifier, _, words, found in ROWS if not words or len(found) < 4] == []


def test_what_is_not_met_is_counted():
    assert TEXT.count("| **not met**") == 0


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_a_named_test_exists(file, name):
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
