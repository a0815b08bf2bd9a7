import pytest

from devices.cards import BUILT_IN, Card, read
from simulators.badges import Badge, badge

BADGES = [
    ("H10301", 42, 10001),
    ("H10301", 255, 65535),
    ("H10301", 0, 1),
    ("H10306", 7, 9),
    ("H10306", 65535, 1),
    ("H10304", 77, 5000),
    ("H10302", None, 123456789),
    ("C1000_35", 1207, 310010),
    ("C1000_35", 4095, 1),
]


@pytest.mark.parametrize(("card_format", "facility", "number"), BADGES)
def test_the_boxs_decoder_reads_what_the_printer_prints(card_format, facility, number):
    printed = badge(card_format, facility, number)
    assert read(BUILT_IN[card_format], printed.bit_count, printed.raw) == Card(card_format, facility, number)


def test_the_bits_of_a_26_bit_badge_worked_out_by_hand():
    # 0 (even parity over 12 zeros), 8 + 15 zeros, 1, 0 (odd parity over the second half, which holds one 1)
    assert badge("H10301", 0, 1) == Badge(26, bytes.fromhex("00000080"))


def test_nobody_prints_a_format_that_is_not_known():
    with pytest.raises(KeyError):
        badge("H9999", 1, 1)
