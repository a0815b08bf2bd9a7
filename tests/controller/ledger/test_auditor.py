"""The auditor's one file: needs nothing of ours, and says what our verifier says about whatever it is given."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.cli_log import log_app, witness_app
from controller.ledger import auditor
from controller.store.checkpoints import CHECKPOINT_FILE
from tests.controller.ledger.insider import entry, rewrite, sql

FILE = Path(auditor.__file__)
SIZE = 9


def ours(*arguments):
    done = CliRunner().invoke(log_app, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout


def theirs(capsys, *arguments):
    capsys.readouterr()
    return auditor.main([str(each) for each in arguments]), capsys.readouterr().out


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "a box? #1 100%"
    folder.mkdir()
    rewrite(folder, [entry(seq) for seq in range(1, SIZE + 1)])
    return folder


@pytest.fixture
def key(data, tmp_path):
    code, text = ours("key", "--data", data)
    assert code == 0
    path = tmp_path / "log.pub"
    path.write_text(text)
    return path


@pytest.fixture
def seen(data, key, tmp_path):
    code, bundle = ours("checkpoint", "--data", data, "--since", 0)
    assert code == 0
    path = tmp_path / "seen"
    signing = ["sign", "-", "--key", tmp_path / "w.key", "--state", path, "--log-key", key]
    done = CliRunner().invoke(witness_app, [str(each) for each in signing], input=bundle)
    assert (done.exit_code, done.stdout) == (0, path.read_text())
    return path


def test_it_imports_nothing_but_the_standard_library_and_cryptography():
    tree = ast.parse(FILE.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "ours" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"cryptography"}


def test_it_runs_alone(data, key, seen, tmp_path):
    alone = tmp_path / "auditor.py"
    shutil.copy(FILE, alone)
    command = [sys.executable, "-I", alone, data / "ostiary.db", "--checkpoint", seen, "--log-key", key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout) == ours("verify", "--data", data, "--witness", seen)
    sql(data, "delete from event where seq = 4")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "first bad entry: seq 4: missing: the next entry found is 5\n")


@pytest.mark.parametrize(
    "damage",
    [
        "select 1",
        "delete from event",
        "delete from event where seq = 1",
        "update event set seq = 0 where seq = 1",
        "update event set seq = -3 where seq = 9",
        *(f"update event set {column} = 77 where seq = 5" for column in ("kind", "version", "wall", "mono", "boot")),
        *(f"update event set {column} = x'00' where seq = 5" for column in ("body", "leaf", "chain")),
        *(f"update event set {column} = cast({column} as text) where seq = 5" for column in ("body", "leaf", "chain")),
        "update event set kind = cast(x'ff00fe' as text) where seq = 5",
        "update event set leaf = (select leaf from event where seq = 1) where seq = 9",
        "update event set chain = (select chain from event where seq = 1) where seq = 9",
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["never signed", "signed before"])
def test_it_says_what_our_verifier_says(data, key, capsys, damage, after):
    if after:
        assert ours("checkpoint", "--data", data)[0] == 0
    sql(data, damage)
    verdict = ours("verify", "--data", data)
    assert verdict[1].startswith(("intact: ", "first bad entry: seq "))
    assert theirs(capsys, data / "ostiary.db", "--log-key", key) == verdict


@pytest.mark.parametrize("damage", ["no note", "", "a\nb\nc\n\n— x y\n", "ö" * 10])
def test_a_copy_that_cannot_be_read_is_no_verdict(data, key, seen, capsys, damage):
    seen.write_text(damage)
    given = ("--witness-key", key) if damage == "no note" else ()
    assert ours("verify", "--data", data, "--witness", seen, "--log-key", key, *given) == (2, "")
    assert theirs(capsys, data / "ostiary.db", "--checkpoint", seen, "--log-key", key, *given) == (2, "")


def test_a_copy_that_others_signed_is_no_verdict(data, key, seen, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    rewrite(other, [entry(1)])
    strange = ours("key", "--data", other)[1].strip()
    key_of_nobody = CliRunner().invoke(witness_app, ["key", "--key", str(tmp_path / "nobody.key")]).stdout.strip()
    database = data / "ostiary.db"
    for keys in (("--log-key", strange), ("--log-key", key, "--witness-key", key_of_nobody)):
        assert ours("verify", "--data", data, "--witness", seen, *keys)[0] == 2
        assert theirs(capsys, database, "--checkpoint", seen, *keys, "--checkpoints", tmp_path / "none") == (2, "")


def test_leaves_that_are_not_the_copy_s_are_no_verdict(data, key, seen, capsys):
    leaves = seen.with_name("seen.leaves")
    for wrong in (bytes(32 * SIZE), leaves.read_bytes()[:-1]):
        leaves.write_bytes(wrong)
        assert ours("verify", "--data", data, "--witness", seen) == (2, "")
        assert theirs(capsys, data / "ostiary.db", "--checkpoint", seen, "--log-key", key) == (2, "")


def test_what_is_not_there_is_no_verdict(data, key, tmp_path, capsys):
    assert ours("verify", "--data", tmp_path / "nowhere") == (2, "")
    assert theirs(capsys, tmp_path / "nowhere" / "ostiary.db") == (2, "")
    assert ours("verify", "--data", data, "--witness", tmp_path / "nowhere")[0] == 2
    assert theirs(capsys, data / "ostiary.db", "--checkpoint", tmp_path / "nowhere") == (2, "")
    assert ours("verify", "--data", data, "--log-key", "no+key")[0] == 2
    assert theirs(capsys, data / "ostiary.db", "--log-key", "no+key") == (2, "")
    (data / "ostiary.db").write_bytes(b"no database" * 100)
    assert ours("verify", "--data", data) == (2, "")
    assert theirs(capsys, data / "ostiary.db") == (2, "")


def test_the_box_s_own_checkpoints_take_its_key(data, key, capsys):
    assert ours("checkpoint", "--data", data)[0] == 0
    intact = ours("verify", "--data", data)
    assert theirs(capsys, data / "ostiary.db") == (2, "")
    (data / "log-signer.key").unlink()
    assert ours("verify", "--data", data) == intact  # its public half suffices
    (data / "log-signer.pub").unlink()
    assert ours("verify", "--data", data) == (2, "")
    assert ours("verify", "--data", data, "--log-key", key) == intact
    assert ours("checkpoint", "--data", data) == (2, "")
    assert ours("key", "--data", data) == (2, "")
    (data / CHECKPOINT_FILE).unlink()
    assert ours("verify", "--data", data) == intact
    (data / CHECKPOINT_FILE).touch()  # as it is in the moment it is made
    assert ours("verify", "--data", data) == theirs(capsys, data / "ostiary.db") == intact


def test_an_empty_log_cannot_be_signed(tmp_path, capsys):
    rewrite(tmp_path, [])
    assert ours("checkpoint", "--data", tmp_path) == (2, "")
    assert ours("verify", "--data", tmp_path) == (0, f"intact: 0 entries, head {bytes(32).hex()}\n")
