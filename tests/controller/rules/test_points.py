"""Supervised points: what each tells, and the alarms that need no arming."""

from __future__ import annotations

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from controller.domain.ids import OperatorId, PointId
from controller.domain.operators import AcknowledgeAlarm
from controller.domain.points import PointCondition
from tests.controller.builders import (
    GIL,
    IO,
    MAINS,
    PANIC,
    PIR,
    SIREN,
    House,
    of_kind,
    order,
    point,
    quiet_house,
    small_site,
    with_points,
)

LID, BATTERY = PointId("lid"), PointId("battery")
ACTIVE, NORMAL = PointCondition.ACTIVE, PointCondition.NORMAL


@pytest.fixture
def house() -> House:
    return quiet_house(with_points(small_site()))


def test_a_point_that_moves_is_a_fact_and_the_same_told_twice_is_one(house: House) -> None:
    house.see(point(PIR))
    house.see(point(PIR))
    assert house.events == [ev.PointObserved(PIR, ACTIVE)]
    assert house.state.point(PIR) is ACTIVE


def test_a_detector_nobody_armed_raises_nothing(house: House) -> None:
    house.see(point(PIR))
    assert not house.state.alarms


def test_a_point_the_policy_does_not_know_tells_nothing(house: House) -> None:
    house.see(point(PointId("elsewhere")))
    assert house.events == []


@pytest.mark.parametrize("broken", [PointCondition.OPEN_LOOP, PointCondition.SHORTED])
def test_a_wire_cut_or_shorted_is_a_fault_until_it_is_mended(house: House, broken: PointCondition) -> None:
    house.see(point(PIR, broken))
    (alarm,) = house.alarms(AlarmKind.FAULT)
    assert (alarm.source, alarm.persists) == (Source(point=PIR), True)
    house.see(point(PIR, NORMAL))
    assert not house.alarms(AlarmKind.FAULT)[0].persists


def test_a_cut_wire_of_a_panic_button_is_a_fault_and_no_panic(house: House) -> None:
    house.see(point(PANIC, PointCondition.OPEN_LOOP))
    assert not house.alarms(AlarmKind.PANIC)


def test_each_press_of_a_panic_button_is_an_alarm_of_its_own(house: House) -> None:
    house.see(point(PANIC))
    house.see(point(PANIC, NORMAL))
    house.see(point(PANIC))
    assert len(house.alarms(AlarmKind.PANIC)) == 2


@pytest.mark.parametrize(
    ("which", "kind"), [(MAINS, AlarmKind.MAINS), (BATTERY, AlarmKind.BATTERY), (LID, AlarmKind.TAMPER)]
)
def test_mains_battery_and_tamper_last_until_they_are_seen_to_end(
    house: House, which: PointId, kind: AlarmKind
) -> None:
    house.see(point(which))
    house.see(point(which, PointCondition.OPEN_LOOP))
    assert house.alarms(kind)[0].persists, "a wire that was cut says nothing of the mains"
    house.see(point(which, NORMAL))
    assert not house.alarms(kind)[0].persists


def test_what_a_device_that_is_gone_last_told_counts_no_more(house: House) -> None:
    house.see(st.DeviceSeen(IO, online=False, secure=False, detail="silent"))
    assert {house.state.point(each) for each in house.site.points} == {PointCondition.UNKNOWN}
    assert ev.PointObserved(PIR, PointCondition.UNKNOWN) in house.events


def test_after_a_start_every_point_is_read_anew_and_an_alarm_that_was_over_meanwhile_ends(house: House) -> None:
    house.see(point(MAINS))
    house.restart()
    assert house.state.point(MAINS) is PointCondition.UNKNOWN
    assert house.alarms(AlarmKind.MAINS)[0].persists, "nobody saw it end"
    house.see(point(MAINS, NORMAL))
    assert not house.alarms(AlarmKind.MAINS)[0].persists


def test_an_alarm_of_a_point_the_new_policy_does_not_know_can_be_closed(house: House) -> None:
    house.see(point(MAINS))
    house.site = small_site()
    house.restart()
    assert not house.alarms(AlarmKind.MAINS)[0].persists


def test_an_output_is_what_it_says_itself(house: House) -> None:
    assert house.state.output(SIREN).on is None
    house.see(st.OutputSeen(SIREN, on=True))
    house.see(st.OutputSeen(SIREN, on=True))
    assert house.state.output(SIREN).on is True
    assert of_kind(ev.OutputObserved, house.events) == [ev.OutputObserved(SIREN, on=True)]


def test_acknowledging_one_panic_leaves_the_other(house: House) -> None:
    house.see(point(PANIC))
    house.see(point(PANIC, NORMAL))
    house.see(point(PANIC))
    first, second = house.alarms(AlarmKind.PANIC)
    house.see(order(GIL, AcknowledgeAlarm(first.id)))
    assert house.state.alarms[first.id].acknowledged_by == OperatorId("gil")
    assert house.state.alarms[second.id].acknowledged_by is None
