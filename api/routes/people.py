"""People's records. Reading is an order too: it takes a purpose, and stands in the log before it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Path

from api.problems import refused
from api.records import event_of
from api.routes.events import PAGE, may_see
from api.schemas import NAME_LENGTH, EventsOut, OrderedOut, ReasonIn
from api.schemas_faces import FaceOut
from api.schemas_people import (
    BadgeOut,
    ForIn,
    HeldCompetencyOut,
    HistoryIn,
    HoldIn,
    PeopleOut,
    PersonOut,
    SearchIn,
    StatusIn,
)
from api.security import Api, Context, Fresh, Ordering, SignedIn
from controller.domain.ids import AccessLevelId, CardholderId, CredentialId, DoorId
from controller.domain.people import Cardholder, Credential
from controller.domain.record_orders import (
    AssignAccessLevel,
    EraseCardholder,
    ExportPeople,
    LiftLegalHold,
    PlaceLegalHold,
    ReadRecords,
    RecordOrder,
    SetCredentialStatus,
    WithdrawAccessLevel,
    subject,
)
from controller.domain.records import RecordScope
from controller.domain.site import Assurance
from controller.domain.state import SiteState
from controller.domain.words import word_for

MOST_FOUND = 200
ASSURANCES: Mapping[Assurance, Literal["copyable", "symmetric", "pki"]] = {
    Assurance.COPYABLE: "copyable",
    Assurance.SYMMETRIC: "symmetric",
    Assurance.PKI: "pki",
}

router = APIRouter(tags=["people"])

Id = Annotated[str, Path(max_length=NAME_LENGTH)]


@router.post("/people/search")
async def search(asked: SearchIn, who: Ordering, api: Context) -> PeopleOut:
    """Return people whose name or id holds a text, by id, 200 at most; each page stands in the log by itself."""
    await _give(api, who, ReadRecords(RecordScope.PEOPLE, asked.purpose, asked.case))
    return await asyncio.to_thread(_page, api, asked.text, asked.after)


@router.post("/people/export")
async def export(asked: ForIn, who: Fresh, api: Context) -> PeopleOut:
    """Hand out everybody, once a second person asks for the same; until then ``waits`` is true."""
    order = ExportPeople(asked.purpose, asked.case)
    if await _give(api, who, order):
        return PeopleOut(people=[], after=None, waits=True)
    return PeopleOut(people=await asyncio.to_thread(_everybody, api), after=None)


@router.post("/people/{cardholder}/read")
async def person(cardholder: Id, asked: ForIn, who: Ordering, api: Context) -> PersonOut:
    """Return one person's record."""
    whom = CardholderId(cardholder)
    await _give(api, who, ReadRecords(RecordScope.PERSON, asked.purpose, asked.case, whom))
    state = api.facade.moment().state
    held = [badge for badge in state.credentials.values() if badge.cardholder == whom]
    return _person(api, state, state.people[whom], held)


@router.post("/people/{cardholder}/history")
async def person_history(cardholder: Id, asked: HistoryIn, who: Ordering, api: Context) -> EventsOut:
    """Return what the log says of one person, the newest first."""
    whom = CardholderId(cardholder)
    await _give(api, who, ReadRecords(RecordScope.HISTORY, asked.purpose, asked.case, whom))
    return await _history(api, who, "person", cardholder, asked.before)


@router.post("/doors/{door}/history")
async def door_history(door: Id, asked: HistoryIn, who: Ordering, api: Context) -> EventsOut:
    """Return what the log says of one door, the newest first."""
    order = ReadRecords(RecordScope.DOOR, asked.purpose, asked.case, None, DoorId(door))
    await _give(api, who, order)
    return await _history(api, who, "door", door, asked.before)


@router.post("/people/{cardholder}/erase", status_code=202)
async def erase(cardholder: Id, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Destroy what says who somebody is, once a second person asks for the same."""
    return await _ordered(api, who, EraseCardholder(CardholderId(cardholder), asked.reason))


@router.post("/people/{cardholder}/levels/{level}/assign", status_code=202)
async def assign(cardholder: Id, level: Id, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Give somebody an access level."""
    return await _ordered(api, who, AssignAccessLevel(CardholderId(cardholder), AccessLevelId(level), asked.reason))


@router.post("/people/{cardholder}/levels/{level}/withdraw", status_code=202)
async def withdraw(cardholder: Id, level: Id, asked: ReasonIn, who: Ordering, api: Context) -> OrderedOut:
    """Take an access level from somebody."""
    return await _ordered(api, who, WithdrawAccessLevel(CardholderId(cardholder), AccessLevelId(level), asked.reason))


@router.post("/credentials/{credential}/status", status_code=202)
async def set_status(credential: Id, asked: StatusIn, who: Ordering, api: Context) -> OrderedOut:
    """Suspend a badge, or say that it is lost, stolen, returned, or good again."""
    return await _ordered(api, who, SetCredentialStatus(CredentialId(credential), asked.status, asked.reason))


@router.post("/legal-holds", status_code=202)
async def place_hold(asked: HoldIn, who: Ordering, api: Context) -> OrderedOut:
    """Keep what is known of somebody, or of everybody, whatever its time."""
    held = CardholderId(asked.cardholder) if asked.cardholder is not None else None
    return await _ordered(api, who, PlaceLegalHold(asked.hold, held, asked.reason))


@router.post("/legal-holds/{hold}/lift", status_code=202)
async def lift_hold(hold: Id, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Lift a hold, once a second person asks for the same."""
    return await _ordered(api, who, LiftLegalHold(hold, asked.reason))


async def _ordered(api: Api, who: SignedIn, order: RecordOrder) -> OrderedOut:
    waits = await _give(api, who, order)
    return OrderedOut(ordered=True, code="second_person_needed" if waits else None)


async def _give(api: Api, who: SignedIn, order: RecordOrder) -> bool:
    """Give an order; tell whether it waits for a second person. Raises ``Problem`` where it is refused."""
    refusal = await api.facade.order(who.operator.id, order)
    if refusal is not None:
        raise refused(refusal)
    return (word_for(type(order)), subject(order)) in api.facade.moment().state.asked


async def _history(api: Api, who: SignedIn, what: str, subject: str, before: int | None) -> EventsOut:
    records = await api.facade.history(what, subject, before=before, limit=PAGE)
    site = api.facade.moment().site
    shown = [event_of(record, site, api.facade.identity, api.facade.text) for record in records if may_see(who, record)]
    return EventsOut(events=shown, before=records[-1].seq if len(records) == PAGE else None)


def _page(api: Api, text: str, after: str | None) -> PeopleOut:
    wanted = text.casefold()
    state = api.facade.moment().state
    follow = (each for each in state.people.values() if after is None or each.id > after)
    named = ((each, api.facade.identity(each.id)) for each in follow)
    found = [each for each, known in named if wanted in f"{each.id} {known.name if known else ''}".casefold()]
    page = sorted(found, key=lambda one: one.id)[:MOST_FOUND]
    return PeopleOut(people=_records(api, state, page), after=page[-1].id if len(found) > MOST_FOUND else None)


def _everybody(api: Api) -> list[PersonOut]:
    state = api.facade.moment().state
    return _records(api, state, state.people.values())


def _records(api: Api, state: SiteState, people: Iterable[Cardholder]) -> list[PersonOut]:
    """Return people's records, by id."""
    held: dict[CardholderId, list[Credential]] = {}
    for badge in state.credentials.values():
        held.setdefault(badge.cardholder, []).append(badge)
    return [_person(api, state, each, held.get(each.id, [])) for each in sorted(people, key=lambda one: one.id)]


def _person(api: Api, state: SiteState, person: Cardholder, badges: Iterable[Credential]) -> PersonOut:
    identity = api.facade.identity(person.id)
    return PersonOut(
        id=person.id,
        name=identity.name if identity else None,
        kind=person.kind,
        clearance=person.clearance,
        levels=sorted(person.levels),
        competencies=[
            HeldCompetencyOut(competency=one.competency, valid_until=one.valid_until) for one in person.competencies
        ],
        extended_time=person.extended_time,
        needs_escort=person.needs_escort,
        may_escort=person.may_escort,
        face=person.id in state.faces,
        face_record=_face(api, state, person.id),
        portrait=person.id in state.portraits,
        listed_face=person.id in state.listed_faces,
        badges=[_badge(one) for one in sorted(badges, key=lambda one: one.id)],
    )


def _face(api: Api, state: SiteState, person: CardholderId) -> FaceOut | None:
    known = state.enrolled.get(person)
    if known is None:
        return None
    usable = api.facade.faces is not None and api.facade.faces.reads(known.engine)
    return FaceOut(
        engine=known.engine,
        used=known.used,
        basis=known.basis,
        since=known.since,
        usable=usable,
        asleep=known.asleep,
    )


def _badge(badge: Credential) -> BadgeOut:
    return BadgeOut(
        id=badge.id,
        kind=badge.kind,
        status=badge.status,
        assurance=ASSURANCES[badge.assurance],
        pin=badge.pin is not None,
        valid_from=badge.valid_from,
        valid_until=badge.valid_until,
    )
