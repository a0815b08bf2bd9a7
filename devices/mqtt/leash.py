"""Runs a program that the kernel ends when its parent dies, however that dies; never two at once on one lock.

`python leash.py PARENT_PID LOCK PROGRAM ARGUMENT…`: a program of its own, because code between fork and exec
(`preexec_fn`) can deadlock a parent that has threads. The lock is held as long as the program lives: the next one waits
until the last one has put away what it must keep.
"""

import ctypes
import fcntl
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2)."""


def main(arguments: list[str]) -> None:
    """Become the program; return only where the parent is gone already, or the kernel knows no such signal."""
    parent, lock, *program = arguments
    held = ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM) == 0
    fcntl.flock(_inherited(lock), fcntl.LOCK_EX)
    if held and os.getppid() == int(parent):
        os.execv(program[0], program)  # noqa: S606 (no shell is wanted)


def _inherited(lock: str) -> int:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - the function takes no keyword
    return descriptor


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.exit("the parent is gone: not started")
