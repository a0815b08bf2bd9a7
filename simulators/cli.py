"""`ostiary-sim building`: the simulated embassy as a child process, spoken to in JSON lines on stdin and stdout.

In: `mqtt`, `api`, `enrolled`, `play`, `hand`, `stop`, one key in each object. Out: `ready`, `connected`, `signed_in`,
`step`, `report`, `done`, `error`. It ends when stdin does, and with its parent.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import cattrs

from controller.site.errors import SiteErrors
from controller.site.loader import load_site
from controller.site.people import load_people
from simulators.building import Building
from simulators.play import Theatre

PR_SET_PDEATHSIG = 1
"""prctl(2)."""

MAX_LINE = 1 << 20

_LOG = logging.getLogger("ostiary-sim")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code: 2 where its files are wrong."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(format="ostiary-sim: %(message)s", level=logging.WARNING, stream=sys.stderr)
    _die_with_parent()
    try:
        asyncio.run(_run(given.site, given.people, given.data))
    except (SiteErrors, OSError, ValueError, KeyError) as error:
        _LOG.error("%s", error)
        return 2
    except asyncio.CancelledError:
        return 0
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ostiary-sim", description="A simulated building at the end of real wires.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    building = commands.add_parser("building", help="assemble the building of a site file and obey stdin")
    building.add_argument("--site", type=Path, required=True, help="the site file (TOML)")
    building.add_argument("--people", type=Path, required=True, help="its people and badges (CSV)")
    building.add_argument("--data", type=Path, required=True, help="the box's data folder: keys in, portraits out")
    return parser


def _die_with_parent() -> None:
    """Have the kernel end us when the parent dies, however that dies; Ctrl-C is the parent's to handle."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if not sys.stdin.isatty():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


async def _run(site_file: Path, people_file: Path, data: Path) -> None:
    main_task = asyncio.current_task()
    assert main_task is not None  # noqa: S101 - for the type checker: asyncio.run made it
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main_task.cancel)
    site = load_site(site_file)
    people = load_people(people_file, site)
    async with Building(site, people, keys=_keys(data), logins=_logins(data)) as building:
        portraits = await asyncio.to_thread(building.write_portraits, data / "sim" / "portraits")
        say({"ready": {"lines": building.lines, "cameras": building.camera_urls, "portraits": portraits}})
        async with asyncio.TaskGroup() as tasks:
            drawing = tasks.create_task(asyncio.to_thread(building.warm_up))
            theatre = Theatre(building, say, tasks)
            async for message in _messages():
                theatre.take(message)
            theatre.close()
            drawing.cancel()


def say(message: Mapping[str, object]) -> None:
    """Write one line to the parent; a parent that is gone hears nothing."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


async def _messages() -> AsyncIterator[dict[str, object]]:
    """Yield what the parent says until it closes our stdin."""
    reader = asyncio.StreamReader(limit=MAX_LINE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            message = _parsed(line)
            if message is not None:
                yield message
    finally:
        transport.close()


def _parsed(line: bytes) -> dict[str, object] | None:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        say({"error": "each line is one JSON object"})
        return None
    return message


def _keys(data: Path) -> dict[str, bytes]:
    keys = cattrs.structure(_read(data / "osdp-keys.json"), dict[str, str])
    return {device: bytes.fromhex(key) for device, key in keys.items()}


def _logins(data: Path) -> dict[str, tuple[str, str]]:
    logins = cattrs.structure(_read(data / "cameras.json"), dict[str, dict[str, str]])
    return {camera: (login["username"], login["password"]) for camera, login in logins.items()}


def _read(path: Path) -> object:
    return json.loads(path.read_bytes())
