"""What the API says and takes about people's records, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from api.model import Model, Text
from api.schemas import Name
from controller.domain.people import CardholderKind, CredentialStatus
from controller.domain.records import Purpose

CASE_LENGTH = 40

Case = Annotated[str, StringConstraints(max_length=CASE_LENGTH)]


class ForIn(Model):
    """What a record is read for; ``case`` is its number where the purpose asks for one."""

    purpose: Purpose
    case: Case = ""


class SearchIn(ForIn):
    """Part of a name or an id; nothing: everybody."""

    text: Text = ""


class HistoryIn(ForIn):
    """Records below ``before`` are asked for; none given: from the newest on."""

    before: Annotated[int | None, Field(ge=1, lt=2**63 - 1)] = None


class StatusIn(Model):
    """What a badge is from now on, and why."""

    status: CredentialStatus
    reason: Text


class HoldIn(Model):
    """A hold by its name, about one person or everybody, and why."""

    hold: Name
    cardholder: Name | None = None
    reason: Text


class PersonOut(Model):
    """A person: by pseudonym, by name as long as it was not erased, and what they may."""

    id: str
    name: str | None
    kind: CardholderKind
    clearance: int
    levels: list[str]


class PeopleOut(Model):
    """People by id. ``waits``: a second person must ask for the same."""

    people: list[PersonOut]
    waits: bool = False
