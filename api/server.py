"""Serves the API on the loop it is started on: the doors' own loop, which must never wait for it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from api.security import Api

GRACE_SECONDS = 2
"""How long open requests may take at the end; streams end by themselves within a quarter of a second."""
KEEP_ALIVE_SECONDS = 30
SOCKET_MESSAGE_BYTES = 4096
CONNECTIONS = 256


class ApiServer:
    """A web server for an app of ``create_app``. It installs no signal handlers and owns one task until ``stop``.

    Without ``tls`` it speaks plain HTTP.
    """

    def __init__(self, app: FastAPI, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self._app = app
        self._host = host
        self._port = port
        config = uvicorn.Config(
            app,
            http="h11",
            ws=_Socket,
            ws_max_size=SOCKET_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_context_factory=None if tls is None else lambda *_: tls,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port (the one asked for, or a free one for 0). Raises ``OSError`` if it is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family)
        port: int = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve([listener]), name="api")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            listener.close()
            self._task.result()
        return port

    async def wait(self) -> None:
        """Return once the server has ended; raises what ended it. For whoever supervises it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """End the streams, then the server; whoever is served gets ``GRACE_SECONDS``."""
        api: Api = self._app.state.api
        api.closing = True
        self._server.should_exit = True
        await self.wait()


class _Socket(WebSocketsSansIOProtocol):
    """A WebSocket that may be on its way out already when the server stops."""

    def shutdown(self) -> None:
        """Say goodbye, unless the browser has: uvicorn 0.54 would end its own stop with an exception."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: Ctrl-C belongs to the controller."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()
