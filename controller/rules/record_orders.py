"""Orders about people's records: who may give which, which take two people, and what they come to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.ids import OUTSIDE, AccessLevelId, CardholderId, OperatorId
from controller.domain.operators import Refusal, Role, one_person
from controller.domain.people import Cardholder, CredentialStatus
from controller.domain.record_orders import (
    AssignAccessLevel,
    DestroyBox,
    EraseCardholder,
    ExportEvidence,
    ExportPeople,
    LiftLegalHold,
    LiftVeil,
    LowerVeil,
    PlaceLegalHold,
    ReadRecords,
    RecordOrder,
    SetCredentialStatus,
    WithdrawAccessLevel,
    subject,
)
from controller.domain.records import PURPOSES_WITH_CASE, Purpose, RecordScope
from controller.domain.site import SecurityLevel, Site
from controller.domain.state import SiteState
from controller.domain.words import word_for
from controller.rules.filming import may_hand_out, may_lift_veil, may_lower_veil, may_see
from controller.rules.second_person import SECOND_PERSON_HOURS as SECOND_PERSON_HOURS
from controller.rules.second_person import ask, first_to_ask
from controller.rules.turn import Turn

_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{0,39}")
_HOLD = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

AlwaysTwo = EraseCardholder | LiftLegalHold | ExportPeople | DestroyBox | LiftVeil | ExportEvidence
TwoPersonOrder = AlwaysTwo | AssignAccessLevel | SetCredentialStatus
"""An access level, or a badge that is good again, takes two only for an exclusion zone: see ``takes_two``."""

_BADGES = frozenset({SetCredentialStatus, AssignAccessLevel, WithdrawAccessLevel})
_VEILS = frozenset({LiftVeil, LowerVeil, ExportEvidence})
RIGHTS: Mapping[Role, frozenset[type[RecordOrder]]] = MappingProxyType(
    {
        Role.GUARD: frozenset({SetCredentialStatus, ReadRecords, LowerVeil}),
        Role.SUPERVISOR: _BADGES | _VEILS | {ReadRecords, PlaceLegalHold, DestroyBox},
        Role.SECURITY_OFFICER: _BADGES
        | _VEILS
        | {ReadRecords, PlaceLegalHold, LiftLegalHold, EraseCardholder, ExportPeople, DestroyBox},
        Role.AUDITOR: frozenset({ReadRecords}),
        Role.DATA_PROTECTION_OFFICER: _VEILS
        | {ReadRecords, PlaceLegalHold, LiftLegalHold, EraseCardholder, ExportPeople},
        Role.TECHNICIAN: frozenset(),
    }
)
"""Who may give which of these orders."""

PURPOSES: Mapping[Role, frozenset[Purpose]] = MappingProxyType(
    {
        Role.GUARD: frozenset({Purpose.EMERGENCY, Purpose.INVESTIGATION}),
        Role.SUPERVISOR: frozenset({Purpose.EMERGENCY, Purpose.INVESTIGATION, Purpose.ADMINISTRATION}),
        Role.SECURITY_OFFICER: frozenset(Purpose),
        Role.AUDITOR: frozenset({Purpose.AUDIT}),
        Role.DATA_PROTECTION_OFFICER: frozenset({Purpose.AUDIT, Purpose.SUBJECT_REQUEST, Purpose.LEGAL_REQUEST}),
        Role.TECHNICIAN: frozenset(),
    }
)
"""What each role may read people's records for."""


def may(turn: Turn, operator: OperatorId, order: RecordOrder) -> Refusal | None:  # noqa: C901 - one flat table
    """Tell why an order about records is refused, the role being right; None where it may be given."""
    state = turn.state
    match order:
        case EraseCardholder():
            refusal = _may_erase(turn, operator, order)
        case SetCredentialStatus():
            refusal = _may_set_status(state, operator, order)
        case AssignAccessLevel() | WithdrawAccessLevel():
            refusal = _may_change_level(turn, operator, order)
        case PlaceLegalHold():
            refusal = _may_place(state, order)
        case LiftLegalHold():
            refusal = _may_lift(state, operator, order)
        case ReadRecords():
            refusal = _may_read(turn, operator, order)
        case ExportPeople(purpose=purpose, case=case):
            refusal = _may_for(state, operator, purpose, case)
        case DestroyBox(reason=reason):
            refusal = _reason(reason)
        case LiftVeil():
            refusal = may_lift_veil(turn, operator, order) or _reason(order.reason)
        case LowerVeil(camera=camera):
            refusal = may_lower_veil(turn, operator, camera)
        case ExportEvidence(purpose=purpose, case=case):
            refusal = may_hand_out(turn, operator, order.cameras) or _may_for(state, operator, purpose, case)
        case _:
            assert_never(order)
    if refusal is None and takes_two(turn, order) and _asked_alone(turn, operator, order):
        return Refusal.SECOND_PERSON_NEEDED
    return refusal


def carry_out(turn: Turn, operator: OperatorId, order: RecordOrder) -> None:
    """Record what an order comes to: of one that takes two and has one, that it was asked for."""
    if isinstance(order, AlwaysTwo) or (
        isinstance(order, AssignAccessLevel | SetCredentialStatus) and takes_two(turn, order)
    ):
        _with_a_second(turn, operator, order)
    else:
        turn.record(_fact(turn, operator, order))


def _with_a_second(turn: Turn, operator: OperatorId, order: TwoPersonOrder) -> None:
    first = first_of_two(turn, order)
    if first is None:
        why = "" if isinstance(order, ExportPeople | ExportEvidence) else order.reason
        ask(turn, operator, word_for(type(order)), subject(order), why)
    else:
        turn.record(_agreed(turn, first, operator, order))


def first_of_two(turn: Turn, order: RecordOrder) -> OperatorId | None:
    """Return who asked for the same before: in time, and still with the right to."""
    roles = [role for role, orders in RIGHTS.items() if type(order) in orders]
    return first_to_ask(turn, word_for(type(order)), subject(order), roles)


def takes_two(turn: Turn, order: RecordOrder) -> bool:
    """Tell whether an order takes two people. What makes a zone harder to enter never waits for a second one."""
    if isinstance(order, AssignAccessLevel):
        return leads_into_exclusion(turn.site, order.level)
    if isinstance(order, SetCredentialStatus):
        badge = turn.state.credentials.get(order.credential)
        holder = turn.state.people.get(badge.cardholder) if badge else None
        wakes = order.status is CredentialStatus.ACTIVE
        return wakes and holder is not None and has_exclusion_rights(turn.site, holder)
    return isinstance(order, AlwaysTwo)


def has_exclusion_rights(site: Site, person: Cardholder) -> bool:
    """Tell whether somebody may enter an exclusion zone by one of their access levels."""
    return any(leads_into_exclusion(site, level) for level in person.levels)


def leads_into_exclusion(site: Site, level: AccessLevelId) -> bool:
    """Tell whether an access level is a right to an exclusion zone, or to a door of one."""
    granted = site.access_levels.get(level)
    if granted is None:
        return False
    zones = {*granted.zones, *(zone for door in granted.doors for zone in site.doors[door].zones)}
    return any(site.zones[zone].level is SecurityLevel.EXCLUSION for zone in zones)


def _agreed(
    turn: Turn, first: OperatorId, second: OperatorId, order: TwoPersonOrder
) -> (
    ev.CardholderErased
    | ev.LegalHoldLifted
    | ev.PeopleExported
    | ev.DestructionOrdered
    | ev.VeilLifted
    | ev.EvidenceExported
    | ev.AccessLevelAssigned
    | ev.CredentialStatusSet
):
    match order:
        case EraseCardholder(cardholder=cardholder, reason=reason):
            return ev.CardholderErased(first, second, cardholder, reason)
        case LiftLegalHold(hold=hold, reason=reason):
            return ev.LegalHoldLifted(first, second, hold, reason)
        case ExportPeople(purpose=purpose, case=case):
            return ev.PeopleExported(first, second, purpose, case)
        case AssignAccessLevel():
            return ev.AccessLevelAssigned(first, order.cardholder, order.level, order.reason, second)
        case SetCredentialStatus(credential=credential, status=status, reason=reason):
            holder = turn.state.credentials[credential].cardholder
            return ev.CredentialStatusSet(first, credential, holder, status, reason, second)
        case DestroyBox(reason=reason):
            return ev.DestructionOrdered(first, second, reason)
        case LiftVeil(camera=camera, seconds=seconds, reason=reason):
            return ev.VeilLifted(first, second, camera, seconds, reason)
        case ExportEvidence(purpose=purpose, case=case, recordings=recordings, records=records):
            shown = (order.pixelated, order.masked)
            return ev.EvidenceExported(first, second, purpose, case, recordings, records, *shown)
    assert_never(order)


def _fact(
    turn: Turn,
    operator: OperatorId,
    order: SetCredentialStatus | AssignAccessLevel | WithdrawAccessLevel | PlaceLegalHold | ReadRecords | LowerVeil,
) -> (
    ev.CredentialStatusSet
    | ev.AccessLevelAssigned
    | ev.AccessLevelWithdrawn
    | ev.LegalHoldPlaced
    | ev.RecordRead
    | ev.VeilLowered
):
    match order:
        case SetCredentialStatus(credential=credential, status=status, reason=reason):
            holder = turn.state.credentials[credential].cardholder
            return ev.CredentialStatusSet(operator, credential, holder, status, reason)
        case AssignAccessLevel(cardholder=cardholder, level=level, reason=reason):
            return ev.AccessLevelAssigned(operator, cardholder, level, reason)
        case WithdrawAccessLevel(cardholder=cardholder, level=level, reason=reason):
            return ev.AccessLevelWithdrawn(operator, cardholder, level, reason)
        case PlaceLegalHold(hold=hold, cardholder=held, reason=reason):
            return ev.LegalHoldPlaced(operator, hold, held, reason)
        case ReadRecords():
            where = (order.cardholder, order.door, order.camera, order.recording, order.report)
            return ev.RecordRead(operator, order.scope, order.purpose, order.case, *where)
        case LowerVeil(camera=camera):
            return ev.VeilLowered(operator, camera)
    assert_never(order)


def _asked_alone(turn: Turn, operator: OperatorId, order: RecordOrder) -> bool:
    return one_person(turn.state.operators, first_of_two(turn, order), operator)


def _may_erase(turn: Turn, operator: OperatorId, order: EraseCardholder) -> Refusal | None:
    """The data-protection officer asks. Nobody is erased while inside: who is in the building must stay countable."""
    state, who = turn.state, order.cardholder
    if who not in state.people:
        return Refusal.UNKNOWN_CARDHOLDER
    if _is_about(state, operator, who):
        return Refusal.ABOUT_YOURSELF
    if held(state, who):
        return Refusal.LEGAL_HOLD
    if state.locations.get(who) not in (None, OUTSIDE):
        return Refusal.STILL_INSIDE
    officer = state.operators[operator].role is Role.DATA_PROTECTION_OFFICER
    if not officer and first_of_two(turn, order) is None:
        return Refusal.NOT_YOUR_ROLE
    return _reason(order.reason)


def _may_set_status(state: SiteState, operator: OperatorId, order: SetCredentialStatus) -> Refusal | None:
    credential = state.credentials.get(order.credential)
    if credential is None:
        return Refusal.UNKNOWN_CREDENTIAL
    if _is_about(state, operator, credential.cardholder):
        return Refusal.ABOUT_YOURSELF
    makes_good = order.status is CredentialStatus.ACTIVE
    if makes_good and state.operators[operator].role is Role.GUARD:  # a guard takes a badge out, and never back in
        return Refusal.NOT_YOUR_ROLE
    return Refusal.ALREADY_SO if credential.status is order.status else _reason(order.reason)


def _may_change_level(
    turn: Turn, operator: OperatorId, order: AssignAccessLevel | WithdrawAccessLevel
) -> Refusal | None:
    person = turn.state.people.get(order.cardholder)
    if person is None:
        return Refusal.UNKNOWN_CARDHOLDER
    if _is_about(turn.state, operator, order.cardholder):
        return Refusal.ABOUT_YOURSELF
    assigns = isinstance(order, AssignAccessLevel)
    if assigns and order.level not in turn.site.access_levels:
        return Refusal.UNKNOWN_ACCESS_LEVEL
    return Refusal.ALREADY_SO if (order.level in person.levels) is assigns else _reason(order.reason)


def _may_place(state: SiteState, order: PlaceLegalHold) -> Refusal | None:
    if not _HOLD.fullmatch(order.hold):
        return Refusal.CASE_NEEDED
    if order.hold in state.holds:
        return Refusal.ALREADY_SO
    if order.cardholder is not None and order.cardholder not in state.people:
        return Refusal.UNKNOWN_CARDHOLDER
    return _reason(order.reason)


def _may_lift(state: SiteState, operator: OperatorId, order: LiftLegalHold) -> Refusal | None:
    """Nobody helps to lift what keeps their own record."""
    hold = state.holds.get(order.hold)
    if hold is None:
        return Refusal.UNKNOWN_LEGAL_HOLD
    if hold.cardholder is not None and _is_about(state, operator, hold.cardholder):
        return Refusal.ABOUT_YOURSELF
    return _reason(order.reason)


def _may_read(turn: Turn, operator: OperatorId, order: ReadRecords) -> Refusal | None:
    needs_person = order.scope in (RecordScope.PERSON, RecordScope.HISTORY)
    if needs_person and order.cardholder not in turn.state.people:
        return Refusal.UNKNOWN_CARDHOLDER
    if order.scope is RecordScope.DOOR and order.door not in turn.site.doors:
        return Refusal.UNKNOWN_DOOR
    if order.scope is RecordScope.REPORT and (refusal := _may_report(turn, operator, order)) is not None:
        return refusal
    if order.scope is RecordScope.RECORDING and (refusal := may_see(turn, operator, order.camera)) is not None:
        return refusal
    return _may_for(turn.state, operator, order.purpose, order.case)


def _may_report(turn: Turn, operator: OperatorId, order: ReadRecords) -> Refusal | None:
    """A guard looks one person or one door up; a report is about everybody, or about the guards."""
    if turn.state.operators[operator].role is Role.GUARD:
        return Refusal.NOT_YOUR_ROLE
    if order.cardholder is not None and order.cardholder not in turn.state.people:
        return Refusal.UNKNOWN_CARDHOLDER
    return Refusal.UNKNOWN_DOOR if order.door is not None and order.door not in turn.site.doors else None


def _may_for(state: SiteState, operator: OperatorId, purpose: Purpose, case: str) -> Refusal | None:
    if purpose not in PURPOSES[state.operators[operator].role]:
        return Refusal.NOT_YOUR_ROLE
    wanted = purpose in PURPOSES_WITH_CASE
    return Refusal.CASE_NEEDED if (wanted or case) and not _CASE.fullmatch(case) else None


def held(state: SiteState, cardholder: CardholderId) -> bool:
    """Tell whether a legal hold keeps what is known of somebody."""
    return any(hold.cardholder in (None, cardholder) for hold in state.holds.values())


def _is_about(state: SiteState, operator: OperatorId, cardholder: CardholderId) -> bool:
    return state.operators[operator].cardholder == cardholder


def _reason(reason: str) -> Refusal | None:
    return None if reason.strip() else Refusal.REASON_NEEDED
