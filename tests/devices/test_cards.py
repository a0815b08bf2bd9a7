import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cards import Card, CardFormat, ParityFailure, UnknownFormat, decode, encode

ALL = tuple(CardFormat)
FIELDS = {
    CardFormat.H10301: (8, 16),
    CardFormat.H10306: (16, 16),
    CardFormat.H10304: (16, 19),
    CardFormat.H10302: (0, 35),
    CardFormat.CORPORATE_1000_35: (12, 20),
    CardFormat.CORPORATE_1000_48: (22, 23),
}


def left_aligned(value, bits):
    return (value << -bits % 8).to_bytes((bits + 7) // 8, "big")


def odd(value):
    return value.bit_count() % 2


# Cards out of the world: Proxmark3's manual and forums, a reader's log, wiegand-encoder's README.
@pytest.mark.parametrize(
    ("value", "facility", "number"),
    [
        (0x2006EC0C86, 118, 1603),
        (0x2006F623AE, 123, 4567),
        (0x2007961CCA, 203, 3685),
        (0b00101101000000001010001000, 90, 324),
        (0b00110001100000011111001111, 99, 999),
    ],
)
def test_26_bit_cards_that_others_have_read(value, facility, number):
    raw = left_aligned(value & 0x3FFFFFF, 26)
    assert decode(26, raw, ALL) == Card(CardFormat.H10301, facility, number)
    assert encode(CardFormat.H10301, facility, number) == (26, raw)


# The interleaved parity as the published masks have it, written as whole numbers rather than as positions.
@pytest.mark.parametrize(
    ("name", "bits", "even_mask", "odd_mask", "number_bits"),
    [
        (CardFormat.CORPORATE_1000_35, 35, 0x1B6DB6DB6, 0x36DB6DB6C, 20),
        (CardFormat.CORPORATE_1000_48, 48, 0x1B6DB6DB6DB6, 0x36DB6DB6DB6C, 23),
    ],
)
@pytest.mark.parametrize(("facility", "number"), [(118, 1603), (1, 1), (0, 0), (0xFFF, 0xFFFFF)])
def test_corporate_1000_by_its_masks(name, bits, even_mask, odd_mask, number_bits, facility, number):
    value = facility << number_bits + 1 | number << 1
    value |= odd(value & even_mask) << bits - 2
    value |= 1 - odd(value & odd_mask)
    value |= (1 - odd(value)) << bits - 1
    assert encode(name, facility, number) == (bits, left_aligned(value, bits))
    assert decode(bits, left_aligned(value, bits), ALL) == Card(name, facility, number)


@pytest.mark.parametrize(
    ("name", "facility", "number", "bits"),
    [
        (CardFormat.H10306, 0x8001, 0x0002, "1" + "1000000000000001" + "0000000000000010" + "0"),
        (CardFormat.H10304, 0x8000, 0x00001, "1" + "1000000000000000" + "0000000000000000001" + "0"),
        (CardFormat.H10302, None, 1 << 34, "1" + "1" + "0" * 34 + "1"),
        (CardFormat.H10302, None, 1 << 17, "1" + "0" * 17 + "1" + "0" * 17 + "0"),
    ],
)
def test_longer_cards_bit_by_bit(name, facility, number, bits):
    if name is CardFormat.H10306:
        bits = "0" + bits[1:]  # two ones in the first half are even already
    assert encode(name, facility, number) == (len(bits), left_aligned(int(bits, 2), len(bits)))


@given(st.sampled_from(ALL), st.data())
def test_what_is_written_is_read(name, data):
    facility_bits, number_bits = FIELDS[name]
    facility = data.draw(st.integers(0, 2**facility_bits - 1)) if facility_bits else None
    number = data.draw(st.integers(0, 2**number_bits - 1))
    assert decode(*encode(name, facility, number), (name,)) == Card(name, facility, number)


@given(st.sampled_from(ALL), st.data())
def test_one_wrong_bit_is_never_another_card(name, data):
    facility_bits, number_bits = FIELDS[name]
    bits, raw = encode(name, 0 if facility_bits else None, data.draw(st.integers(0, 2**number_bits - 1)))
    wrong = data.draw(st.integers(0, bits - 1))
    changed = int.from_bytes(raw, "big") ^ 1 << len(raw) * 8 - 1 - wrong
    assert decode(bits, changed.to_bytes(len(raw), "big"), (name,)) == ParityFailure(name)


def test_37_bits_are_what_the_site_says_first():
    bits, raw = encode(CardFormat.H10304, 5, 7)
    assert decode(bits, raw, (CardFormat.H10304, CardFormat.H10302)) == Card(CardFormat.H10304, 5, 7)
    assert decode(bits, raw, (CardFormat.H10302, CardFormat.H10304)) == Card(CardFormat.H10302, None, 5 << 19 | 7)


def test_a_format_the_site_has_not_enabled_is_unknown():
    assert decode(*encode(CardFormat.H10301, 1, 2), (CardFormat.H10306,)) == UnknownFormat(26)
    assert decode(32, bytes(4), ALL) == UnknownFormat(32)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: encode(CardFormat.H10301, 256, 1),
        lambda: encode(CardFormat.H10301, 1, 65536),
        lambda: encode(CardFormat.H10301, 1, -1),
        lambda: encode(CardFormat.H10301, None, 1),
        lambda: encode(CardFormat.H10302, 1, 1),
        lambda: decode(26, b"\0\0\0", ALL),
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
