"""Lockdown: ordered at once, true only when every door is observed closed and locked."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.decision import DenyReason
from controller.domain.doors import DoorState, LockStatus, Position
from controller.domain.ids import DoorId, OperatorId
from controller.domain.operators import Refusal
from controller.domain.site import Door, Site
from controller.domain.state import SiteState
from controller.rules.access import abandon_challenge
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.relock import relock
from controller.rules.turn import Turn

LOCKDOWN_SECONDS = 5.0
"""How long the locks may take to be seen locked before the stragglers are an alarm."""


def start_lockdown(turn: Turn, operator: OperatorId, reason: str) -> None:
    """Lock everything: open grants and challenges are gone before anything else happens."""
    turn.record(ev.LockdownStarted(operator, reason, LOCKDOWN_SECONDS))
    for door in turn.site.doors:
        relock(turn, door)
        withdraw(turn, door, Refusal.LOCKDOWN)
    for reader in sorted(turn.state.challenges):
        abandon_challenge(turn, reader, DenyReason.LOCKDOWN)
    look_whether_secured(turn)


def withdraw(turn: Turn, door: DoorId, why: Refusal) -> None:
    """Take back every grant at a door. A request to exit is not ours to take back."""
    for passage in turn.state.door(door).passages:
        if not passage.exit:
            turn.record(ev.GrantWithdrawn(passage.request, door, why))


def end_lockdown(turn: Turn, operator: OperatorId, first: OperatorId | None) -> None:
    """Ask to end it, or, as another person than ``first``, who asked before, end it."""
    if first is None:
        turn.record(ev.LockdownEndRequested(operator))
        return
    turn.record(ev.LockdownEnded(first, operator))
    cause_gone(turn, {AlarmKind.LOCKDOWN_INCOMPLETE}, Source())


def look_whether_secured(turn: Turn) -> None:
    """Say so once every door is observed closed and locked."""
    lockdown = turn.state.lockdown
    if lockdown is None or lockdown.secured or not_secured(turn.site, turn.state):
        return
    turn.record(ev.LockdownSecured(turn.now.mono - lockdown.started_mono))
    cause_gone(turn, {AlarmKind.LOCKDOWN_INCOMPLETE}, Source())


def lockdown_time_passed(turn: Turn) -> None:
    """Name the doors that were not observed secured in time."""
    lockdown = turn.state.lockdown
    if lockdown is None or lockdown.secured_by is None or turn.now.mono < lockdown.secured_by:
        return
    late = not_secured(turn.site, turn.state)
    turn.record(ev.LockdownOverdue(late))
    names = ", ".join(turn.site.doors[door].name for door in late)
    raise_alarm(turn, AlarmKind.LOCKDOWN_INCOMPLETE, Source(), names)


def not_secured(site: Site, state: SiteState) -> tuple[DoorId, ...]:
    """Return the doors that are not *observed* closed and locked, in the site file's order."""
    return tuple(door.id for door in site.doors.values() if not _secured(door, state.door(door.id)))


def _secured(door: Door, state: DoorState) -> bool:
    closed = door.contact is None or state.position is Position.CLOSED
    return closed and state.lock is LockStatus.LOCKED
