"""A building that stands by itself beside a real box: its lines at the ports that the site file names, and a page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from controller.site.loader import load_site
from controller.site.people import load_people
from devices.mqtt.identity import CERTIFICATE
from simulators.building import Building
from simulators.bus import PacedBus
from simulators.camera_head import CameraHead
from simulators.estate import Estate, write
from simulators.page import HOST, Page
from simulators.secrets_of import make_missing, read_keys, read_logins
from simulators.wiring import LinesAre

BUNDLES = "bundles"
"""The folder in the box's data folder with what each device connects with."""

HEAD_SECONDS = 0.1
LOOK_SECONDS = 0.5
"""How often it is looked whether the box's broker is there."""


def write_where_missing(site: Path, people: Path, doors: int, readers: int) -> None:
    """Write a generated building, unless its site file is there already. Its lines' ports are in `ports` beside it."""
    if not site.exists():
        write(Estate(doors, readers, site.parent.absolute() / "ports"), site, people)


async def run(site_file: Path, people_file: Path, data: Path, lines: LinesAre, port: int, mqtt_port: int) -> None:
    """Stand until Ctrl-C or SIGTERM. SiteErrors, OSError, ValueError for files that are wrong, or a port taken."""
    site = load_site(site_file)
    people = load_people(people_file, site)
    make_missing(data, site, readers=not lines.as_shipped)
    keys = {} if lines.as_shipped else read_keys(data)
    over = _over()
    async with Building(site, people, keys=keys, logins=read_logins(data), lines=lines) as building:
        page = Page(building, port=port)
        address = await page.start()
        _say(f"{len(site.doors)} doors, {len(site.readers)} readers, {len(site.lines)} OSDP lines; the hand: {address}")
        for line, path in building.lines.items():
            _say(f"  {line} at {path}")
        for camera, path in building.mounts.items():
            _say(f"  the head of {camera} at {path}")
        _say(f"  the box: ostiary run --site {site_file} --data {data} --mqtt-port {mqtt_port}")
        _say(f"  its certificates, once it runs: ostiary pki issue --all --to {data / BUNDLES} --data {data}")
        connecting = asyncio.create_task(_connect(building, data / BUNDLES, mqtt_port))
        try:
            await over.wait()
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await page.stop()


async def run_head(port: Path, address: int, baud: int) -> None:
    """Let a camera head take Pelco-D at `port` until Ctrl-C or SIGTERM, and say where it looks as it changes."""
    head, over = CameraHead(address), _over()
    bus = PacedBus([head], clock=time.monotonic, baud=baud, link=port)
    bus.start()
    told = None
    try:
        while not over.is_set():
            aim = head.aim(time.monotonic())
            if aim != told:
                told = aim
                _say(json.dumps(asdict(aim)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), HEAD_SECONDS)
    finally:
        bus.stop()


def _over() -> asyncio.Event:
    """Return what is set once somebody ends the program."""
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    return over


async def _connect(building: Building, bundles: Path, port: int) -> None:
    """Wait for the box's broker and every device's certificate, then let them connect; each keeps its connection."""
    wanted = {device.id for device in building.site.devices.values() if device.line is None}
    while not (all((bundles / name / CERTIFICATE).exists() for name in wanted) and await _answers(port)):  # noqa: ASYNC110 - of another process
        await asyncio.sleep(LOOK_SECONDS)
    try:
        connected = await building.connect(port, bundles)
    except TimeoutError:
        _say("not every device has found its way to the broker yet; each tries on")
    else:
        _say(f"  {connected} devices are connected to the broker")


async def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection(HOST, port)
        writer.close()
        return True
    return False


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
