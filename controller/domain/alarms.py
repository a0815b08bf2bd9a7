"""Alarms: what a guard must look at, in the order of ISA-18.2 (highest priority, then the oldest unacknowledged)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType

from controller.domain.ids import (
    AlarmId,
    AreaId,
    CameraId,
    CardholderId,
    DeviceId,
    DoorId,
    OperatorId,
    PointId,
    ReaderId,
    ZoneId,
)
from controller.domain.words import ADDED


class Priority(IntEnum):
    """1 is the most urgent."""

    HIGH = 1
    MEDIUM = 2
    LOW = 3


class AlarmKind(StrEnum):
    """Every alarm this box can raise."""

    FORCED_OPEN = "forced_open"
    HELD_OPEN = "held_open"
    FOUND_OPEN = "found_open"
    TAMPER = "tamper"
    FAULT = "fault"
    OFFLINE = "offline"
    CERTIFICATE_ENDING = "certificate_ending"
    MAINS = "mains"
    BATTERY = "battery"
    PANIC = "panic"
    INTRUSION = "intrusion"
    DURESS = "duress"
    HARD_ANTI_PASSBACK = "hard_anti_passback"
    TWO_PERSON_BROKEN = "two_person_broken"
    VISITOR_ASTRAY = "visitor_astray"
    VISITOR_OVERDUE = "visitor_overdue"
    BADGE_NOT_RETURNED = "badge_not_returned"
    INTERLOCK_BREACHED = "interlock_breached"
    FIRE = "fire"
    FIRE_LINE_FAULT = "fire_line_fault"
    LOCKDOWN_INCOMPLETE = "lockdown_incomplete"
    SECURE_CHANNEL_LOST = "secure_channel_lost"
    SECURE_CHANNEL_OFF = "secure_channel_off"
    DEVICE_SWAPPED = "device_swapped"
    UNKNOWN_CARD_BURST = "unknown_card_burst"
    PIN_BRUTE_FORCE = "pin_brute_force"
    WATCH_LIST_HIT = "watch_list_hit"
    FACE_MISMATCH = "face_mismatch"
    SPOOFED_FACE = "spoofed_face"
    TAILGATING = "tailgating"
    CAMERA_LOST = "camera_lost"
    CAMERA_COVERED = "camera_covered"
    CAMERA_MOVED = "camera_moved"
    LOG_TAMPERED = "log_tampered"
    LOG_LATE = "log_late"
    DISK_LOW = "disk_low"
    CLOCK_UNTRUSTED = "clock_untrusted"
    LOGIN_BRUTE_FORCE = "login_brute_force"
    NO_CONSOLE_WATCHING = "no_console_watching"


PRIORITY: Mapping[AlarmKind, Priority] = MappingProxyType(
    {
        AlarmKind.FORCED_OPEN: Priority.HIGH,
        AlarmKind.HELD_OPEN: Priority.MEDIUM,
        AlarmKind.FOUND_OPEN: Priority.MEDIUM,
        AlarmKind.TAMPER: Priority.HIGH,
        AlarmKind.FAULT: Priority.MEDIUM,
        AlarmKind.OFFLINE: Priority.MEDIUM,
        AlarmKind.CERTIFICATE_ENDING: Priority.MEDIUM,
        AlarmKind.MAINS: Priority.MEDIUM,
        AlarmKind.BATTERY: Priority.MEDIUM,
        AlarmKind.PANIC: Priority.HIGH,
        AlarmKind.INTRUSION: Priority.HIGH,
        AlarmKind.DURESS: Priority.HIGH,
        AlarmKind.HARD_ANTI_PASSBACK: Priority.MEDIUM,
        AlarmKind.TWO_PERSON_BROKEN: Priority.HIGH,
        AlarmKind.VISITOR_ASTRAY: Priority.MEDIUM,
        AlarmKind.VISITOR_OVERDUE: Priority.LOW,
        AlarmKind.BADGE_NOT_RETURNED: Priority.LOW,
        AlarmKind.INTERLOCK_BREACHED: Priority.HIGH,
        AlarmKind.FIRE: Priority.HIGH,
        AlarmKind.FIRE_LINE_FAULT: Priority.HIGH,
        AlarmKind.LOCKDOWN_INCOMPLETE: Priority.HIGH,
        AlarmKind.SECURE_CHANNEL_LOST: Priority.HIGH,
        AlarmKind.SECURE_CHANNEL_OFF: Priority.LOW,
        AlarmKind.DEVICE_SWAPPED: Priority.HIGH,
        AlarmKind.UNKNOWN_CARD_BURST: Priority.MEDIUM,
        AlarmKind.PIN_BRUTE_FORCE: Priority.MEDIUM,
        AlarmKind.WATCH_LIST_HIT: Priority.HIGH,
        AlarmKind.FACE_MISMATCH: Priority.HIGH,
        AlarmKind.SPOOFED_FACE: Priority.HIGH,
        AlarmKind.TAILGATING: Priority.HIGH,
        AlarmKind.CAMERA_LOST: Priority.LOW,
        AlarmKind.CAMERA_COVERED: Priority.MEDIUM,
        AlarmKind.CAMERA_MOVED: Priority.MEDIUM,
        AlarmKind.LOG_TAMPERED: Priority.HIGH,
        AlarmKind.LOG_LATE: Priority.HIGH,
        AlarmKind.DISK_LOW: Priority.MEDIUM,
        AlarmKind.CLOCK_UNTRUSTED: Priority.MEDIUM,
        AlarmKind.LOGIN_BRUTE_FORCE: Priority.MEDIUM,
        AlarmKind.NO_CONSOLE_WATCHING: Priority.HIGH,
    }
)
"""The default priority of each kind (design: one per kind)."""


SILENT = frozenset({AlarmKind.DURESS})
"""Shown at a second station alone: whoever forces somebody may be watching the post."""


NEVER_SHELVED = frozenset({AlarmKind.DURESS, AlarmKind.PANIC, AlarmKind.FIRE, AlarmKind.TAMPER})
"""Whatever their priority."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an alarm comes from; whichever of these fits."""

    door: DoorId | None = None
    reader: ReaderId | None = None
    device: DeviceId | None = None
    camera: CameraId | None = None
    point: PointId | None = field(default=None, metadata=ADDED)
    area: AreaId | None = field(default=None, metadata=ADDED)
    zone: ZoneId | None = field(default=None, metadata=ADDED)
    cardholder: CardholderId | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Who put an alarm aside, why (sealed, as operators' words are), and until which monotonic second."""

    operator: OperatorId
    reason: str
    until: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm from being raised until it is closed.

    ``persists`` while its cause is still there: such an alarm can be acknowledged but not closed. A ``silent`` one is
    for those alone who may see it (``operators.SEES_SILENT``). ``steps`` of its procedure that were done, from 0.
    ``maintenance``: somebody works there, and it comes of that.
    """

    id: AlarmId
    kind: AlarmKind
    priority: Priority
    source: Source
    detail: str
    raised_at: datetime
    persists: bool
    acknowledged_by: OperatorId | None = None
    silent: bool = False
    escalates_at: float | None = None  # the monotonic second by which somebody should have acknowledged it
    escalated: bool = False
    steps: frozenset[int] = frozenset()
    shelf: Shelf | None = None
    maintenance: bool = False


def in_order(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return the alarms as a guard works them: unacknowledged first, then priority, then the oldest.

    What comes of somebody's work stands below, what was shelved last.
    """
    return sorted(alarms, key=_rank)


def never_shelved(alarm: Alarm) -> bool:
    """Tell whether nobody may put an alarm aside, nor group it away: life, fire, sabotage, and all of priority 1."""
    return alarm.silent or alarm.priority is Priority.HIGH or alarm.kind in NEVER_SHELVED


def _rank(a: Alarm) -> tuple[bool, bool, bool, Priority, datetime, int, str]:
    aside = (a.shelf is not None, a.maintenance)
    return (*aside, a.acknowledged_by is not None, a.priority, a.raised_at, len(a.id), a.id)
