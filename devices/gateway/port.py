"""What the gateways need from the building."""

from __future__ import annotations

import asyncio
from typing import Protocol

from controller.domain.ids import CredentialId, ReaderId
from controller.domain.stimuli import Stimulus


class Building(Protocol):
    """Where stimuli are handed in. Only ever called on the building's loop."""

    def submit(self, stimulus: Stimulus) -> asyncio.Future[None]:
        """Hand a stimulus in; the future is done once everything that followed from it is durable."""
        ...

    def challenged(self, reader: ReaderId) -> CredentialId | None:
        """Return whose PIN this reader waits for, or None."""
        ...

    def mono(self) -> float:
        """Return monotonic seconds."""
        ...

    def wall_ms(self) -> int:
        """Return milliseconds since 1970, UTC: what commands on MQTT expire by."""
        ...
