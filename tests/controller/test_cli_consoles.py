"""What the commands print is what was meant: a terminal library that draws pictures draws none of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

import controller
from controller import terminal

FINGERPRINT = "A6:54:AB:44:CD:0A"


@pytest.mark.parametrize("console", [terminal.out, terminal.err], ids=["out", "err"])
def test_no_pair_of_a_fingerprint_becomes_a_picture(console: Console) -> None:
    """`:AB:` is an emoji to rich, and a fingerprint with a picture in it is compared with nothing."""
    with console.capture() as printed:
        console.print(FINGERPRINT, markup=False)
    assert printed.get().strip() == FINGERPRINT


def test_no_command_has_a_console_of_its_own() -> None:
    sources = Path(controller.__file__).parent.rglob("*.py")
    making = [path.name for path in sources if "Console(" in path.read_text(encoding="utf-8")]
    assert making == ["terminal.py"]
