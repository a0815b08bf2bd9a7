"""A box whose log lies in PostgreSQL: everything that reads the log finds it there, told once."""

from __future__ import annotations

import asyncio
import json

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from controller.backup import restore_files
from controller.cli import app
from controller.core import open_core, start_up
from controller.keys import seal_folder
from controller.store import boxkey
from controller.store.boxkey import KeyAccess, Way
from controller.store.place import LOG_FILE, choose_place, log_place
from tests.controller.store.databases import asked, engine, meddle
from tests.controller.test_cli import EMBASSY, Nothing


@pytest.fixture
def place(postgresql):
    return postgresql.database()


@pytest.fixture
def data(tmp_path, place):
    """A data folder that was started twice, and whose log is elsewhere."""
    folder = tmp_path / "data"
    choose_place(folder, place.render_as_string(hide_password=False))

    async def started():
        core = open_core(folder, EMBASSY, Nothing())
        start_up(core)
        core.close()
        return core.runtime.state

    first = asyncio.run(started())
    second = asyncio.run(started())
    assert second.site_digest == first.site_digest
    return folder


def ostiary(data, *arguments):
    said = CliRunner().invoke(app, [*arguments, "--data", str(data)])
    assert "Traceback" not in said.output
    return said


def test_every_reader_of_the_log_finds_it(data, place):
    assert not (data / LOG_FILE).exists()
    assert asked(place, "select kind from event order by seq") == ["box_started", "site_activated", "box_started"]
    assert ostiary(data, "log", "checkpoint").exit_code == 0
    verified = ostiary(data, "log", "verify")
    assert (verified.exit_code, verified.stdout[:18]) == (0, "intact: 3 entries,")
    assert ostiary(data, "replay").exit_code == 0
    assert ostiary(data, "why", "2").exit_code == 2
    bundle = ostiary(data, "log", "checkpoint", "--since", "1")
    assert bundle.exit_code == 0


def test_an_edit_there_is_named(data, place):
    meddle(place, "update event set boot = 'another' where seq = 2")
    verified = ostiary(data, "log", "verify")
    assert (verified.exit_code, verified.stdout.split(":")[1]) == (1, " seq 2")


def test_people_can_be_appointed_there(data, place):
    assert ostiary(data, "operator", "add", "jo", "--role", "guard").exit_code == 0
    (body,) = asked(place, "select body from event where kind = 'operator_recorded'")
    assert json.loads(bytes(body))["event"]["operator"]["id"] == "jo"


def test_a_database_that_is_gone_is_a_sentence(data, place):
    server = engine(place.set(database="postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {place.database} WITH (FORCE)"))
    for arguments in (("log", "verify"), ("replay",), ("operator", "add", "jo", "--role", "guard")):
        said = ostiary(data, *arguments)
        assert (said.exit_code, bool(said.stderr)) == (2, True)


def test_another_place_for_the_same_box_is_refused(data):
    run = ["run", "--site", str(EMBASSY), "--log-url", "postgresql+psycopg://box@elsewhere.example/log"]
    said = ostiary(data, *run)
    assert (said.exit_code, "a log is not split" in said.stderr) == (2, True)


def test_it_is_backed_up_and_restored_into_a_file(data, place, tmp_path, monkeypatch):
    monkeypatch.setattr(boxkey, "MEMORY_KIB", 64)
    access = KeyAccess(passphrase=lambda: "correct horse battery staple")
    monkeypatch.setattr(boxkey, "_given", access)
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery staple")
    seal_folder(data, Way.PASSPHRASE, secret.read_bytes())
    assert not (data / "log-url").exists()
    taken = CliRunner().invoke(
        app, ["--passphrase-file", str(secret), "backup", str(tmp_path / "safe"), "--data", str(data)]
    )
    assert taken.exit_code == 0, taken.output
    (made,) = [each for each in (tmp_path / "safe").iterdir() if each.is_dir()]
    assert not list(made.glob("log-url*")), "a restored box must not write to the old one's log"
    _, entries, _ = restore_files(made, tmp_path / "new", access)
    assert log_place(tmp_path / "new") == tmp_path / "new" / LOG_FILE
    query = "select leaf from event order by seq"
    there = [bytes(leaf) for leaf in asked(place, query)]
    assert asked(tmp_path / "new" / LOG_FILE, query) == there[:entries]
    assert entries == 3, "what the fixture wrote; that it was backed up comes after it"
    assert ostiary(tmp_path / "new", "log", "verify").exit_code == 0
