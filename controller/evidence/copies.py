"""Pixelated copies, made by a process of their own that everybody else comes before."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.runtime.evidence import NotHandedOut
from vision.child import environment

MODULE = "vision.recording.pixelating"
TRAILER = struct.Struct(">QQ")
PART = 256 * 1024
FAILED = "a recording could not be pixelated, and is not handed out clear instead"


@dataclass(slots=True)
class Copy:
    """How many pictures were searched, and how many faces were found in them; known once the copy has been read."""

    frames: int = 0
    faces: int = 0


def pixelated(kind: str, clear: Iterable[bytes], copy: Copy) -> Iterator[bytes]:
    """Yield the copy of a ``film`` or a ``still``, part by part; it ends the process when it is closed. Slow.

    Raises ``NotHandedOut`` where the recording cannot be read as one.
    """
    command = [sys.executable, "-m", MODULE, kind, str(os.getpid())]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        with subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, stderr=nowhere) as process:
            try:
                yield from _through(process, clear, copy)
            finally:
                process.kill()
    except BrokenPipeError as error:
        raise NotHandedOut(FAILED) from error


def _through(process: subprocess.Popen[bytes], clear: Iterable[bytes], copy: Copy) -> Iterator[bytes]:
    source, out = process.stdin, process.stdout
    if source is None or out is None:
        raise RuntimeError("a process that was given pipes has none")
    for part in clear:  # it reads everything before it writes anything
        source.write(part)
    source.close()
    held = b""
    while part := out.read(PART):
        held += part
        yield held[: -TRAILER.size]
        held = held[-TRAILER.size :]
    if process.wait() != 0 or len(held) < TRAILER.size:
        raise NotHandedOut(FAILED)
    copy.frames, copy.faces = TRAILER.unpack(held)
