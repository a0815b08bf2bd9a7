"""People and their badges, as ordered at the console: who may, what takes two, and the card that is offered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from controller.domain import events as ev
from controller.domain.cards import most_assurance
from controller.domain.enrolment_orders import (
    EnrolmentOrder,
    IssueBadge,
    OpenEnrolment,
    RecordCardholder,
    enrolment_subject,
)
from controller.domain.ids import CardholderId, CredentialId, OperatorId, ReaderId
from controller.domain.operators import Refusal, Role, one_person
from controller.domain.people import Cardholder, Credential, CredentialStatus
from controller.domain.site import Site
from controller.domain.state import Enrolment, SiteState, replace
from controller.domain.stimuli import CardPresented
from controller.domain.words import word_for
from controller.rules.record_orders import has_exclusion_rights
from controller.rules.second_person import ask, first_to_ask
from controller.rules.turn import Turn

ENROLMENT_SECONDS = 60.0
"""So long a reader waits for a new badge: long enough to fetch it out of a drawer."""

TOKEN_START = 8
_HIGHEST_CLEARANCE = 9

_BADGES: frozenset[type[EnrolmentOrder]] = frozenset({RecordCardholder, OpenEnrolment, IssueBadge})
RIGHTS: Mapping[Role, frozenset[type[EnrolmentOrder]]] = MappingProxyType(
    {
        Role.GUARD: frozenset(),
        Role.SUPERVISOR: _BADGES,
        Role.SECURITY_OFFICER: _BADGES,
        Role.AUDITOR: frozenset(),
        Role.DATA_PROTECTION_OFFICER: frozenset(),
        Role.TECHNICIAN: frozenset(),
    }
)
"""Who may give which of these orders: those who give access levels."""


def may(turn: Turn, operator: OperatorId, order: EnrolmentOrder) -> Refusal | None:
    """Tell why an order is refused, the role being right; None where it may be given."""
    match order:
        case RecordCardholder():
            return _may_record(turn, operator, order)
        case OpenEnrolment():
            return _may_open(turn, operator, order)
        case IssueBadge():
            return _may_issue(turn, operator, order)
    assert_never(order)


def carry_out(turn: Turn, operator: OperatorId, order: EnrolmentOrder) -> None:
    """Record what an order comes to: of one that takes two and has one, that it was asked for."""
    match order:
        case RecordCardholder():
            _record(turn, operator, order)
        case OpenEnrolment(reader=reader, cardholder=cardholder, reason=reason):
            turn.record(ev.EnrolmentOpened(operator, reader, cardholder, ENROLMENT_SECONDS, reason))
        case IssueBadge():
            _issue(turn, operator, order)
        case _:
            assert_never(order)


def enrolled_here(state: SiteState, card: CardPresented, mono: float) -> Enrolment | None:
    """Return the enrolment that an unknown card at this reader answers; None where it is a stranger's."""
    waiting = open_at(state, card.reader, mono)
    if waiting is None or waiting.format is not None or card.token is None or card.token in state.tokens:
        return None
    return waiting


def open_at(state: SiteState, reader: ReaderId, mono: float) -> Enrolment | None:
    """Return who may still be given a badge at this reader."""
    waiting = state.enrolments.get(reader)
    return waiting if waiting is not None and mono < waiting.until else None


def offered(turn: Turn, card: CardPresented, waiting: Enrolment) -> None:
    """Note that a card was shown to be enrolled. The door was refused as to any stranger."""
    turn.record(ev.BadgeOffered(card.reader, waiting.cardholder, card.format))


def eases(before: Cardholder, after: Cardholder) -> bool:
    """Tell whether any door may be easier for somebody who is known otherwise from now on."""
    if after.clearance > before.clearance or (before.escorted and not after.escorted):
        return True
    if after.kind is not before.kind or (after.may_escort and not before.may_escort):
        return True
    ends = {one.competency: one.valid_until for one in before.competencies}
    for one in after.competencies:
        if one.competency not in ends:
            return True
        end = ends[one.competency]
        if end is not None and (one.valid_until is None or one.valid_until > end):
            return True
    return after.extended_time and not before.extended_time


def _may_record(turn: Turn, operator: OperatorId, order: RecordCardholder) -> Refusal | None:
    known, wanted = _known_and_wanted(turn, order)
    if turn.state.operators[operator].cardholder == wanted.id:
        return Refusal.ABOUT_YOURSELF
    unknown = any(one.competency not in turn.site.competencies for one in wanted.competencies)
    if unknown or not 0 <= wanted.clearance <= _HIGHEST_CLEARANCE:
        return Refusal.UNKNOWN_COMPETENCY
    if known == wanted and not order.name:
        return Refusal.ALREADY_SO
    if not order.identity:
        return Refusal.NAME_NEEDED
    if _takes_two(turn.site, known, wanted) and one_person(turn.state.operators, _first(turn, order), operator):
        return Refusal.SECOND_PERSON_NEEDED
    return _reason(order.reason)


def _known_and_wanted(turn: Turn, order: RecordCardholder) -> tuple[Cardholder | None, Cardholder]:
    """Return somebody as they are known and as they are to be: with the access levels they have."""
    known = turn.state.people.get(order.cardholder.id)
    return known, replace(order.cardholder, levels=known.levels if known else frozenset())


def _takes_two(site: Site, known: Cardholder | None, wanted: Cardholder) -> bool:
    return known is not None and has_exclusion_rights(site, known) and eases(known, wanted)


def _first(turn: Turn, order: RecordCardholder) -> OperatorId | None:
    roles = [role for role, orders in RIGHTS.items() if RecordCardholder in orders]
    return first_to_ask(turn, word_for(RecordCardholder), enrolment_subject(order), roles)


def _record(turn: Turn, operator: OperatorId, order: RecordCardholder) -> None:
    known, wanted = _known_and_wanted(turn, order)
    two = _takes_two(turn.site, known, wanted)
    first = _first(turn, order) if two else None
    if two and first is None:
        ask(turn, operator, word_for(RecordCardholder), enrolment_subject(order), order.reason)
        return
    author, second = (operator, None) if first is None else (first, operator)
    turn.record(ev.CardholderRecorded(author, wanted, order.identity, order.reason, second))


def _may_open(turn: Turn, operator: OperatorId, order: OpenEnrolment) -> Refusal | None:
    if order.reader not in turn.site.readers:
        return Refusal.UNKNOWN_READER
    if order.cardholder not in turn.state.people:
        return Refusal.UNKNOWN_CARDHOLDER
    if turn.state.operators[operator].cardholder == order.cardholder:
        return Refusal.ABOUT_YOURSELF
    running = open_at(turn.state, order.reader, turn.now.mono)
    if running is not None and running.operator != operator:
        return Refusal.READER_TAKEN
    return _reason(order.reason)


def _may_issue(turn: Turn, operator: OperatorId, order: IssueBadge) -> Refusal | None:
    waiting = turn.state.enrolments.get(order.reader)
    if waiting is None or waiting.operator != operator or waiting.format is None or not order.token:
        return Refusal.NO_BADGE_OFFERED
    if turn.now.mono - waiting.until > ENROLMENT_SECONDS or waiting.cardholder not in turn.state.people:
        return Refusal.NO_BADGE_OFFERED
    over = order.valid_until is not None and order.valid_until <= (order.valid_from or turn.now.wall)
    return Refusal.UNTIL_NOT_ALLOWED if over else None


def _issue(turn: Turn, operator: OperatorId, order: IssueBadge) -> None:
    """Give the badge. One that would open an exclusion zone is asleep until two people wake it."""
    waiting = turn.state.enrolments[order.reader]
    person = turn.state.people[waiting.cardholder]
    asleep = has_exclusion_rights(turn.site, person)
    turn.record(
        ev.CredentialRecorded(
            operator,
            Credential(
                issued_name(person.id, order.token),
                person.id,
                order.token,
                None,
                min(order.assurance, most_assurance(turn.site, waiting.format or "")),
                CredentialStatus.SUSPENDED if asleep else CredentialStatus.ACTIVE,
                order.valid_from,
                order.valid_until,
            ),
        )
    )


def issued_name(person: CardholderId, token: str) -> CredentialId:
    """Return what a badge is called that was enrolled at a reader: by its holder and the start of its handle."""
    return CredentialId(f"{person}-{token[:TOKEN_START]}")


def _reason(reason: str) -> Refusal | None:
    return None if reason.strip() else Refusal.REASON_NEEDED
