"""What the API says and takes about people's records, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from api.model import Model, Text
from api.schemas import Name
from api.schemas_faces import FaceOut
from controller.domain.people import CardholderKind, CredentialKind, CredentialStatus
from controller.domain.records import Purpose

CASE_LENGTH = 40
MOST_COMPETENCIES = 32

Case = Annotated[str, StringConstraints(max_length=CASE_LENGTH)]


class ForIn(Model):
    """What a record is read for; ``case`` is its number where the purpose asks for one."""

    purpose: Purpose
    case: Case = ""


class SearchIn(ForIn):
    """Part of a name or an id; nothing: everybody. Of those the people above the id ``after``, where one is given."""

    text: Text = ""
    after: Name | None = None


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


class CompetencyIn(Model):
    """What somebody may be trusted with, until a time, which is excluded; null: for good."""

    competency: Name
    valid_until: AwareDatetime | None = None


class ChangeIn(Model):
    """What is known of a person, besides access levels and badges, and why it changes. No ``name``: as it was."""

    name: Annotated[Text | None, Field(default=None, min_length=1)]
    kind: CardholderKind
    clearance: Annotated[int, Field(ge=0, le=9)]
    competencies: Annotated[list[CompetencyIn], Field(max_length=MOST_COMPETENCIES, default_factory=list)]
    extended_time: bool = False
    needs_escort: bool = False
    may_escort: bool = False
    reason: Text


class AddIn(ChangeIn):
    """Somebody who is to be known."""

    name: Annotated[Text, Field(min_length=1)]


class AddedOut(Model):
    """The pseudonym that was made for somebody."""

    id: str


class OpenEnrolmentIn(Model):
    """A reader, whose badge will be shown there, and why they get one."""

    reader: Name
    cardholder: Name
    reason: Text


class EnrolmentOut(Model):
    """A reader that waits for a badge. ``format``: of the card that was shown; null while none was."""

    reader: str
    cardholder: str
    seconds_left: float
    format: str | None


class EnrolmentsOut(Model):
    """This operator's, by reader."""

    enrolments: list[EnrolmentOut]


class IssueIn(Model):
    """How hard the badge is to copy (never more than its format allows), and when it is good; the end is excluded."""

    assurance: Literal["copyable", "symmetric", "pki"]
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class CheckInIn(Model):
    """Where somebody was counted; null: somewhere safe that the site file does not name."""

    safe_point: Name | None = None


class BadgeOut(Model):
    """A badge or a personal PIN, and what it is good for. Its number is nowhere."""

    id: str
    kind: CredentialKind
    status: CredentialStatus
    assurance: Literal["copyable", "symmetric", "pki"]
    pin: bool
    valid_from: datetime | None
    valid_until: datetime | None


class HeldCompetencyOut(Model):
    """What somebody may be trusted with, and until when."""

    competency: str
    valid_until: datetime | None


class PersonOut(Model):
    """A person: by pseudonym, by name as long as it was not erased, and what they may. ``face``: can be compared.

    ``portrait``: one is kept; ``listed_face``: it is looked for, where the site has a watch list.
    """

    id: str
    name: str | None
    kind: CardholderKind
    clearance: int
    levels: list[str]
    competencies: list[HeldCompetencyOut]
    extended_time: bool
    needs_escort: bool
    may_escort: bool
    face: bool
    face_record: FaceOut | None
    portrait: bool
    listed_face: bool
    badges: list[BadgeOut]


class PeopleOut(Model):
    """People by id. ``after``: pass it on for the page that follows; null: there is none.

    ``waits``: a second person must ask for the same.
    """

    people: list[PersonOut]
    after: str | None
    waits: bool = False
