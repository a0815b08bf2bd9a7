"""Rights by zone: a row for each order on both sides of its border."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from controller.domain.area_orders import AreaOrder, ArmArea, BypassPoint, DisarmArea, EndBypass, ResetCause, WalkTest
from controller.domain.doors import LockMode
from controller.domain.enrolment_orders import EnrolmentOrder, IssueBadge, OpenEnrolment, RecordCardholder
from controller.domain.evacuation import CheckIn, EndEvacuation, EvacuationOrder, StartEvacuation, UndoCheckIn
from controller.domain.heads import GoToPreset, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import (
    AccessLevelId,
    AlarmId,
    AreaId,
    CameraId,
    CauseId,
    DoorId,
    FireZoneId,
    OperatorId,
    PointId,
    ReaderId,
    RequestId,
)
from controller.domain.maintenance_orders import EndMaintenance, MaintenanceOrder, ReplaceReader, StartMaintenance
from controller.domain.operator_orders import AcceptHandOver, HandOver, OperatorOrder
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
from controller.domain.people import Cardholder, CardholderKind, CredentialStatus
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
)
from controller.domain.records import Purpose, RecordScope
from controller.domain.site import Assurance, Factor
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor, SignOutVisitor, VisitOrder
from controller.rules.alarm import raise_alarm
from controller.rules.reach import within
from controller.rules.turn import Turn
from tests.controller.builders import (
    ALICE,
    BOB,
    BUILDING,
    CELLAR,
    CELLAR_CAMERA,
    CHANCERY,
    FRONT,
    FRONT_IN,
    GIL,
    GUARDS,
    INNER,
    INNER_IN,
    LOBBY,
    MONDAY_TEN,
    NIGHT_CREW,
    PIR,
    ROOM,
    SUE,
    VAULT,
    badge_of,
    head,
    order,
    quiet_house,
    swipe,
    with_area,
    with_fire,
    with_points,
    with_reader,
)

L, LC = frozenset({LOBBY}), frozenset({LOBBY, CHANCERY})
C, V, ALL = frozenset({CHANCERY}), frozenset({VAULT}), frozenset({LOBBY, CHANCERY, VAULT})
LATER = MONDAY_TEN + timedelta(hours=1)
NOWHERE = frozenset()


def turn():
    """The house with everything that an order may name: Alice waits at the inner door for a guard's look."""
    site = with_area(with_points(with_fire(quiet_house().site, FRONT, INNER)))
    house = quiet_house(with_reader(site, INNER_IN, factors=frozenset({Factor.CARD, Factor.GUARD})))
    house.see(swipe(INNER_IN, ALICE))
    return Turn(house.site, house.state, house.now)


def zones_of(level):
    site = turn().site
    granted = site.access_levels[level]
    doors = (zone for door in granted.doors for zone in site.doors[door].zones)
    return frozenset({*granted.zones, *doors}) - {"outside"}


def rows():
    """Yield an order, the fewest zones that it takes, and a set of zones that is not enough."""
    for kind in (LockDoor, UnblockDoor):
        yield kind(FRONT), L, C
        yield kind(INNER), LC, L
        yield kind(CELLAR), frozenset({CHANCERY, VAULT}), V
    yield UnlockOnce(INNER, "x"), LC, C
    yield BlockDoor(INNER, "x"), LC, C
    yield SetDoorMode(INNER, LockMode.SECURED, LATER, "x"), LC, L
    yield ReleaseDoorMode(INNER, LockMode.SECURED), LC, L
    yield ConfirmFireReset(BUILDING, "x"), LC, L
    yield ConfirmPassage(RequestId("r1")), LC, L
    yield RefusePassage(RequestId("r1"), "x"), LC, C
    for area in (ArmArea(ROOM), DisarmArea(ROOM), WalkTest(ROOM, LATER)):
        yield area, frozenset(turn().site.areas[ROOM].zones), L if LOBBY not in turn().site.areas[ROOM].zones else V
    for work in (lambda at: StartMaintenance(at, LATER, "x"), EndMaintenance):
        yield work(Source(door=INNER)), LC, C
        yield work(Source(reader=FRONT_IN)), L, C
    yield ReplaceReader(head(INNER_IN), "x"), LC, C
    for point in (BypassPoint(PIR, LATER, "x"), EndBypass(PIR)):
        zone = turn().site.points[PIR].zone
        yield point, frozenset({zone}), ALL - {zone}
    for level in (NIGHT_CREW, GUARDS):
        enough = zones_of(level)
        yield AssignAccessLevel(BOB, level, "x"), enough, enough - {max(enough)}
        yield RegisterVisitor(BOB, ALICE, None, MONDAY_TEN, LATER, frozenset({level})), enough, enough - {max(enough)}
    camera = turn().site.cameras[CELLAR_CAMERA].zone
    yield OpenEnrolment(FRONT_IN, ALICE, "x"), L, V
    yield IssueBadge(FRONT_IN, Assurance.PKI, None, None), L, V
    for veil in (LiftVeil(CELLAR_CAMERA, 60.0, "x"), LowerVeil(CELLAR_CAMERA)):
        yield veil, frozenset({camera}), ALL - {camera}
    for turned in (TurnCamera(CELLAR_CAMERA, 1.0, 0.0, 0.0, 1.0), StopCamera(CELLAR_CAMERA)):
        yield turned, frozenset({camera}), ALL - {camera}
    for preset in (GoToPreset(CELLAR_CAMERA, 1), KeepPreset(CELLAR_CAMERA, 1)):
        yield preset, frozenset({camera}), ALL - {camera}


@pytest.mark.parametrize(("what", "enough", "too_few"), list(rows()), ids=lambda value: str(value)[:60])
def test_an_order_takes_the_zones_it_is_about(what, enough, too_few):
    assert within(turn(), enough, what)
    assert not within(turn(), too_few, what)


WHOLE_HOUSE = (
    EndLockdown(),
    SetThreatLevel(1, "x"),
    ForgiveAllPassback("x"),
    ResetCause(CauseId("c")),
    EraseCardholder(ALICE, "x"),
    ExportPeople(Purpose.AUDIT),
    ExportEvidence(Purpose.AUDIT, "", (), (), (), pixelated=True),
    PlaceLegalHold("h", None, "x"),
    LiftLegalHold("h", "x"),
    DestroyBox("x"),
    RecordCardholder(Cardholder(ALICE, CardholderKind.STAFF, 0, frozenset()), "", "x"),
    EndEvacuation("x"),
)
ANYWHERE = (
    StartLockdown("x"),
    Panic(),
    StartEvacuation("x"),
    CheckIn(ALICE, None),
    UndoCheckIn(ALICE),
    HandOver(""),
    AcceptHandOver(),
    ForgivePassback(ALICE, "x"),
    ReadRecords(RecordScope.PEOPLE, Purpose.AUDIT),
    SetCredentialStatus(badge_of(ALICE), CredentialStatus.LOST, "x"),
    WithdrawAccessLevel(ALICE, GUARDS, "x"),
    ApproveVisit(BOB),
    SignInVisitor(BOB, badge_of(BOB)),
    SignOutVisitor(BOB, badge_returned=True),
    RegisterVisitor(BOB, ALICE, None, MONDAY_TEN, LATER, frozenset()),
)


@pytest.mark.parametrize("what", WHOLE_HOUSE, ids=lambda what: type(what).__name__)
def test_what_concerns_the_whole_house_takes_who_has_no_limit(what):
    assert not within(turn(), ALL, what)


@pytest.mark.parametrize("what", ANYWHERE, ids=lambda what: type(what).__name__)
def test_what_helps_or_makes_safer_is_anybodys(what):
    assert within(turn(), NOWHERE, what)


UNKNOWN = (
    UnlockOnce(DoorId("no"), "x"),
    ConfirmFireReset(FireZoneId("no"), "x"),
    AcknowledgeAlarm(AlarmId("a99")),
    ConfirmPassage(RequestId("r99")),
    ArmArea(AreaId("no")),
    EndBypass(PointId("no")),
    AssignAccessLevel(ALICE, AccessLevelId("no"), "x"),
    LowerVeil(CameraId("no")),
    StopCamera(CameraId("no")),
    OpenEnrolment(ReaderId("no"), ALICE, "x"),
)


@pytest.mark.parametrize("what", UNKNOWN, ids=lambda what: type(what).__name__)
def test_what_is_not_known_is_refused_for_that(what):
    assert within(turn(), NOWHERE, what)


@pytest.mark.parametrize(
    ("source", "mine", "not_mine"),
    [
        (Source(), NOWHERE, None),
        (Source(device="head-1"), NOWHERE, None),
        (Source(zone=VAULT), V, LC),
        (Source(door=INNER), C, V),
        (Source(reader=FRONT_IN), L, V),
        (Source(camera=CELLAR_CAMERA), None, NOWHERE),
        (Source(point=PIR), None, NOWHERE),
        (Source(area=ROOM), None, NOWHERE),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [AcknowledgeAlarm, CloseAlarm])
def test_an_alarm_is_theirs_whose_zone_it_touches(source, mine, not_mine, kind):
    house = turn()
    raise_alarm(house, AlarmKind.FAULT, source)
    (alarm,) = house.state.alarms
    what = AcknowledgeAlarm(alarm) if kind is AcknowledgeAlarm else CloseAlarm(alarm, "x")
    assert within(house, ALL if mine is None else mine, what)
    assert not_mine is None or not within(house, not_mine, what)


def test_a_limited_guard_is_refused_elsewhere_and_told_why():
    house = quiet_house()
    house.see(st.OperatorEnrolled("test", Operator(GIL, Role.GUARD, None, L)))
    assert [e.why for e in house.see(order(GIL, LockDoor(INNER))).events] == [Refusal.NOT_YOUR_ZONE]
    assert not [e for e in house.see(order(GIL, LockDoor(FRONT))).events if hasattr(e, "why")]
    assert [e.why for e in house.see(order(GIL, SetThreatLevel(1, "x"))).events] == [Refusal.NOT_YOUR_ROLE]
    assert [e.why for e in house.see(order(OperatorId("x"), LockDoor(FRONT))).events] == [Refusal.UNKNOWN_OPERATOR]
    assert not [e for e in house.see(order(SUE, LockDoor(INNER))).events if hasattr(e, "why")]


def test_every_order_has_its_row():
    told = {type(what) for what, *_ in rows()} | {type(what) for what in (*WHOLE_HOUSE, *ANYWHERE, *UNKNOWN)}
    assert {*get_args(RecordOrder), *get_args(AreaOrder), *get_args(VisitOrder)} <= told
    assert {*get_args(EnrolmentOrder), *get_args(EvacuationOrder), *get_args(MaintenanceOrder)} <= told
    assert {HandOver, AcceptHandOver} <= told & {*get_args(OperatorOrder)}
