"""Where a wire ends: one input or output of one device."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.ids import DeviceId


@dataclass(frozen=True, slots=True)
class Input:
    """A supervised input of a device. MQTT devices have one of each kind and need no index."""

    device: DeviceId
    index: int | None


@dataclass(frozen=True, slots=True)
class Output:
    """A relay of a device. MQTT devices have one and need no index."""

    device: DeviceId
    index: int | None
