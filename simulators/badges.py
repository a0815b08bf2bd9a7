"""Prints badges: the bits that a card of each format sends (Wiegand, first bit first).

It repeats, rather than shares, what the box's decoder knows: a fault in one must not cancel out in the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Badge:
    """What a reader sends: `bit_count` bits, the first bit first, left-aligned in `raw` with zeros behind."""

    bit_count: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Halves:
    """A format with even parity over the first half of all bits and odd parity over the second (HID H10301 and kin)."""

    facility: int
    number: int


_HALVES = {"H10301": _Halves(8, 16), "H10306": _Halves(16, 16), "H10304": _Halves(16, 19), "H10302": _Halves(0, 35)}


def badge(card_format: str, facility: int | None, number: int) -> Badge:
    """Return the bits of a card; KeyError for a format that this printer does not know."""
    if card_format == "C1000_35":
        return _packed(_corporate_1000(_bits(facility or 0, 12) + _bits(number, 20)))
    layout = _HALVES[card_format]
    data = _bits(facility or 0, layout.facility) + _bits(number, layout.number)
    middle = (len(data) + 1) // 2
    return _packed([sum(data[:middle]) % 2, *data, 1 - sum(data[len(data) // 2 :]) % 2])


def _corporate_1000(data: list[int]) -> list[int]:
    """HID Corporate 1000, 35 bits: two interleaved parities, and an odd one before them all."""
    even = sum(_two_of_three(data)) % 2
    odd = 1 - sum(_two_of_three([even, *data[:-1]])) % 2
    rest = [even, *data, odd]
    return [1 - sum(rest) % 2, *rest]


def _two_of_three(bits: list[int]) -> Iterable[int]:
    return (bit for place, bit in enumerate(bits) if place % 3 < 2)


def _bits(value: int, width: int) -> list[int]:
    return [value >> place & 1 for place in reversed(range(width))]


def _packed(bits: list[int]) -> Badge:
    padded = bits + [0] * (-len(bits) % 8)
    number = int("".join(map(str, padded)), 2)
    return Badge(len(bits), number.to_bytes(len(padded) // 8, "big"))
