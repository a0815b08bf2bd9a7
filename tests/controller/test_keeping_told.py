"""What keeps personal data to its time runs in the background: that it fails is an alarm, and it is tried again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller import erasure, retention
from controller.cli import Nobody
from controller.core import open_core, start_up
from controller.domain.alarms import AlarmKind

SITE = Path(__file__).parents[1] / "embassy" / "embassy.toml"


def fails(*_):
    raise OSError("the words of an error may repeat a name")


@pytest.mark.parametrize(
    ("module", "work", "keeper", "told"),
    [
        (erasure, "strike_out", erasure.ErasureKeeper, "may still be in backups: OSError"),
        (erasure, "scrub", erasure.ErasureKeeper, "may still be in memory: OSError"),
        (retention, "due", retention.Retention, "could not be destroyed: OSError"),
    ],
)
def test_what_fails_is_an_alarm_and_not_the_end(tmp_path, monkeypatch, module, work, keeper, told):
    monkeypatch.setattr(module, work, fails)
    monkeypatch.setattr(erasure, "SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)

    async def kept():
        core = open_core(tmp_path / "box", SITE, Nobody())
        start_up(core)
        running = keeper(core)
        running.start()
        alarms = []
        async with asyncio.timeout(20):
            while not alarms:
                await asyncio.sleep(0.02)
                alarms = [alarm for alarm in core.runtime.state.alarms.values() if alarm.kind is AlarmKind.FAULT]
        await asyncio.sleep(0.2)
        alive = not running._task.done()
        await running.stop()
        core.close()
        return alive, [alarm.detail for alarm in alarms]

    alive, details = asyncio.run(kept())
    assert alive, "it is tried again"
    assert [told in detail for detail in details] == [True]
    assert "name" not in details[0]
