"""What the fold makes of a fact about something it does not know: nothing, and no error. A log may begin anywhere."""

from __future__ import annotations

from dataclasses import fields

import pytest

from controller.domain import events as ev
from controller.domain.alarms import PRIORITY, AlarmKind, Source
from controller.domain.decision import AccessRequest
from controller.domain.doors import LockMode
from controller.domain.ids import (
    AlarmId,
    AreaId,
    CameraId,
    CardholderId,
    CauseId,
    FireZoneId,
    OperatorId,
    PointId,
    ReaderId,
    RequestId,
    ZoneId,
)
from controller.domain.records import Purpose
from controller.domain.site import Factor
from controller.rules.fold import apply
from controller.rules.policy import end_what_is_gone
from controller.rules.turn import Turn
from tests.controller.builders import ALICE, FRONT, INNER_IN, MONDAY_TEN, quiet_house, swipe

WHO, ONE, TWO = CardholderId("nobody"), OperatorId("one"), OperatorId("two")
REQUEST = RequestId("r0")
ASKED = AccessRequest(REQUEST, INNER_IN, None, frozenset())
UNKNOWN = [
    ev.FactorProven(REQUEST, ReaderId("gone"), Factor.PIN, ASKED),
    ev.FactorProven(REQUEST, INNER_IN, Factor.PIN, ASKED),
    ev.BypassEnded(PointId("gone"), None),
    ev.MaintenanceEnded(Source(door=FRONT), None, (), None),
    ev.WebhookRemoved(ONE, "gone", "why"),
    ev.TokenRevoked(ONE, OperatorId("api:gone"), "why"),
    ev.AreaDisarmed(AreaId("gone"), None, None),
    ev.GraceEnded(ZoneId("gone"), AlarmKind.TWO_PERSON_BROKEN),
    ev.GraceEnded(ZoneId("gone"), AlarmKind.VISITOR_ASTRAY),
    ev.HostApproved(WHO, ONE),
    ev.VisitorSignedOut(WHO, ONE, badge_returned=True),
    ev.LegalHoldLifted(ONE, TWO, "gone", "the court is done"),
    ev.CardholderErased(ONE, TWO, WHO, "has left"),
    ev.BackupRestored("cli", MONDAY_TEN, 1, (WHO,), "", ()),
    ev.PeopleExported(ONE, TWO, Purpose.AUDIT, ""),
    ev.DestructionOrdered(ONE, TWO, "the end"),
    ev.VeilLowered(ONE, CameraId("gone")),
    ev.EvidenceExported(ONE, TWO, Purpose.AUDIT, "", (), (), pixelated=False),
    ev.FireResetConfirmed(FireZoneId("gone"), ONE, "toast"),
    ev.LockdownSecured(1.0),
    ev.LockdownOverdue((FRONT,)),
    ev.LockdownEnded(ONE, TWO),
    ev.AlarmAcknowledged(AlarmId("a0"), ONE),
    ev.AlarmClosed(AlarmId("a0"), ONE, "why"),
    ev.AlarmEscalated(AlarmId("a0"), (), silent=False),
    ev.AlarmStepDone(AlarmId("a0"), 0, ONE),
    ev.AlarmShelved(AlarmId("a0"), ONE, "why", 60.0),
    ev.AlarmUnshelved(AlarmId("a0"), ONE),
    ev.CauseReset(CauseId("gone"), None),
    ev.DoorModeReleased(FRONT, LockMode.BLOCKED, ONE),
]


@pytest.mark.parametrize("event", UNKNOWN, ids=lambda event: type(event).__name__)
def test_a_fact_about_what_is_not_known_moves_nothing(event) -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))  # somebody is asked for a PIN meanwhile
    after = apply(house.state, event, house.now)
    moved = [each.name for each in fields(after) if getattr(after, each.name) != getattr(house.state, each.name)]
    assert moved == []


def test_an_alarm_that_lasts_at_a_reader_ends_only_with_the_reader() -> None:
    for reader, ends in ((INNER_IN, False), (ReaderId("gone"), True)):
        house = quiet_house()
        kind = AlarmKind.TAMPER
        raised = ev.AlarmRaised(AlarmId("a1"), kind, PRIORITY[kind], Source(reader=reader), "", persists=True)
        turn = Turn(house.site, apply(house.state, raised, house.now), house.now)
        end_what_is_gone(turn)
        assert bool(turn.events) is ends
