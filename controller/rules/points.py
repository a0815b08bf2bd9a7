"""Supervised points: what they tell, and the alarms that need no arming."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.ids import DeviceId
from controller.domain.points import BROKEN, Point, PointCondition, PointKind
from controller.domain.stimuli import PointSeen
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.fire import fire_line_read
from controller.rules.turn import Turn

ALWAYS_ALARMED: Mapping[PointKind, AlarmKind] = MappingProxyType(
    {
        PointKind.PANIC: AlarmKind.PANIC,
        PointKind.TAMPER: AlarmKind.TAMPER,
        PointKind.MAINS: AlarmKind.MAINS,
        PointKind.BATTERY: AlarmKind.BATTERY,
    }
)
"""Points whose being active is an alarm at any time."""


def point_seen(turn: Turn, seen: PointSeen) -> None:
    """A point moved. The same told twice is one fact; a wire cut or shorted is a fault, and says nothing else."""
    point = turn.site.points.get(seen.point)
    if point is None:
        return
    if turn.state.point(point.id) is not seen.condition:
        turn.record(ev.PointObserved(point.id, seen.condition, point.silent))
        _moment(turn, point, seen.condition)
        if point.kind is PointKind.FIRE:
            fire_line_read(turn, point, seen.condition)
    _faults(turn, point, seen.condition)
    _lasting(turn, point, seen.condition)


def points_lost(turn: Turn, device: DeviceId) -> None:
    """Nothing is known any more of the points on a device that is gone. It is no longer seen to end, either."""
    for point in turn.site.points.values():
        if point.hangs_on(device) and turn.state.point(point.id) is not PointCondition.UNKNOWN:
            turn.record(ev.PointObserved(point.id, PointCondition.UNKNOWN, point.silent))
            if point.kind is PointKind.FIRE:
                fire_line_read(turn, point, PointCondition.UNKNOWN)


def _moment(turn: Turn, point: Point, condition: PointCondition) -> None:
    """A panic button tells of a moment: each press is an alarm of its own."""
    if point.kind is PointKind.PANIC and condition is PointCondition.ACTIVE:
        raise_alarm(turn, AlarmKind.PANIC, Source(point=point.id))


def _faults(turn: Turn, point: Point, condition: PointCondition) -> None:
    source = Source(point=point.id)
    if point.kind is PointKind.FIRE:
        return
    if condition in BROKEN:
        raise_alarm(turn, AlarmKind.FAULT, source, f"{point.name}: {_WORDS[condition]}")
    elif condition is not PointCondition.UNKNOWN:
        cause_gone(turn, {AlarmKind.FAULT}, source)


def _lasting(turn: Turn, point: Point, condition: PointCondition) -> None:
    kind = ALWAYS_ALARMED.get(point.kind)
    if kind is None or kind is AlarmKind.PANIC:
        return
    if condition is PointCondition.ACTIVE:
        raise_alarm(turn, kind, Source(point=point.id))
    elif condition is PointCondition.NORMAL:
        cause_gone(turn, {kind}, Source(point=point.id))


_WORDS = {PointCondition.OPEN_LOOP: "its wire is cut", PointCondition.SHORTED: "its wire is shorted"}
