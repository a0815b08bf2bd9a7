"""Points, named outputs and intrusion areas: as built, and as they stand.

Supervised states follow EN 50131-1 (a loop tells normal, active, cut and shorted apart).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from controller.domain.ids import AreaId, CameraId, DeviceId, OutputId, PointId, ScheduleId, ZoneId
from controller.domain.wires import Input, Output


class PointKind(StrEnum):
    """What a point senses."""

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
    CAMERA = "camera"
    GENERIC = "generic"


ALWAYS_ARMED = frozenset({PointKind.PANIC, PointKind.MAINS, PointKind.BATTERY, PointKind.TAMPER})
"""Points whose being active is an alarm at any time: no area arms them, and nobody bypasses them."""


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


AUDIBLE = frozenset({OutputKind.SIREN, OutputKind.SOUNDER, OutputKind.STROBE})
"""Outputs that whoever stands near them notices."""


class SightKind(StrEnum):
    """What a camera looks for: somebody in a part of its picture, crossing a line in it, or staying there.

    ``TOLD``: nothing is looked for here; the camera itself says (by ONVIF) that something moves before it.
    """

    INTRUSION = "intrusion"
    LINE = "line"
    LOITERING = "loitering"
    TOLD = "told"


class Confirm(StrEnum):
    """What counts as somebody: a person the detector finds or who moves like one, or whatever moves."""

    PEOPLE = "people"
    MOTION = "motion"


@dataclass(frozen=True, slots=True)
class Sight:
    """A camera's view as a point. ``shape``: corners in parts of the picture, 0 to 1, origin top left; two for a line.

    ``beyond``: crossing the line towards this place counts, the other way does not (None: both do).
    ``seconds``: so long somebody must stay to loiter.
    """

    camera: CameraId
    kind: SightKind
    shape: tuple[tuple[float, float], ...]
    confirm: Confirm = Confirm.PEOPLE
    beyond: tuple[float, float] | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """A supervised input that belongs to no door, or what a camera sees (``sight``; then there is no ``input``).

    ``debounce_seconds``: a change that does not last that long is none (EN 60839-11-1: 20 to 100 ms).
    ``silent``: a panic button whose alarm is seen at the second station only, and sounds nothing anywhere.
    """

    id: PointId
    name: str
    zone: ZoneId
    kind: PointKind
    input: Input | None
    debounce_seconds: float = 0.05
    silent: bool = False
    sight: Sight | None = None

    def hangs_on(self, device: DeviceId) -> bool:
        """Tell whether it is wired to a device."""
        return self.input is not None and self.input.device == device


@dataclass(frozen=True, slots=True)
class AlarmOutput:
    """An output that locks no door: nothing it does ever waits for the log."""

    id: OutputId
    name: str
    kind: OutputKind
    output: Output


class AtDoors(StrEnum):
    """What an armed area does to a badge at a door into it.

    ``IGNORES``: nothing, whoever enters has the entry delay. ``DISARMS``: whoever is let in and seen to enter disarms
    it. ``REFUSES``: nobody is let in until it is disarmed.
    """

    IGNORES = "ignores"
    DISARMS = "disarms"
    REFUSES = "refuses"


class AreaMode(StrEnum):
    """How an intrusion area stands."""

    DISARMED = "disarmed"
    EXIT_DELAY = "exit_delay"
    ARMED = "armed"
    ENTRY_DELAY = "entry_delay"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class IntrusionArea:
    """Points that are armed and disarmed together. Durations are in seconds.

    ``entry_points`` lie on the way in and out: being active, they begin the entry delay; any other point, and any wire
    that is cut, shorted or lost, is an alarm at once. ``schedule``: when it begins, the area is armed; nothing disarms
    it by the clock. ``last_out``: the last known person who is seen to leave arms it.
    """

    id: AreaId
    name: str
    zones: frozenset[ZoneId]
    points: frozenset[PointId]
    entry_points: frozenset[PointId] = frozenset()
    exit_seconds: float = 30.0
    entry_seconds: float = 30.0
    sirens: frozenset[OutputId] = frozenset()
    siren_seconds: float = 180.0
    schedule: ScheduleId | None = None
    last_out: bool = False
    at_doors: AtDoors = AtDoors.IGNORES


@dataclass(frozen=True, slots=True)
class AreaState:
    """One area. ``until`` ends a delay, ``walk_until`` a walk test (monotonic seconds).

    ``entered``: the point that began the entry delay. ``tested``: points that moved in this walk test. ``on_schedule``:
    its arming schedule holds. ``withheld``: the schedule wanted it armed, and it was not ready.
    """

    mode: AreaMode = AreaMode.DISARMED
    until: float | None = None
    entered: PointId | None = None
    walk_until: float | None = None
    tested: frozenset[PointId] = field(default=frozenset())
    on_schedule: bool = False
    withheld: bool = False


def moved(
    points: Mapping[PointId, PointCondition], bypasses: Mapping[PointId, float], area: IntrusionArea
) -> tuple[PointId, ...]:
    """Return the points of an area that are not bypassed and not known to be normal, by name."""
    normal, unknown = PointCondition.NORMAL, PointCondition.UNKNOWN
    return tuple(p for p in sorted(area.points) if p not in bypasses and points.get(p, unknown) is not normal)


def on_the_way(points: Mapping[PointId, PointCondition], area: IntrusionArea, point: PointId) -> bool:
    """Tell whether a point only says that somebody comes or goes the usual way."""
    return point in area.entry_points and points.get(point) is PointCondition.ACTIVE


def not_ready(
    points: Mapping[PointId, PointCondition], bypasses: Mapping[PointId, float], area: IntrusionArea
) -> tuple[PointId, ...]:
    """Return the points that keep an area from being armed, by name.

    Whoever arms it leaves by the entry points: their being active is no obstacle while there is an exit delay.
    """
    leaving = area.exit_seconds > 0.0
    return tuple(p for p in moved(points, bypasses, area) if not (leaving and on_the_way(points, area, p)))
