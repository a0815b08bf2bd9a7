"""The simulated cameras seen by FFmpeg, a client that is not ours."""

import asyncio

import av
import av.error
import numpy as np
import pytest

from simulators.camera import Cameras
from simulators.scene import LOOP_FRAMES, Scene

OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "0", "fpsprobesize": "0"}


def cameras() -> Cameras:
    return Cameras(["lobby", "hall"], username="ostiary", password="secret")


def url(box: Cameras, camera: str, password: str = "secret") -> str:
    return box.url(camera).replace("rtsp://", f"rtsp://ostiary:{password}@")


def frames(address: str, count: int) -> list[np.ndarray]:
    with av.open(address, options=OPTIONS, timeout=(20.0, 20.0)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert "Baseline" in stream.codec_context.profile
        found = []
        for frame in container.decode(stream):
            found.append(frame.to_ndarray(format="rgb24"))
            if len(found) == count:
                break
        return found


def seen(box: Cameras, camera: str, count: int = 3):
    return asyncio.to_thread(frames, url(box, camera), count)


async def played(box: Cameras, camera: str) -> None:
    while not box.viewers(camera):  # noqa: ASYNC110 - a camera rings no bell when somebody looks
        await asyncio.sleep(0.01)


def test_two_cameras_on_one_port_show_each_their_own_scene():
    async def story():
        async with cameras() as box:
            box.show_face("lobby", "hopper")
            box.cover("hall")
            assert box.scene("lobby") == Scene(("hopper",))
            lobby, hall = await asyncio.gather(seen(box, "lobby"), seen(box, "hall"))
            assert lobby[0].shape == (360, 480, 3)
            assert lobby[-1].mean() > 60
            assert hall[-1].mean() < 25
            box.clear("hall")
            assert (await seen(box, "hall"))[-1].mean() > 60

    asyncio.run(story())


def test_pictures_go_on_over_the_end_of_the_loop():
    async def story():
        async with cameras() as box:
            assert len(await seen(box, "lobby", LOOP_FRAMES + 2)) == LOOP_FRAMES + 2

    asyncio.run(story())


def test_a_wrong_password_is_refused():
    async def story():
        async with cameras() as box:
            with pytest.raises(av.error.HTTPUnauthorizedError):
                await asyncio.to_thread(frames, url(box, "lobby", "wrong"), 1)

    asyncio.run(story())


def test_an_unknown_camera_is_not_found_and_the_hand_says_so_too():
    async def story():
        async with cameras() as box:
            with pytest.raises(av.error.HTTPNotFoundError):
                await asyncio.to_thread(frames, url(box, "cellar"), 1)
            with pytest.raises(KeyError):
                box.show_face("cellar", "hopper")

    asyncio.run(story())


def test_a_cut_cable_ends_the_stream_and_answers_nobody_until_it_is_mended():
    async def story():
        async with cameras() as box:
            watching = asyncio.create_task(seen(box, "lobby", 1000))
            await played(box, "lobby")
            box.kill("lobby")
            assert len(await watching) < 1000
            with pytest.raises(av.error.FFmpegError):
                await seen(box, "lobby", 1)
            assert len(await seen(box, "hall", 1)) == 1
            box.restart("lobby")
            assert len(await seen(box, "lobby", 1)) == 1

    asyncio.run(story())


async def asked(box: Cameras, *requests: bytes) -> list[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
    answers = []
    for request in requests:
        writer.write(request + b"\r\nCSeq: 1\r\n\r\n")
        answers.append(await reader.readuntil(b"\r\n\r\n"))
    writer.close()
    await writer.wait_closed()
    return answers


def test_options_are_open_and_everything_else_asks_for_credentials():
    async def story():
        async with cameras() as box:
            answers = await asked(
                box,
                b"OPTIONS rtsp://x/lobby RTSP/1.0",
                b"DESCRIBE rtsp://x/lobby RTSP/1.0",
                b"PLAY rtsp://x/lobby RTSP/1.0",
                b"TEARDOWN rtsp://x/lobby RTSP/1.0",
            )
            assert [answer.split()[1] for answer in answers] == [b"200", b"401", b"401", b"401"]
            assert b"GET_PARAMETER" in answers[0]
            assert b"WWW-Authenticate: Digest" in answers[1]

    asyncio.run(story())


def test_nonsense_is_hung_up_on_and_the_others_go_on():
    async def story():
        async with cameras() as box:
            reader, writer = await asyncio.open_connection("127.0.0.1", box.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
            assert len(await seen(box, "lobby", 1)) == 1

    asyncio.run(story())


def test_stop_hangs_up_on_everybody_and_start_uses_the_same_port():
    async def story():
        box = cameras()
        await box.start()
        port = box.port
        watching = asyncio.create_task(seen(box, "lobby", 1000))
        await played(box, "lobby")
        await box.stop()
        await watching
        await box.start()
        assert box.port == port
        await box.stop()

    asyncio.run(story())
