"""Operators' orders for a door's lock mode: who may give them, and what they come to."""

from __future__ import annotations

from datetime import timedelta

from controller.domain import events as ev
from controller.domain.doors import LockMode, ModeOrder, ModeSource
from controller.domain.ids import DoorId, OperatorId
from controller.domain.operators import Refusal, ReleaseDoorMode, Role, SetDoorMode
from controller.domain.site import SecurityLevel
from controller.rules.lockdown import withdraw
from controller.rules.mode import mode_requests, schedule_holds
from controller.rules.relock import relock
from controller.rules.schedule import next_edge
from controller.rules.turn import Turn

LONGEST_UNLOCKED = timedelta(hours=12)
"""How long an operator may keep a door unlocked in one order (design: nobody forgets it over night)."""

LONGEST = timedelta(days=31)
"""How long any other order may stand; a block without an end is an order of its own."""

ORDERABLE = frozenset({LockMode.UNLOCKED, LockMode.SECURED, LockMode.BLOCKED})
_RELAXES = frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER})


def may_set(turn: Turn, operator: OperatorId, order: SetDoorMode) -> Refusal | None:
    """Tell why an order for a mode is refused. Only a supervisor relaxes, and nobody does what is stricter already."""
    if order.mode not in ORDERABLE:
        return Refusal.MODE_NOT_ALLOWED
    if order.mode is LockMode.UNLOCKED:
        refusal = _may_relax(turn, operator, order.door)
    elif _standing(turn, order.door, order.mode) is not None:  # which it would take the place of
        refusal = may_release(turn, operator, order.door, order.mode)
    else:
        refusal = None
    if refusal is not None:
        return refusal
    longest = LONGEST_UNLOCKED if order.mode is LockMode.UNLOCKED else LONGEST
    if not turn.now.wall < order.until <= turn.now.wall + longest:
        return Refusal.UNTIL_NOT_ALLOWED
    return None if order.reason.strip() else Refusal.REASON_NEEDED


def may_release(turn: Turn, operator: OperatorId, door: DoorId, mode: LockMode) -> Refusal | None:
    """Tell why an order is not taken back: what a supervisor made stricter, a guard does not relax."""
    standing = _standing(turn, door, mode)
    if standing is None:
        return Refusal.ALREADY_SO
    author = turn.state.operators.get(standing.operator)
    above = mode is not LockMode.UNLOCKED and author is not None and author.role in _RELAXES
    return Refusal.NOT_YOUR_ROLE if above and turn.state.operators[operator].role not in _RELAXES else None


def set_mode(turn: Turn, operator: OperatorId, order: SetDoorMode) -> None:
    """Put the order on the door; what it comes to beside the others is settled at the end of the turn."""
    seconds = (order.until - turn.now.wall).total_seconds()
    turn.record(ev.DoorModeOrdered(order.door, order.mode, operator, order.reason, order.until, seconds))
    if order.mode is LockMode.BLOCKED:
        relock(turn, order.door)
        withdraw(turn, order.door, Refusal.DOOR_BLOCKED)


def release_mode(turn: Turn, operator: OperatorId, order: ReleaseDoorMode) -> None:
    """Take the order off the door."""
    turn.record(ev.DoorModeReleased(order.door, order.mode, operator))


def lock_held_door(turn: Turn, operator: OperatorId, door: DoorId) -> None:
    """A guard locks a door that is held unlocked: no operator keeps it so, and its schedule waits for its next turn."""
    if not turn.state.door(door).held:
        return
    if _standing(turn, door, LockMode.UNLOCKED) is not None:
        turn.record(ev.DoorModeReleased(door, LockMode.UNLOCKED, operator))
    schedule = schedule_holds(turn.site, turn.state, turn.site.doors[door], turn.now)
    if schedule is not None and _standing(turn, door, LockMode.SECURED) is None:
        until = next_edge(schedule, turn.site, turn.now.wall) or turn.now.wall + LONGEST
        seconds = (until - turn.now.wall).total_seconds()
        turn.record(ev.DoorModeOrdered(door, LockMode.SECURED, operator, "locked by hand", until, seconds))


def _may_relax(turn: Turn, operator: OperatorId, door: DoorId) -> Refusal | None:
    if turn.state.operators[operator].role not in _RELAXES:
        return Refusal.NOT_YOUR_ROLE
    built = turn.site.doors[door]
    if any(turn.site.zones[zone].level is SecurityLevel.EXCLUSION for zone in built.zones):
        return Refusal.MODE_NOT_ALLOWED
    if any(door in group.doors for group in turn.site.interlocks.values()):
        return Refusal.INTERLOCK
    stricter = {
        LockMode.FIRE_RELEASE: Refusal.FIRE,
        LockMode.LOCKDOWN: Refusal.LOCKDOWN,
        LockMode.BLOCKED: Refusal.DOOR_BLOCKED,
        LockMode.SECURED: Refusal.DOOR_LOCKED,
    }
    requests = mode_requests(turn.site, turn.state, door, turn.now)
    speaks = requests[0] if requests else None
    if speaks is not None and speaks.mode in stricter:
        return Refusal.THREAT_LEVEL if speaks.source is ModeSource.THREAT_LEVEL else stricter[speaks.mode]
    return Refusal.LOG_CANNOT_BE_WRITTEN if turn.state.log_late else None


def _standing(turn: Turn, door: DoorId, mode: LockMode) -> ModeOrder | None:
    return next((order for order in turn.state.door(door).orders if order.mode is mode), None)
