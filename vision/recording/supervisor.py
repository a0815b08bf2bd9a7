"""Who keeps the recorder running: starts the process, hands it commands, takes its values, starts it anew."""

import asyncio
import contextlib
import subprocess
from collections.abc import Callable
from typing import assert_never

from vision.child import Child, ended, spawned
from vision.messages import LENGTH_BYTES, MAX_MESSAGE, NUMBER_BYTES, MessageError, length_of
from vision.recording.messages import (
    Beat,
    ClipDone,
    Command,
    Extend,
    Kept,
    Live,
    NotKept,
    Record,
    Still,
    StillDone,
    Stop,
    Value,
    Watch,
    decode_value,
    encode_command,
)

STARTS_WITHIN = 30.0
WEDGED_AFTER = 15.0
"""Seconds without a beat: a disk under load may hold a write for long, and no door waits for this process."""
STOPS_WITHIN = 5.0
BACK_OFF = (0.1, 1.0, 5.0)
FRAGMENTS_WAITING = 256
"""Live fragments that may wait for a slow viewer; then there are no more for them."""

Viewer = asyncio.Queue[bytes]


class RecorderSupervisor:
    """The recorder as the building sees it. ``receive`` gets every value on the loop's thread, beats excepted.

    Cameras are remembered for a new process. Clips and stills that were under way when it failed are told as not kept:
    what was written of them is found in their folder.
    """

    def __init__(self, receive: Callable[[Value], None], reserve: int = 0) -> None:
        self._receive, self._reserve = receive, reserve
        self._watches: dict[str, Watch] = {}
        self._running: set[str] = set()
        self._viewers: dict[int, Viewer] = {}
        self._numbers = 0
        self._failures = 0
        self._stopping = False
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; returns before the process is ready."""
        self._task = asyncio.create_task(self.run(), name="recorder")

    async def stop(self) -> None:
        """Let the process finish its clips, then end it."""
        self._stopping = True
        child = self._child
        if child is not None:
            self._send(Stop())
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(child.process.wait, STOPS_WITHIN)
            await asyncio.sleep(0)
        if self._task is not None:
            task, self._task = self._task, None
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(STOPS_WITHIN):
                    await task

    async def run(self) -> None:
        """Keep a recorder running until ``stop`` or cancellation."""
        while not self._stopping:
            self._child = child = await spawned("vision.recording.process", str(self._reserve))
            fragments = asyncio.create_task(self._take_fragments(child), name="live fragments")
            try:
                for watch in tuple(self._watches.values()):
                    self._send(watch)
                await self._listen(child)
            finally:
                self._child = None
                fragments.cancel()
                await ended(child)
            self._lose_all()
            if not self._stopping:
                await asyncio.sleep(BACK_OFF[min(self._failures, len(BACK_OFF) - 1)])
                self._failures += 1

    def post(self, command: Command) -> None:
        """Hand a command to the process; never blocks. What is asked while there is none is told as not kept."""
        match command:
            case Watch():
                self._watches[command.camera] = command
            case Record(clip=name) | Still(still=name):
                if self._child is None:
                    asyncio.get_running_loop().call_soon(self._receive, NotKept(name, "the recorder is not running"))
                    return
                self._running.add(name)
            case Extend() | Live():
                pass
            case Stop():
                return
            case _:
                assert_never(command)
        self._send(command)

    def view(self, camera: str) -> tuple[int, Viewer]:
        """Begin to watch a camera live: a number, and a queue of fragments that ends with an empty one."""
        self._numbers += 1
        number, queue = self._numbers, asyncio.Queue[bytes](FRAGMENTS_WAITING + 1)
        self._viewers[number] = queue
        self._send(Live(number, camera, on=True))
        return number, queue

    def unview(self, number: int) -> None:
        """End that."""
        if self._viewers.pop(number, None) is not None:
            self._send(Live(number, "", on=False))

    @property
    def process_id(self) -> int | None:
        """The process id of the recorder; None while there is none."""
        return self._child.process.pid if self._child else None

    async def _listen(self, child: Child) -> None:
        """Hand on the process's values until it ends or wedges."""
        within = STARTS_WITHIN
        with contextlib.suppress(TimeoutError, MessageError, asyncio.IncompleteReadError, ConnectionError):
            while True:
                async with asyncio.timeout(within):
                    prefix = await child.values.readexactly(LENGTH_BYTES)
                    value = decode_value(await child.values.readexactly(length_of(prefix)))
                within = WEDGED_AFTER
                self._take(value)

    def _take(self, value: Value) -> None:
        match value:
            case Beat():
                self._failures = 0
                return
            case ClipDone(clip=name) | StillDone(still=name) | NotKept(recording=name):
                self._running.discard(name)
            case Kept():
                pass
            case _:
                assert_never(value)
        self._receive(value)

    def _lose_all(self) -> None:
        for name in tuple(self._running):
            self._take(NotKept(name, "the recorder ended"))
        for number in tuple(self._viewers):
            self._end_view(number)

    def _end_view(self, number: int) -> None:
        queue = self._viewers.pop(number, None)
        if queue is not None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(b"")

    def _send(self, command: Command) -> None:
        if self._child is not None and not self._child.commands.is_closing():
            self._child.commands.write(encode_command(command))

    async def _take_fragments(self, child: Child) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, MessageError):
            while True:
                prefix = await child.second.readexactly(LENGTH_BYTES)
                body = await child.second.readexactly(length_of(prefix, MAX_MESSAGE))
                self._hand_on(int.from_bytes(body[:NUMBER_BYTES], "big"), body[NUMBER_BYTES:])

    def _hand_on(self, number: int, fragment: bytes) -> None:
        queue = self._viewers.get(number)
        if queue is None:
            return
        if not fragment:
            self._end_view(number)
        elif queue.qsize() >= FRAGMENTS_WAITING:  # a viewer too slow for the stream would see ever older pictures
            self._send(Live(number, "", on=False))
            self._end_view(number)
        else:
            queue.put_nowait(fragment)
