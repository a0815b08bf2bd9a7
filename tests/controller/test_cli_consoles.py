"""What the commands print is what was meant: a terminal library that draws pictures draws none of ours."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest
from rich.console import Console

import controller

FINGERPRINT = "A6:54:AB:44:CD:0A"
CONSOLES = [
    pytest.param(console, id=f"{name}.{each}")
    for _, name, _ in pkgutil.iter_modules(controller.__path__)
    if name.startswith("cli")
    for each, console in vars(import_module(f"controller.{name}")).items()
    if isinstance(console, Console)
]


@pytest.mark.parametrize("console", CONSOLES)
def test_no_pair_of_a_fingerprint_becomes_a_picture(console: Console) -> None:
    """`:AB:` is an emoji to rich, and a fingerprint with a picture in it is compared with nothing."""
    with console.capture() as printed:
        console.print(FINGERPRINT, markup=False)
    assert printed.get().strip() == FINGERPRINT


def test_there_are_consoles() -> None:
    assert len(CONSOLES) > 10
