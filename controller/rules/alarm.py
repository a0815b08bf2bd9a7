"""Raising alarms, and saying when their cause is gone."""

from __future__ import annotations

from collections.abc import Iterable

from controller.domain import events as ev
from controller.domain.alarms import PRIORITY, Alarm, AlarmKind, Source
from controller.domain.ids import AlarmId
from controller.rules.turn import Turn

LASTING = frozenset(
    {
        AlarmKind.FORCED_OPEN,
        AlarmKind.HELD_OPEN,
        AlarmKind.FOUND_OPEN,
        AlarmKind.TAMPER,
        AlarmKind.FAULT,
        AlarmKind.OFFLINE,
        AlarmKind.MAINS,
        AlarmKind.LOCKDOWN_INCOMPLETE,
        AlarmKind.SECURE_CHANNEL_OFF,
        AlarmKind.CAMERA_LOST,
        AlarmKind.LOG_LATE,
        AlarmKind.CLOCK_UNTRUSTED,
    }
)
"""Alarms whose cause lasts, and is seen to end. The others tell of a moment."""


def raise_alarm(turn: Turn, kind: AlarmKind, source: Source, detail: str = "") -> None:
    """Raise an alarm, unless one of the same kind and place still tells the guard just that."""
    if any(_says_it_already(alarm, kind, source) for alarm in turn.state.alarms.values()):
        return
    alarm = AlarmId(f"a{turn.state.raised + 1}")
    turn.record(ev.AlarmRaised(alarm, kind, PRIORITY[kind], source, detail, kind in LASTING))


def cause_gone(turn: Turn, kinds: Iterable[AlarmKind], source: Source) -> None:
    """Say that the cause of these alarms at this place is gone."""
    wanted = frozenset(kinds)
    for alarm in list(turn.state.alarms.values()):
        if alarm.persists and alarm.kind in wanted and alarm.source == source:
            turn.record(ev.AlarmCauseGone(alarm.id))


def _says_it_already(alarm: Alarm, kind: AlarmKind, source: Source) -> bool:
    unseen = alarm.acknowledged_by is None
    return alarm.kind is kind and alarm.source == source and (alarm.persists if kind in LASTING else unseen)
