"""What the gateways need from the building."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from controller.domain.ids import CredentialId, DeviceId, ReaderId
from controller.domain.stimuli import Stimulus


class Building(Protocol):
    """Where stimuli are handed in. Only ever called on the building's loop."""

    def submit(self, stimulus: Stimulus) -> asyncio.Future[None]:
        """Hand a stimulus in; the future is done once everything that followed from it is durable."""
        ...

    def challenged(self, reader: ReaderId) -> CredentialId | None:
        """Return whose PIN this reader waits for, or None."""
        ...

    def taken(self, device: DeviceId, boot: str, number: int) -> bool:
        """Tell whether a device's numbered message was acted upon already."""
        ...

    def mono(self) -> float:
        """Return monotonic seconds."""
        ...

    def wall_ms(self) -> int:
        """Return milliseconds since 1970, UTC: what commands on MQTT expire by."""
        ...


def when_durable(written: Sequence[asyncio.Future[None]], confirm: Callable[[], None]) -> None:
    """Confirm a message to its sender once all that followed from it is on the disk, and only then."""

    def done(all_of_it: asyncio.Future[Any]) -> None:
        if not all_of_it.cancelled() and all_of_it.exception() is None:
            confirm()

    together: asyncio.Future[Any] = written[0] if len(written) == 1 else asyncio.gather(*written)
    together.add_done_callback(done)
