"""The log on a real disk: durable before it says so, in order, whatever the disk does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from controller.domain.events import AlarmClosed, FaceJudged, Recorded
from controller.domain.instant import Instant
from controller.ledger.verifier import Broken, Intact, verify
from controller.store import engines, eventlog
from controller.store.engines import reading_engine
from controller.store.eventlog import SqlEventLog, stored_entries
from tests.controller.store.databases import locked, meddle, seqs

pytestmark = pytest.mark.anyio

PATIENCE = 20.0
ROOT = Path(__file__).parents[3]


def record(seq, reason="seen to"):
    at = Instant(datetime(2026, 11, 23, 9, tzinfo=UTC), float(seq))
    return Recorded(seq, at, "boot-1", "site-1", AlarmClosed("a1", "gil", reason))


@pytest.fixture
def opened(place):
    @contextlib.asynccontextmanager
    async def opened(kind=SqlEventLog):
        log = kind(place)
        try:
            yield log
        finally:
            log.close()

    return opened


async def done(*futures):
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*futures)


async def test_what_is_done_is_seen_by_another_connection(place, opened):
    async with opened() as log:
        for seq in range(1, 6):
            await done(log.append([record(seq)]))
            assert seqs(place)[-1] == seq
        assert log.read(before=None, limit=2) == [record(5), record(4)]
        assert log.read(before=3, limit=10) == [record(2), record(1)]
        assert list(log.replay()) == [record(seq) for seq in range(1, 6)]


async def test_commits_are_on_the_disk_when_they_return(place, opened):
    async with opened() as log:
        await done(log.append([record(1)]))
        settings = ("PRAGMA journal_mode", "PRAGMA synchronous")
        wanted = ["wal", 2]  # FULL
        if isinstance(place, sa.URL):
            settings, wanted = ("SHOW synchronous_commit", "SHOW fsync"), ["on", "on"]
        assert [log._opened.connection.execute(sa.text(setting)).scalar() for setting in settings] == wanted


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_the_files_are_their_owners_alone_whatever_the_umask_says(place, opened):
    before = os.umask(0)
    try:
        async with opened() as log:
            await done(log.append([record(1)]))
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in place.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) >= {"ostiary.db", "ostiary.db-wal"}
    assert set(modes.values()) == {0o600}


async def test_a_hundred_appends_at_once_stay_in_order_and_verify(place, opened):
    async with opened() as log:
        numbers = iter(range(1, 1000))
        await done(*(log.append([record(next(numbers)) for _ in range(1 + size % 3)]) for size in range(100)))
        assert seqs(place) == list(range(1, 200))
    assert isinstance(verify(stored_entries(reading_engine(place))), Intact)


def commits_of(log):
    """Return a list that grows by one with each commit of a log's writer."""
    commits = []
    sa.event.listen(log._engine, "commit", commits.append)
    return commits


async def test_what_is_gathered_is_committed_with_what_somebody_stands_at_a_door_for(place, opened, monkeypatch):
    monkeypatch.setattr(eventlog, "GATHER_SECONDS", 3600.0)
    async with opened() as log:
        commits = commits_of(log)
        gathered = [log.append([record(seq)], at_once=False) for seq in (1, 2, 3)]
        await asyncio.sleep(0.05)
        assert not any(future.done() for future in gathered)
        assert log.late(0.01)
        await done(log.append([record(4), record(5)]), *gathered)
        assert seqs(place) == [1, 2, 3, 4, 5]
        assert len(commits) == 1
    assert isinstance(verify(stored_entries(reading_engine(place))), Intact)


async def test_what_is_gathered_waits_a_moment_and_no_longer(place, opened):
    async with opened() as log:
        commits = commits_of(log)
        await done(*(log.append([record(seq)], at_once=False) for seq in (1, 2, 3)))
        assert seqs(place) == [1, 2, 3]
        assert len(commits) == 1
        await done(log.append([record(4)], at_once=False))
        assert len(commits) == 2


async def test_a_log_that_is_closed_writes_what_was_gathered(place, opened, monkeypatch):
    monkeypatch.setattr(eventlog, "GATHER_SECONDS", 3600.0)
    async with opened() as log:
        log.append([record(1)], at_once=False)
    assert seqs(place) == [1]


async def test_it_goes_on_where_it_was_left(place, opened):
    async with opened() as log:
        await done(log.append([record(1)]))
    async with opened() as log:
        await done(log.append([record(2)]))
        verdict = verify(stored_entries(reading_engine(place)))
        assert isinstance(verdict, Intact)
        assert verdict.entries == 2


@pytest.fixture
def impatient(monkeypatch):
    """Do not wait five seconds for a locked database."""
    monkeypatch.setattr(engines, "BUSY_MILLISECONDS", 20)
    monkeypatch.setattr(eventlog, "RETRY_SECONDS", 0.01)


async def until_refused(log):
    async with asyncio.timeout(PATIENCE):
        while not log._failing:  # noqa: ASYNC110 - the thread tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("impatient")
async def test_while_the_disk_refuses_records_wait_in_order_and_it_says_so(place, opened):
    async with opened() as log:
        await done(log.append([record(1)]))
        assert not log.late(0.0)
        with locked(place):
            waiting = [log.append([record(seq)]) for seq in range(2, 30)]
            await until_refused(log)
            assert log.late(0.001)
            assert not log.late(3600.0)
            assert not any(future.done() for future in waiting)
            assert log.read(before=None, limit=5) == [record(1)]
        await done(*waiting)
        assert not log.late(0.0)
        assert seqs(place) == list(range(1, 30))
    assert isinstance(verify(stored_entries(reading_engine(place))), Intact)


@pytest.mark.usefixtures("impatient")
async def test_closing_on_a_dead_disk_ends_and_what_was_queued_is_lost_whole(place, opened):
    async with opened() as log:
        await done(log.append([record(1)]))
        with locked(place):
            waiting = [log.append([record(seq)]) for seq in range(2, 5)]
            await until_refused(log)
            waiting.append(log.append([record(5)]))
            await asyncio.to_thread(log.close)
        await asyncio.sleep(0)
        assert not any(future.done() for future in waiting)
    assert seqs(place) == [1], "a record after a lost one would be a hole in the log"


async def test_closing_writes_what_is_queued(place, opened):
    async with opened() as log:
        for seq in range(1, 50):
            log.append([record(seq)])
    assert seqs(place) == list(range(1, 50))


class Hung(SqlEventLog):
    """A disk that answers nothing at all."""

    asleep = threading.Event()

    def _insert(self, connection, batches):
        Hung.asleep.wait(PATIENCE)


async def test_a_disk_that_hangs_does_not_keep_the_box_from_stopping(opened, monkeypatch):
    monkeypatch.setattr(eventlog, "CLOSE_SECONDS", 0.05)
    Hung.asleep.clear()
    async with opened(Hung) as log:
        waiting = log.append([record(1)])
    assert not waiting.done()
    Hung.asleep.set()
    await asyncio.to_thread(log._thread.join)


class LyingOnce(SqlEventLog):
    """A commit that reaches the disk and is reported as failed."""

    lied = False

    def _insert(self, connection, batches):
        before = self._head
        super()._insert(connection, batches)
        if not self.lied:
            self.lied, self._head = True, before
            raise sa.exc.OperationalError("COMMIT", {}, OSError("disk I/O error"))


async def test_a_commit_that_failed_on_its_way_back_is_not_written_twice(place, opened):
    async with opened(LyingOnce) as log:
        await done(log.append([record(1), record(2)]))
        await done(log.append([record(3)]))
        assert log.lied
    assert seqs(place) == [1, 2, 3]
    assert isinstance(verify(stored_entries(reading_engine(place))), Intact)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "tampering",
    [
        "insert into event select 3, kind, version, wall, mono, boot, body, leaf, chain from event where seq = 2",
        "delete from event where seq = 2",
        "update event set chain = leaf where seq = 2",
    ],
)
async def test_nothing_counts_as_written_once_somebody_else_wrote(place, opened, tampering):
    async with opened() as log:
        await done(log.append([record(1), record(2)]))
        meddle(place, tampering)
        waiting = log.append([record(3)])
        await until_refused(log)
        assert log.late(0.0)
        await asyncio.to_thread(log.close)
        await asyncio.sleep(0)
        assert not waiting.done()


async def test_a_record_that_is_no_bytes_is_refused_and_the_log_goes_on(place, opened):
    async with opened() as log:
        with pytest.raises(TypeError):
            log.append([record(1), record(2, reason="\ud800")])
        with pytest.raises(TypeError):
            log.append([Recorded(1, record(1).at, "b", "s", FaceJudged("r", "in", "c", "p", "matched", 0.1, 2**70))])
        await done(log.append([record(1)]))
    assert seqs(place) == [1]


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from controller.ledger.verifier import verify
from controller.store import eventlog
from tests.controller.store.test_eventlog import record

async def main(path):
    eventlog.RETRY_SECONDS = 0.01
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log = eventlog.SqlEventLog(path)
    await log.append([record(1)])
    used = max(file.stat().st_size for file in path.parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (used + 8192, resource.RLIM_INFINITY))
    waiting = [log.append([record(seq, reason="x" * 3000)]) for seq in range(2, 40)]
    while not log._failing:
        await asyncio.sleep(0.01)
    assert log.late(0.001) and not all(future.done() for future in waiting)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await asyncio.gather(*waiting)
    log.close()
    print(verify(eventlog.stored_entries(eventlog.reading_engine(path))).entries)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_loses_nothing_once_there_is_room_again(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL_DISK, str(tmp_path / "ostiary.db")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout.splitlines()[-1:] == ["39"], ran.stderr
    assert ran.returncode == 0


async def test_a_log_that_is_not_there_is_not_made_by_reading(tmp_path):
    with pytest.raises(FileNotFoundError):
        reading_engine(tmp_path / "ostiary.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_text_that_is_no_utf_8_is_found_by_its_number(place, opened):
    async with opened() as log:
        await done(log.append([record(1), record(2)]))
    meddle(place, "update event set kind = cast(x'ff' as text) where seq = 2")
    assert verify(stored_entries(reading_engine(place))) == Broken(2, "its content does not match its leaf hash")
