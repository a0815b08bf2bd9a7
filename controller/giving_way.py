"""Child processes that give way to the doors' loop.

They are made so after they started: code between fork and exec (`preexec_fn`) can deadlock a parent that has threads,
and has the parent copied, which held the doors up for 39 ms a child (2 ms without).
"""

from __future__ import annotations

import contextlib
import os

GIVES_WAY = 5
"""Niceness, beside the box's own: a third of what the doors' loop gets of a busy core.

At 19 a report would never end beside other work.
"""


def give_way(process: int) -> None:
    """Let a child run after what is urgent. One that has ended already is left alone."""
    own = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, process, own + GIVES_WAY)  # the kernel stops at the least there is
