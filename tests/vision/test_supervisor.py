"""The whole of the eyes: real cameras on RTSP, the real process, the real engine."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import simplejpeg

from simulators import faces
from simulators.camera import Cameras
from vision.matching import load_calibration
from vision.messages import (
    CameraLost,
    CameraUp,
    CancelChallenge,
    Challenge,
    EngineReady,
    Enrol,
    Enrolled,
    FaceAtDoor,
    FaceVerdict,
    FrameCount,
    Outcome,
    TemplateMode,
    Watch,
)
from vision.supervisor import Supervisor

PATIENCE = 60.0
"""Seconds; the machine may be busy."""


class Building:
    """Takes what the supervisor hands on, and waits for it."""

    def __init__(self, cameras: Cameras) -> None:
        self.cameras = cameras
        self.values: list = []
        self._arrived = asyncio.Event()
        self.supervisor = Supervisor(self._receive, wedged_after=3.0)

    def _receive(self, value) -> None:
        self.values.append(value)
        self._arrived.set()

    async def next(self, kind, fits=lambda value: True):
        """Take the oldest value of this kind, waiting for it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for value in self.values:
                    if isinstance(value, kind) and fits(value):
                        self.values.remove(value)
                        return value
                self._arrived.clear()
                await self._arrived.wait()

    async def verdict(self, template: bytes, seconds: float = 20.0) -> FaceVerdict:
        now = time.monotonic()
        challenge = Challenge("c", "lobby", "somebody", template, TemplateMode.MEAN, now, now + seconds)
        self.supervisor.post(challenge)
        verdict = await self.next(FaceVerdict)
        assert verdict.challenge_id == "c"
        assert verdict.seen_at > now
        return verdict


@contextlib.asynccontextmanager
async def building():
    async with Cameras(["lobby"], username="ostiary", password="secret") as cameras:
        here = Building(cameras)
        here.supervisor.post(Watch("lobby", cameras.url("lobby"), "ostiary", "secret"))
        await here.supervisor.start()
        try:
            yield here
        finally:
            await here.supervisor.stop()
        assert here.supervisor.worker_pid is None


@pytest.fixture
def templates(embeddings) -> dict[str, bytes]:
    return {name: np.mean(embeddings(name), axis=0).astype("<f4").tobytes() for name in faces.NAMES}


def test_a_day_at_the_door(templates):
    async def story():
        async with building() as here:
            await here.next(CameraUp)
            await here.next(EngineReady)
            assert (await here.next(FrameCount)).frames > 0
            worker = psutil.Process(here.supervisor.worker_pid)
            assert worker.nice() > psutil.Process().nice()
            assert worker.environ()["OPENBLAS_NUM_THREADS"] == "1"

            assert (await here.verdict(templates["hopper"], seconds=1.0)).outcome is Outcome.NOBODY

            here.supervisor.post(Enrol("r1", "grace", tuple(faces.enrolment_images("hopper"))))
            enrolled = await here.next(Enrolled)
            assert (enrolled.cardholder, enrolled.used) == ("grace", 7)

            here.cameras.show_face("lobby", "hopper")
            assert (await here.next(FaceAtDoor)).camera == "lobby"
            matched = await here.verdict(enrolled.template)
            assert matched.outcome is Outcome.MATCHED
            assert matched.frames >= 2
            assert matched.distance < 0.3
            mismatch = await here.verdict(templates["astronaut"])
            assert mismatch.outcome is Outcome.MISMATCH
            assert mismatch.frames >= 3
            assert mismatch.distance > load_calibration().thresholds[TemplateMode.MEAN].other

            here.cameras.show_face("lobby", "hopper", "astronaut")
            await asyncio.sleep(0.5)  # a frame of the one face alone may be on its way
            assert (await here.verdict(templates["astronaut"])).outcome is Outcome.SEVERAL_FACES
            here.cameras.show_face("lobby", "hopper", far=True)
            await asyncio.sleep(0.5)
            assert (await here.verdict(templates["hopper"], seconds=1.5)).outcome is Outcome.TOO_SMALL

    asyncio.run(story())


def test_a_cancelled_challenge_is_not_answered_and_pictures_are_shared(templates):
    async def story():
        async with building() as here:
            await here.next(EngineReady)
            await here.next(CameraUp)
            now = time.monotonic()
            for name in ("cancelled", "kept"):
                challenge = Challenge(name, "lobby", "x", templates["hopper"], TemplateMode.MEAN, now, now + 1.0)
                here.supervisor.post(challenge)
            here.supervisor.post(CancelChallenge("cancelled"))
            pictures = await asyncio.gather(*(here.supervisor.picture("lobby") for _ in range(5)))
            assert simplejpeg.decode_jpeg(pictures[0]).shape == (360, 480, 3)
            assert len(set(map(id, pictures))) == 1
            assert await here.supervisor.picture("nowhere") is None
            gone = asyncio.create_task(here.supervisor.picture("lobby"))
            await asyncio.sleep(0)
            gone.cancel()
            assert await here.supervisor.picture("lobby") is not None
            assert (await here.next(FaceVerdict)).challenge_id == "kept"
            assert not [value for value in here.values if isinstance(value, FaceVerdict)]

    asyncio.run(story())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stuck"])
def test_a_dead_or_stuck_worker_is_replaced_and_goes_on_with_what_was_asked(how, templates):
    async def story():
        async with building() as here:
            await here.next(EngineReady)
            await here.next(CameraUp)
            first = here.supervisor.worker_pid
            os.kill(first, how)
            now = time.monotonic()
            challenge = Challenge("c", "lobby", "x", templates["hopper"], TemplateMode.MEAN, now, now + PATIENCE)
            here.supervisor.post(challenge)
            here.cameras.show_face("lobby", "hopper")
            assert (await here.next(CameraLost)).why.startswith("the process that looks")
            assert await here.supervisor.picture("lobby") is None
            await here.next(CameraUp)
            assert (await here.next(FaceVerdict)).outcome is Outcome.MATCHED
            assert here.supervisor.worker_pid != first
            assert not psutil.pid_exists(first)

    asyncio.run(story())


def test_stopping_ends_the_process_and_says_nothing_more():
    async def story():
        async with building() as here:
            await here.next(CameraUp)
            pid = here.supervisor.worker_pid
            await here.supervisor.stop()
            assert not psutil.pid_exists(pid)
            assert not [value for value in here.values if isinstance(value, CameraLost)]

    asyncio.run(story())


def test_supervision_can_be_owned_by_a_task_group_and_ends_with_it():
    async def story():
        values = asyncio.Queue()
        supervisor = Supervisor(values.put_nowait)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(supervisor.run())
            assert isinstance(await values.get(), EngineReady)
            pid = supervisor.worker_pid
            running.cancel()
        assert not psutil.pid_exists(pid)

    asyncio.run(story())


PARENT = """
import asyncio
from vision.messages import EngineReady
from vision.supervisor import Supervisor

async def main():
    ready = asyncio.Event()
    supervisor = Supervisor(lambda value: ready.set() if isinstance(value, EngineReady) else None)
    await supervisor.start()
    await ready.wait()
    print(supervisor.worker_pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_killing_the_controller_leaves_no_worker_behind():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        gone, alive = psutil.wait_procs([worker], timeout=PATIENCE)
    assert (gone, alive) == ([worker], [])
