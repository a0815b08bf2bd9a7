import asyncio
import logging
import signal

import httpx
import pytest

from api.app import create_app
from api.server import ApiServer
from tests.api.consoles import PATIENCE, listening, served
from tests.api.fakes import sign_in

pytestmark = pytest.mark.anyio


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


async def test_whoever_waits_for_it_learns_of_its_end(facade):
    server = ApiServer(create_app(facade, static=None), "127.0.0.1", 0)
    await server.start()
    waiting = asyncio.create_task(server.wait())
    await server.stop()
    await asyncio.wait_for(waiting, PATIENCE)
