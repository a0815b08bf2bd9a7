"""Where a wire ends: one input or output of one device."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.ids import DeviceId

ANALOGUE = 256
"""Above every number that a discrete input can have."""


@dataclass(frozen=True, slots=True)
class Input:
    """A supervised input of a device. MQTT devices have one of each kind and need no index.

    ``debounce_seconds``: how long a new state must last to count; None: as the site says.
    """

    device: DeviceId
    index: int | None
    debounce_seconds: float | None = None
    analogue: int | None = None  # in place of ``index``: a register that shows a loop with end-of-line resistors

    @property
    def terminal(self) -> int | None:
        """Return the number a gateway knows it by: analogue registers count on from ``ANALOGUE``."""
        return self.index if self.analogue is None else ANALOGUE + self.analogue


@dataclass(frozen=True, slots=True)
class Output:
    """A relay of a device. MQTT devices have one and need no index."""

    device: DeviceId
    index: int | None
