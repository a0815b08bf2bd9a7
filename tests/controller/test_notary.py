"""The box signs its own log: every minute, at each alarm, when it stops; and tells when it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from controller import notary as module
from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.ledger.checkpoint import open_checkpoint
from controller.ledger.note import BadNote
from controller.notary import KEY_FILE, Notary, NotaryTask, NothingYet, NotTheLog, log_key
from controller.store.checkpoints import CHECKPOINT_FILE, stored_checkpoints
from tests.controller.ledger.insider import entry, rewrite, sql

pytestmark = pytest.mark.anyio

SITE = Path(__file__).parents[2] / "tests" / "embassy" / "embassy.toml"
PATIENCE = 20.0


class Nobody:
    def post(self, effect):
        pass


class Box:
    """A box without wires, whose log is signed."""

    def __init__(self, core):
        self.core = core
        self.told = []
        self.notary = NotaryTask(core.folder, core.keystore.secrets, core.log, self.tell)
        core.runtime.listen(self.notary.heard)

    def tell(self, stimulus):
        self.told.append(stimulus)
        self.core.runtime.submit(stimulus)

    def sizes(self):
        return [each.size for each in stored_checkpoints(self.core.folder)]

    async def until(self, holds):
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - what is awaited appears in a file
                await asyncio.sleep(0.01)

    def alarms(self):
        return [alarm.kind for alarm in self.core.runtime.state.alarms.values()]


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.0)


@contextlib.asynccontextmanager
async def running(folder):
    core = open_core(folder, SITE, Nobody())
    start_up(core)
    box = Box(core)
    box.notary.start()
    try:
        yield box
    finally:
        await box.notary.stop()
        core.close()


def raise_an_alarm(box):
    device = next(iter(box.core.runtime.site.devices))
    box.core.runtime.submit(st.TamperSeen(device, active=True))


async def test_it_signs_at_the_start_at_an_alarm_and_at_the_end(tmp_path):
    async with running(tmp_path) as box:
        await box.until(lambda: box.sizes() == [box.core.runtime.seq])
        raise_an_alarm(box)
        await box.until(lambda: box.sizes()[-1] == box.core.runtime.seq)
        box.core.runtime.submit(st.BoxStopping())
        before, last = len(box.sizes()), box.core.runtime.seq
    assert len(box.sizes()) == before + 1
    assert box.sizes()[-1] == last
    assert box.told == []
    checkpoint = open_checkpoint(stored_checkpoints(tmp_path)[-1].note, log_key(tmp_path).verifier)
    assert checkpoint.size == last


async def test_it_signs_once_a_period_what_is_new(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PERIOD_SECONDS", 0.02)
    async with running(tmp_path) as box:
        await box.until(lambda: box.sizes() == [box.core.runtime.seq])
        box.core.runtime.submit(st.SignedOutSeen("gil"))
        await box.until(lambda: box.sizes()[-1:] == [box.core.runtime.seq])
        await asyncio.sleep(0.1)  # several periods in which nothing happens
        assert len(box.sizes()) == 2


async def test_a_box_that_was_tampered_with_while_it_was_off_raises_the_alarm_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PERIOD_SECONDS", 0.02)
    async with running(tmp_path) as box:
        await box.until(box.sizes)
    signed = box.sizes()
    sql(tmp_path, "update event set leaf = (select leaf from event where seq = 2) where seq = 1")
    async with running(tmp_path) as box:
        await box.until(lambda: box.told)
        assert AlarmKind.LOG_TAMPERED in box.alarms()
        await asyncio.sleep(0.1)  # several periods
        assert box.told == [
            st.LogTamperedSeen(f"rewritten: the first {signed[-1]} entries are not those that were signed")
        ]
    assert box.sizes() == signed


async def test_what_breaks_here_is_an_alarm_and_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PERIOD_SECONDS", 0.02)
    whole = Notary.sign
    monkeypatch.setattr(Notary, "sign", lambda _: 1 / 0)
    async with running(tmp_path) as box:
        await box.until(lambda: box.told)
        assert box.told == [st.FaultSeen(None, active=True, detail="ZeroDivisionError while the log was signed")]
        assert box.alarms() == [AlarmKind.FAULT]
        monkeypatch.setattr(Notary, "sign", whole)
        await box.until(box.sizes)


async def test_a_disk_that_hangs_does_not_keep_the_box_from_stopping(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LAST_SECONDS", 0.05)
    async with running(tmp_path) as box:
        await box.until(box.sizes)
        monkeypatch.setattr(box.core.log, "append", lambda _: asyncio.get_running_loop().create_future())


# The notary itself.


@pytest.fixture
def folder(tmp_path):
    rewrite(tmp_path, [entry(seq) for seq in range(1, 6)])
    return tmp_path


@contextlib.contextmanager
def notary(folder):
    one = Notary(folder)
    try:
        yield one
    finally:
        one.close()


def signed(folder):
    with notary(folder) as one:
        one.take_up()
        return one.sign()


async def test_the_files_are_their_owners_alone(folder):
    signed(folder)
    modes = {stat.S_IMODE((folder / name).stat().st_mode) for name in (KEY_FILE, CHECKPOINT_FILE)}
    assert modes == {0o600}


async def test_the_same_log_gives_the_same_checkpoint_kept_once(folder):
    assert signed(folder) == signed(folder)
    assert len(stored_checkpoints(folder)) == 1


async def test_one_notary_follows_the_log(folder):
    with notary(folder) as one:
        one.take_up()
        one.sign()
        rewrite(folder, [entry(seq) for seq in range(1, 8)])
        one.take_up()
        assert one.sign() == signed(folder)
    assert [each.size for each in stored_checkpoints(folder)] == [5, 7]


async def test_a_log_that_was_rewritten_below_a_running_box_is_not_what_it_signs(folder):
    with notary(folder) as one:
        one.take_up()
        kept = one.sign()
        rewrite(folder, [entry(seq + 100) for seq in range(1, 6)])
        one.take_up()
        assert one.sign() == kept


async def test_a_rewritten_log_is_refused_again_and_again(folder):
    signed(folder)
    rewrite(folder, [entry(1), *(entry(seq + 100) for seq in range(2, 10))])
    with notary(folder) as one:
        for _ in range(3):
            one.take_up()
            with pytest.raises(NotTheLog, match="rewritten: the first 5 entries"):
                one.sign()


async def test_a_log_without_entries_is_not_signed(tmp_path):
    rewrite(tmp_path, [])
    with pytest.raises(NothingYet):
        signed(tmp_path)


async def test_checkpoints_of_another_key_are_not_built_upon(folder):
    signed(folder)
    (folder / KEY_FILE).rename(folder / "kept")
    with pytest.raises(BadNote, match="is missing"):
        Notary(folder)
    with contextlib.closing(sqlite3.connect(folder / CHECKPOINT_FILE)) as database:
        rows = database.execute("select * from checkpoint").fetchall()
    (folder / CHECKPOINT_FILE).unlink()
    signed(folder)
    with contextlib.closing(sqlite3.connect(folder / CHECKPOINT_FILE)) as database:
        database.execute("delete from checkpoint")
        database.executemany("insert into checkpoint values (?, ?)", rows)
        database.commit()
    with pytest.raises(NotTheLog, match="the newest checkpoint cannot be built upon"):
        Notary(folder)


async def test_a_damaged_store_of_checkpoints_is_no_silence(folder):
    signed(folder)
    (folder / CHECKPOINT_FILE).write_bytes(b"no database" * 100)
    with pytest.raises(sa.exc.DatabaseError):
        signed(folder)
