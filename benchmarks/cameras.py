"""Many cameras at once: what motion, rings and wall take of a processor, what is recorded, what each camera weighs.

Simulated cameras send real RTSP from a process of their own, 1280x720 and 640x360 at 5 pictures a second each; the eyes
watch a zone of every small stream, the recorder writes every large one, and sixteen tiles are shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import av
import psutil
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from benchmarks.extent import Extent, Tick
from benchmarks.rows import BenchmarkFailed, Figure, Row
from simulators.encoding import Format, encoded
from simulators.scene import Scene, drawn
from vision.messages import CameraUp, Looks, Sight, Value, Watch
from vision.recording import messages as film
from vision.recording.supervisor import RecorderSupervisor
from vision.supervisor import Supervisor

FPS, TILES, QUALITY = 5, 16, 80
SMALL = Format(640, 360, FPS)
RING = 10.0
WARM_WITHIN = 300.0
SETTLES = 5.0
ONE_CORE, LEAST_KEPT, MEGABYTES = 90.0, 99.9, 40.0
ZONE = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))
KEY, LABEL = bytes(32), "bench"
SAMPLES = 40


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one run: percent of one core, percent recorded of what was to be, megabytes a camera; and how it was taken."""

    core: float
    kept: float
    memory: float
    text: str


_taken: dict[tuple[int, float], Taken] = {}


async def cameras_32(extent: Extent, folder: Path, tick: Tick) -> Row:
    """What eyes and recorder take of one core, beside decoding and JPEG alone."""
    taken = await _once(extent, folder)
    tick(1)
    promise = Figure(f"of one core at most; {taken.text}", ONE_CORE)
    beside = Figure("decoding every small picture and a JPEG of each tile, alone", _alone(extent.cameras))
    return Row("cameras_32", taken.core, "%", promise, beside, as_promised=extent.cameras == 32)


async def recorded_over_expected(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Seconds of clips that were kept, of those that were to be."""
    taken = await _once(extent, folder)
    tick(1)
    promise = Figure(f"recorded over expected seconds; {taken.text}", LEAST_KEPT)
    return Row("recorded_over_expected", taken.kept, "%", promise, None, at_least=True)


async def memory_per_camera(extent: Extent, folder: Path, tick: Tick) -> Row:
    """What eyes and recorder weigh, by camera: their models are shared, and part of it."""
    taken = await _once(extent, folder)
    tick(1)
    promise = Figure(f"eyes and recorder together, their models included; {taken.text}", MEGABYTES)
    return Row("memory_per_camera", taken.memory, "MB", promise, None, as_promised=extent.cameras == 32)


async def _once(extent: Extent, folder: Path) -> Taken:
    asked = (extent.cameras, extent.filmed_seconds)
    if asked not in _taken:
        _taken[asked] = await _measured(*asked, folder)
    return _taken[asked]


async def _measured(count: int, seconds: float, folder: Path) -> Taken:
    said: list[Value | film.Value] = []
    eyes, recorder = Supervisor(said.append), RecorderSupervisor(said.append)
    async with _park(count, folder) as places, contextlib.AsyncExitStack() as stack:
        for name, (large, small, user, password) in places.items():
            sights = (Sight(f"see-{name}", Looks.INTRUSION, ZONE),)
            eyes.post(Watch(name, small, user, password, sights=sights))
            recorder.post(film.Watch(name, large, user, password, RING))
        for each in (eyes, recorder):
            await each.start()
            stack.push_async_callback(each.stop)
        await _until(lambda: {v.camera for v in said if isinstance(v, CameraUp)} >= places.keys())
        await asyncio.sleep(SETTLES)
        processes = [psutil.Process(pid) for pid in (eyes.worker_pid, recorder.process_id) if pid is not None]
        began, before = time.monotonic(), _spent(processes)
        for name in places:
            path = str(folder / f"clip-{name}")
            recorder.post(film.Record(name, name, path, KEY, LABEL, began, began + seconds))
        await _show(eyes, list(places)[:TILES], began + seconds)
        took, spent = time.monotonic() - began, _spent(processes) - before
        memory = sum(process.memory_full_info().uss for process in processes) / 1e6 / count
        await _until(lambda: sum(isinstance(v, film.ClipDone | film.NotKept) for v in said) >= count)
    clips = [v for v in said if isinstance(v, film.ClipDone)]
    recorded = sum(min(clip.ended + 1 / FPS, began + seconds) - max(clip.began, began) for clip in clips)
    load = os.getloadavg()[0]
    text = f"{count} cameras, 720p and 360p at {FPS}/s, {took:.0f} s, load of the machine {load:.1f}"
    return Taken(100 * spent / took, 100 * recorded / (count * seconds), memory, text)


@contextlib.asynccontextmanager
async def _park(count: int, folder: Path) -> AsyncIterator[dict[str, tuple[str, str, str, str]]]:
    line = [sys.executable, "-m", "simulators", "cameras", "--count", str(count), "--port", "0", "--fps", str(FPS)]
    pipe = asyncio.subprocess.PIPE
    line += ["--data", str(folder)]
    park = await asyncio.create_subprocess_exec(*line, limit=1 << 20, stdin=pipe, stdout=pipe)
    try:
        if park.stdout is None or not (ready := await park.stdout.readline()):
            raise BenchmarkFailed("the simulated cameras did not begin")
        logins = json.loads((folder / "cameras.json").read_text(encoding="utf-8"))
        yield {
            name: (at["url"], at["small_url"], logins[name]["username"], logins[name]["password"])
            for name, at in json.loads(ready)["ready"].items()
        }
    finally:
        park.kill()
        await park.wait()


async def _show(eyes: Supervisor, tiles: list[str], until: float) -> None:
    """Ask for every tile as often as a wall does."""
    while (now := time.monotonic()) < until:
        await asyncio.gather(*(eyes.picture(tile) for tile in tiles))
        await asyncio.sleep(max(0.0, now + 1 / FPS - time.monotonic()))


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WARM_WITHIN):
        while not true():  # noqa: ASYNC110 - a list rings no bell
            await asyncio.sleep(0.1)


def _spent(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _alone(count: int) -> float:
    """Return the percent of a core that decoding all small pictures and encoding all tiles take by themselves."""
    loop = encoded((drawn("cam", Scene(), index) for index in range(SAMPLES)), SMALL)
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = [b"".join(b"\x00\x00\x00\x01" + nal for nal in picture) for picture in loop.pictures]
    began = time.process_time()
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    decoding = (time.process_time() - began) / max(1, len(frames))
    image = frames[-1].to_ndarray(format="rgb24")
    began = time.process_time()
    for _ in range(SAMPLES):
        simplejpeg.encode_jpeg(image, quality=QUALITY)
    jpeg = (time.process_time() - began) / SAMPLES
    return 100 * FPS * (count * decoding + min(TILES, count) * jpeg)
