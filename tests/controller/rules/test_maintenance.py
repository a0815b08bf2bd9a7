"""Maintenance: what work on a place brings about is marked, what does not is told as ever, and it ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import Alarm, AlarmKind, Source, in_order
from controller.domain.area_orders import ArmArea
from controller.domain.causes import Action, AlarmStands, Escalation, OutputEffect
from controller.domain.effects import SetOutput
from controller.domain.ids import CameraId, DeviceId, DoorId, OperatorId, PointId, ReaderId
from controller.domain.maintenance import OF_WORK, covers, zones_of
from controller.domain.maintenance_orders import EndMaintenance, MaintenanceOrder, ReplaceReader, StartMaintenance
from controller.domain.operators import AcknowledgeAlarm, EndLockdown, Operator, Panic, Refusal, Role, StartLockdown
from controller.domain.points import PointCondition
from controller.domain.site import DeviceKind
from controller.rules.alarm import raise_alarm
from controller.rules.maintenance import LONGEST_MAINTENANCE_SECONDS
from controller.rules.step import next_deadline
from controller.rules.turn import Turn
from tests.controller.builders import (
    CELLAR,
    CELLAR_IN,
    CHANCERY,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    IO,
    LOBBY,
    PANIC,
    ROOM,
    SIREN,
    SUE,
    VAULT,
    House,
    closes,
    head,
    lock_of,
    of_kind,
    opens,
    order,
    point,
    quiet_house,
    small_site,
    with_area,
    with_cause,
    with_points,
)

TINA = OperatorId("tina")
AT_FRONT, AT_READER = Source(door=FRONT), Source(reader=FRONT_IN)
AT_LOCK, AT_GLASS = Source(device=lock_of(FRONT)), Source(point=GLASS)
AN_HOUR = 3600.0


def house_with(site=None) -> House:
    house = quiet_house(site)
    house.see(st.OperatorEnrolled("test", Operator(TINA, Role.TECHNICIAN)))
    return house


def why(house: House, what: MaintenanceOrder, who: OperatorId = TINA) -> Refusal | None:
    return next((e.why for e in of_kind(ev.OrderRefused, house.see(order(who, what)).events)), None)


def work(
    house: House, at: Source = AT_FRONT, seconds: float = AN_HOUR, who: OperatorId = TINA, reason: str = "a new closer"
) -> Refusal | None:
    return why(house, StartMaintenance(at, house.now.wall + timedelta(seconds=seconds), reason), who)


def marked(house: House) -> dict[AlarmKind, bool]:
    return {alarm.kind: alarm.maintenance for alarm in house.state.alarms.values()}


def the_alarm(house: House, kind: AlarmKind = AlarmKind.FORCED_OPEN) -> Alarm:
    (alarm,) = house.alarms(kind)
    return alarm


def tampered(device: DeviceId) -> st.TamperSeen:
    return st.TamperSeen(device, active=True)


# What is marked


def test_what_work_brings_about_is_told_and_marked():
    house = house_with()
    assert work(house) is None
    house.see(opens(FRONT))
    house.see(tampered(head(FRONT_IN)))
    house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    assert marked(house) == dict.fromkeys((AlarmKind.FORCED_OPEN, AlarmKind.TAMPER, AlarmKind.OFFLINE), True)


def test_what_happens_elsewhere_is_told_as_ever():
    house = house_with()
    work(house)
    house.see(opens(INNER))
    house.see(tampered(head(INNER_IN)))
    assert marked(house) == {AlarmKind.FORCED_OPEN: False, AlarmKind.TAMPER: False}


def test_help_fire_and_duress_are_never_marked():
    house = house_with(with_points(small_site()))
    work(house, Source(point=PANIC))
    house.see(point(PANIC))
    house.see(order(GIL, Panic()))
    house.see(st.DuressSeen(GIL, "192.0.2.7"))
    assert not any(alarm.maintenance for alarm in house.state.alarms.values())
    assert len(house.state.alarms) == 3


def test_nothing_but_what_hands_bring_about_is_of_work():
    assert not OF_WORK & {
        AlarmKind.DURESS,
        AlarmKind.PANIC,
        AlarmKind.FIRE,
        AlarmKind.FIRE_LINE_FAULT,
        AlarmKind.TAILGATING,
        AlarmKind.FACE_MISMATCH,
        AlarmKind.SPOOFED_FACE,
        AlarmKind.WATCH_LIST_HIT,
        AlarmKind.TWO_PERSON_BROKEN,
        AlarmKind.INTERLOCK_BREACHED,
        AlarmKind.LOG_TAMPERED,
    }


@pytest.mark.parametrize("kind", AlarmKind)
def test_only_kinds_of_work_are_marked(kind):
    house = house_with()
    work(house)
    turn = Turn(house.site, house.state, house.now)
    raise_alarm(turn, kind, AT_FRONT)
    (raised,) = turn.events
    assert isinstance(raised, ev.AlarmRaised)
    assert raised.maintenance is (kind in OF_WORK)


PLACES = [
    (AT_FRONT, AT_FRONT, True),
    (AT_FRONT, Source(door=INNER), False),
    (AT_FRONT, AT_READER, True),
    (AT_FRONT, Source(reader=INNER_IN), False),
    (AT_FRONT, Source(device=head(FRONT_IN)), True),
    (AT_FRONT, AT_LOCK, True),
    (AT_FRONT, Source(device=lock_of(INNER)), False),
    (AT_FRONT, Source(), False),
    (AT_FRONT, Source(camera=CameraId("cam-cellar")), False),
    (AT_READER, AT_READER, True),
    (AT_READER, Source(device=head(FRONT_IN)), True),
    (AT_READER, Source(device=head(FRONT_OUT)), False),
    (AT_READER, AT_FRONT, False),
    (AT_READER, AT_LOCK, False),
    (AT_LOCK, AT_LOCK, True),
    (AT_LOCK, AT_FRONT, False),
    (AT_GLASS, Source(point=GLASS, area=ROOM), True),
    (AT_GLASS, Source(device=IO), False),
    (Source(device=IO), Source(device=IO), True),
    (Source(device=IO), AT_GLASS, False),
]


@pytest.mark.parametrize(("place", "source", "so"), PLACES)
def test_which_alarms_are_of_a_place(place, source, so):
    assert covers(with_points(small_site()), place, source) is so


def test_a_device_that_serves_another_door_too_is_not_of_one_door():
    site = small_site()
    inner = replace(site.doors[INNER], lock=replace(site.doors[INNER].lock, device=lock_of(FRONT)))
    shared = replace(site, doors={**site.doors, INNER: inner})
    assert not covers(shared, AT_FRONT, AT_LOCK)
    assert covers(shared, AT_LOCK, AT_LOCK)


def test_a_device_with_a_siren_on_it_is_not_of_a_door():
    site = with_points(small_site())
    front = replace(site.doors[FRONT], contact=replace(site.doors[FRONT].contact, device=IO))
    assert not covers(replace(site, doors={**site.doors, FRONT: front}, points={}), AT_FRONT, Source(device=IO))


def test_the_marked_stand_below_the_others_and_above_the_shelved():
    house = house_with()
    work(house)
    house.see(opens(FRONT))
    house.see(st.BatterySeen(lock_of(INNER), low=True))
    assert [a.kind for a in in_order(house.state.alarms.values())] == [AlarmKind.BATTERY, AlarmKind.FORCED_OPEN]


# What it keeps quiet, and what not


def escalating() -> House:
    return house_with(replace(with_points(small_site()), escalation=Escalation(60.0, (SIREN,))))


def test_nobody_is_woken_for_what_is_marked():
    house = escalating()
    work(house)
    house.see(opens(FRONT))
    assert the_alarm(house).escalates_at is None
    house.wait(120.0)
    assert not of_kind(ev.AlarmEscalated, house.events)


def test_what_is_marked_causes_nothing():
    door_forced = AlarmStands(AlarmKind.FORCED_OPEN)
    house = house_with(with_cause(with_points(small_site()), door_forced, OutputEffect(SIREN, Action.ON)))
    work(house)
    house.see(opens(FRONT))
    assert not of_kind(ev.CauseFired, house.events)
    house.see(order(TINA, EndMaintenance(AT_FRONT)))
    assert of_kind(ev.CauseFired, house.events), "it is still forced, and nobody works there"


def test_an_armed_area_sounds_whatever_is_worked_on():
    house = house_with(with_area(with_points(small_site()), sirens=frozenset({SIREN})))
    work(house, AT_GLASS)
    house.see(order(GIL, ArmArea(ROOM)))
    house.wait(30.0)
    outcome = house.see(point(GLASS))
    assert any(isinstance(effect, SetOutput) and effect.on for effect in outcome.effects)
    assert the_alarm(house, AlarmKind.INTRUSION).maintenance


def test_what_an_armed_area_looks_at_is_not_worked_on():
    house = house_with(with_area(with_points(small_site())))
    house.see(order(GIL, ArmArea(ROOM)))
    assert work(house, AT_GLASS) is Refusal.AREA_ARMED
    assert work(house, Source(device=IO)) is Refusal.AREA_ARMED
    assert work(house, Source(point=PANIC)) is None, "of no area"
    assert work(house, AT_FRONT) is None


# How it ends


def test_it_ends_by_itself_and_what_is_still_amiss_counts_from_then_on():
    house = escalating()
    work(house)
    house.see(opens(FRONT))
    house.see(tampered(head(FRONT_IN)))
    house.see(st.TamperSeen(head(FRONT_IN), active=False))
    forced = the_alarm(house)
    house.wait(next_work(house) - house.now.mono)
    ended = of_kind(ev.MaintenanceEnded, house.events)
    assert ended == [ev.MaintenanceEnded(AT_FRONT, None, (forced.id,), 60.0)]
    assert marked(house) == {AlarmKind.FORCED_OPEN: False, AlarmKind.TAMPER: True}
    assert the_alarm(house).escalates_at == house.now.mono + 60.0
    house.wait(60.0)
    assert of_kind(ev.AlarmEscalated, house.events)[-1].alarm == forced.id


def next_work(house: House) -> float:
    (work,) = house.state.maintenance.values()
    return work.until


def test_its_end_is_a_deadline_and_not_a_moment_sooner():
    house = house_with()
    work(house)
    assert next_deadline(house.state) == house.now.mono + AN_HOUR
    house.wait(AN_HOUR - 0.1)
    assert house.state.maintenance
    house.wait(0.1)
    assert not house.state.maintenance


@pytest.mark.parametrize("who", [GIL, SUE, TINA])
def test_whoever_looks_at_the_alarms_may_end_it(who):
    house = house_with()
    work(house)
    assert why(house, EndMaintenance(AT_FRONT), who) is None
    assert of_kind(ev.MaintenanceEnded, house.events) == [ev.MaintenanceEnded(AT_FRONT, who, (), None)]
    assert why(house, EndMaintenance(AT_FRONT), who) is Refusal.ALREADY_SO


def test_what_somebody_acknowledged_wakes_nobody_at_the_end():
    house = escalating()
    work(house)
    house.see(opens(FRONT))
    house.see(order(GIL, AcknowledgeAlarm(the_alarm(house).id)))
    house.see(order(GIL, EndMaintenance(AT_FRONT)))
    assert (the_alarm(house).maintenance, the_alarm(house).escalates_at) == (False, None)


def test_an_alarm_of_low_priority_wakes_nobody_at_the_end():
    house = escalating()
    work(house)
    house.see(st.BatterySeen(lock_of(FRONT), low=True))
    house.see(order(GIL, EndMaintenance(AT_FRONT)))
    assert (the_alarm(house, AlarmKind.BATTERY).maintenance, the_alarm(house, AlarmKind.BATTERY).escalates_at) == (
        False,
        None,
    )


def test_what_is_of_another_place_that_is_worked_on_stays_marked():
    house = house_with()
    work(house)
    work(house, AT_READER)
    house.see(tampered(head(FRONT_IN)))
    house.see(opens(FRONT))
    house.see(order(GIL, EndMaintenance(AT_FRONT)))
    assert marked(house) == {AlarmKind.TAMPER: True, AlarmKind.FORCED_OPEN: False}


def test_a_moment_of_the_work_hides_none_after_it():
    house = house_with()
    work(house)
    bad_mac = st.ViolationSeen(head(FRONT_IN), ev.Violation.BAD_MAC, "")
    house.see(bad_mac)
    house.see(order(GIL, EndMaintenance(AT_FRONT)))
    house.see(bad_mac)
    assert [alarm.maintenance for alarm in house.alarms(AlarmKind.SECURE_CHANNEL_LOST)] == [True, False]


def test_in_a_lockdown_nobody_works_anywhere():
    house = house_with()
    work(house)
    house.see(opens(FRONT))
    house.see(order(GIL, StartLockdown("shots")))
    assert not house.state.maintenance
    assert not the_alarm(house).maintenance
    assert work(house) is Refusal.LOCKDOWN
    for who in (GIL, SUE):
        house.see(order(who, EndLockdown()))
    assert work(house) is None


def test_a_place_that_the_policy_no_longer_has_is_not_worked_on():
    house = house_with(with_points(small_site()))
    work(house, AT_GLASS)
    house.site = replace(house.site, points={})
    house.see(st.TimePassed())
    assert of_kind(ev.MaintenanceEnded, house.events) == [ev.MaintenanceEnded(AT_GLASS, None, (), None)]


def test_a_second_order_for_a_place_counts_in_place_of_the_first():
    house = house_with()
    work(house)
    work(house, seconds=60.0, who=SUE)
    (left,) = house.state.maintenance.values()
    assert (left.operator, left.until) == (SUE, house.now.mono + 60.0)


def test_a_restart_takes_its_time_from_it_and_marks_what_it_finds():
    house = house_with()
    work(house)
    house.see(opens(FRONT))
    house.travel(house.now.wall + timedelta(minutes=20))
    house.restart()
    assert next_work(house) - house.now.mono <= AN_HOUR - 1200.0
    assert the_alarm(house).maintenance
    house.see(tampered(head(FRONT_IN)))
    assert marked(house)[AlarmKind.TAMPER]


def test_a_restart_after_its_time_ends_it():
    house = house_with()
    work(house)
    house.travel(house.now.wall + timedelta(hours=2))
    house.restart()
    assert not house.state.maintenance


# Who may, and what


@pytest.mark.parametrize("role", [Role.GUARD, Role.AUDITOR, Role.DATA_PROTECTION_OFFICER])
def test_a_guard_marks_nothing(role):
    house = house_with()
    house.see(st.OperatorEnrolled("test", Operator(TINA, role)))
    assert work(house) is Refusal.NOT_YOUR_ROLE


@pytest.mark.parametrize("at", [Source(door=CELLAR), Source(reader=CELLAR_IN), Source(device=lock_of(CELLAR))])
def test_a_technician_alone_marks_no_alarm_of_an_exclusion_zone(at):
    house = house_with()
    assert work(house, at) is Refusal.NOT_YOUR_ROLE
    assert work(house, at, who=SUE) is None
    assert why(house, EndMaintenance(at)) is None


@pytest.mark.parametrize("seconds", [-1.0, 0.0, LONGEST_MAINTENANCE_SECONDS + 1.0])
def test_it_always_expires_and_within_a_shift(seconds):
    assert work(house_with(), seconds=seconds) is Refusal.EXPIRY_NEEDED


def test_a_shift_of_work_is_one():
    assert work(house_with(), seconds=LONGEST_MAINTENANCE_SECONDS) is None


def test_it_takes_a_reason():
    assert work(house_with(), reason="  ") is Refusal.REASON_NEEDED


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (Source(door=DoorId("gone")), Refusal.UNKNOWN_DOOR),
        (Source(reader=ReaderId("gone")), Refusal.UNKNOWN_READER),
        (Source(device=DeviceId("gone")), Refusal.UNKNOWN_DEVICE),
        (Source(point=PointId("gone")), Refusal.UNKNOWN_POINT),
        (Source(), Refusal.UNKNOWN_DEVICE),
        (Source(camera=CameraId("cam-cellar")), Refusal.UNKNOWN_DEVICE),
        (Source(door=FRONT, reader=INNER_IN), Refusal.UNKNOWN_DOOR),
    ],
)
def test_a_place_is_one_that_the_site_has(at, refusal):
    house = house_with()
    assert work(house, at) is refusal
    assert of_kind(ev.OrderRefused, house.events)[-1].subject == (at.door or at.reader or at.device or at.point or "")


ZONES = [
    (AT_FRONT, {LOBBY}),
    (Source(door=INNER), {LOBBY, CHANCERY}),
    (Source(reader=CELLAR_IN), {CHANCERY, VAULT}),
    (AT_LOCK, {LOBBY}),
    (Source(device=head(INNER_IN)), {LOBBY, CHANCERY}),
    (Source(), set()),
]


@pytest.mark.parametrize(("at", "zones"), ZONES)
def test_whose_zones_a_place_is_in(at, zones):
    assert zones_of(with_points(small_site()), at) == zones


def test_a_point_is_in_its_zone_and_its_device_in_those_of_all_that_need_it():
    site = with_points(small_site())
    assert zones_of(site, AT_GLASS) == {site.points[GLASS].zone}
    assert zones_of(site, Source(device=IO)) == {p.zone for p in site.points.values() if p.input.device == IO}


def test_what_is_worked_on_is_on_the_record_with_its_time():
    house = house_with()
    work(house)
    assert of_kind(ev.MaintenanceStarted, house.events) == [
        ev.MaintenanceStarted(AT_FRONT, TINA, "a new closer", AN_HOUR)
    ]


def test_doors_work_on_as_ever_while_somebody_works_there():
    house = house_with()
    work(house)
    house.see(closes(FRONT))
    house.see(point(GLASS, PointCondition.NORMAL))
    assert not house.state.alarms


# Another reader


def test_another_reader_is_ordered_on_the_record_with_a_reason():
    house = house_with()
    assert why(house, ReplaceReader(head(FRONT_IN), "  ")) is Refusal.REASON_NEEDED
    assert why(house, ReplaceReader(head(FRONT_IN), "struck by lightning")) is None
    ordered = ev.ReaderReplacementOrdered(head(FRONT_IN), TINA, "struck by lightning")
    assert of_kind(ev.ReaderReplacementOrdered, house.events) == [ordered]


@pytest.mark.parametrize("device", [DeviceId("gone"), lock_of(FRONT)])
def test_only_what_hangs_on_a_line_is_given_a_key(device):
    assert house_with().site.devices.get(lock_of(FRONT)).kind is not DeviceKind.OSDP
    assert why(house_with(), ReplaceReader(device, "x")) is Refusal.UNKNOWN_DEVICE


def test_in_a_lockdown_no_reader_is_replaced():
    house = house_with()
    house.see(order(GIL, StartLockdown("shots")))
    assert why(house, ReplaceReader(head(FRONT_IN), "x")) is Refusal.LOCKDOWN


def test_a_technician_alone_replaces_no_reader_of_an_exclusion_zone():
    house = house_with()
    assert why(house, ReplaceReader(head(CELLAR_IN), "x")) is Refusal.NOT_YOUR_ROLE
    assert why(house, ReplaceReader(head(CELLAR_IN), "x"), SUE) is None
    assert why(house, ReplaceReader(head(FRONT_IN), "x"), GIL) is Refusal.NOT_YOUR_ROLE
