"""The box: waking up, its clock, its log, its sign-ins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from controller.domain.decision import DenyReason
from controller.domain.effects import Release, Relock, Signal, Unlock
from controller.domain.ids import DeviceId, OperatorId, RequestId
from controller.domain.operators import Refusal, SetThreatLevel, StartLockdown, UnlockOnce
from controller.rules.step import next_deadline, still_holds
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    CELLAR_CAMERA,
    CELLAR_IN,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    MONDAY_TEN,
    SUE,
    House,
    empty_house,
    everything_answers,
    head,
    lock_of,
    of_kind,
    opens,
    order,
    quiet_house,
    started,
    strange_card,
    swipe,
)


def reasons(house: House, stimulus: st.Stimulus) -> tuple[DenyReason, ...]:
    denied = of_kind(ev.AccessDenied, house.see(stimulus).events)
    return denied[0].reasons if denied else ()


# Waking up.


def test_a_first_start_keeps_the_policy_and_locks_everything() -> None:
    house = House()
    outcome = house.see(started(house.site))
    assert outcome.events == (
        ev.BoxStarted("1.0", 15.0, 60.0, 5.0),
        ev.SiteActivated("digest-1", "# the site file"),
    )
    assert outcome.effects == tuple(Relock(door) for door in house.site.doors)


def test_a_start_under_the_same_policy_activates_nothing() -> None:
    house = quiet_house()
    assert of_kind(ev.SiteActivated, house.restart().events) == []
    house.site = replace(house.site, digest="digest-2")
    assert of_kind(ev.SiteActivated, house.restart().events) == [ev.SiteActivated("digest-2", "# the site file")]


def test_whoever_is_not_heard_of_is_missing_after_a_while() -> None:
    house = empty_house()
    house.see(st.DeviceSeen(head(FRONT_IN), online=True, secure=True, detail=""))
    house.see(st.CameraSeen(CELLAR_CAMERA, online=True, detail=""))
    assert house.wait(14.999) == []
    house.wait(0.001)
    offline = {alarm.source.device for alarm in house.alarms(AlarmKind.OFFLINE)}
    assert offline == set(house.site.devices) - {head(FRONT_IN)}
    assert len(house.alarms(AlarmKind.CAMERA_LOST)) == len(house.site.cameras) - 1
    assert house.events[-1] == ev.StartUpCompleted()
    assert next_deadline(house.state) is None


@pytest.mark.parametrize(
    ("kind", "begins", "ends"),
    [
        (AlarmKind.TAMPER, st.TamperSeen(head(FRONT_IN), True), st.TamperSeen(head(FRONT_IN), False)),
        (AlarmKind.MAINS, st.PowerSeen(lock_of(FRONT), True), st.PowerSeen(lock_of(FRONT), False)),
    ],
)
def test_what_ended_while_the_box_was_down_ends_its_alarm(
    kind: AlarmKind, begins: st.Stimulus, ends: st.Stimulus
) -> None:
    house = quiet_house()
    house.see(begins)
    house.restart()
    assert house.alarms(kind)[0].persists
    house.see(begins)
    assert len(house.alarms(kind)) == 1
    house.restart()
    house.see(ends)
    assert not house.alarms(kind)[0].persists


def test_an_alarm_of_what_the_site_file_no_longer_knows_can_be_closed() -> None:
    house = quiet_house()
    house.see(st.TamperSeen(head(CELLAR_IN), True))
    house.see(opens(FRONT))
    devices = {device: d for device, d in house.site.devices.items() if device != head(CELLAR_IN)}
    house.site = replace(house.site, devices=devices, digest="digest-2")
    house.restart()
    assert not house.alarms(AlarmKind.TAMPER)[0].persists
    assert house.alarms(AlarmKind.FORCED_OPEN)[0].persists


def test_a_threat_level_survives_a_restart() -> None:
    house = quiet_house()
    house.see(order(SUE, SetThreatLevel(2, "x")))
    house.restart()
    assert house.state.threat_level == 2


def test_people_survive_a_restart() -> None:
    house = quiet_house()
    house.restart()
    everything_answers(house)
    assert reasons(house, swipe(FRONT_IN, ALICE)) == ()


# The clock.


def test_a_clock_stepped_back_is_not_trusted_and_only_always_rights_work() -> None:
    house = quiet_house()
    house.set_wall(MONDAY_TEN - timedelta(hours=1))
    assert reasons(house, swipe(FRONT_IN, ALICE)) == (DenyReason.CLOCK_NOT_TRUSTED,)
    assert reasons(house, swipe(FRONT_IN, BOB)) == ()
    assert len(house.alarms(AlarmKind.CLOCK_UNTRUSTED)) == 1


@pytest.mark.parametrize(("step", "trusted"), [(-5.0, True), (-5.1, False), (5.0, True), (5.1, False)])
def test_a_small_step_is_no_step(step: float, trusted: bool) -> None:
    house = quiet_house()
    house.see(strange_card(FRONT_IN))
    house.set_wall(house.now.wall + timedelta(seconds=step))
    house.see(st.TimePassed())
    assert house.state.clock_trusted is trusted


def test_time_that_passes_is_no_jump() -> None:
    house = quiet_house()
    house.wait(3 * 24 * 3600.0)
    house.see(strange_card(FRONT_IN))
    assert house.state.clock_trusted


@pytest.mark.parametrize(("jump", "wait"), [(6.0, 60.0), (3600.0, 3600.0), (30 * 24 * 3600.0, 24 * 3600.0)])
def test_a_clock_that_jumped_is_trusted_again_once_it_ran_evenly_for_as_long(jump: float, wait: float) -> None:
    """Whoever sets the clock to office hours gains nothing by it: at least a minute passes, and at most a day."""
    house = quiet_house()
    house.set_wall(house.now.wall + timedelta(seconds=jump))
    house.see(st.TimePassed())
    house.see(st.TimePassed(), after=wait - 0.001)
    trusted = [house.state.clock_trusted]
    house.see(st.TimePassed(), after=0.001)
    assert [*trusted, house.state.clock_trusted] == [False, True]
    assert not house.alarms(AlarmKind.CLOCK_UNTRUSTED)[0].persists


@pytest.mark.parametrize("further", [3600.0, 6.0])
def test_a_further_jump_is_waited_for_as_well_and_is_told_once(further: float) -> None:
    """A small jump after a large one does not shorten what the large one costs."""
    house = quiet_house()
    for jump in (3600.0, further):
        house.set_wall(house.now.wall + timedelta(seconds=jump))
        house.see(st.TimePassed(), after=50.0)
        house.see(st.TimePassed())
    assert len(of_kind(ev.ClockDistrusted, house.events)) == 2
    house.see(st.TimePassed(), after=3550.0 + further - 0.1)
    trusted = [house.state.clock_trusted]
    house.see(st.TimePassed(), after=0.2)
    assert [*trusted, house.state.clock_trusted] == [False, True]
    assert len(house.alarms(AlarmKind.CLOCK_UNTRUSTED)) == 1


def test_a_jump_after_the_last_one_was_waited_for_costs_its_own_time_only() -> None:
    """The loop stalls past the end of the wait, and finds the clock ahead once more."""
    house = quiet_house()
    house.set_wall(house.now.wall + timedelta(seconds=100.0))
    house.see(st.TimePassed())
    house.set_wall(house.now.wall + timedelta(seconds=200.0))
    house.see_late(st.TimePassed(), 150.0)
    assert [event.steady_seconds for event in of_kind(ev.ClockDistrusted, house.events)] == [100.0, 200.0]


def test_a_clock_set_back_stays_untrusted_until_it_has_caught_up() -> None:
    house = quiet_house()
    house.set_wall(house.now.wall - timedelta(hours=1))
    house.see(strange_card(FRONT_IN))
    house.see(strange_card(FRONT_IN), after=1800.0)
    house.see(strange_card(FRONT_IN), after=1800.0)
    trusted = [house.state.clock_trusted]
    house.see(st.TimePassed(), after=1.0)
    assert [*trusted, house.state.clock_trusted] == [False, True]


def test_a_clock_set_back_is_not_trusted_for_running_evenly() -> None:
    house = quiet_house()
    house.set_wall(house.now.wall - timedelta(hours=1))
    for _ in range(70):
        house.see(strange_card(FRONT_IN), after=1.0)
    assert not house.state.clock_trusted
    assert len(of_kind(ev.ClockDistrusted, house.events)) == 1


def test_a_box_that_wakes_up_in_the_past_does_not_trust_its_clock() -> None:
    house = quiet_house()
    house.see(strange_card(FRONT_IN))
    house.set_wall(house.now.wall - timedelta(hours=1))
    house.restart()
    assert reasons(house, swipe(FRONT_IN, ALICE)) == (DenyReason.CLOCK_NOT_TRUSTED,)


def test_a_restart_makes_no_clock_trusted() -> None:
    house = quiet_house()
    house.set_wall(MONDAY_TEN - timedelta(hours=1))
    house.see(st.TimePassed())
    house.restart()
    assert not house.state.clock_trusted


# The log.


def test_while_the_log_is_late_nobody_gets_in_and_everybody_gets_out() -> None:
    house = quiet_house()
    house.see(st.LogLateSeen((), "slow disk"))
    assert reasons(house, swipe(FRONT_IN, BOB)) == (DenyReason.LOG_CANNOT_BE_WRITTEN,)
    refused = house.see(order(GIL, UnlockOnce(FRONT, "x"))).events
    assert of_kind(ev.OrderRefused, refused)[0].why is Refusal.LOG_CANNOT_BE_WRITTEN
    assert house.see(st.RexSeen(FRONT)).effects == (Release(FRONT, 5.0),)
    lockdown = house.see(order(GIL, StartLockdown("x")))
    assert lockdown.effects[:3] == (Relock(FRONT), Relock(INNER), Relock(CELLAR))


def test_a_grant_the_log_did_not_take_in_time_is_none() -> None:
    house = quiet_house()
    unlock = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    late = house.see(st.LogLateSeen(((FRONT, RequestId("r1")), (INNER, RequestId("r7"))), "slow disk"), after=0.25)
    assert late.events[0] == ev.LogWasLate("slow disk")
    assert of_kind(ev.GrantWithdrawn, late.events) == [
        ev.GrantWithdrawn(RequestId("r1"), FRONT, ev.UnlockFailure.LOG_CANNOT_BE_WRITTEN)
    ]
    assert not still_holds(house.state, unlock, house.now)
    house.see(st.LogRestoredSeen())
    assert not still_holds(house.state, unlock, house.now)


def test_a_late_log_is_one_alarm_until_it_is_restored() -> None:
    house = quiet_house()
    house.see(st.LogLateSeen((), "slow disk"))
    assert house.see(st.LogLateSeen((), "slow disk")).events == ()
    assert house.alarms(AlarmKind.LOG_LATE)[0].persists
    house.see(st.LogRestoredSeen())
    assert not house.alarms(AlarmKind.LOG_LATE)[0].persists
    assert house.see(st.LogRestoredSeen()).events == ()
    assert reasons(house, swipe(FRONT_IN, ALICE)) == ()


def test_a_restart_forgets_that_the_log_was_late() -> None:
    house = quiet_house()
    house.see(st.LogLateSeen((), "slow disk"))
    house.restart()
    assert not house.state.log_late
    assert not house.alarms(AlarmKind.LOG_LATE)[0].persists


def test_what_the_reader_shows_in_red_never_waits() -> None:
    house = quiet_house()
    house.see(st.LogLateSeen((), "slow disk"))
    (light,) = house.see(swipe(FRONT_IN, ALICE)).effects
    assert isinstance(light, Signal)
    assert still_holds(house.state, light, house.now)
    assert not any(isinstance(effect, Unlock) for effect in house.effects)


# Sign-ins.


@pytest.mark.parametrize(("seconds", "alarms"), [(14.999, 1), (15.0, 0)])
def test_five_failed_sign_ins_within_a_minute_are_an_alarm(seconds: float, alarms: int) -> None:
    house = quiet_house()
    for _ in range(5):
        house.see(st.SignInTried(OperatorId("root"), succeeded=False, address="10.0.0.9"), after=seconds)
    assert len(house.alarms(AlarmKind.LOGIN_BRUTE_FORCE)) == alarms


def test_signing_in_and_out_are_facts() -> None:
    house = quiet_house()
    assert house.see(st.SignInTried(GIL, succeeded=True, address="10.0.0.9")).events == (
        ev.OperatorSignedIn(GIL, "10.0.0.9"),
    )
    assert house.see(st.SignedOutSeen(GIL)).events == (ev.OperatorSignedOut(GIL),)


def test_a_disk_that_runs_full_is_an_alarm_until_there_is_room_again():
    house = quiet_house()
    house.see(st.DiskSeen(low=True, detail="400 MiB free"))
    house.see(st.DiskSeen(low=True, detail="300 MiB free"))
    (alarm,) = house.alarms(AlarmKind.DISK_LOW)
    assert alarm.persists
    assert alarm.detail == "400 MiB free"
    house.see(st.DiskSeen(low=False, detail="9 GiB free"))
    (alarm,) = house.alarms(AlarmKind.DISK_LOW)
    assert not alarm.persists


@pytest.mark.parametrize("device", [DeviceId("lock-1"), None])
def test_a_certificate_that_ends_soon_is_an_alarm_until_it_is_renewed(device):
    house = quiet_house()
    device = device and next(iter(house.site.devices))
    house.see(st.CertificateSeen(device, ending=True, detail="ends on 2027-01-01"))
    house.see(st.CertificateSeen(device, ending=True, detail="ends tomorrow"))
    (alarm,) = house.alarms(AlarmKind.CERTIFICATE_ENDING)
    assert (alarm.source, alarm.detail, alarm.persists) == (Source(device=device), "ends on 2027-01-01", True)
    house.see(st.CertificateSeen(device, ending=False, detail=""))
    (alarm,) = house.alarms(AlarmKind.CERTIFICATE_ENDING)
    assert not alarm.persists


def test_a_certificate_of_no_device_of_the_policy_is_nobodys_alarm():
    house = quiet_house()
    house.see(st.CertificateSeen(DeviceId("long-gone"), ending=True, detail="ends on 2027-01-01"))
    assert not house.alarms(AlarmKind.CERTIFICATE_ENDING)
