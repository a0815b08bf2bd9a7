"""Fire: the panel's line, what it releases, and how that ends.

Releasing is a way out: it waits for nothing, wins over a lockdown, and ends only once the panel was reset and an
operator says so. A line that is cut or bridged releases nothing: it is an alarm.
"""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.ids import OperatorId
from controller.domain.operators import ConfirmFireReset, Refusal
from controller.domain.points import Point, PointCondition
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.turn import Turn

_FAULTS = {
    PointCondition.OPEN_LOOP: "its wire is cut",
    PointCondition.SHORTED: "its wire is shorted",
    PointCondition.UNKNOWN: "it is not heard of",
}


def fire_line_read(turn: Turn, point: Point, condition: PointCondition) -> None:
    """The line to a fire panel was read, or is no longer heard of."""
    source = Source(point=point.id)
    if condition in _FAULTS:
        raise_alarm(turn, AlarmKind.FIRE_LINE_FAULT, source, f"{point.name}: {_FAULTS[condition]}")
        return
    cause_gone(turn, {AlarmKind.FIRE_LINE_FAULT}, source)
    for zone in turn.site.fire_zones.values():
        if zone.point == point.id and condition is PointCondition.ACTIVE and zone.id not in turn.state.fires:
            turn.record(ev.FireAlarm(zone.id))
            raise_alarm(turn, AlarmKind.FIRE, source, zone.name)


def fire_lines_unheard(turn: Turn) -> None:
    """A line that was not read since the start is as good as cut."""
    for zone in turn.site.fire_zones.values():
        if turn.state.point(zone.point) is PointCondition.UNKNOWN:
            fire_line_read(turn, turn.site.points[zone.point], PointCondition.UNKNOWN)


def may_confirm(turn: Turn, order: ConfirmFireReset) -> Refusal | None:
    """Tell why a fire may not be called over. The panel has to be *seen* reset: a broken line shows nothing."""
    zone = turn.site.fire_zones.get(order.fire_zone)
    if zone is None:
        return Refusal.UNKNOWN_FIRE_ZONE
    if zone.id not in turn.state.fires:
        return Refusal.ALREADY_SO
    if turn.state.point(zone.point) is not PointCondition.NORMAL:
        return Refusal.FIRE_PANEL_NOT_RESET
    return None if order.reason.strip() else Refusal.REASON_NEEDED


def confirm_reset(turn: Turn, operator: OperatorId, order: ConfirmFireReset) -> None:
    """The fire is over: its doors do again what is asked of them now."""
    turn.record(ev.FireResetConfirmed(order.fire_zone, operator, order.reason))
    cause_gone(turn, {AlarmKind.FIRE}, Source(point=turn.site.fire_zones[order.fire_zone].point))
