"""Orders about operators and their shifts: who may give which, which take two people, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarms import in_order
from controller.domain.ids import AlarmId, DoorId, OperatorId
from controller.domain.operator_orders import (
    AcceptHandOver,
    AppointOperator,
    HandOver,
    OperatorOrder,
    ResetOperator,
    WithdrawOperator,
    operator_subject,
)
from controller.domain.operators import Operator, Refusal, Role, one_person
from controller.domain.words import word_for
from controller.rules.second_person import ask, first_to_ask
from controller.rules.turn import Turn

_SHIFT = frozenset({HandOver, AcceptHandOver})
RIGHTS: Mapping[Role, frozenset[type[OperatorOrder]]] = MappingProxyType(
    {
        Role.GUARD: _SHIFT,
        Role.SUPERVISOR: _SHIFT | {AppointOperator, ResetOperator},
        Role.SECURITY_OFFICER: _SHIFT | {AppointOperator, ResetOperator, WithdrawOperator},
        Role.AUDITOR: frozenset(),
        Role.DATA_PROTECTION_OFFICER: frozenset(),
        Role.TECHNICIAN: frozenset(),
    }
)
"""Who may give which of these orders. A supervisor agrees to what a security officer asked for."""


def may(turn: Turn, operator: OperatorId, order: OperatorOrder) -> Refusal | None:
    """Tell why an order is refused, the role being right; None where it may be given."""
    match order:
        case AppointOperator():
            program = Refusal.NO_SUCH_OPERATOR if order.appointed in turn.state.programs else None
            refusal = program or _unknown_zone(turn, order) or _may_of_two(turn, operator, order.appointed, order)
            return refusal or (Refusal.ALREADY_SO if _is_so(turn, order) else None)
        case ResetOperator(reset=reset):
            return _unknown(turn, reset) or _may_of_two(turn, operator, reset, order)
        case WithdrawOperator(withdrawn=withdrawn, reason=reason):
            return _unknown(turn, withdrawn) or _about_yourself(turn, operator, withdrawn) or _reason(reason)
        case HandOver():
            return None
        case AcceptHandOver():
            return _may_accept(turn, operator)
    assert_never(order)


def carry_out(turn: Turn, operator: OperatorId, order: OperatorOrder) -> None:
    """Record what an order comes to: of one that takes two and has one, that it was asked for."""
    match order:
        case AppointOperator() | ResetOperator():
            _with_a_second(turn, operator, order)
        case WithdrawOperator(withdrawn=withdrawn, reason=reason):
            turn.record(ev.OperatorWithdrawn(operator, withdrawn, reason))
        case HandOver(note=note):
            turn.record(ev.ShiftHandedOver(operator, note, *_open_items(turn)))
        case AcceptHandOver():
            if turn.state.open_shift is not None:
                turn.record(ev.ShiftAccepted(operator, turn.state.open_shift.operator))
        case _:
            assert_never(order)


def first_of_two(turn: Turn, order: AppointOperator | ResetOperator) -> OperatorId | None:
    """Return who asked for the same before. A security officer does."""
    return first_to_ask(turn, word_for(type(order)), operator_subject(order), [Role.SECURITY_OFFICER])


def _with_a_second(turn: Turn, operator: OperatorId, order: AppointOperator | ResetOperator) -> None:
    first = first_of_two(turn, order)
    if first is None:
        ask(turn, operator, word_for(type(order)), operator_subject(order), order.reason)
    elif isinstance(order, AppointOperator):
        known = turn.state.operators.get(order.appointed)
        blank = Operator(order.appointed, order.role)
        new = replace(known or blank, role=order.role, zones=order.zones)
        turn.record(ev.OperatorAppointed(first, operator, new, order.reason))
    else:
        turn.record(ev.OperatorReset(first, operator, order.reset, order.reason))


def _may_of_two(
    turn: Turn, operator: OperatorId, about: OperatorId, order: AppointOperator | ResetOperator
) -> Refusal | None:
    first = first_of_two(turn, order)
    if first is None and turn.state.operators[operator].role is not Role.SECURITY_OFFICER:
        return Refusal.NOT_YOUR_ROLE
    if one_person(turn.state.operators, first, operator):
        return Refusal.SECOND_PERSON_NEEDED
    return _about_yourself(turn, operator, about) or _reason(order.reason)


def _may_accept(turn: Turn, operator: OperatorId) -> Refusal | None:
    if turn.state.open_shift is None:
        return Refusal.NO_HANDOVER
    alone = one_person(turn.state.operators, turn.state.open_shift.operator, operator)
    return Refusal.SECOND_PERSON_NEEDED if alone else None


def _open_items(turn: Turn) -> tuple[tuple[AlarmId, ...], tuple[DoorId, ...]]:
    """Return the open alarms and the doors under an order. Of a silent alarm nothing stands on a shared sheet."""
    alarms = tuple(alarm.id for alarm in in_order(turn.state.alarms.values()) if not alarm.silent)
    return alarms, tuple(door for door in turn.site.doors if turn.state.door(door).orders)


def _unknown(turn: Turn, operator: OperatorId) -> Refusal | None:
    person = operator in turn.state.operators and operator not in turn.state.programs
    return None if person else Refusal.NO_SUCH_OPERATOR


def _unknown_zone(turn: Turn, order: AppointOperator) -> Refusal | None:
    if order.zones is None:
        return None
    return None if order.zones and order.zones <= turn.site.zones.keys() else Refusal.UNKNOWN_ZONE


def _is_so(turn: Turn, order: AppointOperator) -> bool:
    known = turn.state.operators.get(order.appointed)
    return known is not None and (known.role, known.zones) == (order.role, order.zones)


def _about_yourself(turn: Turn, operator: OperatorId, about: OperatorId) -> Refusal | None:
    return Refusal.ABOUT_YOURSELF if one_person(turn.state.operators, about, operator) else None


def _reason(reason: str) -> Refusal | None:
    return None if reason.strip() else Refusal.REASON_NEEDED
