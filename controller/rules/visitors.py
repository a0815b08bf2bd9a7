"""Visitors at the desk: who is expected, who stands by the invitation, who is here, and who left with a badge."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.decision import DenyReason
from controller.domain.people import CardholderKind
from controller.rules.alarm import raise_alarm
from controller.rules.case import Case, Finding
from controller.rules.turn import Turn

NO_VISIT = Finding("no visit to look at")
SIGNED_IN = Finding("signed in at the desk")
NOT_SIGNED_IN = Finding("not signed in at the desk", DenyReason.VISITOR_NOT_SIGNED_IN)
APPROVED = Finding("the host stands by the visit")
NOT_APPROVED = Finding("the host has not approved the visit", DenyReason.HOST_NOT_APPROVED)


def signed_in(case: Case) -> Finding:
    """The check: a visitor who was registered is signed in; where the zone says so, any visitor is. In only."""
    if not case.state.visits and not case.zone.visitors_sign_in:
        return NO_VISIT
    visit = case.state.visits.get(case.holder.id)
    if not case.way_in or (visit is None and not _must_sign_in(case)):
        return NO_VISIT
    return SIGNED_IN if visit is not None and visit.signed_in else NOT_SIGNED_IN


def host_approved(case: Case) -> Finding:
    """The check: a registered visitor's host stands by it. In only."""
    visit = case.state.visits.get(case.holder.id) if case.state.visits else None
    if visit is None or not case.way_in:
        return NO_VISIT
    return APPROVED if visit.approved else NOT_APPROVED


def visits_time_passed(turn: Turn) -> None:
    """Say of each visitor who is still here that their time is over. By wall time: it is what was agreed upon."""
    for visitor, visit in sorted(turn.state.visits.items()):
        if visit.signed_in and not visit.overdue and visit.valid_until <= turn.now.wall:
            turn.record(ev.VisitorOverdue(visitor))
            raise_alarm(turn, AlarmKind.VISITOR_OVERDUE, Source(cardholder=visitor), visitor)


def _must_sign_in(case: Case) -> bool:
    return case.zone.visitors_sign_in and case.holder.kind is CardholderKind.VISITOR
