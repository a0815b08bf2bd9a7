"""Killed in the middle of it, again and again: what a device was told is taken is in the log, once.

And no lock was asked to open without a grant on the disk.

OSTIARY_CRASHES sets how often it is killed (default 8), OSTIARY_CRASH_SEED when.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest

from controller.admin import Admin
from controller.core import open_core
from controller.ledger.verifier import Intact, verify
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from devices.mqtt.messages import LockAction, LockCommand
from devices.mqtt.topics import Address, DeviceId
from devices.mqtt.waiting import forget
from simulators.door import Door
from simulators.lock import MqttLock
from simulators.mqtt_reader import MqttReader
from simulators.mqtt_session import Device
from tests.certificates import certified

pytestmark = [pytest.mark.anyio, pytest.mark.scenario]

CRASHES = int(os.environ.get("OSTIARY_CRASHES", "8"))
SEED = int(os.environ.get("OSTIARY_CRASH_SEED", "1"))
PATIENCE = 60.0
READERS = ("gate-reader-in", "gate-reader-out")
LOCK = "gate-lock"
CARD = 26, bytes.fromhex("9500ca80")  # facility 42, number 405: see PEOPLE

SITE = """
[site]
id = "crash"
name = "A gate that is killed often"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "yard"
name = "Yard"
level = "unrestricted"
minimum_assurance = "copyable"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[device]]
id = "gate-reader-in"
name = "Reader, in"
kind = "mqtt"
side = "attack"
formats = ["H10301"]

[[device]]
id = "gate-reader-out"
name = "Reader, out"
kind = "mqtt"
side = "safe"
formats = ["H10301"]

[[device]]
id = "gate-lock"
name = "Lock"
kind = "mqtt"
side = "safe"

[[door]]
id = "gate"
name = "Gate"
zones = ["outside", "yard"]
lock = { kind = "fail_secure", device = "gate-lock" }
contact = { device = "gate-lock" }
bolt = { device = "gate-lock" }
rex = { kind = "shunt_only", device = "gate-lock" }
free_egress = true
unlock_seconds = 1
position = [50, 25]

[[reader]]
id = "in"
name = "In"
door = "gate"
leaves = "outside"
enters = "yard"
device = "gate-reader-in"

[[reader]]
id = "out"
name = "Out"
door = "gate"
leaves = "yard"
enters = "outside"
device = "gate-reader-out"

[[schedule]]
id = "always"
name = "Always"
always = true

[[access_level]]
id = "all"
name = "All"
zones = ["outside", "yard"]
schedule = "always"

[[threat_level]]
number = 0
name = "Normal"
"""
PEOPLE = """id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face
p-1,Kay Example,staff,0,all,H10301,42,405,copyable,active,,,,
"""

BOX = """
import asyncio, sys
from pathlib import Path
from controller.bootstrap import Box, Ports

async def main(folder, site, port):
    async with Box(Path(folder), Path(site), Ports(mqtt=int(port), console=False)) as box:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gate:
    """A gate in motion: two readers and a lock that outlive every controller, and note what they were told."""

    def __init__(self, folder: Path):
        self.folder = folder / "box"
        self.site = folder / "site.toml"
        self.site.write_text(SITE)
        self.port = free_port()
        self.unlocks: set[str] = set()
        self.unrecorded: list[str] = []

    async def enrol(self):
        core = open_core(self.folder, self.site, self)
        await Admin(core).commands["people_import"]({"csv": PEOPLE, "file": "people.csv", "author": "test"})
        names = [DeviceId(name) for name in (*READERS, LOCK)]
        own = certified(core, self.folder.parent / "bundles", *names)
        core.close()
        devices = {name: Device(Address("crash", name), own / name, self.port) for name in names}
        self.readers = [MqttReader(devices[DeviceId(name)]) for name in READERS]
        self.lock = MqttLock(devices[DeviceId(LOCK)], Door())
        self.sessions = [reader.session for reader in self.readers]
        obey = self.lock._obey

        def noted(command):
            if isinstance(command, LockCommand) and command.action is LockAction.UNLOCK:
                self._unlocked(command)
            obey(command)

        self.lock.session._on_command = noted

    def post(self, effect):
        pass

    def _unlocked(self, command):
        """The strike would release now: by now the grant must be on the disk."""
        self.unlocks.add(command.id)
        if self.count("access_granted") < len(self.unlocks):
            self.unrecorded.append(command.id)

    def query(self, what, *values):
        with contextlib.closing(sqlite3.connect(self.folder / "ostiary.db", timeout=20)) as log:
            return log.execute(what, values).fetchall()

    def count(self, kind):
        return self.query("select count(*) from event where kind = ?", kind)[0][0]

    def taken(self):
        bodies = self.query("select body from event where kind = 'message_taken'")
        events = [json.loads(body)["event"] for (body,) in bodies]
        return Counter((event["device"], event["boot"], event["number"]) for event in events)

    async def traffic(self, dice):
        while True:
            dice.choice(self.readers).present_card(*CARD)
            soon = dice.random() < 0.9  # or for the next badge at a door no grant would ever be the last one there
            await asyncio.sleep(dice.uniform(0.002, 0.05) if soon else 0.4)

    async def start(self):
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", BOX, str(self.folder), str(self.site), str(self.port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def killed(gate, dice):
    """Start a box and kill it: mostly under load, now and then while it starts."""
    box = await gate.start()
    if dice.random() < 0.75:
        async with asyncio.timeout(PATIENCE):
            while (line := await box.stdout.readline()) != b"ready\n":  # what the box logs comes in between
                assert line, "the box ended while it started"
            await asyncio.gather(*(session.connected.wait() for session in gate.sessions))
        await asyncio.sleep(dice.uniform(0.0, 1.0))
    else:
        await asyncio.sleep(dice.uniform(0.2, 3.0))
    box.kill()
    await box.wait()


async def drained(gate):
    """Everything that was shown is taken by the broker, and had time enough to reach the log."""
    async with asyncio.timeout(PATIENCE):
        while any(session._outbox for session in gate.sessions):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE / 4):
            while len(gate.taken()) < sum(session._seq for session in gate.sessions):  # noqa: ASYNC110
                await asyncio.sleep(0.2)


@pytest.mark.timeout(120 + 15 * CRASHES)
async def test_what_was_acknowledged_is_in_the_log_once_and_nothing_opens_unrecorded(tmp_path):
    dice = random.Random(SEED)
    gate = Gate(tmp_path)
    await gate.enrol()
    running = [asyncio.create_task(device.run()) for device in (*gate.readers, gate.lock)]
    try:
        traffic = asyncio.create_task(gate.traffic(dice))
        for _ in range(CRASHES):
            await killed(gate, dice)
        traffic.cancel()
        box = await gate.start()
        await drained(gate)
        box.stdin.close()
        await asyncio.wait_for(box.wait(), PATIENCE)
        assert box.returncode == 0
    finally:
        for task in (traffic, *running):
            task.cancel()
        await asyncio.gather(traffic, *running, return_exceptions=True)
        forget(gate.folder / "broker")

    verdict = verify(stored_entries(reading_engine(gate.folder / "ostiary.db")))
    assert isinstance(verdict, Intact), verdict
    shown = {(s._device.address.device, s.boot, n) for s in gate.sessions for n in range(1, s._seq + 1)}
    taken = gate.taken()
    assert {event for event in taken if event[0] in READERS} == shown, "acknowledged and lost"
    assert set(taken.values()) == {1}, "counted twice"
    assert gate.count("wire_violated") == 0
    assert gate.unlocks, "there was traffic"
    assert gate.unrecorded == []
    assert gate.count("box_started") >= CRASHES // 2
