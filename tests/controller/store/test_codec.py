"""Events to bytes and back: every kind, for ever."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain.doors import LockStatus
from controller.domain.events import KIND_OF, KINDS, LockObserved, Recorded
from controller.domain.instant import Instant
from controller.domain.words import ADDED
from controller.ledger.entry import Entry
from controller.store import codec
from controller.store.codec import UPCASTERS, VERSIONS, UnreadableEvent, to_entry, to_record
from tests.controller.store.examples import BESIDE_THE_GOLDEN, EXAMPLES

GOLDEN = Path(__file__).parents[2] / "golden"
GREW_UNMARKED = {"door_unlock_ordered": {"identity": ""}}
"""Grown before such fields were marked; written with it ever since."""

AT = Instant(datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC), 1234.567891)


def recorded(event, seq=7, at=AT):
    return Recorded(seq, at, "boot-1", "site-digest", event)


def golden():
    """Every line of every version's file, ``events-v1.jsonl`` and on: what is written once is kept here for ever."""
    files = sorted(GOLDEN.glob("events-v*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def entry_of(line):
    head = (line[name] for name in ("kind", "version", "wall", "mono", "boot"))
    return Entry(1, *head, line["body"].encode())


def test_there_is_an_example_of_every_kind_and_none_twice():
    assert sorted(KIND_OF[type(event)] for event in EXAMPLES) == sorted(KINDS)


@pytest.mark.parametrize("event", EXAMPLES + BESIDE_THE_GOLDEN, ids=lambda event: KIND_OF[type(event)])
def test_what_is_written_is_read_back(event):
    record = recorded(event)
    again = to_record(to_entry(record))
    assert again == record
    for field in fields(event):
        assert type(getattr(again.event, field.name)) is type(getattr(event, field.name)), field.name


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=8)
@given(given_data=some.data())
def test_any_event_of_a_kind_is_read_back_and_its_bytes_stay(kind, given_data):
    some.register_type_strategy(datetime, some.datetimes(timezones=some.just(UTC)))
    some.register_type_strategy(float, some.floats(allow_nan=False, allow_infinity=False))
    some.register_type_strategy(int, some.integers(-(2**53), 2**53))
    some.register_type_strategy(str, some.text(some.characters(exclude_categories=["Cs"]), max_size=20))
    event = given_data.draw(some.from_type(KINDS[kind]))
    entry = to_entry(recorded(event))
    assert to_record(entry).event == event
    assert to_entry(to_record(entry)) == entry


@pytest.mark.parametrize("line", golden(), ids=lambda line: f"{line['kind']}-{line['version']}")
def test_what_was_ever_written_is_readable_for_ever(line):
    entry = entry_of(line)
    record = to_record(entry)
    assert record.event in EXAMPLES
    if VERSIONS[line["kind"]] == line["version"]:
        written, now = (json.loads(body)["event"] for body in (entry.body, to_entry(record).body))
        assert now == GREW_UNMARKED.get(line["kind"], {}) | written, (
            "this kind is no longer written as it was: a new field is marked ADDED and has a default; any other change "
            "is a new version in codec.VERSIONS, an upcaster, and a line in a golden file of that version"
        )


def test_the_golden_files_hold_every_kind_in_every_version_it_ever_had():
    ever = {(kind, number) for kind, version in VERSIONS.items() for number in range(1, version + 1)}
    assert {(line["kind"], line["version"]) for line in golden()} == ever


def test_every_version_but_todays_has_its_upcaster_and_no_other_does():
    assert set(UPCASTERS) == {(kind, number) for kind, version in VERSIONS.items() for number in range(1, version)}


def test_an_old_version_is_told_in_todays_words_step_by_step(monkeypatch):
    """``lock_observed`` as if it had called its field "state" in version 1, and told locks by a number in version 2."""
    todays = to_entry(recorded(LockObserved("front", LockStatus.LOCKED)))
    oldest = replace(todays, version=1, body=b'{"event":{"door":"front","state":1},"site":"site-digest"}')
    older = replace(todays, version=2, body=b'{"event":{"door":"front","lock":1},"site":"site-digest"}')
    monkeypatch.setattr(codec, "VERSIONS", {**VERSIONS, "lock_observed": 3})
    monkeypatch.setattr(
        codec,
        "UPCASTERS",
        {
            ("lock_observed", 1): lambda told: {"door": told["door"], "lock": told["state"]},
            ("lock_observed", 2): lambda told: {**told, "lock": ["unlocked", "locked"][told["lock"]]},
        },
    )
    for entry in (oldest, older, replace(todays, version=3)):
        assert to_record(entry).event == LockObserved("front", LockStatus.LOCKED)
    assert to_entry(to_record(oldest)).version == 3
    with pytest.raises(UnreadableEvent, match="version 4 is not known here"):
        to_record(replace(todays, version=4))
    with pytest.raises(UnreadableEvent, match="cannot be read"):
        to_record(replace(oldest, body=b'{"event":{"door":"front"},"site":"site-digest"}'))


@pytest.mark.parametrize("event", BESIDE_THE_GOLDEN, ids=lambda event: KIND_OF[type(event)])
def test_a_field_that_came_later_is_written_only_where_it_says_something(event):
    grown = [field.name for field in fields(event) if ADDED.items() <= field.metadata.items()]
    plain = json.loads(to_entry(recorded(event)).body)["event"]
    assert all(name in plain for name in grown)
    bare = replace(event, **{f.name: f.default for f in fields(event) if f.name in grown})
    assert not set(grown) & set(json.loads(to_entry(recorded(bare)).body)["event"])


def test_the_body_is_canonical_json():
    body = to_entry(recorded(EXAMPLES[11])).body
    plain = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert body == plain.encode()


@given(some.integers(0, 2**52))
def test_a_monotonic_time_in_microseconds_is_kept_exactly(micros):
    record = recorded(EXAMPLES[1], at=Instant(AT.wall, micros / 1e6))
    assert to_record(to_entry(record)).at == record.at


@given(some.datetimes(min_value=datetime(1900, 1, 1), timezones=some.just(UTC)))  # noqa: DTZ001 - made aware there
def test_a_wall_time_is_kept_exactly(wall):
    record = recorded(EXAMPLES[1], at=Instant(wall, 1.0))
    assert to_record(to_entry(record)).at == record.at


def body_of(event, **also):
    return json.dumps({**json.loads(to_entry(recorded(event)).body), **also}).encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "door_teleported"},
        {"version": 0},
        {"version": 2},
        {"body": b"\xff\xfe"},
        {"body": b"{"},
        {"body": b"[]"},
        {"body": b"null"},
        {"body": b'"x"'},
        {"body": b'{"site":"s"}'},
        {"body": b'{"event":{},"site":"s"}'},
        {"body": b'{"event":{"door":"front","lock":"ajar"},"site":"s"}'},
        {"body": b'{"event":{"door":"front","lock":"locked","colour":"red"},"site":"s"}'},
        {"body": b'{"event":{"door":"front","lock":"locked"},"site":"s","and":"more"}'},
        {"body": b'{"event":{"door":"front","lock":"locked"}}'},
        {"wall": 2**62},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_named_by_its_number(changed):
    entry = to_entry(recorded(next(event for event in EXAMPLES if KIND_OF[type(event)] == "lock_observed")))
    assert entry.kind == "lock_observed"
    with pytest.raises(UnreadableEvent, match=r"^event 7: .*(lock_observed|door_teleported)"):
        to_record(replace(entry, **changed))


def test_times_between_microseconds_do_not_exist_in_the_log():
    record = recorded(EXAMPLES[1], at=Instant(AT.wall + timedelta(microseconds=1), 0.1 + 0.2))
    assert to_record(to_entry(record)).at.mono == pytest.approx(0.3, abs=1e-6)
