"""The ``[console]`` table: what it says, and the sentence for everything that is wrong in it."""

from __future__ import annotations

import pytest

from controller.domain.console import IDLE_SECONDS, UNWATCHED_SECONDS, ConsoleRules
from controller.domain.operators import Role
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site


def with_console(embassy: str, lines: str) -> str:
    return f"{embassy}\n[console]\n{lines}\n"


def test_a_site_that_says_nothing_asks_everybody_for_a_second_factor(embassy):
    rules = parse_site(embassy.encode(), "site.toml").console
    assert rules == ConsoleRules(frozenset(), IDLE_SECONDS, UNWATCHED_SECONDS)
    assert not any(rules.password_suffices(role, "127.0.0.1") for role in Role)


def test_a_guard_at_the_local_post_may_do_without_and_nobody_else(embassy):
    text = with_console(embassy, 'local_post = ["192.0.2.10", "::1"]\nidle_seconds = 300\nunwatched_seconds = 30')
    rules = parse_site(text.encode(), "site.toml").console
    assert rules == ConsoleRules(frozenset({"192.0.2.10", "::1"}), 300.0, 30.0)
    may = {(role, at) for role in Role for at in ("192.0.2.10", "192.0.2.11") if rules.password_suffices(role, at)}
    assert may == {(Role.GUARD, "192.0.2.10")}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('local_post = "192.0.2.10"', "wrong type"),
        ('local_post = ["the post"]', "is no address"),
        ("idle_seconds = 9", "10"),
        ("idle_seconds = 3601", "3600"),
        ("unwatched_seconds = 9", "10"),
        ("unwatched_seconds = 3601", "3600"),
        ("idle = 300", "unknown key"),
        ('names = "box"', "wrong type"),
        ('names = ["-box"]', "is no host name"),
        ('names = ["box.example:8443"]', "is no host name"),
        ('names = ["' + "b" * 64 + '"]', "is no host name"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(embassy, line, said):
    text = with_console(embassy, line)
    with pytest.raises(SiteErrors) as caught:
        parse_site(text.encode(), "site.toml")
    (error,) = caught.value.errors
    assert said in str(error)
    assert error.line == text.count("\n")


@pytest.mark.parametrize("line", ["idle_seconds = 10", "unwatched_seconds = 3600"])
def test_the_borders_are_allowed(embassy, line):
    assert parse_site(with_console(embassy, line).encode(), "site.toml").console != ConsoleRules()


def test_it_is_called_by_names_and_addresses(embassy):
    text = with_console(embassy, 'names = ["Box.Example", "192.0.2.5", "2001:db8:0::5"]')
    assert parse_site(text.encode(), "site.toml").console.names == {"box.example", "192.0.2.5", "2001:db8::5"}


def test_a_change_is_told(embassy):
    before = parse_site(embassy.encode(), "site.toml")
    after = parse_site(with_console(embassy, 'local_post = ["::1"]').encode(), "site.toml")
    (sentence,) = compare(before, after)
    assert "::1" in sentence
