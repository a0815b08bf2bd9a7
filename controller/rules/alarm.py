"""Raising alarms, and saying when their cause is gone."""

from __future__ import annotations

from collections.abc import Iterable

from controller.domain import events as ev
from controller.domain.alarms import PRIORITY, SILENT, Alarm, AlarmKind, Priority, Source, in_order
from controller.domain.ids import AlarmId
from controller.domain.maintenance import OF_WORK, covers
from controller.rules.turn import Turn

LASTING = frozenset(
    {
        AlarmKind.FORCED_OPEN,
        AlarmKind.HELD_OPEN,
        AlarmKind.FOUND_OPEN,
        AlarmKind.TAMPER,
        AlarmKind.FAULT,
        AlarmKind.OFFLINE,
        AlarmKind.CERTIFICATE_ENDING,
        AlarmKind.MAINS,
        AlarmKind.BATTERY,
        AlarmKind.INTRUSION,
        AlarmKind.TWO_PERSON_BROKEN,
        AlarmKind.VISITOR_ASTRAY,
        AlarmKind.VISITOR_OVERDUE,
        AlarmKind.BADGE_NOT_RETURNED,
        AlarmKind.INTERLOCK_BREACHED,
        AlarmKind.FIRE,
        AlarmKind.FIRE_LINE_FAULT,
        AlarmKind.LOCKDOWN_INCOMPLETE,
        AlarmKind.SECURE_CHANNEL_OFF,
        AlarmKind.DEVICE_SWAPPED,
        AlarmKind.CAMERA_LOST,
        AlarmKind.CAMERA_COVERED,
        AlarmKind.CAMERA_MOVED,
        AlarmKind.LOG_LATE,
        AlarmKind.DISK_LOW,
        AlarmKind.CLOCK_UNTRUSTED,
        AlarmKind.NO_CONSOLE_WATCHING,
    }
)
"""Alarms whose cause lasts, and is seen to end. The others tell of a moment."""

ALWAYS_ANEW = frozenset(
    {
        AlarmKind.DURESS,
        AlarmKind.PANIC,
        AlarmKind.FACE_MISMATCH,
        AlarmKind.SPOOFED_FACE,
        AlarmKind.WATCH_LIST_HIT,
    }
)
"""Each of these is an incident of its own: a face that is not the badge's never hides behind an earlier one."""


def raise_alarm(turn: Turn, kind: AlarmKind, source: Source, detail: str = "", *, lasting: bool | None = None) -> None:
    """Raise an alarm, unless one of the same kind and place still tells the guard just that.

    ``lasting`` says whether the cause will be seen to end; None leaves it to the kind.
    """
    lasts = kind in LASTING if lasting is None else lasting
    alarm = AlarmId(f"a{turn.state.raised + 1}")
    point = turn.site.points.get(source.point) if source.point else None
    silent = kind in SILENT or (point is not None and point.silent)
    work = not silent and kind in OF_WORK and any(covers(turn.site, p, source) for p in turn.state.maintenance)
    high = turn.site.escalation is not None and PRIORITY[kind] is Priority.HIGH and not work
    escalate = turn.site.escalation.after_seconds if high and turn.site.escalation else None
    raised = ev.AlarmRaised(alarm, kind, PRIORITY[kind], source, detail, lasts, silent, escalate, work)
    if not any(_says_it_already(known, raised) for known in turn.state.alarms.values()):
        turn.record(raised)


def cause_gone(turn: Turn, kinds: Iterable[AlarmKind], source: Source) -> None:
    """Say that the cause of these alarms at this place is gone."""
    wanted = frozenset(kinds)
    for alarm in in_order(turn.state.alarms.values()):
        if alarm.persists and alarm.kind in wanted and alarm.source == source:
            turn.record(ev.AlarmCauseGone(alarm.id))


def _says_it_already(known: Alarm, raised: ev.AlarmRaised) -> bool:
    """A lasting cause is told once. A moment is told again once it was seen, or where it is another one.

    What came of somebody's work there tells nobody of what does not.
    """
    if known.kind is not raised.kind or known.source != raised.source or raised.kind in ALWAYS_ANEW:
        return False
    if known.maintenance and not raised.maintenance:
        return False
    return known.persists if raised.persists else known.acknowledged_by is None and known.detail == raised.detail
