"""The room on the log's disk: told once, told early, and told again when it changes."""

from __future__ import annotations

import asyncio
from collections import namedtuple

import pytest

from controller import disk
from controller.core import open_core, start_up
from controller.disk import DiskWatch
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
    watch = DiskWatch(tmp_path, told.append, low_mib=1000)
    for mib in (5000, 4000, 999, 900, 1001, 1249, 1250, 1001, 1000):
        free(mib)
        watch.look()
    assert [seen.low for seen in told] == [False, True, False]
    assert told[1] == DiskSeen(low=True, detail="999 MiB free, 1,000 MiB are asked for")


def test_a_disk_that_cannot_be_asked_is_not_called_full(tmp_path, monkeypatch):
    def broken(folder):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk.shutil, "disk_usage", broken)
    DiskWatch(tmp_path, lambda seen: pytest.fail("nothing is known")).look()


@pytest.mark.anyio
async def test_an_alarm_comes_before_the_disk_is_full_and_its_cause_goes(tmp_path, free, monkeypatch):
    monkeypatch.setattr(disk, "PERIOD_SECONDS", 0.01)
    core = open_core(tmp_path, SITE, Wires())
    start_up(core)
    free(10)
    watch = DiskWatch(tmp_path, core.runtime.submit, low_mib=100)
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
