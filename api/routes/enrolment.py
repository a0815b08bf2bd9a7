"""People as they are recorded, and badges enrolled at a reader. The rules decide on every order anew."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Path

from api.problems import refused
from api.routes.orders import give
from api.schemas import NAME_LENGTH, OrderedOut
from api.schemas_people import AddedOut, AddIn, ChangeIn, EnrolmentOut, EnrolmentsOut, IssueIn, OpenEnrolmentIn
from api.security import Api, Context, Fresh, Ordering, Watching
from controller.domain.enrolment_orders import IssueBadge, OpenEnrolment, RecordCardholder, enrolment_subject
from controller.domain.ids import CardholderId, CompetencyId, OperatorId, ReaderId
from controller.domain.operators import Refusal
from controller.domain.people import Cardholder, HeldCompetency
from controller.domain.site import Assurance
from controller.domain.words import word_for
from controller.runtime.ports import Identity

ID_BYTES = 4

router = APIRouter(tags=["people"])

Id = Annotated[str, Path(max_length=NAME_LENGTH)]


@router.post("/people", status_code=202)
async def add(asked: AddIn, who: Ordering, api: Context) -> AddedOut:
    """Add somebody: by a pseudonym made for them, without access levels and badges."""
    person = CardholderId(f"p-{secrets.token_hex(ID_BYTES)}")
    await give(api, who, RecordCardholder(_cardholder(person, asked), asked.name, asked.reason))
    return AddedOut(id=person)


@router.post("/people/{cardholder}/change", status_code=202)
async def change(cardholder: Id, asked: ChangeIn, who: Fresh, api: Context) -> OrderedOut:
    """Change what is known of somebody. Where it eases a right to an exclusion zone, a second person must agree."""
    person = CardholderId(cardholder)
    known = api.facade.moment().state.people.get(person)
    if known is None:
        raise refused(Refusal.UNKNOWN_CARDHOLDER)
    wanted = _cardholder(person, asked)
    renamed = asked.name is not None and Identity(asked.name.strip()) != api.facade.identity(person)
    if renamed:  # a name opens no door: it waits for nobody
        await give(api, who, RecordCardholder(known, asked.name or "", asked.reason))
    order = RecordCardholder(wanted, "", asked.reason)
    if renamed and enrolment_subject(order) == enrolment_subject(RecordCardholder(known, "", "")):
        return OrderedOut(ordered=True, code=None)
    await give(api, who, order)
    waits = (word_for(RecordCardholder), enrolment_subject(order)) in api.facade.moment().state.asked
    return OrderedOut(ordered=True, code="second_person_needed" if waits else None)


@router.post("/enrolments", status_code=202)
async def open_enrolment(asked: OpenEnrolmentIn, who: Ordering, api: Context) -> OrderedOut:
    """Let the next unknown card at a reader be offered as somebody's badge, for a minute. It opens no door."""
    order = OpenEnrolment(ReaderId(asked.reader), CardholderId(asked.cardholder), asked.reason)
    return await give(api, who, order)


@router.get("/enrolments")
async def enrolments(who: Watching, api: Context) -> EnrolmentsOut:
    """Return the readers that wait for a badge by this operator's order, or were shown one."""
    return EnrolmentsOut(enrolments=_mine(api, who.operator.id))


@router.post("/enrolments/{reader}/issue", status_code=202)
async def issue(reader: Id, asked: IssueIn, who: Fresh, api: Context) -> OrderedOut:
    """Give the card that was shown there to the person it was meant for.

    Where it would open an exclusion zone it is suspended at first: two people make it good.
    """
    order = IssueBadge(ReaderId(reader), Assurance[asked.assurance.upper()], asked.valid_from, asked.valid_until)
    return await give(api, who, order)


def _mine(api: Api, operator: OperatorId) -> list[EnrolmentOut]:
    now, known = api.facade.mono(), api.facade.moment().state.enrolments
    return [
        EnrolmentOut(
            reader=reader,
            cardholder=waiting.cardholder,
            seconds_left=max(0.0, waiting.until - now),
            format=waiting.format,
        )
        for reader, waiting in sorted(known.items())
        if waiting.operator == operator
    ]


def _cardholder(person: CardholderId, asked: ChangeIn | AddIn) -> Cardholder:
    held = [HeldCompetency(CompetencyId(one.competency), one.valid_until) for one in asked.competencies]
    return Cardholder(
        person,
        asked.kind,
        asked.clearance,
        frozenset(),
        tuple(sorted(held, key=lambda one: one.competency)),
        asked.extended_time,
        asked.needs_escort,
        asked.may_escort,
    )
