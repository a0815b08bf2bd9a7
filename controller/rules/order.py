"""Who may order what, and what an order does. A refused order is a fact too."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarm_orders import AlarmOrder, EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import AlarmKind, Source
from controller.domain.area_orders import AreaOrder, ArmArea, BypassPoint, DisarmArea, EndBypass, ResetCause, WalkTest
from controller.domain.decision import GuardAnswer
from controller.domain.doors import LockMode
from controller.domain.effects import Unlock
from controller.domain.enrolment_orders import EnrolmentOrder
from controller.domain.evacuation import EvacuationOrder
from controller.domain.face_orders import FaceOrder
from controller.domain.heads import HeadOrder
from controller.domain.ids import DoorId, OperatorId
from controller.domain.integration_orders import IntegrationOrder
from controller.domain.maintenance_orders import MaintenanceOrder
from controller.domain.operator_orders import OperatorOrder
from controller.domain.operators import (
    SEES_SILENT,
    AcknowledgeAlarm,
    BlockDoor,
    CloseAlarm,
    ConfirmFireReset,
    ConfirmPassage,
    EndLockdown,
    ForgiveAllPassback,
    ForgivePassback,
    LockDoor,
    Order,
    Panic,
    Refusal,
    RefusePassage,
    ReleaseDoorMode,
    Role,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
    UnlockOnce,
    one_person,
)
from controller.domain.record_orders import RecordOrder
from controller.domain.state import SiteState
from controller.domain.stimuli import Ordered
from controller.domain.visit_orders import VisitOrder
from controller.domain.words import word_for
from controller.rules import (
    enrolment,
    evacuation,
    faces,
    heads,
    integration_orders,
    maintenance,
    operator_orders,
    record_orders,
    visit_orders,
)
from controller.rules.access import UNLOCK_DEADLINE_SECONDS, count_as_used
from controller.rules.alarm import raise_alarm
from controller.rules.alarm_orders import carry_out_alarm, may_order_alarm
from controller.rules.area_orders import carry_out_area, may_order_area
from controller.rules.attended import judge, waiting_for_guard
from controller.rules.case import threat_in_force
from controller.rules.fire import confirm_reset, may_confirm
from controller.rules.interlock import busy
from controller.rules.lockdown import end_lockdown, start_lockdown, withdraw
from controller.rules.mode import stricter
from controller.rules.mode_order import lock_held_door, may_release, may_set, release_mode, set_mode
from controller.rules.order_subject import subject_of
from controller.rules.reach import within
from controller.rules.relock import relock
from controller.rules.turn import Turn

_ANYBODY: frozenset[type[Order]] = frozenset({Panic})
_AT_THE_POST: frozenset[type[Order]] = _ANYBODY | frozenset(
    {
        UnlockOnce,
        LockDoor,
        BlockDoor,
        UnblockDoor,
        SetDoorMode,
        ReleaseDoorMode,
        ConfirmFireReset,
        StartLockdown,
        EndLockdown,
        AcknowledgeAlarm,
        CloseAlarm,
        TickStep,
        EscalateAlarm,
        ForgivePassback,
        ArmArea,
        DisarmArea,
        EndBypass,
        ConfirmPassage,
        RefusePassage,
    }
)
_ABOVE_THE_POST: frozenset[type[Order]] = _AT_THE_POST | {
    SetThreatLevel,
    ForgiveAllPassback,
    BypassPoint,
    WalkTest,
    ResetCause,
    ShelveAlarm,
    UnshelveAlarm,
}
_AT_THE_DOORS: Mapping[Role, frozenset[type[Order]]] = MappingProxyType(
    {
        Role.GUARD: _AT_THE_POST,
        Role.SUPERVISOR: _ABOVE_THE_POST,
        Role.SECURITY_OFFICER: _ABOVE_THE_POST,
        Role.AUDITOR: _ANYBODY,
        Role.DATA_PROTECTION_OFFICER: _ANYBODY,
        Role.TECHNICIAN: _ANYBODY | {WalkTest},
    }
)
_PARTS = (
    *(record_orders, visit_orders, operator_orders, enrolment, evacuation),
    *(heads, maintenance, integration_orders, faces),
)
RIGHTS: Mapping[Role, frozenset[type[Order]]] = MappingProxyType(
    {role: orders.union(*(part.RIGHTS[role] for part in _PARTS)) for role, orders in _AT_THE_DOORS.items()}
)
"""The rights matrix: who may order what."""


def ordered(turn: Turn, stimulus: Ordered) -> None:
    """Carry an order out, or record why not."""
    refusal = may(turn, stimulus.operator, stimulus.order)
    if refusal is None:
        _carry_out(turn, stimulus.operator, stimulus.order)
        return
    word = word_for(type(stimulus.order))
    silent = _silent(turn.state, stimulus.order)
    turn.record(ev.OrderRefused(stimulus.operator, word, subject_of(stimulus.order), refusal, silent))


def may(turn: Turn, operator: OperatorId, order: Order) -> Refusal | None:  # noqa: C901 - one flat table
    """Tell why an order is refused; None where it may be carried out."""
    known = turn.state.operators.get(operator)
    if known is None:
        return Refusal.UNKNOWN_OPERATOR
    if type(order) not in RIGHTS[known.role]:
        return Refusal.NOT_YOUR_ROLE
    if known.zones is not None and not within(turn, known.zones, order):
        return Refusal.NOT_YOUR_ZONE
    if isinstance(order, RecordOrder):
        return record_orders.may(turn, operator, order)
    if isinstance(order, AreaOrder):
        return may_order_area(turn, known.role, order)
    if isinstance(order, AlarmOrder):
        return may_order_alarm(turn, known.role, order)
    if isinstance(order, VisitOrder):
        return visit_orders.may(turn, order)
    if isinstance(order, OperatorOrder):
        return operator_orders.may(turn, operator, order)
    if isinstance(order, EnrolmentOrder):
        return enrolment.may(turn, operator, order)
    if isinstance(order, EvacuationOrder):
        return evacuation.may(turn, order)
    if isinstance(order, HeadOrder):
        return heads.may(turn, known.role, order)
    if isinstance(order, MaintenanceOrder):
        return maintenance.may(turn, operator, order)
    if isinstance(order, IntegrationOrder):
        return integration_orders.may(turn, order)
    if isinstance(order, FaceOrder):
        return faces.may(turn, operator, order)
    match order:
        case UnlockOnce() | LockDoor() | BlockDoor() | UnblockDoor():
            return _unknown_door(turn, order.door) or _may_move(turn, operator, order)
        case SetDoorMode():
            return _unknown_door(turn, order.door) or may_set(turn, operator, order)
        case ReleaseDoorMode(door=door, mode=mode):
            return _unknown_door(turn, door) or may_release(turn, operator, door, mode)
        case ConfirmFireReset():
            return may_confirm(turn, order)
        case StartLockdown(reason=reason):
            return _reason(reason) or (Refusal.ALREADY_SO if turn.state.lockdown else None)
        case EndLockdown():
            return _may_end(turn.state, operator)
        case SetThreatLevel():
            return _may_set_level(turn, order)
        case AcknowledgeAlarm() | CloseAlarm():
            return _may_handle(turn.state, known.role, order)
        case ForgivePassback() | ForgiveAllPassback():
            return _may_forgive(turn.state, order)
        case ConfirmPassage() | RefusePassage():
            return _may_judge(turn, order)
        case Panic():
            return None
    assert_never(order)


def _carry_out(turn: Turn, operator: OperatorId, order: Order) -> None:  # noqa: C901 - one flat table
    if isinstance(order, RecordOrder):
        record_orders.carry_out(turn, operator, order)
        return
    if isinstance(order, AreaOrder):
        carry_out_area(turn, operator, order)
        return
    if isinstance(order, AlarmOrder):
        carry_out_alarm(turn, operator, order)
        return
    if isinstance(order, VisitOrder):
        visit_orders.carry_out(turn, operator, order)
        return
    if isinstance(order, OperatorOrder):
        operator_orders.carry_out(turn, operator, order)
        return
    if isinstance(order, EnrolmentOrder):
        enrolment.carry_out(turn, operator, order)
        return
    if isinstance(order, EvacuationOrder):
        evacuation.carry_out(turn, operator, order)
        return
    if isinstance(order, HeadOrder):
        heads.carry_out(turn, operator, order)
        return
    if isinstance(order, MaintenanceOrder):
        maintenance.carry_out(turn, operator, order)
        return
    if isinstance(order, IntegrationOrder):
        integration_orders.carry_out(turn, operator, order)
        return
    if isinstance(order, FaceOrder):
        faces.carry_out(turn, operator, order)
        return
    match order:
        case UnlockOnce():
            _unlock(turn, operator, order)
        case LockDoor(door=door):
            relock(turn, door)
            turn.record(ev.DoorLockOrdered(door, operator))
            withdraw(turn, door, Refusal.DOOR_LOCKED)
            lock_held_door(turn, operator, door)
        case BlockDoor(door=door, reason=reason):
            relock(turn, door)
            turn.record(ev.DoorBlocked(door, operator, reason))
            withdraw(turn, door, Refusal.DOOR_BLOCKED)
        case UnblockDoor(door=door):
            turn.record(ev.DoorUnblocked(door, operator))
        case SetDoorMode():
            set_mode(turn, operator, order)
        case ReleaseDoorMode():
            release_mode(turn, operator, order)
        case ConfirmFireReset():
            confirm_reset(turn, operator, order)
        case StartLockdown(reason=reason):
            start_lockdown(turn, operator, reason)
        case EndLockdown():
            end_lockdown(turn, operator, _first_to_end(turn.state))
        case SetThreatLevel(level=level, reason=reason):
            _set_threat_level(turn, operator, level, reason)
        case AcknowledgeAlarm() | CloseAlarm() | ForgivePassback() | ForgiveAllPassback():
            turn.record(_fact(operator, order, silent=_silent(turn.state, order)))
        case ConfirmPassage(request=request):
            judge(turn, operator, request, GuardAnswer.CONFIRMED, "")
        case RefusePassage(request=request, reason=reason):
            judge(turn, operator, request, GuardAnswer.REFUSED, reason)
        case Panic():
            raise_alarm(turn, AlarmKind.PANIC, Source(), f"asked for by {operator}")
        case _:
            assert_never(order)


def _fact(
    operator: OperatorId, order: AcknowledgeAlarm | CloseAlarm | ForgivePassback | ForgiveAllPassback, *, silent: bool
) -> ev.AlarmAcknowledged | ev.AlarmClosed | ev.PassbackForgiven:
    """Return what an order that moves no door comes to."""
    match order:
        case AcknowledgeAlarm(alarm=alarm):
            return ev.AlarmAcknowledged(alarm, operator, silent)
        case CloseAlarm(alarm=alarm, reason=reason):
            return ev.AlarmClosed(alarm, operator, reason, silent)
        case ForgivePassback(cardholder=cardholder, reason=reason):
            return ev.PassbackForgiven(operator, cardholder, reason)
        case ForgiveAllPassback(reason=reason):
            return ev.PassbackForgiven(operator, None, reason)
    assert_never(order)


def _unlock(turn: Turn, operator: OperatorId, order: UnlockOnce) -> None:
    door = turn.site.doors[order.door]
    request = turn.next_request()
    whom, seconds = order.cardholder, door.unlock_seconds
    turn.record(ev.DoorUnlockOrdered(request, door.id, operator, order.whom, seconds, order.identity, whom))
    turn.ask(Unlock(door.id, request, seconds, turn.now.mono + UNLOCK_DEADLINE_SECONDS))
    count_as_used(turn, door, whom)


def _set_threat_level(turn: Turn, operator: OperatorId, level: int, reason: str) -> None:
    """Whoever was let in a moment ago, where more is asked now, shows their badge once more."""
    before, after = threat_in_force(turn.site, turn.state), turn.site.threat_levels[level]
    turn.record(ev.ThreatLevelSet(operator, level, reason))
    for door in turn.site.doors.values():
        granted = any(not passage.exit for passage in turn.state.door(door.id).passages)
        if door.id in after.locked_doors or (granted and stricter(door, before, after)):
            relock(turn, door.id)
            withdraw(turn, door.id, Refusal.THREAT_LEVEL)


def _unknown_door(turn: Turn, door: DoorId) -> Refusal | None:
    return None if door in turn.site.doors else Refusal.UNKNOWN_DOOR


def _may_move(
    turn: Turn, operator: OperatorId, order: UnlockOnce | LockDoor | BlockDoor | UnblockDoor
) -> Refusal | None:
    blocked = turn.state.door(order.door).block is not None
    match order:
        case UnlockOnce(door=door, cardholder=whom):
            unknown = whom is not None and whom not in turn.state.people
            return Refusal.UNKNOWN_CARDHOLDER if unknown else _may_unlock(turn, door)
        case LockDoor(door=door):
            return Refusal.FIRE if turn.state.door(door).hold is LockMode.FIRE_RELEASE else None
        case BlockDoor(reason=reason):
            return _reason(reason) or (Refusal.ALREADY_SO if blocked else None)
        case UnblockDoor():
            return may_release(turn, operator, order.door, LockMode.BLOCKED)
    assert_never(order)


def _may_set_level(turn: Turn, order: SetThreatLevel) -> Refusal | None:
    if order.level not in turn.site.threat_levels:
        return Refusal.UNKNOWN_THREAT_LEVEL
    return _reason(order.reason) or (Refusal.ALREADY_SO if order.level == turn.state.threat_level else None)


def _may_unlock(turn: Turn, door: DoorId) -> Refusal | None:
    """Name the strictest thing that keeps a guard from letting somebody through."""
    if turn.state.lockdown is not None:
        return Refusal.LOCKDOWN
    if turn.state.door(door).block is not None:
        return Refusal.DOOR_BLOCKED
    if door in threat_in_force(turn.site, turn.state).locked_doors:
        return Refusal.THREAT_LEVEL
    if busy(turn.site, turn.state, door, turn.now.mono) is not None:
        return Refusal.INTERLOCK
    return Refusal.LOG_CANNOT_BE_WRITTEN if turn.state.log_late else None


def _may_end(state: SiteState, operator: OperatorId) -> Refusal | None:
    if state.lockdown is None:
        return Refusal.NO_LOCKDOWN
    alone = one_person(state.operators, state.lockdown.end_requested_by, operator)
    return Refusal.SECOND_PERSON_NEEDED if alone else None


def _first_to_end(state: SiteState) -> OperatorId | None:
    """Return who asked to end the lockdown, as long as they still have that right."""
    first = state.lockdown.end_requested_by if state.lockdown else None
    known = state.operators.get(first) if first else None
    return first if known is not None and EndLockdown in RIGHTS[known.role] else None


def _may_handle(state: SiteState, role: Role, order: AcknowledgeAlarm | CloseAlarm) -> Refusal | None:
    alarm = state.alarms.get(order.alarm)
    if alarm is None or (alarm.silent and role not in SEES_SILENT):
        return Refusal.UNKNOWN_ALARM
    if isinstance(order, AcknowledgeAlarm):
        return None if alarm.acknowledged_by is None else Refusal.ALREADY_SO
    if alarm.persists:
        return Refusal.CAUSE_PERSISTS
    if alarm.acknowledged_by is None:
        return Refusal.NOT_ACKNOWLEDGED
    return _reason(order.reason)


def _silent(state: SiteState, order: Order) -> bool:
    """Tell whether an order is about an alarm that not everybody may see: then what comes of it is so, too."""
    alarm = state.alarms.get(order.alarm) if isinstance(order, AcknowledgeAlarm | CloseAlarm | AlarmOrder) else None
    return alarm is not None and alarm.silent


def _may_forgive(state: SiteState, order: ForgivePassback | ForgiveAllPassback) -> Refusal | None:
    if isinstance(order, ForgivePassback) and order.cardholder not in state.people:
        return Refusal.UNKNOWN_CARDHOLDER
    return _reason(order.reason)


def _may_judge(turn: Turn, order: ConfirmPassage | RefusePassage) -> Refusal | None:
    if waiting_for_guard(turn, order.request) is None:
        return Refusal.UNKNOWN_REQUEST
    return _reason(order.reason) if isinstance(order, RefusePassage) else None


def _reason(reason: str) -> Refusal | None:
    return None if reason.strip() else Refusal.REASON_NEEDED
