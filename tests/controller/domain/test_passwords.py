"""Which new passwords are refused, and that a good sentence never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.passwords import Leaked, Weakness, WeakPassword, folded, weakness

LEAKED = Leaked(frozenset({"dragon", "sunshine"}), frozenset({"1q2w3e4r5t6y", "qwertyuiopas"}))
NAMES = ("jo.martin", "Embassy, Vienna")

ROWS = [
    ("1q2w3e4r5t6y", Weakness.COMMON),  # of the list
    ("1Q2w 3E4r 5T6y", Weakness.COMMON),  # however it is written
    ("1q2w3e4r5t6yu", None),  # one letter more is another password
    ("dragon!!!2026", Weakness.COMMON),  # made long enough
    ("2026!!!Dragon", Weakness.COMMON),
    ("dragons!!!2026", None),
    ("the dragon sleeps", None),  # a word of a sentence
    ("aaaaaaaaaaaa", Weakness.COMMON),
    ("12ab12ab12ab12", None),  # cut off in the middle it is no longer one piece
    ("12ab12ab12ab", Weakness.COMMON),
    ("abcdefghabcdefgh", Weakness.COMMON),  # eight characters twice
    ("abcdefghiabcdefghi", None),  # nine
    ("embassy-vienna-26", Weakness.NAMED),
    ("EmbassyViénna26!", Weakness.NAMED),
    ("Martin1234567", Weakness.NAMED),  # seven besides
    ("Martin12345678", None),  # eight
    ("Ostiary-Vienna-1", Weakness.NAMED),
    ("jojojo 2026-11", None),  # two letters are no word
    ("vienna horse battery", None),
    ("a sentence is a good password", None),
]


@pytest.mark.parametrize(("password", "expected"), ROWS)
def test_a_password_is_refused_for_what_it_is_made_of(password, expected):
    assert weakness(password, NAMES, LEAKED) is expected


def test_the_exception_names_the_reason():
    assert WeakPassword(Weakness.NAMED).why is Weakness.NAMED


@given(st.text(min_size=1, max_size=40))
def test_case_accents_and_spaces_change_nothing(text):
    spaced = " ".join(text)
    assert folded(folded(text)) == folded(text)
    assert weakness(spaced, (), LEAKED) == weakness(text, (), LEAKED)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=12, max_size=30), st.text(max_size=10))
def test_a_longer_list_never_lets_more_through(password, leaked):
    if weakness(password, NAMES, LEAKED) is not None:
        more = Leaked(LEAKED.commonest | {folded(leaked)}, LEAKED.long | {folded(leaked)})
        assert weakness(password, NAMES, more) is not None
