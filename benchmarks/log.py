"""The event log: how fast it is written, durable and hashed, and how fast it is verified."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import astuple
from itertools import islice
from pathlib import Path

from benchmarks.crowd import DOORS, crowded, passage, records
from benchmarks.disk import insert_and_commit, plain_table
from benchmarks.extent import Extent, Tick
from benchmarks.rows import BenchmarkFailed, Figure, Row
from controller.domain.events import Recorded
from controller.ledger.entry import GENESIS, Entry, chain_hash, leaf_hash
from controller.ledger.verifier import Intact, verify
from controller.runtime.clock import SystemClock
from controller.store.codec import to_entry
from controller.store.engines import reading_engine
from controller.store.eventlog import SqlEventLog, stored_entries

BATCH = 100
APPENDS_PER_SECOND = 5000.0
VERIFY_SECONDS = 30.0
MILLION = 1_000_000
HASHED_AT_MOST = 50_000
"""Entries kept in memory to be hashed alone."""


async def append(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Append batch after batch through the log, then insert the same rows plainly."""
    batches = _batches(folder, extent.appended)
    began = time.perf_counter()
    await _written(folder / "log.db", batches, tick)
    logged = extent.appended / (time.perf_counter() - began)
    plain = extent.appended / await asyncio.to_thread(_plain_seconds, folder, batches)
    return Row(
        "log_append",
        logged,
        "events/s",
        Figure(f"≥ 5,000/s durable, with Merkle leaf; batches of {BATCH}", APPENDS_PER_SECOND),
        Figure("plain insert + commit of the same rows in the same batches", plain),
        at_least=True,
    )


async def verification(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Write a log, then verify it as ``ostiary log verify`` does."""
    path, count = folder / "log.db", extent.verified
    await _written(path, _batches(folder, count), tick)
    scale = MILLION / count
    seconds = scale * await asyncio.to_thread(_verify_seconds, path, count)
    hashing = scale * await asyncio.to_thread(_hashing_seconds, path, count)
    measured = "" if count == MILLION else f"; measured on {count:,}, scaled"
    return Row(
        "log_verify_1m",
        seconds,
        "s",
        Figure(f"≤ 30 s for 1,000,000 entries{measured}", VERIFY_SECONDS),
        Figure("hashing alone", hashing),
    )


def _batches(folder: Path, count: int) -> list[list[Recorded]]:
    now = SystemClock().now()
    site, state = crowded(folder, DOORS, now)
    events = passage(site, state, now)
    return [records(site, events, first, min(BATCH, count + 1 - first), now) for first in range(1, count + 1, BATCH)]


async def _written(path: Path, batches: Sequence[list[Recorded]], tick: Tick) -> None:
    log = SqlEventLog(path)
    try:
        for batch in batches:
            await log.append(batch)
            tick(len(batch))
    finally:
        log.close()


def _plain_seconds(folder: Path, batches: Sequence[list[Recorded]]) -> float:
    rows = [[_row(to_entry(record)) for record in batch] for batch in batches]
    with plain_table(folder / "plain.db", columns=len(rows[0][0])) as connection:
        began = time.perf_counter()
        for batch in rows:
            insert_and_commit(connection, batch)
        return time.perf_counter() - began


def _row(entry: Entry) -> tuple[object, ...]:
    return *astuple(entry), GENESIS, GENESIS


def _verify_seconds(path: Path, count: int) -> float:
    began = time.perf_counter()
    verdict = verify(stored_entries(reading_engine(path)))
    seconds = time.perf_counter() - began
    if not isinstance(verdict, Intact) or verdict.entries != count:
        raise BenchmarkFailed(f"a log of {count} entries was just written, and the verifier says {verdict}")
    return seconds


def _hashing_seconds(path: Path, count: int) -> float:
    """Return the seconds that the hashes of ``count`` entries take, from as many as fit comfortably in memory."""
    entries = [row.entry for row in islice(stored_entries(reading_engine(path)), HASHED_AT_MOST)]
    head, began = GENESIS, time.perf_counter()
    for entry in entries:
        head = chain_hash(head, leaf_hash(entry))
    return (time.perf_counter() - began) * count / len(entries)
