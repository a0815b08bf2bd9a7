"""A whole box and its simulated embassy in a process of their own, so that a test can lay hands on it, and kill it.

`python -m tests.browser.stage DIR` says `ready` (address and one-time passwords) once every device is online. Then it
passes the lines of its stdin to the simulator (`{"hand": {...}}`) and what the simulator says to stdout, and ends when
stdin does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from benchmarks.building import Files
from benchmarks.wires import opened
from controller.demo import CONSOLE_OPERATORS, Simulator, demo_site
from controller.domain.operators import Role

ROOT = Path(__file__).parents[2]
AUTHOR = "test"
DOORS = 12
OPERATORS = (*CONSOLE_OPERATORS, ("officer", Role.SECURITY_OFFICER))
STOP_SECONDS = 20.0
AWAY = "http://127.0.0.1:9"
"""The port of a service that nobody runs any more."""


@dataclass(frozen=True, slots=True)
class RealBox:
    """A box that runs, and the hand in its building. The passwords are one-time passwords."""

    url: str
    guard: tuple[str, str]
    supervisor: tuple[str, str]
    officer: tuple[str, str]
    process: subprocess.Popen[str]

    def hand(self, verb: str, **said: str) -> dict[str, object]:
        """Let the hand do something, and return what really happened."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"hand": {"verb": verb, **said}}) + "\n")
        self.process.stdin.flush()
        done = _heard(self.process, "done")
        assert isinstance(done, dict)
        return done

    def force_and_wedge(self, door: str) -> None:
        """Break a door open, and keep its closer from shutting it again."""
        assert self.hand("force_open", door=door)["open"]
        assert self.hand("prop", door=door)["went_in"]


@contextmanager
def staged(folder: Path) -> Iterator[RealBox]:
    """Run box and building for the length of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.stage", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with process:
        try:
            ready = _heard(process, "ready")
            passwords = [(name, ready["passwords"][name]) for name, _ in OPERATORS]
            yield RealBox(ready["url"], *passwords, process)
            process.communicate(timeout=STOP_SECONDS)
        finally:
            process.kill()


def _heard(process: subprocess.Popen[str], word: str):
    assert process.stdout is not None
    for line in process.stdout:
        message = json.loads(line)
        assert "error" not in message, message
        if word in message:
            return message[word]
    raise AssertionError("the box ended; what it said stands above")


def _site(folder: Path) -> Path:
    """Write the demo's site without a post at which the password is enough: here everybody shows a second factor.

    Events may be told to a receiver that is away, and portraits are kept.
    """
    text = demo_site()[0].read_text(encoding="utf-8")
    site = folder / "embassy.toml"
    text = re.sub(r"^local_post = .*$", "local_post = []", text, flags=re.MULTILINE)
    site.write_text(f'{text}\n[integrations]\nwebhooks = ["{AWAY}"]\n\n[faces]\nportraits = true\n', encoding="utf-8")
    return site


async def _run(folder: Path) -> None:
    files = Files(_site(folder), demo_site()[1], DOORS)
    async with opened(files, folder / "data", console=True) as (simulator, box):
        passwords = {name: await box.admin.add_operator(name, role, AUTHOR) for name, role in OPERATORS}
        _say({"ready": {"url": box.url, "passwords": passwords}})
        await _relay(simulator)


async def _relay(simulator: Simulator) -> None:
    answering = asyncio.create_task(_answer(simulator))
    while line := await asyncio.to_thread(sys.stdin.readline):
        simulator.tell(**json.loads(line))
    answering.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await answering


async def _answer(simulator: Simulator) -> None:
    while True:
        _say(await simulator.hear())


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),  # stdout is for the test
    )
    asyncio.run(_run(Path(sys.argv[1])))
