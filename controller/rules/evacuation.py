"""An evacuation: who orders what, and who is counted as safe. Nothing here moves a door."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.evacuation import (
    CheckIn,
    EndEvacuation,
    EvacuationOrder,
    StartEvacuation,
    UndoCheckIn,
)
from controller.domain.ids import CredentialId, OperatorId, ReaderId
from controller.domain.operators import Refusal, Role
from controller.domain.people import CredentialStatus
from controller.rules.turn import Turn

_POST: frozenset[type[EvacuationOrder]] = frozenset({StartEvacuation, EndEvacuation, CheckIn, UndoCheckIn})
RIGHTS: Mapping[Role, frozenset[type[EvacuationOrder]]] = MappingProxyType(
    {
        Role.GUARD: _POST,
        Role.SUPERVISOR: _POST,
        Role.SECURITY_OFFICER: _POST,
        Role.AUDITOR: frozenset(),
        Role.DATA_PROTECTION_OFFICER: frozenset(),
        Role.TECHNICIAN: frozenset(),
    }
)
"""Who may give which of these orders: whoever is at the post."""


def may(turn: Turn, order: EvacuationOrder) -> Refusal | None:
    """Tell why an order is refused, the role being right; None where it may be given."""
    running = turn.state.evacuation
    match order:
        case StartEvacuation(reason=reason):
            return Refusal.ALREADY_SO if running else _reason(reason)
        case EndEvacuation(reason=reason):
            return Refusal.NO_EVACUATION if running is None else _reason(reason)
        case CheckIn(cardholder=cardholder, point=point):
            if running is None:
                return Refusal.NO_EVACUATION
            if cardholder not in turn.state.people:
                return Refusal.UNKNOWN_CARDHOLDER
            return None if point is None or point in turn.site.safe_points else Refusal.UNKNOWN_SAFE_POINT
        case UndoCheckIn(cardholder=cardholder):
            if running is None:
                return Refusal.NO_EVACUATION
            return None if cardholder in running.safe else Refusal.ALREADY_SO
    assert_never(order)


def carry_out(turn: Turn, operator: OperatorId, order: EvacuationOrder) -> None:
    """Record what an order comes to."""
    match order:
        case StartEvacuation(reason=reason):
            turn.record(ev.EvacuationStarted(operator, reason))
        case EndEvacuation(reason=reason):
            turn.record(ev.EvacuationEnded(operator, reason))
        case CheckIn(cardholder=cardholder, point=point):
            turn.record(ev.SafeCounted(cardholder, point, operator, None))
        case UndoCheckIn(cardholder=cardholder):
            turn.record(ev.SafeUncounted(cardholder, operator))
        case _:
            assert_never(order)


def shown_at_safe_point(turn: Turn, reader: ReaderId, badge: CredentialId | None) -> None:
    """Whoever shows their badge at a safe point while everybody leaves is counted there. A lost badge counts nobody."""
    if turn.state.evacuation is None or badge is None:
        return
    known = turn.state.credentials.get(badge)
    point = next((one.id for one in turn.site.safe_points.values() if reader in one.readers), None)
    if point is not None and known is not None and known.status is CredentialStatus.ACTIVE:
        turn.record(ev.SafeCounted(known.cardholder, point, None, reader))


def _reason(reason: str) -> Refusal | None:
    return None if reason.strip() else Refusal.REASON_NEEDED
