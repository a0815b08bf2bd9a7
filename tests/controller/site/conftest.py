"""One question to ask of the embassy's file: what is said when this becomes that?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.site.errors import SiteError, SiteErrors
from controller.site.loader import parse_site

CONFIG = Path(__file__).parents[3] / "tests" / "embassy"


@pytest.fixture(scope="session")
def embassy() -> str:
    return (CONFIG / "embassy.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def refusals(embassy: str) -> Callable[[str, str, str], tuple[tuple[SiteError, ...], int]]:
    """(old, new, at) -> the errors, and the line they must name.

    That line is the first one that changed; with ``at="row"`` the head of its row; else the first that holds ``at``.
    """

    def ask(old: str, new: str, at: str) -> tuple[tuple[SiteError, ...], int]:
        assert embassy.count(old) == 1, f"{old!r} must stand once in the embassy's file"
        text = embassy.replace(old, new)
        with pytest.raises(SiteErrors) as caught:
            parse_site(text.encode(), "site.toml")
        return caught.value.errors, text.count("\n", 0, _place(embassy, text, at)) + 1

    return ask


def _place(before: str, after: str, at: str) -> int:
    if at not in ("", "row"):
        return after.index(at)
    lines = zip(before.splitlines(keepends=True), after.splitlines(keepends=True), strict=False)
    changed = 0
    for old, new in lines:
        if old != new:
            break
        changed += len(new)
    return after.rindex("[[", 0, changed) if at == "row" else changed
