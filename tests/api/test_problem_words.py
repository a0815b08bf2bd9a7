"""Every refusal and every problem of the API has a sentence in the console's catalogues."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from api.problems import REFUSED, WEAK
from controller.domain.operators import Refusal

ROOT = Path(__file__).parents[2]
SCREEN = json.loads((ROOT / "console/src/i18n/en.json").read_text(encoding="utf-8"))

TOLD_AS_THEY_ARE = {
    "no_font",
    "no_report",
    "not_activated",
    "not_found_out",
    "not_handed_out",
    "not_replaced",
    "nothing_chosen",
}
"""Problems whose sentence is put together where they come about: ``told`` says those it knows in other languages."""


def codes() -> set[str]:
    """Return the codes that stand in the API's own source, as the second argument of a ``Problem``."""
    calls = (node for path in (ROOT / "api").rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return {
        call.args[1].value
        for call in calls
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Problem"
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    }


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_its_sentence_in_the_api_and_on_the_screen(refusal):
    assert refusal in REFUSED
    assert SCREEN[f"refusal.{refusal.value}"]


@pytest.mark.parametrize("why", WEAK)
def test_the_sentence_about_a_weak_password_is_the_same_on_the_screen(why):
    assert SCREEN[f"refusal.{why.value}"] == WEAK[why]


@pytest.mark.parametrize("code", sorted(codes() - TOLD_AS_THEY_ARE))
def test_every_problem_has_its_sentence_on_the_screen(code):
    assert SCREEN[f"refusal.{code}"]


def test_the_codes_were_found():
    assert {"wrong_password", "console_locked", *TOLD_AS_THEY_ARE} <= codes()
