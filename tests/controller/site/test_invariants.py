"""``[[invariant]]`` rows: what each kind may say, and what is refused with its sentence."""

from __future__ import annotations

import pytest

from controller.domain.invariants import Invariant, InvariantKind, People, Times
from controller.domain.people import CardholderKind
from controller.domain.site import Factor
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site


def read(embassy, row):
    return parse_site(f"{embassy}\n[[invariant]]\n{row}".encode(), "site.toml").invariants


ROW = 'id = "one"\nname = "A sentence"\n'


def test_a_row_is_read_as_it_stands(embassy):
    row = ROW + (
        'kind = "never_enters"\nzones = ["registry"]\nkinds = ["visitor"]\nwithout = ["pin"]\noutside = "office"\n'
        'at = "03:00"\nthreat_to = 1\nholidays = true\nclearance_below = 3\nwithout_escort = true\n'
    )
    assert read(embassy, row) == {
        "one": Invariant(
            "one",
            "A sentence",
            InvariantKind.NEVER_ENTERS,
            frozenset({"registry"}),
            people=People(frozenset({CardholderKind.VISITOR}), clearance_below=3),
            times=Times(outside="office", at=180, holidays=True, threat_to=1),
            without=frozenset({Factor.PIN}),
            without_escort=True,
            start=frozenset({"outside"}),
        )
    }


@pytest.mark.parametrize(
    ("row", "where", "problem", "mend"),
    [
        ('kind = "never"', "kind", 'unknown word "never"', '"never_enters"'),
        ('kind = "never_enters"', "zones", "is about no place", 'name zones: `zones = ["registry"]`'),
        ('kind = "free_way_out"\nat = "03:00"', "at", 'means nothing for "free_way_out"', "this kind has zones"),
        (
            'kind = "always_reaches"\nzones = ["lobby"]',
            "levels",
            "does not say who always gets there",
            "levels they hold",
        ),
        ('kind = "never_enters"\nzones = ["regstry"]', "zones[0]", 'no zone has the id "regstry"', '"registry"'),
        (
            'kind = "never_enters"\nzones = ["lobby"]\nthreat_from = 8',
            "threat_from",
            "there is no threat level 8",
            "choose one of 0, 1, 2",
        ),
        ('kind = "never_unlocked"\nwithout = ["pin"]', "without", 'means nothing for "never_unlocked"', "remove it"),
    ],
)
def test_what_means_nothing_is_refused_with_its_place_and_its_mend(embassy, row, where, problem, mend):
    with pytest.raises(SiteErrors) as refused:
        read(embassy, ROW + row)
    (error,) = refused.value.errors
    assert error.where == f"invariant.one.{where}"
    assert problem in error.problem
    assert mend in error.mend
