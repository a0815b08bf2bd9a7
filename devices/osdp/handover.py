"""Moving one peripheral to another address or speed (COMSET), and finding it again whatever becomes of the answer.

A peripheral moves as soon as it has answered, so an answer that is lost leaves the panel not knowing where it is; and
some move only after a power cut, or refuse and say so by answering what they had. So it counts as moved only where it
has been brought up, inside its secure channel, at the new place; until then both places are tried in turn. To be done
with nobody else on the line, or with nobody at the new address; sans-IO, as the control panel is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from devices.osdp.commands import CommunicationSet
from devices.osdp.control_panel import ControlPanel
from devices.osdp.errors import LocalError
from devices.osdp.events import CommandDelivered, CommandRefused, CommunicationChanged, DeviceOnline
from devices.osdp.frame import MAX_ADDRESS
from devices.osdp.peripheral import Peripheral

BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400)
LOOK_FOR = 3.0
"""Seconds for which it is looked for at one place before the other is tried."""
GIVE_UP_AFTER = 30.0
"""Seconds after which a peripheral that is at neither place is given up: somebody has to look at it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a peripheral speaks."""

    address: int
    baud: int


class Fate(StrEnum):
    """How a hand-over ended."""

    MOVED = "moved"
    STAYED = "stayed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Ended:
    """The peripheral answers at `place`; where it was lost, it was last known there."""

    fate: Fate
    place: Place


class Handover:
    """Have the peripheral at `old` move to `new`. The owner keeps the line at `baud`, which changes on the way.

    The rest is the control panel's: `receive`, `next_transmission`, `get_timer`, `handle_timer`. Raises LocalError for
    a place that no peripheral can be at, or that is the old one.
    """

    def __init__(
        self, peripheral: Peripheral, old: Place, new: Place, *, now: float, random_bytes: Callable[[int], bytes]
    ) -> None:
        if new == old or not 0 <= new.address <= MAX_ADDRESS or new.baud not in BAUDS:
            raise LocalError(f"nobody can be moved to address {new.address} at {new.baud} baud")
        self.ended: Ended | None = None
        self._peripheral = peripheral
        self._random_bytes = random_bytes
        self._old, self._new, self._at = old, new, old
        self._asked = False
        self._until = now + GIVE_UP_AFTER
        self._look(old, now)

    @property
    def baud(self) -> int:
        """The speed the line must have now."""
        return self._at.baud

    def receive(self, received: bytes, now: float) -> None:
        """Take bytes from the line, in any chunking."""
        self._panel.receive(received, now)
        self._judge(now)

    def next_transmission(self, now: float) -> bytes | None:
        """The bytes to write now, at `baud`; none once it has ended."""
        return None if self.ended else self._panel.next_transmission(now)

    def get_timer(self) -> float:
        """When `handle_timer` or `next_transmission` next has something to do."""
        return math.inf if self.ended else min(self._panel.get_timer(), self._leave_at)

    def handle_timer(self, now: float) -> None:
        """Do what has become due by time alone."""
        self._panel.handle_timer(now)
        self._judge(now)
        if self.ended is None and now >= self._leave_at:
            self._not_here(now)

    def _look(self, place: Place, now: float) -> None:
        """Bring it up at this place, with nothing left of the session before."""
        self._at = place
        there = replace(self._peripheral, address=place.address)
        self._panel = ControlPanel([there], now=now, random_bytes=self._random_bytes)
        self._leave_at = now + LOOK_FOR

    def _judge(self, now: float) -> None:
        for event in self._panel.take_events():
            match event:
                case DeviceOnline() if not self._asked:
                    self._asked = True
                    order = CommunicationSet(self._new.address, self._new.baud)
                    self._panel.send(self._at.address, order, deadline=self._leave_at)
                case DeviceOnline():
                    self._found()
                case CommandRefused():
                    self._found()
                case CommunicationChanged(new_address=address, baud=baud):
                    self._told(Place(address, baud), now)
                case CommandDelivered():
                    pass
                case _:
                    self._panel.confirm(self._at.address)

    def _told(self, place: Place, now: float) -> None:
        """It says where it will be, which need not be where it was asked to go."""
        if place == self._old:
            self._found()
        elif 0 <= place.address <= MAX_ADDRESS and place.baud in BAUDS:
            self._new = place
            self._look(place, now)

    def _found(self) -> None:
        self.ended = Ended(Fate.STAYED if self._at == self._old else Fate.MOVED, self._at)

    def _not_here(self, now: float) -> None:
        if now >= self._until:
            self.ended = Ended(Fate.LOST, self._old)
        else:
            self._look(self._new if self._at == self._old and self._asked else self._old, now)
