"""A log on a server that goes away, at work or before a start: nobody in, everybody out, nothing lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller import patience
from controller.admin import Admin
from controller.bootstrap import Ports
from controller.core import open_core, start_up
from controller.domain.alarms import AlarmKind
from controller.domain.effects import Release, Unlock
from controller.domain.operators import Refusal, Role, UnlockOnce
from controller.domain.site import RexKind
from controller.domain.stimuli import Ordered, RexSeen
from controller.site.loader import load_site
from controller.store.eventlog import LogAway
from controller.store.place import choose_place
from simulators.hand import until
from tests.controller.store.databases import asked, seqs
from tests.postgresql import cluster

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

EMBASSY = Path(__file__).parents[2] / "config" / "embassy.toml"
SITE = load_site(EMBASSY)
REX = next(door.id for door in SITE.doors.values() if door.rex and door.rex.kind is RexKind.UNLOCKS)
SOON = 10.0


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def server():
    with cluster() as server:
        yield server


@pytest.fixture
def place(server):
    return server.database()


@pytest.fixture
def folder(tmp_path, place):
    choose_place(tmp_path, place.render_as_string(hide_password=False))
    return tmp_path


class Wires:
    def __init__(self):
        self.posted = []

    def post(self, effect):
        self.posted.append(effect)

    def told(self, kind):
        return [effect.door for effect in self.posted if isinstance(effect, kind)]


async def sees(true):
    assert await until(true, SOON)


async def test_a_server_that_goes_away_lets_nobody_in_and_keeps_nobody(server, folder, place):
    wires = Wires()
    core = open_core(folder, EMBASSY, wires)
    try:
        start_up(core)
        runtime = core.runtime
        await Admin(core).add_operator("gil", Role.GUARD, "test")
        runtime.handle(Ordered("gil", UnlockOnce("main-gate", "x")))
        await sees(lambda: wires.told(Unlock) == ["main-gate"])
        server.stop()
        runtime.handle(Ordered("gil", UnlockOnce("lobby-door", "x")))
        runtime.handle(RexSeen(REX))
        assert wires.told(Release) == [REX]
        await sees(lambda: runtime.state.log_late)
        (refused,) = runtime.handle(Ordered("gil", UnlockOnce("lobby-door", "x"))).outcome.events
        assert refused.why is Refusal.LOG_CANNOT_BE_WRITTEN
        assert [alarm.kind for alarm in runtime.state.alarms.values() if alarm.persists] == [AlarmKind.LOG_LATE]
        server.start()
        await sees(lambda: not runtime.state.log_late)
        await runtime.submit(RexSeen(REX))
        assert wires.told(Unlock) == ["main-gate"]
    finally:
        core.close()
    assert seqs(place) == list(range(1, core.runtime.seq + 1))
    assert asked(place, "select kind from event where kind = 'journal_replayed'")


class Doorless:
    """A box without wires."""

    def __init__(self, folder, site_file, _):
        self.folder, self.site_file = folder, site_file

    async def __aenter__(self):
        self.core = open_core(self.folder, self.site_file, Wires())
        return self

    async def __aexit__(self, *_):
        self.core.close()


async def test_a_box_waits_for_its_server_and_then_works(server, folder, monkeypatch):
    monkeypatch.setattr(patience, "Box", Doorless)
    monkeypatch.setattr(patience, "LOOK_AGAIN_SECONDS", 0.1)
    async with patience.running(folder, EMBASSY, Ports(), pytest.fail) as box:
        before = box.core.runtime.seq
    server.stop()
    said = []

    async def started():
        async with patience.running(folder, EMBASSY, Ports(), said.append) as box:
            return box.core.runtime.seq

    waiting = asyncio.create_task(started())
    await sees(lambda: said)
    await asyncio.sleep(0.5)
    assert not waiting.done()
    server.start()
    async with asyncio.timeout(SOON):
        assert await waiting == before
    assert len(said) == 1
    assert "The doors stay locked until it answers." in said[0]


async def test_a_first_start_waits_for_no_address_that_may_be_wrong(server, folder, monkeypatch):
    monkeypatch.setattr(patience, "Box", Doorless)
    server.stop()
    with pytest.raises(LogAway):
        async with patience.running(folder, EMBASSY, Ports(), pytest.fail):
            pass
    server.start()
