"""Where a rule or a fold turns on one word: facts that a whole building hardly ever brings together."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from immutables import Map

from controller.domain import effects as fx
from controller.domain import events as ev
from controller.domain.alarms import PRIORITY, AlarmKind, Source
from controller.domain.doors import DoorState, LockMode, LockStatus, Loop, Passage, Position, Waiting
from controller.domain.enrolment_orders import IssueBadge, RecordCardholder, enrolment_subject
from controller.domain.face_orders import EnrolFace, FaceBasis, WithdrawFace
from controller.domain.faces import Gesture
from controller.domain.filming import ViewTrouble
from controller.domain.ids import (
    OUTSIDE,
    AlarmId,
    AreaId,
    CameraId,
    CardholderId,
    DeviceId,
    DoorId,
    FireZoneId,
    OperatorId,
    OutputId,
    PointId,
    ReaderId,
    RequestId,
    ZoneId,
)
from controller.domain.instant import Instant
from controller.domain.integration_orders import IssueToken
from controller.domain.integrations import Scope
from controller.domain.maintenance_orders import StartMaintenance
from controller.domain.operator_orders import AppointOperator
from controller.domain.operators import Refusal, Role
from controller.domain.people import Cardholder, CardholderKind
from controller.domain.points import PointCondition
from controller.domain.records import Asked
from controller.domain.site import Assurance, Factor, Input
from controller.domain.state import (
    DeviceState,
    Enrolment,
    Heard,
    LetIn,
    ModesDue,
    OutputState,
    PendingChallenge,
    SiteState,
    Visit,
    replace,
)
from controller.domain.stimuli import DeviceSeen, GestureWanted, PositionSeen, TimePassed
from controller.domain.visit_orders import SignInVisitor
from controller.domain.words import word_for
from controller.rules import (
    enrolment,
    faces,
    integration_orders,
    interlock,
    maintenance,
    operator_orders,
    points,
    reach,
    relock,
    schedule,
    standing,
    visit_orders,
    visitors,
)
from controller.rules.fold import apply
from controller.rules.turn import Turn
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    EVE,
    FRONT,
    FRONT_IN,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    IO,
    LOBBY,
    LOBBY_CAMERA,
    MONDAY_TEN,
    SUE,
    badge,
    badge_of,
    lock_of,
    of_kind,
    quiet_house,
    small_site,
    with_barrier,
    with_door,
    with_mantrap,
    with_points,
    with_turnstile,
)
from tests.controller.full import FullHouse

WALL = MONDAY_TEN.astimezone(UTC)
AT = Instant(WALL, 1000.0)
BOOT = Instant(WALL, 5.0)
ONE, TWO, THREE = RequestId("r1"), RequestId("r2"), RequestId("r3")
CAROL = CardholderId("p-carol")
STARTED = ev.BoxStarted("1", 10.0, 30.0, 60.0)


def fold(*events: ev.Event, state: SiteState | None = None, at: Instant = AT) -> SiteState:
    state = SiteState() if state is None else state
    for event in events:
        state = apply(state, event, at)
    return state


def turn(state: SiteState, site=None, now: Instant = AT) -> Turn:
    return Turn(site or small_site(), state, now)


# Doors


def test_an_exit_button_orders_no_bolt() -> None:
    locked = fold(ev.LockModeChanged(FRONT, LockMode.SECURED, None, ""))
    assert locked.door(FRONT).ordered is LockStatus.LOCKED
    assert fold(ev.ExitRequested(ONE, FRONT, 5.0), state=locked).door(FRONT).ordered is LockStatus.LOCKED


def test_a_lock_that_stands_as_it_should_is_not_ordered_to() -> None:
    stands = fold(ev.LockObserved(FRONT, LockStatus.LOCKED), ev.LockModeChanged(FRONT, LockMode.SECURED, None, ""))
    assert stands.door(FRONT).ordered is None


def test_a_door_that_is_told_how_to_stand_is_timed_no_more() -> None:
    timed = fold(ev.PositionObserved(FRONT, Position.OPEN, 20.0, 15.0))
    assert (timed.door(FRONT).warn_after, timed.door(FRONT).held_after) == (1015.0, 1020.0)
    released = fold(ev.LockModeChanged(FRONT, LockMode.UNLOCKED, None, ""), state=timed).door(FRONT)
    assert (released.warn_after, released.held_after) == (None, None)


def test_who_waits_at_an_interlock_waits_on_while_others_come_and_go() -> None:
    waits = fold(ev.ExitDelayed(ONE, FRONT, 10.0), ev.DoorUnlockOrdered(TWO, FRONT, GIL, "", 5.0))
    assert waits.door(FRONT).waiting is not None
    assert fold(ev.NoEntryAfterGrant(TWO, FRONT, ALICE), state=waits).door(FRONT).waiting is not None
    assert fold(ev.ExitRequested(ONE, FRONT, 5.0), state=waits).door(FRONT).waiting is None


def test_a_bolt_that_is_seen_where_it_was_has_not_done_as_ordered() -> None:
    ordered = fold(ev.DoorUnlockOrdered(ONE, FRONT, GIL, "", 5.0), ev.LockObserved(FRONT, LockStatus.LOCKED))
    assert ordered.door(FRONT).ordered is LockStatus.UNLOCKED


def test_a_key_that_is_turned_has_no_end_until_it_is_turned_back() -> None:
    turned = fold(ev.KeyOverrideObserved(FRONT, active=True, seconds=3.0))
    assert turned.door(FRONT).key_until is None
    back = fold(ev.KeyOverrideObserved(FRONT, active=False, seconds=3.0), state=turned)
    assert back.door(FRONT).key_until == 1003.0


@pytest.mark.parametrize(
    ("seen", "secured"),
    [
        (ev.PositionObserved(FRONT, Position.CLOSED, None, None), True),
        (ev.LockObserved(FRONT, LockStatus.LOCKED), True),
        (ev.PositionObserved(FRONT, Position.OPEN, None, None), False),
        (ev.LockObserved(FRONT, LockStatus.UNLOCKED), False),
    ],
)
def test_a_lockdown_stays_secured_by_what_is_shut(seen: ev.Event, secured: bool) -> None:
    state = fold(ev.LockdownStarted(GIL, "drill", 30.0), ev.LockdownSecured(1.0), seen)
    assert state.lockdown is not None
    assert state.lockdown.secured is secured


def test_an_order_about_to_lapse_lapses_on_time_after_a_restart() -> None:
    until = WALL + timedelta(seconds=0.5)
    ordered = fold(ev.DoorModeOrdered(FRONT, LockMode.UNLOCKED, GIL, "a delivery", until, 0.5))
    (order,) = fold(STARTED, state=ordered, at=BOOT).door(FRONT).orders
    assert order.lapses == 5.5


@pytest.mark.parametrize(
    ("passage", "on_the_way"),
    [
        (Passage(ONE, ALICE, LOBBY, 1001.0), True),
        (Passage(ONE, ALICE, LOBBY, 1000.0), False),
        (Passage(ONE, ALICE, LOBBY, 999.0), False),
        (Passage(ONE, ALICE, LOBBY, 1001.0, used=True), False),
    ],
)
def test_a_barrier_waits_for_whoever_may_still_come(passage: Passage, on_the_way: bool) -> None:
    door = DoorState(passages=(passage,), loop=Loop.FREE)
    state = replace(SiteState(), doors=Map({FRONT: door}), deferred=frozenset({FRONT}))
    waits = turn(state, with_barrier(small_site()))
    relock.resume_relocks(waits)
    assert bool(waits.outcome().effects) is not on_the_way


def test_a_barrier_that_is_held_up_keeps_no_other_from_coming_down() -> None:
    site = with_barrier(small_site())
    doors = {FRONT: DoorState(hold=LockMode.UNLOCKED, loop=Loop.FREE), INNER: DoorState()}
    freed = turn(replace(SiteState(), doors=Map(doors), deferred=frozenset(doors)), site)
    relock.resume_relocks(freed)
    assert freed.outcome().effects == (fx.Relock(INNER),)


def test_whoever_waits_at_the_second_leaf_is_let_out_though_nobody_waits_at_the_first() -> None:
    shut = DoorState(Position.CLOSED, LockStatus.LOCKED)
    doors = {FRONT: shut, INNER: changed(shut, waiting=Waiting(ONE, 1005.0))}
    waits = turn(replace(SiteState(), doors=Map(doors)), with_mantrap(small_site()))
    interlock.release_waiting(waits)
    assert [effect.door for effect in waits.outcome().effects] == [INNER]


def test_a_breach_is_not_over_because_a_leaf_is_no_longer_seen() -> None:
    house = quiet_house(with_mantrap(small_site()))
    for door, position in ((FRONT, Position.OPEN), (INNER, Position.OPEN)):
        house.see(PositionSeen(door, position))
    breached = next(a for a in house.state.alarms.values() if a.kind is AlarmKind.INTERLOCK_BREACHED)
    house.see(PositionSeen(FRONT, Position.UNKNOWN))
    assert house.state.alarms[breached.id].persists
    house.see(PositionSeen(FRONT, Position.CLOSED))
    assert not house.state.alarms[breached.id].persists


@pytest.mark.parametrize("wired", ["rotation_in", "rotation_out"])
def test_a_turnstile_that_can_no_longer_tell_one_way_lets_anybody_pass_unseen(wired: str) -> None:
    other = {"rotation_in", "rotation_out"} - {wired}
    site = with_turnstile(small_site())
    site = with_door(site, FRONT, **{key: Input(DeviceId("elsewhere"), None) for key in other})
    house = quiet_house(site)
    seen = house.see(DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    assert [doubt.why for doubt in of_kind(ev.WhereaboutsDoubted, seen.events)] == [ev.Doubt.DOOR_UNSEEN]


# People


def unknown(*people: CardholderId) -> SiteState:
    return fold(*(ev.PassbackForgiven(GIL, who, "why") for who in people))


def test_each_who_may_be_inside_counts_until_they_are_seen_outside() -> None:
    three = unknown(ALICE, BOB, CAROL)
    assert three.strangers == 3
    out = fold(ev.EntryObserved(ONE, FRONT, ALICE, OUTSIDE, assumed=False), state=three)
    assert out.strangers == 2
    again = fold(ev.EntryObserved(TWO, FRONT, ALICE, OUTSIDE, assumed=False), state=out)
    assert again.strangers == 2


def test_a_restart_times_from_its_own_clock_and_knows_nobody() -> None:
    came = fold(ev.EntryObserved(ONE, FRONT, ALICE, LOBBY, assumed=False))
    assert came.strangers == 0
    before = replace(
        came,
        let_in=Map({FRONT_IN: (LetIn(ALICE, 900.0),)}),
        left_alone=Map({LOBBY: 1100.0}),
        unescorted=Map({LOBBY: 1100.0}),
        modes_due=ModesDue(WALL, 1200.0),
        views=Map({LOBBY_CAMERA: ViewTrouble.BLURRED}),
        failed_sign_ins=(999.0,),
        clock_steady_since=990.0,
    )
    after = fold(ev.LockdownStarted(GIL, "drill", 30.0), state=before)
    after = fold(STARTED, state=after, at=BOOT)
    assert after.strangers is None
    assert after.sightings[ALICE].mono == 5.0
    assert (len(after.let_in), len(after.left_alone), len(after.unescorted), len(after.views)) == (0, 0, 0, 0)
    assert (after.modes_due, after.failed_sign_ins, after.clock_steady_since) == (None, (), 5.0)
    assert after.lockdown is not None
    assert after.lockdown.expected_seconds == 60.0


def test_a_flood_goes_on_by_the_clock_of_the_new_boot() -> None:
    kind = AlarmKind.TAMPER
    raised = fold(ev.AlarmRaised(AlarmId("a1"), kind, PRIORITY[kind], Source(door=FRONT), "", persists=True))
    assert fold(STARTED, state=raised, at=BOOT).flood == raised.flood.moved(BOOT.mono - AT.mono)


def test_the_escort_named_at_the_desk_is_the_visits_own() -> None:
    visit = ev.VisitorRegistered(EVE, GIL, ALICE, None, WALL, WALL + timedelta(hours=2))
    signed = fold(visit, ev.HostApproved(EVE, GIL), ev.VisitorSignedIn(EVE, GIL, badge_of(EVE), BOB))
    assert signed.visits[EVE].escort == BOB


def test_a_badge_is_handed_out_with_the_escort_that_was_named() -> None:
    visit = Visit(ALICE, None, WALL, WALL + timedelta(hours=2), approved=True)
    house = quiet_house()
    state = replace(house.state, visits=Map({EVE: visit}))
    desk = turn(fold(ev.CredentialRecorded("test", badge(EVE)), state=state), house.site)
    visit_orders.carry_out(desk, GIL, SignInVisitor(EVE, badge_of(EVE), BOB))
    (signed_in,) = of_kind(ev.VisitorSignedIn, desk.events)
    assert signed_in.escort == BOB


def test_a_visit_is_over_at_its_very_end() -> None:
    for until, over in ((WALL, True), (WALL + timedelta(microseconds=1), False)):
        here = Visit(ALICE, None, WALL - timedelta(hours=2), until, approved=True, signed_in=True)
        visit = turn(replace(SiteState(), visits=Map({EVE: here})))
        visitors.visits_time_passed(visit)
        assert bool(of_kind(ev.VisitorOverdue, visit.events)) is over


# Faces


def waiting(request: RequestId, who: CardholderId, *wanted: Factor) -> PendingChallenge:
    return PendingChallenge(request, badge_of(who), who, frozenset({Factor.CARD}), frozenset(wanted), 990.0, 1010.0)


def test_only_the_eyes_that_look_for_a_withdrawn_face_stop() -> None:
    challenges = {
        FRONT_IN: waiting(ONE, ALICE, Factor.FACE),
        INNER_IN: waiting(TWO, BOB, Factor.FACE),
        ReaderId("third"): waiting(THREE, ALICE, Factor.PIN),
    }
    gone = turn(replace(SiteState(), challenges=Map(challenges)))
    faces.withdraw(gone, "cli", ALICE, "she asked for it")
    assert gone.outcome().effects == (fx.StopFace(ONE),)


@pytest.mark.parametrize(
    ("who", "wanted", "compared"),
    [(ALICE, Factor.GUARD, True), (ALICE, Factor.PIN, False), (BOB, Factor.GUARD, False)],
)
def test_a_portrait_is_for_whom_a_guard_is_to_look_at(who: CardholderId, wanted: Factor, compared: bool) -> None:
    state = replace(SiteState(), challenges=Map({FRONT_IN: waiting(ONE, who, wanted)}))
    assert faces.is_compared(state, ALICE) is compared


@pytest.mark.parametrize(("mono", "asked"), [(1009.9, True), (1010.0, False)])
def test_no_gesture_is_asked_for_once_the_time_is_over(mono: float, asked: bool) -> None:
    site = small_site()
    readers = {**site.readers, FRONT_IN: changed(site.readers[FRONT_IN], camera=LOBBY_CAMERA)}
    state = replace(SiteState(), challenges=Map({FRONT_IN: waiting(ONE, ALICE, Factor.FACE)}))
    drawn = turn(state, changed(site, readers=readers), Instant(WALL, mono))
    faces.gesture_wanted(drawn, GestureWanted(ONE, LOBBY_CAMERA, Gesture.TURN_LEFT))
    assert bool(drawn.events) is asked


# Orders


@pytest.mark.parametrize(
    ("order", "theirs"),
    [
        (AppointOperator(OperatorId("new"), Role.GUARD, frozenset({LOBBY}), "joins"), False),
        (EnrolFace(ALICE, FaceBasis.CONSENT, "form 1"), False),
        (WithdrawFace(ALICE, "asked for it"), True),
    ],
)
def test_what_is_about_no_zone_is_or_is_not_for_whoever_has_one(order, theirs: bool) -> None:
    assert reach.within(turn(SiteState()), frozenset({LOBBY}), order) is theirs


def test_every_zone_there_is_may_be_named() -> None:
    house = quiet_house()
    everywhere, now = frozenset(house.site.zones), turn(house.state, house.site, house.now)
    until = house.now.wall + timedelta(days=1)
    issue = IssueToken(OperatorId("api:bms"), frozenset({Scope.ORDER_DOORS}), everywhere, until, "why")
    assert integration_orders.may(now, issue) is None
    appoint = AppointOperator(OperatorId("new"), Role.GUARD, everywhere, "joins")
    assert operator_orders._unknown_zone(now, appoint) is None
    nowhere = changed(appoint, zones=everywhere | {ZoneId("nowhere")})
    assert operator_orders._unknown_zone(now, nowhere) is Refusal.UNKNOWN_ZONE


def test_work_of_half_a_second_is_work() -> None:
    house = quiet_house()
    order = StartMaintenance(Source(door=FRONT), house.now.wall + timedelta(seconds=0.5), "a screw")
    assert maintenance.may(turn(house.state, house.site, house.now), GIL, order) is None


def test_who_asked_for_a_second_person_is_asked_for_so_many_hours() -> None:
    asked = fold(ev.SecondPersonAsked(GIL, "end_lockdown", "", 5.0, "why"))
    assert [one.hours for one in asked.asked.values()] == [5.0]


OFFERED = Enrolment(ADA, BOB, AT.mono, "H10301")
ISSUE = IssueBadge(FRONT_IN, Assurance.PKI, WALL, WALL + timedelta(days=30), "f00dfeed" * 8)


@pytest.mark.parametrize(
    ("late", "who", "why"),
    [
        (enrolment.ENROLMENT_SECONDS, BOB, None),
        (enrolment.ENROLMENT_SECONDS + 0.1, BOB, Refusal.NO_BADGE_OFFERED),
        (0.0, CardholderId("erased"), Refusal.NO_BADGE_OFFERED),
    ],
)
def test_a_badge_that_was_shown_is_given_for_a_while(late: float, who: CardholderId, why: Refusal | None) -> None:
    house = quiet_house()
    offered = changed(OFFERED, until=house.now.mono - late, cardholder=who)
    state = replace(house.state, enrolments=Map({FRONT_IN: offered}))
    assert enrolment.may(turn(state, house.site, house.now), ADA, ISSUE) is why


def test_a_badge_is_given_for_the_time_that_was_said() -> None:
    house = quiet_house()
    given = turn(replace(house.state, enrolments=Map({FRONT_IN: OFFERED})), house.site)
    enrolment.carry_out(given, ADA, ISSUE)
    (recorded,) = of_kind(ev.CredentialRecorded, given.events)
    assert (recorded.credential.valid_from, recorded.credential.valid_until) == (ISSUE.valid_from, ISSUE.valid_until)


def test_only_whose_badge_it_is_is_waited_for_no_longer() -> None:
    waits = {FRONT_IN: OFFERED, INNER_IN: changed(OFFERED, cardholder=ALICE)}
    unseen = {ReaderId("third"): changed(OFFERED, format=None)}
    state = replace(SiteState(), enrolments=Map({**waits, **unseen}))
    served = fold(ev.CredentialRecorded("test", badge(BOB)), state=state)
    assert {*served.enrolments} == {INNER_IN, ReaderId("third")}


def test_what_needs_nobody_else_is_the_word_of_whoever_gives_it() -> None:
    """Somebody asked when it still took two."""
    house = quiet_house()
    new = Cardholder(CAROL, CardholderKind.STAFF, 1, frozenset())
    order = RecordCardholder(new, "another", "joins", "sealed")
    asked = {(word_for(RecordCardholder), enrolment_subject(order)): Asked(SUE, house.now.wall, "joins")}
    recorded = turn(replace(house.state, asked=Map(asked)), house.site, house.now)
    enrolment.carry_out(recorded, GIL, order)
    (event,) = of_kind(ev.CardholderRecorded, recorded.events)
    assert (event.author, event.second) == (GIL, None)


# The rest of the house


def test_a_policy_forgets_what_it_does_not_know_and_nothing_else() -> None:
    gone, stays = "gone", "stays"
    known = {
        "challenges": {ReaderId(each): waiting(ONE, ALICE, Factor.PIN) for each in (gone, stays)},
        "unknown_cards": {ReaderId(each): (1.0,) for each in (gone, stays)},
        "devices": {DeviceId(each): DeviceState() for each in (gone, stays)},
        "heard": {DeviceId(each): Heard("b", 1) for each in (gone, stays)},
        "nameplates": {DeviceId(each): "x" for each in (gone, stays)},
        "cameras": {CameraId(each): DeviceState() for each in (gone, stays)},
        "views": {CameraId(each): None for each in (gone, stays)},
        "veils": {CameraId(each): 1.0 for each in (gone, stays)},
        "points": {PointId(each): PointCondition.NORMAL for each in (gone, stays)},
        "outputs": {OutputId(each): OutputState() for each in (gone, stays)},
        "fires": {FireZoneId(each): WALL for each in (gone, stays)},
        "doors": {DoorId(each): DoorState() for each in (gone, stays)},
    }
    state = replace(SiteState(), **{name: Map(rows) for name, rows in known.items()})
    kinds = ("doors", "readers", "devices", "cameras", "points", "outputs", "fire_zones")
    event = ev.SiteActivated("digest", "", **{f"{kind}_gone": (gone,) for kind in kinds})
    after = fold(event, state=state)
    assert {name: [*getattr(after, name)] for name in known} == {name: [stays] for name in known}


def test_a_walk_test_begins_anew_and_outlives_a_restart() -> None:
    area, point = AreaId("vault"), PointId("glass")
    walked = fold(ev.WalkTestStarted(area, GIL, 60.0), ev.PointTested(area, point))
    assert walked.area(area).tested == {point}
    assert fold(ev.WalkTestStarted(area, GIL, 60.0), state=walked).area(area).tested == frozenset()
    later = Instant(WALL + timedelta(seconds=10), 5.0)
    assert fold(STARTED, state=walked, at=later).area(area).walk_until == 55.0


def test_a_silent_point_is_lost_in_silence() -> None:
    site = with_points(small_site())
    site = changed(site, points={**site.points, GLASS: changed(site.points[GLASS], silent=True)})
    lost = turn(fold(ev.PointObserved(GLASS, PointCondition.NORMAL, silent=True)), site)
    points.points_lost(lost, IO)
    assert [(each.point, each.silent) for each in of_kind(ev.PointObserved, lost.events)] == [(GLASS, True)]


@pytest.mark.parametrize("trusted", [True, False])
def test_no_schedule_is_timed_by_a_clock_that_is_not_trusted(trusted: bool) -> None:
    timed = turn(replace(SiteState(), clock_trusted=trusted), FullHouse().site)
    standing._time(timed)
    assert bool(timed.events) is trusted


@pytest.mark.parametrize(("behind", "elapsed", "step"), [(0.0, 60.0, -60), (0.5, 60.0, -60), (30.0, 1.0, -31)])
def test_a_step_of_the_clock_is_told_as_far_as_it_went(behind: float, elapsed: float, step: int) -> None:
    house = quiet_house()
    house.now = Instant(house.now.wall - timedelta(seconds=behind), house.now.mono + elapsed)
    seen = house._step(TimePassed())
    (distrusted,) = of_kind(ev.ClockDistrusted, seen.events)
    assert distrusted.detail == f"wall time stepped by {step} s"


@pytest.mark.parametrize(
    ("day", "changes"),
    [(date(2026, 3, 29), "2026-03-29T01:00:00+00:00"), (date(2026, 10, 25), "2026-10-25T01:00:00+00:00")],
)
def test_the_clocks_change_to_the_second(day: date, changes: str) -> None:
    assert [each.isoformat() for each in schedule._clock_changes(ZoneInfo("Europe/Vienna"), day)] == [changes]


def test_a_device_that_is_gone_is_not_secure() -> None:
    gone = fold(ev.DeviceCameOnline(IO, secure=True, detail=""), ev.DeviceWentOffline(IO, "silent"))
    assert (gone.device(IO).online, gone.device(IO).secure) == (False, False)


def test_what_a_clock_that_is_not_trusted_timed_is_forgotten() -> None:
    timed = replace(SiteState(), modes_due=ModesDue(WALL, 1200.0))
    assert fold(ev.ClockDistrusted("stepped", 60.0), state=timed).modes_due is None
