"""The door: entries, exits, what is forced, found or held open, and what its lock is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockStatus, Position
from controller.domain.effects import Light, Release, Relock, Signal, Unlock
from controller.domain.ids import OUTSIDE, DoorId, RequestId
from controller.domain.operators import LockDoor, UnlockOnce
from controller.domain.site import Rex, RexKind
from controller.rules.step import next_deadline, still_holds
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    CELLAR_IN,
    CHANCERY,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    INNER_OUT,
    LOBBY,
    House,
    bolt,
    closes,
    everything_answers,
    lock_of,
    of_kind,
    opens,
    order,
    play,
    quiet_house,
    small_site,
    swipe,
)

KINDS_OF_OPEN = {AlarmKind.FORCED_OPEN, AlarmKind.FOUND_OPEN, AlarmKind.HELD_OPEN}


def door_alarms(house: House) -> list[AlarmKind]:
    return [alarm.kind for alarm in house.state.alarms.values() if alarm.kind in KINDS_OF_OPEN]


def entry(number: int, *, assumed: bool, who: object = ALICE, door: DoorId = FRONT) -> ev.EntryObserved:
    zone, left = {FRONT: (LOBBY, OUTSIDE), INNER: (CHANCERY, LOBBY)}.get(door, (None, None))
    return ev.EntryObserved(RequestId(f"r{number}"), door, who, zone, assumed, left)  # type: ignore[arg-type]


def test_a_grant_opens_and_the_opening_is_the_entry() -> None:
    house = quiet_house()
    granted = house.see(swipe(FRONT_IN, ALICE))
    assert granted.effects == (
        Unlock(FRONT, RequestId("r1"), 5.0, house.now.mono + 2.0),
        Signal(FRONT_IN, Light.GRANTED),
    )
    opened = house.see(opens(FRONT), after=2.0)
    assert opened.events == (ev.PositionObserved(FRONT, Position.OPEN, 20.0, 15.0), entry(1, assumed=False))
    assert house.state.locations[ALICE] == LOBBY
    assert door_alarms(house) == []


def test_granted_is_not_used() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    assert ALICE not in house.state.locations


def test_an_opening_without_a_right_is_forced() -> None:
    house = quiet_house()
    house.see(opens(FRONT))
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]
    assert of_kind(ev.EntryObserved, house.events) == []
    assert house.state.door(FRONT).held_after is None


def test_what_is_open_at_the_first_look_was_found_open() -> None:
    house = quiet_house()
    house.restart()
    house.see(opens(FRONT))
    assert door_alarms(house) == [AlarmKind.FOUND_OPEN]


def test_a_used_grant_does_not_excuse_the_next_opening() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT), after=1.0)
    house.see(closes(FRONT), after=1.0)
    house.see(opens(FRONT), after=1.0)
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]
    assert len(of_kind(ev.EntryObserved, house.events)) == 1


def test_nobody_passes_exactly_at_the_deadline() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    assert next_deadline(house.state) == house.now.mono + 6.0  # the strike's five seconds and the contact's grace
    assert house.wait(5.999) == []
    assert house.wait(0.001) == [ev.NoEntryAfterGrant(RequestId("r1"), FRONT, ALICE)]
    assert next_deadline(house.state) is None


@pytest.mark.parametrize(("after", "alarms"), [(5.999, []), (6.0, [AlarmKind.FORCED_OPEN])])
def test_the_last_moment_to_pass(after: float, alarms: list[AlarmKind]) -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT), after=after)
    assert door_alarms(house) == alarms


def test_a_late_timer_makes_no_late_opening_an_entry() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see_late(opens(FRONT), 6.0)
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]
    assert house.wait(0.0) == [ev.NoEntryAfterGrant(RequestId("r1"), FRONT, ALICE)]


def test_two_grants_before_one_opening_are_two_entries() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB), after=1.0)
    opened = house.see(opens(FRONT), after=1.0)
    assert opened.events[1:] == (entry(1, assumed=False), entry(2, assumed=True, who=BOB))
    assert len(of_kind(ev.NoEntryAfterGrant, house.wait(30.0))) == 0


def test_the_same_badge_twice_is_one_person() -> None:
    house = quiet_house()
    first = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    second = house.see(swipe(FRONT_IN, ALICE), after=1.0)
    assert second.events[0] == ev.GrantWithdrawn(RequestId("r1"), FRONT, ev.UnlockFailure.SUPERSEDED)
    assert not still_holds(house.state, first, house.now)
    assert still_holds(house.state, second.effects[0], house.now)
    house.see(opens(FRONT), after=1.0)
    assert of_kind(ev.EntryObserved, house.events) == [entry(2, assumed=False)]


def test_a_grant_that_lapsed_this_second_was_not_superseded() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see_late(swipe(FRONT_IN, ALICE), 6.0)
    assert of_kind(ev.GrantWithdrawn, house.events) == []
    house.see(st.TimePassed())
    assert of_kind(ev.NoEntryAfterGrant, house.events) == [ev.NoEntryAfterGrant(RequestId("r1"), FRONT, ALICE)]


def test_a_badge_while_the_door_stands_open_counts_as_used_and_restarts_the_clock() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT), after=1.0)
    second = house.see(swipe(FRONT_IN, BOB), after=18.0)  # the pre-alarm was given already
    assert of_kind(ev.HeldOpenWarned, house.events) == [ev.HeldOpenWarned(FRONT)]
    assert second.events[1:] == (entry(2, assumed=True, who=BOB), ev.HeldOpenTimerRestarted(FRONT, 20.0, 15.0))
    assert house.state.door(FRONT).held_after == house.now.mono + 20.0
    assert house.wait(14.999) == [ev.PassageLapsed(RequestId("r2"), FRONT)]
    assert house.wait(0.001) == [ev.HeldOpenWarned(FRONT)]
    house.see(closes(FRONT), after=4.999)
    house.wait(30.0)
    assert door_alarms(house) == []


def test_an_assumed_passage_still_excuses_an_opening_until_it_lapses() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT), after=1.0)
    house.see(swipe(FRONT_IN, BOB), after=1.0)
    house.see(closes(FRONT), after=1.0)
    house.see(opens(FRONT), after=1.0)
    assert door_alarms(house) == []
    assert len(of_kind(ev.EntryObserved, house.events)) == 2
    house.see(closes(FRONT), after=4.0)
    house.see(opens(FRONT), after=0.1)
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]


def test_a_badge_at_a_forced_door_does_not_hide_the_forcing() -> None:
    house = quiet_house()
    house.see(opens(FRONT))
    outcome = house.see(swipe(FRONT_IN, ALICE), after=1.0)
    assert of_kind(ev.HeldOpenTimerRestarted, outcome.events) == []
    (alarm,) = house.alarms(AlarmKind.FORCED_OPEN)
    assert alarm.persists


def test_pre_alarm_then_held_open_then_closed() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT), after=1.0)
    assert house.wait(14.999) == []
    assert house.wait(0.001) == [ev.HeldOpenWarned(FRONT)]
    assert house.wait(4.999) == []
    raised, timed, doubted = house.wait(0.001)
    assert isinstance(raised, ev.AlarmRaised)
    assert (raised.kind, raised.persists, timed) == (AlarmKind.HELD_OPEN, True, ev.HeldOpenTimed(FRONT))
    assert doubted == ev.WhereaboutsDoubted(FRONT, (OUTSIDE, LOBBY), ev.Doubt.HELD_OPEN)
    assert next_deadline(house.state) is None
    closed = house.see(closes(FRONT), after=60.0)
    assert closed.events == (
        ev.PositionObserved(FRONT, Position.CLOSED, None, None),
        ev.AlarmCauseGone(raised.alarm),
    )


def test_relock_on_open() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    assert house.see(opens(FRONT), after=1.0).effects == (Relock(FRONT),)
    assert house.see(closes(FRONT), after=1.0).effects == ()


def test_relock_on_close() -> None:
    house = quiet_house()
    house.see(swipe(INNER_OUT, ALICE))
    assert house.see(opens(INNER), after=1.0).effects == ()
    assert house.see(closes(INNER), after=1.0).effects == (Relock(INNER),)


def test_no_relock_on_close_while_somebody_may_still_pass() -> None:
    house = quiet_house()
    house.see(swipe(INNER_OUT, ALICE))
    house.see(opens(INNER), after=1.0)
    house.see(swipe(INNER_OUT, BOB), after=1.0)
    assert house.see(closes(INNER), after=1.0).effects == ()


@pytest.mark.parametrize(("after", "effects"), [(5.999, ()), (6.0, (Relock(INNER),))])
def test_a_leaf_that_closes_as_the_last_right_to_pass_ends_is_locked(after: float, effects: tuple[Relock, ...]) -> None:
    house = quiet_house()
    house.see(swipe(INNER_OUT, ALICE))
    house.see(opens(INNER), after=1.0)
    house.see(swipe(INNER_OUT, BOB), after=1.0)
    assert house.see_late(closes(INNER), after).effects == effects


def test_a_forced_door_is_not_told_to_lock_against_its_leaf() -> None:
    assert quiet_house().see(opens(FRONT)).effects == ()


@pytest.mark.parametrize("stimulus", [closes(FRONT), bolt(FRONT, LockStatus.LOCKED)])
def test_an_equal_reading_is_no_second_fact(stimulus: st.Stimulus) -> None:
    outcome = quiet_house().see(stimulus)
    assert (outcome.events, outcome.effects) == ((), ())


def test_an_equal_opening_is_no_second_alarm() -> None:
    house = quiet_house()
    house.see(opens(FRONT))
    assert house.see(opens(FRONT), after=1.0).events == ()


def test_every_forcing_is_an_alarm_of_its_own() -> None:
    house = quiet_house()
    for stimulus in (opens(FRONT), closes(FRONT), opens(FRONT)):
        house.see(stimulus, after=1.0)
    assert [alarm.persists for alarm in house.alarms(AlarmKind.FORCED_OPEN)] == [False, True]


# The way out.


def test_the_exit_button_only_shunts_where_the_way_out_is_mechanical() -> None:
    house = quiet_house()
    assert house.see(st.RexSeen(INNER)).effects == ()
    assert house.see(opens(INNER), after=1.0).events[1:] == (ev.ExitObserved(RequestId("r1"), INNER),)
    assert door_alarms(house) == []


@pytest.mark.parametrize("kind", [RexKind.UNLOCKS, RexKind.EMERGENCY])
def test_the_exit_button_releases(kind: RexKind) -> None:
    site = small_site()
    door = site.doors[FRONT]
    assert door.rex is not None
    site = replace(site, doors={**site.doors, FRONT: replace(door, rex=Rex(kind, door.rex.input))})
    house = quiet_house(site)
    assert house.see(st.RexSeen(FRONT)).effects == (Release(FRONT, 5.0),)
    assert house.see(opens(FRONT), after=1.0).events[1:] == (ev.ExitObserved(RequestId("r1"), FRONT),)


def test_an_exit_button_that_is_not_there_does_nothing() -> None:
    outcome = quiet_house().see(st.RexSeen(CELLAR))
    assert (outcome.events, outcome.effects) == ((), ())


def test_an_exit_that_nobody_took_lapses() -> None:
    house = quiet_house()
    house.see(st.RexSeen(INNER))
    assert house.wait(6.0) == [ev.PassageLapsed(RequestId("r1"), INNER)]
    house.see(opens(INNER))
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]


def test_whoever_presses_twice_leaves_once_and_uses_both_up() -> None:
    house = quiet_house()
    house.see(st.RexSeen(INNER))
    house.see(st.RexSeen(INNER), after=1.0)
    opened = house.see(opens(INNER), after=1.0)
    assert opened.events[1:] == (
        ev.ExitObserved(RequestId("r1"), INNER),
        ev.PassageLapsed(RequestId("r2"), INNER),
    )
    house.see(closes(INNER), after=1.0)
    house.see(opens(INNER), after=0.1)
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]


def test_a_grant_and_an_exit_armed_together_are_ambiguous() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_OUT, ALICE))
    house.see(opens(FRONT), after=1.0)
    house.see(closes(FRONT), after=1.0)
    assert house.state.locations[ALICE] == OUTSIDE
    house.see(swipe(FRONT_IN, ALICE))
    house.see(st.RexSeen(FRONT), after=1.0)
    opened = house.see(opens(FRONT), after=1.0)
    assert opened.events[1:] == (ev.EntryAmbiguous(FRONT, (RequestId("r2"), RequestId("r3")), (ALICE,)),)
    assert house.state.locations[ALICE] is None
    assert house.state.door(FRONT).passages == ()


def test_a_guards_unlock_opens_like_a_grant_but_moves_nobody() -> None:
    house = quiet_house()
    ordered = house.see(order(GIL, UnlockOnce(FRONT, "the plumber")))
    assert ordered.events == (ev.DoorUnlockOrdered(RequestId("r1"), FRONT, GIL, "the plumber", 5.0),)
    assert ordered.effects == (Unlock(FRONT, RequestId("r1"), 5.0, house.now.mono + 2.0),)
    assert house.see(opens(FRONT), after=1.0).events[1:] == (
        ev.WhereaboutsDoubted(FRONT, (OUTSIDE,), ev.Doubt.GUARD_UNLOCK),
        ev.EntryObserved(RequestId("r1"), FRONT, None, None, False),
    )
    assert len(house.state.locations) == 0


# Unlocks that fail, and doors that cannot tell.


def test_an_unlock_that_failed_is_no_right_to_pass() -> None:
    house = quiet_house()
    unlock = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    failed = house.see(st.UnlockFailed(FRONT, RequestId("r1"), ev.UnlockFailure.DEVICE_OFFLINE), after=0.5)
    assert failed.events == (ev.GrantWithdrawn(RequestId("r1"), FRONT, ev.UnlockFailure.DEVICE_OFFLINE),)
    assert not still_holds(house.state, unlock, house.now)
    assert house.state.door(FRONT).ordered is None
    house.see(opens(FRONT), after=0.5)
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]


def test_a_failed_unlock_takes_no_exit_away() -> None:
    house = quiet_house()
    house.see(st.RexSeen(FRONT))
    assert house.see(st.UnlockFailed(FRONT, RequestId("r1"), ev.UnlockFailure.DEVICE_OFFLINE)).events == ()


def test_an_unlock_is_dropped_at_its_deadline() -> None:
    house = quiet_house()
    unlock = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    house.wait(1.999)
    assert still_holds(house.state, unlock, house.now)
    house.wait(0.001)
    assert not still_holds(house.state, unlock, house.now)


def test_a_lock_order_takes_back_an_unlock_that_waits_for_the_log() -> None:
    house = quiet_house()
    unlock = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    locked = house.see(order(GIL, LockDoor(FRONT)))
    assert locked.effects == (Relock(FRONT),)
    assert not still_holds(house.state, unlock, house.now)


def cellar_grant(house: House) -> Unlock:
    house.see(swipe(CELLAR_IN, BOB))
    unlock = house.face().effects[0]
    assert isinstance(unlock, Unlock)
    return unlock


def test_a_door_without_a_contact_opens_and_its_use_is_assumed() -> None:
    house = quiet_house()
    unlock = cellar_grant(house)
    assert of_kind(ev.EntryObserved, house.events)[0].assumed
    assert still_holds(house.state, unlock, house.now)  # assumed at once, and yet to be posted
    assert house.wait(10.0) == [ev.PassageLapsed(RequestId("r1"), CELLAR)]


def test_a_contact_that_is_not_there_tells_nothing() -> None:
    house = quiet_house()
    assert house.see(opens(CELLAR)).events == ()


def test_an_assumed_use_whose_unlock_failed_leaves_its_holder_anywhere() -> None:
    house = quiet_house()
    cellar_grant(house)
    house.see(st.UnlockFailed(CELLAR, RequestId("r1"), ev.UnlockFailure.DEVICE_OFFLINE))
    assert house.state.locations[BOB] is None


def test_commanded_is_not_observed() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    door = house.state.door(FRONT)
    assert (door.lock, door.ordered) == (LockStatus.LOCKED, LockStatus.UNLOCKED)
    house.see(bolt(FRONT, LockStatus.UNLOCKED), after=0.1)
    assert house.state.door(FRONT).ordered is None
    house.see(order(GIL, LockDoor(FRONT)), after=0.1)
    assert house.state.door(FRONT).ordered is LockStatus.LOCKED
    house.see(bolt(FRONT, LockStatus.LOCKED), after=0.1)
    assert house.state.door(FRONT).ordered is None


def test_of_an_unlock_that_failed_nothing_is_left_to_wait_for() -> None:
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(st.RexSeen(FRONT))
    house.see(st.UnlockFailed(FRONT, RequestId("r1"), ev.UnlockFailure.DEVICE_REFUSED))
    assert house.state.door(FRONT).ordered is None


def test_an_order_that_a_locked_bolt_already_shows_waits_for_nothing() -> None:
    house = quiet_house()
    house.see(order(GIL, LockDoor(FRONT)))
    assert house.state.door(FRONT).ordered is None


def test_a_jammed_lock_is_a_fault_until_it_moves_again() -> None:
    house = quiet_house()
    house.see(bolt(FRONT, LockStatus.JAMMED))
    (alarm,) = house.alarms(AlarmKind.FAULT)
    assert alarm.persists
    house.see(bolt(FRONT, LockStatus.UNKNOWN))
    assert house.alarms(AlarmKind.FAULT)[0].persists
    house.see(bolt(FRONT, LockStatus.LOCKED))
    assert not house.alarms(AlarmKind.FAULT)[0].persists


# Restart and loss.


def test_no_grant_survives_a_restart() -> None:
    house = quiet_house()
    unlock = house.see(swipe(FRONT_IN, ALICE)).effects[0]
    restarted = house.restart(mono=house.now.mono)
    assert restarted.effects == tuple(Relock(door) for door in house.site.doors)
    assert restarted.events[0] == ev.GrantWithdrawn(RequestId("r1"), FRONT, ev.UnlockFailure.RESTARTED)
    assert not still_holds(house.state, unlock, house.now)
    everything_answers(house)
    house.see(opens(FRONT))
    assert door_alarms(house) == [AlarmKind.FORCED_OPEN]


def test_a_lost_contact_makes_its_door_unknown_and_what_comes_back_open_is_found_open() -> None:
    house = quiet_house()
    house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    door = house.state.door(FRONT)
    assert (door.position, door.lock) == (Position.UNKNOWN, LockStatus.UNKNOWN)
    house.see(st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail=""))
    house.see(opens(FRONT))
    assert door_alarms(house) == [AlarmKind.FOUND_OPEN]


def test_playing_a_script_from_a_state_goes_on_where_it_ended() -> None:
    first = play(small_site(), quiet_house().state, [(swipe(FRONT_IN, ALICE), 1.0)])
    later = play(first.site, first.state, [(opens(FRONT), 2.0)])
    assert of_kind(ev.EntryObserved, later.events) == [entry(1, assumed=False)]
