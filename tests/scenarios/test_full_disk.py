"""A disk that is really full: nobody is let in, everybody out, and nothing that was promised is missing afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from controller.ledger.verifier import Intact, verify
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries

pytestmark = pytest.mark.scenario

ROOT = Path(__file__).parents[2]
OWN_MOUNTS = ["unshare", "--map-root-user", "--mount"]


def may_mount():
    probe = [*OWN_MOUNTS, "mount", "-t", "tmpfs", "probe", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What the two parts said, and the log that was left."""
    if not may_mount():
        pytest.skip("this kernel lets nobody mount a small disk of their own (user namespaces are off)")
    folder, keep = tmp_path_factory.mktemp("disk"), tmp_path_factory.mktemp("keep")
    ran = subprocess.run(
        [*OWN_MOUNTS, sys.executable, "-W", "error", str(ROOT / "tests" / "scenarios" / "full_disk.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "KEEP": str(keep)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    said = [json.loads(line) for line in (keep / "said.jsonl").read_text().splitlines()]
    assert any("caught_up_again" in each for each in said), ran.stdout + ran.stderr
    rows = [row.entry for row in stored_entries(reading_engine(keep / "ostiary.db"))]
    assert isinstance(verify(stored_entries(reading_engine(keep / "ostiary.db"))), Intact)
    merged = {key: value for each in said for key, value in each.items()}
    return merged, [each["acknowledged"] for each in said if "acknowledged" in each], rows


def events(rows, kind):
    return [json.loads(row.body)["event"] for row in rows if row.kind == kind]


def test_nobody_is_let_in_on_a_full_disk_and_everybody_out_at_once(played):
    said, _, _ = played
    assert said["opened_before"], "the badge is in order"
    assert not said["opened_while_full"]
    assert (said["let_out"], said["unlocked"], said["at_once"]) == (1, 0, True)
    assert said["relocked"] >= 1, "the lockdown locks, whatever the disk does"
    assert not said["opened_after_restart"]


def test_it_starts_again_on_the_full_disk_and_still_knows_what_only_the_journal_has(played):
    said, _, _ = played
    assert said["restarted_at"] == said["last"] > said["durable"]
    assert said["lockdown"]


def test_it_starts_on_a_full_disk_after_a_good_stop_as_well(played):
    said, _, _ = played
    assert said["started_after_stop"] == said["caught_up"]
    assert said["lets_out_after_stop"] == 1


def test_all_of_it_stands_in_the_log_in_order_once_there_is_room_and_says_that_it_came_late(played):
    said, _, rows = played
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    replayed, _ = events(rows, "journal_replayed")
    assert replayed["first"] == said["durable"] + 1
    assert replayed["last"] >= said["last"]
    late = {row.kind for row in rows if replayed["first"] <= row.seq <= replayed["last"]}
    assert {"exit_requested", "lockdown_started", "alarm_raised", "box_started"} <= late
    assert {row.boot for row in rows if row.seq <= said["last"]} != {rows[-1].boot}


def test_every_grant_that_came_into_the_log_late_was_withdrawn(played):
    """No door opened on one: the unlock waited for the log itself."""
    _, _, rows = played
    replayed, _ = events(rows, "journal_replayed")
    late = [row for row in rows if row.seq >= replayed["first"]]
    withdrawn = {event["request"] for event in events(late, "grant_withdrawn")}
    assert {event["request"] for event in events(late, "access_granted")} <= withdrawn


def test_nothing_that_was_acknowledged_on_the_wire_is_missing_or_doubled(played):
    _, acknowledged, rows = played
    taken = [[event["boot"], event["number"]] for event in events(rows, "message_taken")]
    assert acknowledged
    assert [taken.count(each) for each in acknowledged] == [1] * len(acknowledged)
