"""What is ordered at a person's record: who they are, and the badge they are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from controller.domain.ids import CardholderId, CompetencyId, ReaderId
from controller.domain.people import Cardholder, CardholderKind, HeldCompetency
from controller.domain.site import Assurance

FLAGS = ("extended_time", "needs_escort", "may_escort")


@dataclass(frozen=True, slots=True)
class RecordCardholder:
    """Somebody is known from now on, or is known otherwise. *Two*, where it eases a right to an exclusion zone.

    Access levels stay as they are, whatever ``cardholder`` has: they are given and withdrawn by orders of their own.
    ``name`` is what the desk typed; empty: as it was. The building seals it (``identity``), and leaves of ``name``
    only whether there is another one.
    """

    cardholder: Cardholder
    name: str
    reason: str
    identity: str = ""


@dataclass(frozen=True, slots=True)
class OpenEnrolment:
    """The next unknown card at this reader is offered as a badge for this person. It opens no door."""

    reader: ReaderId
    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class IssueBadge:
    """The card that was offered at this reader is the person's badge, from ``valid_from`` until ``valid_until``.

    Both are aware or None; the end is excluded. ``token`` stands for the card in the log: the building makes it.
    """

    reader: ReaderId
    assurance: Assurance
    valid_from: datetime | None
    valid_until: datetime | None
    token: str = ""


EnrolmentOrder = RecordCardholder | OpenEnrolment | IssueBadge


def enrolment_subject(order: EnrolmentOrder) -> str:
    """Return what an order is about: two orders of a kind with one subject are the same order."""
    match order:
        case RecordCardholder(cardholder=cardholder):
            return told(cardholder)
        case OpenEnrolment(reader=reader) | IssueBadge(reader=reader):
            return reader
    assert_never(order)


def told(person: Cardholder) -> str:
    """Return in words what is known of a person besides access levels: what a second person agrees to."""
    held = (
        one.competency if one.valid_until is None else f"{one.competency}@{one.valid_until.isoformat()}"
        for one in person.competencies
    )
    said = (f"+{name}" for name in FLAGS if getattr(person, name))
    return " ".join((person.id, person.kind, f"clearance={person.clearance}", *held, *said))


def person_told(subject: str) -> Cardholder:
    """Return the person that ``told`` told of, without access levels. Raises ``ValueError``."""
    ident, kind, clearance, *rest = subject.split(" ")
    held = [word for word in rest if not word.startswith("+")]
    competencies = (word.partition("@")[::2] for word in held)
    return Cardholder(
        CardholderId(ident),
        CardholderKind(kind),
        int(clearance.removeprefix("clearance=")),
        frozenset(),
        tuple(
            HeldCompetency(CompetencyId(name), datetime.fromisoformat(end) if end else None)
            for name, end in competencies
        ),
        *(f"+{name}" in rest for name in FLAGS),
    )
