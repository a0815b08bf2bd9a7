"""What cameras recorded, behind their veils, and their own streams: by purpose, by role, and on the record."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, WebSocket, WebSocketDisconnect
from starlette.responses import Response, StreamingResponse

from api.live import GOING_AWAY, LOOK_SECONDS, SIGNED_OUT, SLOW_CLIENT_SECONDS
from api.problems import Problem, refused
from api.routes.events import may_see
from api.schemas import NAME_LENGTH, OrderedOut
from api.schemas_films import LiftIn, RecordingOut, RecordingsOut
from api.schemas_people import ForIn
from api.security import Api, Context, Ordering, SignedIn, Watching, api_of, cookie_name, look_up
from controller.domain.events import ClipRecorded, Recorded, StillRecorded
from controller.domain.filming import Mask
from controller.domain.ids import CameraId
from controller.domain.operators import may_play_back, may_watch
from controller.domain.record_orders import LiftVeil, LowerVeil, ReadRecords, RecordOrder, subject
from controller.domain.records import RecordScope, RetentionClass
from controller.domain.veils import hidden
from controller.domain.words import word_for
from controller.runtime.ports import FilmsBusy, Fragments

POLICY_VIOLATION = 1008
MASKED = 4403
"""Why a stream is not shown as it comes: something of this camera's picture is masked."""
STREAM_ENDED = 4404
MOST = 200

router = APIRouter(tags=["films"])


class VeilBackError(Exception):
    """A veil hangs again before a camera of which somebody was being sent a recording in clear."""


Id = Annotated[str, Path(max_length=NAME_LENGTH)]
RecordingId = Annotated[str, Path(max_length=128)]
Seq = Annotated[int, Path(ge=1, lt=2**63 - 1)]


@router.get("/events/{seq}/recordings")
async def recordings(seq: Seq, who: Watching, api: Context) -> RecordingsOut:
    """Return what was recorded of an access event or an alarm: what there is, not what it shows."""
    records = await api.facade.history("filmed", str(seq), before=None, limit=MOST)
    return RecordingsOut(recordings=[shown for record in records if (shown := _shown(api, who, record)) is not None])


@router.post(
    "/recordings/{recording}/read",
    response_class=Response,
    responses={
        200: {
            "content": {
                "video/mp4": {"schema": {"type": "string", "format": "binary"}},
                "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
            }
        }
    },
)
async def read(recording: RecordingId, asked: ForIn, who: Ordering, api: Context) -> Response:
    """Return one recording. For what purpose it was seen, and by whom, stands in the log before it is shown.

    What a veil hides is masked in it, in a copy encoded anew, unless two have lifted it: then it is as it was recorded.
    """
    record = next(iter(await api.facade.history("recording", recording, before=None, limit=1)), None)
    if record is None or not may_see(who, record) or not isinstance(record.event, ClipRecorded | StillRecorded):
        raise Problem(404, "unknown_recording", "There is no such recording, or its time is over.")
    event = record.event
    order = ReadRecords(RecordScope.RECORDING, asked.purpose, asked.case, camera=event.camera, recording=recording)
    await _give(api, who, order)
    masks = _hidden(api, event.camera)
    parts = _opened(api, recording, whole=getattr(event, "whole", True), masks=masks)
    try:
        first = await anext(parts)
    except FilmsBusy as error:
        raise Problem(
            503, "films_busy", "Other recordings are being masked just now. Try again in a moment."
        ) from error
    except (LookupError, ValueError, StopAsyncIteration) as error:
        raise Problem(404, "recording_gone", "The recording is gone, or is not what was recorded.") from error
    kind = "image/jpeg" if isinstance(event, StillRecorded) else "video/mp4"
    rest = parts if masks else _while_lifted(api, event.camera, parts)
    return StreamingResponse(_with(first, rest), media_type=kind)


@router.post("/cameras/{camera}/veil/lift", status_code=202)
async def lift(camera: Id, asked: LiftIn, who: Ordering, api: Context) -> OrderedOut:
    """See for a time what a camera's veil hides, once a second person asks for the same."""
    order = LiftVeil(CameraId(camera), asked.seconds, asked.reason)
    waits = await _give(api, who, order)
    return OrderedOut(ordered=True, code="second_person_needed" if waits else None)


@router.post("/cameras/{camera}/veil/lower", status_code=202)
async def lower(camera: Id, who: Ordering, api: Context) -> OrderedOut:
    """Put a camera's veil back before its time."""
    await _give(api, who, LowerVeil(CameraId(camera)))
    return OrderedOut(ordered=True, code=None)


@router.websocket("/live/{camera}")
async def stream(socket: WebSocket, camera: Id) -> None:
    """Stream one camera as it comes: fragmented MP4 for a media source, each message the next bytes."""
    api = api_of(socket)
    token = socket.cookies.get(cookie_name(socket), "")
    who, films = look_up(api, token), api.facade.films
    if who is None or films is None or not _may_watch(api, who, camera):
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    if not api.facade.moment().site.cameras[CameraId(camera)].passes_through:
        await socket.close(MASKED)
        return
    number, fragments = films.view(CameraId(camera))
    gone = asyncio.create_task(_gone(socket))
    try:
        code = await _stream(api, socket, token, camera, fragments, gone)
    finally:
        films.unview(number)
        gone.cancel()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(code)


async def _stream(
    api: Api, socket: WebSocket, token: str, camera: str, parts: Fragments, gone: asyncio.Task[None]
) -> int:
    following = asyncio.create_task(_next(parts))
    try:
        while not api.closing and not gone.done():
            now = look_up(api, token)
            if now is None or not _may_watch(api, now, camera):
                return SIGNED_OUT
            await asyncio.wait({following, gone}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                if not following.result():
                    return STREAM_ENDED
                async with asyncio.timeout(SLOW_CLIENT_SECONDS):
                    await socket.send_bytes(following.result())
                following = asyncio.create_task(_next(parts))
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        pass  # a viewer who reads no more
    finally:
        following.cancel()
    return GOING_AWAY


async def _next(parts: Fragments) -> bytes:
    return await parts.get()


async def _gone(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass


def _may_watch(api: Api, who: SignedIn, camera: str) -> bool:
    known = api.facade.moment().site.cameras.get(CameraId(camera))
    return known is not None and may_watch(who.operator.role, known)


def _hidden(api: Api, camera: CameraId) -> tuple[Mask, ...]:
    moment = api.facade.moment()
    return hidden(moment.site, moment.state, camera, api.facade.mono())


def _shown(api: Api, who: SignedIn, record: Recorded) -> RecordingOut | None:
    event = record.event
    if not isinstance(event, ClipRecorded | StillRecorded) or not may_see(who, record):
        return None
    camera = api.facade.moment().site.cameras.get(event.camera)
    if camera is None or not may_play_back(who.operator.role, camera):
        return None
    clip = event if isinstance(event, ClipRecorded) else None
    return RecordingOut(
        id=event.clip if isinstance(event, ClipRecorded) else event.still,
        kind=clip.kind if clip else RetentionClass.SNAPSHOTS,
        camera=event.camera,
        began=event.began if isinstance(event, ClipRecorded) else event.taken,
        seconds=clip.seconds if clip else 0.0,
        size=event.size,
        sha256=event.digest,
        whole=clip.whole if clip else True,
        events=list(event.events),
        veiled=bool(_hidden(api, event.camera)),
    )


async def _opened(api: Api, recording: str, *, whole: bool, masks: Sequence[Mask]) -> AsyncIterator[bytes]:
    films = api.facade.films
    if films is None:
        raise LookupError(recording)
    async for part in films.read(recording, whole=whole, hidden=masks):
        yield part


async def _while_lifted(api: Api, camera: CameraId, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what is shown in clear for as long as it may be: where the veil is back, the answer breaks off."""
    async for part in parts:
        if _hidden(api, camera):
            raise VeilBackError(camera)
        yield part


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


async def _give(api: Api, who: SignedIn, order: RecordOrder) -> bool:
    """Give an order; tell whether it waits for a second person. Raises ``Problem`` where it is refused."""
    refusal = await api.facade.order(who.operator.id, order)
    if refusal is not None:
        raise refused(refusal)
    return (word_for(type(order)), subject(order)) in api.facade.moment().state.asked
