"""The command line on real files: exit codes and sentences, beside a stopped box and a running one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sqlite3
import threading
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from controller.admin import Admin
from controller.cli import Forgiving, app
from controller.control import ControlServer
from controller.core import open_core, start_up
from tests.controller.ledger.insider import disarmed

CONFIG = Path(__file__).parents[2] / "tests" / "embassy"
EMBASSY, PEOPLE = CONFIG / "embassy.toml", CONFIG / "people.csv"


@pytest.fixture(autouse=True)
def logging_as_before():
    yield
    structlog.reset_defaults()


class Nothing:
    def post(self, effect):
        pass


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def ostiary(data):
    def ostiary(*arguments):
        return CliRunner().invoke(app, [*arguments, "--data", str(data)])

    return ostiary


@pytest.fixture
def box(data):
    """A data folder with a history: a start, and people."""

    async def fill():
        core = open_core(data, EMBASSY, Nothing())
        try:
            start_up(core)
            text = PEOPLE.read_text(encoding="utf-8")
            await Admin(core).commands["people_import"]({"csv": text, "file": "people.csv", "author": "t"})
        finally:
            core.close()

    asyncio.run(fill())
    return data


@pytest.fixture
def running(box):
    """The same box, running: its loop in a thread, its control socket open."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve():
        core = open_core(box, EMBASSY, Nothing())
        control = ControlServer(box, Admin(core).commands)
        await control.start()
        ready.set()
        await stop.wait()
        await control.stop()
        core.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(20)
    yield box
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def change(data, *statements):
    with contextlib.closing(disarmed(data / "ostiary.db")) as other, other:
        for statement in statements:
            other.execute(statement)


def count(data):
    with contextlib.closing(sqlite3.connect(data / "ostiary.db")) as other:
        return other.execute("select count(*) from event").fetchone()[0]


def test_an_intact_log(ostiary, box):
    verified = ostiary("log", "verify")
    assert verified.exit_code == 0
    with contextlib.closing(sqlite3.connect(box / "ostiary.db")) as other:
        head = other.execute("select chain from event order by seq desc").fetchone()[0]
    assert verified.stdout == f"intact: {count(box)} entries, head {head.hex()}\n"


LEAF, CHAIN = "its content does not match its leaf hash", "its chain hash does not follow from the entries before it"
ROW = "kind, version, wall, mono, boot, body, leaf, chain"


@pytest.mark.parametrize(
    ("statements", "seq", "reason"),
    [
        (["update event set body = replace(body, 'p-0', 'p-9') where seq = 3"], 3, "its bytes were rewritten as text"),
        (["update event set body = cast(replace(body, 'p-0', 'p-9') as blob) where seq = 3"], 3, LEAF),
        (["update event set body = cast(body as text) where seq = 3"], 3, "its bytes were rewritten as text"),
        (["update event set body = 7 where seq = 3"], 3, "its bytes were rewritten as text"),
        (["update event set leaf = zeroblob(32) where seq = 3"], 3, LEAF),
        (["update event set leaf = cast(leaf as text) where seq = 3"], 3, "its bytes were rewritten as text"),
        (["update event set chain = zeroblob(32) where seq = 3"], 3, CHAIN),
        (["update event set wall = wall + 1 where seq = 3"], 3, LEAF),
        (["update event set wall = 'yesterday' where seq = 3"], 3, LEAF),
        (["update event set boot = x'ff' where seq = 3"], 3, LEAF),
        (["update event set kind = cast(x'ff' as text) where seq = 3"], 3, LEAF),
        (["delete from event where seq = 3"], 3, "missing: the next entry found is 4"),
        (["delete from event where seq = 1"], 1, "missing: the next entry found is 2"),
        (
            [
                "update event set seq = -1 where seq = 3",
                "update event set seq = 3 where seq = 4",
                "update event set seq = 4 where seq = -1",
            ],
            3,
            LEAF,
        ),
        ([f"insert into event select 0, {ROW} from event where seq = 1"], 0, "its number comes before the first"),
        (
            [
                "update event set seq = -seq where seq > 3",
                "update event set seq = 1 - seq where seq < 0",
                f"insert into event select 4, {ROW} from event where seq = 3",
            ],
            4,
            LEAF,
        ),
    ],
)
def test_the_first_bad_entry_is_named(ostiary, box, statements, seq, reason):
    change(box, *statements)
    verified = ostiary("log", "verify")
    assert verified.stdout == f"first bad entry: seq {seq}: {reason}\n"
    assert verified.exit_code == 1


@pytest.mark.parametrize("file", [b"this is no database" * 1000, None, "no table"])
def test_a_log_that_cannot_be_read(ostiary, data, file):
    data.mkdir()
    if isinstance(file, bytes):
        (data / "ostiary.db").write_bytes(file)
    elif file:
        change(data, "create table other (x)")
    verified = ostiary("log", "verify")
    assert verified.exit_code == 2
    assert verified.stderr.startswith("the log cannot be read: ")
    assert "Traceback" not in verified.output


def test_a_running_box_can_be_verified(ostiary, running):
    assert ostiary("log", "verify").exit_code == 0


def test_an_operator_is_added_on_a_stopped_box(ostiary, box):
    before = count(box)
    added = ostiary("operator", "add", "gil", "--role", "guard")
    assert (added.exit_code, added.stdout[:31]) == (0, "gil (guard): one-time password ")
    assert count(box) == before + 1
    assert added.stdout.split()[-1].encode() not in b"".join(f.read_bytes() for f in box.iterdir() if f.is_file())


def test_an_operator_is_added_on_a_running_box_through_its_socket(ostiary, running):
    before = count(running)
    assert ostiary("operator", "add", "gil", "--role", "guard").exit_code == 0
    assert count(running) == before + 1


def test_a_box_that_runs_and_cannot_be_asked_is_not_written_to_beside_it(ostiary, running):
    (running / "control.sock").unlink()
    refused = ostiary("operator", "add", "gil", "--role", "guard")
    assert refused.exit_code == 2
    assert "is in use by a running controller" in refused.stderr


def test_a_socket_of_a_killed_box_is_no_hindrance(ostiary, box):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(box / "control.sock"))
    assert ostiary("operator", "add", "gil", "--role", "guard").exit_code == 0


def test_an_operator_is_listed_begins_anew_and_is_withdrawn(ostiary, box):
    first = ostiary("operator", "add", "gil", "--role", "guard", "--zone", "lobby").stdout.split()[-1]
    assert ostiary("operator", "list").stdout.splitlines()[-1] == "gil  guard  lobby  no second factor"
    anew = ostiary("operator", "reset", "gil", "--reason", "lost the telephone")
    assert anew.stdout.startswith("gil: one-time password  ")
    assert anew.stdout.split()[-1] != first
    gone = ostiary("operator", "withdraw", "gil", "--reason", "left the mission")
    assert (gone.exit_code, gone.stdout) == (0, "gil signs in no longer\n")
    assert "gil" not in ostiary("operator", "list").stdout
    assert ostiary("log", "verify").exit_code == 0


@pytest.mark.parametrize("command", ["withdraw", "reset"])
def test_an_operator_nobody_knows_is_a_sentence(ostiary, box, command):
    refused = ostiary("operator", command, "nobody", "--reason", "a slip")
    assert refused.exit_code == 2
    assert "nobody" in refused.stderr


@pytest.mark.parametrize("arguments", [("operator", "add", "two words", "--role", "guard")])
def test_a_bad_name_is_a_sentence(ostiary, box, arguments):
    refused = ostiary(*arguments)
    assert refused.exit_code == 2
    assert "one word" in refused.stderr


def test_people_twice(ostiary, running):
    again = ostiary("people", "import", str(PEOPLE))
    assert (again.exit_code, again.stdout) == (0, "24 people read, 0 new or changed\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,name\nx,y\n", "people.csv:1"),
        ("id,name\nx,José\n".encode("latin-1"), "is not UTF-8"),
        (None, "Error"),
    ],
)
def test_a_list_that_cannot_be_used_is_a_sentence(ostiary, box, tmp_path, content, said):
    file = tmp_path / "people.csv"
    if content is not None:
        file.write_bytes(content)
    refused = ostiary("people", "import", str(file))
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.output


def test_a_face_takes_a_running_box(ostiary, box, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"x")
    refused = ostiary("face", "enrol", "p-001", str(photo), "--basis", "consent", "--reason", "form 7")
    assert (refused.exit_code, "ostiary run" in refused.stderr) == (2, True)


def test_a_damaged_box_key_is_a_sentence(ostiary, box):
    (box / "box.key").write_bytes(b"")
    refused = ostiary("operator", "add", "gil", "--role", "guard")
    assert refused.exit_code == 2
    assert "restore it from the sealed copy" in refused.stderr


def test_readers_without_their_keys_do_not_start_and_leave_no_trace(box):
    before = count(box)
    refused = CliRunner().invoke(app, ["run", "--site", str(EMBASSY), "--data", str(box), "--port", "0"])
    assert refused.exit_code == 2
    assert "osdp-keys.json is missing" in refused.stderr
    assert count(box) == before
    assert os.listdir(box).count("control.sock") == 0  # noqa: PTH208 - names only


def test_a_log_of_a_later_version_is_a_sentence(ostiary, box):
    change(box, "update event set version = 9 where seq = 2")
    refused = ostiary("operator", "add", "gil", "--role", "guard")
    assert refused.exit_code == 2
    assert "event 2: " in refused.stderr


def test_a_site_that_is_in_order(tmp_path):
    checked = CliRunner().invoke(app, ["site", "check", str(EMBASSY)])
    assert (checked.exit_code, "12 doors" in checked.stdout) == (0, True)
    bad = tmp_path / "site.toml"
    bad.write_text("id = 7\n")
    refused = CliRunner().invoke(app, ["site", "check", str(bad)])
    assert refused.exit_code == 2
    assert "site.toml:1" in refused.stderr


def test_a_closed_terminal_stops_nothing(tmp_path):
    terminal = (tmp_path / "terminal").open("w")
    terminal.close()
    log = structlog.PrintLogger(Forgiving(terminal))
    log.error("the event log cannot be written")
