"""The technician's half day, by the page that is written for them: from a bare folder to a badge that opens a door.

The site file, the people and the commands are those of docs/commissioning.md; readers and module are simulated as they
are shipped, without a key and in install mode. The bolt is the judge.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from controller import cli_osdp
from controller.cli import app
from controller.commissioning import Wizard

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(180)]

PAGE = (Path(__file__).parents[2] / "docs" / "commissioning.md").read_text(encoding="utf-8")
PORT = "/dev/serial/by-id/usb-FTDI_FT231X_DK0ABCDE-if00-port0"
PATIENCE = 40.0
OF_ANOTHER_DAY = {"osdp move", "pki init", "pki issue", "keys seal"}
"""What this door has no need of: its reader stays where it is, nothing of it is at the broker, the box is not left."""


def block(language: str) -> str:
    """The first block of that language in the page."""
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def running(*arguments: object, log: Path):
    """A program that is ended by Ctrl-C."""
    program = Path(sys.executable).with_name(str(arguments[0]))
    command = [program, *map(str, arguments[1:])]
    with log.open("w") as out, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def wait_for(true):
    until = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


class Technician:
    """Types commands, and turns switches on the backs of readers."""

    def __init__(self, folder: Path) -> None:
        self.data, self.site, self.typed = folder / "box", folder / "site.toml", set()
        self.hand_port = free_port()

    def types(self, *words: str) -> str:
        """Run a command that must work; return what it prints."""
        self.typed.add(" ".join(words[:2]))
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def on_the_box(self, *words: str) -> str:
        return self.types(*words, "--data", str(self.data))

    def hand(self, verb: str, **what: str) -> dict:
        answer = httpx.post(f"http://127.0.0.1:{self.hand_port}/api/hand", json={"verb": verb, **what}, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()

    def commissions(self, address: str, *, alone_of: str) -> None:
        """One reader at a time hangs on the bench: the others are unplugged."""
        self.hand("unplug_device", device=alone_of)
        told = self.on_the_box("osdp", "commission", "line-a", address, "--site", str(self.site))
        assert "keyed (serial" in told
        self.hand("plug_in_device", device=alone_of)


def test_from_a_bare_folder_to_a_working_door(tmp_path, monkeypatch):
    monkeypatch.setattr(
        cli_osdp, "Wizard", functools.partial(Wizard, neighbours=range(4))
    )  # of 127: half a minute each
    tina = Technician(tmp_path)
    port = tmp_path / "port"
    tina.site.write_text(block("toml").replace(PORT, str(port)))
    people = tmp_path / "people.csv"
    people.write_text(block("csv"))
    tina.types("site", "check", str(tina.site))
    simulated = ("building", "--site", tina.site, "--people", people, "--data", tmp_path / "sim", "--as-shipped")
    with running("ostiary-sim", *simulated, "--page", tina.hand_port, log=tmp_path / "sim.log"):
        wait_for(port.exists)
        found = json.loads(
            tina.types("osdp", "scan", str(port), "--baud", "9600", "--baud", "115200", "--last", "3", "--json")
        )
        assert [(row["address"], row["baud"], row["default_key"]) for row in found] == [
            (1, 115_200, True),
            (3, 115_200, True),
        ]
        tina.commissions("1", alone_of="module")
        tina.commissions("3", alone_of="head-in")
        looked = tina.on_the_box("osdp", "scan", "line-a", "--site", str(tina.site), "--last", "3")
        assert looked.count("refuses it") == 2
        tina.on_the_box("osdp", "rotate", "line-a", "1", "--site", str(tina.site))
        box = ("run", "--site", tina.site, "--data", tina.data, "--mqtt-port", free_port(), "--port", free_port())
        with running("ostiary", *box, log=tmp_path / "box.log") as stands:
            tina.typed.add("run --site")
            wait_for((tina.data / "control.sock").exists)
            assert "jo" in tina.on_the_box("operator", "add", "jo", "--role", "supervisor")
            tina.on_the_box("people", "import", str(people))
            tina.on_the_box("pki", "ca", "--to", str(tmp_path / "ca.pem"))
            wait_for(lambda: tina.hand("present_card", reader="front-in", person="p-1")["energised"])
            assert stands.poll() is None
    named = {" ".join(found) for found in re.findall(r"^ostiary (\w+) (\w+|--site)", PAGE, re.MULTILINE)}
    assert named - OF_ANOTHER_DAY <= tina.typed
