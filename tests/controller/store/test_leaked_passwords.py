"""The list that is shipped: the one that was listed, long enough, and good sentences are not in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from controller.domain.passwords import Weakness, weakness
from controller.store.leaked_passwords import COMMONEST, FILE, LONG, leaked_passwords

ASVS_ASKS_FOR = 3_000
LISTED = json.loads((Path(__file__).parents[3] / "controller" / "passwords.json").read_text(encoding="utf-8"))


def test_it_is_the_file_that_was_listed():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == LISTED[FILE.name]["sha256"]


def test_it_holds_more_passwords_of_the_least_length_than_are_asked_for():
    leaked = leaked_passwords()
    assert len(leaked.long) > ASVS_ASKS_FOR
    assert min(map(len, leaked.long)) == LONG
    assert len(leaked.commonest) > 0.9 * COMMONEST  # some differ in case alone


@pytest.mark.parametrize(
    "tried", ["123qweasdzxc", "Leave me alone", "Mailcreated5240", "password2026", "!!monkey!!123"]
)
def test_what_is_tried_first_is_refused(tried):
    assert weakness(tried, (), leaked_passwords()) is Weakness.COMMON


@pytest.mark.parametrize(
    "good", ["a sentence is a good password", "correct horse battery staple", "pebble-orbit-cider"]
)
def test_a_sentence_is_not(good):
    assert weakness(good, (), leaked_passwords()) is None
