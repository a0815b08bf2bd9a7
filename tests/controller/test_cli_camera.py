"""`ostiary camera`, as a technician types it, against a camera behind real sockets."""

import asyncio
import json
import os
import sys
import tomllib

import pytest

from controller.store.keystore import KEY_FILE
from simulators.camera import Cameras
from simulators.encoding import Format
from simulators.onvif import OnvifCamera

SECRET = "hunter2-of-the-camera"


async def ostiary(*words: str, password: str = SECRET) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from controller.cli import main; main()", *words),
        env={**os.environ, "OSTIARY_CAMERA_PASSWORD": password, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, wrong = await process.communicate()
    return process.returncode, told.decode(), wrong.decode()


@pytest.fixture
def story():
    def run(tell) -> None:
        async def told() -> None:
            formats = {"large": Format(640, 360, 5), "small": Format(320, 180, 5)}
            async with Cameras(["lobby"], username="ostiary", password=SECRET, **formats) as cameras:
                where = ("127.0.0.1", 0)
                async with OnvifCamera(cameras, "lobby", "ostiary", SECRET, discovery=where) as camera:
                    await tell(cameras, f"127.0.0.1:{camera.port}")

        asyncio.run(told())

    return run


def test_a_camera_is_probed_and_added_and_its_password_shown_to_nobody(story, tmp_path):
    (tmp_path / KEY_FILE).write_bytes(bytes(32))
    (tmp_path / "cameras.json").write_text('{"gate": {"username": "a", "password": "b"}}')

    async def tell(cameras: Cameras, address: str) -> None:
        code, told, _ = await ostiary("camera", "probe", address, "--username", "ostiary", "--json")
        assert (code, [p["width"] for p in json.loads(told)["profiles"]]) == (0, [640, 320])
        words = ("camera", "add", "lobby", address, "--username", "ostiary", "--data", str(tmp_path))
        code, told, wrong = await ostiary(*words)
        assert (code, wrong) == (0, "")
        assert SECRET not in told
        (table,) = tomllib.loads(told)["camera"]
        assert (table["url"], table["small_url"]) == (cameras.url("lobby"), cameras.url("lobby", small=True))
        kept = json.loads((tmp_path / "cameras.json").read_text())
        assert kept == {
            "gate": {"username": "a", "password": "b"},
            "lobby": {"username": "ostiary", "password": SECRET},
        }
        assert (tmp_path / "cameras.json").stat().st_mode & 0o077 == 0

    story(tell)


def test_a_password_that_the_camera_refuses_is_not_kept(story, tmp_path):
    (tmp_path / KEY_FILE).write_bytes(bytes(32))

    async def tell(_: Cameras, address: str) -> None:
        words = ("camera", "add", "lobby", address, "--username", "ostiary", "--data", str(tmp_path))
        code, told, wrong = await ostiary(*words, password="wr0ng")
        assert (code, told) == (2, "")
        assert "refused the user name or password" in wrong
        assert "wr0ng" not in wrong
        assert not (tmp_path / "cameras.json").exists()

    story(tell)


def test_where_there_is_no_box_nothing_is_kept(tmp_path):
    words = ("camera", "add", "lobby", "127.0.0.1:1", "--username", "x", "--data", str(tmp_path / "none"))
    code, _, wrong = asyncio.run(ostiary(*words))
    assert code == 2
    assert "there is no box" in wrong
