"""Templates as another engine reads them, and who among those enrolled looks like somebody new. Pure.

What comes out is for a human to decide on: at the threshold of a door, one stranger in ten thousand is alike, and
identical twins always are.
"""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from vision.gallery import gallery
from vision.matching import TemplateError, from_bytes, load_calibration, part_of
from vision.messages import EngineKind, TemplateMode
from vision.models import ENGINE_NAMES

MADE_BY = {name: kind for kind, name in ENGINE_NAMES.items()}
"""Which engine a template names."""
MOST_NAMED = 8
"""People named to whoever decides: more than that are no help."""


Who = TypeVar("Who", bound=str)


class Made(Protocol):
    """A template as it is kept: which engine made it, in which mode, and its float32, little-endian."""

    @property
    def engine(self) -> str:
        """Return the name of the engine."""

    @property
    def mode(self) -> str:
        """Return how it was made."""

    @property
    def vector(self) -> bytes:
        """Return its numbers."""


def can_read(engine: str, by: EngineKind) -> bool:
    """Tell whether an engine reads the templates of another, by the name these carry."""
    return MADE_BY.get(engine) in (by, EngineKind.FUSION)


def read_by(template: Made, engine: EngineKind) -> bytes | None:
    """Return a template as this engine reads it; None where it must be made anew."""
    made_by = MADE_BY.get(template.engine)
    return None if made_by is None else part_of(template.vector, made_by, engine)


def alike(new: Made, known: Mapping[Who, Made], engine: EngineKind) -> tuple[tuple[Who, ...], int, int]:
    """Return who is no further from a new template than a door lets in, nearest first; how many were compared, how
    many could not be. Slow for many people: call it in a thread."""
    rows = {}
    for who, template in known.items():
        vector = read_by(template, engine)
        try:
            mode = TemplateMode(template.mode)
            if vector is not None and mode is TemplateMode.MEAN:
                rows[who] = from_bytes(vector, mode, engine)
        except (TemplateError, ValueError):
            continue
    if not rows:
        return (), 0, len(known)
    calibration = load_calibration(engine)
    people = list(rows)
    face = from_bytes(new.vector, TemplateMode(new.mode), engine)[0]
    near = gallery(list(rows.values()), calibration).within(face, calibration.thresholds[TemplateMode.MEAN].same)
    return tuple(people[number] for number, _ in near[:MOST_NAMED]), len(rows), len(known) - len(rows)
