"""The process that looks: `python -m vision.worker COMMANDS PICTURES ENGINE PARENT` (two socket numbers, a process id).

It ends when told to, when its supervisor closes the sockets, and when its supervisor dies, whichever comes first.
"""

import contextlib
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable

import cv2

from vision.child import die_with, leave
from vision.eyes import Eyes
from vision.giving_way import give_way, keep_off_a_core
from vision.messages import (
    LENGTH_BYTES,
    CameraLost,
    CameraUp,
    Command,
    EngineKind,
    Stop,
    Value,
    decode_command,
    encode_value,
    length_of,
)
from vision.pictures import Pictures, serve

NICENESS = 10
"""A tenth of what a door's thread gets of a core that both want.

The doors come first: at 5, such a thread that had just run waited for its turn when it woke again, up to 4 ms.
"""

Inbox = queue.SimpleQueue[Command | CameraUp | CameraLost]


def main(arguments: list[str]) -> int:
    """Run the worker until it is stopped; return the exit code."""
    commands, pictures, parent = int(arguments[0]), int(arguments[1]), int(arguments[3])
    kind = EngineKind(arguments[2])
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is for the supervisor to act on
    give_way(NICENESS)
    keep_off_a_core()
    cv2.setNumThreads(1)
    with socket.socket(fileno=commands) as port, socket.socket(fileno=pictures) as picture_port:
        _look(port, picture_port, kind)
    return 0


def _look(port: socket.socket, picture_port: socket.socket, kind: EngineKind) -> None:
    inbox: Inbox = queue.SimpleQueue()

    def send(value: Value) -> None:
        port.sendall(encode_value(value))

    eyes = Eyes(send, inbox.put, kind)
    pictures = Pictures(eyes.newest, watched=eyes.watched, rests=eyes.rests)
    threading.Thread(target=_receive, args=(port, inbox), name="commands", daemon=True).start()
    threading.Thread(target=serve, args=(picture_port, pictures), name="pictures", daemon=True).start()
    wait = 0.05  # the first commands are on their way; cameras connect while the models load
    with contextlib.suppress(ConnectionError):
        while _take_all(eyes, inbox, send, wait):
            wait = eyes.turn()


def _take_all(eyes: Eyes, inbox: Inbox, send: Callable[[Value], None], wait: float) -> bool:
    """Wait for a message that long, take all there are; return whether to go on."""
    try:
        message = inbox.get(timeout=wait) if wait > 0 else inbox.get_nowait()
        while True:
            if isinstance(message, CameraUp | CameraLost):
                send(message)
            else:
                eyes.take(message)
            if isinstance(message, Stop):
                return False
            message = inbox.get_nowait()
    except queue.Empty:
        return True


def _receive(port: socket.socket, inbox: Inbox) -> None:
    """Put every command into the inbox; end the process at once when the supervisor has closed."""
    with port.makefile("rb") as stream:
        while len(prefix := stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
            inbox.put(decode_command(stream.read(length_of(prefix))))
    os._exit(0)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
