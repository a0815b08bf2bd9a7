"""Seen, lost, unanswered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.mqtt.tracking import MAX_GAP_KEPT, Duplicate, Gap, New, PendingCommands, Sequence


def observe_all(*events):
    sequence, seen = Sequence(), []
    for boot, seq in events:
        sequence, observation = sequence.observe(boot, seq)
        seen.append(observation)
    return seen


@pytest.mark.parametrize(
    ("events", "last"),
    [
        ([("a", 500)], New()),
        ([("a", 1), ("a", 2)], New()),
        ([("a", 1), ("a", 1)], Duplicate()),
        ([("a", 2), ("a", 1)], Duplicate()),
        ([("a", 1), ("a", 3)], Gap(range(2, 3))),
        ([("a", 1), ("a", 4), ("a", 2)], New()),
        ([("a", 1), ("a", 4), ("a", 2), ("a", 2)], Duplicate()),
        ([("a", 1), ("a", 4), ("a", 5)], New()),
        ([("a", 9), ("b", 1)], New()),
        ([("a", 9), ("b", 3)], Gap(range(1, 3))),
        ([("a", 1), ("a", 2**53 - 1)], Gap(range(2, 2**53 - 1))),
    ],
)
def test_what_the_last_of_these_events_is(events, last):
    assert observe_all(*events)[-1] == last


def test_a_huge_gap_takes_no_memory():
    sequence, _ = Sequence("a", 1).observe("a", 2**50)
    assert len(sequence.missing) == MAX_GAP_KEPT


@given(st.lists(st.integers(1, 30)))
def test_no_event_counts_twice_whatever_the_order(seqs):
    seen = observe_all(*(("a", seq) for seq in seqs))
    counted = [seq for seq, observation in zip(seqs, seen, strict=True) if not isinstance(observation, Duplicate)]
    assert len(counted) == len(set(counted))


def test_a_command_answered_in_time_never_expires():
    pending, was_waiting = PendingCommands().sent("a", 5.0).answered("a")
    assert was_waiting
    assert pending.expired(9.0) == (PendingCommands(), ())


def test_a_command_expires_at_its_deadline_and_is_told_once():
    pending = PendingCommands().sent("a", 5.0).sent("b", 6.0)
    assert pending.next_deadline() == 5.0
    assert pending.expired(4.9) == (pending, ())
    pending, late = pending.expired(5.0)
    assert late == ("a",)
    assert pending.expired(5.5) == (pending, ())
    assert pending.answered("a") == (pending, False)
    assert PendingCommands().next_deadline() is None
