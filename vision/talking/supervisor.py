"""Who keeps the process that talks to cameras running: starts it, hands it orders, takes what cameras say."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Callable

from vision.child import Child, ended, spawned
from vision.messages import LENGTH_BYTES, MessageError, length_of
from vision.talking.messages import (
    Beat,
    Command,
    Meet,
    Stop,
    Trouble,
    Value,
    decode_value,
    encode_command,
)

STARTS_WITHIN = 30.0
WEDGED_AFTER = 10.0
"""Seconds without a beat."""
STOPS_WITHIN = 6.0
BACK_OFF = (0.1, 1.0, 5.0)
ENDED = "the process that talks to cameras ended"


class TalkSupervisor:
    """Cameras that are talked to, as the building sees them. `receive` gets every value on the loop, beats excepted.

    No process runs while there is no camera to talk to. Cameras are remembered for a new one; orders are not: whoever
    gave one sees that the camera stands still.
    """

    def __init__(self, receive: Callable[[Value], None]) -> None:
        self._receive = receive
        self._met: dict[str, Meet] = {}
        self._failures = 0
        self._stopping = False
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, if there is anybody to talk to; returns before the process is ready."""
        if self._met:
            self._task = asyncio.create_task(self._run(), name="talk to cameras")

    async def stop(self) -> None:
        """Let the process stop every head, then end it."""
        self._stopping = True
        task, self._task = self._task, None
        child = self._child
        if task is None:
            return
        if child is not None:
            self._send(Stop())
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(child.process.wait, STOPS_WITHIN)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def post(self, command: Command) -> None:
        """Hand a command to the process; never blocks."""
        if isinstance(command, Meet):
            self._met[command.camera] = command
        self._send(command)

    @property
    def process_id(self) -> int | None:
        """The process id of who talks to cameras; None while there is none."""
        return self._child.process.pid if self._child else None

    async def _run(self) -> None:
        while True:
            self._child = child = await spawned("vision.talking.process")
            try:
                for meet in self._met.values():
                    self._send(meet)
                await self._listen(child)
            finally:
                self._child = None
                await ended(child)
            if self._stopping:
                return
            for camera in self._met:
                self._receive(Trouble(camera, ENDED))
            await asyncio.sleep(BACK_OFF[min(self._failures, len(BACK_OFF) - 1)])
            self._failures += 1

    async def _listen(self, child: Child) -> None:
        """Hand on what the process says until it ends or wedges."""
        within = STARTS_WITHIN
        with contextlib.suppress(TimeoutError, MessageError, asyncio.IncompleteReadError, ConnectionError):
            while True:
                async with asyncio.timeout(within):
                    prefix = await child.values.readexactly(LENGTH_BYTES)
                    value = decode_value(await child.values.readexactly(length_of(prefix)))
                within = WEDGED_AFTER
                if isinstance(value, Beat):
                    self._failures = 0
                else:
                    self._receive(value)

    def _send(self, command: Command) -> None:
        if self._child is not None and not self._child.commands.is_closing():
            self._child.commands.write(encode_command(command))
