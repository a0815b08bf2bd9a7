"""What the simulated barrier and turnstile do by themselves: inertia, loop, counter, key and battery."""

from __future__ import annotations

import pytest

from simulators.door import Change, Door, Sense
from simulators.gates import Barrier, Turnstile
from simulators.mechanism import Parts

ARM = Parts(opening=1.0, closing=1.5)


def senses(door):
    tape = []
    door.observe(tape.append)
    return tape


def test_an_arm_takes_its_time_and_is_locked_once_it_is_down():
    barrier = Barrier(ARM)
    tape = senses(barrier)
    barrier.unlock(1.0)
    assert not barrier.advance(1.9).leaf_open
    assert barrier.advance(2.0).leaf_open
    barrier.lock(5.0)
    assert not barrier.advance(6.4).secured
    assert barrier.advance(6.5).secured
    assert tape == [
        Change(Sense.BOLT, False, 1.0),
        Change(Sense.CONTACT, True, 2.0),
        Change(Sense.CONTACT, False, 6.5),
        Change(Sense.BOLT, True, 6.5),
    ]


def test_an_arm_that_is_told_to_rise_on_its_way_down_turns_back():
    barrier = Barrier(ARM)
    barrier.unlock(1.0)
    barrier.advance(3.0)
    barrier.lock(3.0)
    barrier.unlock(4.0)
    assert barrier.advance(9.0).leaf_open
    assert barrier.truth.closed_at == ()


def test_an_arm_comes_down_on_whatever_stands_there_and_the_truth_tells():
    barrier = Barrier(ARM)
    barrier.unlock(1.0)
    assert barrier.advance(2.0).leaf_open
    assert barrier.drive_onto_loop(2.5)
    barrier.lock(3.0)
    barrier.advance(9.0)
    assert barrier.truth.crushed_at == (4.5,)
    assert barrier.truth.entries == (2.5,)


def test_nobody_is_crushed_who_drove_on():
    barrier = Barrier(ARM)
    barrier.unlock(1.0)
    barrier.advance(2.0)
    barrier.drive_onto_loop(2.5)
    barrier.drive_off_loop(3.0)
    barrier.lock(3.0)
    barrier.advance(9.0)
    assert barrier.truth.crushed_at == ()


def test_a_loop_is_occupied_until_the_last_car_has_left():
    barrier = Barrier(ARM)
    tape = senses(barrier)
    assert not barrier.drive_onto_loop(1.0)  # the arm is down: it stops before it
    barrier.drive_onto_loop(1.5)
    barrier.drive_off_loop(2.0)
    assert barrier.occupied
    barrier.drive_off_loop(3.0)
    assert tape == [Change(Sense.LOOP, True, 1.0), Change(Sense.LOOP, False, 3.0)]
    assert barrier.truth.entries == ()


def test_a_fail_safe_arm_rises_when_its_power_is_cut():
    barrier = Barrier(Parts(fail_safe=True, opening=1.0, closing=1.5))
    barrier.cut_power(1.0)
    assert barrier.advance(2.0).leaf_open
    barrier.restore_power(3.0)
    assert barrier.advance(4.5).secured


def test_a_locked_turnstile_turns_for_nobody():
    turnstile = Turnstile()
    assert not turnstile.rotate("in", 1.0)
    assert turnstile.truth.entries == ()


def test_a_turn_closes_its_counter_once_for_a_moment():
    turnstile = Turnstile()
    turnstile.unlock(1.0)
    tape = senses(turnstile)
    assert turnstile.rotate("in", 2.0)
    assert not turnstile.rotate("in", 2.1)  # there is room for one
    turnstile.advance(2.39)
    assert tape == []
    turnstile.advance(2.6)
    assert [(c.sense, c.active) for c in tape] == [(Sense.ROTATION_IN, True), (Sense.ROTATION_IN, False)]
    assert [c.at for c in tape] == pytest.approx([2.4, 2.55])
    assert turnstile.rotate("out", 3.0)
    assert (turnstile.truth.entries, turnstile.truth.exits) == ((2.0,), (3.0,))


def test_a_free_exit_turns_outwards_while_it_is_locked():
    turnstile = Turnstile(free_exit=True)
    assert turnstile.rotate("out", 1.0)
    turnstile.advance(9.0)
    assert not turnstile.rotate("in", 10.0)


def test_a_key_opens_what_is_locked_and_its_contact_tells():
    door = Door()
    tape = senses(door)
    assert not door.push(1.0)
    door.turn_key(2.0)
    assert door.push(3.0)
    door.turn_key_back(4.0)
    assert [c for c in tape if c.sense is Sense.KEY] == [Change(Sense.KEY, True, 2.0), Change(Sense.KEY, False, 4.0)]


def test_a_battery_runs_low_and_is_changed():
    door = Door()
    tape = senses(door)
    door.drain_battery(1.0)
    assert door.battery_low
    door.change_battery(2.0)
    assert not door.battery_low
    assert tape == [Change(Sense.BATTERY, False, 1.0), Change(Sense.BATTERY, True, 2.0)]
