"""A log of a million events, made quickly: the rows a box would have written, without asking it a million times."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace
from pathlib import Path

from benchmarks.crowd import BOOT, crowd, passage_of
from benchmarks.disk import insert_and_commit, unsafe
from benchmarks.extent import Tick
from controller.domain import events as ev
from controller.domain.events import Recorded
from controller.domain.instant import Instant
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.ledger.entry import GENESIS, Entry, chain_hash, leaf_hash
from controller.rules.fold import apply
from controller.store import snapshot
from controller.store.codec import to_entry
from controller.store.engines import writing_engine
from controller.store.place import LOG_FILE
from controller.store.schema import bring_up
from controller.store.snapshot import Snapshot
from controller.store.vault import Sealed

REGULARS = 64
"""So many people come and go, again and again, one at each door; the others are known and stay away."""

AT_ONCE = 10_000


def make_history(
    folder: Path, site: Site, toml: str, people: int, count: int, rest: int, at: Instant, tick: Tick
) -> None:
    """Write ``count`` records into an empty data folder, with the snapshot a box takes ``rest`` records earlier."""
    place = folder / LOG_FILE
    with writing_engine(place).connect() as connection:
        bring_up(connection)
    happened = itertools.chain(_beginning(site, toml, people), _ordinary_days(site, people, at))
    state, head = SiteState(), GENESIS
    with unsafe(place) as log:
        for batch in _batches(itertools.islice(_numbered(happened, site, at), count - rest - 1)):
            for record, _ in batch:
                state = apply(state, record.event, at)
            head = _insert(log, (entry for _, entry in batch), head)
            tick(len(batch))
        taken = Snapshot(count - rest - 1, 2, state, Sealed())
        told = ev.SnapshotTaken(taken.seq, snapshot.write(folder, taken))
        days = itertools.chain([told], _ordinary_days(site, people, at))
        for batch in _batches(itertools.islice(_numbered(days, site, at, taken.seq + 1), rest + 1)):
            head = _insert(log, (entry for _, entry in batch), head)
            tick(len(batch))


def _beginning(site: Site, toml: str, people: int) -> Iterator[ev.Event]:
    yield ev.BoxStarted("bench", 15.0, 60.0, 5.0)
    yield ev.SiteActivated(site.digest, toml)
    yield from crowd(people)


def _ordinary_days(site: Site, people: int, at: Instant) -> Iterator[ev.Event]:
    """Return what is written down of people's coming, for ever; each comes the same way again."""
    state = SiteState()
    for event in _beginning(site, "", min(people, REGULARS)):
        state = apply(state, event, at)
    return itertools.cycle(
        [event for who in range(min(people, REGULARS)) for event in passage_of(site, state, at, who)]
    )


def _numbered(
    happened: Iterable[ev.Event], site: Site, at: Instant, first: int = 1
) -> Iterator[tuple[Recorded, Entry]]:
    """Return records with their entries; an event that comes again is put into bytes once."""
    written: dict[int, tuple[ev.Event, Entry]] = {}
    for seq, event in enumerate(happened, first):
        record = Recorded(seq, at, BOOT, site.digest, event)
        known = written.get(id(event))
        entry = replace(known[1], seq=seq) if known else to_entry(record)
        if len(written) < AT_ONCE:
            written[id(event)] = event, entry
        yield record, entry


def _batches(records: Iterator[tuple[Recorded, Entry]]) -> Iterator[list[tuple[Recorded, Entry]]]:
    while batch := list(itertools.islice(records, AT_ONCE)):
        yield batch


def _insert(log: sqlite3.Connection, entries: Iterable[Entry], head: bytes) -> bytes:
    rows = []
    for entry in entries:
        leaf = leaf_hash(entry)
        head = chain_hash(head, leaf)
        rows.append((*astuple(entry), leaf, head))
    insert_and_commit(log, rows, "event")
    return head
