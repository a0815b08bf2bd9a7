"""The simulated cameras seen by FFmpeg, a client that is not ours."""

import asyncio
from itertools import pairwise
from threading import Event

import av
import av.error
import numpy as np
import pytest

from simulators.camera import Cameras
from simulators.encoding import Codec, Format
from simulators.scene import EMPTY, LOOP_FRAMES, Scene

OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "0", "fpsprobesize": "0"}


def cameras() -> Cameras:
    return Cameras(["lobby", "hall"], username="ostiary", password="secret")


def url(box: Cameras, camera: str, password: str = "secret") -> str:
    return box.url(camera).replace("rtsp://", f"rtsp://ostiary:{password}@")


def frames(address: str, count: int, shown: Event | None = None) -> list[np.ndarray]:
    with av.open(address, options=OPTIONS, timeout=(20.0, 20.0)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert "Baseline" in stream.codec_context.profile
        found = []
        for frame in container.decode(stream):
            found.append(frame.to_ndarray(format="rgb24"))
            if shown:
                shown.set()
            if len(found) == count:
                break
        return found


def seen(box: Cameras, camera: str, count: int = 3, shown: Event | None = None):
    return asyncio.to_thread(frames, url(box, camera), count, shown)


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
            shown = Event()
            watching = asyncio.create_task(seen(box, "lobby", 1000, shown))
            assert await asyncio.to_thread(shown.wait, 20)
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
        shown = Event()
        watching = asyncio.create_task(seen(box, "lobby", 1000, shown))
        assert await asyncio.to_thread(shown.wait, 20)
        await box.stop()
        await watching
        await box.start()
        assert box.port == port
        await box.stop()

    asyncio.run(story())


def opened(address: str, count: int, transport: str = "tcp") -> tuple[str, list[np.ndarray]]:
    """The codec's name and the luma of so many pictures."""
    with av.open(address, options={**OPTIONS, "rtsp_transport": transport}, timeout=(20.0, 20.0)) as container:
        stream = container.streams.video[0]
        found = [
            frame.to_ndarray(format="gray") for _, frame in zip(range(count), container.decode(stream), strict=False)
        ]
        return stream.codec_context.name, found


def with_login(address: str) -> str:
    return address.replace("rtsp://", "rtsp://ostiary:secret@")


def test_pictures_come_by_udp_as_well():
    async def story():
        async with cameras() as box:
            name, found = await asyncio.to_thread(opened, with_login(box.url("lobby")), 5, "udp")
            assert (name, found[-1].shape) == ("h264", (360, 480))
            assert found[-1].mean() > 60

    asyncio.run(story())


def test_each_camera_has_a_large_and_a_small_stream_in_h265_as_well():
    large, small = Format(640, 360, 5, Codec.H265), Format(320, 180, 5, Codec.H265)

    async def story():
        async with Cameras(["lobby"], username="ostiary", password="secret", large=large, small=small) as box:
            for is_small, shape in ((False, (360, 640)), (True, (180, 320))):
                name, found = await asyncio.to_thread(opened, with_login(box.url("lobby", small=is_small)), 4)
                assert (name, found[-1].shape) == ("hevc", shape)
                assert 60 < found[-1].mean() < 200
            with pytest.raises(av.error.HTTPNotFoundError):
                await asyncio.to_thread(opened, with_login(f"{box.url('lobby')}/third"), 1)

    asyncio.run(story())


def test_no_two_pictures_are_the_same_until_the_encoder_hangs():
    async def story():
        async with cameras() as box:
            _, moving = await asyncio.to_thread(opened, with_login(box.url("lobby")), 20)
            assert all((one != other).any() for one, other in pairwise(moving))
            box.freeze("lobby")
            _, still = await asyncio.to_thread(opened, with_login(box.url("lobby")), 6)
            assert all((one == other).all() for one, other in pairwise(still))
            box.thaw("lobby")
            _, again = await asyncio.to_thread(opened, with_login(box.url("lobby")), 3)
            assert (again[-1] != again[-2]).any()

    asyncio.run(story())


def test_a_silent_camera_accepts_and_says_nothing_until_it_speaks_and_its_neighbour_goes_on():
    async def story():
        async with cameras() as box:
            box.silence("lobby")
            waiting = asyncio.create_task(seen(box, "lobby", 1))
            assert len(await seen(box, "hall", 2)) == 2
            assert not waiting.done()
            box.speak("lobby")
            assert len(await waiting) == 1

    asyncio.run(story())


def test_stopping_waits_for_no_silent_camera():
    async def story():
        async with cameras() as box:
            box.silence("lobby")
            _, writer = await asyncio.open_connection("127.0.0.1", box.port)
            writer.write(b"OPTIONS rtsp://x/lobby RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            await writer.drain()
        writer.close()

    asyncio.run(asyncio.wait_for(story(), 10.0))


def test_another_password_hangs_up_and_refuses_the_old_one():
    async def story():
        async with cameras() as box:
            box.set_password("lobby", "new")
            with pytest.raises(av.error.HTTPUnauthorizedError):
                await seen(box, "lobby", 1)
            assert len(await asyncio.to_thread(frames, url(box, "lobby", "new"), 1)) == 1
            assert len(await seen(box, "hall", 1)) == 1

    asyncio.run(story())


def test_people_walk_through_once_and_are_gone():
    box = cameras()
    seconds = box.walk("lobby", 2)
    assert box.scene("lobby").walking == 2
    assert seconds > 6
    box._cameras["lobby"].since -= seconds
    assert box.scene("lobby") == EMPTY


def test_a_film_file_is_shown_again_and_again(tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for grey in (60, 60, 60, 60, 60, 200, 200, 200, 200, 200):
            picture = av.VideoFrame.from_ndarray(np.full((240, 320, 3), grey, dtype=np.uint8), format="rgb24")
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))

    async def story():
        async with cameras() as box:
            box.show_film("lobby", str(path))
            _, found = await asyncio.to_thread(opened, with_login(box.url("lobby")), 12)
            bright = [frame.mean() > 128 for frame in found]
            assert {True, False} == {bool(one) for one in bright}

    asyncio.run(story())
