"""A decision is told in each language the console speaks, in one plain sentence."""

from __future__ import annotations

import pytest

from controller import words_en
from controller.domain.decision import Check, DenyReason
from controller.domain.events import KIND_OF
from controller.domain.site import Factor
from controller.languages import Language, words_in

WHY = (DenyReason.CREDENTIAL_LOST, DenyReason.LOCKDOWN)


def test_the_sentences_in_english():
    words = words_in(Language.EN)
    assert words.granted("Ada", "Gate, in") == "Ada was let through at Gate, in: nothing spoke against it."
    assert words.denied("Ada", "Gate, in", WHY) == "Ada was refused at Gate, in: badge reported lost; lockdown."
    asked = words.challenged("Ada", "Gate, in", {Factor.PIN, Factor.FACE})
    assert asked == "Ada was asked for face and PIN at Gate, in: the badge was right and is not enough there."


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (Language.FR, "Ada n\u2019a pas pu passer à Gate\u00a0: badge déclaré perdu\u202f; confinement."),
        (Language.ES, "Ada no pudo pasar por Gate: tarjeta declarada perdida; cierre total."),
        (Language.AR, "رُفض مرور \u2068Ada\u2069 عند \u2068Gate\u2069: \u2068بطاقة مُبلَّغ عن فقدها؛ إغلاق تام\u2069."),  # noqa: RUF001 - Arabic
    ],
)
def test_a_refusal_is_one_sentence_in_every_language(language, sentence):
    assert words_in(language).denied("Ada", "Gate", WHY) == sentence


@pytest.mark.parametrize("language", list(Language))
def test_every_reason_factor_and_kind_of_record_has_its_words(language):
    words = words_in(language)
    for reason in DenyReason:
        refused, noted = words.verdict(Check("c", "f", reason)), words.verdict(Check("c", "f", None, reason))
        assert refused != noted
        assert words.denied("A", "B", [reason]) != words.denied("A", "B", [])
    assert words.verdict(Check("c", "f", None)).strip()
    assert all(words.event(kind).strip() for kind in KIND_OF.values())
    assert "A" in words.challenged("A", "B", set(Factor))


def test_english_is_what_the_command_line_says_elsewhere():
    words = words_in(Language.EN)
    assert {kind: words.event(KIND_OF[kind]) for kind in KIND_OF} == dict(words_en.EVENTS)
    said = words.denied("A", "B", DenyReason)
    assert said == f"A was refused at B: {words_en.reasons(DenyReason)}."
