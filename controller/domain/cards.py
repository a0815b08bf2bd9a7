"""A card format that a site describes itself: where the numbers stand among the bits that a reader sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.domain.site import Assurance, Site

SERIAL_FORMATS = frozenset({"CSN32", "DESFIRE_UID"})
"""Serial numbers, which a card sends to whoever asks: copyable, whatever the card can do."""


@dataclass(frozen=True, slots=True)
class CardField:
    """``bits`` bits in a row; the first bit that a card sends is bit 0. ``value``: what they always are."""

    first: int
    bits: int
    value: int | None = None


@dataclass(frozen=True, slots=True)
class CardParity:
    """Parity bit ``bit`` over the bits ``over``, itself counted."""

    bit: int
    odd: bool
    over: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CardFormat:
    """``assurance`` is the most that a badge of this format may count as. Parity is computed in its order."""

    id: str
    name: str
    bits: int
    facility: CardField | None
    number: CardField
    fixed: tuple[CardField, ...]
    parity: tuple[CardParity, ...]
    little_endian: bool
    assurance: Assurance


def most_assurance(site: Site, card_format: str) -> Assurance:
    """Return the most that a badge of this format may count as."""
    from controller.domain.site import Assurance

    own = site.card_formats.get(card_format)
    if own is not None:
        return own.assurance
    return Assurance.COPYABLE if card_format in SERIAL_FORMATS else Assurance.PKI
