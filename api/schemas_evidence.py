"""What the API says and takes about evidence, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.model import Model
from api.schemas import Name
from api.schemas_people import ForIn

MOST_CHOSEN = 100
WITNESS_LENGTH = 100_000

Number = Annotated[int, Field(ge=1, lt=2**63 - 1)]
Recording = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class EvidenceIn(ForIn):
    """What is to be handed out: records (their films come along), recordings, or a time at one camera or one door.

    ``pixelated``: copies, in which the faces that a detector finds are made unknowable. ``masked``: copies of what a
    veil hides something of, with that masked; without, two must have lifted it. ``witness``: a checkpoint that a
    witness cosigned, to go with it.
    """

    events: Annotated[tuple[Number, ...], Field(max_length=MOST_CHOSEN)] = ()
    recordings: Annotated[tuple[Recording, ...], Field(max_length=MOST_CHOSEN)] = ()
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    camera: Name | None = None
    door: Name | None = None
    pixelated: bool = False
    masked: bool = False
    witness: Annotated[str, StringConstraints(max_length=WITNESS_LENGTH)] = ""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the records' numbers, each once."""
        return tuple(sorted(set(self.events)))


class EvidenceAskedOut(Model):
    """It was asked for: a second person must ask for just these recordings and records."""

    ordered: Literal[True] = True
    code: Literal["second_person_needed"] = "second_person_needed"
    recordings: list[str]
    records: list[int]
