"""The process that records: `python -m vision.recording.process COMMANDS FRAGMENTS RESERVE PARENT`.

Two socket numbers, the bytes of disk to be left to others, and a process id. It ends when told to, when its supervisor
closes the sockets, and when its supervisor dies; a clip is then whole up to its last second.
"""

import contextlib
import ctypes
import platform
import queue
import signal
import socket
import sys
import threading

import cv2

from vision.child import die_with, leave
from vision.giving_way import give_way
from vision.messages import LENGTH_BYTES, NUMBER_BYTES, MessageError, frame, length_of
from vision.recording.messages import Beat, Command, Stop, Value, decode_command, encode_value
from vision.recording.recorder import TURN, Recorder

NICENESS = 10
"""Behind the doors, and behind the eyes."""
IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
IDLE_CLASS = 3 << 13
"""ioprio_set(2): the disk is others' first, where its scheduler knows of classes."""

Inbox = queue.SimpleQueue[Command]


def main(arguments: list[str]) -> int:
    """Run the recorder until it is stopped; return the exit code."""
    commands, fragments, reserve, parent = (int(word) for word in arguments)
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is for the supervisor to act on
    give_way(NICENESS)
    _disk_last()
    cv2.setNumThreads(1)
    with socket.socket(fileno=commands) as port, socket.socket(fileno=fragments) as fragment_port:
        _record(port, fragment_port, reserve)
    return 0


def _record(port: socket.socket, fragment_port: socket.socket, reserve: int) -> None:
    inbox: Inbox = queue.SimpleQueue()

    def send(value: Value) -> None:
        port.sendall(encode_value(value))

    def fragment(number: int, content: bytes) -> None:
        fragment_port.sendall(frame(number.to_bytes(NUMBER_BYTES, "big") + content))

    recorder = Recorder(send, fragment, reserve=reserve)
    threading.Thread(target=_receive, args=(port, inbox), name="commands", daemon=True).start()
    beat = 0.0
    with contextlib.suppress(ConnectionError):
        while _take_all(recorder, inbox):
            recorder.turn()
            if recorder.now() >= beat:
                beat = recorder.now() + 1.0
                send(Beat(recorder.now()))


def _take_all(recorder: Recorder, inbox: Inbox) -> bool:
    """Wait for a command for as long as a turn, take all there are; return whether to go on."""
    try:
        command = inbox.get(timeout=TURN)
        while True:
            recorder.take(command)
            if isinstance(command, Stop):
                return False
            command = inbox.get_nowait()
    except queue.Empty:
        return True


def _receive(port: socket.socket, inbox: Inbox) -> None:
    """Put every command into the inbox; stop when the supervisor has closed, or talks nonsense."""
    with contextlib.suppress(ConnectionError, MessageError), port.makefile("rb") as stream:
        while len(prefix := stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
            inbox.put(decode_command(stream.read(length_of(prefix))))
    inbox.put(Stop())


def _disk_last() -> None:
    number = IOPRIO_SET.get(platform.machine())
    if number is not None:
        ctypes.CDLL(None).syscall(number, 1, 0, IDLE_CLASS)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
