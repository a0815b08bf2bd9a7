"""A guard's browser on a real socket: reads the event stream as a browser would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from api.app import create_app
from api.server import ApiServer
from tests.api.fakes import NOON, FakeFacade, sign_in

PATIENCE = 20.0


@dataclass(frozen=True)
class Said:
    """One server-sent event."""

    name: str
    data: dict[str, object]
    ident: str | None


@asynccontextmanager
async def served(facade: FakeFacade):
    """A signed-in client of a real server."""
    server = ApiServer(create_app(facade, static=None, wall=lambda: NOON), "127.0.0.1", 0)
    port = await server.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            await sign_in(client)
            yield client
    finally:
        await server.stop()


class Console:
    """One open stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.heard: list[Said] = []

    async def next(self) -> Said:
        """Return the next message. Raises ``StopAsyncIteration`` at the end of the stream."""
        fields: dict[str, str] = {}
        while True:
            line = await anext(self._lines)
            if line:
                key, _, value = line.partition(": ")
                fields[key] = value
            elif "event" in fields:
                self.heard.append(Said(fields["event"], json.loads(fields["data"]), fields.get("id")))
                return self.heard[-1]

    async def until(self, name: str, **wanted: object) -> Said:
        """Return the next message of that name whose data hold what is wanted."""
        while True:
            said = await self.next()
            if said.name == name and wanted.items() <= said.data.items():
                return said

    def seqs(self) -> list[int]:
        """Return the numbers of the records heard so far, in the order they came."""
        return [said.data["seq"] for said in self.heard if said.name == "event"]


@asynccontextmanager
async def listening(client: httpx.AsyncClient, last: str | None = None):
    """Open the stream, as a browser does that remembers ``last``."""
    headers = {"Last-Event-ID": last} if last else {}
    async with asyncio.timeout(PATIENCE), client.stream("GET", "/api/stream", headers=headers) as answer:
        assert answer.status_code == 200
        yield Console(answer.aiter_lines())
