"""A watch list: whose face is this, of a few that are looked for? Searched only where the site has it approved.

The rate of false hits is that of one comparison times the people on the list, so a hit takes several frames in a row
that name the same person. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vision.gallery import Gallery, gallery
from vision.matching import Calibration, Embedding, TemplateError, from_bytes
from vision.messages import TemplateMode, WatchList

NAMING = 3
"""Frames in a row that must name the same person."""
LOOKS = 10
"""Frames of one presence that are compared; after that nobody is looked for until the next."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The list as it is searched: people by the rows of the gallery."""

    cameras: frozenset[str]
    people: tuple[str, ...]
    rows: Gallery
    limit: float

    def nearest(self, face: Embedding) -> tuple[str, float] | None:
        """Return who on the list this is, and the distance; None for nobody."""
        found = self.rows.within(face, self.limit)
        return (self.people[found[0][0]], found[0][1]) if found else None


def listed(said: WatchList, calibration: Calibration) -> Listed | None:
    """Return the list ready to be searched; None where there is nobody on it that this engine can read."""
    known = []
    for person, template in zip(said.people, said.templates, strict=True):
        try:
            known.append((person, from_bytes(template, TemplateMode.MEAN, calibration.kind)))
        except TemplateError:
            continue
    if not known or not said.cameras:
        return None
    rows = gallery([rows for _, rows in known], calibration)
    limit = calibration.thresholds[TemplateMode.MEAN].same
    return Listed(frozenset(said.cameras), tuple(person for person, _ in known), rows, limit)


@dataclass(frozen=True, slots=True)
class Spotting:
    """What one presence before a camera came to so far: how often it was compared, and who was named last in a row."""

    looks: int = 0
    named: tuple[str, ...] = ()
    said: bool = False

    @property
    def goes_on(self) -> bool:
        """Tell whether another look is worth its time."""
        return not self.said and self.looks < LOOKS


def looked(spotting: Spotting, found: tuple[str, float] | None) -> tuple[Spotting, bool]:
    """Return the spotting after one more look, and whether to say now who was found."""
    named = _row(spotting.named, found)
    say = len(named) >= NAMING and not spotting.said
    return replace(spotting, looks=spotting.looks + 1, named=named, said=spotting.said or say), say


def _row(before: Sequence[str], found: tuple[str, float] | None) -> tuple[str, ...]:
    if found is None:
        return ()
    return (*before, found[0]) if before and before[-1] == found[0] else (found[0],)
