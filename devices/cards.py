"""Card formats: from the bits a reader sends to facility code and card number, and back. Pure.

Bit 0 is the first one sent. `raw` holds the bits left-aligned, most significant first, as OSDP's RAW reply does.
Nothing here guesses: bits that no format of the reader claims, or that fail a parity, are told as such.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True)
class Span:
    """`bits` bits in a row, from bit `first`; `little_endian`: their bytes are sent the last one first."""

    first: int
    bits: int
    little_endian: bool = False

    @property
    def places(self) -> range:
        """Which bits of the card they are."""
        return range(self.first, self.first + self.bits)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Bits that are the same on every card of the format."""

    at: Span
    value: int


@dataclass(frozen=True, slots=True)
class Parity:
    """Parity bit `at` over the bits `over`: odd or even, the parity bit counted."""

    at: int
    over: tuple[int, ...]
    odd: bool


@dataclass(frozen=True, slots=True)
class CardFormat:
    """Where everything stands on a card; `facility` is None where there is none. Parity is computed in this order."""

    name: str
    bits: int
    facility: Span | None
    number: Span
    parity: tuple[Parity, ...] = ()
    fixed: tuple[Fixed, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A decoded card; `facility` is None where the format has none."""

    format: str
    facility: int | None
    number: int


@dataclass(frozen=True, slots=True)
class ParityFailure:
    """The length is that of `format`, but the parity bits `wrong` do not hold: a bad read, a forgery, a stranger."""

    format: str
    wrong: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnknownFormat:
    """None of the formats that were `tried` has this length and these fixed bits."""

    tried: tuple[str, ...]


Decoded = Card | ParityFailure | UnknownFormat


class Decoder:
    """Reads cards by the formats of one reader. Raises ValueError where two of them have one length.

    Which of the two a card is could only be guessed, and a wrong guess opens a door in somebody else's name.
    """

    def __init__(self, formats: Sequence[CardFormat]) -> None:
        self.tried = tuple(each.name for each in formats)
        self._by_length = {each.bits: each for each in formats}
        if len(self._by_length) < len(formats):
            raise ValueError(f"two of {', '.join(self.tried)} have the same length")

    def decode(self, bit_count: int, raw: bytes) -> Decoded:
        """Read a card. Raises ValueError where `raw` holds fewer bits than `bit_count`."""
        fitting = self._by_length.get(bit_count)
        if fitting is None:
            _check_length(bit_count, raw)
            return UnknownFormat(self.tried)
        return read(fitting, bit_count, raw)


def read(card_format: CardFormat, bit_count: int, raw: bytes) -> Decoded:
    """Read a card by one format. Raises ValueError where `raw` holds fewer bits than `bit_count`."""
    _check_length(bit_count, raw)
    if bit_count != card_format.bits:
        return UnknownFormat((card_format.name,))
    bits = [raw[bit // 8] >> (7 - bit % 8) & 1 for bit in range(bit_count)]
    if any(_number(fixed.at, bits) != fixed.value for fixed in card_format.fixed):
        return UnknownFormat((card_format.name,))
    wrong = tuple(parity.at for parity in card_format.parity if bits[parity.at] != _parity_bit(parity, bits))
    if wrong:
        return ParityFailure(card_format.name, wrong)
    facility = _number(card_format.facility, bits) if card_format.facility else None
    return Card(card_format.name, facility, _number(card_format.number, bits))


def encode(card_format: CardFormat, facility: int | None, number: int) -> tuple[int, bytes]:
    """Write a card: its bit count and raw bits.

    Raises ValueError where a field does not fit, or a facility code is given to a format without one (or left out).
    """
    if (facility is None) == (card_format.facility is not None):
        raise ValueError(f"{card_format.name} {'needs a' if card_format.facility else 'has no'} facility code")
    bits = [0] * card_format.bits
    if card_format.facility is not None:
        _place(card_format.facility, facility or 0, bits)
    _place(card_format.number, number, bits)
    for fixed in card_format.fixed:
        _place(fixed.at, fixed.value, bits)
    for parity in card_format.parity:
        bits[parity.at] = _parity_bit(parity, bits)
    return card_format.bits, _pack(bits)


def _check_length(bit_count: int, raw: bytes) -> None:
    if not 0 < bit_count <= len(raw) * BITS_PER_BYTE:
        raise ValueError(f"{len(raw)} bytes do not hold {bit_count} bits")


def _parity_bit(parity: Parity, bits: Sequence[int]) -> int:
    return (sum(bits[bit] for bit in parity.over) + parity.odd) % 2


def _number(span: Span, bits: Sequence[int]) -> int:
    value = 0
    for bit in span.places:
        value = value << 1 | bits[bit]
    return _swapped(span, value)


def _place(span: Span, value: int, bits: list[int]) -> None:
    if value < 0 or value >> span.bits:
        raise ValueError(f"{value} does not fit in {span.bits} bits")
    value = _swapped(span, value)
    for bit in reversed(span.places):
        bits[bit] = value & 1
        value >>= 1


def _swapped(span: Span, value: int) -> int:
    """The value with its bytes the other way round, where they are sent so."""
    if not span.little_endian:
        return value
    return int.from_bytes(value.to_bytes(span.bits // BITS_PER_BYTE, "big"), "little")


def _pack(bits: Sequence[int]) -> bytes:
    padded = int("".join(map(str, bits)), 2) << -len(bits) % BITS_PER_BYTE
    return padded.to_bytes((len(bits) + 7) // BITS_PER_BYTE, "big")


def _even(at: int, over: range) -> Parity:
    return Parity(at, tuple(over), odd=False)


def _odd(at: int, over: range) -> Parity:
    return Parity(at, tuple(over), odd=True)


def _without_every_third(over: range, remainder: int) -> tuple[int, ...]:
    return tuple(bit for bit in over if bit % 3 != remainder)


_CORPORATE_1000_35 = (
    Parity(1, _without_every_third(range(2, 34), 1), odd=False),
    Parity(34, _without_every_third(range(1, 33), 0), odd=True),
    _odd(0, range(1, 35)),
)
_CORPORATE_1000_48 = (
    Parity(1, _without_every_third(range(3, 47), 2), odd=False),
    Parity(47, _without_every_third(range(2, 46), 1), odd=True),
    _odd(0, range(1, 48)),
)
_HALVES_OF_37 = (_even(0, range(1, 19)), _odd(36, range(18, 36)))

_BUILT_IN = (
    CardFormat("H10301", 26, Span(1, 8), Span(9, 16), (_even(0, range(1, 13)), _odd(25, range(13, 25)))),
    CardFormat("H10306", 34, Span(1, 16), Span(17, 16), (_even(0, range(1, 17)), _odd(33, range(17, 33)))),
    CardFormat("H10302", 37, None, Span(1, 35), _HALVES_OF_37),
    CardFormat("H10304", 37, Span(1, 16), Span(17, 19), _HALVES_OF_37),
    CardFormat("C1000_35", 35, Span(2, 12), Span(14, 20), _CORPORATE_1000_35),
    CardFormat("C1000_48", 48, Span(2, 22), Span(24, 23), _CORPORATE_1000_48),
    CardFormat("CSN32", 32, None, Span(0, 32)),
    CardFormat("DESFIRE_UID", 56, None, Span(0, 56)),
)
BUILT_IN: Mapping[str, CardFormat] = MappingProxyType({each.name: each for each in _BUILT_IN})
"""The formats known everywhere, by HID's names; the last two are serial numbers, which have no parity."""
