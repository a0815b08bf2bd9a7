"""Card formats by name, and how many bits each gives to facility code and card number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CardFormat:
    """``facility_bits`` is 0 for a format without a facility code."""

    facility_bits: int
    number_bits: int


CARD_FORMATS: Mapping[str, CardFormat] = {
    "H10301": CardFormat(8, 16),
    "H10306": CardFormat(16, 16),
    "H10302": CardFormat(0, 35),
    "H10304": CardFormat(16, 19),
    "C1000_35": CardFormat(12, 20),
    "C1000_48": CardFormat(22, 23),
}
