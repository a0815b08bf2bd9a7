"""Steps of a procedure, escalation by hand, and the shelf: who may, what comes of it, and what a restart leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarm_orders import AlarmOrder, EscalateAlarm, ShelveAlarm, TickStep, UnshelveAlarm
from controller.domain.alarms import NEVER_SHELVED, Alarm, AlarmKind, Priority, Source, in_order, never_shelved
from controller.domain.causes import Escalation
from controller.domain.effects import SetOutput
from controller.domain.flood import FLOOD_SECONDS, Flood
from controller.domain.ids import AlarmId, OperatorId
from controller.domain.operators import AcknowledgeAlarm, CloseAlarm, Refusal
from controller.rules.alarm_orders import LONGEST_SHELF_SECONDS, MOST_STEPS
from controller.rules.step import next_deadline
from tests.controller.builders import (
    FRONT,
    GIL,
    INNER,
    MONDAY_TEN,
    SIREN,
    SUE,
    House,
    lock_of,
    opens,
    order,
    quiet_house,
    small_site,
    with_points,
)

A1, A2 = AlarmId("a1"), AlarmId("a2")
DURESS = st.SignInTried(GIL, succeeded=True, address="192.0.2.7", duress=True)
FLAT = st.BatterySeen(lock_of(FRONT), low=True)


def flat() -> House:
    """Return a house in which one battery is low: an alarm that may be shelved."""
    house = quiet_house()
    house.see(FLAT)
    return house


def sounding() -> House:
    """Return a house whose siren sounds for what nobody acknowledged within a minute."""
    house = quiet_house(replace(with_points(small_site()), escalation=Escalation(60.0, (SIREN,))))
    house.see(FLAT)
    return house


def alarm(house: House, which: AlarmId = A1) -> Alarm:
    return house.state.alarms[which]


def why(house: House, what: AlarmOrder, who: OperatorId = SUE) -> Refusal | None:
    outcome = house.see(order(who, what))
    return next((event.why for event in outcome.events if isinstance(event, ev.OrderRefused)), None)


def shelve(house: House, seconds: float = 60.0, reason: str = "a new one is on its way", which: AlarmId = A1):
    return ShelveAlarm(which, house.now.wall + timedelta(seconds=seconds), reason)


def silent() -> House:
    house = quiet_house()
    house.see(DURESS)
    return house


def test_a_step_that_was_done_stays_done_and_touches_no_other() -> None:
    house = flat()
    (event,) = house.see(order(GIL, TickStep(A1, 2))).events
    assert event == ev.AlarmStepDone(A1, 2, GIL)
    assert why(house, TickStep(A1, 2)) is Refusal.ALREADY_SO
    assert why(house, TickStep(A1, 0)) is None
    house.restart()
    assert (alarm(house).steps, alarm(house).acknowledged_by) == ({0, 2}, None)


@pytest.mark.parametrize(
    ("step", "refused"),
    [(-1, Refusal.UNKNOWN_STEP), (0, None), (MOST_STEPS - 1, None), (MOST_STEPS, Refusal.UNKNOWN_STEP)],
)
def test_no_procedure_has_more_steps(step: int, refused: Refusal | None) -> None:
    assert why(flat(), TickStep(A1, step)) is refused


@pytest.mark.parametrize("what", [TickStep(A2, 0), EscalateAlarm(A2), UnshelveAlarm(A2)])
def test_what_is_no_alarm_is_refused(what: AlarmOrder) -> None:
    assert why(flat(), what) is Refusal.UNKNOWN_ALARM


@pytest.mark.parametrize("what", [TickStep(A1, 0), EscalateAlarm(A1)])
def test_a_silent_alarm_is_none_for_a_guard_and_what_is_done_about_it_is_silent(what: AlarmOrder) -> None:
    house = silent()
    assert why(house, what, GIL) is Refusal.UNKNOWN_ALARM
    refused = house.events[-1]
    assert isinstance(refused, ev.OrderRefused)
    assert refused.silent
    (event,) = house.see(order(SUE, what)).events
    assert isinstance(event, ev.AlarmStepDone | ev.AlarmEscalated)
    assert event.silent


def test_escalating_sounds_and_somebody_must_look_anew() -> None:
    house = sounding()
    house.see(order(GIL, AcknowledgeAlarm(A1)))
    outcome = house.see(order(GIL, EscalateAlarm(A1)))
    assert outcome.events[0] == ev.AlarmEscalated(A1, (SIREN,), silent=False, operator=GIL)
    assert SetOutput(SIREN, on=True) in outcome.effects
    assert (alarm(house).escalated, alarm(house).acknowledged_by) == (True, None)
    assert why(house, EscalateAlarm(A1)) is Refusal.ALREADY_SO
    assert SetOutput(SIREN, on=False) in house.see(order(SUE, AcknowledgeAlarm(A1))).effects
    assert why(house, EscalateAlarm(A1)) is None


def test_escalation_by_time_acknowledges_nothing_away() -> None:
    house = sounding()
    house.see(opens(FRONT))
    house.wait(60.0)
    assert ev.AlarmEscalated(A2, (SIREN,), silent=False) in house.events
    assert alarm(house, A2).escalated


def test_escalating_takes_an_alarm_off_the_shelf() -> None:
    house = flat()
    house.see(order(SUE, shelve(house)))
    house.see(order(GIL, EscalateAlarm(A1)))
    assert alarm(house).shelf is None


def test_the_shelf_ends_by_itself_to_the_second() -> None:
    house = flat()
    (event,) = house.see(order(SUE, shelve(house))).events
    assert event == ev.AlarmShelved(A1, SUE, "a new one is on its way", 60.0)
    assert next_deadline(house.state) == house.now.mono + 60.0
    house.wait(59.9)
    assert alarm(house).shelf is not None
    house.wait(0.1)
    assert house.events[-1] == ev.AlarmUnshelved(A1, None)
    assert alarm(house).shelf is None


def test_alarms_come_off_the_shelf_in_the_order_of_their_numbers() -> None:
    house = flat()
    house.see(st.BatterySeen(lock_of(INNER), low=True))
    house.see(order(SUE, shelve(house, 60.0, which=A2)))
    house.see(order(SUE, shelve(house, 60.0)))
    house.wait(60.0)
    assert house.events[-2:] == [ev.AlarmUnshelved(A1, None), ev.AlarmUnshelved(A2, None)]


def test_a_supervisor_takes_it_off_again() -> None:
    house = flat()
    assert why(house, UnshelveAlarm(A1)) is Refusal.ALREADY_SO
    house.see(order(SUE, shelve(house)))
    assert why(house, UnshelveAlarm(A1), GIL) is Refusal.NOT_YOUR_ROLE
    (event,) = house.see(order(SUE, UnshelveAlarm(A1))).events
    assert event == ev.AlarmUnshelved(A1, SUE)
    assert alarm(house).shelf is None


@pytest.mark.parametrize(
    ("seconds", "reason", "refused"),
    [
        (0.0, "x", Refusal.EXPIRY_NEEDED),
        (1.0, "x", None),
        (1.0, " ", Refusal.REASON_NEEDED),
        (LONGEST_SHELF_SECONDS, "x", None),
        (LONGEST_SHELF_SECONDS + 1.0, "x", Refusal.EXPIRY_NEEDED),
    ],
)
def test_a_shelf_takes_a_reason_and_an_end(seconds: float, reason: str, refused: Refusal | None) -> None:
    house = flat()
    assert why(house, shelve(house, seconds, reason)) is refused


def test_nobody_shelves_twice_nor_a_guard_at_all() -> None:
    house = flat()
    assert why(house, shelve(house), GIL) is Refusal.NOT_YOUR_ROLE
    house.see(order(SUE, shelve(house)))
    assert why(house, shelve(house)) is Refusal.ALREADY_SO


def test_priority_1_is_never_shelved() -> None:
    house = quiet_house()
    house.see(opens(FRONT))
    assert why(house, shelve(house)) is Refusal.CANNOT_BE_SHELVED


@pytest.mark.parametrize("kind", AlarmKind)
def test_what_is_never_shelved_whatever_its_priority(kind: AlarmKind) -> None:
    low = Alarm(A1, kind, Priority.LOW, Source(), "", MONDAY_TEN, persists=False)
    assert never_shelved(low) == (kind in NEVER_SHELVED)
    assert never_shelved(replace(low, priority=Priority.HIGH))
    assert never_shelved(replace(low, priority=Priority.MEDIUM)) == (kind in NEVER_SHELVED)
    assert never_shelved(replace(low, silent=True))


def test_a_shelved_alarm_stands_last_and_is_not_raised_again() -> None:
    house = flat()
    house.see(st.BatterySeen(lock_of(INNER), low=True))
    house.see(order(SUE, AcknowledgeAlarm(A2)))
    house.see(order(SUE, shelve(house)))
    assert [a.id for a in in_order(house.state.alarms.values())] == [A2, A1]
    house.see(FLAT)
    assert set(house.state.alarms) == {A1, A2}


def test_a_shelved_alarm_may_still_be_seen_and_closed() -> None:
    house = flat()
    house.see(order(SUE, shelve(house)))
    house.see(st.BatterySeen(lock_of(FRONT), low=False))
    house.see(order(GIL, AcknowledgeAlarm(A1)))
    house.see(order(GIL, CloseAlarm(A1, "a new one")))
    assert A1 not in house.state.alarms
    house.wait(60.0)
    assert ev.AlarmUnshelved(A1, None) not in house.events


def test_a_restart_makes_the_shelf_no_longer() -> None:
    house = flat()
    house.see(order(SUE, shelve(house)))
    house.wait(30.0)
    house.restart()
    house.wait(26.9)
    assert alarm(house).shelf is not None
    house.wait(3.2)
    assert alarm(house).shelf is None


# A flood


def raised(*seconds: float) -> Flood:
    flood = Flood()
    for at in seconds:
        flood = flood.after(at)
    return flood


def test_a_flood_starts_above_ten_in_ten_minutes() -> None:
    assert not raised(*[0.0] * 10).stands(0.0)
    assert raised(*[0.0] * 11).stands(0.0)
    assert not raised(*[0.0] * 10, FLOOD_SECONDS).stands(FLOOD_SECONDS)
    assert raised(*[0.0] * 10, FLOOD_SECONDS - 1).stands(FLOOD_SECONDS - 1)


def test_a_flood_ends_below_five() -> None:
    flood = raised(*[0.0] * 6, *[100.0] * 5)
    assert flood.stands(FLOOD_SECONDS)
    assert flood.stands(FLOOD_SECONDS + 99.9)
    assert not flood.stands(FLOOD_SECONDS + 100.0)
    assert not raised(*[0.0] * 7, *[100.0] * 4).stands(FLOOD_SECONDS)


def test_a_flood_that_ended_unseen_does_not_go_on_with_the_next_alarm() -> None:
    flood = raised(*[0.0] * 11)
    assert not flood.after(FLOOD_SECONDS).stands(FLOOD_SECONDS)
    assert raised(*[0.0] * 6, *[100.0] * 5).after(FLOOD_SECONDS).stands(FLOOD_SECONDS)


def test_a_flood_keeps_no_more_than_it_needs() -> None:
    assert len(raised(*map(float, range(300))).raised) == 11


def test_every_alarm_counts_but_silent_ones() -> None:
    house = flat()
    house.see(DURESS)
    assert len(house.state.flood.raised) == 1


def test_a_restart_ages_a_flood_by_the_time_it_took() -> None:
    house = quiet_house()
    house.see(FLAT)
    before = house.now.mono - house.state.flood.raised[0]
    wall = house.now.wall
    house.restart()
    passed = (house.now.wall - wall).total_seconds()
    assert house.now.mono - house.state.flood.raised[0] == pytest.approx(before + passed)
