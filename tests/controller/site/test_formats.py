"""Card formats of a site's own, and which readers know which: a row for each thing that is refused."""

from __future__ import annotations

import pytest

from controller.domain.cards import CardField, CardFormat, CardParity
from controller.domain.site import Assurance
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site
from controller.site.people import parse_people

OWN = """
[[card_format]]
id = "mission"
name = "Mission badge"
bits = 28
facility = { first = 1, bits = 8 }
number = { first = 9, bits = 16 }
fixed = [{ first = 25, bits = 2, value = 1 }]
parity = [{ bit = 27, kind = "odd", mask = "0x0fffff0" }, { bit = 0, kind = "even", mask = "7fffffe" }]
byte_order = "little"
assurance = "symmetric"
"""
HEAD = 'secure_channel = false\nformats = ["H10301", "C1000_35"]'
PEOPLE = "id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face\n"


@pytest.fixture
def read(embassy):
    return lambda *changes, own=OWN: parse_site(
        (_changed(embassy, changes).replace("[[line]]", own + "\n[[line]]", 1)).encode(), "site.toml"
    )


def _changed(text, changes):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def refusal(read, *changes, own=OWN):
    with pytest.raises(SiteErrors) as caught:
        read(*changes, own=own)
    return [(error.where, error.problem, error.mend) for error in caught.value.errors]


def test_a_format_of_the_sites_own_as_the_file_describes_it(read):
    assert read().card_formats["mission"] == CardFormat(
        "mission",
        "Mission badge",
        28,
        CardField(1, 8),
        CardField(9, 16),
        (CardField(25, 2, 1),),
        (CardParity(27, True, tuple(range(4, 24))), CardParity(0, False, tuple(range(1, 27)))),
        little_endian=True,
        assurance=Assurance.SYMMETRIC,
    )


def test_nobody_vouches_for_a_format_that_says_nothing_of_it(read):
    bare = '[[card_format]]\nid = "bare"\nname = "Bare"\nbits = 8\nnumber = { first = 0, bits = 8 }\n'
    assert read(own=bare).card_formats["bare"].assurance is Assurance.COPYABLE


def test_a_reader_may_know_it_by_its_own_name_or_by_its_line(read):
    named = read((HEAD, HEAD.replace('"C1000_35"', '"mission"')))
    assert named.devices["osdp-consular"].formats == ("H10301", "mission")
    lined = read((HEAD, "secure_channel = false"), ("baud = 115200", 'baud = 115200\nformats = ["H10301", "mission"]'))
    assert lined.devices["osdp-consular"].formats == ("H10301", "mission")
    assert lined.devices["osdp-lobby"].formats == ("H10301", "C1000_35")
    assert lined.devices["osdp-io"].formats == ()  # reads no cards


ROWS = {
    "a bit that is two things": (
        ("{ first = 9, bits = 16 }", "{ first = 8, bits = 17 }"),
        "card_format.mission.number",
        "bit 8 is facility already",
        "each bit be one thing",
    ),
    "a bit that is nothing": (
        ("{ first = 9, bits = 16 }", "{ first = 11, bits = 14 }"),
        "card_format.mission.bits",
        "bit 9, 10 of the card stand for nothing",
        "say in `fixed` what they always are",
    ),
    "a bit behind the card": (
        ("{ bit = 27", "{ bit = 28"),
        "card_format.mission.parity",
        "bit 28 lies behind the card's 28",
        "the first bit is bit 0",
    ),
    "a parity over itself": (
        ('"7fffffe"', '"0xffffffe"'),
        "card_format.mission.parity",
        "bit 0 is computed over itself",
        "leave it out",
    ),
    "a parity over a later one": (
        ('"0x0fffff0"', '"0x8fffff0"'),
        "card_format.mission.parity",
        "bit 27 is computed over parity bit 0, which comes later",
        "change the order",
    ),
    "a mask that is none": (
        ('"7fffffe"', '"bits"'),
        "card_format.mission.parity[1].mask",
        '"bits" is no mask of 28 bits',
        "write it in hex",
    ),
    "a mask longer than the card": (
        ('"7fffffe"', '"17fffffe"'),
        "card_format.mission.parity[1].mask",
        "is no mask of 28 bits",
        "highest",
    ),
    "an order of half bytes": (
        ("first = 9, bits = 16", "first = 9, bits = 15"),
        "card_format.mission.byte_order",
        "only fields of whole bytes",
        "drop it",
    ),
    "a fixed value that does not fit": (
        ("value = 1", "value = 4"),
        "card_format.mission.fixed[0].value",
        "4 does not fit in 2 bits",
        "write what these bits are",
    ),
    "no such order": (('"little"', '"middle"'), "card_format.mission.byte_order", 'unknown byte order "middle"', "big"),
    "no such parity": (('"even"', '"none"'), "card_format.mission.parity[1].kind", 'unknown parity "none"', "even"),
    "a name that is taken": (('"mission"', '"H10301"'), "card_format.H10301.id", "is no id", "a-z first"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "where", "problem", "mend"), ROWS.values(), ids=ROWS.keys())
def test_a_format_that_could_be_read_in_two_ways_is_refused(read, change, where, problem, mend):
    own = OWN.replace(*change)
    assert own != OWN
    if "bits = 15" in own:
        own = own.replace("first = 25, bits = 2", "first = 24, bits = 3")
    told = refusal(read, own=own)
    assert [(at, said) for at, said, _ in told if at == where and problem in said]
    assert any(mend in said for at, _, said in told if at == where)


def test_two_formats_of_one_length_at_one_reader_are_refused(read):
    told = refusal(read, (HEAD, 'secure_channel = false\nformats = ["H10302", "H10301", "H10304"]'))
    assert told == [
        (
            "device.osdp-consular.formats",
            '"H10302" and "H10304" are both 37 bits long',
            "name the one that this mission's cards have",
        )
    ]
    lined = refusal(
        read, (HEAD, "secure_channel = false"), ("baud = 115200", 'baud = 9600\nformats = ["H10302", "H10304"]')
    )
    assert ("line.line-a.formats", '"H10302" and "H10304" are both 37 bits long') in [each[:2] for each in lined]
    assert not any(where.startswith("device") for where, _, _ in lined)


def test_two_readers_may_know_one_length_differently(read):
    site = read(
        (HEAD, 'secure_channel = false\nformats = ["H10302"]'), ('["H10301", "C1000_35"]', '["H10301", "H10304"]')
    )
    assert site.devices["osdp-consular"].formats == ("H10302",)


def test_one_format_twice_is_a_slip(read):
    told = refusal(read, (HEAD, 'secure_channel = false\nformats = ["H10301", "H10301"]'))
    assert ("device.osdp-consular.formats[1]", '"H10301" stands twice') in [each[:2] for each in told]


def test_serial_numbers_open_nothing_that_asks_for_more(read):
    [(where, problem, mend)] = refusal(
        read, ('address = 1\nformats = ["H10301", "C1000_35"]', 'address = 1\nformats = ["CSN32"]')
    )
    assert where == "reader.chancery-in.device"
    assert problem == 'reads copyable cards alone, and "chancery" asks for symmetric'
    assert mend == 'give "osdp-chancery" a format of symmetric cards'


@pytest.mark.parametrize(
    ("cells", "column", "problem"),
    [
        ("CSN32,,0x04A2B3C4,symmetric", "assurance", "a badge of CSN32 is copyable at best"),
        ("mission,8,7,pki", "assurance", "a badge of mission is symmetric at best"),
        ("mission,256,7,symmetric", "facility", "no number from 0 to 255"),
        ("mission,8,65536,symmetric", "number", "no number from 1 to 65535"),
        ("missing,8,7,symmetric", "badge_format", 'unknown card format "missing"'),
        ("CSN32,,0x104A2B3C4,copyable", "number", "no number from 1 to"),
    ],
)
def test_a_badge_is_never_trusted_further_than_its_format(read, cells, column, problem):
    with pytest.raises(SiteErrors) as caught:
        parse_people(f"{PEOPLE}ann,Ann,staff,1,,{cells},active,,,,\n".encode(), "people.csv", read())
    assert [error for error in caught.value.errors if column in error.where and problem in error.problem]


def test_badges_of_such_formats_as_a_list_names_them(read):
    rows = f"{PEOPLE}ann,Ann,staff,1,,DESFIRE_UID,,0x04A2B3C4D5E680,copyable,active,,,,\n"
    [ann] = parse_people(rows.encode(), "people.csv", read())
    assert (ann.number, ann.assurance) == (0x04A2B3C4D5E680, Assurance.COPYABLE)


def test_the_diff_tells_what_becomes_of_a_format(read):
    told = compare(read(own=""), read())
    assert told == ["card format mission: new (Mission badge)"]
    assert compare(read(), read(own=OWN.replace('"symmetric"', '"pki"'))) == [
        "card format mission: assurance now pki (was symmetric)"
    ]
