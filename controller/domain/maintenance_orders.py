"""What operators order of places that somebody works on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.alarms import Source
from controller.domain.ids import DeviceId


@dataclass(frozen=True, slots=True)
class StartMaintenance:
    """Somebody works on a door, a reader, a device or a point (one of ``at``) until a time (aware)."""

    at: Source
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class EndMaintenance:
    """Nobody works there any more."""

    at: Source


@dataclass(frozen=True, slots=True)
class ReplaceReader:
    """Another reader hangs in the place of this one: the box is to give it a key of its own, in the wizard."""

    device: DeviceId
    reason: str


MaintenanceOrder = StartMaintenance | EndMaintenance | ReplaceReader
"""What operators may order of places that somebody works on."""


def maintenance_subject(order: MaintenanceOrder) -> str:
    """Return what such an order is about."""
    if isinstance(order, ReplaceReader):
        return order.device
    at = order.at
    return at.door or at.reader or at.device or at.point or ""
