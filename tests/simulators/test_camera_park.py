"""`ostiary-sim cameras` as its own process."""

import asyncio
import json
import socket
import sys

import av
import pytest

from simulators.camera_park import Park, format_of, place_of
from simulators.encoding import Codec, Format
from vision.onvif import OnvifError, connected, discover, probe
from vision.talking.head import OnvifHead


def test_a_size_is_read_and_nonsense_refused():
    assert format_of("1280x720", 5, "h265") == Format(1280, 720, 5, Codec.H265)
    for size in ("1281x720", "8x8", "wide", "1280"):
        with pytest.raises(ValueError):
            format_of(size, 5, "h264")


def test_the_small_stream_is_never_wider_than_640(tmp_path):
    assert Park(1, 0, Format(1280, 720, 5), tmp_path).small == Format(640, 360, 5)
    assert Park(1, 0, Format(480, 360, 8), tmp_path).small == Format(480, 360, 8)


def test_a_place_is_read_and_nonsense_refused():
    assert place_of("127.0.0.1:3702") == ("127.0.0.1", 3702)
    for text in ("127.0.0.1", ":3702", "host:port"):
        with pytest.raises(ValueError):
            place_of(text)


def test_by_onvif_they_are_found_tell_their_streams_and_turn(tmp_path):
    async def story():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            port.bind(("127.0.0.1", 0))
            where = port.getsockname()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", "cameras", "--count", "2", "--port", "0", "--size", "320x180"),
            *("--data", str(tmp_path), "--onvif", "0", "--turning", "1", "--discovery", f"127.0.0.1:{where[1]}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

        async def told(**order: object) -> dict[str, object]:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            return json.loads(await process.stdout.readline())

        ready = json.loads(await process.stdout.readline())["ready"]
        logins = json.loads((tmp_path / "cameras.json").read_text())
        asked = discover(where, 2.0)
        assert {(one.name, one.address) for one in await asked} == {
            (name, ready[name]["onvif"]) for name in ("cam-01", "cam-02")
        }
        at = {name: ready[name]["onvif"].split("/")[2] for name in ready}
        login = {name: (logins[name]["username"], logins[name]["password"]) for name in ready}
        offers = {name: await probe(at[name], *login[name]) for name in ready}
        assert {name: (offer.serial, offer.turns) for name, offer in offers.items()} == {
            "cam-01": ("cam-01", True),
            "cam-02": ("cam-02", False),
        }
        for name, offer in offers.items():
            assert {one.stream for one in offer.profiles} == {ready[name]["url"], ready[name]["small_url"]}
        with pytest.raises(OnvifError, match="refused the user name or password"):
            await probe(at["cam-01"], *login["cam-02"])

        async with connected(at["cam-01"], *login["cam-01"]) as camera:
            head = await OnvifHead.of(camera)
            await head.turn(1.0, 0.0, 0.0, 5.0)
            while (await told(verb="aim", camera="cam-01"))["pan"] < 5.0:  # noqa: ASYNC110 - a head rings no bell
                await asyncio.sleep(0.05)
            await head.stop()
        assert "error" in await told(verb="aim", camera="cam-02")
        await told(verb="change_camera_password", camera="cam-02", password="another")
        assert (await probe(at["cam-02"], login["cam-02"][0], "another")).serial == "cam-02"
        process.stdin.close()
        assert await process.wait() == 0

    asyncio.run(asyncio.wait_for(story(), 120.0))


def test_many_cameras_stand_on_one_port_and_obey_hands(tmp_path):
    async def story():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", "cameras", "--count", "3", "--port", "0"),
            *("--size", "320x180", "--data", str(tmp_path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

        async def told(**order: object) -> dict[str, object]:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            return json.loads(await process.stdout.readline())

        ready = json.loads(await process.stdout.readline())["ready"]
        logins = json.loads((tmp_path / "cameras.json").read_text())
        assert set(ready) == set(logins) == {"cam-01", "cam-02", "cam-03"}
        assert len({login["password"] for login in logins.values()}) == 3

        def luma(camera: str) -> float:
            login = logins[camera]
            address = ready[camera]["small_url"].replace("://", f"://{login['username']}:{login['password']}@")
            with av.open(address, options={"rtsp_transport": "tcp"}, timeout=(20.0, 20.0)) as container:
                return next(container.decode(video=0)).to_ndarray(format="gray").mean()

        assert (await told(verb="cover_camera", camera="cam-02"))["at"] > 0
        assert (await told(verb="walk", camera="cam-03", people=2))["through"] == pytest.approx([5.3, 6.5])
        assert "error" in await told(verb="walk", camera="cam-03", people=99)
        assert "error" in await told(verb="cover_camera", camera="cam-99")
        assert "error" in await told(verb="dance", camera="cam-01")
        assert await asyncio.to_thread(luma, "cam-01") > 60 > 30 > await asyncio.to_thread(luma, "cam-02")
        process.stdin.close()
        assert await process.wait() == 0

    asyncio.run(asyncio.wait_for(story(), 60.0))
