"""The whole box on real wires, sealed: running, killed and stopped, its disk tells nothing; destroyed, it is gone.

A card and a PIN are shown while the box is away too, so that the broker has to keep them.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from controller.control import ask
from controller.keys import seal_folder
from controller.store import boxkey
from controller.store.boxkey import Way, open_box, with_passphrase
from devices.cards import BUILT_IN, encode
from devices.mqtt.waiting import forget, place_of
from tests.scenarios.test_crash import SITE, free_port
from tests.scenarios.test_memory import ERASED, NAMES, NUMBERS, PASSWORD, PINS, prepared, rows, said, secrets_of

pytestmark = [pytest.mark.anyio, pytest.mark.scenario]

PASSPHRASE = "correct horse battery staple"
DESTROYED_WITHIN = 10.0
PATIENCE = 60.0

BOX = """
import asyncio, sys
from pathlib import Path
from controller.bootstrap import Box, Ports
from controller.store import boxkey

async def main(folder, site, port, passphrase):
    boxkey.use(boxkey.KeyAccess(passphrase=Path(passphrase).read_text))
    async with Box(Path(folder), Path(site), Ports(mqtt=int(port), console=False)) as box:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def scene(tmp_path, monkeypatch):
    """A sealed box that was never started, its reader on the wire, and how it is started."""
    monkeypatch.setattr(boxkey, "MEMORY_KIB", 64)
    folder, site, port = tmp_path / "box", tmp_path / "site.toml", free_port()
    site.write_text(SITE.replace('formats = ["H10301"]', 'formats = ["H10304"]'))
    reader = await prepared(folder, site, port)
    seal_folder(folder, Way.PASSPHRASE, PASSPHRASE.encode())
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    running, boxes = asyncio.create_task(reader.run()), []

    async def started():
        box = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", BOX, str(folder), str(site), str(port), str(tmp_path / "passphrase")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(folder)},
        )
        boxes.append(box)
        async with asyncio.timeout(PATIENCE):
            await said(box, b"ready")
        return box

    yield folder, reader, started
    for box in boxes:
        if box.returncode is None:
            box.kill()
            await box.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    forget(folder / "broker")


def told(folder):
    """What stands on the disk of what nobody may read: the secret, and the file."""
    secrets = [secret for secret in secrets_of(ERASED) if len(secret) >= 8]
    names = [name.encode(codec) for name in NAMES.values() for codec in ("utf-8", "utf-16-le")]
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}
    wanted = [*secrets, *names, *(pin.encode() for pin in PINS.values()), PASSWORD.encode(), PASSPHRASE.encode()]
    return [(secret, path.name) for path, content in files.items() for secret in wanted if secret in content]


async def shown(reader):
    """The card and the PIN are shown, and the broker said that it has them."""
    reader.present_card(*encode(BUILT_IN["H10304"], *NUMBERS[ERASED]))
    reader.type_pin(PINS[ERASED])
    async with asyncio.timeout(PATIENCE):
        while not reader.session.connected.is_set() or reader.session._outbox:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


@pytest.mark.timeout(180)
async def test_a_sealed_box_tells_nothing_running_killed_or_stopped(scene):
    folder, reader, started = scene
    box = await started()
    assert (await ask(folder, "people_import", csv=rows(), file="people.csv", author="t"))["new"] == len(NAMES)
    await shown(reader)
    assert told(folder) == [], "while it runs"
    reader.present_card(*encode(BUILT_IN["H10304"], *NUMBERS[ERASED]))
    reader.type_pin(PINS[ERASED])
    box.kill()
    await box.wait()
    await asyncio.sleep(2.0)  # the broker puts away what it must keep
    assert told(folder) == [], "killed"
    box = await started()
    await shown(reader)
    box.stdin.close()
    await asyncio.wait_for(box.wait(), PATIENCE)
    assert box.returncode == 0
    assert told(folder) == [], "stopped"
    assert not place_of(folder / "broker").exists()
    assert (folder / "broker" / "undelivered.db.sealed").exists()


@pytest.mark.timeout(180)
async def test_a_running_box_is_destroyed_within_ten_seconds_and_ends(scene):
    folder, reader, started = scene
    box = await started()
    await ask(folder, "people_import", csv=rows(), file="people.csv", author="t")
    await shown(reader)
    key = open_box(folder, with_passphrase(boxkey.KeyAccess(), PASSPHRASE))
    two = {place: {"operator": name, "password": PASSWORD} for place, name in (("first", "sven"), ("second", "sue"))}
    begun = time.monotonic()
    done = await ask(folder, "destroy", reason="the mission is given up", author="t", **two)
    assert time.monotonic() - begun < DESTROYED_WITHIN
    assert done["checkpoint"].startswith("ostiary/log/")
    await asyncio.wait_for(box.wait(), PATIENCE)
    left = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert set(left) <= {"lock"}, "what it wrote while it ended"
    assert key not in b"".join(left.values())
    assert not place_of(folder / "broker").exists()
