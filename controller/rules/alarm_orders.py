"""What operators may order of an alarm besides seeing it and closing it, and what comes of it."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarm_orders import AlarmOrder, EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import Alarm, never_shelved
from controller.domain.ids import OperatorId
from controller.domain.operators import SEES_SILENT, Refusal, Role
from controller.rules.escalation import escalate
from controller.rules.turn import Turn

LONGEST_SHELF_SECONDS = 8 * 3600.0
"""A shift: whoever comes next decides for themselves what they do not look at."""

MOST_STEPS = 20
"""No procedure is longer. How many steps one has is the console's text, which the log does not know."""


def may_order_alarm(turn: Turn, role: Role, order: AlarmOrder) -> Refusal | None:
    """Tell why such an order is refused; None where it may be carried out."""
    alarm = turn.state.alarms.get(order.alarm)
    if alarm is None or (alarm.silent and role not in SEES_SILENT):
        return Refusal.UNKNOWN_ALARM
    match order:
        case TickStep(step=step):
            if not 0 <= step < MOST_STEPS:
                return Refusal.UNKNOWN_STEP
            return Refusal.ALREADY_SO if step in alarm.steps else None
        case EscalateAlarm():
            return Refusal.ALREADY_SO if alarm.escalated and alarm.acknowledged_by is None else None
        case ShelveAlarm():
            return _may_shelve(turn, alarm, order)
        case UnshelveAlarm():
            return Refusal.ALREADY_SO if alarm.shelf is None else None
    assert_never(order)


def carry_out_alarm(turn: Turn, operator: OperatorId, order: AlarmOrder) -> None:
    """Carry out an order that may be."""
    alarm = turn.state.alarms[order.alarm]
    match order:
        case TickStep(step=step):
            turn.record(ev.AlarmStepDone(alarm.id, step, operator, alarm.silent))
        case EscalateAlarm():
            escalate(turn, alarm, operator)
        case ShelveAlarm(until=until, reason=reason):
            turn.record(ev.AlarmShelved(alarm.id, operator, reason, _seconds(turn, until)))
        case UnshelveAlarm():
            turn.record(ev.AlarmUnshelved(alarm.id, operator))
        case _:
            assert_never(order)


def shelf_time_passed(turn: Turn) -> None:
    """Put back what was put aside until now."""
    due = [a for a in turn.state.alarms.values() if a.shelf is not None and a.shelf.until <= turn.now.mono]
    for alarm in sorted(due, key=lambda alarm: int(alarm.id[1:])):
        turn.record(ev.AlarmUnshelved(alarm.id, None))


def _may_shelve(turn: Turn, alarm: Alarm, order: ShelveAlarm) -> Refusal | None:
    if never_shelved(alarm):
        return Refusal.CANNOT_BE_SHELVED
    if not order.reason.strip():
        return Refusal.REASON_NEEDED
    if not 0.0 < _seconds(turn, order.until) <= LONGEST_SHELF_SECONDS:
        return Refusal.EXPIRY_NEEDED
    return Refusal.ALREADY_SO if alarm.shelf is not None else None


def _seconds(turn: Turn, until: datetime) -> float:
    return (until - turn.now.wall).total_seconds()
