"""Power is cut at any moment: what was acknowledged is in the log, which is whole, and what the journal took is too."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from controller.ledger.verifier import Intact, verify
from controller.store.engines import reading_engine
from controller.store.eventlog import SqlEventLog, stored_entries
from controller.store.journal import Journal
from tests.scenarios.power_loss import STRACE, played

pytestmark = pytest.mark.scenario

ROOT = Path(__file__).parents[2]
CUTS = int(os.environ.get("OSTIARY_POWER_CUTS", "150"))
SEED = int(os.environ.get("OSTIARY_CRASH_SEED", "1"))
JOURNAL = "emergency.journal"
JOURNAL_BYTES = 128 * 1024

BOX = """
import asyncio, contextlib, os, sys
from pathlib import Path
import sqlalchemy as sa
from controller.store import engines, eventlog
from controller.store.journal import Journal
from tests.controller.store.databases import locked
from tests.controller.store.test_eventlog import record

async def main(folder, durable, size):
    engines.BUSY_MILLISECONDS, eventlog.RETRY_SECONDS, eventlog.RESCUE_SECONDS = 10, 0.01, 0.01
    if durable == "no":  # the control: what is promised here is not kept
        careless = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"
        engines._durable = lambda connection, _: connection.executescript(careless)
    place = folder / "ostiary.db"
    log = eventlog.SqlEventLog(place, Journal(folder / "emergency.journal", int(size)))
    said = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT)
    tell = lambda seq: os.pwrite(said, b"%012d" % seq, 0)
    seq = 0
    async def some(count, size):
        nonlocal seq
        for _ in range(count):
            batch = [record(seq + n, "x" * size) for n in range(1, 3)]
            seq += len(batch)
            yield log.append(batch), seq
    async for done, last in some(60, 40):
        await done
        tell(last)
    with locked(place):
        waiting = [each async for each in some(5, 200)]
        while not log._rescuing:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
    for done, last in waiting:
        await done
        tell(last)
    async for done, last in some(40, 3000):
        await done
        tell(last)
    log.close()

asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
"""


def traced(folder, durable):
    """Let the box run, its journal made already; return the trace and what the journal was then."""
    Journal(folder / JOURNAL, JOURNAL_BYTES).close()
    before = {JOURNAL: (folder / JOURNAL).read_bytes()}
    trace = folder.with_name(f"{folder.name}.trace")
    ran = subprocess.run(
        [*STRACE, "-o", str(trace), sys.executable, "-c", BOX, str(folder), durable, str(JOURNAL_BYTES)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return trace, before


def cut(trace, before, folder, cuts, dice):
    """Yield, for so many moments, the files as they may be found, and the last record acknowledged by then."""
    steps = sum(1 for _ in played(trace, folder, before))
    moments = set(dice.sample(range(steps), min(cuts, steps)))
    acknowledged = 0
    for number, (disk, name, _) in enumerate(played(trace, folder, before)):
        if name == "acknowledged":
            acknowledged = int(disk.changes[name][-1].content)
        if number in moments:
            yield disk.after_power_loss(dice), acknowledged


def found(files, folder):
    """Start on the files of a power cut; return the numbers that are in the log afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        if not name.endswith(("-shm", "acknowledged")):
            (folder / name).write_bytes(content)

    async def started():
        log = SqlEventLog(folder / "ostiary.db", Journal(folder / JOURNAL, JOURNAL_BYTES))
        replayed = [record.seq for record in log.replay()]
        await asyncio.wait_for(log.append(()), 20)
        log.close()
        return replayed

    replayed = asyncio.run(started())
    rows = list(stored_entries(reading_engine(folder / "ostiary.db")))
    assert isinstance(verify(rows), Intact)
    assert [row.entry.seq for row in rows] == replayed
    return replayed


@pytest.fixture(scope="module", autouse=True)
def may_trace():
    probe = subprocess.run([*STRACE, "-o", "/dev/null", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this kernel lets nobody trace a program of their own")


def test_whenever_power_is_cut_the_log_is_whole_and_holds_all_that_was_acknowledged(tmp_path):
    folder, dice = tmp_path / "box", random.Random(SEED)
    folder.mkdir()
    (trace, before), seen = traced(folder, "yes"), []
    for files, acknowledged in cut(trace, before, folder, CUTS, dice):
        numbers = found(files, tmp_path / "after")
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= acknowledged, "acknowledged and lost"
        seen.append((acknowledged, len(numbers)))
    assert max(acknowledged for acknowledged, _ in seen) > 100
    assert len(seen) == CUTS


def test_a_log_that_does_not_sync_is_found_out(tmp_path):
    """Otherwise the test before this one would prove nothing."""
    folder, dice = tmp_path / "box", random.Random(SEED)
    folder.mkdir()
    (trace, before), lost = traced(folder, "no"), 0
    for files, acknowledged in cut(trace, before, folder, 40, dice):
        try:
            lost += len(found(files, tmp_path / "after")) < acknowledged
        except Exception:  # noqa: BLE001 - a file that is no database any more is lost as well
            lost += 1
    assert lost > 5
