"""Sealing a data folder from the command line, and starting what was sealed."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from controller.admin import Admin
from controller.cli import Nobody, app
from controller.core import open_core, start_up
from controller.keys import SECRETS
from controller.pki.authority import Authority
from controller.store import boxkey
from controller.store.place import log_place
from controller.store.secret_files import secret_files
from tests.certificates import authority

CONFIG = Path(__file__).parents[2] / "tests" / "embassy"
PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.setattr(boxkey, "MEMORY_KIB", 64)
    yield
    boxkey.use(boxkey.KeyAccess())
    structlog.reset_defaults()


@pytest.fixture
def box(tmp_path):
    folder = tmp_path / "data"

    async def fill():
        core = open_core(folder, CONFIG / "embassy.toml", Nobody())
        start_up(core)
        text = (CONFIG / "people.csv").read_text(encoding="utf-8")
        await Admin(core).commands["people_import"]({"csv": text, "file": "people.csv", "author": "t"})
        core.close()

    asyncio.run(fill())
    (folder / "osdp-keys.json").write_text('{"reader": "00112233445566778899aabbccddeeff"}')
    (folder / "osdp-key-notes.json").write_text('{"reader": {"next": "ffeeddccbbaa99887766554433221100"}}')
    (folder / "cameras.json").write_text('{"cam": {"username": "u", "password": "hunter2-of-the-camera"}}')
    (folder / "broker").mkdir()
    authority(folder)
    return folder


@pytest.fixture
def ostiary(box, tmp_path):
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")

    def ostiary(*arguments, opened=True):
        before = ["--passphrase-file", str(passphrase)] if opened else []
        return CliRunner().invoke(app, [*before, *arguments, "--data", str(box)])

    ostiary.passphrase = passphrase
    return ostiary


def sealed(ostiary):
    return ostiary("keys", "seal", "--with", "passphrase", "--secret", str(ostiary.passphrase))


def test_sealing_is_one_command_and_nothing_secret_lies_in_the_open_after_it(ostiary, box):
    assert "the box's key lies in the open" in ostiary("keys", "status").output.lower()
    assert CliRunner().invoke(app, ["log", "checkpoint", "--data", str(box)]).exit_code == 0
    (box / "log-url").write_text("postgresql+psycopg://box:the-database-s-password@db.example/log\n")
    (box / "broker" / "undelivered.db").write_bytes(b"9500ca80 waits for the box")  # as older versions left it
    done = sealed(ostiary)
    assert done.exit_code == 0, done.output
    assert {name for name in SECRETS if f"taken out of the open: {name}" in done.output} == set(SECRETS)
    everything = b"".join(file.read_bytes() for file in box.rglob("*") if file.is_file())
    for secret in (b"00112233445566778899aabbccddeeff", b"hunter2-of-the", b"PRIVATE KEY", b"PRIVATE+KEY"):
        assert secret not in everything
    assert b"the-database-s" not in everything
    assert b"9500ca80" not in everything
    assert log_place(box).password == "the-database-s-password"
    assert secret_files(box).beneath("broker").read("undelivered.db") == b"9500ca80 waits for the box"
    assert ostiary("keys", "status").output.strip() == "sealed; opened by: passphrase"


def test_a_sealed_box_does_everything_when_opened_and_says_what_opens_it_when_not(ostiary, box):
    sealed(ostiary)
    refused = ostiary("operator", "add", "gil", "--role", "guard", opened=False)
    assert refused.exit_code == 2
    assert "what opens it: passphrase" in refused.stderr
    assert ostiary("operator", "add", "gil", "--role", "guard").exit_code == 0
    assert ostiary("log", "checkpoint").exit_code == 0
    assert ostiary("log", "verify", opened=False).exit_code == 0  # an auditor needs no key


def test_a_token_is_added_and_the_passphrase_dropped(ostiary, box, tmp_path):
    sealed(ostiary)
    token = tmp_path / "stick.token"
    token.write_bytes(os.urandom(32))
    assert ostiary("keys", "seal", "--with", "token", "--secret", str(token)).exit_code == 0
    assert ostiary("keys", "drop", "passphrase").exit_code == 0
    by_token = CliRunner().invoke(app, ["--token", str(token), "keys", "drop", "token", "--data", str(box)])
    assert by_token.exit_code == 2
    assert "add another way first" in by_token.stderr
    assert ostiary("operator", "add", "gil", "--role", "guard").exit_code == 2


def test_the_passphrase_comes_by_an_open_file_too(ostiary, box):
    sealed(ostiary)
    reading, writing = os.pipe()
    os.write(writing, f"{PASSPHRASE}\n".encode())
    os.close(writing)
    given = ["--passphrase-fd", str(reading), "operator", "add", "gil", "--role", "guard", "--data", str(box)]
    assert CliRunner().invoke(app, given).exit_code == 0


def test_no_core_file_is_ever_written(ostiary):
    ostiary("keys", "status")
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_the_environment_is_refused(ostiary):
    refused = CliRunner().invoke(app, ["keys", "status"], env={"OSTIARY_PASSPHRASE": "x"})
    assert refused.exit_code == 2
    assert "no place for a key" in refused.stderr


def test_a_folder_without_a_box_and_a_weak_passphrase_are_sentences(ostiary, box, tmp_path):
    weak = tmp_path / "weak"
    weak.write_text("hunter2")
    refused = ostiary("keys", "seal", "--with", "passphrase", "--secret", str(weak))
    assert (refused.exit_code, "too short" in refused.stderr) == (2, True)
    assert (box / "box.key").exists()
    other = CliRunner().invoke(app, ["keys", "seal", "--with", "token", "--secret", str(weak), "--data", str(tmp_path)])
    assert "there is no box" in other.stderr


def test_the_authority_is_taken_under_the_boxs_key_and_is_the_same(ostiary, box):
    before = Authority(secret_files(box).beneath("pki")).ca()
    sealed(ostiary)
    assert sorted(path.name for path in (box / "pki").iterdir()) == [
        "ca.key.sealed", "ca.pem.sealed", "register.json.sealed"
    ]  # fmt: skip
    assert ostiary("pki", "list").exit_code == 0
    assert Authority(secret_files(box).beneath("pki")).ca() == before
    refused = ostiary("pki", "list", opened=False)
    assert refused.exit_code == 2
    assert "sealed" in refused.stderr
