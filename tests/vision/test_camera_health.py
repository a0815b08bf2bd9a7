"""Real RTSP: what becomes of a camera that hangs, is silent, stopped or given another password, and of the next."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from simulators.camera import Cameras
from vision.messages import CameraLost, CameraUp, Value, ViewJudged, Watch
from vision.source import Source
from vision.supervisor import Supervisor

ALARM_WITHIN = 10.0
BACK_WITHIN = 5.0
SLACK = 4.0
"""Seconds for a machine that does something else besides; what is promised is promised for one that does not."""
STARTS_WITHIN = 40.0


@dataclass(slots=True)
class Heard:
    """What the eyes said, and when (monotonic)."""

    values: list[tuple[float, Value]] = field(default_factory=list)

    def take(self, value: Value) -> None:
        self.values.append((time.monotonic(), value))

    async def next(self, wanted: Value | type[Value], since: float, within: float = ALARM_WITHIN) -> Value:
        """Wait for this value, or one of this type; AssertionError if it is not said in time."""
        deadline = since + within + SLACK
        while time.monotonic() < deadline:
            for at, value in self.values:
                if at >= since and (value == wanted or (isinstance(wanted, type) and isinstance(value, wanted))):
                    return value
            await asyncio.sleep(0.05)
        raise AssertionError(f"{wanted} was not said in time: {self.values}")

    def lost(self, camera: str, since: float) -> list[Value]:
        return [v for at, v in self.values if at >= since and isinstance(v, CameraLost) and v.camera == camera]


@contextlib.asynccontextmanager
async def eyes(*cameras: str) -> AsyncIterator[tuple[Cameras, Heard]]:
    """The eyes in their own process before simulated cameras that they see by now."""
    heard = Heard()
    async with Cameras(cameras, username="ostiary", password="secret") as box:
        supervisor = Supervisor(heard.take)
        await supervisor.start()
        try:
            for camera in cameras:
                supervisor.post(Watch(camera, box.url(camera), "ostiary", "secret"))
            for camera in cameras:
                await heard.next(CameraUp(camera), 0.0, time.monotonic() + STARTS_WITHIN)
            yield box, heard
        finally:
            await supervisor.stop()


def test_a_frozen_a_silent_and_a_locked_camera_are_told_apart_beside_a_good_one_and_are_back_soon():
    async def story():
        async with eyes("good", "frozen", "silent", "locked") as (box, heard):
            since = time.monotonic()
            box.freeze("frozen")
            box.silence("silent")
            box.set_password("locked", "another")
            await heard.next(CameraLost("frozen", "the picture stands still"), since)
            await heard.next(CameraLost("silent", "no answer for 3 s"), since)
            await heard.next(CameraLost("locked", "the camera refused the user name or password"), since)
            box.set_password("locked", "secret")
            box.thaw("frozen")
            box.speak("silent")
            back = time.monotonic()
            for camera in ("frozen", "silent", "locked"):
                await heard.next(CameraUp(camera), since, back - since + BACK_WITHIN)
            assert not heard.lost("good", since), heard.values

    asyncio.run(story())


def test_a_camera_with_a_wrong_password_is_told_so_and_never_with_it():
    async def story():
        async with eyes("good") as (box, _):
            said: list[Value] = []
            source = Source(Watch("good", box.url("good"), "ostiary", "wr0ng"), said.append)
            source.start()
            try:
                while not said:  # noqa: ASYNC110 - a thread rings no bell
                    await asyncio.sleep(0.05)
                assert said == [CameraLost("good", "the camera refused the user name or password")]
            finally:
                source.close()

    asyncio.run(story())


def test_a_hood_and_a_push_are_told_by_the_eyes_and_so_is_their_end():
    async def story():
        async with eyes("hall") as (box, heard):
            await heard.next(ViewJudged("hall", None), 0.0, time.monotonic() + 15.0)
            for act, trouble in ((box.cover, "black"), (box.turn, "turned")):
                since = time.monotonic()
                act("hall")
                judged = await heard.next(ViewJudged, since)
                assert judged.trouble == trouble
                since = time.monotonic()
                box.clear("hall")
                await heard.next(ViewJudged("hall", None), since)

    asyncio.run(story())


def test_a_stopped_camera_holds_up_no_other(tmp_path):
    """A process that SIGSTOP halts: the kernel goes on accepting connections, and nobody answers."""

    async def story():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", "cameras", "--count", "1", "--port", "0"),
            *("--size", "320x180", "--data", str(tmp_path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        url = json.loads(await process.stdout.readline())["ready"]["cam-01"]["url"]
        login = json.loads((tmp_path / "cameras.json").read_text())["cam-01"]
        heard = Heard()
        source = Source(Watch("stopped", url, login["username"], login["password"]), heard.take)
        source.start()
        try:
            await heard.next(CameraUp("stopped"), 0.0, time.monotonic() + 20.0)
            since = time.monotonic()
            os.kill(process.pid, signal.SIGSTOP)
            async with Cameras(["good"], username="ostiary", password="secret") as box:
                good = Source(Watch("good", box.url("good"), "ostiary", "secret"), heard.take)
                good.start()
                await heard.next(CameraUp("good"), since, BACK_WITHIN)
                await heard.next(CameraLost, since)
                assert not heard.lost("good", since)
                good.close()
            back = time.monotonic()
            os.kill(process.pid, signal.SIGCONT)
            await heard.next(CameraUp("stopped"), back, BACK_WITHIN)
        finally:
            source.close()
            process.kill()
            await process.wait()

    asyncio.run(story())


@pytest.mark.parametrize("seconds", [0.0, 5.9])
def test_a_still_picture_is_no_frozen_one_before_its_time(seconds):
    import numpy as np

    from vision.source import FROZEN_FOR, Stillness

    stillness, still = Stillness(), np.full((90, 160), 100, dtype=np.uint8)
    assert stillness.lasts(still, 1.0) == 0.0
    assert stillness.lasts(still.copy(), 1.0 + seconds) == seconds < FROZEN_FOR
    noisy = still.copy()
    noisy[8, 3] += 1
    assert stillness.lasts(noisy, 2.0 + seconds) == 0.0
