"""The process that talks to cameras: `python -m vision.talking.process COMMANDS UNUSED PARENT`.

A process of its own: what ONVIF's definitions and answers take to be read would hold the doors up. It ends when told
to, when its supervisor closes the socket, and when its supervisor dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from typing import assert_never

from vision.child import die_with
from vision.giving_way import give_way
from vision.messages import LENGTH_BYTES, MessageError, length_of
from vision.talking.camera import TalkedTo
from vision.talking.messages import (
    Beat,
    Command,
    GoTo,
    Halt,
    Keep,
    Meet,
    Stop,
    Turn,
    Value,
    decode_command,
    encode_value,
)

NICENESS = 5
"""Behind the doors."""
BEAT_EVERY = 1.0


class Talk:
    """All cameras that are talked to."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._cameras: dict[str, tuple[TalkedTo, asyncio.Task[None]]] = {}

    def say(self, value: Value) -> None:
        """Tell the building."""
        if not self._writer.is_closing():
            self._writer.write(encode_value(value))

    def take(self, command: Command) -> bool:
        """Do, or begin to do, what is asked; False once all is to end."""
        match command:
            case Meet(camera=name):
                camera = TalkedTo(command, self.say)
                self._cameras[name] = camera, asyncio.create_task(camera.run(), name=f"talk to {name}")
            case Turn() | Halt() | GoTo() | Keep():
                if command.camera in self._cameras:
                    self._cameras[command.camera][0].order(command)
            case Stop():
                return False
            case _:
                assert_never(command)
        return True

    async def beat(self) -> None:
        """Say that this process goes round, until cancelled."""
        while True:
            self.say(Beat(time.monotonic()))
            await asyncio.sleep(BEAT_EVERY)

    async def close(self) -> None:
        """Stop every head."""
        tasks = [task for _, task in self._cameras.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def talk(port: socket.socket) -> None:
    """Talk to cameras as the other end of the socket says, until it closes or says stop."""
    reader, writer = await asyncio.open_unix_connection(sock=port)
    talking = Talk(writer)
    beating = asyncio.create_task(talking.beat(), name="beat")
    try:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, MessageError):
            while True:
                body = await reader.readexactly(length_of(await reader.readexactly(LENGTH_BYTES)))
                if not talking.take(decode_command(body)):
                    break
    finally:
        beating.cancel()
        await talking.close()
        writer.close()


def main(arguments: list[str]) -> int:
    """Run until it is stopped; return the exit code."""
    commands, unused, parent = (int(word) for word in arguments)
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is for the supervisor to act on
    give_way(NICENESS)
    os.close(unused)
    asyncio.run(talk(socket.socket(fileno=commands)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
