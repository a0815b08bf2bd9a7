"""Under duress: the door behaves as always, and the second station knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import Alarm, AlarmKind, Source
from controller.domain.effects import Effect
from controller.domain.events import Event
from controller.domain.operators import SEES_SILENT, AcknowledgeAlarm, BlockDoor, CloseAlarm, Operator, Refusal, Role
from controller.domain.site import Factor
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    CELLAR_IN,
    FRONT_IN,
    GIL,
    INNER,
    INNER_IN,
    SUE,
    House,
    duress_pin,
    of_kind,
    order,
    pin,
    quiet_house,
    small_site,
    swipe,
    with_reader,
    wrong_pin,
)

Typed = Callable[..., st.PinEntered]


def lived(typed: Typed, *before: st.Stimulus, after: float = 1.0) -> House:
    """Alice shows her badge at the inner door and types a PIN."""
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    for stimulus in before:
        house.see(stimulus)
    house.see_late(typed(INNER_IN, ALICE), after)
    return house


def at_the_post(house: House) -> tuple[list[Event], list[Effect]]:
    """What whoever watches the door and the guard's screen gets to see."""
    shown = [event for event in house.events if not getattr(event, "silent", False)]
    return [replace(e, asked=None) if hasattr(e, "asked") else e for e in shown], house.effects  # type: ignore[call-arg]


def duress(house: House) -> Alarm:
    (alarm,) = house.alarms(AlarmKind.DURESS)
    return alarm


CASES: dict[str, tuple[tuple[st.Stimulus, ...], float]] = {
    "it opens the door": ((), 1.0),
    "the door is blocked meanwhile": ((order(GIL, BlockDoor(INNER, "x")),), 1.0),
    "it comes too late": ((), 10.0),
    "the log is late": ((st.LogLateSeen((), "slow disk"),), 1.0),
}


@pytest.mark.parametrize("case", CASES)
def test_the_door_does_as_with_the_right_pin_and_the_alarm_comes_all_the_same(case: str) -> None:
    before, after = CASES[case]
    real, forced = lived(pin, *before, after=after), lived(duress_pin, *before, after=after)
    assert at_the_post(forced) == at_the_post(real)
    assert real.alarms(AlarmKind.DURESS) == []
    alarm = duress(forced)
    assert (alarm.source, alarm.detail, alarm.silent) == (Source(reader=INNER_IN), ALICE, True)


def test_who_is_locked_out_stays_so_and_is_heard() -> None:
    house = quiet_house()
    for _ in range(3):
        house.see(swipe(INNER_IN, ALICE))
        house.see(wrong_pin(INNER_IN))
    granted = len(of_kind(ev.AccessGranted, house.events))
    house.wait(60.0)
    house.see(swipe(INNER_IN, ALICE))
    house.see(duress_pin(INNER_IN, ALICE))
    assert len(of_kind(ev.AccessGranted, house.events)) == granted + 1  # it forgives wrong tries like the right one
    assert duress(house)


def test_each_time_is_an_alarm_of_its_own() -> None:
    house = quiet_house()
    for _ in range(2):
        house.see(swipe(INNER_IN, ALICE))
        house.see(duress_pin(INNER_IN, ALICE))
    assert len(house.alarms(AlarmKind.DURESS)) == 2


def test_it_is_one_factor_among_others() -> None:
    site = with_reader(small_site(), CELLAR_IN, keypad=True, factors=frozenset({Factor.CARD, Factor.PIN, Factor.FACE}))
    house = quiet_house(site)
    house.see(swipe(CELLAR_IN, BOB))
    house.see(duress_pin(CELLAR_IN, BOB))
    assert duress(house)
    house.face()
    assert len(of_kind(ev.AccessGranted, house.events)) == 1


def test_somebody_elses_is_a_wrong_pin() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    house.see(duress_pin(INNER_IN, BOB))
    assert house.alarms(AlarmKind.DURESS) == []
    assert of_kind(ev.AccessGranted, house.events) == []


def test_without_a_challenge_it_means_nothing() -> None:
    assert quiet_house().see(duress_pin(FRONT_IN, ALICE)).events == ()


def test_no_word_of_it_stands_in_the_trace() -> None:
    (granted,) = of_kind(ev.AccessGranted, lived(duress_pin).events)
    assert "duress" not in repr(granted.trace)
    assert granted.asked is not None
    assert granted.asked.duress


@pytest.mark.parametrize("role", Role)
def test_only_the_second_station_deals_with_it(role: Role) -> None:
    house = lived(duress_pin)
    house.see(st.OperatorEnrolled("test", Operator(ADA, role)))
    alarm = duress(house).id
    (event,) = house.see(order(ADA, AcknowledgeAlarm(alarm))).events
    if role in SEES_SILENT - {Role.AUDITOR}:
        assert event == ev.AlarmAcknowledged(alarm, ADA, silent=True)
        (closed,) = house.see(order(ADA, CloseAlarm(alarm, "all well"))).events
        assert closed == ev.AlarmClosed(alarm, ADA, "all well", silent=True)
    else:
        assert isinstance(event, ev.OrderRefused)
        expected = Refusal.UNKNOWN_ALARM if role is Role.GUARD else Refusal.NOT_YOUR_ROLE
        assert (event.why, event.silent) == (expected, True)


def test_a_refused_order_on_it_is_as_silent() -> None:
    house = lived(duress_pin)
    (refused,) = house.see(order(SUE, CloseAlarm(duress(house).id, "x"))).events
    assert isinstance(refused, ev.OrderRefused)
    assert (refused.why, refused.silent) == (Refusal.NOT_ACKNOWLEDGED, True)


def test_what_is_said_of_other_alarms_is_for_everybody() -> None:
    house = quiet_house()
    house.see(st.TamperSeen(house.site.readers[FRONT_IN].device, active=True))
    (raised,) = of_kind(ev.AlarmRaised, house.events)
    (acknowledged,) = house.see(order(GIL, AcknowledgeAlarm(raised.alarm))).events
    assert not raised.silent
    assert acknowledged == ev.AlarmAcknowledged(raised.alarm, GIL)
