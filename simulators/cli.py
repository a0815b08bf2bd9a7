"""`ostiary-sim`: a building at the end of real wires, by itself with a page or as a child process; its hand, its files.

As a child process it is spoken to in JSON lines on stdin and stdout. In: `mqtt`, `api`, `enrolled`, `play`, `hand`,
`stop`, one key in each object. Out: `ready`, `connected`, `signed_in`, `step`, `report`, `done`, `error`. It then ends
when stdin does, and with its parent.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import httpx

from controller.site.errors import SiteErrors
from controller.site.loader import load_site
from controller.site.people import load_people
from devices.osdp.frame import MAX_FRAME
from simulators import alone, camera_park
from simulators.building import Building
from simulators.bus import FIFO
from simulators.estate import Estate, people_text, site_text
from simulators.line_faults import Faults
from simulators.page import PORT
from simulators.play import Theatre
from simulators.secrets_of import read_keys, read_logins
from simulators.wiring import LinesAre

PR_SET_PDEATHSIG = 1
"""prctl(2)."""

MAX_LINE = 1 << 20
MQTT_PORT = 8883
HAND_SECONDS = 30.0
DATA = Path(os.environ.get("OSTIARY_DATA", "data"))

_LOG = logging.getLogger("ostiary-sim")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code: 2 where its files are wrong, 1 where a hand could not do it."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(format="ostiary-sim: %(message)s", level=logging.WARNING, stream=sys.stderr)
    try:
        return int(given.run(given) or 0)
    except (SiteErrors, OSError, ValueError, KeyError) as error:
        _LOG.error("%s", error)
        return 2
    except asyncio.CancelledError:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ostiary-sim", description="A simulated building at the end of real wires.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    building = commands.add_parser("building", help="assemble the building of a site file; obey a page, or stdin")
    building.add_argument("--site", type=Path, required=True, help="the site file (TOML)")
    building.add_argument("--people", type=Path, help="its people and badges (CSV; default: people.csv beside it)")
    building.add_argument("--data", type=Path, default=DATA, help="the box's data folder: keys in, portraits out")
    building.add_argument("--page", type=int, metavar="PORT", help=f"stand alone, with a page (default port {PORT})")
    building.add_argument("--mqtt-port", type=int, default=MQTT_PORT, help="where the box's broker is (%(default)s)")
    building.add_argument("--doors", type=int, help="stand alone; write site file and people of so many doors first")
    building.add_argument("--readers", type=int, help="so many readers (two at each door)")
    building.add_argument("--turnaround", type=float, default=3.0, metavar="MS", help="of readers (%(default)s ms)")
    building.add_argument("--bit-flips", type=float, default=0.0, metavar="P", help="so likely is a byte damaged (0)")
    building.add_argument("--seed", type=int, default=0, help="of the faults (%(default)s)")
    building.add_argument("--whole", action="store_true", help="hand replies on whole, as no real adapter does")
    building.add_argument(
        "--as-shipped", action="store_true", help="stand alone; readers and modules have no key and are in install mode"
    )
    building.set_defaults(run=_building)
    site = commands.add_parser("site", help="print the site file of a generated building")
    site.add_argument("--doors", type=int, required=True)
    site.add_argument("--readers", type=int, help="(two at each door)")
    site.add_argument("--mqtt-doors", type=int, help="how many of them on MQTT (every fourth)")
    site.add_argument("--baud", type=int, default=115_200, help="of the OSDP lines (%(default)s)")
    site.add_argument("--ports", type=Path, default=Path("ports"), help="where the lines' ports will be (./ports)")
    site.add_argument("--people", type=Path, help="write the people and badges there")
    site.set_defaults(run=_site)
    head = commands.add_parser(
        "head", help="a camera head that takes Pelco-D on a serial line, and says where it looks"
    )
    head.add_argument("--port", type=Path, required=True, help="a link to its port will be there")
    head.add_argument("--address", type=int, default=1, help="(%(default)s)")
    head.add_argument("--baud", type=int, default=2400, help="(%(default)s)")
    head.set_defaults(run=lambda given: asyncio.run(alone.run_head(given.port, given.address, given.baud)))
    cameras = commands.add_parser("cameras", help="many cameras on one port, until stdin ends; obey hands on stdin")
    cameras.add_argument("--count", type=int, default=32, help="(%(default)s)")
    cameras.add_argument("--port", type=int, default=8554, help="of all of them (%(default)s; 0: any)")
    cameras.add_argument("--host", default="127.0.0.1", help="(%(default)s)")
    cameras.add_argument("--size", default="1280x720", help="of the large stream (%(default)s)")
    cameras.add_argument("--fps", type=int, default=5, help="pictures a second (%(default)s)")
    cameras.add_argument("--codec", default="h264", help="h264 or h265 (%(default)s)")
    cameras.add_argument("--data", type=Path, default=DATA, help="the folder with their passwords (%(default)s)")
    cameras.add_argument(
        "--onvif", type=int, metavar="PORT", help="ONVIF of the first there, of the others on the next ports (0: any)"
    )
    cameras.add_argument("--turning", type=int, default=0, help="so many of them have a head, by ONVIF (%(default)s)")
    cameras.add_argument(
        "--discovery", metavar="HOST:PORT", help="where they hear probes (the multicast group of WS-Discovery)"
    )
    cameras.set_defaults(run=_cameras)
    hand = commands.add_parser(
        "hand", help="do something in a building that stands alone: ostiary-sim hand push door=ID"
    )
    hand.add_argument("verb", help="present_card, type_pin, push, force_open, prop, cut_power, unplug, tamper, ...")
    hand.add_argument("said", nargs="*", metavar="KEY=VALUE", help="what with: reader=ID person=ID")
    hand.add_argument(
        "--at", default=f"http://127.0.0.1:{PORT}", metavar="URL", help="the building's page (%(default)s)"
    )
    hand.set_defaults(run=_hand)
    return parser


def _building(given: argparse.Namespace) -> None:
    people = given.people or given.site.parent / "people.csv"
    faults = Faults(seed=given.seed, bit_flip=given.bit_flips)
    fifo = MAX_FRAME if given.whole else FIFO
    stands_alone = given.page is not None or given.doors is not None or given.as_shipped
    lines = LinesAre(given.turnaround / 1000, faults, fifo, linked=stands_alone, as_shipped=given.as_shipped)
    if not lines.linked:
        _die_with_parent()
        asyncio.run(_run(given.site, people, given.data, lines))
        return
    if given.doors is not None:
        alone.write_where_missing(given.site, people, given.doors, given.readers or 2 * given.doors)
    port = PORT if given.page is None else given.page
    asyncio.run(alone.run(given.site, people, given.data, lines, port, given.mqtt_port))


def _cameras(given: argparse.Namespace) -> None:
    large = camera_park.format_of(given.size, given.fps, given.codec)
    discovery = None if given.discovery is None else camera_park.place_of(given.discovery)
    park = camera_park.Park(
        given.count, given.port, large, given.data, given.host, given.onvif, given.turning, discovery
    )
    asyncio.run(camera_park.run(park, _messages(), say))


def _site(given: argparse.Namespace) -> None:
    readers = given.readers or 2 * given.doors
    estate = Estate(given.doors, readers, given.ports.absolute(), given.mqtt_doors, given.baud)
    sys.stdout.write(site_text(estate))
    if given.people:
        given.people.write_text(people_text(estate), encoding="utf-8")


def _hand(given: argparse.Namespace) -> int:
    said = dict(part.partition("=")[::2] for part in given.said)
    try:
        answer = httpx.post(f"{given.at}/api/hand", json={"verb": given.verb, **said}, timeout=HAND_SECONDS)
    except httpx.HTTPError as error:
        raise OSError(f"no building answers at {given.at}: {error}") from error
    sys.stdout.write(f"{answer.text}\n")
    return 0 if answer.is_success else 1


def _die_with_parent() -> None:
    """Have the kernel end us when the parent dies, however that dies; Ctrl-C is the parent's to handle."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if not sys.stdin.isatty():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


async def _run(site_file: Path, people_file: Path, data: Path, lines: LinesAre) -> None:
    main_task = asyncio.current_task()
    assert main_task is not None  # noqa: S101 - for the type checker: asyncio.run made it
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main_task.cancel)
    site = load_site(site_file)
    people = load_people(people_file, site)
    async with Building(site, people, keys=read_keys(data), logins=read_logins(data), lines=lines) as building:
        portraits = await asyncio.to_thread(building.write_portraits, data / "sim" / "portraits")
        say(
            {
                "ready": {
                    "lines": building.lines,
                    "buses": building.buses,
                    "cameras": building.camera_urls,
                    "heads": building.mounts,
                    "portraits": portraits,
                }
            }
        )
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
