"""``[[safe_point]]``: what it says, and the sentence for everything that is wrong in it."""

from __future__ import annotations

import pytest

from controller.domain.evacuation import SafePoint
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site


def with_point(embassy: str, lines: str) -> str:
    return f'{embassy}\n[[safe_point]]\nid = "park"\n{lines}\n'


def test_a_safe_point_has_a_name_and_maybe_readers(embassy):
    text = with_point(embassy, 'name = "Park"\nreaders = ["lobby-in"]')
    site = parse_site(text.encode(), "site.toml")
    assert site.safe_points == {"park": SafePoint("park", "Park", frozenset({"lobby-in"}))}
    assert compare(parse_site(embassy.encode(), "site.toml"), site) == ["safe point park: new (Park)"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "name"),
        ('name = "Park"\nreaders = ["nowhere"]', "nowhere"),
        ('name = "Park"\ncolour = "green"', "unknown key"),
        ('name = "Park"\n[[safe_point]]\nid = "park"\nname = "Again"', "stands twice"),
    ],
)
def test_what_is_wrong_is_said(embassy, lines, said):
    with pytest.raises(SiteErrors) as caught:
        parse_site(with_point(embassy, lines).encode(), "site.toml")
    assert any(said in str(error) for error in caught.value.errors)
