"""Whatever happens to one key of the embassy's file, the loader answers with a site or with errors that name a line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.site import Site
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site

_KEY = re.compile(r"(?<![\w\"-])([a-z_]+) = ")
_PAIR = re.compile(r"(?<![\w\"-])([a-z_]+) = (\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\}|[^,}\s]+)(, )?")
_JUNK = ("true", "-1", "1e400", '""', '"\\u0000"', "[]", "[[[]]]", "{}", "{ id = 1 }", "2027-01-01", "00:00:00")


@pytest.fixture(scope="session")
def keys(embassy: str) -> list[re.Match[str]]:
    """Every key and its value, comments left out."""
    comments = [match.span() for match in re.finditer(r"^#.*$", embassy, re.MULTILINE)]
    pairs = _PAIR.finditer(embassy)
    return [pair for pair in pairs if not any(start <= pair.start() < end for start, end in comments)]


@pytest.fixture(scope="session")
def kinds_of_keys(embassy: str, keys: list[re.Match[str]]) -> list[re.Match[str]]:
    """The first key of each name in each kind of table."""
    first: dict[tuple[str, str, bool], re.Match[str]] = {}
    for pair in keys:
        table = embassy[: pair.start()].rpartition("\n[")[2].partition("]")[0]
        inline = embassy[pair.start() - 1] != "\n"
        first.setdefault((table, pair[1], inline), pair)
    return list(first.values())


def outcome(data: bytes) -> Site | SiteErrors:
    """What the loader answers. Any exception but SiteErrors fails the test."""
    answer = loaded(data)
    last = data.count(b"\n") + 1
    if isinstance(answer, SiteErrors):
        assert answer.errors
        assert all(1 <= error.line <= last and error.column >= 1 for error in answer.errors)
        assert all(error.problem and error.mend for error in answer.errors)
    return answer


def loaded(data: bytes) -> Site | SiteErrors:
    try:
        return parse_site(data, "site.toml")
    except SiteErrors as refused:
        return refused


def without(text: str, pair: re.Match[str]) -> bytes:
    return (text[: pair.start()] + text[pair.end() :]).encode()


def renamed(text: str, pair: re.Match[str]) -> bytes:
    return (text[: pair.end(1)] + "x" + text[pair.end(1) :]).encode()


def refilled(text: str, pair: re.Match[str], value: str) -> bytes:
    return (text[: pair.start(2)] + value + text[pair.end(2) :]).encode()


def test_every_kind_of_key_is_tried(kinds_of_keys):
    assert len(kinds_of_keys) >= 70


def test_deleting_a_key_gives_a_site_or_errors_with_a_line(embassy, kinds_of_keys):
    answers = [outcome(without(embassy, pair)) for pair in kinds_of_keys]
    assert {type(answer) for answer in answers} == {Site, SiteErrors}


def test_renaming_a_key_is_refused_where_it_stands(embassy, kinds_of_keys):
    for pair in kinds_of_keys:
        answer = outcome(renamed(embassy, pair))
        assert isinstance(answer, SiteErrors)
        line = embassy.count("\n", 0, pair.start()) + 1
        assert line in {error.line for error in answer.errors}, pair[0]


@settings(max_examples=150)
@given(st.data())
def test_any_mutation_of_any_key_gives_a_site_or_errors_with_a_line(embassy, keys, data):
    pair = data.draw(st.sampled_from(keys))
    match data.draw(st.sampled_from(("delete", "rename", "refill"))):
        case "delete":
            outcome(without(embassy, pair))
        case "rename":
            assert isinstance(outcome(renamed(embassy, pair)), SiteErrors)
        case _:
            outcome(refilled(embassy, pair, data.draw(st.sampled_from(_JUNK))))


def test_no_kind_of_value_gets_past_every_check(embassy, kinds_of_keys):
    """Each kind of key refuses most of the junk; what it takes is sound for it."""
    for pair in kinds_of_keys:
        answers = [outcome(refilled(embassy, pair, value)) for value in _JUNK[::2]]
        assert any(isinstance(answer, SiteErrors) for answer in answers), pair[0]


@settings(max_examples=100)
@given(st.integers(min_value=0), st.binary(max_size=6))
def test_bytes_from_anywhere_give_a_site_or_errors_with_a_line(embassy, place, noise):
    whole = embassy.encode()
    at = place % len(whole)
    outcome(whole[:at] + noise + whole[at + len(noise) :])
