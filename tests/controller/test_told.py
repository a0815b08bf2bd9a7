"""The sentences that the box writes down in English: the console knows each again (`console/src/i18n/told.json`)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.domain.events import Violation
from controller.rules.views import ALARMS
from devices.osdp.events import OfflineCause

ROOT = Path(__file__).parents[2]
PATTERNS: dict[str, str] = json.loads((ROOT / "console/src/i18n/told.json").read_text(encoding="utf-8"))
SOURCES = [path for part in ("controller", "devices", "vision") for path in sorted((ROOT / part).rglob("*.py"))]

DETAIL_OF = {
    "raise_alarm": 3,
    "FaultSeen": 2,
    "DeviceSeen": 3,
    "CameraSeen": 2,
    "CertificateSeen": 2,
    "DiskSeen": 1,
    "LogLateSeen": 1,
    "NotReplaced": 0,
    "BenchError": 0,
    "BrokerLost": 0,
    "NotTheLog": 0,
}
"""Who takes a sentence that reaches an alarm's card or the wizard's dialog, and as which of its arguments."""

MADE_OF = {
    "wire_cut": ("{}: {}", "its wire is cut"),
    "wire_shorted": ("{}: {}", "its wire is shorted"),
    "line_unheard": ("{}: {}", "it is not heard of"),
    "terminals": ("{} is cut or shorted", ", "),
    "turned_in": ("turned {} once too often", "in"),
    "turned_out": ("turned {} once too often", "out"),
    "certificate_ends": ("its certificate {} on {}: `ostiary pki renew {}`", "ends"),
    "certificate_ended": ("its certificate {} on {}: `ostiary pki renew {}`", "ended"),
}
"""Patterns that the box puts together of several texts."""

NAMES_ALONE = {"", "{}", "{}; {}", ", "}
SAID_AT_A_PROMPT = {"truncated: {} entries, {} saw {}"}
"""Written by the command line, which speaks English."""


def shape(node: ast.AST) -> str | None:
    """Return a text of the source with `{}` for whatever is filled in; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w+(:[^}]*)?\}", "{}", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
WRITTEN = {text for tree in TREES.values() for node in ast.walk(tree) if (text := shape(node)) is not None}
KNOWN = {re.sub(r"\{\w+\}", "{}", pattern) for pattern in PATTERNS.values()} | {made[0] for made in MADE_OF.values()}


def details() -> Iterator[tuple[str, str]]:
    """Return where a sentence is told, and which."""
    for path, tree in TREES.items():
        constants = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            given = [k.value for k in call.keywords if k.arg in ("detail", "why")] + call.args[
                DETAIL_OF.get(name, 99) :
            ][:1]
            if name not in DETAIL_OF or any(
                k.arg == "online" and ast.unparse(k.value) == "True" for k in call.keywords
            ):
                continue
            for each in given:
                if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "format":
                    each = each.func.value
                text = shape(constants.get(each.id, each) if isinstance(each, ast.Name) else each)
                if text is not None:
                    yield f"{path.relative_to(ROOT)}:{call.lineno}", text


@pytest.mark.parametrize(("where", "text"), sorted(set(details()) - {(w, t) for w, t in details() if t in NAMES_ALONE}))
def test_what_an_alarm_tells_can_be_said_in_every_language(where, text):
    assert text in KNOWN | SAID_AT_A_PROMPT, where


def test_sentences_are_found_where_they_are_told():
    told = {text for _, text in details()}
    assert {"the lock is jammed", "{} stand open", "the line is gone: {}", "{} hangs on no line"} <= told


@pytest.mark.parametrize("code", PATTERNS)
def test_the_console_knows_no_sentence_that_the_box_does_not_write(code):
    assert set(MADE_OF.get(code, (re.sub(r"\{\w+\}", "{}", PATTERNS[code]),))) <= WRITTEN


@pytest.mark.parametrize("words", [Violation, OfflineCause], ids=lambda words: words.__name__)
def test_words_that_stand_alone_are_known(words):
    assert {word.value for word in words} <= set(PATTERNS.values())


def test_what_is_wrong_with_a_view_is_known():
    assert {told for _, told in ALARMS.values()} <= set(PATTERNS.values())
