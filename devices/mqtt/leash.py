"""Runs a program that the kernel kills when its parent dies, however that dies.

`python leash.py PARENT_PID PROGRAM ARGUMENT…`: a program of its own, because code between fork and exec
(`preexec_fn`) can deadlock a parent that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2)."""


def main(arguments: list[str]) -> None:
    """Become the program; return only where the parent is gone already, or the kernel knows no such signal."""
    parent, *program = arguments
    held = ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) == 0
    if held and os.getppid() == int(parent):
        os.execv(program[0], program)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.exit("the parent is gone: not started")
