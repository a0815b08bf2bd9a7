"""Backups: read back before they count, opened by their own key, and nobody who was erased comes back with one."""

from __future__ import annotations

import asyncio
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from controller import backup
from controller.admin import Admin
from controller.backup import BackupFailed
from controller.cli import Nobody, app
from controller.core import open_core, start_up
from controller.domain.operators import Role
from controller.domain.record_orders import EraseCardholder
from controller.erasure import ErasureKeeper
from controller.keys import seal_folder
from controller.runtime.building import Building
from controller.store import boxkey
from controller.store.boxkey import BoxLocked, KeyAccess, Way
from controller.store.history import History

CONFIG = Path(__file__).parents[2] / "tests" / "embassy"
PEOPLE = (CONFIG / "people.csv").read_text(encoding="utf-8")
PASSPHRASE, PASSWORD = "correct horse battery staple", "a password of one's own"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.setattr(boxkey, "MEMORY_KIB", 64)
    yield
    boxkey.use(KeyAccess())
    structlog.reset_defaults()


@pytest.fixture
def box(tmp_path):
    """A sealed box with people and operators, standing still."""
    folder = tmp_path / "data"

    async def fill():
        core = open_core(folder, CONFIG / "embassy.toml", Nobody())
        start_up(core)
        admin = Admin(core)
        await admin.commands["people_import"]({"csv": PEOPLE, "file": "people.csv", "author": "t"})
        for name, role in (
            ("dora", Role.DATA_PROTECTION_OFFICER),
            ("sven", Role.SECURITY_OFFICER),
            ("sue", Role.SUPERVISOR),
        ):
            await admin.add_operator(name, role, "t")
            core.keystore.set_password(name, PASSWORD, one_time=False)
        core.close()

    asyncio.run(fill())
    seal_folder(folder, Way.PASSPHRASE, PASSPHRASE.encode())
    boxkey.use(KeyAccess(passphrase=lambda: PASSPHRASE))
    return folder


@pytest.fixture
def ostiary(box, tmp_path):
    secret, password = tmp_path / "passphrase", tmp_path / "password"
    secret.write_text(PASSPHRASE)
    password.write_text(PASSWORD)

    def ostiary(*arguments, data=box):
        given = [str(password) if each == "PASSWORD" else str(each) for each in arguments]
        return CliRunner().invoke(app, ["--passphrase-file", str(secret), *given, "--data", str(data)])

    return ostiary


def erase(ostiary, who):
    for operator in ("dora", "sven"):
        asked = ("person", "erase", who, "--operator", operator, "--reason", "asked", "--password-file", "PASSWORD")
        assert ostiary(*asked).exit_code == 0


def taken(box, tmp_path, erased=(), now=NOW):
    return backup.take(box, tmp_path / "safe", erased, now).folder


TWO = ("--first", "sven", "--second", "sue", "--first-password-file", "PASSWORD", "--second-password-file", "PASSWORD")


def test_a_backup_is_restored_and_goes_on_where_it_was(ostiary, box, tmp_path):
    done = ostiary("backup", tmp_path / "safe")
    assert done.exit_code == 0, done.output
    assert "read back and intact" in done.output
    (made,) = [each for each in (tmp_path / "safe").iterdir() if each.is_dir()]
    plain = b"".join(each.read_bytes() for each in made.iterdir())
    assert b"cardholder_recorded" not in plain
    assert b"p-001" not in plain
    refused = ostiary("restore", made, data=tmp_path / "new")
    assert refused.exit_code == 2
    assert "two people" in refused.stderr
    assert not (tmp_path / "new" / "ostiary.db").exists()
    shutil.rmtree(tmp_path / "new")
    restored = ostiary("restore", made, *TWO, data=tmp_path / "new")
    assert restored.exit_code == 0, restored.output
    assert ostiary("log", "verify", data=tmp_path / "new").exit_code == 0
    shown = ostiary(
        *("people", "list", "--purpose", "audit", "--operator", "dora", "--password-file", "PASSWORD"),
        data=tmp_path / "new",
    )
    assert "Eileen Collins" in shown.output


def test_a_log_that_holds_all_the_witness_saw_needs_nobody_and_an_older_one_needs_two(ostiary, box, tmp_path):
    key, state = tmp_path / "w.key", tmp_path / "w.state"
    public = ostiary("log", "key").output.strip()
    made = taken(box, tmp_path)
    sign = ["--key", str(key), "--state", str(state), "--log-key", public]

    def witnessed(since):
        bundle = tmp_path / "bundle"
        bundle.write_text(ostiary("log", "checkpoint", "--since", str(since)).output)
        assert CliRunner().invoke(app, ["witness", "sign", str(bundle), *sign]).exit_code == 0

    witnessed(0)
    done = ostiary("restore", made, "--witness", state, data=tmp_path / "one")
    assert done.exit_code == 0, done.output
    size = History(box / "ostiary.db").count()
    assert ostiary("operator", "add", "new", "--role", "guard").exit_code == 0
    witnessed(size)
    refused = ostiary("restore", made, "--witness", state, data=tmp_path / "two")
    assert refused.exit_code == 2
    assert "not what the witness saw" in refused.stderr
    assert ostiary("restore", made, "--witness", state, *TWO, data=tmp_path / "three").exit_code == 0


@pytest.mark.parametrize("people", [("sven", "sven"), ("dora", "sven"), ("sven", "nobody")])
def test_one_person_or_the_wrong_ones_restore_no_older_log(ostiary, box, tmp_path, people):
    first, second = people
    words = ("--first", first, "--second", second, *TWO[4:])
    refused = ostiary("restore", taken(box, tmp_path), *words, data=tmp_path / "new")
    assert refused.exit_code == 2
    assert not (tmp_path / "new" / "ostiary.db").exists()


def test_who_is_erased_is_struck_out_of_the_backups_and_stays_erased(ostiary, box, tmp_path):
    made = taken(box, tmp_path)
    kept = tmp_path / "kept"  # a copy that nobody could reach
    shutil.copytree(made, kept / made.name)
    before = (made / "keys.db").read_bytes()
    erase(ostiary, "p-001")
    assert (made / "keys.db").read_bytes() != before
    shutil.copy(tmp_path / "safe" / "erased", kept / "erased")
    for source, folder in ((made, "one"), (kept / made.name, "two")):
        assert ostiary("restore", source, *TWO, data=tmp_path / folder).exit_code == 0
        core = None

        async def look(folder=folder):
            core = open_core(tmp_path / folder, None, Nobody())
            found = core.vault.identity("p-001"), core.vault.identity("p-002").name, set(core.keystore.subjects())
            people = set(core.runtime.state.people)
            core.close()
            return found, people

        (gone, other, subjects), people = asyncio.run(look())
        assert (gone, other) == (None, "Grace Hopper")
        assert "p-001" not in subjects | people
        assert core is None


def test_a_place_that_cannot_be_reached_is_named(box, tmp_path):
    taken(box, tmp_path)
    (tmp_path / "safe").rename(tmp_path / "unplugged")
    assert backup.strike_out(box, ["p-001"]) == [tmp_path / "safe"]


def test_an_empty_folder_in_its_place_is_not_the_place(box, tmp_path):
    taken(box, tmp_path)
    (tmp_path / "safe").rename(tmp_path / "unplugged")
    (tmp_path / "safe").mkdir()  # where the disk would be mounted
    assert backup.strike_out(box, ["p-001"]) == [tmp_path / "safe"]
    (tmp_path / "safe").rmdir()
    (tmp_path / "unplugged").rename(tmp_path / "safe")
    assert backup.strike_out(box, ["p-001"]) == []
    (tmp_path / "safe").rename(tmp_path / "unplugged")
    assert backup.strike_out(box, ["p-001"]) == [], "nobody is struck out twice"


def heard_alarms(core):
    return [record.event for record in core.runtime.read(before=None, limit=50) if record.kind == "alarm_raised"]


@pytest.mark.parametrize("plugged_in", [True, False])
def test_an_erasure_on_a_running_box_reaches_the_backups_at_once_or_is_an_alarm(box, tmp_path, plugged_in):
    made = taken(box, tmp_path)
    held = (made / "keys.db").read_bytes()
    if not plugged_in:
        (tmp_path / "safe").rename(tmp_path / "unplugged")

    async def erased():
        core = open_core(box, CONFIG / "embassy.toml", Nobody())
        start_up(core)
        keeper = ErasureKeeper(core)
        keeper.start()
        building = Building(core.runtime, core.vault, core.vault, core.keystore, None, core.clock)
        await building.order("dora", EraseCardholder("p-001", "asked"))
        assert await building.order("sven", EraseCardholder("p-001", "agreed")) is None
        async with asyncio.timeout(20):
            reached = lambda: (made / "keys.db").read_bytes() != held if plugged_in else heard_alarms(core)  # noqa: E731
            while not reached():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        await core.log.append(())
        alarms = heard_alarms(core)
        await keeper.keep()  # an hour later: it is told once
        assert len(heard_alarms(core)) == len(alarms)
        if not plugged_in:
            (tmp_path / "unplugged").rename(tmp_path / "safe")
            await keeper.keep()
        await keeper.stop()
        core.close()
        return alarms

    alarms = asyncio.run(erased())
    assert [str(tmp_path / "safe") in alarm.detail for alarm in alarms] == ([] if plugged_in else [True])
    assert (made / "keys.db").read_bytes() != held


def test_the_keys_of_old_backups_go_by_themselves(box, tmp_path):
    made = taken(box, tmp_path, now=datetime.now(UTC) - timedelta(days=31))

    async def kept():
        core = open_core(box, CONFIG / "embassy.toml", Nobody())
        start_up(core)
        await ErasureKeeper(core).keep()
        core.close()

    asyncio.run(kept())
    assert not (made / "keys.db").exists()
    assert (made / "ostiary.db").exists()


def test_keys_expire_and_an_expired_set_says_so(box, tmp_path):
    made = taken(box, tmp_path)
    assert backup.expire(tmp_path / "safe", NOW + timedelta(days=30)) == 0
    taken(box, tmp_path, now=NOW + timedelta(days=31))
    assert not (made / "keys.db").exists()
    with pytest.raises(BackupFailed, match="have expired"):
        backup.restore_files(made, tmp_path / "new")


@pytest.mark.parametrize("part", ["ostiary.db", "keys.db", "manifest"])
def test_a_changed_backup_is_refused(box, tmp_path, part):
    path = taken(box, tmp_path) / part
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises((BackupFailed, boxkey.SealBroken)):
        backup.restore_files(path.parent, tmp_path / "new")


def test_a_part_cut_off_or_exchanged_is_refused(box, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "CHUNK", 4096)
    one, other = taken(box, tmp_path), taken(box, tmp_path, now=NOW + timedelta(hours=1))
    cut = (one / "ostiary.db").read_bytes()[: 2 * (12 + 4096 + 16)]
    (one / "ostiary.db").write_bytes(cut)
    with pytest.raises(BackupFailed, match="damaged"):
        backup.restore_files(one, tmp_path / "new")
    shutil.copy(one / "keys.db", other / "keys.db")
    with pytest.raises(BackupFailed, match="is not what it says it is"):
        backup.restore_files(other, tmp_path / "newer")


def test_another_passphrase_opens_nothing(box, tmp_path):
    with pytest.raises(BoxLocked):
        backup.restore_files(taken(box, tmp_path), tmp_path / "new", KeyAccess(passphrase=lambda: "x" * 20))


def test_a_box_whose_key_lies_in_the_open_is_not_backed_up(tmp_path):
    (tmp_path / "keys.db").write_bytes(b"")
    boxkey.make_plain(tmp_path)
    with pytest.raises(BackupFailed, match="first `ostiary keys seal`"):
        backup.take(tmp_path, tmp_path / "safe", (), NOW)


def test_a_full_folder_is_not_restored_into(box, tmp_path):
    with pytest.raises(BackupFailed, match="not empty"):
        backup.restore_files(taken(box, tmp_path), box)


DESTROY = ("destroy", *TWO, "--reason", "the mission is given up", "--yes")


def test_two_destroy_a_box_within_ten_seconds_and_the_witness_gets_the_last_word(ostiary, box, tmp_path):
    key = boxkey.open_box(box)
    started = time.monotonic()
    done = ostiary(*DESTROY)
    assert time.monotonic() - started < 10
    assert done.exit_code == 0, done.output
    assert done.output.startswith("ostiary/log/")
    left = [file for file in box.rglob("*") if file.is_file()]
    assert {file.name for file in left} <= {"lock"}
    assert all(key not in file.read_bytes() for file in left)


@pytest.mark.parametrize(
    "words",
    [
        ("--first", "sven", "--second", "sven", *TWO[4:]),
        ("--first", "sven", "--second", "dora", *TWO[4:]),
        ("--first", "sven", "--second", "sue", "--first-password-file", "PASSWORD", "--second-password-file", "WRONG"),
    ],
)
def test_one_alone_or_the_wrong_role_or_password_destroys_nothing(ostiary, box, tmp_path, words):
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    given = [str(wrong) if word == "WRONG" else word for word in words]
    refused = ostiary("destroy", *given, "--reason", "x", "--yes")
    assert refused.exit_code == 2, refused.output
    assert (box / "box.sealed").exists()
    assert (box / "ostiary.db").exists()
