"""Lockdown: ordered at once, true only once and only while it is seen, ended by two."""

from __future__ import annotations

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.doors import LockStatus
from controller.domain.effects import Release, Relock, Unlock
from controller.domain.ids import RequestId
from controller.domain.operators import EndLockdown, Operator, Refusal, Role, StartLockdown, UnlockOnce
from controller.rules.step import next_deadline, still_holds
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    CELLAR,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    INNER_IN,
    SUE,
    House,
    bolt,
    closes,
    everything_answers,
    lock_of,
    of_kind,
    opens,
    order,
    quiet_house,
    swipe,
)

START = order(GIL, StartLockdown("a shot was heard"))


def end(house: House, *who: object) -> None:
    for operator in who:
        house.see(order(operator, EndLockdown()))  # type: ignore[arg-type]


def is_secured(house: House) -> bool:
    assert house.state.lockdown is not None
    return house.state.lockdown.secured


def test_every_door_is_told_to_lock_before_anything_else_is_asked() -> None:
    house = quiet_house()
    house.see(swipe(INNER_IN, ALICE))
    outcome = house.see(START)
    assert outcome.effects[:3] == (Relock(FRONT), Relock(INNER), Relock(CELLAR))
    assert outcome.events[0] == ev.LockdownStarted(GIL, "a shot was heard", 5.0)


def test_open_grants_are_withdrawn_and_an_unlock_that_waits_for_the_log_never_goes_out() -> None:
    house = quiet_house()
    unlock = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    assert isinstance(unlock, Unlock)
    started = house.see(START)
    assert ev.GrantWithdrawn(RequestId("r1"), FRONT, Refusal.LOCKDOWN) in started.events
    assert not still_holds(house.state, unlock, house.now)


def test_an_unlocked_bolt_is_shown_as_ordered_to_lock() -> None:
    house = quiet_house()
    house.see(bolt(FRONT, LockStatus.UNLOCKED))
    house.see(START)
    assert house.state.door(FRONT).ordered is LockStatus.LOCKED
    assert house.state.door(INNER).ordered is None


def test_the_way_out_stays_open() -> None:
    house = quiet_house()
    house.see(st.RexSeen(FRONT))
    assert of_kind(ev.GrantWithdrawn, house.see(START).events) == []
    house.see(opens(FRONT), after=1.0)
    assert house.alarms(AlarmKind.FORCED_OPEN) == []
    assert house.see(st.RexSeen(FRONT)).effects == (Release(FRONT, 5.0),)


def test_nobody_gets_in_by_badge_or_by_guard() -> None:
    house = quiet_house()
    house.see(START)
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessDenied, house.events)[-1].reasons == (DenyReason.LOCKDOWN,)
    house.see(order(SUE, UnlockOnce(FRONT, "a friend")))
    assert of_kind(ev.OrderRefused, house.events)[-1].why is Refusal.LOCKDOWN


def test_secured_at_once_where_every_door_is_seen_secured() -> None:
    house = quiet_house()
    assert ev.LockdownSecured(0.0) in house.see(START).events
    assert next_deadline(house.state) is None


@pytest.mark.parametrize("straggler", [opens(INNER), bolt(CELLAR, LockStatus.JAMMED), bolt(FRONT, LockStatus.UNKNOWN)])
def test_not_secured_while_one_door_is_not_seen_so(straggler: st.Stimulus) -> None:
    house = quiet_house()
    house.see(straggler)
    house.see(START)
    assert not is_secured(house)
    assert house.wait(4.999) == []
    overdue, raised = house.wait(0.001)
    assert overdue == ev.LockdownOverdue((straggler.door,))  # type: ignore[union-attr]
    assert isinstance(raised, ev.AlarmRaised)
    assert (raised.kind, raised.persists) == (AlarmKind.LOCKDOWN_INCOMPLETE, True)
    assert raised.detail == house.site.doors[straggler.door].name  # type: ignore[union-attr]


def test_the_alarm_names_every_door_that_is_not_seen_secured() -> None:
    house = quiet_house()
    for straggler in (bolt(CELLAR, LockStatus.JAMMED), opens(INNER), START):
        house.see(straggler)
    house.wait(5.0)
    (alarm,) = house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE)
    assert alarm.detail == "The inner door, The cellar door"


def test_secured_when_the_last_straggler_is_seen_closed_and_locked() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(bolt(FRONT, LockStatus.UNLOCKED), after=0.1)
    house.see(opens(FRONT), after=0.1)
    house.see(START, after=1.0)
    house.see(closes(FRONT), after=6.0)
    assert house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE)[0].persists
    secured = house.see(bolt(FRONT, LockStatus.LOCKED), after=1.0)
    assert ev.LockdownSecured(7.0) in secured.events
    assert not house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE)[0].persists


@pytest.mark.parametrize(
    "broken",
    [
        bolt(FRONT, LockStatus.UNLOCKED),  # the pulse that was on its way when the lockdown began
        opens(FRONT),
        st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="cut"),
    ],
)
def test_secured_only_as_long_as_every_door_is(broken: st.Stimulus) -> None:
    house = quiet_house()
    house.see(START)
    house.see(broken, after=60.0)
    assert not is_secured(house)
    house.wait(5.0)
    assert of_kind(ev.LockdownOverdue, house.events) == [ev.LockdownOverdue((FRONT,))]
    assert len(house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE)) == 1


def test_secured_again() -> None:
    house = quiet_house()
    house.see(START)
    house.see(bolt(FRONT, LockStatus.UNLOCKED), after=1.0)
    house.see(bolt(FRONT, LockStatus.LOCKED), after=1.0)
    assert of_kind(ev.LockdownSecured, house.events) == [ev.LockdownSecured(0.0), ev.LockdownSecured(2.0)]
    assert house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE) == []


def test_it_takes_two_different_operators_to_end_it() -> None:
    house = quiet_house()
    house.see(START)
    end(house, GIL)
    end(house, GIL)
    assert of_kind(ev.OrderRefused, house.events)[-1].why is Refusal.SECOND_PERSON_NEEDED
    end(house, ADA)
    assert of_kind(ev.OrderRefused, house.events)[-1].why is Refusal.NOT_YOUR_ROLE
    end(house, SUE)
    assert house.state.lockdown is None
    assert of_kind(ev.LockdownEnded, house.events) == [ev.LockdownEnded(GIL, SUE)]


def test_who_lost_the_right_to_end_it_no_longer_counts_as_the_first() -> None:
    house = quiet_house()
    house.see(START)
    end(house, GIL)
    house.see(st.OperatorEnrolled("test", Operator(GIL, Role.AUDITOR)))
    end(house, SUE)
    assert house.state.lockdown is not None
    assert house.state.lockdown.end_requested_by == SUE


def test_ending_it_opens_nothing_and_closes_its_alarm() -> None:
    house = quiet_house()
    house.see(bolt(FRONT, LockStatus.JAMMED))
    house.see(START)
    house.wait(5.0)
    before = len(house.effects)
    end(house, GIL, SUE)
    assert house.effects[before:] == []
    assert not house.alarms(AlarmKind.LOCKDOWN_INCOMPLETE)[0].persists


def test_a_new_lockdown_needs_two_again() -> None:
    house = quiet_house()
    house.see(START)
    end(house, GIL, SUE)
    house.see(START)
    end(house, SUE)
    assert house.state.lockdown is not None


def test_it_survives_a_restart_unseen_until_it_is_seen_again() -> None:
    house = quiet_house()
    house.see(START)
    end(house, GIL)
    restarted = house.restart()
    assert restarted.effects == (Relock(FRONT), Relock(INNER), Relock(CELLAR))
    assert not is_secured(house)
    house.wait(5.0)
    assert of_kind(ev.LockdownOverdue, house.events) == [ev.LockdownOverdue((FRONT, INNER, CELLAR))]
    everything_answers(house)
    assert is_secured(house)
    house.see(swipe(FRONT_IN, BOB))
    assert of_kind(ev.AccessDenied, house.events)[-1].reasons == (DenyReason.LOCKDOWN,)


def test_a_lock_that_comes_back_in_a_lockdown_is_told_to_lock() -> None:
    house = quiet_house()
    house.see(START)
    house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail=""))
    back = house.see(st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail=""))
    assert back.effects == (Relock(FRONT),)
