"""The emergency journal: what the log does not take lies here, and goes into the log later, in order, once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.ledger.verifier import Intact, verify
from controller.store import engines, eventlog, journal
from controller.store.codec import to_entry
from controller.store.engines import reading_engine
from controller.store.eventlog import LogUnreachable, SqlEventLog, stored_entries
from controller.store.journal import HEADER_BYTES, Journal
from tests.controller.store.databases import locked, seqs
from tests.controller.store.test_eventlog import done, record, until_refused

SIZE = 64 * 1024
PATIENCE = 20.0


def entries(*numbers, reason="seen to"):
    return [to_entry(record(seq, reason)) for seq in numbers]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "emergency.journal"


@contextlib.contextmanager
def opened(path, size=SIZE):
    found = Journal(path, size)
    try:
        yield found
    finally:
        found.close()


def test_what_was_written_is_found_and_what_was_cleared_is_not(path):
    with opened(path) as first:
        assert first.found() == ()
        assert first.write(entries(7, 8)) == 2
        assert first.write(entries(9)) == 1
    with opened(path) as second:
        assert list(second.found()) == entries(7, 8, 9)
        second.write(entries(10))
    with opened(path) as third:
        assert list(third.found()) == entries(7, 8, 9, 10)
        third.clear()
        third.write(entries(21))
    with opened(path) as fourth:
        assert list(fourth.found()) == entries(21), "records of before the clearing lie behind it, and do not follow"


def test_its_blocks_are_there_from_the_first_and_no_write_asks_for_more(path):
    with opened(path) as fresh:
        before = path.stat()
        assert before.st_size == SIZE
        assert before.st_blocks * 512 >= SIZE
        fresh.write(entries(*range(1, 50)))
        after = path.stat()
    assert (after.st_size, after.st_blocks) == (before.st_size, before.st_blocks)
    assert after.st_mode & 0o777 == 0o600


def test_it_takes_what_fits_and_says_how_much(path):
    with opened(path) as small:
        big = entries(*range(1, 30), reason="x" * 4000)
        fits = small.write(big)
        assert 0 < fits < len(big)
    with opened(path) as again:
        assert list(again.found()) == big[:fits]


@settings(max_examples=60)
@given(cut=some.integers(0, 4000), flip=some.integers(1, 255))
def test_wherever_a_write_was_cut_or_a_byte_is_wrong_the_records_before_it_are_read(tmp_path_factory, cut, flip):
    path = tmp_path_factory.mktemp("journal") / "emergency.journal"
    with opened(path) as written:
        written.write(entries(*range(1, 20)))
        end = written._end
    at = HEADER_BYTES + cut % (end - HEADER_BYTES)
    with path.open("r+b") as file:
        file.seek(at)
        was = file.read(1)[0]
        file.seek(at)
        file.write(bytes([was ^ flip]))
    with opened(path) as found:
        numbers = [entry.seq for entry in found.found()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert list(entries(*numbers)) == list(found.found())
    assert len(numbers) < 19


def test_a_journal_that_was_never_finished_is_made_anew(path):
    path.write_bytes(b"OSTJRNL1")
    path.with_name(path.name + ".new").write_bytes(b"cut")
    with opened(path) as fresh:
        assert fresh.found() == ()
    assert path.stat().st_size == SIZE


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(engines, "BUSY_MILLISECONDS", 20)
    monkeypatch.setattr(eventlog, "RETRY_SECONDS", 0.01)


async def until(what):
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110 - a thread and a disk tell nobody
            await asyncio.sleep(0.01)


def held(path):
    """The numbers a second look finds in the journal: what a crash would leave."""
    with opened(path) as found:
        return [entry.seq for entry in found.found()]


@pytest.fixture
def boxed(place, path):
    @contextlib.asynccontextmanager
    async def boxed(kind=SqlEventLog):
        log, told = kind(place, Journal(path, SIZE)), []
        log.journal_settled = lambda *numbers: told.append(numbers)
        try:
            yield log, told
        finally:
            await asyncio.to_thread(log.close)

    return boxed


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
async def test_while_the_log_refuses_records_lie_in_the_journal_then_in_the_log_once_in_order(place, path, boxed):
    async with boxed() as (log, told):
        await done(log.append([record(1)]))
        with locked(place):
            waiting = [log.append([record(seq)]) for seq in range(2, 6)]
            await until(lambda: held(path) == [2, 3, 4, 5])
            waiting.append(log.append([record(6)]))
            await until(lambda: held(path) == [2, 3, 4, 5, 6])
            assert not any(future.done() for future in waiting), "the journal is not the log: no door waits for it"
        await done(*waiting)
        await until(lambda: told)
        assert told == [(2, 6)]
        assert held(path) == []
        await done(log.append([record(7)]))
    assert seqs(place) == list(range(1, 8))
    assert isinstance(verify(stored_entries(reading_engine(place))), Intact)


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
async def test_what_a_box_that_died_left_in_the_journal_comes_next_in_the_log(place, path, boxed):
    async with boxed() as (log, _):
        await done(log.append([record(1)]))
        with locked(place):
            log.append([record(2), record(3)])
            await until_refused(log)
            await asyncio.to_thread(log.close)  # nothing more reaches the log: the journal has it
    assert seqs(place) == [1]
    assert held(path) == [2, 3]
    async with boxed() as (log, told):
        assert list(log.replay()) == [record(1), record(2), record(3)], "state is folded from both"
        await until(lambda: told)
        assert told == [(2, 3)]
        await done(log.append([record(4)]))
        assert list(log.replay()) == [record(seq) for seq in range(1, 5)]
    assert seqs(place) == [1, 2, 3, 4]
    assert held(path) == []


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
async def test_it_starts_while_the_log_still_refuses_and_no_record_is_lost_by_the_next_death(place, path, boxed):
    async with boxed() as (log, _):
        await done(log.append([record(1)]))
    with opened(path) as left:
        left.write(entries(2, 3))
    with locked(place):
        async with boxed() as (log, _):
            log.append([record(4)])
            await until(lambda: held(path) == [2, 3, 4])
    async with boxed() as (log, told):
        await until(lambda: told)
        assert told == [(2, 4)]
    assert seqs(place) == [1, 2, 3, 4]


@pytest.mark.anyio
async def test_what_the_log_has_already_is_not_taken_twice(place, path, boxed):
    async with boxed() as (log, _):
        await done(log.append([record(1), record(2)]))
    with opened(path) as left:
        left.write(entries(1, 2, 3))  # it died between the log's commit and the journal's clearing
    async with boxed() as (log, told):
        await until(lambda: told)
        assert told == [(3, 3)]
    assert seqs(place) == [1, 2, 3]


@pytest.mark.anyio
async def test_a_journal_of_another_log_is_refused_and_left_as_it_is(place, path, boxed):
    async with boxed() as (log, _):
        await done(log.append([record(1)]))
    with opened(path) as left:
        left.write(entries(5, 6))
    with pytest.raises(LogUnreachable, match="goes on at event 5, the log ends at 1"):
        SqlEventLog(place, Journal(path, SIZE))
    assert held(path) == [5, 6]


class Stalled(SqlEventLog):
    """A disk that answers, but not in time."""

    answers = threading.Event()

    def _insert(self, connection, batches):
        Stalled.answers.wait(PATIENCE)
        super()._insert(connection, batches)


@pytest.mark.anyio
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_disk_that_stalls_counts_as_one_that_refuses(place, path, boxed, monkeypatch):
    monkeypatch.setattr(eventlog, "RESCUE_SECONDS", 0.02)
    Stalled.answers.clear()
    async with boxed(Stalled) as (log, told):
        waiting = log.append([record(1), record(2)])
        await until(lambda: held(path) == [1, 2])
        assert not waiting.done()
        Stalled.answers.set()
        await done(waiting)
        await until(lambda: told)
    assert seqs(place) == [1, 2]


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_journal_that_runs_full_holds_the_first_of_it_without_a_hole(place, path, boxed):
    async with boxed() as (log, told):
        await done(log.append([record(1)]))
        with locked(place):
            waiting = [log.append([record(seq, "x" * 4000)]) for seq in range(2, 40)]
            await until(lambda: log._rescue._stuck)
            waiting.append(log.append([record(40)]))
            await asyncio.sleep(0.05)
            numbers = held(path)
        assert 0 < len(numbers) < 38
        assert numbers == list(range(2, 2 + len(numbers)))
        await done(*waiting)
        await until(lambda: told)
        assert told == [(2, numbers[-1])]
    assert seqs(place) == list(range(1, 41))


@pytest.mark.anyio
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_journal_whose_disk_fails_too_stops_nothing(place, path, boxed, monkeypatch):
    def broken(file):
        raise OSError(5, "Input/output error")

    async with boxed() as (log, told):
        await done(log.append([record(1)]))
        monkeypatch.setattr(journal.os, "fdatasync", broken)
        with locked(place):
            waiting = log.append([record(2)])
            await until(lambda: log._rescue._stuck)
        await done(waiting)
        monkeypatch.setattr(journal.os, "fdatasync", os.fsync)
        await done(log.append([record(3)]))
    assert seqs(place) == [1, 2, 3]
    assert told == []
