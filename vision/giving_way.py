"""How a process of the eyes lets those come first whom the doors wait for, on a processor that both share."""

import ctypes
import os
import platform
import struct

LONG_SLICE = 20_000_000
"""Nanoseconds that this process would run at a stretch, were it alone.

Whoever is woken and asked for less runs at once (Linux 6.12 and later). Niceness alone decides who gets how much, not
who waits: a door's thread waited up to 4 ms each time it woke.
"""
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_ATTRIBUTES = struct.Struct("=IIQiIQQQII")  # sched_setattr(2): size, policy, flags, nice, priority, runtime, ...


def give_way(niceness: int) -> None:
    """Be nicer by that much, and give a processor up at once to whoever is woken. Before any thread is started.

    Where the kernel does not know of slices, niceness is all there is.
    """
    nice = os.nice(niceness)
    number = SCHED_SETATTR.get(platform.machine())
    if number is not None:
        wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, LONG_SLICE, 0, 0, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, wanted, 0)


def keep_off_a_core() -> None:
    """Leave the first core that this process may use to the doors, where there are two or more. Before any thread.

    Whoever is woken beside somebody busy waits up to a tick (4 ms) now and then, however nice the other is.
    """
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) > 1:
        os.sched_setaffinity(0, mine[1:])
