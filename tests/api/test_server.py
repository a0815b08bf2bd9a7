import asyncio
import contextlib
import logging
import signal
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from api.app import create_app
from api.server import ApiServer
from tests.api.consoles import PATIENCE, listening, served
from tests.api.fakes import sign_in

pytestmark = pytest.mark.anyio

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GOODBYE = b"\x88\x82" + bytes(4) + (1001).to_bytes(2, "big")
"""RFC 6455, 5.5.1: a close frame, masked with zeros: going away."""
MORE_THAN_A_SOCKET_HOLDS = 32 * 1024 * 1024


async def test_it_serves_on_the_port_it_says_and_hides_what_it_is_made_of(facade):
    async with served(facade) as client:
        answer = await client.get("/api/health")
    assert answer.json() == {"ok": True, "boot": "boot-1"}
    assert "server" not in answer.headers


async def test_a_taken_port_is_said_at_once(facade):
    async with served(facade) as client:
        second = ApiServer(create_app(facade, static=None), "127.0.0.1", client.base_url.port)
        with pytest.raises(OSError, match="in use"):
            await second.start()


async def test_it_leaves_the_signals_to_the_controller(facade):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with served(facade):
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_open_streams_do_not_keep_it_from_stopping(facade, caplog):
    server = ApiServer(create_app(facade, static=None), "127.0.0.1", 0)
    port = await server.start()
    with caplog.at_level(logging.ERROR):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            await sign_in(client)
            async with listening(client) as console:
                await console.until("view")
                stopping = asyncio.create_task(server.stop())
                with pytest.raises(StopAsyncIteration):
                    await console.until("signed_out")
        await asyncio.wait_for(stopping, PATIENCE)
    assert not facade.watches
    assert not caplog.records


async def test_a_browser_that_said_goodbye_and_reads_nothing_does_not_keep_it_from_stopping():
    app = FastAPI()
    app.state.api = SimpleNamespace(closing=False)
    left = asyncio.Event()

    @app.websocket("/")
    async def wall(socket: WebSocket):
        await socket.accept()
        sending = asyncio.create_task(socket.send_bytes(bytes(MORE_THAN_A_SOCKET_HOLDS)))
        with contextlib.suppress(WebSocketDisconnect):
            await socket.receive_text()
        left.set()
        sending.cancel()

    server = ApiServer(app, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", await server.start())
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(GOODBYE)
    await left.wait()  # what it has to say first does not get through: it is closing, and not closed
    await asyncio.wait_for(server.stop(), PATIENCE)
    writer.close()


async def test_whoever_waits_for_it_learns_of_its_end(facade):
    server = ApiServer(create_app(facade, static=None), "127.0.0.1", 0)
    await server.start()
    waiting = asyncio.create_task(server.wait())
    await server.stop()
    await asyncio.wait_for(waiting, PATIENCE)
