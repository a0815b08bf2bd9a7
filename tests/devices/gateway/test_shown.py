"""A card as a reader sends it becomes what may stand in the log."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from controller.domain.ids import ReaderId
from controller.site.loader import parse_site
from devices.cards import BUILT_IN, Decoder, encode
from devices.gateway.shown import NOTHING_KNOWN, card_presented, decoders, layout

DOCS = Path(__file__).parents[3] / "docs" / "cards.md"
EMBASSY = Path(__file__).parents[2] / "embassy" / "embassy.toml"
READER = ReaderId("lobby-in")
BOTH = Decoder([BUILT_IN["H10301"], BUILT_IN["C1000_35"]])


def test_a_card_has_a_token_and_the_formats_that_were_tried(secrets):
    shown = card_presented(secrets, READER, BOTH, *encode(BUILT_IN["H10301"], 118, 1603))
    assert (shown.token, shown.format, shown.tried) == ("token H10301 118:1603", "H10301", ("H10301", "C1000_35"))


@pytest.mark.parametrize(
    ("bits", "raw", "said"),
    [
        (26, "3181f380", "parity failure in H10301 (bit 25)"),
        (27, "3181f3c0", "no format fits"),
        (37, "0000000000", "no format fits"),
    ],
)
def test_what_cannot_be_read_keeps_its_bits_and_has_no_token(secrets, bits, raw, said):
    shown = card_presented(secrets, READER, BOTH, bits, bytes.fromhex(raw))
    assert (shown.token, shown.format) == (None, said)
    assert (shown.bit_count, shown.raw, shown.tried) == (bits, raw, ("H10301", "C1000_35"))


def test_a_reader_that_knows_nothing_reads_nothing(secrets):
    shown = card_presented(secrets, READER, NOTHING_KNOWN, 26, bytes.fromhex("3181f3c0"))
    assert (shown.token, shown.tried) == (None, ())


def test_each_reader_head_reads_by_its_own_formats(site):
    heads = decoders(site)
    assert heads["osdp-lobby"].tried == ("H10301", "C1000_35")
    assert "osdp-io" not in heads


@pytest.mark.parametrize(("facility", "number"), [(1, 1), (65535, 524287), (0x1234, 0x5678)])
def test_the_example_of_the_docs_is_what_it_says(facility, number):
    [example] = re.findall(r"```toml\n(\[\[card_format\]\].*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    site = parse_site((EMBASSY.read_text(encoding="utf-8") + example).encode(), "site.toml")
    own = layout(site.card_formats["mission-37"])
    assert encode(own, facility, number) == encode(BUILT_IN["H10304"], facility, number)
    assert replace(own, name="H10304") == BUILT_IN["H10304"]
