"""Devices and cameras: who answers, who does not, who plays with the wire, and which message counts once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockStatus, Position
from controller.domain.effects import Relock
from controller.domain.events import Violation
from controller.domain.ids import CameraId, DeviceId, DoorId, ReaderId, RequestId
from controller.domain.operators import AcknowledgeAlarm
from tests.controller.builders import (
    ALICE,
    CELLAR_CAMERA,
    FRONT,
    FRONT_IN,
    GIL,
    House,
    head,
    lock_of,
    of_kind,
    order,
    quiet_house,
    strange_card,
    swipe,
)

HEAD = head(FRONT_IN)
LOCK = lock_of(FRONT)


def device(which: DeviceId, *, online: bool = True, secure: bool = True) -> st.DeviceSeen:
    return st.DeviceSeen(which, online=online, secure=secure, detail="")


def violation(what: Violation) -> st.ViolationSeen:
    return st.ViolationSeen(HEAD, what, "")


def test_a_device_that_still_answers_is_no_fact() -> None:
    assert quiet_house().see(device(HEAD)).events == ()


def test_a_device_lost_and_back() -> None:
    house = quiet_house()
    house.see(device(HEAD, online=False))
    assert house.see(device(HEAD, online=False)).events == ()
    assert house.alarms(AlarmKind.OFFLINE)[0].persists
    house.see(device(HEAD))
    assert not house.alarms(AlarmKind.OFFLINE)[0].persists


def test_a_reader_in_the_clear_stands_as_an_alarm_until_its_channel_is_secure() -> None:
    house = quiet_house()
    house.see(device(HEAD, secure=False))
    assert house.alarms(AlarmKind.SECURE_CHANNEL_OFF)[0].persists
    house.see(device(HEAD, secure=True))
    assert not house.alarms(AlarmKind.SECURE_CHANNEL_OFF)[0].persists


def test_an_mqtt_device_has_no_channel_of_its_own_to_be_off() -> None:
    house = quiet_house()
    house.see(device(LOCK, secure=False))
    assert house.alarms(AlarmKind.SECURE_CHANNEL_OFF) == []


def test_no_pulse_survives_the_restart_of_a_lock() -> None:
    house = quiet_house()
    house.see(device(LOCK, online=False))
    assert house.see(device(LOCK)).effects == (Relock(FRONT),)


def test_a_lock_that_comes_back_while_somebody_may_pass_is_left_alone() -> None:
    house = quiet_house()
    house.see(device(LOCK, online=False))
    house.see(swipe(FRONT_IN, ALICE))
    assert house.see(device(LOCK)).effects == ()


def test_a_door_nothing_is_known_of_is_not_made_unknown_again() -> None:
    house = quiet_house()
    house.restart()
    lost = house.see(device(LOCK, online=False)).events
    assert not any(isinstance(event, ev.PositionObserved | ev.LockObserved) for event in lost)


def test_a_grant_that_lapsed_unnoticed_keeps_no_lock_open() -> None:
    house = quiet_house()
    house.see(device(LOCK, online=False))
    house.see(swipe(FRONT_IN, ALICE))
    assert house.see_late(device(LOCK), 6.0).effects == (Relock(FRONT),)


def test_a_reader_head_moves_no_lock() -> None:
    house = quiet_house()
    house.see(device(HEAD, online=False))
    assert house.see(device(HEAD)).effects == ()
    assert house.state.door(FRONT).position == quiet_house().state.door(FRONT).position


def test_a_second_attack_of_another_kind_does_not_hide_behind_the_first() -> None:
    house = quiet_house()
    house.see(violation(Violation.PLAINTEXT_REPLY))
    house.see(violation(Violation.PLAINTEXT_REPLY))
    house.see(violation(Violation.BAD_MAC))
    assert [a.detail for a in house.alarms(AlarmKind.SECURE_CHANNEL_LOST)] == ["plaintext_reply", "bad_mac"]
    assert len(of_kind(ev.WireViolated, house.events)) == 3


def test_an_attack_that_goes_on_after_it_was_acknowledged_is_told_again() -> None:
    house = quiet_house()
    house.see(violation(Violation.BAD_MAC))
    house.see(order(GIL, AcknowledgeAlarm(house.alarms(AlarmKind.SECURE_CHANNEL_LOST)[0].id)))
    house.see(violation(Violation.BAD_MAC))
    assert len(house.alarms(AlarmKind.SECURE_CHANNEL_LOST)) == 2


@pytest.mark.parametrize("what", [Violation.MALFORMED, Violation.SEQUENCE_GAP])
def test_what_a_broken_device_does_as_well_is_a_fault_and_can_be_closed(what: Violation) -> None:
    house = quiet_house()
    house.see(violation(what))
    (alarm,) = house.alarms(AlarmKind.FAULT)
    assert (alarm.detail, alarm.persists) == (what.value, False)
    assert house.alarms(AlarmKind.SECURE_CHANNEL_LOST) == []


def test_tamper_and_power_come_and_go() -> None:
    house = quiet_house()
    for active in (True, True, False, False):
        house.see(st.TamperSeen(HEAD, active=active))
        house.see(st.PowerSeen(LOCK, failed=active))
    assert [e.active for e in of_kind(ev.TamperObserved, house.events)] == [True, False]
    assert [e.failed for e in of_kind(ev.PowerObserved, house.events)] == [True, False]
    assert [a.persists for a in house.state.alarms.values()] == [False, False]


def test_a_camera_lost_and_back() -> None:
    house = quiet_house()
    house.see(st.CameraSeen(CELLAR_CAMERA, online=False, detail="no frames"))
    assert house.see(st.CameraSeen(CELLAR_CAMERA, online=False, detail="no frames")).events == ()
    assert house.alarms(AlarmKind.CAMERA_LOST)[0].persists
    house.see(st.CameraSeen(CELLAR_CAMERA, online=True, detail=""))
    assert not house.alarms(AlarmKind.CAMERA_LOST)[0].persists


def delivered(seq: int, boot: str = "boot-1", stimulus: st.CardPresented | None = None) -> st.Delivered:
    return st.Delivered(HEAD, boot, seq, stimulus or strange_card(FRONT_IN))


def denials(house: House) -> int:
    return len(of_kind(ev.AccessDenied, house.events))


def test_a_message_that_comes_again_counts_once_even_after_a_restart() -> None:
    house = quiet_house()
    house.see(delivered(1))
    assert house.see(delivered(1)).events == ()
    house.restart()
    assert house.see(delivered(1)).events == ()
    house.see(delivered(2))
    assert denials(house) == 2


def test_a_device_that_restarted_counts_from_one_again() -> None:
    house = quiet_house()
    house.see(delivered(7))
    house.see(delivered(1, boot="boot-2"))
    assert denials(house) == 2


def test_a_message_of_a_boot_that_is_over_counts_no_more_even_after_a_restart() -> None:
    """Whoever kept a button's messages of yesterday cannot press it today."""
    house = quiet_house()
    pressed = st.Delivered(HEAD, "boot-1", 1, st.RexSeen(FRONT))
    assert house.see(pressed).effects != ()
    house.see(delivered(1, boot="boot-2"))
    house.see(delivered(1, boot="boot-3"))
    for again in (pressed, replace(pressed, seq=2), delivered(2, boot="boot-2")):
        outcome = house.see(again)
        assert (outcome.events, outcome.effects) == ((), ())
    house.restart()
    assert house.see(replace(pressed, seq=3)).effects == ()
    house.see(delivered(2, boot="boot-3"))
    assert denials(house) == 3


def test_so_many_boots_are_known_and_no_more() -> None:
    house = quiet_house()
    for boot in range(20):
        house.see(delivered(1, boot=f"boot-{boot}"))
    assert house.state.heard[HEAD].ended == tuple(f"boot-{boot}" for boot in range(11, 19))


def test_a_message_kept_back_is_noticed_and_the_next_one_still_counts() -> None:
    house = quiet_house()
    house.see(delivered(1))
    house.see(delivered(4))
    (gap,) = of_kind(ev.WireViolated, house.events)
    assert (gap.violation, gap.detail) == (Violation.SEQUENCE_GAP, "messages 2 to 3 never came")
    assert denials(house) == 2


UNKNOWN: list[st.Stimulus] = [
    st.PositionSeen(DoorId("nowhere"), Position.OPEN),
    st.LockSeen(DoorId("nowhere"), LockStatus.UNLOCKED),
    st.RexSeen(DoorId("nowhere")),
    device(DeviceId("nothing")),
    device(DeviceId("nothing"), online=False),
    st.TamperSeen(DeviceId("nothing"), active=True),
    st.PowerSeen(DeviceId("nothing"), failed=True),
    st.ViolationSeen(DeviceId("nothing"), Violation.BAD_MAC, ""),
    st.CameraSeen(CameraId("nothing"), online=True, detail=""),
    st.CameraSeen(CameraId("nothing"), online=False, detail=""),
    st.PinEntered(ReaderId("nowhere"), "x"),
    st.UnlockFailed(DoorId("nowhere"), RequestId("r1"), ev.UnlockFailure.JAMMED),
    st.Delivered(DeviceId("nothing"), "boot", 1, st.RexSeen(FRONT)),
    st.Nothing(),
]


@pytest.mark.parametrize("stimulus", UNKNOWN, ids=lambda s: type(s).__name__)
def test_what_the_site_does_not_know_changes_nothing(stimulus: st.Stimulus) -> None:
    outcome = quiet_house().see(stimulus)
    assert (outcome.events, outcome.effects) == ((), ())
