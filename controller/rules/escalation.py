"""Alarms of priority 1 that nobody acknowledges in time are also heard outside the browser."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import Alarm
from controller.domain.ids import AlarmId, OperatorId, OutputId
from controller.rules.causes import sounds
from controller.rules.outputs import switch_off, switch_on
from controller.rules.turn import Turn


def escalation_time_passed(turn: Turn) -> None:
    """Sound for every alarm whose time is over."""
    due = [a for a in turn.state.alarms.values() if a.escalates_at is not None and a.escalates_at <= turn.now.mono]
    for alarm in sorted(due, key=lambda alarm: int(alarm.id[1:])):
        escalate(turn, alarm, None)


def escalate(turn: Turn, alarm: Alarm, operator: OperatorId | None) -> None:
    """Sound for an alarm: its time is over (None), or an operator wants somebody else to look."""
    outputs = _outputs(turn, alarm)
    turn.record(ev.AlarmEscalated(alarm.id, outputs, alarm.silent, operator))
    for output in outputs:
        switch_on(turn, output, None, _wanted_by(alarm.id))


def hush_acknowledged(turn: Turn) -> None:
    """Somebody looks: what sounded for that alarm, and nothing else, is silent."""
    for event in tuple(turn.events):
        if isinstance(event, ev.AlarmAcknowledged):
            for output in sorted(turn.state.outputs):
                switch_off(turn, output, _wanted_by(event.alarm))


def _outputs(turn: Turn, alarm: Alarm) -> tuple[OutputId, ...]:
    """Return what sounds: for a silent alarm nothing that would be heard or seen."""
    known = turn.site.escalation.outputs if turn.site.escalation else ()
    return tuple(output for output in known if not (alarm.silent and sounds(turn.site, output)))


def _wanted_by(alarm: AlarmId) -> str:
    return f"alarm {alarm}"
