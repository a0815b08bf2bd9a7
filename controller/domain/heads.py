"""Cameras on a head that turns (pan, tilt, zoom): how they are reached, who may turn them, and what is ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from controller.domain.ids import CameraId

if TYPE_CHECKING:
    from controller.domain.operators import Role  # which speaks of cameras, which speak of heads

LONGEST_TURN = 5.0
"""Seconds for which one order turns a camera: whoever goes on turning it orders again, and a lost console stops."""
HOME_AFTER = 120.0
"""Seconds without an order after which a camera looks where it should again."""
PRESETS = range(1, 256)
"""The numbers that Pelco-D can say."""


class HeadDriver(StrEnum):
    """What a head understands."""

    ONVIF = "onvif"
    PELCO_D = "pelco_d"


@dataclass(frozen=True, slots=True)
class Head:
    """What turns a camera. ``port``: ``HOST:PORT`` of its ONVIF service, or the serial device (RS-485) it hangs on.

    ``address``, ``baud``: of a head on a serial device. ``presets``: what each kept place is called, by number;
    ``home`` is the one it looks at when nobody turned it for ``home_after`` seconds (None: it stays where it is).
    ``turned_by``: the roles that may turn it (None: those that may by their role).
    """

    driver: HeadDriver
    port: str
    presets: Mapping[int, str] = field(default_factory=dict)
    home: int | None = None
    home_after: float = HOME_AFTER
    address: int | None = None
    baud: int | None = None
    turned_by: frozenset[Role] | None = None


@dataclass(frozen=True, slots=True)
class TurnCamera:
    """Turn for so many seconds, then stop. ``pan`` (1: right), ``tilt`` (1: up), ``zoom`` (1: tele): -1 to 1 of its
    top speed.
    """

    camera: CameraId
    pan: float
    tilt: float
    zoom: float
    seconds: float


@dataclass(frozen=True, slots=True)
class StopCamera:
    """Stop where it looks now."""

    camera: CameraId


@dataclass(frozen=True, slots=True)
class GoToPreset:
    """Look where a preset says."""

    camera: CameraId
    preset: int


@dataclass(frozen=True, slots=True)
class KeepPreset:
    """Where it looks now is what this preset means from now on."""

    camera: CameraId
    preset: int


HeadOrder = TurnCamera | StopCamera | GoToPreset | KeepPreset
