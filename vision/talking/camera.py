"""One camera that is talked to: a connection, made anew for as long as it takes, and its orders in their turn."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, assert_never

from vision.onvif import OnvifError, connected, sentence
from vision.talking.head import OnvifHead
from vision.talking.messages import Fine, GoTo, Halt, HeadCommand, Keep, Meet, Stirred, Trouble, Turn, Value
from vision.talking.motion import motion_of

AGAIN = (1.0, 2.0, 5.0, 15.0)
"""Seconds until a camera that did not answer is asked again, the first time and after."""
ANSWERS_WITHIN = 5.0
"""Seconds for one order."""
MEETS_WITHIN = 30.0
"""Seconds; the first of them all reads ONVIF's definitions meanwhile."""


class TalkedTo:
    """A camera; `say` takes what is to be told. Every movement is stopped at its end, whatever the camera does."""

    def __init__(self, meet: Meet, say: Callable[[Value], None]) -> None:
        self._meet, self._say = meet, say
        self._orders: asyncio.Queue[HeadCommand] = asyncio.Queue()
        self._failures = 0
        self._refused = False

    def order(self, command: HeadCommand) -> None:
        """Have an order done after those before it."""
        self._orders.put_nowait(command)

    async def run(self) -> None:
        """Talk to it until cancelled; then its head is stopped."""
        while True:
            try:
                await self._talk()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - zeep, aiohttp and the library each have a tree of their own
                self._say(Trouble(self._meet.camera, _why(self._meet.address, error)))
            await asyncio.sleep(AGAIN[min(self._failures, len(AGAIN) - 1)])
            self._failures += 1

    async def _talk(self) -> None:
        meet = self._meet
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(MEETS_WITHIN):
                camera = await stack.enter_async_context(connected(meet.address, meet.username, meet.password))
                head = await OnvifHead.of(camera) if meet.turns else None
                if head is not None:
                    await head.stop()  # who knows what it was told by a process that ended since
            self._failures = 0
            self._say(Fine(meet.camera))
            try:
                async with asyncio.TaskGroup() as both:
                    if head is not None:
                        both.create_task(self._turn(head))
                    if meet.motion:
                        both.create_task(self._hear(camera))
            except* Exception as errors:
                raise _first(errors) from errors

    async def _turn(self, head: OnvifHead) -> None:
        turning_until: float | None = None
        try:
            while True:
                command = await self._next(turning_until)
                try:
                    async with asyncio.timeout(ANSWERS_WITHIN):
                        turning_until = await self._do(head, command)
                except OnvifError as refused:  # a preset that is not there, say: nothing else is wrong with the camera
                    self._refused = True
                    self._say(Trouble(self._meet.camera, str(refused)))
                    continue
                if self._refused and not isinstance(command, Halt):
                    self._refused = False
                    self._say(Fine(self._meet.camera))
        finally:
            if turning_until is not None:
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(ANSWERS_WITHIN):
                        await head.stop()

    async def _next(self, turning_until: float | None) -> HeadCommand:
        """Wait for an order; the end of a movement is one. Those that come too late are dropped."""
        while True:
            left = None if turning_until is None else turning_until - time.monotonic()
            try:
                async with asyncio.timeout(left):
                    command = await self._orders.get()
            except TimeoutError:
                return Halt(self._meet.camera)
            if isinstance(command, Halt) or time.monotonic() < command.by:
                return command

    async def _do(self, head: OnvifHead, command: HeadCommand) -> float | None:
        """Carry an order out; return until when it turns the head, or None."""
        match command:
            case Turn(pan=pan, tilt=tilt, zoom=zoom, seconds=seconds):
                until = time.monotonic() + seconds
                await head.turn(pan, tilt, zoom, seconds)
                return until
            case Halt():
                await head.stop()
            case GoTo(number=number, name=name):
                await head.go_to(number, name)
            case Keep(number=number, name=name):
                await head.keep(number, name)
            case _:
                assert_never(command)
        return None

    async def _hear(self, camera: Any) -> None:
        changes = motion_of(camera)
        async with contextlib.aclosing(changes):
            async for active in changes:
                self._say(Stirred(self._meet.camera, active))


def _first(errors: BaseExceptionGroup[Any]) -> Exception:
    found: Any = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, Exception) else OnvifError("it was given up")


def _why(address: str, error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"{address} did not answer in time"
    return str(error) if isinstance(error, OnvifError) else sentence(address, error)
