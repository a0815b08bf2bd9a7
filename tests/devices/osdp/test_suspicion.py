"""What is held against a peripheral that breaks its channel, and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from devices.osdp.suspicion import (
    FALLS_WITHIN,
    FORGIVEN_AFTER,
    LIMIT,
    LOCK_OUT,
    LONGEST_LOCK_OUT,
    PROBATION,
    Suspicion,
    forgiven,
    probation,
    violated,
)


def after(*times):
    held = Suspicion()
    for at in times:
        held = violated(held, at)
    return held


def test_nothing_is_held_against_anybody_at_first():
    assert (Suspicion().pause, Suspicion().locked_out, Suspicion().on_probation) == (0.0, False, False)


@pytest.mark.parametrize(("count", "pause"), [(1, 0.0), (2, 0.25), (3, 0.5), (4, 1.0), (7, 1.0), (8, LOCK_OUT)])
def test_each_violation_costs_more(count, pause):
    held = after(*range(count))
    assert held.pause == pause
    assert held.locked_out is (count >= LIMIT)
    assert held.on_probation is (count > 1)


@pytest.mark.parametrize(("more", "pause"), [(0, 30.0), (1, 60.0), (2, 120.0), (3, 240.0), (4, LONGEST_LOCK_OUT)])
def test_each_further_lock_out_is_longer(more, pause):
    held = after(*range(LIMIT))
    for _ in range(more):
        held = violated(held, held.last + held.pause + 1.0)
    assert held.pause == pause


def test_one_is_forgiven_a_minute_and_with_the_last_everything():
    held = after(*range(LIMIT))
    free = held.last + held.pause
    assert forgiven(held, free + FORGIVEN_AFTER - 0.01).violations == LIMIT
    assert forgiven(held, free + FORGIVEN_AFTER).violations == LIMIT - 1
    assert forgiven(held, free + FORGIVEN_AFTER * LIMIT) == Suspicion()


@given(some.lists(some.floats(0.0, 400.0), max_size=60))
def test_no_rhythm_gets_more_than_a_guess_a_minute_beyond_the_limit(gaps):
    now, held = 0.0, Suspicion()
    for tries, gap in enumerate(gaps, start=1):
        now = max(now + gap, held.last + held.pause)
        held = violated(held, now)
        assert 1 <= held.violations <= LIMIT
        assert tries <= LIMIT + now / LOCK_OUT + 1


@pytest.mark.parametrize(("falls", "seconds"), [(0, 0.0), (2, 0.0), (3, 1.0), (4, 2.0), (6, 8.0)])
def test_what_comes_and_goes_must_hold_for_longer(falls, seconds):
    assert probation(Suspicion(), [100.0 + n for n in range(falls)], 110.0) == seconds


def test_old_falls_are_forgotten_and_violations_are_not():
    assert probation(Suspicion(), [0.0] * 6, FALLS_WITHIN) == 0.0
    assert probation(after(0, 1), [], 2.0) == PROBATION
