"""The visitors' desk. The rules decide on every order anew; names go in once, and come out by pseudonym and vault."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.once import OnceRoute
from api.problems import refused
from api.rights import MAY_ORDER
from api.routes.events import LARGEST_PAGE
from api.routes.orders import give
from api.schemas import NAME_LENGTH, OrderedOut, OrderWord, WhoOut
from api.security import Api, Context, Ordering, Watching
from api.visit_schemas import BadgeBackIn, BadgeIn, HostIn, HostsOut, VisitorIn, VisitorLevelOut, VisitOut, VisitsOut
from controller.domain.desk import badges_to_hand_out
from controller.domain.ids import AccessLevelId, CardholderId, CredentialId
from controller.domain.operators import Refusal
from controller.domain.people import Cardholder, CardholderKind
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor

MOST_HOSTS = 8
"""A desk that is given more asks for more of the name; nobody leafs through the house."""

PAGE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

router = APIRouter(tags=["visits"], route_class=OnceRoute)

Id = Annotated[str, Path(max_length=NAME_LENGTH)]
Place = Annotated[str | None, Query(pattern=r"^-?[0-9]{1,18}\..+$", max_length=NAME_LENGTH + 20)]


@router.get("/visits")
async def visits(
    who: Watching, api: Context, after: Place = None, limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE
) -> VisitsOut:
    """Return who is expected, here, or left with a badge, by when: to whoever works at the desk."""
    if OrderWord.SIGN_IN_VISITOR not in MAY_ORDER[who.operator.role]:
        raise refused(Refusal.NOT_YOUR_ROLE)
    moment = api.facade.moment()
    places = sorted((_place(visit.valid_from, visitor), visitor) for visitor, visit in moment.state.visits.items())
    follow = [one for one in places if after is None or one[0] > _read(after)]
    known = [(visitor, moment.state.visits[visitor]) for _, visitor in follow[:limit]]
    return VisitsOut(
        visits=[
            VisitOut(
                visitor=_who(api, visitor),
                host=_who(api, visit.host),
                escort=_who(api, visit.escort) if visit.escort else None,
                valid_from=visit.valid_from,
                valid_until=visit.valid_until,
                approved=visit.approved,
                signed_in=visit.signed_in,
                overdue=visit.overdue,
                credential=visit.credential,
            )
            for visitor, visit in known
        ],
        after=_written(follow[limit - 1][0]) if len(follow) > limit else None,
        badges=await asyncio.to_thread(sorted, badges_to_hand_out(moment.state)),
        levels=[
            VisitorLevelOut(id=level.id, name=level.name)
            for level in moment.site.access_levels.values()
            if level.for_visitors
        ],
    )


@router.post("/visits", status_code=202)
async def register(asked: VisitorIn, who: Ordering, api: Context) -> OrderedOut:
    """Register somebody who is expected. They are in ``GET /visits`` from then on, by a pseudonym made for them."""
    levels = frozenset(AccessLevelId(level) for level in asked.levels)
    host, escort = CardholderId(asked.host), CardholderId(asked.escort) if asked.escort else None
    visitor = CardholderId(asked.name)  # the building makes a pseudonym of it
    order = RegisterVisitor(visitor, host, escort, asked.valid_from, asked.valid_until, levels)
    return await give(api, who, order)


@router.post("/visits/hosts")
async def hosts(asked: HostIn, who: Ordering, api: Context) -> HostsOut:
    """Return who of the house has this in their name, ``MOST_HOSTS`` at most: whom a visitor may have come to see.

    Names alone, as the muster tells them too; whoever may register nobody is told none.
    """
    if OrderWord.REGISTER_VISITOR not in MAY_ORDER[who.operator.role]:
        raise refused(Refusal.NOT_YOUR_ROLE)
    return HostsOut(hosts=await asyncio.to_thread(_hosts, api, asked.text.casefold(), asked.escort))


@router.post("/visits/{visitor}/approve", status_code=202)
async def approve(visitor: Id, who: Ordering, api: Context) -> OrderedOut:
    """Note that the host stands by the visit."""
    return await give(api, who, ApproveVisit(CardholderId(visitor)))


@router.post("/visits/{visitor}/sign-in", status_code=202)
async def sign_in(visitor: Id, asked: BadgeIn, who: Ordering, api: Context) -> OrderedOut:
    """Sign a visitor in and hand them a badge."""
    escort = CardholderId(asked.escort) if asked.escort else None
    return await give(api, who, SignInVisitor(CardholderId(visitor), CredentialId(asked.credential), escort))


@router.post("/visits/{visitor}/sign-out", status_code=202)
async def sign_out(visitor: Id, asked: BadgeBackIn, who: Ordering, api: Context) -> OrderedOut:
    """Sign a visitor out, with or without the badge."""
    return await give(api, who, SignOutVisitor(CardholderId(visitor), asked.badge_returned))


def _place(expected: datetime, visitor: str) -> tuple[int, str]:
    """Return where a visit stands in the list: it stays there when the visits around it come and go."""
    return (expected - _EPOCH) // timedelta(microseconds=1), visitor


def _written(place: tuple[int, str]) -> str:
    return f"{place[0]}.{place[1]}"


def _read(after: str) -> tuple[int, str]:
    microseconds, _, visitor = after.partition(".")
    return int(microseconds), visitor


def _hosts(api: Api, text: str, escort: bool) -> list[WhoOut]:  # noqa: FBT001 - as it came
    state = api.facade.moment().state
    may_be = (lambda one: one.may_escort and not one.escorted) if escort else _of_the_house
    members = (person for person, known in state.people.items() if may_be(known))
    named = (_who(api, person) for person in members)
    return list(islice((one for one in named if text in (one.name or "").casefold()), MOST_HOSTS))


def _who(api: Api, person: CardholderId) -> WhoOut:
    known = api.facade.identity(person)
    return WhoOut(id=person, name=known.name if known else None)


def _of_the_house(person: Cardholder) -> bool:
    return person.kind is not CardholderKind.VISITOR
