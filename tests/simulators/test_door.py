import threading

import pytest

from simulators.door import Change, Door, Sense
from simulators.mechanism import Parts

STRIKE = Parts(opening=0.1, closing=0.3)
MAGNET = Parts(fail_safe=True, opening=0.1, closing=0.3)


def senses(door):
    tape = []
    door.observe(tape.append)
    return tape


@pytest.mark.parametrize("parts", [STRIKE, MAGNET])
def test_a_locked_door_does_not_open_for_a_push(parts):
    door = Door(parts)
    assert not door.push(1.0)
    assert not door.advance(9.0).leaf_open
    assert door.truth.entries == ()


@pytest.mark.parametrize("parts", [STRIKE, MAGNET])
def test_a_released_door_opens_for_a_push_and_the_contact_follows_the_leaf(parts):
    door = Door(parts)
    tape = senses(door)
    door.unlock(1.0)
    assert door.push(2.0)
    assert not door.advance(2.05).leaf_open
    assert door.advance(2.5).leaf_open
    door.close(3.0)
    assert door.advance(3.2).leaf_open
    assert not door.advance(9.0).leaf_open
    assert tape == [
        Change(Sense.BOLT, False, 1.0),
        Change(Sense.CONTACT, True, 2.1),
        Change(Sense.CONTACT, False, 3.3),
    ]
    assert (door.truth.released_at, door.truth.opened_at, door.truth.closed_at) == ((1.0,), (2.1,), (3.3,))
    assert door.truth.entries == (2.0,)


def test_two_people_through_one_opening_are_two_entries():
    door = Door(STRIKE)
    door.energise(True, 1.0)
    door.push(1.1)
    door.energise(False, 1.5)
    assert door.push(1.6)
    assert len(door.truth.entries) == 2
    assert len(door.truth.opened_at) == 1


def test_relocking_before_the_push_keeps_the_door_shut():
    door = Door(STRIKE)
    door.energise(True, 1.0)
    door.energise(False, 2.0)
    assert not door.push(2.1)
    assert door.truth.energised_at == (1.0,)


def test_a_power_cut_frees_a_magnet_and_keeps_a_strike_locked():
    magnet, strike = Door(MAGNET), Door(STRIKE)
    for door in (magnet, strike):
        door.cut_power(1.0)
    assert magnet.push(2.0)
    assert not strike.push(2.0)
    magnet.restore_power(3.0)
    assert magnet.state.bolt_locked


@pytest.mark.parametrize("parts", [STRIKE, MAGNET])
def test_lock_undoes_unlock(parts):
    door = Door(parts)
    door.unlock(1.0)
    door.lock(2.0)
    assert door.state.bolt_locked


def test_a_strike_without_power_does_not_release_until_it_is_back():
    door = Door(STRIKE)
    door.cut_power(1.0)
    door.energise(True, 2.0)
    assert not door.push(2.1)
    door.restore_power(3.0)
    assert door.push(3.1)


def test_a_jammed_bolt_stays_and_follows_its_current_once_free():
    door = Door(STRIKE)
    door.jam(1.0)
    door.energise(True, 2.0)
    assert door.state.bolt_locked
    door.unjam(3.0)
    assert not door.state.bolt_locked


def test_force_opens_whatever_the_bolt_says_and_the_truth_says_forced():
    door = Door(STRIKE)
    door.force_open(1.0)
    assert door.advance(2.0).leaf_open
    assert door.state.bolt_locked
    assert door.truth.forced_at == (1.0,)
    assert door.truth.entries == ()


def test_the_inner_handle_always_opens_and_presses_rex():
    door = Door(STRIKE)
    tape = senses(door)
    door.leave(1.0)
    door.advance(2.0)
    assert [(change.sense, change.active) for change in tape] == [
        (Sense.REX, True),
        (Sense.CONTACT, True),
        (Sense.REX, False),
    ]
    assert door.truth.exits == (1.0,)


def test_a_closer_shuts_the_door_unless_it_is_propped():
    closer = Parts(opening=0.1, closing=0.3, closer=2.0)
    shut, propped = Door(closer), Door(closer)
    for door in (shut, propped):
        door.energise(True, 1.0)
    shut.push(1.0)
    assert propped.prop(1.0)
    assert not shut.advance(60.0).leaf_open
    assert shut.truth.closed_at == (pytest.approx(3.4),)
    assert propped.advance(60.0).leaf_open
    propped.close(61.0)
    assert not propped.advance(62.0).leaf_open


def test_an_observer_that_left_hears_nothing():
    door, tape = Door(STRIKE), []
    leave = door.observe(tape.append)
    leave()
    door.energise(True, 1.0)
    assert tape == []


def test_hands_in_many_threads_lose_no_one():
    door = Door(STRIKE)
    door.energise(True, 0.0)
    threads = [threading.Thread(target=lambda: [door.push(1.0) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(door.truth.entries) == 800
