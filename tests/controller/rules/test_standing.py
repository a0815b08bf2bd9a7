"""Doors that stand unlocked by themselves: when they do, what that changes at the door, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockMode, LockStatus, ModeSource
from controller.domain.effects import HoldUnlocked, Light, Relock, Signal, Unlock
from controller.domain.operators import (
    BlockDoor,
    EndLockdown,
    LockDoor,
    Refusal,
    ReleaseDoorMode,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
)
from controller.domain.site import Factor
from controller.rules.mode import effective_mode, mode_requests
from controller.rules.step import next_deadline, still_holds
from tests.controller.builders import (
    ALICE,
    BERLIN,
    EVE,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    LOBBY,
    MONDAY_TEN,
    SUE,
    House,
    closes,
    empty_house,
    everything_answers,
    lock_of,
    of_kind,
    opens,
    order,
    quiet_house,
    small_site,
    swipe,
    with_mantrap,
    with_open_hours,
)

SIX = datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN)
OPEN_HOURS = with_open_hours(small_site())


def early() -> House:
    """The office's front door follows office hours; it is a Monday, ten in the morning, and it stands unlocked."""
    return quiet_house(OPEN_HOURS)


def unlocked(house: House) -> bool:
    return house.state.door(FRONT).hold is LockMode.UNLOCKED


def hold(until: timedelta = timedelta(hours=1), mode: LockMode = LockMode.UNLOCKED, who=SUE) -> st.Ordered:
    return order(who, SetDoorMode(FRONT, mode, MONDAY_TEN + until, "a delivery"))


def let_go(mode: LockMode, who=SUE) -> st.Ordered:
    return order(who, ReleaseDoorMode(FRONT, mode))


def modes(house: House) -> list[LockMode]:
    return [event.mode for event in of_kind(ev.LockModeChanged, house.events)]


# The schedule.


def test_a_door_stands_unlocked_during_its_hours_and_locks_at_their_end_and_no_second_later() -> None:
    house = early()
    assert unlocked(house)
    house.travel(SIX - timedelta(seconds=1))
    assert house.effects == []
    house.wait(1.0)
    assert house.effects == [Relock(FRONT)]
    assert (modes(house), unlocked(house)) == ([LockMode.SECURED], False)
    house.travel(datetime(2026, 11, 24, 8, 0, tzinfo=BERLIN))
    assert house.effects[-1] == HoldUnlocked(FRONT)
    assert house.state.door(FRONT).ordered is LockStatus.UNLOCKED


def test_nobody_looks_at_a_door_between_two_edges() -> None:
    house = early()
    due = next_deadline(house.state)
    assert due == pytest.approx(house.now.mono + (SIX - house.now.wall).total_seconds())
    house.see(st.TimePassed())
    assert house.events == []


def test_a_start_derives_what_holds_now_and_only_after_it_stands_in_the_log() -> None:
    house = early()
    outcome = house.restart()
    kinds = [type(event) for event in outcome.events]
    assert kinds.index(ev.BoxStarted) < kinds.index(ev.LockModeChanged)
    assert outcome.effects.index(Relock(FRONT)) < outcome.effects.index(HoldUnlocked(FRONT))
    house.now = replace(house.now, wall=SIX)
    assert HoldUnlocked(FRONT) not in house.restart().effects
    assert not unlocked(house)


def test_a_feast_leaves_it_locked() -> None:
    house = House(OPEN_HOURS)
    house.set_wall(datetime(2026, 12, 25, 10, 0, tzinfo=BERLIN))
    house.see(st.BoxStartedUp("1.0", OPEN_HOURS.digest, ""))
    assert not unlocked(house)


def test_without_a_clock_to_trust_nothing_unlocks_by_itself() -> None:
    house = early()
    house.set_wall(house.now.wall + timedelta(minutes=2))
    assert Relock(FRONT) in house.see(st.TimePassed()).effects
    assert not unlocked(house)
    house.wait(121.0)
    assert house.see(st.TimePassed()).effects[-1] == HoldUnlocked(FRONT)
    backwards = early()
    backwards.now = replace(backwards.now, wall=backwards.now.wall - timedelta(minutes=1))
    assert HoldUnlocked(FRONT) not in backwards.restart().effects


def test_a_log_that_cannot_be_written_unlocks_nothing_until_it_can() -> None:
    house = early()
    assert house.see(st.LogLateSeen((), "slow disk")).effects == (Relock(FRONT),)
    assert house.see(st.LogRestoredSeen()).effects == (HoldUnlocked(FRONT),)


def test_a_hold_that_waited_for_the_log_is_dropped_once_it_is_over() -> None:
    house = early()
    assert still_holds(house.state, HoldUnlocked(FRONT), house.now)
    house.see(order(GIL, StartLockdown("drill")))
    assert not still_holds(house.state, HoldUnlocked(FRONT), house.now)


def test_a_lock_that_comes_back_is_told_again() -> None:
    house = early()
    house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    back = st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail="")
    assert house.see(back).effects == (HoldUnlocked(FRONT),)


# First person in.


def test_after_first_person_it_unlocks_once_one_of_ours_was_seen_to_go_in() -> None:
    house = quiet_house(with_open_hours(small_site(), first=True))
    assert not unlocked(house)
    house.see(swipe(FRONT_IN, ALICE))
    assert not unlocked(house)  # granted is not gone in
    outcome = house.see(opens(FRONT))
    assert ev.DoorFirstPersonIn(FRONT, ALICE) in outcome.events
    assert outcome.effects[-1] == HoldUnlocked(FRONT)
    house.see(closes(FRONT))
    house.travel(SIX + timedelta(hours=15))
    assert not unlocked(house)  # the next morning waits for its own first person


def test_a_visitor_is_no_first_person_and_an_early_bird_neither() -> None:
    house = quiet_house(with_open_hours(small_site(), first=True))
    visitor = house.state.people[EVE]
    house.see(st.PersonEnrolled("test", replace(visitor, levels=house.state.people[ALICE].levels), "sealed"))
    house.see(swipe(FRONT_IN, EVE))
    house.see(opens(FRONT))
    assert of_kind(ev.DoorFirstPersonIn, house.events) == []
    house.see(closes(FRONT))
    bob = quiet_house(with_open_hours(small_site(), first=True))
    bob.travel(SIX + timedelta(hours=1))
    bob.see(swipe(FRONT_IN, "bob"))
    bob.see(opens(FRONT))
    assert of_kind(ev.DoorFirstPersonIn, bob.events) == []


def test_after_a_restart_the_first_person_is_asked_for_anew() -> None:
    house = quiet_house(with_open_hours(small_site(), first=True))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.restart()
    assert not unlocked(house)


# What an unlocked door does.


def test_whoever_opens_an_unlocked_door_does_nothing_wrong_and_may_stay_in_it() -> None:
    house = early()
    house.see(opens(FRONT))
    house.wait(3600.0)
    assert len(house.state.alarms) == 0
    house.see(closes(FRONT))
    assert Relock(FRONT) not in house.effects


def test_a_badge_is_decided_as_ever_and_recorded_and_proves_nothing_of_where_people_are() -> None:
    house = early()
    outcome = house.see(swipe(FRONT_IN, ALICE))
    assert [type(effect) for effect in outcome.effects] == [Unlock, Signal]
    house.see(opens(FRONT))
    assert of_kind(ev.EntryObserved, house.events)[0].cardholder == ALICE
    assert of_kind(ev.WhereaboutsDoubted, house.events)[0].why is ev.Doubt.DOOR_UNLOCKED
    assert house.state.locations[ALICE] is None
    assert Relock(FRONT) not in house.effects
    refused = house.see(swipe(FRONT_IN, EVE))
    assert Signal(FRONT_IN, Light.DENIED) in refused.effects


def test_a_door_that_stands_open_at_the_end_of_its_hours_is_timed() -> None:
    house = early()
    house.see(opens(FRONT))
    house.travel(SIX)
    assert len(house.state.alarms) == 0
    house.wait(20.0)
    assert [alarm.kind for alarm in house.state.alarms.values()] == [AlarmKind.HELD_OPEN]


def test_a_door_that_is_held_open_when_its_hours_begin_is_no_longer() -> None:
    house = early()
    house.travel(SIX + timedelta(hours=13, minutes=59, seconds=30))
    house.see(swipe(FRONT_IN, "bob"))
    house.see(opens(FRONT))
    house.wait(29.0)
    (alarm,) = house.alarms(AlarmKind.HELD_OPEN)
    assert alarm.persists
    house.wait(5.0)
    (alarm,) = house.alarms(AlarmKind.HELD_OPEN)
    assert unlocked(house)
    assert not alarm.persists


# Who is stricter.


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (order(GIL, BlockDoor(FRONT, "paint")), order(GIL, UnblockDoor(FRONT))),
        (hold(mode=LockMode.BLOCKED, who=GIL), let_go(LockMode.BLOCKED, GIL)),
        (hold(mode=LockMode.SECURED, who=GIL), let_go(LockMode.SECURED, GIL)),
        (order(SUE, SetThreatLevel(1, "a call")), order(SUE, SetThreatLevel(0, "over"))),  # it asks the lobby for a PIN
    ],
)
def test_whatever_is_stricter_locks_and_taking_it_away_uncovers_what_holds_now(
    begins: st.Ordered, ends: st.Ordered
) -> None:
    house = early()
    assert Relock(FRONT) in house.see(begins).effects
    assert not unlocked(house)
    assert house.see(ends).effects == (HoldUnlocked(FRONT),)
    house.see(begins)
    house.travel(SIX)
    assert house.see(ends).effects == ()


def test_a_lockdown_locks_and_its_end_unlocks_again() -> None:
    house = early()
    outcome = house.see(order(GIL, StartLockdown("drill")))
    assert outcome.effects.count(Relock(FRONT)) == 1
    house.see(order(GIL, EndLockdown()))
    assert house.see(order(SUE, EndLockdown())).effects == (HoldUnlocked(FRONT),)


def test_a_guard_who_locks_an_open_door_keeps_it_locked_until_its_next_hours() -> None:
    house = early()
    assert Relock(FRONT) in house.see(order(GIL, LockDoor(FRONT))).effects
    (request, *_) = mode_requests(house.site, house.state, FRONT, house.now)
    assert (request.mode, request.source, request.until) == (LockMode.SECURED, ModeSource.OPERATOR, SIX)
    house.travel(datetime(2026, 11, 24, 8, 0, 1, tzinfo=BERLIN))
    assert unlocked(house)


def test_locking_a_door_that_is_not_unlocked_takes_nothing_from_its_hours() -> None:
    house = quiet_house(with_open_hours(small_site(), first=True))
    house.see(order(GIL, LockDoor(FRONT)))
    assert house.state.door(FRONT).orders == ()


# Operators.


def test_a_supervisor_holds_a_door_unlocked_until_a_time() -> None:
    house = quiet_house()
    assert house.see(hold()).effects == (HoldUnlocked(FRONT),)
    house.travel(MONDAY_TEN + timedelta(hours=1, seconds=-1))
    assert unlocked(house)
    house.wait(1.0)
    assert house.effects[-1] == Relock(FRONT)
    assert of_kind(ev.DoorModeLapsed, house.events) == [ev.DoorModeLapsed(FRONT, LockMode.UNLOCKED)]


def test_what_an_order_has_left_is_told_by_the_wall_after_a_restart() -> None:
    house = quiet_house()
    house.see(hold())
    house.see(hold(timedelta(minutes=30), LockMode.BLOCKED))
    house.wait(600.0)
    house.restart()
    everything_answers(house)
    left = {each.mode: each.lapses - house.now.mono for each in house.state.door(FRONT).orders}
    passed = (house.now.wall - MONDAY_TEN).total_seconds()
    assert left[LockMode.UNLOCKED] == pytest.approx(3600.0 - passed)
    assert left[LockMode.BLOCKED] == pytest.approx(1800.0 - passed)


def test_behind_a_clock_that_went_backwards_no_order_keeps_a_door_unlocked() -> None:
    house = quiet_house()
    house.see(hold())
    house.wait(60.0)
    house.set_wall(house.now.wall - timedelta(minutes=10))
    house.restart()
    house.wait(0.0)
    assert not unlocked(house)
    assert house.state.door(FRONT).orders == ()


MANTRAPPED = with_mantrap(small_site())


@pytest.mark.parametrize(
    ("site", "before", "asked", "why"),
    [
        (None, [], hold(who=GIL), Refusal.NOT_YOUR_ROLE),
        (None, [], hold(timedelta(hours=12, seconds=21)), Refusal.UNTIL_NOT_ALLOWED),
        (None, [], hold(timedelta(days=31, seconds=21), LockMode.SECURED), Refusal.UNTIL_NOT_ALLOWED),
        (None, [], hold(mode=LockMode.LOCKDOWN), Refusal.MODE_NOT_ALLOWED),
        (None, [order(GIL, StartLockdown("x"))], hold(), Refusal.LOCKDOWN),
        (None, [order(GIL, BlockDoor(FRONT, "x"))], hold(), Refusal.DOOR_BLOCKED),
        (None, [hold(mode=LockMode.SECURED)], hold(), Refusal.DOOR_LOCKED),
        (None, [order(SUE, SetThreatLevel(1, "x"))], hold(), Refusal.THREAT_LEVEL),
        (None, [st.LogLateSeen((), "slow")], hold(), Refusal.LOG_CANNOT_BE_WRITTEN),
        (MANTRAPPED, [], hold(), Refusal.INTERLOCK),
        (None, [hold(mode=LockMode.SECURED)], let_go(LockMode.SECURED, GIL), Refusal.NOT_YOUR_ROLE),
        (None, [order(SUE, BlockDoor(FRONT, "x"))], order(GIL, UnblockDoor(FRONT)), Refusal.NOT_YOUR_ROLE),
        (None, [order(SUE, BlockDoor(FRONT, "x"))], hold(mode=LockMode.BLOCKED, who=GIL), Refusal.NOT_YOUR_ROLE),
        (None, [], let_go(LockMode.BLOCKED), Refusal.ALREADY_SO),
    ],
)
def test_relaxing_is_for_supervisors_within_bounds_and_never_against_what_is_stricter(
    site, before: list[st.Stimulus], asked: st.Ordered, why: Refusal
) -> None:
    house = quiet_house(site)
    for each in before:
        house.see(each)
    outcome = house.see(asked)
    assert [event.why for event in of_kind(ev.OrderRefused, outcome.events)] == [why]
    assert outcome.effects == ()


def test_an_order_may_end_at_the_last_moment_allowed_and_not_at_once() -> None:
    house = quiet_house()
    now = house.now.wall - MONDAY_TEN
    for mode, longest in ((LockMode.UNLOCKED, timedelta(hours=12)), (LockMode.SECURED, timedelta(days=31))):
        assert of_kind(ev.OrderRefused, house.see(hold(now + longest, mode)).events) == []
        assert house.state.door(FRONT).orders[-1].mode is mode
        (refused,) = of_kind(ev.OrderRefused, quiet_house().see(hold(now, mode)).events)
        assert refused.why is Refusal.UNTIL_NOT_ALLOWED


def test_a_guard_may_end_what_makes_a_door_lax() -> None:
    house = quiet_house()
    house.see(hold())
    assert house.see(let_go(LockMode.UNLOCKED, GIL)).effects == (Relock(FRONT),)


def test_the_stack_says_who_asks_and_until_when_the_one_in_effect_first() -> None:
    house = early()
    house.see(order(GIL, BlockDoor(FRONT, "paint")))
    house.see(order(GIL, StartLockdown("drill")))
    told = [(r.mode, r.source, r.reference, r.until) for r in mode_requests(house.site, house.state, FRONT, house.now)]
    assert told == [
        (LockMode.LOCKDOWN, ModeSource.LOCKDOWN, "gil", None),
        (LockMode.BLOCKED, ModeSource.OPERATOR, "gil", None),
        (LockMode.UNLOCKED, ModeSource.SCHEDULE, "office", SIX),
    ]
    assert effective_mode(house.site, house.state, INNER, house.now) is LockMode.LOCKDOWN


def test_a_door_nobody_asks_anything_of_is_secured() -> None:
    house = empty_house()
    assert mode_requests(house.site, house.state, FRONT, house.now) == ()
    assert effective_mode(house.site, house.state, FRONT, house.now) is LockMode.SECURED


def test_a_level_that_asks_what_the_normal_level_asks_too_leaves_the_hours_alone() -> None:
    pin = {LOBBY: frozenset({Factor.PIN})}
    levels = {
        n: replace(OPEN_HOURS.threat_levels[1], number=n, minimum_clearance={}, added_factors=pin) for n in (0, 1)
    }
    house = quiet_house(replace(OPEN_HOURS, threat_levels=levels))
    assert unlocked(house)
    house.see(order(SUE, SetThreatLevel(1, "x")))
    assert unlocked(house)
