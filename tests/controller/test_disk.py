"""The room on the log's disk: told once, told early, and told again when it changes."""

from __future__ import annotations

import asyncio
from collections import namedtuple
from pathlib import Path

import pytest

from controller import disk
from controller.core import open_core, start_up
from controller.disk import LOG, RECORDINGS, DiskWatch, disks
from controller.domain.alarms import AlarmKind
from controller.domain.stimuli import DiskSeen
from tests.controller.test_core import SITE, Wires

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def free(monkeypatch):
    """Set how many MiB are free."""

    def free(mib):
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: Usage(0, 0, mib * 2**20))

    return free


def test_it_is_told_at_first_and_when_it_changes_without_flutter(tmp_path, free):
    told = []
    watch = DiskWatch([(LOG, tmp_path)], told.append, low_mib=1000)
    for mib in (5000, 4000, 999, 900, 1001, 1249, 1250, 1001, 1000):
        free(mib)
        watch.look()
    assert [seen.low for seen in told] == [False, True, False]
    assert told[1] == DiskSeen(low=True, detail="the log's disk: 999 MiB free, 1,000 MiB are asked for")


def test_a_disk_that_cannot_be_asked_is_not_called_full(tmp_path, monkeypatch):
    def broken(folder):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk.shutil, "disk_usage", broken)
    told = []
    DiskWatch([(LOG, tmp_path)], told.append).look()
    assert [seen.low for seen in told] == [False]


def test_a_disk_that_was_low_and_cannot_be_asked_stays_low(tmp_path, free, monkeypatch):
    told = []
    watch = DiskWatch([(LOG, tmp_path)], told.append, low_mib=1000)
    free(10)
    watch.look()

    def broken(folder):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk.shutil, "disk_usage", broken)
    watch.look()
    assert [seen.low for seen in told] == [True]


def test_the_recordings_disk_is_told_of_by_its_name_and_one_that_has_room_hides_none_that_has_not(tmp_path):
    told, room = [], {"log": 5000, "films": 5000}
    watched = [(LOG, tmp_path / "log"), (RECORDINGS, tmp_path / "films")]
    watch = DiskWatch(watched, told.append, low_mib=1000, room=lambda folder: room[folder.name] * 2**20)
    for log, films in ((5000, 900), (900, 900), (5000, 900), (5000, 5000)):
        room.update(log=log, films=films)
        watch.look()
    assert [(seen.low, seen.detail.count("MiB free")) for seen in told] == [(True, 1), (True, 2), (True, 1), (False, 0)]
    assert told[0].detail.startswith("the recordings' disk: 900 MiB free")
    assert told[1].detail.startswith("the log's disk: 900 MiB free")


def test_one_disk_is_watched_once_and_a_mounted_one_by_itself(tmp_path):
    assert disks(tmp_path, tmp_path / "recordings") == ((LOG, tmp_path),)
    shared_memory = Path("/dev/shm")  # on every Linux a disk of its own
    assert disks(tmp_path, shared_memory) == ((LOG, tmp_path), (RECORDINGS, shared_memory))


@pytest.mark.anyio
async def test_an_alarm_comes_before_the_disk_is_full_and_its_cause_goes(tmp_path, free, monkeypatch):
    monkeypatch.setattr(disk, "PERIOD_SECONDS", 0.01)
    core = open_core(tmp_path, SITE, Wires())
    start_up(core)
    free(10)
    watch = DiskWatch([(LOG, tmp_path)], core.runtime.submit, low_mib=100)
    watch.start()

    def alarms():
        return [alarm for alarm in core.runtime.state.alarms.values() if alarm.kind is AlarmKind.DISK_LOW]

    async with asyncio.timeout(20):
        while not alarms():  # noqa: ASYNC110 - a watcher tells nobody else
            await asyncio.sleep(0.01)
        assert alarms()[0].persists
        free(1000)
        while alarms()[0].persists:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await watch.stop()
    core.close()
