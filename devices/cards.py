"""Wiegand card formats: from the bits a reader sends to facility code and card number, and back. Pure.

Bit 0 is the first one sent. `raw` holds the bits left-aligned, most significant first, as OSDP's RAW reply does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class CardFormat(StrEnum):
    """The formats known here, by HID's names."""

    H10301 = "H10301"
    H10306 = "H10306"
    H10304 = "H10304"
    H10302 = "H10302"
    CORPORATE_1000_35 = "C1000_35"
    CORPORATE_1000_48 = "C1000_48"


@dataclass(frozen=True, slots=True)
class Card:
    """A decoded card; `facility` is None where the format has none."""

    format: CardFormat
    facility: int | None
    number: int


@dataclass(frozen=True, slots=True)
class ParityFailure:
    """The bit count fits `format`, but a parity bit is wrong: a bad read or a forgery."""

    format: CardFormat


@dataclass(frozen=True, slots=True)
class UnknownFormat:
    """No enabled format has this many bits."""

    bit_count: int


Decoded = Card | ParityFailure | UnknownFormat


@dataclass(frozen=True, slots=True)
class _Parity:
    """Parity bit `at` over the bits `over`: 1 for odd, 0 for even, the parity bit counted."""

    at: int
    over: tuple[int, ...]
    odd: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields stand; `facility` is empty where there is none. Parity is computed in this order."""

    bits: int
    facility: range
    number: range
    parity: tuple[_Parity, ...]


def _even(at: int, over: range) -> _Parity:
    return _Parity(at, tuple(over), 0)


def _odd(at: int, over: range) -> _Parity:
    return _Parity(at, tuple(over), 1)


def _without_every_third(over: range, remainder: int) -> tuple[int, ...]:
    return tuple(bit for bit in over if bit % 3 != remainder)


_LAYOUTS: dict[CardFormat, _Layout] = {
    CardFormat.H10301: _Layout(26, range(1, 9), range(9, 25), (_even(0, range(1, 13)), _odd(25, range(13, 25)))),
    CardFormat.H10306: _Layout(34, range(1, 17), range(17, 33), (_even(0, range(1, 17)), _odd(33, range(17, 33)))),
    CardFormat.H10304: _Layout(37, range(1, 17), range(17, 36), (_even(0, range(1, 19)), _odd(36, range(18, 36)))),
    CardFormat.H10302: _Layout(37, range(0), range(1, 36), (_even(0, range(1, 19)), _odd(36, range(18, 36)))),
    CardFormat.CORPORATE_1000_35: _Layout(
        35,
        range(2, 14),
        range(14, 34),
        (
            _Parity(1, _without_every_third(range(2, 34), 1), 0),
            _Parity(34, _without_every_third(range(1, 33), 0), 1),
            _odd(0, range(1, 35)),
        ),
    ),
    CardFormat.CORPORATE_1000_48: _Layout(
        48,
        range(2, 24),
        range(24, 47),
        (
            _Parity(1, _without_every_third(range(3, 47), 2), 0),
            _Parity(47, _without_every_third(range(2, 46), 1), 1),
            _odd(0, range(1, 48)),
        ),
    ),
}


def decode(bit_count: int, raw: bytes, formats: Sequence[CardFormat]) -> Decoded:
    """Read a card by the formats the site has enabled, the first that fits winning (two of them share 37 bits).

    Raises ValueError where `raw` holds fewer bits than `bit_count`.
    """
    failure: ParityFailure | None = None
    bits = _unpack(bit_count, raw)
    for name in formats:
        layout = _LAYOUTS[name]
        if layout.bits != bit_count:
            continue
        if all(bits[parity.at] == _parity_bit(parity, bits) for parity in layout.parity):
            facility = _number(layout.facility, bits) if layout.facility else None
            return Card(name, facility, _number(layout.number, bits))
        failure = failure or ParityFailure(name)
    return failure or UnknownFormat(bit_count)


def encode(card_format: CardFormat, facility: int | None, number: int) -> tuple[int, bytes]:
    """Write a card: its bit count and raw bits.

    Raises ValueError where a field does not fit, or a facility code is given to a format without one (or left out).
    """
    layout = _LAYOUTS[card_format]
    if (facility is None) == bool(layout.facility):
        raise ValueError(f"{card_format} {'needs a' if layout.facility else 'has no'} facility code")
    bits = [0] * layout.bits
    _place(layout.facility, facility or 0, bits)
    _place(layout.number, number, bits)
    for parity in layout.parity:
        bits[parity.at] = _parity_bit(parity, bits)
    return layout.bits, _pack(bits)


def _parity_bit(parity: _Parity, bits: Sequence[int]) -> int:
    return (sum(bits[bit] for bit in parity.over) + parity.odd) % 2


def _number(field: range, bits: Sequence[int]) -> int:
    value = 0
    for bit in field:
        value = value << 1 | bits[bit]
    return value


def _place(field: range, value: int, bits: list[int]) -> None:
    if value < 0 or value >> len(field):
        raise ValueError(f"{value} does not fit in {len(field)} bits")
    for bit in reversed(field):
        bits[bit] = value & 1
        value >>= 1


def _unpack(bit_count: int, raw: bytes) -> list[int]:
    if len(raw) * 8 < bit_count:
        raise ValueError(f"{len(raw)} bytes hold fewer than {bit_count} bits")
    return [raw[bit // 8] >> (7 - bit % 8) & 1 for bit in range(bit_count)]


def _pack(bits: Sequence[int]) -> bytes:
    padded = [*bits, *([0] * (-len(bits) % 8))]
    return bytes(_number(range(start, start + 8), padded) for start in range(0, len(padded), 8))
