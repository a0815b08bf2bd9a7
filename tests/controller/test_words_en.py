"""The guard's words: whole, and the same on the screen as on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller import words_en as words
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.events import KIND_OF
from controller.domain.site import Factor

SCREEN = json.loads((Path(__file__).parents[2] / "console/src/i18n/en.json").read_text(encoding="utf-8"))

CATALOGUES = [
    ("reason", words.REASONS, {reason: reason.value for reason in DenyReason}),
    ("alarm", words.ALARMS, {kind: kind.value for kind in AlarmKind}),
    ("event", words.EVENTS, dict(KIND_OF)),
    ("factor", words.FACTORS, {factor: factor.value for factor in Factor}),
]


@pytest.mark.parametrize(
    ("what", "catalogue", "keys"), CATALOGUES, ids=lambda value: value if type(value) is str else ""
)
def test_every_member_has_its_words_and_they_are_the_screens(what, catalogue, keys):
    assert set(catalogue) == set(keys)
    assert all(text.strip() for text in catalogue.values())
    said = {word: catalogue[member] for member, word in keys.items()}
    shown = {word: SCREEN[f"{what}.{word}"] for word in said if f"{what}.{word}" in SCREEN}
    assert {word: said[word] for word in shown} == shown
    assert shown
