"""Contacts that bounce: what lasts 400 ms always counts, what is shorter than the debounce time never does."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from devices.debounce import ALWAYS_SECONDS, LATE_SECONDS, LONGEST_DEBOUNCE, Contact, passed, told

DEBOUNCE = 0.05
GRAIN = 1e-9
debounces = some.floats(0.02, LONGEST_DEBOUNCE)
law = settings(max_examples=300, derandomize=True, database=None)


def test_the_first_word_counts_at_once():
    assert told(Contact(), 1, at=5.0, lag=0.0, seconds=DEBOUNCE) == (Contact(1), (1,))


def test_a_change_counts_once_it_has_lasted_and_not_a_moment_earlier():
    contact, counts = told(Contact(0), 1, at=5.0, lag=0.0, seconds=DEBOUNCE)
    assert counts == ()
    assert passed(contact, now=5.0499, seconds=DEBOUNCE)[1] == ()
    assert passed(contact, now=5.05, seconds=DEBOUNCE) == (Contact(1), (1,))


def test_what_falls_back_meanwhile_never_was():
    contact, _ = told(Contact(0), 1, at=5.0, lag=0.0, seconds=DEBOUNCE)
    assert told(contact, 0, at=5.04, lag=0.0, seconds=DEBOUNCE) == (Contact(0), ())


def test_the_same_told_again_does_not_start_the_time_anew():
    contact, _ = told(Contact(0), 1, at=5.0, lag=0.0, seconds=DEBOUNCE)
    contact, _ = told(contact, 1, at=5.04, lag=0.0, seconds=DEBOUNCE)
    assert passed(contact, now=5.05, seconds=DEBOUNCE)[1] == (1,)


def test_chatter_between_two_other_states_starts_the_time_anew():
    contact, _ = told(Contact(0), 1, at=5.0, lag=0.0, seconds=DEBOUNCE)
    contact, _ = told(contact, 2, at=5.04, lag=0.0, seconds=DEBOUNCE)
    assert passed(contact, now=5.06, seconds=DEBOUNCE)[1] == ()


def test_what_settled_before_the_next_report_counts_even_if_no_timer_was_kept():
    contact, _ = told(Contact(0), 1, at=5.0, lag=0.0, seconds=DEBOUNCE)
    assert told(contact, 0, at=5.05, lag=0.0, seconds=DEBOUNCE) == (Contact(1, 0, 5.05), (1,))


def test_a_report_that_may_be_old_counts_at_once():
    assert told(Contact(0), 1, at=5.0, lag=LATE_SECONDS + 0.01, seconds=DEBOUNCE) == (Contact(1), (1,))


@law
@given(
    debounces,
    some.lists(some.tuples(some.integers(0, 3), some.floats(0.001, 1.0)), min_size=1, max_size=20),
)
def test_on_a_prompt_wire_exactly_what_lasts_counts(seconds, signal):
    """Each state with how long it lasts, told as it happens: of one contact nothing shorter than its time counts."""
    contact, seen, at = Contact(0), [], 0.0
    lasted = _merged(signal)
    for state, length in lasted:
        contact, counts = told(contact, state, at=at, lag=0.0, seconds=seconds)
        seen += counts
        at += length
    seen += passed(contact, now=math.inf, seconds=seconds)[1]
    long = [state for state, length in lasted if length >= seconds + GRAIN]
    short = [state for state, length in lasted[:-1] if length < seconds - GRAIN]
    if not short:
        assert seen == [s for before, s in pairwise([0, *(state for state, _ in lasted)]) if s != before]
    assert _is_within(seen, [state for state, length in lasted[:-1] if length >= seconds - GRAIN] + [lasted[-1][0]])
    assert _is_within(_changes(long), [0, *seen])


@law
@given(
    debounces,
    some.lists(some.one_of(some.sampled_from([0.005, 0.03, 0.4, 0.45]), some.floats(0.001, 1.0)), max_size=8),
    some.lists(some.sampled_from([0.02, 0.02, 0.03, 0.2, 0.3, 0.31, 0.5, 1.0]), min_size=60, max_size=60),
)
def test_whatever_the_wire_does_what_lasts_400_ms_is_seen(seconds, lengths, gaps):
    """A contact that opens and closes, polled at any pace; its module queues its reports and tells one at each poll."""
    moves, at = [], 0.0
    for place, length in enumerate(lengths):
        moves.append((at, (place + 1) % 2, length))
        at += length
    contact, seen, queue, now, quiet = Contact(0), [], [], 0.0, 0.0
    for gap in gaps:
        before, now = now, now + gap
        contact, late = passed(contact, now=now - GRAIN, seconds=seconds)
        seen += late
        queue += [(state, length) for when, state, length in moves if before <= when < now]
        if not queue:
            quiet = now
            continue
        state, _ = queue.pop(0)
        contact, counts = told(contact, state, at=now, lag=now - quiet, seconds=seconds)
        seen += counts
    if queue or now < at + 1.0:
        return
    seen += passed(contact, now=math.inf, seconds=seconds)[1]
    lasting = [state for _, state, length in moves if length >= ALWAYS_SECONDS]
    assert _is_within(_changes(lasting), [0, *seen])


def _merged(signal):
    merged = []
    for state, length in signal:
        if merged and merged[-1][0] == state:
            merged[-1] = state, merged[-1][1] + length
        else:
            merged.append((state, length))
    return merged


def _changes(states):
    """The states without those that only repeat the one before."""
    return [state for before, state in pairwise([None, *states]) if state != before]


def _is_within(part, whole):
    """Tell whether `part` stands in `whole`, in its order."""
    rest = iter(whole)
    return all(any(each == one for one in rest) for each in part)
