"""Intrusion areas: armed and disarmed together, delays, bypasses, walk tests, the clock and the last one out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from controller.domain.area_orders import ArmArea, BypassPoint, DisarmArea, EndBypass, WalkTest
from controller.domain.decision import AccessRequest, Deny, DenyReason
from controller.domain.effects import SetOutput
from controller.domain.ids import AreaId, OperatorId, PointId, RequestId, ScheduleId
from controller.domain.operators import CloseAlarm, Operator, Order, Refusal, Role
from controller.domain.points import AreaMode, AtDoors, PointCondition
from controller.domain.site import Factor, Period, Schedule, Site, Weekday
from tests.controller.builders import (
    ALICE,
    BOB,
    CHANCERY,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    INNER_OUT,
    IO,
    LOBBY,
    MONDAY_TEN,
    PANIC,
    PIR,
    ROOM,
    SIREN,
    SUE,
    VAULT,
    House,
    badge_of,
    closes,
    of_kind,
    opens,
    order,
    pin,
    point,
    quiet_house,
    small_site,
    swipe,
    with_area,
)

NORMAL, ACTIVE = PointCondition.NORMAL, PointCondition.ACTIVE
BROKEN = [PointCondition.OPEN_LOOP, PointCondition.SHORTED]
A_DAY = timedelta(hours=24)


def room(**rules: object) -> House:
    return quiet_house(with_area(small_site(), **rules))


@pytest.fixture
def house() -> House:
    return room()


def mode(house: House) -> AreaMode:
    return house.state.area(ROOM).mode


def arm(house: House) -> House:
    house.see(order(GIL, ArmArea(ROOM)))
    house.wait(30.0)
    assert mode(house) is AreaMode.ARMED
    house.effects.clear()
    return house


def why(house: House, what: Order, who: OperatorId = GIL) -> Refusal | None:
    refused = of_kind(ev.OrderRefused, house.see(order(who, what)).events)
    return refused[0].why if refused else None


def intrusions(house: House) -> list[PointId | None]:
    return [alarm.source.point for alarm in house.alarms(AlarmKind.INTRUSION)]


# Arming


def test_arming_takes_the_exit_delay_and_is_armed_at_its_end(house: House) -> None:
    house.see(order(GIL, ArmArea(ROOM)))
    house.wait(29.9)
    assert mode(house) is AreaMode.EXIT_DELAY
    house.wait(0.1)
    assert mode(house) is AreaMode.ARMED


def test_without_an_exit_delay_it_is_armed_at_once() -> None:
    house = room(exit_seconds=0.0)
    house.see(order(GIL, ArmArea(ROOM)))
    assert mode(house) is AreaMode.ARMED


@pytest.mark.parametrize("condition", [ACTIVE, *BROKEN])
def test_an_area_with_a_point_that_is_not_normal_is_not_armed(house: House, condition: PointCondition) -> None:
    house.see(point(GLASS, condition))
    assert why(house, ArmArea(ROOM)) is Refusal.POINT_NOT_READY
    house.see(point(GLASS, NORMAL))
    assert why(house, ArmArea(ROOM)) is None


def test_an_area_with_a_point_nobody_heard_of_is_not_armed(house: House) -> None:
    house.see(st.DeviceSeen(IO, online=False, secure=False, detail="silent"))
    assert why(house, ArmArea(ROOM)) is Refusal.POINT_NOT_READY


def test_whoever_arms_it_may_still_stand_on_the_way_out(house: House) -> None:
    house.see(point(PIR))
    assert why(house, ArmArea(ROOM)) is None
    house.see(point(PIR, NORMAL))
    house.wait(30.0)
    assert mode(house) is AreaMode.ARMED


def test_a_cut_wire_on_the_way_out_keeps_it_from_being_armed(house: House) -> None:
    house.see(point(PIR, PointCondition.OPEN_LOOP))
    assert why(house, ArmArea(ROOM)) is Refusal.POINT_NOT_READY


def test_without_an_exit_delay_nobody_may_stand_on_the_way_out() -> None:
    house = room(exit_seconds=0.0)
    house.see(point(PIR))
    assert why(house, ArmArea(ROOM)) is Refusal.POINT_NOT_READY


def test_nothing_is_an_intrusion_before_the_exit_delay_is_over(house: House) -> None:
    house.see(order(GIL, ArmArea(ROOM)))
    house.see(point(GLASS), after=29.0)
    assert intrusions(house) == []
    house.wait(1.0)
    assert intrusions(house) == [GLASS]


def test_whoever_still_stands_on_the_way_out_when_the_delay_ends_has_the_entry_delay(house: House) -> None:
    house.see(order(GIL, ArmArea(ROOM)))
    house.see(point(PIR), after=29.0)
    house.wait(1.0)
    assert mode(house) is AreaMode.ENTRY_DELAY


# Tripping


@pytest.mark.parametrize("condition", [ACTIVE, *BROKEN])
def test_a_point_of_an_armed_area_is_an_intrusion_at_once(house: House, condition: PointCondition) -> None:
    outcome = arm(house).see(point(GLASS, condition))
    assert mode(house) is AreaMode.ALARM
    (alarm,) = house.alarms(AlarmKind.INTRUSION)
    assert (alarm.source, alarm.persists) == (Source(point=GLASS, area=ROOM), True)
    assert outcome.effects == (SetOutput(SIREN, on=True, seconds=180.0),)
    assert ev.OutputOrdered(SIREN, on=True, seconds=180.0, wanted_by="area room") in outcome.events


def test_the_siren_is_told_and_not_thought_to_sound(house: House) -> None:
    arm(house).see(point(GLASS))
    assert house.state.output(SIREN).on is None


@pytest.mark.parametrize("condition", BROKEN)
def test_who_cuts_the_wire_on_the_way_in_gets_no_entry_delay(house: House, condition: PointCondition) -> None:
    arm(house).see(point(PIR, condition))
    assert intrusions(house) == [PIR]


def test_who_takes_the_detectors_module_away_has_tripped_them(house: House) -> None:
    arm(house).see(st.DeviceSeen(IO, online=False, secure=False, detail="silent"))
    assert intrusions(house) == [GLASS, PIR]


def test_the_way_in_has_a_delay_and_then_it_is_an_intrusion(house: House) -> None:
    arm(house).see(point(PIR))
    assert (mode(house), intrusions(house)) == (AreaMode.ENTRY_DELAY, [])
    house.see(point(PIR, NORMAL))
    house.wait(29.9)
    assert mode(house) is AreaMode.ENTRY_DELAY
    house.wait(0.1)
    assert (mode(house), intrusions(house)) == (AreaMode.ALARM, [PIR])


def test_within_the_entry_delay_any_other_point_is_an_intrusion_at_once(house: House) -> None:
    arm(house).see(point(PIR))
    house.see(point(GLASS))
    assert intrusions(house) == [GLASS]


def test_a_second_point_is_a_second_alarm_and_the_same_one_no_third(house: House) -> None:
    arm(house).see(point(GLASS))
    for condition in (NORMAL, ACTIVE):
        house.see(point(GLASS, condition))
    house.see(point(PIR))
    assert intrusions(house) == [GLASS, PIR]


def test_disarming_silences_the_siren_and_only_then_the_alarm_may_be_closed(house: House) -> None:
    arm(house).see(point(GLASS))
    (alarm,) = house.alarms(AlarmKind.INTRUSION)
    assert why(house, CloseAlarm(alarm.id, "a bird")) is Refusal.CAUSE_PERSISTS
    outcome = house.see(order(GIL, DisarmArea(ROOM)))
    assert outcome.effects == (SetOutput(SIREN, on=False),)
    assert mode(house) is AreaMode.DISARMED
    assert not house.state.alarms[alarm.id].persists


@pytest.mark.parametrize("seconds", [0.0, 31.0])
def test_disarming_ends_either_delay(house: House, seconds: float) -> None:
    house.see(order(GIL, ArmArea(ROOM)))
    house.wait(seconds)
    house.see(point(PIR))
    house.see(order(GIL, DisarmArea(ROOM)))
    house.wait(100.0)
    assert (mode(house), intrusions(house)) == (AreaMode.DISARMED, [])


# Who may what


def test_disarming_ends_no_alarm_but_the_areas_own(house: House) -> None:
    arm(house)
    house.see(opens(INNER))  # forced, which the area's points do not tell
    house.see(point(GLASS))
    house.see(order(GIL, DisarmArea(ROOM)))
    standing = {alarm.kind: alarm.persists for alarm in house.state.alarms.values()}
    assert standing == {AlarmKind.FORCED_OPEN: True, AlarmKind.INTRUSION: False}


def test_what_is_so_already_or_unknown_is_refused(house: House) -> None:
    assert why(house, DisarmArea(ROOM)) is Refusal.ALREADY_SO
    assert why(house, ArmArea(AreaId("nowhere"))) is Refusal.UNKNOWN_AREA
    arm(house)
    assert why(house, ArmArea(ROOM)) is Refusal.ALREADY_SO


def test_a_guard_disarms_no_exclusion_zone() -> None:
    house = arm(room(zones=frozenset({CHANCERY, VAULT})))
    assert why(house, DisarmArea(ROOM)) is Refusal.NOT_YOUR_ROLE
    assert why(house, DisarmArea(ROOM), SUE) is None


@pytest.mark.parametrize("what", [ArmArea, DisarmArea])
def test_who_only_looks_neither_arms_nor_disarms(house: House, what: Callable[[AreaId], Order]) -> None:
    house.see(st.OperatorEnrolled("test", Operator(GIL, Role.TECHNICIAN)))
    assert why(house, what(ROOM)) is Refusal.NOT_YOUR_ROLE


# Bypasses


def bypass(house: House, seconds: float, which: PointId = GLASS, reason: str = "broken") -> Refusal | None:
    return why(house, BypassPoint(which, house.now.wall + timedelta(seconds=seconds), reason), SUE)


def test_a_bypassed_point_counts_for_nothing_until_its_time_is_over(house: House) -> None:
    house.see(point(GLASS))
    assert bypass(house, 3600.0) is None
    arm(house)
    house.wait(3600.0 - 30.1)
    assert intrusions(house) == []
    house.wait(0.1)
    assert intrusions(house) == [GLASS], "a bypass that is over while its point is open is an intrusion"


def test_a_bypass_can_be_ended_before(house: House) -> None:
    bypass(house, 3600.0)
    house.see(order(GIL, EndBypass(GLASS)))
    assert why(house, EndBypass(GLASS)) is Refusal.ALREADY_SO
    arm(house).see(point(GLASS))
    assert intrusions(house) == [GLASS]


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 24 * 3600.0 + 1.0])
def test_a_bypass_always_expires_and_within_a_day(house: House, seconds: float) -> None:
    assert bypass(house, seconds) is Refusal.EXPIRY_NEEDED


def test_a_bypass_of_a_day_is_one(house: House) -> None:
    assert bypass(house, 24 * 3600.0) is None


def test_what_needs_no_arming_is_never_bypassed(house: House) -> None:
    assert bypass(house, 60.0, PANIC) is Refusal.CANNOT_BE_BYPASSED


def test_a_bypass_takes_a_reason_a_point_and_more_than_a_guard(house: House) -> None:
    assert bypass(house, 60.0, reason=" ") is Refusal.REASON_NEEDED
    assert bypass(house, 60.0, PointId("nowhere")) is Refusal.UNKNOWN_POINT
    assert why(house, BypassPoint(GLASS, house.now.wall + A_DAY, "x")) is Refusal.NOT_YOUR_ROLE


# Walk tests


def walk(house: House, seconds: float = 600.0) -> Refusal | None:
    return why(house, WalkTest(ROOM, house.now.wall + timedelta(seconds=seconds)), SUE)


def test_a_walk_test_notes_which_points_move_and_raises_nothing(house: House) -> None:
    assert walk(house) is None
    for condition in (ACTIVE, NORMAL, ACTIVE):
        house.see(point(PIR, condition))
    assert of_kind(ev.PointTested, house.events) == [ev.PointTested(ROOM, PIR)]
    house.wait(600.0)
    assert of_kind(ev.WalkTestEnded, house.events) == [ev.WalkTestEnded(ROOM, (GLASS,))]
    assert not house.state.alarms


def test_an_armed_area_is_not_walked_and_a_walk_has_an_end(house: House) -> None:
    assert walk(house, 5 * 3600.0) is Refusal.EXPIRY_NEEDED
    arm(house)
    assert walk(house) is Refusal.AREA_ARMED


def test_arming_ends_a_walk_test(house: House) -> None:
    walk(house)
    arm(house)
    assert of_kind(ev.WalkTestEnded, house.events) == [ev.WalkTestEnded(ROOM, (GLASS, PIR))]
    assert house.state.area(ROOM).walk_until is None


# Doors


def enters(house: House) -> None:
    house.see(swipe(INNER_IN, ALICE))
    house.see(pin(INNER_IN, ALICE))
    house.see(opens(INNER))
    house.see(closes(INNER))


@pytest.mark.parametrize("before", [AreaMode.EXIT_DELAY, AreaMode.ARMED, AreaMode.ENTRY_DELAY])
def test_whoever_is_seen_to_enter_disarms_where_the_site_says_so(before: AreaMode) -> None:
    house = room(at_doors=AtDoors.DISARMS)
    house.see(order(GIL, ArmArea(ROOM)))
    house.wait(0.0 if before is AreaMode.EXIT_DELAY else 30.0)
    if before is AreaMode.ENTRY_DELAY:
        house.see(point(PIR))
    assert mode(house) is before
    enters(house)
    assert ev.AreaDisarmed(ROOM, None, ALICE) in house.events


def test_a_grant_that_nobody_used_disarms_nothing() -> None:
    house = arm(room(at_doors=AtDoors.DISARMS))
    house.see(swipe(INNER_IN, ALICE))
    house.see(pin(INNER_IN, ALICE))
    assert mode(house) is AreaMode.ARMED


def test_a_badge_ends_no_alarm() -> None:
    house = arm(room(at_doors=AtDoors.DISARMS))
    house.see(point(GLASS))
    enters(house)
    assert mode(house) is AreaMode.ALARM


def test_an_area_says_nothing_at_its_doors_unless_the_site_says_so(house: House) -> None:
    arm(house)
    enters(house)
    assert of_kind(ev.EntryObserved, house.events)
    assert mode(house) is AreaMode.ARMED


def ask_in(house: House) -> tuple[DenyReason, ...]:
    asked = AccessRequest(RequestId("r9"), INNER_IN, badge_of(ALICE), frozenset({Factor.CARD, Factor.PIN}), True)
    decision = house.decide(asked)
    return decision.reasons if isinstance(decision, Deny) else ()


def test_an_armed_area_that_refuses_lets_nobody_in_and_everybody_out() -> None:
    house = room(at_doors=AtDoors.REFUSES)
    assert ask_in(house) == ()
    arm(house)
    assert ask_in(house) == (DenyReason.AREA_ARMED,)
    out = house.decide(AccessRequest(RequestId("r9"), INNER_OUT, badge_of(ALICE), frozenset({Factor.CARD})))
    assert not isinstance(out, Deny)
    house.see(order(GIL, DisarmArea(ROOM)))
    assert ask_in(house) == ()


def test_a_way_out_through_an_armed_area_is_no_way_in() -> None:
    house = arm(room(at_doors=AtDoors.REFUSES, zones=frozenset({LOBBY, CHANCERY})))
    out = house.decide(AccessRequest(RequestId("r9"), INNER_OUT, badge_of(ALICE), frozenset({Factor.CARD})))
    assert not isinstance(out, Deny)


# By itself


NIGHTLY = ScheduleId("nightly")


def scheduled(**rules: object) -> House:
    evening = Period(frozenset(Weekday), time(20), time(6))
    site = with_area(small_site(), schedule=NIGHTLY, **rules)
    return quiet_house(
        replace(site, schedules={**site.schedules, NIGHTLY: Schedule(NIGHTLY, "Night", False, (evening,))})
    )


def at(house: House, hour: int, minute: int = 0, days: int = 0) -> None:
    house.travel(MONDAY_TEN.replace(hour=hour, minute=minute) + timedelta(days=days))
    house.see(st.TimePassed())


def test_the_schedule_arms_when_it_begins_and_disarms_nothing_when_it_ends() -> None:
    house = scheduled()
    at(house, 19, 59)
    assert mode(house) is AreaMode.DISARMED
    at(house, 20)
    assert mode(house) is AreaMode.EXIT_DELAY
    at(house, 7, days=1)
    assert mode(house) is AreaMode.ARMED


def test_whoever_disarms_at_night_is_not_armed_in_a_second_later() -> None:
    house = scheduled()
    at(house, 20)
    house.see(order(GIL, DisarmArea(ROOM)))
    at(house, 23)
    assert mode(house) is AreaMode.DISARMED
    at(house, 7, days=1)
    at(house, 20, days=1)
    assert mode(house) is AreaMode.EXIT_DELAY


def test_what_is_not_ready_on_schedule_is_told_and_armed_as_soon_as_it_is() -> None:
    house = scheduled()
    house.see(point(GLASS))
    at(house, 20)
    assert ev.ArmingWithheld(ROOM, ev.ArmedBy.SCHEDULE, ev.Obstacle.POINT_NOT_READY, (GLASS,)) in house.events
    (fault,) = house.alarms(AlarmKind.FAULT)
    assert (fault.source, fault.detail) == (Source(area=ROOM), "not armed on schedule: The glass")
    house.see(point(GLASS, NORMAL))
    assert mode(house) is AreaMode.EXIT_DELAY
    assert not house.alarms(AlarmKind.FAULT)[0].persists


def test_what_the_schedule_could_not_arm_is_armed_once_the_point_is_bypassed() -> None:
    house = scheduled()
    house.see(point(GLASS))
    at(house, 20)
    assert mode(house) is AreaMode.DISARMED
    house.see(order(SUE, BypassPoint(GLASS, house.now.wall + timedelta(hours=1), "a window is painted")))
    assert mode(house) is AreaMode.EXIT_DELAY


def test_every_point_that_kept_the_schedule_from_arming_is_named() -> None:
    house = scheduled()
    for each in (PIR, GLASS):
        house.see(point(each, PointCondition.SHORTED))
    at(house, 20)
    assert [alarm.detail for alarm in house.alarms(AlarmKind.FAULT) if alarm.source == Source(area=ROOM)] == [
        "not armed on schedule: The glass, The pir"
    ]


def test_a_box_that_slept_through_the_beginning_arms_when_it_wakes() -> None:
    house = scheduled()
    at(house, 19)
    house.now = replace(house.now, wall=house.now.wall + timedelta(hours=2))
    house.restart()
    for each in house.site.points:
        house.see(point(each, NORMAL))
    house.see(st.TimePassed())
    assert mode(house) is AreaMode.EXIT_DELAY


def leaves(house: House) -> None:
    house.see(swipe(INNER_OUT, ALICE))
    house.see(opens(INNER))
    house.see(closes(INNER))


def test_the_last_one_out_arms() -> None:
    house = room(last_out=True)
    enters(house)
    assert mode(house) is AreaMode.DISARMED
    leaves(house)
    assert mode(house) is AreaMode.EXIT_DELAY
    assert ev.AreaArming(ROOM, None, ev.ArmedBy.LAST_OUT, 30.0) in house.events


def test_nobody_who_leaves_arms_an_area_that_is_walked() -> None:
    house = room(last_out=True)
    enters(house)
    house.see(order(SUE, WalkTest(ROOM, house.now.wall + timedelta(hours=1))))
    leaves(house)
    assert mode(house) is AreaMode.DISARMED
    assert of_kind(ev.ArmingWithheld, house.events) == []


def test_without_being_told_to_it_is_not_armed_by_the_last_one_out(house: House) -> None:
    enters(house)
    leaves(house)
    assert mode(house) is AreaMode.DISARMED


def test_somebody_who_is_still_inside_keeps_it_from_arming() -> None:
    house = room(last_out=True)
    enters(house)
    house.see(swipe(INNER_IN, BOB), after=10.0)
    house.see(pin(INNER_IN, BOB))
    house.see(opens(INNER))
    house.see(closes(INNER))
    leaves(house)
    assert mode(house) is AreaMode.DISARMED


def test_somebody_who_may_still_be_inside_keeps_it_from_arming_and_that_is_told() -> None:
    house = room(last_out=True)
    house.see(swipe(INNER_IN, BOB))
    house.see(pin(INNER_IN, BOB))
    house.see(opens(INNER))
    house.see(closes(INNER))
    house.see(opens(INNER), after=20.0)  # forced: whoever was in may be gone
    house.see(closes(INNER))
    enters(house)
    leaves(house)
    assert mode(house) is AreaMode.DISARMED
    assert ev.ArmingWithheld(ROOM, ev.ArmedBy.LAST_OUT, ev.Obstacle.POSSIBLY_INSIDE, ()) in house.events


def test_a_point_that_is_not_ready_keeps_the_last_one_out_from_arming() -> None:
    house = room(last_out=True)
    enters(house)
    house.see(point(GLASS))
    leaves(house)
    assert ev.ArmingWithheld(ROOM, ev.ArmedBy.LAST_OUT, ev.Obstacle.POINT_NOT_READY, (GLASS,)) in house.events


# Restarts


def test_armed_stays_armed_and_what_is_tripped_when_it_is_read_anew_is_an_intrusion(house: House) -> None:
    arm(house).restart()
    assert (mode(house), intrusions(house)) == (AreaMode.ARMED, [])
    house.see(point(GLASS))
    assert intrusions(house) == [GLASS]


def test_detectors_that_never_answer_after_a_start_have_tripped_an_armed_area(house: House) -> None:
    arm(house).restart()
    house.wait(14.9)
    assert intrusions(house) == []
    house.wait(0.2)
    assert set(intrusions(house)) == {GLASS, PIR}


def test_an_alarm_stays_one_and_its_siren_sounds_for_what_is_left(house: House) -> None:
    arm(house).see(point(GLASS))
    house.wait(100.0)
    outcome = house.restart()
    assert mode(house) is AreaMode.ALARM
    assert SetOutput(SIREN, on=True, seconds=77.0) in outcome.effects


@pytest.mark.parametrize(("first", "then"), [(False, AreaMode.ARMED), (True, AreaMode.ALARM)])
def test_a_delay_goes_on_for_what_is_left_of_it(house: House, first: bool, then: AreaMode) -> None:
    if first:
        arm(house).see(point(PIR))
    else:
        house.see(order(GIL, ArmArea(ROOM)))
    house.wait(10.0)
    house.restart()
    house.see(st.DeviceSeen(IO, online=True, secure=True, detail=""))
    for each in house.site.points:
        house.see(point(each, NORMAL))
    before = mode(house)
    house.wait(16.9)
    assert mode(house) is before
    house.wait(0.2)
    assert mode(house) is then


def test_a_bypass_is_not_prolonged_by_a_restart_nor_by_a_clock_set_back(house: House) -> None:
    bypass(house, 3600.0)
    house.restart()
    house.wait(3600.0 - 3.1)
    assert house.state.bypasses
    house.wait(0.2)
    assert not house.state.bypasses
    bypass(house, 3600.0)
    house.set_wall(house.now.wall - timedelta(hours=5))
    house.restart()
    house.see(st.TimePassed())
    assert not house.state.bypasses


def test_what_comes_back_is_told_anew_what_to_do(house: House) -> None:
    arm(house).see(point(GLASS))
    house.see(st.DeviceSeen(IO, online=False, secure=False, detail="silent"), after=10.0)
    back = house.see(st.DeviceSeen(IO, online=True, secure=True, detail=""), after=10.0)
    assert SetOutput(SIREN, on=True, seconds=170.0) in back.effects


def test_an_area_the_policy_does_not_know_holds_up_no_other() -> None:
    site = with_area(small_site())
    annex = replace(site.areas[ROOM], id=AreaId("annex"))
    house = quiet_house(replace(site, areas={**site.areas, annex.id: annex}))
    for area in (annex.id, ROOM):
        house.see(order(GIL, ArmArea(area)))
    house.site = site
    house.see_late(st.TimePassed(), 30.0)
    assert mode(house) is AreaMode.ARMED


def test_an_area_the_new_policy_does_not_know_comes_to_rest(house: House) -> None:
    house.see(order(GIL, ArmArea(ROOM)))
    house.site = small_site()
    house.wait(60.0)
    assert mode(house) is AreaMode.DISARMED


# Laws

SECONDS = some.sampled_from([0.0, 5.0, 30.0, 61.0])
ACTS: some.SearchStrategy[Callable[[House], object]] = some.one_of(
    some.builds(
        lambda which, condition: lambda house: house.see(point(which, condition)),
        some.sampled_from([PIR, GLASS]),
        some.sampled_from([NORMAL, ACTIVE, PointCondition.SHORTED]),
    ),
    some.sampled_from(
        [
            lambda house: house.see(order(GIL, ArmArea(ROOM))),
            lambda house: house.see(order(SUE, DisarmArea(ROOM))),
            lambda house: bypass(house, 60.0),
            lambda house: bypass(house, 60.0, PIR),
            lambda house: house.see(order(GIL, EndBypass(GLASS))),
            lambda house: walk(house, 60.0),
            lambda house: house.restart(),
            enters,
            leaves,
            lambda house: house.see(st.DeviceSeen(IO, online=False, secure=False, detail="")),
            lambda house: house.see(st.DeviceSeen(IO, online=True, secure=True, detail="")),
        ]
    ),
    some.builds(lambda seconds: lambda house: house.wait(seconds), SECONDS),
)


@settings(max_examples=150)
@given(some.lists(ACTS, max_size=14), some.sampled_from(AtDoors), some.booleans())
def test_an_armed_area_with_a_tripped_point_is_always_in_alarm(
    acts: list[Callable[[House], object]], at_doors: AtDoors, last_out: bool
) -> None:
    house = room(at_doors=at_doors, last_out=last_out)
    for act in acts:
        act(house)
        tripped = [
            p
            for p in (PIR, GLASS)
            if p not in house.state.bypasses
            and house.state.point(p) not in (NORMAL, PointCondition.UNKNOWN)
            and not (p == PIR and house.state.point(p) is ACTIVE)
        ]
        if tripped and mode(house) in (AreaMode.ARMED, AreaMode.ENTRY_DELAY, AreaMode.ALARM):
            assert mode(house) is AreaMode.ALARM
            standing = {a.source.point for a in house.alarms(AlarmKind.INTRUSION) if a.persists}
            assert standing >= set(tripped)
        assert all(until <= house.now.mono + 24 * 3600.0 for until in house.state.bypasses.values())


@settings(max_examples=60)
@given(some.lists(ACTS, max_size=10))
def test_no_restart_disarms(acts: list[Callable[[House], object]]) -> None:
    house = room()
    for act in acts:
        act(house)
    armed = mode(house) is not AreaMode.DISARMED
    house.restart()
    assert (mode(house) is not AreaMode.DISARMED) is armed


def test_nothing_of_this_touches_a_site_without_areas() -> None:
    site: Site = small_site()
    house = quiet_house(site)
    house.see(point(PIR))
    assert house.events == []
