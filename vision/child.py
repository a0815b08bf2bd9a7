"""A child process of ours: a fresh interpreter behind two socket pairs, which ends when its parent does (ADR 0008)."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Environment of a child: linear algebra on every core at once would slow the doors, and the child too."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Child:
    """A running process and the near ends of its two socket pairs: commands and values, and a second channel."""

    process: subprocess.Popen[bytes]
    values: asyncio.StreamReader
    commands: asyncio.StreamWriter
    second: asyncio.StreamReader
    second_writer: asyncio.StreamWriter


async def spawned(module: str, *arguments: str) -> Child:
    """Start `python -m module SOCKET SOCKET ARGUMENTS PARENT`.

    From the loop's own thread: the kernel ends a child with the *thread* that started it.
    """
    with _socket_pair() as (commands, far_commands), _socket_pair() as (second, far_second):
        numbers = (far_commands.fileno(), far_second.fileno())
        line = [sys.executable, "-m", module, *map(str, numbers), *arguments, str(os.getpid())]
        process = subprocess.Popen(  # noqa: ASYNC220 - a vfork of 2 ms; asyncio's own would start it from a thread
            line, pass_fds=numbers, env=environment(), stdin=subprocess.DEVNULL
        )
        try:
            values, command_writer = await asyncio.open_unix_connection(sock=commands.dup())
            others, other_writer = await asyncio.open_unix_connection(sock=second.dup())
        except BaseException:  # cancelled in between: nobody else knows of the process yet
            process.kill()
            process.wait()
            raise
    return Child(process, values, command_writer, others, other_writer)


async def ended(child: Child) -> None:
    """Close the sockets, kill the process, reap it."""
    for writer in (child.commands, child.second_writer):
        writer.transport.abort()
    child.process.kill()
    await asyncio.to_thread(child.process.wait)


def die_with(parent: int) -> None:
    """In the child: let the kernel kill this process when its parent dies, kill -9 included."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        sys.exit(0)


def leave(code: int) -> NoReturn:
    """End this process without taking the interpreter down first.

    Threads of its own are in OpenCV and FFmpeg just then, whose next word to an interpreter that is gone is a crash.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def environment() -> dict[str, str]:
    """Return ours, with one thread for linear algebra and this package found wherever it was found here."""
    root = str(Path(__file__).resolve().parent.parent)
    found = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, **ONE_THREAD, "PYTHONPATH": found}


@contextlib.contextmanager
def _socket_pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far
