"""A site as formulas, made once for all that is asked of it: making them takes longer than solving them.

The unknowns are the same in every question, so that a formula made for one of them serves the others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import z3

from controller.domain.site import Site
from controller.prove.symbols import Moment, Person, somebody, sometime
from controller.prove.ways import Way, ways

T = TypeVar("T")


class Encoding:
    """Somebody, a moment that is the same for all doors, and for each way a moment of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ways = ways(site)
        self.person: Person = somebody(site)
        self.now: Moment = sometime(site)
        self._numbers = {id(way): number for number, way in enumerate(self.ways)}
        self._moments: dict[Hashable, Moment] = {}
        self._formulas: dict[Hashable, z3.BoolRef] = {}

    def own_moment(self, way: Way) -> Moment:
        """Return the moment at which this way is taken by whoever may wait before it."""
        number = self._numbers[id(way)]
        return _kept(self._moments, number, lambda: sometime(self.site, f"{number}:", [way.door.id]))

    def open_to(self, way: Way, at: Moment) -> z3.BoolRef:
        """Return that somebody gets through one of these ways at one of these moments."""
        key = (self._numbers[id(way)], id(at))
        return _kept(self._formulas, key, lambda: way.open_to(self.site, self.person, at))

    def bounds(self, at: Moment) -> z3.BoolRef:
        """Return what is true of any moment, of one of these."""
        return _kept(self._formulas, id(at), lambda: at.bounds(self.site))


def _kept(known: dict[Hashable, T], key: Hashable, make: Callable[[], T]) -> T:
    if key not in known:
        known[key] = make()
    return known[key]
