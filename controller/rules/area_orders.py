"""What operators may order of intrusion areas and their points, and what comes of it."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from controller.domain import events as ev
from controller.domain.area_orders import (
    AreaOrder,
    ArmArea,
    BypassPoint,
    DisarmArea,
    EndBypass,
    ResetCause,
    WalkTest,
)
from controller.domain.events.areas import ArmedBy
from controller.domain.ids import OperatorId
from controller.domain.operators import Refusal, Role
from controller.domain.points import ALWAYS_ARMED, AreaMode, not_ready
from controller.domain.site import SecurityLevel
from controller.rules.areas import arm, disarm
from controller.rules.causes import may_reset, reset
from controller.rules.turn import Turn

LONGEST_BYPASS_SECONDS = 24 * 3600.0
"""A bypass that is still needed tomorrow is thought about again tomorrow."""

LONGEST_WALK_SECONDS = 4 * 3600.0


def may_order_area(turn: Turn, role: Role, order: AreaOrder) -> Refusal | None:
    """Tell why such an order is refused; None where it may be carried out."""
    match order:
        case ArmArea() | DisarmArea() | WalkTest():
            if order.area not in turn.site.areas:
                return Refusal.UNKNOWN_AREA
            return _may_turn(turn, role, order)
        case BypassPoint() | EndBypass():
            if order.point not in turn.site.points:
                return Refusal.UNKNOWN_POINT
            return _may_bypass(turn, order)
        case ResetCause(cause=cause):
            return may_reset(turn, cause)
    assert_never(order)


def carry_out_area(turn: Turn, operator: OperatorId, order: AreaOrder) -> None:
    """Carry out an order that may be."""
    match order:
        case ArmArea(area=area):
            arm(turn, turn.site.areas[area], operator, ArmedBy.OPERATOR)
        case DisarmArea(area=area):
            disarm(turn, turn.site.areas[area], operator, None)
        case BypassPoint(point=point, until=until, reason=reason):
            turn.record(ev.PointBypassed(point, operator, reason, _seconds(turn, until)))
        case EndBypass(point=point):
            turn.record(ev.BypassEnded(point, operator))
        case WalkTest(area=area, until=until):
            turn.record(ev.WalkTestStarted(area, operator, _seconds(turn, until)))
        case ResetCause(cause=cause):
            reset(turn, turn.site.causes[cause], operator)
        case _:
            assert_never(order)


def area_subject(order: AreaOrder) -> str:
    """Return what such an order is about."""
    match order:
        case ArmArea(area=area) | DisarmArea(area=area) | WalkTest(area=area):
            return area
        case BypassPoint(point=point) | EndBypass(point=point):
            return point
        case ResetCause(cause=cause):
            return cause
    assert_never(order)


def _may_turn(turn: Turn, role: Role, order: ArmArea | DisarmArea | WalkTest) -> Refusal | None:
    area = turn.site.areas[order.area]
    disarmed = turn.state.area(area.id).mode is AreaMode.DISARMED
    match order:
        case ArmArea():
            if not disarmed:
                return Refusal.ALREADY_SO
            return Refusal.POINT_NOT_READY if not_ready(turn.state.points, turn.state.bypasses, area) else None
        case DisarmArea():
            exclusion = any(turn.site.zones[zone].level is SecurityLevel.EXCLUSION for zone in area.zones)
            if exclusion and role is Role.GUARD:
                return Refusal.NOT_YOUR_ROLE
            return Refusal.ALREADY_SO if disarmed else None
        case WalkTest(until=until):
            if not disarmed:
                return Refusal.AREA_ARMED
            return _expiry(turn, until, LONGEST_WALK_SECONDS)
    assert_never(order)


def _may_bypass(turn: Turn, order: BypassPoint | EndBypass) -> Refusal | None:
    if isinstance(order, EndBypass):
        return None if order.point in turn.state.bypasses else Refusal.ALREADY_SO
    if turn.site.points[order.point].kind in ALWAYS_ARMED:
        return Refusal.CANNOT_BE_BYPASSED
    if not order.reason.strip():
        return Refusal.REASON_NEEDED
    return _expiry(turn, order.until, LONGEST_BYPASS_SECONDS)


def _expiry(turn: Turn, until: datetime, longest: float) -> Refusal | None:
    return None if 0.0 < _seconds(turn, until) <= longest else Refusal.EXPIRY_NEEDED


def _seconds(turn: Turn, until: datetime) -> float:
    return (until - turn.now.wall).total_seconds()
