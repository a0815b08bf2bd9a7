"""Orders: one row per refusal, who may order what, and what an order does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import get_args

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarm_orders import EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import AlarmKind
from controller.domain.area_orders import ArmArea, BypassPoint, DisarmArea, EndBypass, ResetCause, WalkTest
from controller.domain.doors import LockMode, LockStatus
from controller.domain.effects import Relock, Unlock
from controller.domain.enrolment_orders import EnrolmentOrder
from controller.domain.evacuation import EvacuationOrder
from controller.domain.face_orders import FaceOrder
from controller.domain.heads import HeadOrder
from controller.domain.ids import AlarmId, CardholderId, CauseId, DoorId, OperatorId, RequestId
from controller.domain.integration_orders import IntegrationOrder
from controller.domain.maintenance_orders import MaintenanceOrder
from controller.domain.operator_orders import OperatorOrder
from controller.domain.operators import (
    AcknowledgeAlarm,
    BlockDoor,
    CloseAlarm,
    ConfirmFireReset,
    ConfirmPassage,
    EndLockdown,
    ForgiveAllPassback,
    ForgivePassback,
    LockDoor,
    Operator,
    Order,
    Panic,
    Refusal,
    RefusePassage,
    ReleaseDoorMode,
    Role,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
    UnlockOnce,
)
from controller.domain.record_orders import RecordOrder
from controller.domain.visit_orders import VisitOrder
from controller.rules.order import RIGHTS
from controller.rules.step import still_holds
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    BUILDING,
    CELLAR,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    INNER_OUT,
    MONDAY_TEN,
    PANEL,
    PIR,
    ROOM,
    SUE,
    House,
    bolt,
    closes,
    of_kind,
    opens,
    order,
    pin,
    point,
    quiet_house,
    swipe,
    with_fire,
    with_mantrap,
)
from tests.controller.rules.test_record_orders import ROWS as RECORD_ROWS

A1 = AlarmId("a1")
Before = Callable[[House], object]


SOON = MONDAY_TEN + timedelta(hours=1)


def nothing(house: House) -> None: ...


def forced(house: House) -> None:
    house.see(opens(FRONT))


def forced_and_closed(house: House) -> None:
    forced(house)
    house.see(closes(FRONT))


def acknowledged(house: House) -> None:
    forced_and_closed(house)
    house.see(order(GIL, AcknowledgeAlarm(A1)))


def in_the_mantrap(house: House) -> None:
    house.site = with_mantrap(house.site)
    house.see(swipe(FRONT_IN, ALICE))


def on_fire(house: House) -> None:
    house.site = with_fire(house.site)
    house.see(point(PANEL))


def after(*orders: Order) -> Before:
    def before(house: House) -> None:
        for what in orders:
            house.see(order(SUE, what))

    return before


ROWS: Mapping[Refusal, tuple[Before, OperatorId, Order]] = {
    Refusal.UNKNOWN_OPERATOR: (nothing, OperatorId("mallory"), LockDoor(FRONT)),
    Refusal.NOT_YOUR_ROLE: (nothing, GIL, SetThreatLevel(1, "x")),
    Refusal.UNKNOWN_DOOR: (nothing, GIL, UnlockOnce(DoorId("nowhere"), "x")),
    Refusal.UNKNOWN_ALARM: (nothing, GIL, AcknowledgeAlarm(A1)),
    Refusal.UNKNOWN_REQUEST: (nothing, GIL, ConfirmPassage(RequestId("r1"))),
    Refusal.UNKNOWN_AREA: (nothing, GIL, ArmArea(ROOM)),
    Refusal.UNKNOWN_CARDHOLDER: (nothing, GIL, ForgivePassback(CardholderId("nobody"), "x")),
    Refusal.UNKNOWN_THREAT_LEVEL: (nothing, SUE, SetThreatLevel(3, "x")),
    Refusal.LOCKDOWN: (after(StartLockdown("x")), GIL, UnlockOnce(FRONT, "x")),
    Refusal.DOOR_BLOCKED: (after(BlockDoor(FRONT, "x")), GIL, UnlockOnce(FRONT, "x")),
    Refusal.THREAT_LEVEL: (after(SetThreatLevel(2, "x")), GIL, UnlockOnce(INNER, "x")),
    Refusal.INTERLOCK: (in_the_mantrap, GIL, UnlockOnce(INNER, "x")),
    Refusal.NO_LOCKDOWN: (nothing, GIL, EndLockdown()),
    Refusal.ALREADY_SO: (after(BlockDoor(FRONT, "x")), GIL, BlockDoor(FRONT, "y")),
    Refusal.SECOND_PERSON_NEEDED: (after(StartLockdown("x"), EndLockdown()), SUE, EndLockdown()),
    Refusal.CAUSE_PERSISTS: (forced, GIL, CloseAlarm(A1, "a draught")),
    Refusal.REASON_NEEDED: (nothing, GIL, BlockDoor(FRONT, "  ")),
    Refusal.NOT_ACKNOWLEDGED: (forced_and_closed, GIL, CloseAlarm(A1, "a draught")),
    Refusal.UNKNOWN_FIRE_ZONE: (nothing, GIL, ConfirmFireReset(BUILDING, "x")),
    Refusal.FIRE: (on_fire, GIL, LockDoor(FRONT)),
    Refusal.FIRE_PANEL_NOT_RESET: (on_fire, GIL, ConfirmFireReset(BUILDING, "x")),
    Refusal.MODE_NOT_ALLOWED: (nothing, SUE, SetDoorMode(CELLAR, LockMode.UNLOCKED, SOON, "x")),
    Refusal.UNTIL_NOT_ALLOWED: (nothing, GIL, SetDoorMode(FRONT, LockMode.BLOCKED, MONDAY_TEN, "x")),
    Refusal.LOG_CANNOT_BE_WRITTEN: (
        lambda house: house.see(st.LogLateSeen((), "slow disk")),
        GIL,
        UnlockOnce(FRONT, "x"),
    ),
}
NOT_FOR_ORDERS = {
    Refusal.UNKNOWN_DEVICE: "has its row in test_maintenance.py",
    Refusal.UNKNOWN_POINT: "takes a site with points: test_areas.py",
    Refusal.UNKNOWN_CAUSE: "takes a site with causes: test_causes.py",
    Refusal.UNKNOWN_STEP: "has its row in test_alarm_orders.py",
    Refusal.CANNOT_BE_SHELVED: "has its row in test_alarm_orders.py",
    Refusal.POINT_NOT_READY: "takes an intrusion area: test_areas.py",
    Refusal.CANNOT_BE_BYPASSED: "takes a site with points: test_areas.py",
    Refusal.AREA_ARMED: "takes an intrusion area: test_areas.py",
    Refusal.EXPIRY_NEEDED: "takes a site with points: test_areas.py",
    Refusal.DOOR_LOCKED: "why a grant was withdrawn: a guard may always let somebody through again",
}


@pytest.mark.parametrize("refusal", ROWS)
def test_every_refusal_is_a_fact_and_does_nothing(refusal: Refusal) -> None:
    before, who, what = ROWS[refusal]
    house = quiet_house()
    before(house)
    outcome = house.see(order(who, what))
    (event,) = outcome.events
    assert isinstance(event, ev.OrderRefused)
    assert (event.operator, event.why) == (who, refusal)
    assert outcome.effects == ()


AT_THE_DESK = {Refusal.UNKNOWN_VISITOR, Refusal.VISIT_OVER, Refusal.NOT_FOR_VISITORS, Refusal.BADGE_NOT_FREE}
"""Each has its row in test_visitors.py."""


ABOUT_COLLEAGUES = {
    Refusal.NOT_YOUR_ZONE,
    Refusal.NO_SUCH_OPERATOR,
    Refusal.UNKNOWN_ZONE,
    Refusal.NO_HANDOVER,
    Refusal.NO_SUCH_TOKEN,
    Refusal.NO_SUCH_WEBHOOK,
    Refusal.TARGET_NOT_ALLOWED,
}
"""Each has its row in test_operator_orders.py, test_integration_orders.py, test_reach.py or test_record_orders.py."""


ABOUT_BADGES_AND_EVACUATION = {
    Refusal.NO_EVACUATION,
    Refusal.UNKNOWN_SAFE_POINT,
    Refusal.UNKNOWN_READER,
    Refusal.UNKNOWN_COMPETENCY,
    Refusal.READER_TAKEN,
    Refusal.NO_BADGE_OFFERED,
    Refusal.NAME_NEEDED,
}
"""Rows in test_enrolment.py and test_evacuation.py."""


ABOUT_FACES = {
    Refusal.NO_FACE,
    Refusal.FACE_ALIKE,
    Refusal.NO_PORTRAIT,
    Refusal.PORTRAITS_NOT_ALLOWED,
    Refusal.NOTHING_TO_COMPARE,
    Refusal.NO_WATCH_LIST,
}
"""Rows in test_faces.py."""
ABOUT_CAMERAS = {Refusal.CANNOT_BE_TURNED, Refusal.UNKNOWN_PRESET}
"""Rows in test_heads.py."""


def test_every_refusal_has_a_row() -> None:
    about_records = {refusal for refusal, *_ in RECORD_ROWS}
    elsewhere = AT_THE_DESK | ABOUT_COLLEAGUES | ABOUT_BADGES_AND_EVACUATION | ABOUT_CAMERAS | ABOUT_FACES
    assert set(ROWS) | set(NOT_FOR_ORDERS) | about_records | elsewhere == set(Refusal)


MORE: list[tuple[Before, Order, Refusal]] = [
    (after(StartLockdown("x")), StartLockdown("y"), Refusal.ALREADY_SO),
    (nothing, StartLockdown(""), Refusal.REASON_NEEDED),
    (nothing, SetThreatLevel(0, "x"), Refusal.ALREADY_SO),
    (nothing, SetThreatLevel(1, ""), Refusal.REASON_NEEDED),
    (nothing, UnblockDoor(FRONT), Refusal.ALREADY_SO),
    (acknowledged, AcknowledgeAlarm(A1), Refusal.ALREADY_SO),
    (acknowledged, CloseAlarm(A1, " "), Refusal.REASON_NEEDED),
    (nothing, CloseAlarm(A1, "x"), Refusal.UNKNOWN_ALARM),
    (nothing, LockDoor(DoorId("nowhere")), Refusal.UNKNOWN_DOOR),
    (nothing, ForgivePassback(ALICE, " "), Refusal.REASON_NEEDED),
    (nothing, ForgiveAllPassback(""), Refusal.REASON_NEEDED),
]


@pytest.mark.parametrize(("before", "what", "refusal"), MORE)
def test_the_other_orders_are_refused_alike(before: Before, what: Order, refusal: Refusal) -> None:
    house = quiet_house()
    before(house)
    assert [e.why for e in of_kind(ev.OrderRefused, house.see(order(SUE, what)).events)] == [refusal]


def test_the_strictest_thing_is_named_first() -> None:
    house = quiet_house()
    after(SetThreatLevel(2, "x"), BlockDoor(INNER, "x"))(house)
    house.see(order(GIL, UnlockOnce(INNER, "x")))
    assert of_kind(ev.OrderRefused, house.events)[-1].why is Refusal.DOOR_BLOCKED
    after(StartLockdown("x"))(house)
    house.see(order(GIL, UnlockOnce(INNER, "x")))
    assert of_kind(ev.OrderRefused, house.events)[-1].why is Refusal.LOCKDOWN


EVERY_ORDER: tuple[Order, ...] = (
    UnlockOnce(FRONT, "x"),
    LockDoor(FRONT),
    BlockDoor(FRONT, "x"),
    UnblockDoor(FRONT),
    StartLockdown("x"),
    EndLockdown(),
    SetThreatLevel(1, "x"),
    AcknowledgeAlarm(A1),
    CloseAlarm(A1, "x"),
    TickStep(A1, 0),
    EscalateAlarm(A1),
    ShelveAlarm(A1, SOON, "x"),
    UnshelveAlarm(A1),
    ForgivePassback(ALICE, "x"),
    ForgiveAllPassback("x"),
    ConfirmPassage(RequestId("r1")),
    RefusePassage(RequestId("r1"), "x"),
    SetDoorMode(FRONT, LockMode.BLOCKED, SOON, "x"),
    ReleaseDoorMode(FRONT, LockMode.BLOCKED),
    ConfirmFireReset(BUILDING, "x"),
    ArmArea(ROOM),
    DisarmArea(ROOM),
    BypassPoint(PIR, MONDAY_TEN, "x"),
    EndBypass(PIR),
    WalkTest(ROOM, MONDAY_TEN),
    ResetCause(CauseId("c1")),
)
ABOVE_THE_POST = {SetThreatLevel, ForgiveAllPassback, BypassPoint, WalkTest, ResetCause, ShelveAlarm, UnshelveAlarm}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DATA_PROTECTION_OFFICER, Role.TECHNICIAN])
@pytest.mark.parametrize("what", EVERY_ORDER, ids=lambda what: type(what).__name__)
def test_who_only_looks_orders_nothing(role: Role, what: Order) -> None:
    if role is Role.TECHNICIAN and isinstance(what, WalkTest):
        pytest.skip("a technician looks whether detectors see them")
    house = quiet_house()
    house.see(st.OperatorEnrolled("test", Operator(ADA, role)))
    assert [e.why for e in of_kind(ev.OrderRefused, house.see(order(ADA, what)).events)] == [Refusal.NOT_YOUR_ROLE]


def test_a_guard_may_do_everything_but_set_the_threat_level_and_forgive_everybody() -> None:
    assert {type(what) for what in EVERY_ORDER} - RIGHTS[Role.GUARD] == ABOVE_THE_POST
    everything = {*map(type, EVERY_ORDER), Panic}
    unions = (  # each has a test
        *(RecordOrder, VisitOrder, OperatorOrder, EnrolmentOrder, EvacuationOrder, HeadOrder, MaintenanceOrder),
        *(IntegrationOrder, FaceOrder),
    )
    elsewhere = {kind for union in unions for kind in get_args(union)}
    assert RIGHTS[Role.SUPERVISOR] - elsewhere == everything
    assert RIGHTS[Role.SECURITY_OFFICER] - elsewhere == everything


@pytest.mark.parametrize("role", Role)
def test_anybody_may_call_for_help_and_is_heard_each_time(role: Role) -> None:
    house = quiet_house()
    house.see(st.OperatorEnrolled("test", Operator(ADA, role)))
    for _ in range(2):
        assert [type(event) for event in house.see(order(ADA, Panic())).events] == [ev.AlarmRaised]
    assert [alarm.detail for alarm in house.alarms(AlarmKind.PANIC)] == ["asked for by ada"] * 2


def test_a_changed_role_counts_on_the_next_order() -> None:
    house = quiet_house()
    house.see(st.OperatorEnrolled("test", Operator(GIL, Role.AUDITOR)))
    house.see(order(GIL, LockDoor(FRONT)))
    assert of_kind(ev.OrderRefused, house.events)[-1].why is Refusal.NOT_YOUR_ROLE


def test_a_block_locks_takes_back_and_keeps_everybody_out_until_it_is_taken_off() -> None:
    house = quiet_house()
    unlock = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    outcome = house.see(order(GIL, BlockDoor(FRONT, "broken glass")))
    assert outcome.effects == (Relock(FRONT),)
    assert outcome.events == (
        ev.DoorBlocked(FRONT, GIL, "broken glass"),
        ev.GrantWithdrawn(RequestId("r1"), FRONT, Refusal.DOOR_BLOCKED),
    )
    assert not still_holds(house.state, unlock, house.now)
    assert house.see(swipe(FRONT_IN, ALICE)).effects[:1] != (unlock,)
    house.see(order(SUE, UnblockDoor(FRONT)))
    assert isinstance(house.see(swipe(FRONT_IN, ALICE)).effects[0], Unlock)


def test_a_block_survives_a_restart() -> None:
    house = quiet_house()
    house.see(order(GIL, BlockDoor(FRONT, "broken glass")))
    house.restart()
    assert house.state.door(FRONT).block is not None


def test_locking_a_door_takes_back_what_was_granted_there_only() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(INNER_OUT, BOB))
    house.see(order(GIL, LockDoor(FRONT)))
    assert of_kind(ev.GrantWithdrawn, house.events) == [ev.GrantWithdrawn(RequestId("r1"), FRONT, Refusal.DOOR_LOCKED)]
    assert len(house.state.door(INNER).passages) == 1


def test_a_threat_level_locks_its_doors_and_takes_back_what_was_granted_there() -> None:
    house = quiet_house()
    house.see(swipe(INNER_OUT, BOB))
    outcome = house.see(order(SUE, SetThreatLevel(2, "a threat")))
    assert outcome.effects == (Relock(INNER),)
    assert outcome.events[1:] == (ev.GrantWithdrawn(RequestId("r1"), INNER, Refusal.THREAT_LEVEL),)


def test_a_threat_level_that_asks_more_takes_back_what_was_granted_under_less() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))  # by card alone; the level asks for a PIN as well
    house.see(swipe(INNER_OUT, BOB))  # out into the lobby: the same is asked for there
    outcome = house.see(order(SUE, SetThreatLevel(1, "a threat")))
    assert set(outcome.effects) == {Relock(FRONT), Relock(INNER)}
    assert {event.door for event in of_kind(ev.GrantWithdrawn, list(outcome.events))} == {FRONT, INNER}


def test_a_threat_level_that_asks_no_more_leaves_what_was_granted() -> None:
    house = quiet_house()
    after(SetThreatLevel(1, "x"))(house)
    house.see(swipe(INNER_OUT, BOB))
    house.see(pin(INNER_OUT, BOB))
    assert len(house.state.door(INNER).passages) == 1
    assert house.see(order(SUE, SetThreatLevel(0, "over"))).effects == ()
    assert len(house.state.door(INNER).passages) == 1


def test_lowering_the_threat_level_opens_nothing_by_itself() -> None:
    house = quiet_house()
    after(SetThreatLevel(2, "x"))(house)
    assert house.see(order(SUE, SetThreatLevel(0, "over"))).effects == ()


def test_an_alarm_is_acknowledged_then_closed() -> None:
    house = quiet_house()
    house.see(bolt(FRONT, LockStatus.JAMMED))
    house.see(order(GIL, AcknowledgeAlarm(A1)))
    assert house.state.alarms[A1].acknowledged_by == GIL
    house.see(bolt(FRONT, LockStatus.LOCKED))
    house.see(order(SUE, CloseAlarm(A1, "oiled")))
    assert A1 not in house.state.alarms


def test_acknowledging_one_never_touches_another() -> None:
    house = quiet_house()
    house.see(opens(FRONT))
    house.see(opens(INNER))
    house.see(order(GIL, AcknowledgeAlarm(A1)))
    assert house.state.alarms[AlarmId("a2")].acknowledged_by is None
