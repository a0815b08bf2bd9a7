"""Commands used while the box runs: each works, or says in a sentence why not; none waits for a lock, none fails."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controller.admin import Admin
from controller.cli import app
from controller.control import ControlServer
from controller.core import open_core, start_up
from controller.pki_admin import PkiAdmin, authority_of

EMBASSY = Path(__file__).parents[2] / "config" / "embassy.toml"
PEOPLE = EMBASSY.parent / "people.csv"


class Nobody:
    def post(self, effect):
        pass


class Beside:
    """A box without wires, on a loop of its own."""

    def __init__(self, data):
        self.data, self.loop = data, asyncio.new_event_loop()
        self.ready, self.ending = threading.Event(), asyncio.Event()
        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(self.serve()))

    async def serve(self):
        core = open_core(self.data, EMBASSY, Nobody())
        start_up(core)
        authority_of(core).init("embassy")
        control = ControlServer(self.data, {**Admin(core).commands, **PkiAdmin(core).commands})
        await control.start()
        self.ready.set()
        await self.ending.wait()
        await control.stop()
        core.close()

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(30)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.ending.set)
        self.thread.join(30)
        self.loop.close()


@pytest.fixture
def data(tmp_path):
    with Beside(tmp_path / "data") as box:
        yield box.data


WORK = [
    ("operator", "add", "gil", "--role", "guard"),
    ("people", "import", str(PEOPLE)),
    ("people", "import", str(PEOPLE), "--dry-run"),
    ("keys", "status"),
    ("pki", "list"),
    ("log", "verify"),
    ("log", "key"),
    ("log", "checkpoint"),
    ("replay",),
    ("project",),
    ("project", "--rebuild"),
    ("who", "--zone", "lobby", "--at", "2099-11-23T10:00:00Z"),
]
REFUSED = [
    (("keys", "seal", "--with", "passphrase", "--secret", str(PEOPLE)), "in use by a running controller"),
    (("backup", "copy"), "first `ostiary keys seal`"),
    (("person", "erase", "p-1", "--operator", "nobody", "--reason", "x", "--password-file", str(PEOPLE)), "nobody"),
    (("keys", "drop", "passphrase"), ""),
    (("pki", "issue", "no-such-lock"), "the policy has no MQTT device no-such-lock"),
    (("pki", "renew", "no-such-lock"), "the policy has no MQTT device no-such-lock"),
    (("pki", "revoke", "no-such-lock"), "no-such-lock has no certificate that counts"),
    (("pki", "init"), "there is an authority already"),
    (("operator", "duress", "nobody"), "nobody signs in as nobody"),
    (("run", "--site", str(EMBASSY), "--port", "0"), "in use by a running controller"),
    (("why", "1"), ""),
    (("where", "--person", "nobody", "--at", "2099-11-23T10:00:00Z"), "nobody"),
]


def ostiary(data, arguments):
    return CliRunner().invoke(app, [*arguments, "--data", str(data)], input="long enough a phrase\n" * 4)


@pytest.mark.parametrize("arguments", WORK, ids=" ".join)
def test_it_works_beside_a_running_box(data, arguments):
    said = ostiary(data, arguments)
    assert said.exit_code == 0, (said.output, said.exception)


@pytest.mark.parametrize(("arguments", "why"), REFUSED, ids=lambda each: " ".join(each)[:30])
def test_or_says_why_not(data, arguments, why):
    said = ostiary(data, arguments)
    assert isinstance(said.exception, SystemExit), said.exception
    assert (said.exit_code, why in said.output, bool(said.output.strip())) == (2, True, True), said.output
