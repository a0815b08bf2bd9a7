"""Doors that are held released: told again and again, so that a lock that hears no more locks by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from controller.domain.ids import DoorId

LEASE_SECONDS = 15.0
"""How long a lock stays unlocked after it was last told to: the longest that a door stands open to everybody once the
box, the line or the broker is gone (design: fail closed, and three renewals may get lost)."""

RENEW_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Hold:
    seconds: float
    lasting: bool
    timer: asyncio.TimerHandle


class Holds:
    """What is held, and how each lock is told so. A hold ends when it is ended, or when its lock is lost."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._held: dict[DoorId, _Hold] = {}

    def begin(
        self, door: DoorId, tell: Callable[[], None], *, seconds: float = LEASE_SECONDS, lasting: bool = False
    ) -> None:
        """Tell a lock now, and again until ``end``; it stays released for ``seconds`` after each telling.

        ``lasting``: it is told also while it is away (a fire).
        """
        self.end(door)
        self._tell(door, tell, seconds, lasting)

    def end(self, door: DoorId) -> None:
        """Tell it no more. It is for the caller to lock it."""
        hold = self._held.pop(door, None)
        if hold is not None:
            hold.timer.cancel()

    def lost(self, doors: Iterable[DoorId]) -> None:
        """These locks are gone: whoever decides tells them anew what to do once they are back."""
        for door in doors:
            if door in self._held and not self._held[door].lasting:
                self.end(door)

    def stop(self) -> None:
        """Tell nobody any more."""
        for door in list(self._held):
            self.end(door)

    def is_held(self, door: DoorId) -> bool:
        """Tell whether a door is held."""
        return door in self._held

    def pulse(self, door: DoorId, seconds: float) -> float:
        """Return how long a momentary unlock lasts: at a door that is held it must not end before the next telling."""
        return max(seconds, self._held[door].seconds) if door in self._held else seconds

    def _tell(self, door: DoorId, tell: Callable[[], None], seconds: float, lasting: bool) -> None:  # noqa: FBT001
        timer = self._loop.call_later(RENEW_SECONDS, self._tell, door, tell, seconds, lasting)
        self._held[door] = _Hold(seconds, lasting, timer)
        tell()
