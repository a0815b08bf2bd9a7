"""Points, named outputs, intrusion areas and what causes what: as built, and as they stand.

Supervised states follow EN 50131-1 (a loop tells normal, active, cut and shorted apart).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from controller.domain.ids import OutputId, PointId, ZoneId
from controller.domain.wires import Input, Output


class PointKind(StrEnum):
    """What a point senses. Panic, tamper, mains and battery raise an alarm of their own, whoever arms what."""

    PIR = "pir"
    GLASS_BREAK = "glass_break"
    CONTACT = "contact"
    CALL_POINT = "call_point"
    PANIC = "panic"
    FIRE = "fire"
    MAINS = "mains"
    BATTERY = "battery"
    TAMPER = "tamper"
    WATER = "water"
    GENERIC = "generic"


class PointCondition(StrEnum):
    """A supervised loop. ``UNKNOWN`` until it was read in this boot, and while its device is not there."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    ACTIVE = "active"
    OPEN_LOOP = "open_loop"
    SHORTED = "shorted"


BROKEN = frozenset({PointCondition.OPEN_LOOP, PointCondition.SHORTED})
"""A wire cut or bridged: it says nothing of what the point senses, and somebody may have done it."""


class OutputKind(StrEnum):
    """What an output drives."""

    SIREN = "siren"
    SOUNDER = "sounder"
    STROBE = "strobe"
    RELAY = "relay"


@dataclass(frozen=True, slots=True)
class Point:
    """A supervised input that belongs to no door.

    ``debounce_seconds``: a change that does not last that long is none (EN 60839-11-1: 20 to 100 ms).
    ``silent``: a panic button whose alarm sounds nothing where it was pressed.
    """

    id: PointId
    name: str
    zone: ZoneId
    kind: PointKind
    input: Input
    debounce_seconds: float = 0.05
    silent: bool = False


@dataclass(frozen=True, slots=True)
class AlarmOutput:
    """An output that locks no door: nothing it does ever waits for the log."""

    id: OutputId
    name: str
    kind: OutputKind
    output: Output
