import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.site import formats as told
from devices.cards import (
    BUILT_IN,
    Card,
    CardFormat,
    Decoder,
    Fixed,
    Parity,
    ParityFailure,
    Span,
    UnknownFormat,
    encode,
    read,
)

H10301 = BUILT_IN["H10301"]
OWN = CardFormat(
    "own",
    40,
    Span(4, 8, little_endian=True),
    Span(12, 24, little_endian=True),
    (
        Parity(36, (*range(4, 36, 2), *range(1, 4)), odd=False),
        Parity(37, tuple(range(5, 36, 2)), odd=True),
        Parity(0, tuple(range(1, 40)), odd=True),
    ),
    (Fixed(Span(1, 3), 5), Fixed(Span(38, 2), 2)),
)
ALL = (*BUILT_IN.values(), OWN)
GUARDED = [each for each in ALL if each.parity]
CARDS = st.sampled_from(ALL)


def left_aligned(value, bits):
    return (value << -bits % 8).to_bytes((bits + 7) // 8, "big")


def odd(value):
    return value.bit_count() % 2


def any_card(card_format, data):
    facility = card_format.facility and data.draw(st.integers(0, 2**card_format.facility.bits - 1))
    return facility, data.draw(st.integers(0, 2**card_format.number.bits - 1))


def flipped(raw, bit):
    return (int.from_bytes(raw, "big") ^ 1 << len(raw) * 8 - 1 - bit).to_bytes(len(raw), "big")


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
    assert Decoder([H10301]).decode(26, raw) == Card("H10301", facility, number)
    assert encode(H10301, facility, number) == (26, raw)


# The interleaved parity as the published masks have it, written as whole numbers rather than as positions.
@pytest.mark.parametrize(
    ("name", "bits", "even_mask", "odd_mask", "number_bits"),
    [
        ("C1000_35", 35, 0x1B6DB6DB6, 0x36DB6DB6C, 20),
        ("C1000_48", 48, 0x1B6DB6DB6DB6, 0x36DB6DB6DB6C, 23),
    ],
)
@pytest.mark.parametrize(("facility", "number"), [(118, 1603), (1, 1), (0, 0), (0xFFF, 0xFFFFF)])
def test_corporate_1000_by_its_masks(name, bits, even_mask, odd_mask, number_bits, facility, number):
    value = facility << number_bits + 1 | number << 1
    value |= odd(value & even_mask) << bits - 2
    value |= 1 - odd(value & odd_mask)
    value |= (1 - odd(value)) << bits - 1
    assert encode(BUILT_IN[name], facility, number) == (bits, left_aligned(value, bits))
    assert read(BUILT_IN[name], bits, left_aligned(value, bits)) == Card(name, facility, number)


@pytest.mark.parametrize(
    ("name", "facility", "number", "bits"),
    [
        ("H10306", 0x8001, 0x0002, "0" + "1000000000000001" + "0000000000000010" + "0"),
        ("H10304", 0x8000, 0x00001, "1" + "1000000000000000" + "0000000000000000001" + "0"),
        ("H10302", None, 1 << 34, "1" + "1" + "0" * 34 + "1"),
        ("H10302", None, 1 << 17, "1" + "0" * 17 + "1" + "0" * 17 + "0"),
        ("CSN32", None, 0x04A2B3C4, f"{0x04A2B3C4:032b}"),
        ("DESFIRE_UID", None, 0x04A2B3C4D5E680, f"{0x04A2B3C4D5E680:056b}"),
    ],
)
def test_longer_cards_bit_by_bit(name, facility, number, bits):
    assert encode(BUILT_IN[name], facility, number) == (len(bits), left_aligned(int(bits, 2), len(bits)))


def test_a_format_of_the_sites_own_with_fixed_bits_and_bytes_the_other_way_round():
    bits, raw = encode(OWN, 0x42, 0x010203)
    assert read(OWN, bits, raw) == Card("own", 0x42, 0x010203)
    assert int.from_bytes(raw, "big") >> 28 & 0xFF == 0x42
    assert int.from_bytes(raw, "big") >> 4 & 0xFFFFFF == 0x030201
    wrong_head = flipped(flipped(raw, 2), 1)  # parity holds, and yet it is none of ours
    assert read(OWN, bits, wrong_head) == UnknownFormat(("own",))


@given(CARDS, st.data())
def test_what_is_written_is_read(card_format, data):
    facility, number = any_card(card_format, data)
    written = encode(card_format, facility, number)
    assert Decoder([card_format]).decode(*written) == Card(card_format.name, facility, number)


@given(st.sampled_from(GUARDED), st.data())
def test_every_single_wrong_bit_is_refused(card_format, data):
    bits, raw = encode(card_format, *any_card(card_format, data))
    for wrong in range(bits):
        assert not isinstance(read(card_format, bits, flipped(raw, wrong)), Card)


@given(st.integers(1, 200), st.binary(min_size=25, max_size=25))
def test_whatever_comes_is_a_card_written_so_or_none(bits, raw):
    decoder = Decoder([each for each in ALL if each.name != "H10302"])
    match decoder.decode(bits, raw):
        case Card(name, facility, number):
            card_format = OWN if name == "own" else BUILT_IN[name]
            count, written = encode(card_format, facility, number)
            assert (count, int.from_bytes(written, "big")) == (
                bits,
                int.from_bytes(raw, "big") >> 200 - bits << -bits % 8,
            )
        case ParityFailure(name, wrong):
            assert wrong
            assert name in decoder.tried
        case UnknownFormat(tried):
            assert set(tried) <= set(decoder.tried)


def test_a_parity_failure_names_the_bits_that_do_not_hold():
    bits, raw = encode(H10301, 118, 1603)
    assert read(H10301, bits, flipped(raw, 3)) == ParityFailure("H10301", (0,))
    assert read(H10301, bits, flipped(flipped(raw, 3), 20)) == ParityFailure("H10301", (0, 25))


def test_of_two_formats_of_one_length_none_is_guessed():
    with pytest.raises(ValueError, match="same length"):
        Decoder([BUILT_IN["H10304"], BUILT_IN["H10302"]])


def test_a_format_the_reader_does_not_know_is_unknown():
    decoder = Decoder([BUILT_IN["H10306"], BUILT_IN["C1000_35"]])
    assert decoder.decode(*encode(H10301, 1, 2)) == UnknownFormat(("H10306", "C1000_35"))


def test_the_loader_and_the_decoder_mean_the_same_formats():
    assert set(told.BUILT_IN) == set(BUILT_IN)
    for name, shape in told.BUILT_IN.items():
        facility = BUILT_IN[name].facility
        here = (BUILT_IN[name].bits, facility.bits if facility else 0, BUILT_IN[name].number.bits)
        assert (shape.bits, shape.facility_bits, shape.number_bits) == here


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: encode(H10301, 256, 1),
        lambda: encode(H10301, 1, 65536),
        lambda: encode(H10301, 1, -1),
        lambda: encode(H10301, None, 1),
        lambda: encode(BUILT_IN["H10302"], 1, 1),
        lambda: read(H10301, 26, b"\0\0\0"),
        lambda: Decoder([H10301]).decode(27, b"\0\0\0"),
        lambda: Decoder([H10301]).decode(0, b"\0\0\0"),
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
