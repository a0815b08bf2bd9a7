"""What is seen of the link to the broker: since when it stands as it does, how often it was lost, and why."""

from __future__ import annotations

from collections.abc import Callable

from controller.domain.hygiene import BrokerFacts


class BrokerWatch:
    """Counts, from the time it is made. ``mono`` gives monotonic seconds."""

    def __init__(self, mono: Callable[[], float]) -> None:
        self._mono = mono
        self._up = False
        self._since = mono()
        self._losses = 0
        self._why = ""

    def back(self) -> None:
        """The broker is there."""
        self._up, self._since = True, self._mono()

    def lost(self, why: str) -> None:
        """The broker is gone, or was never reached."""
        self._losses += self._up
        self._up, self._since, self._why = False, self._mono(), why

    def facts(self, devices: int, ready: int) -> BrokerFacts:
        """Return how the link stands; ``ready`` of the ``devices`` behind it say that they are there."""
        return BrokerFacts(self._up, self._mono() - self._since, self._losses, self._why, devices, ready)
