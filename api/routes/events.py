"""What happened, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.problems import Problem
from api.records import event_of, is_silent, why_of
from api.schemas import EventsOut, EventWhyOut
from api.security import Context, SignedIn, Watching
from controller.domain.events import Recorded

PAGE = 50
LARGEST_PAGE = 500
SEQ_LIMIT = 2**63 - 1  # SQLite's largest integer

router = APIRouter(tags=["events"])

Seq = Annotated[int, Path(ge=1, lt=SEQ_LIMIT)]


@router.get("/events")
async def events(
    who: Watching,
    api: Context,
    before: Annotated[int | None, Query(ge=1, lt=SEQ_LIMIT)] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
) -> EventsOut:
    """Return durable records below ``before``, the newest first."""
    records = api.facade.read(before=before, limit=limit)
    site = api.facade.moment().site
    following = records[-1].seq if len(records) == limit and records[-1].seq > 1 else None
    shown = [event_of(record, site, api.facade.identity, api.facade.text) for record in records if may_see(who, record)]
    return EventsOut(events=shown, before=following)


@router.get("/events/{seq}")
async def event(seq: Seq, who: Watching, api: Context) -> EventWhyOut:
    """Return one record with the ordered trace of its decision."""
    found = next(iter(api.facade.read(before=seq + 1, limit=1)), None)
    if found is None or found.seq != seq or not may_see(who, found):
        raise Problem(404, "unknown_event", "There is no such record.")
    return why_of(found, api.facade.moment().site, api.facade.identity, api.facade.text)


def may_see(who: SignedIn, record: Recorded) -> bool:
    """Tell whether a record is for these eyes: what is silent is not for all."""
    return who.sees_silent or not is_silent(record)
