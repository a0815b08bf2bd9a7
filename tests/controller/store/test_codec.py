"""Events to bytes and back: every kind, for ever."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain.events import KIND_OF, KINDS, Recorded
from controller.domain.instant import Instant
from controller.domain.words import ADDED
from controller.ledger.entry import Entry
from controller.store.codec import VERSIONS, UnreadableEvent, to_entry, to_record
from tests.controller.store.examples import BESIDE_THE_GOLDEN, EXAMPLES

GOLDEN = Path(__file__).parents[2] / "golden" / "events-v1.jsonl"
AT = Instant(datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC), 1234.567891)


def recorded(event, seq=7, at=AT):
    return Recorded(seq, at, "boot-1", "site-digest", event)


def golden():
    return [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


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
@settings(max_examples=8, deadline=None)
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
def test_what_version_1_wrote_is_readable_for_ever_and_keeps_its_fields(line):
    """A field may be added, with a default; none may go, or change its form."""
    entry = Entry(1, line["kind"], line["version"], line["wall"], line["mono"], line["boot"], line["body"].encode())
    record = to_record(entry)
    assert record.event in EXAMPLES
    if VERSIONS[line["kind"]] == line["version"]:
        before, now = (json.loads(body)["event"] for body in (entry.body, to_entry(record).body))
        assert now | before == now


def test_the_golden_file_holds_every_kind_of_version_1():
    assert {line["kind"] for line in golden()} == {kind for kind, version in VERSIONS.items() if version >= 1}


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
