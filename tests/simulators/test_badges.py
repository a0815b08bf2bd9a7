import pytest

from devices.cards import Card, CardFormat, decode
from simulators.badges import Badge, badge

BADGES = [
    (CardFormat.H10301, 42, 10001),
    (CardFormat.H10301, 255, 65535),
    (CardFormat.H10301, 0, 1),
    (CardFormat.H10306, 7, 9),
    (CardFormat.H10306, 65535, 1),
    (CardFormat.H10304, 77, 5000),
    (CardFormat.H10302, None, 123456789),
    (CardFormat.CORPORATE_1000_35, 1207, 310010),
    (CardFormat.CORPORATE_1000_35, 4095, 1),
]


@pytest.mark.parametrize(("card_format", "facility", "number"), BADGES)
def test_the_boxs_decoder_reads_what_the_printer_prints(card_format, facility, number):
    printed = badge(card_format.value, facility, number)
    assert decode(printed.bit_count, printed.raw, [card_format.value]) == Card(card_format, facility, number)


def test_the_bits_of_a_26_bit_badge_worked_out_by_hand():
    # 0 (even parity over 12 zeros), 8 + 15 zeros, 1, 0 (odd parity over the second half, which holds one 1)
    assert badge("H10301", 0, 1) == Badge(26, bytes.fromhex("00000080"))


def test_nobody_prints_a_format_that_is_not_known():
    with pytest.raises(KeyError):
        badge("H9999", 1, 1)
