"""What an operator reads of a decision, in their language: the same catalogues as the console's page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from controller.domain.decision import Check, DenyReason
from controller.domain.site import Factor

APART = ("\u2068", "\u2069")
"""First strong isolate, and its end (Unicode UAX 9): a name keeps its own direction inside a text of the other one."""


class Language(StrEnum):
    """The languages there are, by their ISO 639-1 code."""

    EN = "en"
    FR = "fr"
    ES = "es"
    AR = "ar"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, by their keys in the catalogue."""

    texts: Mapping[str, str]
    from_the_right: bool = False

    def granted(self, who: str, where: str) -> str:
        """Say that somebody may pass."""
        return self._said("said.granted", who=who, where=where)

    def denied(self, who: str, where: str, why: Iterable[DenyReason]) -> str:
        """Say that somebody was refused, and every reason."""
        reasons = self.texts["said.also"].join(self.texts[f"reason.{reason}"] for reason in why)
        return self._said("said.denied", who=who, where=where, reasons=reasons)

    def challenged(self, who: str, where: str, asked: Iterable[Factor]) -> str:
        """Say that a badge was right and more is asked for."""
        factors = self.texts["said.and"].join(self.texts[f"factor.{factor}"] for factor in sorted(asked))
        return self._said("said.challenged", who=who, where=where, factors=factors)

    def nobody_known(self) -> str:
        """Say who it was, where the badge says nothing."""
        return self.texts["said.nobody"]

    def headings(self) -> tuple[str, str, str]:
        """Return what stands above a trace: check, facts, verdict."""
        return self.texts["why.check"], self.texts["why.facts"], self.texts["why.result"]

    def verdict(self, check: Check) -> str:
        """Return what one check came to."""
        if check.refused:
            return self._said("said.refused", reason=self.texts[f"reason.{check.refused}"])
        if check.remark:
            return self._said("said.noted", reason=self.texts[f"reason.{check.remark}"])
        return self.texts["why.passed"]

    def event(self, kind: str) -> str:
        """Return what happened, for the kind of a record."""
        return self.texts[f"event.{kind}"]

    def _said(self, key: str, **named: str) -> str:
        first, last = APART if self.from_the_right else ("", "")
        return self.texts[key].format_map({name: f"{first}{value}{last}" for name, value in named.items()})


@cache
def words_in(language: Language) -> Words:
    """Return the words of a language, as installed or in the working copy."""
    here = Path(__file__).parent
    folders = (here / "catalogues", here.parent / "console" / "src" / "i18n")
    catalogue = next(path for folder in folders if (path := folder / f"{language}.json").is_file())
    return Words(json.loads(catalogue.read_text(encoding="utf-8")), from_the_right=language is Language.AR)
