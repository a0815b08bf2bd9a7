"""Card formats: those known everywhere, and those that a site describes itself (``[[card_format]]``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from controller.domain.cards import CardField, CardFormat, CardParity
from controller.domain.site import Assurance, Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.kinds import Section
from controller.site.positions import Path
from controller.site.reading import Kind, Reading, Table
from controller.site.wiring import Finding

_MOST_BITS = 1024
_MOST_FIELD = 64
_LEAST_BITS = 8
_BYTE = 8


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rest of the house must know of a format: its length, how much its numbers hold, how far it is trusted.

    ``facility_bits`` is 0 for a format without a facility code.
    """

    bits: int
    facility_bits: int
    number_bits: int
    assurance: Assurance = Assurance.PKI


BUILT_IN: Mapping[str, Shape] = {
    "H10301": Shape(26, 8, 16),
    "H10306": Shape(34, 16, 16),
    "H10302": Shape(37, 0, 35),
    "H10304": Shape(37, 16, 19),
    "C1000_35": Shape(35, 12, 20),
    "C1000_48": Shape(48, 22, 23),
    "CSN32": Shape(32, 0, 32, Assurance.COPYABLE),
    "DESFIRE_UID": Shape(56, 0, 56, Assurance.COPYABLE),
}
"""A serial number is sent to whoever asks, so it is copyable whatever the card can do."""

CARD_FORMAT: Section[str] = Section("card_format", str, built_in=tuple(BUILT_IN))


def shapes(site: Site) -> Mapping[str, Shape]:
    """Every format that readers and badges of this site may name."""
    return {**BUILT_IN, **{name: _shape(own) for name, own in site.card_formats.items()}}


def card_format(table: Table) -> CardFormat:
    """``[[card_format]]``: every bit of the card is a field, fixed, or a parity bit; none is passed over."""
    bits = table.need("bits", kinds.whole(_LEAST_BITS, _MOST_BITS, "bits"), "37")
    nothing: tuple[CardField, ...] = ()
    unguarded: tuple[CardParity, ...] = ()
    own = CardFormat(
        id=table.need("id", CARD_FORMAT.ident, '"mission-37"'),
        name=table.need("name", kinds.text, '"Mission badge"'),
        bits=bits,
        facility=table.want("facility", kinds.nested(_field), None),
        number=table.need("number", kinds.nested(_field), "{ first = 17, bits = 19 }"),
        fixed=table.want("fixed", kinds.many(kinds.nested(_fixed)), nothing),
        parity=table.want("parity", kinds.many(_parity(bits)), unguarded),
        little_endian=table.want("byte_order", kinds.name_of(("big", "little"), "byte order"), "big") == "little",
        assurance=table.want("assurance", kinds.word(Assurance), Assurance.COPYABLE),
    )
    if table.whole:
        _check_bits(table, own)
        _check_parity(table, own)
        _check_bytes(table, own)
    return own


def with_line_formats(site: Site) -> Site:
    """Give the reader heads that name no formats those of their line."""
    heads = {reader.device for reader in site.readers.values()}
    lines = {name: line.formats for name, line in site.lines.items()}
    told = {
        name: replace(device, formats=lines.get(device.line, ()))
        for name, device in site.devices.items()
        if name in heads and not device.formats and device.line is not None
    }
    return replace(site, devices={**site.devices, **told}) if told else site


def no_length_is_ambiguous(site: Site) -> Iterator[Finding]:
    """Bits of one length are read in one way: which of two formats a card is could only be guessed."""
    known = shapes(site)
    rows: dict[Path, tuple[str, ...]] = {("line", line.id): line.formats for line in site.lines.values()}
    rows |= {("device", head.id): head.formats for head in site.devices.values() if not _of_its_line(site, head.id)}
    for at, formats in rows.items():
        for one, other in combinations(formats, 2):
            if known[one].bits == known[other].bits:
                problem = f"{quoted(one)} and {quoted(other)} are both {known[one].bits} bits long"
                yield Finding((*at, "formats"), problem, "name the one that this mission's cards have")


def readers_read_what_their_zone_asks_for(site: Site) -> Iterator[Finding]:
    """A reader that knows copyable formats alone lets nobody into a zone that asks for more."""
    known = shapes(site)
    for reader in site.readers.values():
        zone, head = site.zones.get(reader.enters), site.devices.get(reader.device)
        if zone is None or head is None or not head.formats:
            continue
        best = max(known[name].assurance for name in head.formats)
        if best < zone.minimum_assurance:
            needs = zone.minimum_assurance.name.lower()
            problem = f"reads {best.name.lower()} cards alone, and {quoted(zone.id)} asks for {needs}"
            yield Finding(("reader", reader.id, "device"), problem, f"give {quoted(head.id)} a format of {needs} cards")


def _of_its_line(site: Site, device: str) -> bool:
    """Whether these formats are told of the line already."""
    head = next(each for each in site.devices.values() if each.id == device)
    line = site.lines.get(head.line) if head.line else None
    return line is not None and head.formats == line.formats


def _shape(own: CardFormat) -> Shape:
    return Shape(own.bits, own.facility.bits if own.facility else 0, own.number.bits, own.assurance)


def _field(table: Table) -> CardField:
    return CardField(
        first=table.need("first", kinds.whole(0, _MOST_BITS - 1), "1"),
        bits=table.need("bits", kinds.whole(1, _MOST_FIELD, "bits"), "16"),
    )


def _fixed(table: Table) -> CardField:
    field = replace(_field(table), value=table.need("value", kinds.whole(0, 2**_MOST_FIELD - 1), "1"))
    if table.whole and (field.value or 0) >> field.bits:
        table.refuse("value", f"{field.value} does not fit in {field.bits} bits", "write what these bits are")
    return field


def _parity(bits: int | None) -> Kind[CardParity]:
    def build(table: Table) -> CardParity:
        mask = table.need("mask", _mask(bits or _MOST_BITS), '"0x1ffe000"')
        return CardParity(
            bit=table.need("bit", kinds.whole(0, _MOST_BITS - 1), "0"),
            odd=table.need("kind", kinds.name_of(("even", "odd"), "parity"), '"even"') == "odd",
            over=mask or (),
        )

    return kinds.nested(build)


def _mask(bits: int) -> Kind[tuple[int, ...]]:
    """The bits of a mask in hex, as makers print it: its highest bit is the first that the card sends."""

    def kind(reading: Reading, path: Path, value: object) -> tuple[int, ...] | None:
        written = kinds.text(reading, path, value)
        if written is None:
            return None
        digits = written.removeprefix("0x")
        number = int(digits, 16) if digits and all(d in "0123456789abcdefABCDEF" for d in digits) else 0
        if not number or number >> bits:
            problem = f"{quoted(written)} is no mask of {bits} bits"
            reading.refuse(path, problem, "write it in hex, the first bit of the card being the highest one")
            return None
        return tuple(bit for bit in range(bits) if number >> bits - 1 - bit & 1)

    return kind


def _claims(own: CardFormat) -> Iterator[tuple[str, range]]:
    """Which key of the format takes which bits."""
    if own.facility:
        yield "facility", _places(own.facility)
    yield "number", _places(own.number)
    for field in own.fixed:
        yield "fixed", _places(field)
    for parity in own.parity:
        yield "parity", range(parity.bit, parity.bit + 1)


def _places(field: CardField) -> range:
    return range(field.first, field.first + field.bits)


def _check_bits(table: Table, own: CardFormat) -> None:
    taken: dict[int, str] = {}
    for key, places in _claims(own):
        if places.stop > own.bits:
            table.refuse(key, f"bit {places.stop - 1} lies behind the card's {own.bits}", "the first bit is bit 0")
            return
        if twice := [bit for bit in places if bit in taken]:
            table.refuse(key, f"bit {twice[0]} is {taken[twice[0]]} already", "let each bit be one thing")
            return
        taken |= dict.fromkeys(places, key)
    if left := [bit for bit in range(own.bits) if bit not in taken]:
        problem = f"{_listed(left)} of the card stand for nothing, so two cards could be read as one"
        table.refuse("bits", problem, "make them part of a field, or say in `fixed` what they always are")


def _check_parity(table: Table, own: CardFormat) -> None:
    """A parity bit over another one is computed after it, and none over itself."""
    later = {parity.bit for parity in own.parity}
    for parity in own.parity:
        if wrong := [bit for bit in parity.over if bit in later]:
            what = "itself" if wrong[0] == parity.bit else f"parity bit {wrong[0]}, which comes later"
            table.refuse("parity", f"bit {parity.bit} is computed over {what}", "leave it out, or change the order")
            return
        later.discard(parity.bit)


def _check_bytes(table: Table, own: CardFormat) -> None:
    fields = [field for field in (own.facility, own.number) if field]
    if own.little_endian and any(field.bits % _BYTE for field in fields):
        problem = "only fields of whole bytes have an order of bytes"
        table.refuse("byte_order", problem, "drop it, or make the fields 8, 16, 24 ... bits long")


def _listed(bits: Collection[int]) -> str:
    return f"bit {', '.join(map(str, bits))}"
