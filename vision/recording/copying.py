"""Copies of recordings that a process of their own makes, over pipes and in memory: everybody else comes before it."""

import os
import struct
import subprocess
import sys
from collections.abc import Generator, Iterable

from vision.child import environment

PART = 256 * 1024
MASKED = struct.Struct(">Q")
"""What follows a masked copy: how many pictures it has."""
PIXELATED = struct.Struct(">QQ")
"""What follows a pixelated copy: how many pictures were searched, and how many faces were found."""


class NotCopiedError(ValueError):
    """No copy could be made of it: it is shown and handed out to nobody."""


def copied(
    module: str, arguments: Iterable[str], clear: Iterable[bytes], trailer: int
) -> Generator[bytes, None, bytes]:
    """Yield what `python -m module ARGUMENTS PARENT` makes of a recording; return the last ``trailer`` bytes of it.

    It takes all of the recording before it gives anything, and ends when this is closed. The kernel ends it with the
    thread that took the first part. Slow. Raises ``NotCopiedError``, maybe at the end only.
    """
    command = [sys.executable, "-m", module, *arguments, str(os.getpid())]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        with subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, stderr=nowhere) as process:
            try:
                return (yield from _through(process, clear, trailer))
            finally:
                process.kill()
    except BrokenPipeError as error:
        raise NotCopiedError(module) from error


def _through(process: subprocess.Popen[bytes], clear: Iterable[bytes], trailer: int) -> Generator[bytes, None, bytes]:
    source, out = process.stdin, process.stdout
    if source is None or out is None:
        raise RuntimeError("a process that was given pipes has none")
    for part in clear:
        source.write(part)
    source.close()
    held = b""
    while part := out.read(PART):
        held += part
        if len(held) > trailer:
            yield held[: len(held) - trailer]
            held = held[len(held) - trailer :]
    if process.wait() != 0 or len(held) < trailer:
        raise NotCopiedError("its process failed")
    return held
