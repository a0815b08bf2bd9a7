"""What a script is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.domain import stimuli as st
from controller.domain.site import Site
from tests.controller.builders import House
from tests.controller.rules.truth.lines import line


@dataclass(frozen=True, slots=True)
class Late:
    """The loop stalls for so many seconds, and keeps no deadline before it takes this stimulus."""

    stimulus: st.Stimulus
    seconds: float


@dataclass(frozen=True, slots=True)
class Restart:
    """The box starts anew, and nothing is heard of yet."""


Act = st.Stimulus | float | timedelta | Late | Restart | Callable[[Site], Site]
Script = Sequence[Act]
"""Stimuli, seconds that pass between them, steps of the wall clock, and other policies that come into force."""

RESTART = Restart()


def act(house: House, what: Any) -> str:
    """Do one act, and return how it is told; another policy is told by what it leads to."""
    match what:
        case float():
            house.wait(what)
            return f"{what:g} s pass"
        case timedelta():
            house.set_wall(house.now.wall + what)
            return f"the wall clock steps by {what.total_seconds():g} s"
        case Restart():
            house.restart()
            return "the box starts"
        case Late():
            house.see_late(what.stimulus, what.seconds)
            return f"{what.seconds:g} s late: {line(what.stimulus)}"
        case _ if callable(what):
            house.site = what(house.site)
            return ""
    house.see(what)
    return line(what)
