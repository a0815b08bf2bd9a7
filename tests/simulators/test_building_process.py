"""`ostiary-sim building` as its parent sees it: JSON lines, and nothing left when it ends."""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from controller.domain.site import DeviceKind
from controller.site.loader import load_site
from controller.site.people import load_people
from devices.mqtt.broker import Broker
from devices.mqtt.topics import DeviceId
from devices.pelco_d import Axis, SetPosition, encode
from devices.transport.serial import SerialTransport
from simulators.cli import main
from tests.certificates import authority, bundles

ROOT = Path(__file__).parents[2]
SITE_FILE, PEOPLE_FILE = ROOT / "config" / "embassy.toml", ROOT / "config" / "people.csv"
SITE = load_site(SITE_FILE)
MQTT = [DeviceId(d.id) for d in SITE.devices.values() if d.kind is DeviceKind.MQTT]
PATIENCE = 30.0

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def data(tmp_path):
    secured = [d.id for d in SITE.devices.values() if d.kind is DeviceKind.OSDP and d.secure_channel]
    (tmp_path / "osdp-keys.json").write_text(json.dumps({device: secrets.token_hex(16) for device in secured}))
    logins = {camera: {"username": "ostiary", "password": "secret"} for camera in SITE.cameras}
    (tmp_path / "cameras.json").write_text(json.dumps(logins))
    return tmp_path


def command(data):
    return [
        sys.executable,
        "-m",
        "simulators",
        "building",
        "--site",
        SITE_FILE,
        "--people",
        PEOPLE_FILE,
        "--data",
        data,
    ]


def exist(paths):
    return all(Path(path).exists() for path in paths)


class Child:
    def __init__(self, process):
        self.process = process

    def tell(self, **message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")

    async def hear(self):
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.process.stdout.readline())

    async def end(self):
        self.process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def child(data):
    process = await asyncio.create_subprocess_exec(
        *command(data), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_handshake_and_a_hand_and_a_clean_end(data):
    signs = authority(data)
    own = bundles(signs, data / "bundles", *MQTT)
    broker = Broker(data / "broker", SITE.id, MQTT, signs)
    await broker.start()
    try:
        async with child(data) as sim:
            ready = (await sim.hear())["ready"]
            assert exist(ready["lines"].values())
            assert set(ready["cameras"]) == set(SITE.cameras)
            assert all(exist(photos) for photos in ready["portraits"].values())
            sim.tell(mqtt={"port": broker.port, "bundles": str(own)})
            assert await sim.hear() == {"connected": {"devices": len(MQTT)}}
            sim.tell(hand={"verb": "force_open", "door": "main-gate"})
            assert await sim.hear() == {"done": {"verb": "force_open", "door": "main-gate", "open": True}}
            sim.tell(hand={"verb": "fly"})
            assert "unknown verb 'fly'" in (await sim.hear())["error"]
            sim.tell(bogus=1)
            assert await sim.hear() == {"error": "not understood: bogus"}
            sim.process.stdin.write(b"no json\n")
            assert await sim.hear() == {"error": "each line is one JSON object"}
            assert await sim.end() == 0
            assert await sim.process.stdout.read() == b""
    finally:
        await broker.stop()


async def test_a_device_without_a_certificate_is_an_error_and_not_the_end(data):
    async with child(data) as sim:
        await sim.hear()
        sim.tell(mqtt={"port": 1, "bundles": str(data / "none")})
        assert "ostiary pki issue" in (await sim.hear())["error"]
        sim.tell(hand={"verb": "push", "door": "lobby-door"})
        assert (await sim.hear())["done"]["went_in"] is False
        assert await sim.end() == 0


async def test_it_dies_with_its_parent_even_while_its_input_stays_open(data):
    start = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"
    parent = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", start, *command(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert "ready" in await Child(parent).hear()
    parent.kill()
    async with asyncio.timeout(PATIENCE):
        assert await parent.stdout.read() == b""  # the child held this pipe open: it is gone too
    await parent.wait()


def test_wrong_files_are_told_in_a_sentence_and_end_with_2(tmp_path):
    run = ["building", "--site", str(tmp_path / "none.toml"), "--people", str(PEOPLE_FILE), "--data", str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-m", "simulators", *run], stdin=subprocess.DEVNULL, capture_output=True, cwd=ROOT, check=False
    )
    assert ended.returncode == 2
    assert b"none.toml" in ended.stderr
    assert b"Traceback" not in ended.stderr


def start(*arguments, folder):
    return subprocess.Popen(
        [sys.executable, "-m", "simulators", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_generated_building_stands_alone_obeys_the_command_line_and_leaves_nothing(tmp_path):
    """`--doors` writes the files; the lines are where they say; `hand` does; Ctrl-C ends it."""
    port = _free_port()
    given = ("building", "--site", "new/site.toml", "--doors", 2, "--data", "data", "--page", port)
    with start(*given, folder=tmp_path) as sim:
        told = [sim.stdout.readline() for _ in range(3)]
        assert f"http://127.0.0.1:{port}" in told[0]
        assert "2 doors, 4 readers, 1 OSDP lines" in told[0]
        line = tmp_path / "new" / "ports" / "line-01"
        assert line.is_char_device()
        assert (tmp_path / "data" / "osdp-keys.json").stat().st_mode & 0o777 == 0o600
        hand = ("hand", "--at", f"http://127.0.0.1:{port}")
        with start(*hand, "force_open", "door=door-001", folder=tmp_path) as done:
            assert json.loads(done.communicate(timeout=PATIENCE)[0])["open"] is True
            assert done.returncode == 0
        with start(*hand, "fly", folder=tmp_path) as refused:
            assert "unknown verb" in refused.communicate(timeout=PATIENCE)[0]
            assert refused.returncode == 1
        sim.send_signal(signal.SIGINT)
        assert sim.wait(PATIENCE) == 0
    assert not line.is_symlink()
    site = load_site(tmp_path / "new" / "site.toml")
    assert site.lines["line-01"].port == str(line)


def test_a_camera_head_stands_at_its_port_and_says_where_it_looks(tmp_path):
    with start("head", "--port", "head", "--address", "5", folder=tmp_path) as head:
        assert json.loads(head.stdout.readline()) == {"pan": 0.0, "tilt": 0.0, "zoom": 0.0}
        port = SerialTransport(str(tmp_path / "head"), 2400)
        port.open()
        port.write(encode(5, SetPosition(Axis.PAN, 9_000)))
        assert json.loads(head.stdout.readline())["pan"] == 90.0
        port.close()
        head.send_signal(signal.SIGTERM)
        assert head.wait(PATIENCE) == 0
    assert not (tmp_path / "head").is_symlink()


def test_a_hand_without_a_building_says_so(tmp_path):
    with start("hand", "push", "door=x", "--at", "http://127.0.0.1:1", folder=tmp_path) as alone:
        assert "no building answers" in alone.communicate(timeout=PATIENCE)[0]
        assert alone.returncode == 2


def test_a_site_file_is_printed_for_whoever_wants_to_change_it(tmp_path, capsys):
    people = tmp_path / "people.csv"
    assert main(["site", "--doors", "4", "--readers", "5", "--people", str(people), "--ports", "/run/x"]) == 0
    printed = tmp_path / "site.toml"
    printed.write_text(capsys.readouterr().out)
    site = load_site(printed)
    assert (len(site.doors), len(site.readers), len(load_people(people, site))) == (4, 5, 4)
    assert main(["site", "--doors", "4", "--readers", "3"]) == 2


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]
