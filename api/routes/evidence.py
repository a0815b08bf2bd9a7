"""Evidence handed out to a browser: asked for by two, on the record before its first byte, streamed as it is packed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response, StreamingResponse

from api.problems import Problem, refused
from api.rights import MAY_ORDER
from api.schemas import OrderWord
from api.schemas_evidence import EvidenceAskedOut, EvidenceIn
from api.security import Context, Fresh
from controller.domain.ids import CameraId, DoorId
from controller.domain.operators import Refusal
from controller.domain.record_orders import subject
from controller.domain.words import word_for
from controller.runtime.evidence import NotChosen, NotHandedOut, Wanted

router = APIRouter(tags=["evidence"])

ZIP = "application/zip"
NAME = 'attachment; filename="evidence.zip"'


@router.post(
    "/evidence/export",
    response_class=Response,
    responses={
        200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
        202: {"model": EvidenceAskedOut, "description": "A second person must ask for the same"},
    },
)
async def export(asked: EvidenceIn, who: Fresh, api: Context) -> Response:
    """Hand out films, pictures and records with what proves them, once a second person asks for the same."""
    evidence = api.facade.evidence
    if OrderWord.EXPORT_EVIDENCE not in MAY_ORDER[who.operator.role]:
        raise refused(Refusal.NOT_YOUR_ROLE)
    if evidence is None:
        raise Problem(404, "no_evidence", "This building keeps no recordings.")
    try:
        chosen = await evidence.choose(_wanted(asked), silent=who.sees_silent)
        await evidence.examine(chosen, asked.witness, masked=asked.masked)
        order = chosen.order(asked.purpose, asked.case, pixelated=asked.pixelated, masked=asked.masked)
        refusal = await api.facade.order(who.operator.id, order)
        if refusal is not None:
            raise refused(refusal)
        if (word_for(type(order)), subject(order)) in api.facade.moment().state.asked:
            waits = EvidenceAskedOut(recordings=list(chosen.recordings), records=list(chosen.records))
            return JSONResponse(waits.model_dump(mode="json"), 202)
        parts = evidence.package(order, who.operator.id, asked.witness)
        first = await anext(parts)
    except NotChosen as error:
        raise Problem(404, "nothing_chosen", f"{_sentence(error)}") from error
    except NotHandedOut as error:
        raise Problem(409, "not_handed_out", f"{_sentence(error)}") from error
    return StreamingResponse(_with(first, parts), media_type=ZIP, headers={"Content-Disposition": NAME})


def _sentence(error: Exception) -> str:
    said = str(error)
    return f"{said[:1].upper()}{said[1:]}."


def _wanted(asked: EvidenceIn) -> Wanted:
    return Wanted(
        asked.numbers,
        tuple(sorted(set(asked.recordings))),
        asked.since,
        asked.until,
        CameraId(asked.camera) if asked.camera else None,
        DoorId(asked.door) if asked.door else None,
    )


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part
