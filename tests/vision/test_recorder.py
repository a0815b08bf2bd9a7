"""The recorder over real RTSP, in its real process: films, masks, live fragments, and what it survives."""

import asyncio
import contextlib
import hashlib
import io
import os
import signal
import subprocess
import time
from pathlib import Path

import av
import av.error
import numpy as np
import pytest
import simplejpeg

from simulators.camera import Cameras
from vision.recording.messages import ClipDone, Kept, NotKept, Record, Still, StillDone, Watch
from vision.recording.sealed import BrokenOff, unsealed
from vision.recording.supervisor import RecorderSupervisor

KEY, LABEL = os.urandom(32), "rec-clips-lobby-2026-11-22"
PATIENCE = 60.0
TOP_HALF = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))


class Place:
    """A recorder, its camera, and what it said."""

    def __init__(self, cameras: Cameras, supervisor: RecorderSupervisor, folder: Path, values) -> None:
        self.cameras, self.supervisor, self.folder, self._values = cameras, supervisor, folder, values

    async def next(self, kind):
        async with asyncio.timeout(PATIENCE):
            while not isinstance(value := await self._values.get(), kind):
                pass
            return value

    def clip(self, name: str, since: float, until: float) -> None:
        now = time.monotonic()
        path = str(self.folder / name)
        self.supervisor.post(Record(name, "lobby", path, KEY, LABEL, now + since, now + until))

    async def warm(self) -> None:
        """Wait until pictures arrive."""
        for number in range(100):
            path = str(self.folder / f"warm-{number}")
            self.supervisor.post(Still(f"warm-{number}", "lobby", path, KEY, LABEL, time.monotonic()))
            if isinstance(await self.next((StillDone, NotKept)), StillDone):
                return
            await asyncio.sleep(0.3)
        raise AssertionError("no picture came")


@contextlib.asynccontextmanager
async def place(folder: Path, *, burnt=(), reserve: int = 0):
    values = asyncio.Queue()
    async with Cameras(["lobby"], username="ostiary", password="secret") as cameras:
        supervisor = RecorderSupervisor(values.put_nowait, reserve)
        supervisor.post(Watch("lobby", cameras.url("lobby"), "ostiary", "secret", 10.0, burnt))
        await supervisor.start()
        try:
            yield Place(cameras, supervisor, folder, values)
        finally:
            await supervisor.stop()
        assert supervisor.process_id is None


def film(path: Path) -> bytes:
    with path.open("rb") as file:
        return b"".join(unsealed(file, KEY, LABEL))


def broken_off(path: Path) -> bytes:
    """What is left of a film whose writer was killed."""
    left = b""
    with path.open("rb") as file:
        parts = unsealed(file, KEY, LABEL)
        while True:
            try:
                left += next(parts)
            except BrokenOff:
                return left


def pictures(clear: bytes, *, whole: bool = True) -> list[av.VideoFrame]:
    """The pictures of a film; of one that was broken off, those before the one it broke off in."""
    found: list[av.VideoFrame] = []
    with (
        av.open(io.BytesIO(clear)) as container,
        contextlib.nullcontext() if whole else contextlib.suppress(av.error.InvalidDataError),
    ):
        found.extend(container.decode(video=0))
    return found


def test_a_clip_holds_what_came_before_it_was_asked_for_as_the_camera_sent_it(tmp_path):
    async def story():
        async with place(tmp_path) as here:
            await here.warm()
            await asyncio.sleep(2.5)
            here.clip("c1", -2.0, 1.0)
            done = await here.next(ClipDone)
            clear = film(tmp_path / "c1")
            assert (len(clear), hashlib.sha256(clear).hexdigest()) == (done.size, done.digest)
            shown = pictures(clear)
            assert float(shown[-1].time - shown[0].time) >= 2.5
            assert (shown[0].width, shown[0].height) == (480, 360)
            assert clear not in (tmp_path / "c1").read_bytes()
            assert (tmp_path / "c1").stat().st_mode & 0o077 == 0
            kept = await here.next(Kept)
            assert kept.recorded >= 0.999 * kept.expected > 0

            number, viewer = here.supervisor.view("lobby")
            here.cameras.show_face("lobby", "hopper")
            got = b""
            async with asyncio.timeout(PATIENCE):
                while got.count(b"moof") < 5:
                    got += await viewer.get()
            here.supervisor.unview(number)
            assert got[4:8] == b"ftyp"
            assert len(pictures(got)) >= 4

    asyncio.run(story())


def test_what_is_burnt_is_in_no_film_no_still_and_no_fragment(tmp_path):
    async def story():
        async with place(tmp_path, burnt=(TOP_HALF,)) as here:
            await here.warm()
            here.clip("c1", -1.0, 1.0)
            await here.next(ClipDone)
            for shown in pictures(film(tmp_path / "c1")):
                grey = shown.to_ndarray(format="gray")
                assert grey[:170].max() < 40
                assert grey[190:].mean() > 40
            still = next(path for path in sorted(tmp_path.glob("warm-*")))
            assert np.asarray(simplejpeg.decode_jpeg(film(still)))[:170].max() < 40

    asyncio.run(story())


def test_a_killed_recorder_costs_a_second_of_film_and_comes_back(tmp_path):
    async def story():
        async with place(tmp_path) as here:
            await here.warm()
            here.clip("c1", -0.5, 30.0)
            await asyncio.sleep(5.0)
            first = here.supervisor.process_id
            os.kill(first, signal.SIGKILL)
            assert (await here.next(NotKept)).recording == "c1"
            left = broken_off(tmp_path / "c1.part")
            shown = pictures(left, whole=False)
            assert float(shown[-1].time - shown[0].time) >= 3.0
            await asyncio.sleep(0.5)
            await asyncio.sleep(4.0)
            assert here.supervisor.process_id not in (None, first)
            here.clip("c2", -0.5, 1.5)
            await here.next(ClipDone)

    asyncio.run(story())


def test_a_camera_that_goes_ends_its_clip_and_the_next_one_begins_when_it_is_back(tmp_path):
    async def story():
        async with place(tmp_path) as here:
            await here.warm()
            here.clip("c1", -1.0, 2.0)
            here.cameras.kill("lobby")
            done = await here.next(ClipDone)
            assert done.size > 0
            here.clip("c2", 0.0, 1.0)
            assert (await here.next(NotKept)).why == "no picture came"
            here.cameras.restart("lobby")
            await asyncio.sleep(6.0)
            here.clip("c3", -0.5, 1.0)
            await here.next(ClipDone)

    asyncio.run(story())


def test_a_stop_finishes_what_is_being_written(tmp_path):
    async def story():
        async with place(tmp_path) as here:
            await here.warm()
            here.clip("c1", -1.0, 60.0)
            await asyncio.sleep(1.5)
        assert pictures(film(tmp_path / "c1"))

    asyncio.run(story())


def test_the_disks_last_room_is_the_logs(tmp_path):
    async def story():
        async with place(tmp_path, reserve=2**60) as here:
            await asyncio.sleep(3.0)
            here.clip("c1", -1.0, 1.0)
            assert (await here.next(NotKept)).why == "the disk's last room is the log's"
            assert not list(tmp_path.iterdir())

    asyncio.run(story())


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_a_full_disk_ends_the_film_and_not_the_recorder(tmp_path):
    async def story():
        async with place(tmp_path) as here:
            await asyncio.sleep(3.0)
            (tmp_path / "filler").write_bytes(bytes(60 * 1024))
            with contextlib.suppress(OSError):
                (tmp_path / "rest").write_bytes(bytes(2**20))
            here.clip("c1", -1.0, 2.0)
            assert "space" in (await here.next(NotKept)).why.lower()
            (tmp_path / "rest").unlink()
            (tmp_path / "filler").unlink()
            here.clip("c2", -1.0, 1.0)
            assert (await here.next(ClipDone)).clip == "c2"

    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], check=False)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        asyncio.run(story())
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
