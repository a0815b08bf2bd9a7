import asyncio
import contextlib
import subprocess
import sys
import time

import pytest

from simulators.camera import Cameras
from vision.messages import CameraLost, CameraUp, Watch
from vision.source import CaptureClock, Source

PASSWORD = "p@ss: w/rd"


@contextlib.asynccontextmanager
async def watching(cameras: Cameras, camera: str, password: str = PASSWORD, clock=time.monotonic):
    """A source on a simulated camera, and what it says as a queue."""
    loop, said = asyncio.get_running_loop(), asyncio.Queue()
    source = Source(
        Watch(camera, cameras.url(camera), "ostiary", password),
        lambda value: loop.call_soon_threadsafe(said.put_nowait, value),
        clock,
    )
    source.start()
    try:
        yield source, said
    finally:
        source.close()
        await asyncio.to_thread(source.close, 10.0)


def cameras(*names: str) -> Cameras:
    return Cameras(names, username="ostiary", password=PASSWORD)


async def changed(source: Source, before) -> None:
    while source.latest() is before:  # noqa: ASYNC110 - a decoder's thread rings no bell
        await asyncio.sleep(0.01)


def test_frames_arrive_as_they_were_drawn_and_only_the_newest_is_kept():
    async def story():
        async with cameras("lobby") as box, watching(box, "lobby") as (source, said):
            assert await said.get() == CameraUp("lobby")
            first = source.latest()
            await asyncio.sleep(0.5)
            latest = source.latest()
            assert latest.number > first.number + 1
            assert latest.seen_at > first.seen_at
            assert latest.rgb().shape == (360, 480, 3)
            assert latest.luma().shape == (360, 480)
            dark = float(latest.luma().mean())
            box.cover("lobby")
            while float(source.latest().luma().mean()) > dark / 2:
                await changed(source, source.latest())
            counted = source.take_count()
            assert counted >= source.latest().number - 1
            assert source.take_count() <= 1

    asyncio.run(story())


def test_a_wrong_password_is_refused_and_said_without_repeating_it():
    async def story():
        async with cameras("lobby") as box, watching(box, "lobby", "wr0ng") as (source, said):
            assert await said.get() == CameraLost("lobby", "the camera refused the user name or password")
            assert source.latest() is None
            assert box.viewers("lobby") == 0

    asyncio.run(story())


def test_a_camera_that_is_not_there_is_said_without_its_password():
    async def story():
        async with cameras("lobby") as box, watching(box, "cellar") as (_, said):
            lost = await said.get()
            assert "404" in lost.why
            assert "ostiary" not in lost.why

    asyncio.run(story())


def test_a_camera_that_goes_is_lost_once_and_comes_back_by_itself():
    async def story():
        async with cameras("lobby", "hall") as box, watching(box, "lobby") as (source, said):
            assert await said.get() == CameraUp("lobby")
            box.kill("lobby")
            assert isinstance(await said.get(), CameraLost)
            assert source.latest() is None
            box.restart("lobby")
            assert await said.get() == CameraUp("lobby")
            await changed(source, None)

    asyncio.run(story())


def test_frames_that_arrive_late_are_told_by_when_they_were_taken():
    late = 0.0

    async def story():
        nonlocal late
        clock = lambda: time.monotonic() + late  # noqa: E731 - it must see `late` change
        async with cameras("lobby") as box, watching(box, "lobby", clock=clock) as (source, said):
            assert await said.get() == CameraUp("lobby")
            await asyncio.sleep(0.5)
            late = 60.0  # as if all that follows had lain in a buffer for a minute
            for _ in range(3):
                await changed(source, source.latest())
            assert source.latest().seen_at < time.monotonic() + 1.0

    asyncio.run(story())


def test_a_frame_kept_back_is_told_from_a_new_one():
    clock = CaptureClock()
    assert clock.seen_at(0.0, 100.0) == pytest.approx(100.0)
    assert clock.seen_at(0.2, 100.2) == pytest.approx(100.2, abs=0.01)
    assert clock.seen_at(0.4, 103.4) == pytest.approx(100.4, abs=0.01)
    assert clock.seen_at(3.6, 103.6) == pytest.approx(103.6, abs=0.01)


def test_the_first_frames_late_arrival_is_corrected_by_a_quicker_one():
    clock = CaptureClock()
    assert clock.seen_at(0.0, 101.0) == pytest.approx(101.0)
    assert clock.seen_at(1.0, 101.1) == pytest.approx(101.1)
    assert clock.seen_at(2.0, 102.6) == pytest.approx(102.1, abs=0.01)


def test_a_camera_whose_clock_begins_anew_is_not_old_for_ever():
    clock = CaptureClock()
    clock.seen_at(500.0, 100.0)
    assert clock.seen_at(0.0, 101.0) == pytest.approx(101.0)
    assert clock.seen_at(None, 102.0) == 102.0


TOGETHER = """
import threading
import av, numpy as np
from vision.source import Frame

newest, over = [None], threading.Event()

def look():
    while not over.is_set():
        newest[0].rgb()

def shown(number):
    noise = np.full((540, 640), number % 200, np.uint8)
    return Frame(number, 0.0, av.VideoFrame.from_ndarray(noise, format="yuv420p"))

newest[0] = shown(0)
threads = [threading.Thread(target=look) for _ in range(3)]
for thread in threads:
    thread.start()
for number in range(2000):
    newest[0] = shown(number)
over.set()
for thread in threads:
    thread.join()
"""


def test_one_frame_is_looked_at_by_several_threads():
    """The wall and the eyes ask for the same one: what they shared of it once hung the process, or killed it."""
    assert subprocess.run([sys.executable, "-c", TOGETHER], timeout=120, check=False).returncode == 0
