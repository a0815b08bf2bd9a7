"""Maintenance: who may say that a place is worked on, and that it ends by itself.

It marks what the work brings about, and silences no siren: a point that must not trip its area is bypassed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, assert_never

from controller.domain import events as ev
from controller.domain.alarms import Source, in_order
from controller.domain.ids import OperatorId
from controller.domain.maintenance import covers, stands, zones_of
from controller.domain.maintenance_orders import EndMaintenance, MaintenanceOrder, ReplaceReader, StartMaintenance
from controller.domain.operators import Refusal, Role
from controller.domain.points import AreaMode
from controller.domain.site import DeviceKind, SecurityLevel
from controller.rules.turn import Turn

if TYPE_CHECKING:
    from controller.domain.operators import Order

LONGEST_MAINTENANCE_SECONDS = 8 * 3600.0
"""A shift: work that goes on tomorrow is thought about again tomorrow."""

_ALL: frozenset[type[Order]] = frozenset({StartMaintenance, EndMaintenance, ReplaceReader})
RIGHTS: Mapping[Role, frozenset[type[Order]]] = MappingProxyType(
    {
        Role.GUARD: frozenset({EndMaintenance}),
        Role.SUPERVISOR: _ALL,
        Role.SECURITY_OFFICER: _ALL,
        Role.AUDITOR: frozenset(),
        Role.DATA_PROTECTION_OFFICER: frozenset(),
        Role.TECHNICIAN: _ALL,
    }
)
"""Who may say that a place is worked on. Whoever looks at the alarms may say that it no longer is."""


def may(turn: Turn, operator: OperatorId, order: MaintenanceOrder) -> Refusal | None:
    """Tell why such an order is refused; None where it may be carried out."""
    if isinstance(order, EndMaintenance):
        return None if order.at in turn.state.maintenance else Refusal.ALREADY_SO
    if isinstance(order, ReplaceReader):
        return _may_replace(turn, operator, order)
    if not stands(turn.site, order.at):
        return _unknown(order.at)
    if _needs_supervisor(turn, operator, order.at):
        return Refusal.NOT_YOUR_ROLE
    if turn.state.lockdown is not None:
        return Refusal.LOCKDOWN
    if _armed(turn, order.at):
        return Refusal.AREA_ARMED
    if not order.reason.strip():
        return Refusal.REASON_NEEDED
    return None if 0.0 < _seconds(turn, order) <= LONGEST_MAINTENANCE_SECONDS else Refusal.EXPIRY_NEEDED


def carry_out(turn: Turn, operator: OperatorId, order: MaintenanceOrder) -> None:
    """Carry out an order that may be. A second one for a place counts in place of the first."""
    match order:
        case StartMaintenance(at=at, reason=reason):
            turn.record(ev.MaintenanceStarted(at, operator, reason, _seconds(turn, order)))
        case EndMaintenance(at=at):
            _end(turn, at, operator)
        case ReplaceReader(device=device, reason=reason):
            turn.record(ev.ReaderReplacementOrdered(device, operator, reason))
        case _:
            assert_never(order)


def look_at_maintenance(turn: Turn) -> None:
    """End what is over: its time is, or the place is gone. In a lockdown nobody works anywhere."""
    over = [
        place
        for place, work in turn.state.maintenance.items()
        if work.until <= turn.now.mono or turn.state.lockdown is not None or not stands(turn.site, place)
    ]
    for place in sorted(over, key=repr):  # a map's own order changes from boot to boot
        _end(turn, place, None)


def _may_replace(turn: Turn, operator: OperatorId, order: ReplaceReader) -> Refusal | None:
    device = turn.site.devices.get(order.device)
    if device is None or device.kind is not DeviceKind.OSDP:
        return Refusal.UNKNOWN_DEVICE
    if _needs_supervisor(turn, operator, Source(device=device.id)):
        return Refusal.NOT_YOUR_ROLE
    if turn.state.lockdown is not None:
        return Refusal.LOCKDOWN
    return None if order.reason.strip() else Refusal.REASON_NEEDED


def _end(turn: Turn, place: Source, operator: OperatorId | None) -> None:
    """What is still amiss there counts from now on, unless it is of another place that is worked on, too."""
    others = [other for other in turn.state.maintenance if other != place]
    counting = tuple(
        alarm.id
        for alarm in in_order(turn.state.alarms.values())
        if alarm.maintenance and alarm.persists and not any(covers(turn.site, o, alarm.source) for o in others)
    )
    escalation = turn.site.escalation
    seconds = escalation.after_seconds if escalation is not None and counting else None
    turn.record(ev.MaintenanceEnded(place, operator, counting, seconds))


def _unknown(place: Source) -> Refusal:
    if place.door is not None:
        return Refusal.UNKNOWN_DOOR
    if place.reader is not None:
        return Refusal.UNKNOWN_READER
    return Refusal.UNKNOWN_DEVICE if place.point is None else Refusal.UNKNOWN_POINT


def _needs_supervisor(turn: Turn, operator: OperatorId, place: Source) -> bool:
    """A technician alone marks no alarm of an exclusion zone."""
    exclusion = any(turn.site.zones[z].level is SecurityLevel.EXCLUSION for z in zones_of(turn.site, place))
    return exclusion and turn.state.operators[operator].role is Role.TECHNICIAN


def _armed(turn: Turn, place: Source) -> bool:
    """What an armed area looks at is left alone until it is disarmed: a point, or the device it hangs on."""
    points = {
        p.id
        for p in turn.site.points.values()
        if place == Source(point=p.id) or (p.input is not None and place == Source(device=p.input.device))
    }
    return any(
        points & area.points and turn.state.area(area.id).mode is not AreaMode.DISARMED
        for area in turn.site.areas.values()
    )


def _seconds(turn: Turn, order: StartMaintenance) -> float:
    return (order.until - turn.now.wall).total_seconds()
