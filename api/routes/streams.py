"""What happens, as it happens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, WebSocket
from starlette.responses import Response

from api.live import show
from api.security import Context, Watching, api_of, cookie_name, look_up
from api.stream import EventStream, Feed

POLICY_VIOLATION = 1008

router = APIRouter(tags=["streams"])


@router.get(
    "/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/StreamMessage"}}}}},
)
async def stream(
    who: Watching,
    api: Context,
    last: Annotated[str, Header(alias="Last-Event-ID", max_length=128)] = "",
) -> Response:
    """Stream records and views (server-sent events): ``hello``, ``view``, then ``event``, ``view`` and ``beat``."""
    return EventStream(Feed(api, who, last))


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Stream pictures. The client says which (``LiveIn``); each frame is one byte n, n bytes of camera id, a JPEG."""
    api = api_of(socket)
    who = look_up(api, socket.cookies.get(cookie_name(socket), ""))
    if who is None:
        await socket.close(POLICY_VIOLATION)
        return
    await socket.accept()
    await show(api, who, socket)
