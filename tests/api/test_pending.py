"""What waits for a second person: an order comes back from its word and its subject as it was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from immutables import Map

from api.pending import order_of, pending_of
from controller.domain.enrolment_orders import RecordCardholder
from controller.domain.face_orders import ConfirmFace
from controller.domain.ids import AccessLevelId, CameraId, CardholderId, CompetencyId, CredentialId, OperatorId, ZoneId
from controller.domain.operator_orders import AppointOperator, ResetOperator
from controller.domain.operators import Operator, Order, Role
from controller.domain.people import Cardholder, CardholderKind, CredentialStatus, HeldCompetency
from controller.domain.record_orders import (
    AssignAccessLevel,
    DestroyBox,
    EraseCardholder,
    ExportPeople,
    LiftLegalHold,
    LiftVeil,
    SetCredentialStatus,
)
from controller.domain.records import Asked, Purpose
from controller.domain.state import SiteState
from controller.domain.words import word_for
from controller.rules.order_subject import subject_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA, WHY = OperatorId("ada"), "as the letter says"

names = some.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True)
cases = some.just("") | names
ends = some.none() | some.datetimes(timezones=some.just(UTC))
held = some.lists(some.builds(HeldCompetency, names.map(CompetencyId), ends), max_size=3).map(tuple)
people = some.builds(
    Cardholder,
    names.map(CardholderId),
    some.sampled_from(CardholderKind),
    some.integers(0, 9),
    some.just(frozenset()),
    held,
    *([some.booleans()] * 3),
)
zones = some.none() | some.frozensets(names.map(ZoneId), max_size=3)
orders = some.one_of(
    some.builds(EraseCardholder, names.map(CardholderId), some.just(WHY)),
    some.builds(LiftLegalHold, names, some.just(WHY)),
    some.builds(ExportPeople, some.sampled_from(Purpose), cases),
    some.builds(LiftVeil, names.map(CameraId), some.integers(1, 86_400).map(float), some.just(WHY)),
    some.builds(AssignAccessLevel, names.map(CardholderId), names.map(AccessLevelId), some.just(WHY)),
    some.builds(SetCredentialStatus, names.map(CredentialId), some.sampled_from(CredentialStatus), some.just(WHY)),
    some.builds(RecordCardholder, people, some.just(""), some.just(WHY)),
    some.builds(DestroyBox, some.just(WHY)),
    some.builds(ConfirmFace, names.map(CardholderId)),
    some.builds(AppointOperator, names.map(OperatorId), some.sampled_from(Role), zones, some.just(WHY)),
    some.builds(ResetOperator, names.map(OperatorId), some.just(WHY)),
)


def waiting(order: Order, since: datetime = NOON) -> SiteState:
    asked = Map({(word_for(type(order)), subject_of(order)): Asked(ADA, since, WHY, hours=1.0)})
    return SiteState(asked=asked, operators=Map({ADA: Operator(ADA, Role.SECURITY_OFFICER)}))


@given(orders)
def test_every_order_that_takes_two_comes_back_as_it_was_asked_for(order: Order):
    state = waiting(order)
    assert order_of(state, word_for(type(order)), subject_of(order)) == order
    (listed,) = pending_of(state, NOON, lambda text: text)
    assert (listed.order, listed.subject) == (word_for(type(order)), subject_of(order))


@pytest.mark.parametrize("word", ["erase_cardholder", "end_lockdown", "open_the_safe"])
def test_what_nobody_asked_for_is_no_order(word: str):
    state = waiting(EraseCardholder(CardholderId("p-001"), WHY))
    assert order_of(state, word, "p-002") is None


def test_what_waited_too_long_or_was_asked_by_somebody_without_a_right_is_not_listed():
    order = EraseCardholder(CardholderId("p-001"), WHY)
    state = waiting(order, NOON - timedelta(hours=1))
    assert len(pending_of(state, NOON, str)) == 1
    assert pending_of(state, NOON + timedelta(microseconds=1), str) == []
    assert pending_of(SiteState(asked=state.asked), NOON, str) == []
