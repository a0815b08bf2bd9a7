"""Orders of the desk: who may give which, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.desk import may_be_handed_out
from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Refusal, Role
from controller.domain.people import Cardholder, CardholderKind, CredentialStatus
from controller.domain.state import SiteState, Visit
from controller.domain.visit_orders import (
    ApproveVisit,
    RegisterVisitor,
    SignInVisitor,
    SignOutVisitor,
    VisitOrder,
)
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.turn import Turn

_AT_THE_DESK: frozenset[type[VisitOrder]] = frozenset({RegisterVisitor, SignInVisitor, SignOutVisitor})
_ABOVE_THE_DESK = _AT_THE_DESK | {ApproveVisit}
RIGHTS: Mapping[Role, frozenset[type[VisitOrder]]] = MappingProxyType(
    {
        Role.GUARD: _AT_THE_DESK,
        Role.SUPERVISOR: _ABOVE_THE_DESK,
        Role.SECURITY_OFFICER: _ABOVE_THE_DESK,
        Role.AUDITOR: frozenset(),
        Role.DATA_PROTECTION_OFFICER: frozenset(),
        Role.TECHNICIAN: frozenset(),
    }
)
"""Who may give which of these orders: whoever registers a visitor at the desk does not answer for the host as well."""


def may(turn: Turn, order: VisitOrder) -> Refusal | None:
    """Tell why an order of the desk is refused, the role being right; None where it may be given."""
    match order:
        case RegisterVisitor():
            return _may_register(turn, order)
        case ApproveVisit(visitor=visitor):
            visit = turn.state.visits.get(visitor)
            if visit is None:
                return Refusal.UNKNOWN_VISITOR
            return Refusal.ALREADY_SO if visit.approved else None
        case SignInVisitor():
            return _may_sign_in(turn, order)
        case SignOutVisitor():
            return _may_sign_out(turn.state.visits.get(order.visitor), order)
    assert_never(order)


def carry_out(turn: Turn, operator: OperatorId, order: VisitOrder) -> None:
    """Record what an order of the desk comes to."""
    match order:
        case RegisterVisitor():
            _register(turn, operator, order)
        case ApproveVisit(visitor=visitor):
            turn.record(ev.HostApproved(visitor, operator))
        case SignInVisitor():
            _sign_in(turn, operator, order)
        case SignOutVisitor():
            _sign_out(turn, operator, order)
        case _:
            assert_never(order)


def _register(turn: Turn, operator: OperatorId, order: RegisterVisitor) -> None:
    """Record a person, by pseudonym, and the visit."""
    person = Cardholder(order.visitor, CardholderKind.VISITOR, 0, order.levels)
    turn.record(ev.CardholderRecorded(operator, person, order.identity))
    turn.record(
        ev.VisitorRegistered(order.visitor, operator, order.host, order.escort, order.valid_from, order.valid_until)
    )


def _sign_in(turn: Turn, operator: OperatorId, order: SignInVisitor) -> None:
    """Hand a badge out: from now on it is this visitor's, for the time of the visit, and without a PIN,
    also without the one for when its last holder was forced: that opens as any PIN does.
    """
    visit, badge = turn.state.visits[order.visitor], turn.state.credentials[order.credential]
    handed = replace(
        badge,
        cardholder=order.visitor,
        pin=None,
        duress=None,
        status=CredentialStatus.ACTIVE,
        valid_from=visit.valid_from,
        valid_until=visit.valid_until,
    )
    turn.record(ev.CredentialRecorded(operator, handed))
    turn.record(ev.VisitorSignedIn(order.visitor, operator, order.credential, order.escort))


def _sign_out(turn: Turn, operator: OperatorId, order: SignOutVisitor) -> None:
    """Take the badge back, or make it worth nothing."""
    visit = turn.state.visits[order.visitor]
    turn.record(ev.VisitorSignedOut(order.visitor, operator, order.badge_returned))
    if visit.credential is not None:
        status = CredentialStatus.RETURNED if order.badge_returned else CredentialStatus.SUSPENDED
        badge = replace(turn.state.credentials[visit.credential], status=status)
        turn.record(ev.CredentialRecorded(operator, badge))
    source = Source(cardholder=order.visitor)
    cause_gone(turn, {AlarmKind.VISITOR_OVERDUE}, source)
    if order.badge_returned:
        cause_gone(turn, {AlarmKind.BADGE_NOT_RETURNED}, source)
    else:
        raise_alarm(turn, AlarmKind.BADGE_NOT_RETURNED, source, order.visitor)


def _may_register(turn: Turn, order: RegisterVisitor) -> Refusal | None:
    for person in (order.host, order.escort):
        if person is not None and _no_member(turn.state, person):
            return Refusal.UNKNOWN_CARDHOLDER
    if order.visitor in turn.state.people:
        return Refusal.ALREADY_SO
    if order.valid_until <= max(order.valid_from, turn.now.wall):
        return Refusal.VISIT_OVER
    for_visitors = (turn.site.access_levels.get(level) for level in order.levels)
    return None if all(level and level.for_visitors for level in for_visitors) else Refusal.NOT_FOR_VISITORS


def _no_member(state: SiteState, person: CardholderId) -> bool:
    """Tell whether somebody is nobody who may invite or escort: unknown, or a visitor."""
    known = state.people.get(person)
    return known is None or known.kind is CardholderKind.VISITOR


def _may_sign_in(turn: Turn, order: SignInVisitor) -> Refusal | None:
    visit = turn.state.visits.get(order.visitor)
    if visit is None:
        return Refusal.UNKNOWN_VISITOR
    if visit.signed_in or visit.credential is not None:
        return Refusal.ALREADY_SO
    if visit.valid_until <= turn.now.wall:
        return Refusal.VISIT_OVER
    if order.escort is not None and _no_member(turn.state, order.escort):
        return Refusal.UNKNOWN_CARDHOLDER
    badge = turn.state.credentials.get(order.credential)
    return None if badge is not None and may_be_handed_out(turn.state, badge) else Refusal.BADGE_NOT_FREE


def _may_sign_out(visit: Visit | None, order: SignOutVisitor) -> Refusal | None:
    """Whoever never signed in may be struck off; whoever kept the badge may only bring it."""
    if visit is None:
        return Refusal.UNKNOWN_VISITOR
    gone = not visit.signed_in
    return Refusal.ALREADY_SO if gone and not order.badge_returned else None
