"""Commands on a folder that is no box, is a file, holds no log, or whose log is out of reach: a sentence and exit code
2, no traceback, and nothing is made where nothing was.
"""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from controller.cli import app
from controller.store.keystore import KEY_FILE
from controller.store.place import LOG_FILE, URL_FILE

NOWHERE = "postgresql+psycopg://ostiary:hunter2@/log?host=/nowhere"
COMMANDS = [
    ("log", "verify"),
    ("log", "checkpoint"),
    ("replay",),
    ("why", "1"),
    ("who", "--zone", "lobby", "--at", "2026-11-23T10:00:00Z"),
    ("where", "--person", "p-1", "--at", "2026-11-23T10:00:00Z"),
    ("project",),
    ("project", "--rebuild"),
    ("operator", "duress", "gil"),
    ("site", "rollback"),
    ("keys", "drop", "passphrase"),
    ("pki", "list"),
    ("pki", "revoke", "lock-1"),
]
FIRST = [("operator", "add", "gil", "--role", "guard")]


def refused(arguments, folder):
    said = CliRunner().invoke(app, [*arguments, "--data", str(folder)], input="x\nx\n")
    assert isinstance(said.exception, SystemExit), said.exception
    assert (said.exit_code, bool(said.output.strip()), "Traceback" in said.output) == (2, True, False)
    assert "hunter2" not in said.output
    return said.output


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_slip_in_the_folders_name_makes_no_box(tmp_path, arguments):
    refused(arguments, tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize("arguments", [*COMMANDS, *FIRST], ids=" ".join)
def test_a_file_is_no_folder(tmp_path, arguments):
    (tmp_path / "file").write_text("x")
    refused(arguments, tmp_path / "file")


@pytest.mark.parametrize("arguments", [*COMMANDS, *FIRST], ids=" ".join)
def test_a_log_that_is_none_is_said(tmp_path, arguments):
    CliRunner().invoke(app, ["operator", "add", "sue", "--role", "guard", "--data", str(tmp_path)])
    assert (tmp_path / KEY_FILE).exists()
    (tmp_path / LOG_FILE).write_text("this is no database" * 500)
    refused(arguments, tmp_path)


@pytest.mark.parametrize("arguments", [*COMMANDS, *FIRST], ids=" ".join)
def test_a_database_out_of_reach_is_said_without_its_password(tmp_path, arguments):
    (tmp_path / KEY_FILE).touch()
    (tmp_path / URL_FILE).write_text(NOWHERE)
    refused(arguments, tmp_path)
