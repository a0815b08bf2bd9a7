"""How a process whose threads wait for one another at doors keeps these waits short."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TURN_SECONDS = 0.0005
"""How long a thread may keep another waiting for its turn; Python lets it 5 ms."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector off all that lives by now: walking it holds every door for 0.1 s.

    Turns are short as well: the log's thread asks for its turn several times for each commit, and each time a busy loop
    may keep it waiting for as long as a turn takes.
    """
    usual = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
        gc.unfreeze()
