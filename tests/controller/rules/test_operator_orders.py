"""Orders about operators and their shifts: a row per refusal, two where two are asked for, and what each comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockMode
from controller.domain.ids import OUTSIDE, OperatorId, ZoneId
from controller.domain.operator_orders import (
    AcceptHandOver,
    AppointOperator,
    HandOver,
    ResetOperator,
    WithdrawOperator,
    operator_subject,
)
from controller.domain.operators import BlockDoor, EndLockdown, Operator, Refusal, Role, StartLockdown
from controller.domain.roles import FactorChange, SecondFactor
from controller.rules.second_person import SECOND_PERSON_HOURS
from tests.controller.builders import ADA, ALICE, FRONT, GIL, LOBBY, SUE, of_kind, opens, order, quiet_house

SVEN, OTTO, NEW = OperatorId("sven"), OperatorId("otto"), OperatorId("nick")
APPOINT = AppointOperator(NEW, Role.GUARD, frozenset({LOBBY}), "joins the post")
RESET = ResetOperator(GIL, "lost the telephone")
HOUR = 3600.0


def house_with_officers():
    """The house, with two security officers; Sven and Sue are one human being no more than anybody else."""
    house = quiet_house()
    for operator in (Operator(SVEN, Role.SECURITY_OFFICER), Operator(OTTO, Role.SECURITY_OFFICER, ALICE)):
        house.see(st.OperatorEnrolled("test", operator))
    return house


def refusal(house, who, what):
    return next((e.why for e in house.see(order(who, what)).events if isinstance(e, ev.OrderRefused)), None)


@pytest.mark.parametrize(
    ("who", "what", "why"),
    [
        (GIL, APPOINT, Refusal.NOT_YOUR_ROLE),
        (ADA, HandOver(""), Refusal.NOT_YOUR_ROLE),
        (SUE, APPOINT, Refusal.NOT_YOUR_ROLE),  # who agrees does not ask
        (SUE, RESET, Refusal.NOT_YOUR_ROLE),
        (SUE, WithdrawOperator(GIL, "because"), Refusal.NOT_YOUR_ROLE),
        (SVEN, replace(APPOINT, reason=" "), Refusal.REASON_NEEDED),
        (SVEN, replace(APPOINT, zones=frozenset()), Refusal.UNKNOWN_ZONE),
        (SVEN, replace(APPOINT, zones=frozenset({LOBBY, ZoneId("attic")})), Refusal.UNKNOWN_ZONE),
        (SVEN, replace(APPOINT, appointed=SVEN), Refusal.ABOUT_YOURSELF),
        (SVEN, AppointOperator(GIL, Role.GUARD, None, "again"), Refusal.ALREADY_SO),
        (SVEN, replace(RESET, reset=NEW), Refusal.NO_SUCH_OPERATOR),
        (SVEN, replace(RESET, reset=SVEN), Refusal.ABOUT_YOURSELF),
        (SVEN, replace(RESET, reason=""), Refusal.REASON_NEEDED),
        (SVEN, WithdrawOperator(NEW, "because"), Refusal.NO_SUCH_OPERATOR),
        (SVEN, WithdrawOperator(SVEN, "because"), Refusal.ABOUT_YOURSELF),
        (SVEN, WithdrawOperator(GIL, " "), Refusal.REASON_NEEDED),
        (GIL, AcceptHandOver(), Refusal.NO_HANDOVER),
        (SVEN, APPOINT, None),
        (SVEN, AppointOperator(GIL, Role.SUPERVISOR, None, "promoted"), None),
        (SVEN, AppointOperator(GIL, Role.GUARD, frozenset({LOBBY}), "the lobby alone"), None),
        (SVEN, WithdrawOperator(GIL, "left"), None),
        (GIL, HandOver(""), None),
    ],
    ids=str,
)
def test_why_an_order_is_refused(who, what, why):
    assert refusal(house_with_officers(), who, what) is why


def test_two_appoint_and_only_then_may_somebody_sign_in():
    house = house_with_officers()
    house.see(order(SVEN, APPOINT))
    assert NEW not in house.state.operators
    assert list(house.state.asked) == [("appoint_operator", "nick guard lobby")]
    assert house.state.asked["appoint_operator", "nick guard lobby"].reason == "joins the post"
    assert refusal(house, SVEN, APPOINT) is Refusal.SECOND_PERSON_NEEDED
    house.see(order(SUE, APPOINT))
    appointed = Operator(NEW, Role.GUARD, None, frozenset({LOBBY}))
    assert of_kind(ev.OperatorAppointed, house.events) == [ev.OperatorAppointed(SVEN, SUE, appointed, "joins the post")]
    assert house.state.operators[NEW] == appointed
    assert len(house.state.asked) == 0


def test_another_role_is_another_order_and_the_badge_stays():
    house = house_with_officers()
    everywhere = AppointOperator(OTTO, Role.GUARD, None, "steps back")
    house.see(order(SVEN, everywhere))
    assert refusal(house, SUE, replace(everywhere, role=Role.SUPERVISOR)) is Refusal.NOT_YOUR_ROLE
    house.see(order(SUE, everywhere))
    assert house.state.operators[OTTO] == Operator(OTTO, Role.GUARD, ALICE)


def test_a_reset_takes_two_and_what_was_asked_is_answered():
    house = house_with_officers()
    house.see(order(SVEN, RESET))
    house.see(order(OTTO, RESET))
    assert of_kind(ev.OperatorReset, house.events) == [ev.OperatorReset(SVEN, OTTO, GIL, "lost the telephone")]
    assert len(house.state.asked) == 0
    assert house.state.operators[GIL].resets == 1


def test_whoever_signs_in_by_two_names_is_not_two():
    house = house_with_officers()
    house.see(st.OperatorEnrolled("test", Operator(SUE, Role.SUPERVISOR, ALICE)))
    house.see(order(OTTO, RESET))
    assert refusal(house, SUE, RESET) is Refusal.SECOND_PERSON_NEEDED


@pytest.mark.parametrize(("hours", "agreed"), [(SECOND_PERSON_HOURS, True), (SECOND_PERSON_HOURS + 0.01, False)])
def test_the_first_waits_so_long(hours, agreed):
    house = house_with_officers()
    house.see(order(SVEN, RESET))
    house.wait(hours * HOUR)
    house.see(order(OTTO, RESET))
    assert bool(of_kind(ev.OperatorReset, house.events)) is agreed


def test_who_asked_and_lost_the_right_has_not_asked():
    house = house_with_officers()
    house.see(order(SVEN, RESET))
    house.see(order(OTTO, WithdrawOperator(SVEN, "left the mission")))
    assert SVEN not in house.state.operators
    house.see(order(OTTO, RESET))
    assert not of_kind(ev.OperatorReset, house.events)


def test_what_is_done_at_the_box_itself_is_a_fact_too():
    house = house_with_officers()
    house.see(st.OperatorRemoved("root at the box", GIL, anew=True, reason="lost"))
    house.see(st.OperatorRemoved("root at the box", GIL, anew=False, reason="left"))
    house.see(st.OperatorRemoved("root at the box", GIL, anew=False, reason="left"))
    assert house.events[-3:] == [
        ev.OperatorReset("root at the box", None, GIL, "lost"),
        ev.OperatorWithdrawn("root at the box", GIL, "left"),
        ev.OperatorWithdrawn("root at the box", GIL, "left"),
    ]
    assert GIL not in house.state.operators
    house.see(st.SecondFactorSet(SUE, SecondFactor.TOTP, FactorChange.REMOVED))
    assert house.events[-1] == ev.SecondFactorChanged(SUE, SecondFactor.TOTP, FactorChange.REMOVED)


def test_a_shift_is_handed_over_with_what_is_open_and_accepted_by_another():
    house = house_with_officers()
    house.see(opens(FRONT))
    house.see(st.SignInTried(GIL, succeeded=True, address="here", duress=True))
    house.see(order(GIL, BlockDoor(FRONT, "the lock sticks")))
    house.see(order(GIL, HandOver("watch the gate")))
    (told,) = of_kind(ev.ShiftHandedOver, house.events)
    forced = house.alarms(AlarmKind.FORCED_OPEN)[0].id
    assert told == ev.ShiftHandedOver(GIL, "watch the gate", (forced,), (FRONT,))  # of the silent alarm: nothing
    shift = house.state.open_shift
    assert (shift.operator, shift.note, shift.alarms, shift.doors) == (GIL, "watch the gate", (forced,), (FRONT,))
    assert shift.wall == house.now.wall
    assert refusal(house, GIL, AcceptHandOver()) is Refusal.SECOND_PERSON_NEEDED
    house.restart()
    house.see(order(SUE, AcceptHandOver()))
    assert house.events[-1] == ev.ShiftAccepted(SUE, GIL)
    assert house.state.open_shift is None
    assert house.state.door(FRONT).block.mode is LockMode.BLOCKED


def test_subjects_tell_orders_apart():
    everywhere, nowhere = replace(APPOINT, zones=None), replace(APPOINT, zones=frozenset())
    said = [operator_subject(o) for o in (APPOINT, everywhere, nowhere, RESET, WithdrawOperator(GIL, ""), HandOver(""))]
    assert said == ["nick guard lobby", "nick guard *", "nick guard", "gil", "gil", ""]
    assert operator_subject(AcceptHandOver()) == ""
    both = replace(APPOINT, zones=frozenset({OUTSIDE, LOBBY}))
    assert operator_subject(both) == "nick guard lobby outside"


def test_nobody_watching_is_one_alarm_that_lasts_until_somebody_does():
    house = house_with_officers()
    for watching in (True, False, False):
        house.see(st.ConsolesSeen(watching))
    (alarm,) = house.alarms(AlarmKind.NO_CONSOLE_WATCHING)
    assert alarm.persists
    house.see(st.ConsolesSeen(watching=True))
    assert not house.alarms(AlarmKind.NO_CONSOLE_WATCHING)[0].persists


def test_duress_is_told_before_and_without_a_sign_in():
    house = house_with_officers()
    house.see(st.DuressSeen(GIL, "192.0.2.7"))
    (alarm,) = house.alarms(AlarmKind.DURESS)
    assert alarm.silent
    assert alarm.detail == "gil signed in from 192.0.2.7"
    assert not of_kind(ev.OperatorSignedIn, house.events)
    house.see(st.SignInTried(GIL, succeeded=True, address="192.0.2.7", factor=SecondFactor.TOTP))
    assert of_kind(ev.OperatorSignedIn, house.events) == [ev.OperatorSignedIn(GIL, "192.0.2.7", SecondFactor.TOTP)]


def test_a_lockdown_that_a_limited_operator_started_is_ended_by_two_without_a_limit():
    house = house_with_officers()
    house.see(st.OperatorEnrolled("test", Operator(GIL, Role.GUARD, None, frozenset({LOBBY}))))
    house.see(order(GIL, StartLockdown("shots")))
    assert refusal(house, GIL, EndLockdown()) is Refusal.NOT_YOUR_ZONE
    house.see(order(SUE, EndLockdown()))
    house.see(order(SVEN, EndLockdown()))
    assert house.state.lockdown is None
