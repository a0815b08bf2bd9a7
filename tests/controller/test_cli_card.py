"""``ostiary card decode``: what every format makes of the bits."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli import app

EMBASSY = Path(__file__).parents[2] / "config" / "embassy.toml"
BITS = "00110001100000011111001111"
OWN = """
[[card_format]]
id = "short"
name = "Short"
bits = 8
fixed = [{ first = 0, bits = 2, value = 2 }]
number = { first = 2, bits = 6 }
"""


def decode(*arguments):
    done = CliRunner().invoke(app, ["card", "decode", *arguments])
    return done.exit_code, {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines() if line}


@pytest.mark.parametrize("sent", [(BITS,), ("3181f3c0", "--bits", "26"), ("0x3181F3C0",), (" ".join(BITS),)])
def test_every_format_says_what_it_makes_of_a_card(sent):
    code, said = decode(*sent)
    assert code == 0
    assert said["H10301"] == "facility 99, number 999"
    assert said["H10304"].startswith("37 bits, not these ")
    assert list(said) == ["H10301", "H10306", "H10302", "H10304", "C1000_35", "C1000_48", "CSN32", "DESFIRE_UID"]


def test_parity_that_does_not_hold_is_named():
    code, said = decode(BITS[:-1] + "0")
    assert (code, said["H10301"]) == (1, "parity failure: bit 25")


def test_hex_of_unknown_length_may_be_more_than_one_format():
    code, said = decode("0x0000000000")
    assert code == 1  # 34, 35, 37 bits: parity holds in none of them
    assert {name for name, told in said.items() if "parity" in told} == {"H10306", "H10302", "H10304", "C1000_35"}


def test_with_a_site_its_own_formats_and_its_readers_are_named(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(EMBASSY.read_text(encoding="utf-8") + OWN, encoding="utf-8")
    code, said = decode("10001001", "--site", str(site))
    assert (code, said["short"]) == (0, "number 9")
    assert decode("11001001", "--site", str(site))[1]["short"] == "its fixed bits are others"
    assert "facility 99, number 999 (at main-gate-in" in decode(BITS, "--site", str(site))[1]["H10301"]


@pytest.mark.parametrize("wrong", [("xyz",), ("",), ("3181", "--bits", "26"), ("3181f3c0", "--bits", "0"), ("123",)])
def test_what_is_neither_bits_nor_hex(wrong):
    assert decode(*wrong)[0] == 2


def test_a_site_that_is_not_in_order(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text("[site]\n", encoding="utf-8")
    assert decode(BITS, "--site", str(site))[0] == 2
