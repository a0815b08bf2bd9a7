"""The hand as a page and as JSON over HTTP, on loopback: click a door, and see the ground truth change.

`GET /api/building` what there is · `GET /api/truth` how it stands · `GET /api/stream` the same, whenever it changes ·
`POST /api/hand` an order (`{"verb": "present_card", "reader": ..., "person": ...}`) and what really happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulators.building import Building
from simulators.hand import Orders, UnknownVerb
from simulators.truth import inventory, truth

HOST = "127.0.0.1"
PORT = 8090
LOOK_SECONDS = 0.1
"""How often a stream looks whether anything has changed."""

MAX_ORDER = 4096
GRACE_SECONDS = 2

_HERE = Path(__file__).parent / "page_files"
_FILES = {"/": "index.html", "/page.js": "page.js", "/page.css": "page.css"}
_STRICT = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


class Page:
    """Serves a building's hand until `stop`. `port` 0 takes a free one."""

    def __init__(self, building: Building, *, port: int = PORT) -> None:
        self._building = building
        self._orders = Orders(building)
        self._port = port
        self._closing = asyncio.Event()
        routes = [
            *(Route(path, _file(name)) for path, name in _FILES.items()),
            Route("/api/building", self._inventory),
            Route("/api/truth", self._truth),
            Route("/api/stream", self._stream),
            Route("/api/hand", self._hand, methods=["POST"]),
        ]
        # The host is looked at, so that no page from elsewhere gets here by a name of its own.
        own = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
        app = Starlette(routes=routes, middleware=[own, Middleware(_Strict)])
        self._server = _Server(
            uvicorn.Config(
                app,
                http="h11",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen, and return the page's address. OSError where the port is taken."""
        listener = socket.create_server((HOST, self._port))
        self._task = asyncio.create_task(self._server.serve([listener]), name="page")
        return f"http://{HOST}:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """End the streams, then the server."""
        self._closing.set()
        self._server.should_exit = True
        if self._task is not None:
            await self._task

    async def _inventory(self, _: Request) -> Response:
        return JSONResponse({**inventory(self._building), "verbs": self._orders.verbs})

    async def _truth(self, _: Request) -> Response:
        return JSONResponse(truth(self._building))

    async def _stream(self, _: Request) -> Response:
        return StreamingResponse(self._changes(), media_type="text/event-stream")

    async def _changes(self) -> AsyncIterator[str]:
        told = None
        while not self._closing.is_set():
            now = truth(self._building)
            if now != told:
                told = now
                yield f"data: {json.dumps(now)}\n\n"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), LOOK_SECONDS)

    async def _hand(self, request: Request) -> Response:
        """Carry out one order. Only JSON is taken: no form of another page can send that."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _refused(415, "send application/json")
        body = await request.body()
        try:
            order = json.loads(body) if len(body) <= MAX_ORDER else None
        except ValueError:
            order = None
        if not isinstance(order, dict):
            return _refused(400, "an order is one small JSON object")
        try:
            return JSONResponse(await self._orders.obey(order))
        except UnknownVerb as error:
            return _refused(422, str(error))


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return FileResponse(_HERE / name)

    return answer


class _Strict:
    """Puts the strict headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""

        async def strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_STRICT.items()]
            await send(message)

        await self._app(scope, receive, strictly)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: Ctrl-C belongs to whoever runs the building."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals alone."""
        yield
