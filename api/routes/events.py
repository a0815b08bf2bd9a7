"""What happened, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.problems import Problem, refused
from api.records import is_silent
from api.schemas import EventsOut, EventWhyOut
from api.schemas_people import HistoryIn
from api.security import Api, Context, Ordering, SignedIn, Watching
from api.withheld import Eyes
from controller.domain.events import Recorded
from controller.domain.record_orders import ReadRecords
from controller.domain.records import RecordScope

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
    """Return durable records below ``before``, the newest first.

    Who it was is told to the post, of the last day; else it is ``withheld``: see ``POST /api/events/read``.
    """
    return _page(Eyes(api, who), api, before, limit)


@router.post("/events/read")
async def read_events(asked: HistoryIn, who: Ordering, api: Context) -> EventsOut:
    """Return records with everybody they name, for a purpose, which stands in the log before they are answered."""
    refusal = await api.facade.order(who.operator.id, ReadRecords(RecordScope.EVENTS, asked.purpose, asked.case))
    if refusal is not None:
        raise refused(refusal)
    return _page(Eyes(api, who, purposeful=True), api, asked.before, PAGE)


@router.get("/events/{seq}")
async def event(seq: Seq, who: Watching, api: Context) -> EventWhyOut:
    """Return one record with the ordered trace of its decision."""
    found = next(iter(api.facade.read(before=seq + 1, limit=1)), None)
    shown = Eyes(api, who).why(found) if found is not None and found.seq == seq else None
    if shown is None:
        raise Problem(404, "unknown_event", "There is no such record.")
    return shown


def _page(eyes: Eyes, api: Api, before: int | None, limit: int) -> EventsOut:
    records = api.facade.read(before=before, limit=limit)
    following = records[-1].seq if len(records) == limit and records[-1].seq > 1 else None
    shown = [event for record in records if (event := eyes.event(record)) is not None]
    return EventsOut(events=shown, before=following)


def may_see(who: SignedIn, record: Recorded) -> bool:
    """Tell whether a record is for these eyes: what is silent is not for all."""
    return who.sees_silent or not is_silent(record)
