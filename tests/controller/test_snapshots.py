"""A box that starts from a snapshot is the box that starts from the first event."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import pytest

from controller import snapshots
from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.ids import DoorId
from controller.store.snapshot import snapshot_file
from tests.controller.ledger.insider import disarmed
from tests.controller.test_core import BADGE, PERSON, SITE, Wires, opened

pytestmark = pytest.mark.anyio

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(snapshots, "EVERY", 10)
    monkeypatch.setattr(snapshots, "AT_STOP", 3)


def lived(core, doors=6):
    start_up(core)
    core.runtime.handle(st.PersonEnrolled("t", PERSON, core.vault.seal_identity(PERSON.id, NAME)))
    core.runtime.handle(st.BadgeEnrolled("t", BADGE))
    for door in list(core.runtime.site.doors)[:doors]:
        core.runtime.handle(st.RexSeen(DoorId(door)))


NAME = type("Named", (), {"name": "Kay Example"})()


def taken(folder):
    with contextlib.closing(sqlite3.connect(folder / "ostiary.db")) as log:
        return log.execute("select seq from event where kind = 'snapshot_taken' order by seq").fetchall()


def files(folder):
    return sorted(path.name for path in folder.glob("snapshot-*"))


async def test_a_stop_takes_one_and_the_next_start_folds_the_rest_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "EVERY", 1000)
    with opened(tmp_path) as core:
        lived(core)
        before = core.runtime.state
        seq = core.runtime.seq
    assert len(taken(tmp_path)) == 1
    assert files(tmp_path) == [f"snapshot-{seq}.jsonl"]

    folded = []
    monkeypatch.setattr(snapshots, "apply", lambda state, event, at: folded.append(event) or _apply(state, event, at))
    with opened(tmp_path) as core:
        assert [type(event).__name__ for event in folded] == ["SnapshotTaken"]
        assert core.runtime.seq == seq + 1
        assert core.vault.identity(PERSON.id).name == "Kay Example"
        from_snapshot = core.runtime.state
    snapshot_file(tmp_path, seq).unlink()
    with opened(tmp_path) as core:
        assert core.runtime.state == from_snapshot
        assert core.runtime.state.people == before.people
        assert core.vault.identity(PERSON.id).name == "Kay Example"


_apply = snapshots.apply


async def test_while_it_runs_one_follows_the_other_and_the_older_goes(tmp_path):
    with opened(tmp_path) as core:
        lived(core)
        async with asyncio.timeout(PATIENCE):
            while not (found := files(tmp_path)) or found[0].endswith(".new"):  # noqa: ASYNC110 - a thread
                await asyncio.sleep(0.01)
            (first,) = found
            while files(tmp_path) in ([first], []) or len(files(tmp_path)) > 1:
                core.runtime.handle(st.RexSeen(next(iter(core.runtime.site.doors))))
                await asyncio.sleep(0.01)
        state = core.runtime.state
        await core.log.append(())
    assert len(taken(tmp_path)) >= 2
    with opened(tmp_path) as core:
        assert core.runtime.state.people == state.people


@pytest.mark.parametrize("spoiled", ["file", "event", "unreadable", "gone"])
async def test_a_snapshot_counts_only_as_the_log_tells_of_it(tmp_path, spoiled):
    with opened(tmp_path) as core:
        lived(core)
        people = core.runtime.state.people
    path = tmp_path / files(tmp_path)[0]
    match spoiled:
        case "file":
            path.write_bytes(path.read_bytes().replace(b'"clearance":3', b'"clearance":9'))
        case "event":
            with contextlib.closing(disarmed(tmp_path / "ostiary.db")) as log, log:
                log.execute("delete from event where kind = 'snapshot_taken'")
            path.write_bytes(path.read_bytes().replace(b'"clearance":3', b'"clearance":9'))
        case "unreadable":
            path.write_bytes(b"\xff\xfe")
        case "gone":
            path.unlink()
    with opened(tmp_path) as core:
        assert core.runtime.state.people == people


async def test_without_a_site_file_the_policy_in_force_is_found_behind_the_snapshot(tmp_path):
    with opened(tmp_path) as core:
        lived(core)
        doors = set(core.runtime.site.doors)
    with opened(tmp_path, site=None) as core:
        assert set(core.runtime.site.doors) == doors


async def test_a_full_disk_belongs_to_the_log(tmp_path):
    with opened(tmp_path) as core:
        core.runtime.handle(st.DiskSeen(low=True, detail="nothing left"))
        lived(core)
        assert [a.kind for a in core.runtime.state.alarms.values()].count(AlarmKind.DISK_LOW) == 1
    assert files(tmp_path) == []
    assert taken(tmp_path) == []


async def test_no_clear_word_of_a_person_stands_in_it(tmp_path):
    with opened(tmp_path) as core:
        lived(core)
    content = (tmp_path / files(tmp_path)[0]).read_bytes()
    assert b"p-1" in content
    assert b"Kay" not in content
    assert b"Example" not in content


async def test_it_opens_as_before_where_no_snapshot_was_ever_taken(tmp_path):
    core = open_core(tmp_path, SITE, Wires())
    assert core.runtime.seq == 0
    core.close()
    assert files(tmp_path) == []
