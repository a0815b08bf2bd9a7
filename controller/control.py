"""The control socket of a running box: ``DIR/control.sock``, mode 0600, one JSON object a line each way."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog

from controller.admin import AdminError, Command

SOCKET = "control.sock"
PRIVATE = 0o600
MAX_REQUEST = 64 * 1024 * 1024
"""A long list of people; more is a mistake."""

_LOG = structlog.get_logger(__name__)


class ControlServer:
    """Serves the box's commands to whoever may open the socket: the user the box runs as."""

    def __init__(self, folder: Path, commands: Mapping[str, Command]) -> None:
        self._path = folder / SOCKET
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. A socket that a killed box left behind is taken over: the fence says it is ours."""
        self._path.unlink(missing_ok=True)
        before = os.umask(~PRIVATE & 0o777)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_REQUEST)
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Listen no more, and let nothing go on in a box that is taken apart."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # their connections close in the loop's next round
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
                while line := await reader.readline():
                    writer.write(orjson.dumps(await self._answer(line)) + b"\n")
                    await writer.drain()
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = orjson.loads(line)
            command = self._commands[request["command"]]
            return {"done": await command(request)}
        except AdminError as error:
            return {"error": str(error)}
        except (KeyError, TypeError, ValueError, OSError) as error:
            _LOG.warning("a control request was refused", error=repr(error))
            return {"error": f"the request was not understood: {error}"}
        except Exception:  # noqa: BLE001 - the top of a request: whoever asked gets an answer, the box goes on
            _LOG.exception("a control request failed")
            return {"error": "a fault of ours: the box's own log says more"}


async def ask(folder: Path, command: str, **given: object) -> dict[str, Any]:
    """Ask a running box. Raises ``OSError`` where none runs, ``AdminError`` for a no."""
    reader, writer = await asyncio.open_unix_connection(folder / SOCKET, limit=MAX_REQUEST)
    try:
        writer.write(orjson.dumps({"command": command, **given}) + b"\n")
        line = await reader.readline()
    finally:
        writer.close()
    if not line:
        raise ConnectionAbortedError("the box ended before it answered; look whether it was done, then try again")
    answer = orjson.loads(line)
    if "error" in answer:
        raise AdminError(answer["error"])
    done: dict[str, Any] = answer["done"]
    return done
