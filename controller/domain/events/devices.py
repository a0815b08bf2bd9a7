"""What devices and cameras told, and what was done to their wires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.domain.filming import ViewTrouble
from controller.domain.ids import CameraId, DeviceId


class Violation(StrEnum):
    """Attacks on a reader's wire (Bishop Fox, "Badge of Shame", and their kin)."""

    PLAINTEXT_REPLY = "plaintext_reply"
    BAD_MAC = "bad_mac"
    WRONG_KEY = "wrong_key"
    DEFAULT_KEY = "default_key"
    CAPABILITY_DOWNGRADE = "capability_downgrade"
    INSTALL_MODE = "install_mode"
    MALFORMED = "malformed"
    SEQUENCE_GAP = "sequence_gap"
    SECOND_PANEL = "second_panel"
    LOCKED_OUT = "locked_out"
    FOREIGN_COMMAND = "foreign_command"  # a relay was switched, and not by this box


@dataclass(frozen=True, slots=True)
class DeviceCameOnline:
    """A device answers."""

    device: DeviceId
    secure: bool
    detail: str


@dataclass(frozen=True, slots=True)
class DeviceWentOffline:
    """A device no longer answers."""

    device: DeviceId
    detail: str


@dataclass(frozen=True, slots=True)
class DeviceIdentified:
    """A device was seen for the first time, or was taken over: another nameplate in its place is an alarm from now on.

    ``nameplate``: vendor, model and serial number, as it says them itself.
    """

    device: DeviceId
    nameplate: str


@dataclass(frozen=True, slots=True)
class TamperObserved:
    """A tamper switch."""

    device: DeviceId
    active: bool


@dataclass(frozen=True, slots=True)
class PowerObserved:
    """A device's supply."""

    device: DeviceId
    failed: bool


@dataclass(frozen=True, slots=True)
class BatteryObserved:
    """The battery a device falls back on, or lives on."""

    device: DeviceId
    low: bool


@dataclass(frozen=True, slots=True)
class WireViolated:
    """An attack on a wire, refused."""

    device: DeviceId
    violation: Violation
    detail: str


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """A device's numbered message was acted upon; should it come again, it is not."""

    device: DeviceId
    boot: str
    number: int


@dataclass(frozen=True, slots=True)
class CameraCameOnline:
    """A camera gives pictures."""

    camera: CameraId


@dataclass(frozen=True, slots=True)
class CameraWentOffline:
    """A camera gives none."""

    camera: CameraId
    detail: str


@dataclass(frozen=True, slots=True)
class CameraViewChanged:
    """A camera sees what it should (None), or no longer does."""

    camera: CameraId
    trouble: ViewTrouble | None


@dataclass(frozen=True, slots=True)
class CertificateIssued:
    """A device was given a certificate, of this serial number (hex): until then the broker lets it in as itself."""

    author: str
    device: DeviceId
    serial: str
    until: datetime


@dataclass(frozen=True, slots=True)
class CertificateRevoked:
    """A device's certificate was called back: whoever bears it is let in no more."""

    author: str
    device: DeviceId
    serial: str
