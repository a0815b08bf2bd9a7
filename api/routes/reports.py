"""Reports: about people, so each takes a purpose and stands in the log before its first row is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from api.problems import Problem, refused
from api.routes.studies import begun, offices_of
from api.schemas_office import ReportFormat, ReportIn, ReportKind, ReportOut
from api.security import Api, Context, Ordering, SignedIn
from api.tables import FontMissing, Table, to_csv, to_pdf
from controller.domain.ids import CardholderId, DoorId
from controller.domain.record_orders import ReadRecords
from controller.domain.records import RecordScope
from controller.runtime.studies import Studies, Study, StudyKind

LAST = timedelta(days=7)
LOOK_SECONDS = 0.5
"""How often it is asked whether whoever wanted the report is still there."""

COLUMNS: Mapping[ReportKind, Sequence[str]] = {
    ReportKind.ACCESS: ("person", "name", "zone", "door", "reader", "shows", "rights", "but"),
    ReportKind.PASSAGES: ("time", "person", "name", "door", "what", "why", "seq"),
    ReportKind.ALARMS: ("time", "alarm", "priority", "where", "acknowledged", "after", "closed", "open", "said"),
    ReportKind.UNUSED: ("person", "name", "credential", "last", "days"),
    ReportKind.ACTS: ("time", "operator", "what", "about", "person", "name", "said", "seq"),
}

HEADINGS: Mapping[ReportKind, str] = {
    ReportKind.ACCESS: "Who can go where",
    ReportKind.PASSAGES: "Passages",
    ReportKind.ALARMS: "Alarms",
    ReportKind.UNUSED: "Credentials that are not used",
    ReportKind.ACTS: "What operators did",
}

router = APIRouter(tags=["reports"])


@router.post(
    "/reports",
    responses={
        200: {
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            }
        }
    },
    response_model=ReportOut,
)
async def report(asked: ReportIn, who: Ordering, request: Request, api: Context) -> ReportOut | Response:
    """Make a report. It ends as soon as whoever asked for it goes away."""
    given = _given(asked, who, api.wall())
    person = CardholderId(asked.person) if asked.person else None
    door = DoorId(asked.door) if asked.door else None
    order = ReadRecords(RecordScope.REPORT, asked.purpose, asked.case, person, door, report=asked.report)
    refusal = await api.facade.order(who.operator.id, order)
    if refusal is not None:
        raise refused(refusal)
    studies = offices_of(api).studies
    study = begun(studies, who, StudyKind(asked.report), given)
    found = await _found(studies, study, request)
    rows = [_cells(api, asked.report, row) for row in found["rows"]]
    made = ReportOut(
        report=asked.report, made=api.wall(), columns=[*COLUMNS[asked.report]], rows=rows, more=found["more"]
    )
    return made if asked.format is ReportFormat.JSON else await _file(made, asked, who, api)


def _given(asked: ReportIn, who: SignedIn, now: datetime) -> dict[str, Any]:
    """Return the question as the study takes it. Raises ``Problem`` for a time without its zone, or that runs back."""
    until = asked.until or now
    since = asked.since or until - LAST
    if since.tzinfo is None or until.tzinfo is None or since >= until:
        raise Problem(422, "invalid_request", "since, until: two times with their zone, the earlier one first")
    narrowed = {name: getattr(asked, name) for name in ("person", "zone", "door", "operator")}
    times = {"since": since.isoformat(), "until": until.isoformat(), "at": until.isoformat()}
    return {**times, **narrowed, "days": asked.days, "silent": who.sees_silent}


async def _found(studies: Studies, study: Study, request: Request) -> Mapping[str, Any]:
    over = asyncio.ensure_future(studies.over(study.id))
    try:
        while not over.done():
            await asyncio.wait([over], timeout=LOOK_SECONDS)
            if not over.done() and await request.is_disconnected():
                break
    finally:
        if not over.done():
            over.cancel()
        done = studies.find(study.id)
        studies.cancel(study.id)  # a report is read once: nothing of it is kept
    if done is None or done.found is None:
        raise Problem(409, "no_report", (done.problem if done else None) or "The report was given up.")
    return done.found


def _cells(api: Api, report: ReportKind, row: Mapping[str, Any]) -> list[str]:
    cell: Mapping[str, Callable[[], object]] = {
        "name": lambda: _name(api, row.get("person")),
        "said": lambda: api.facade.text(row["said"]),
    }
    return [_text(cell.get(column, lambda column=column: row.get(column))()) for column in COLUMNS[report]]


def _name(api: Api, person: object) -> str | None:
    known = api.facade.identity(CardholderId(person)) if isinstance(person, str) else None
    return known.name if known else None


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)


async def _file(made: ReportOut, asked: ReportIn, who: SignedIn, api: Api) -> Response:
    site = api.facade.moment().site
    when = made.made.astimezone(site.timezone).strftime("%Y-%m-%d %H:%M")
    case = f" {asked.case}" if asked.case else ""
    table = Table(
        f"{site.name}: {HEADINGS[made.report]}",
        f"{when}, for {who.operator.id}: {asked.purpose.replace('_', ' ')}{case}. Personal data: destroy it after use.",
        made.columns,
        made.rows,
        made.made,
    )
    name = f"{made.report}-{made.made:%Y%m%d-%H%M%S}.{asked.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if asked.format is ReportFormat.CSV:
        return Response(await asyncio.to_thread(to_csv, table), headers=headers, media_type="text/csv; charset=utf-8")
    try:
        return Response(await asyncio.to_thread(to_pdf, table), headers=headers, media_type="application/pdf")
    except FontMissing as missing:
        raise Problem(409, "no_font", str(missing)) from missing
