"""Invariants for the small building of the tests, as a site file would have them."""

from __future__ import annotations

from dataclasses import replace

from controller.domain.ids import OUTSIDE, InvariantId
from controller.domain.invariants import Invariant, InvariantKind, People, Times
from controller.prove.encoding import Encoding
from controller.prove.prover import counterexample
from tests.controller.builders import small_site


def asked(kind, site=None, **said):
    """Return how an invariant is broken, in lines; none: it holds."""
    site = site or small_site()
    said.setdefault("start", frozenset({OUTSIDE}))
    sets = {key: frozenset(value) if isinstance(value, (set, list)) else value for key, value in said.items()}
    times = {key: sets.pop(key) for key in list(sets) if key in Times.__dataclass_fields__}
    people = {key: sets.pop(key) for key in list(sets) if key in People.__dataclass_fields__}
    found = counterexample(
        Encoding(site),
        Invariant(
            InvariantId("asked"), "asked", InvariantKind(kind), people=People(**people), times=Times(**times), **sets
        ),
    )
    return found and found.lines(site)


def without_level(site, level):
    return replace(site, access_levels={k: v for k, v in site.access_levels.items() if k != level})
