"""Cameras are found and asked over real sockets, and what is no camera is nobody."""

import asyncio
import socket
from pathlib import Path

import pytest

from simulators.camera import Cameras
from simulators.encoding import Format
from simulators.onvif import OnvifCamera
from vision.onvif import Found, OnvifError, discover, matches, probe

LARGE, SMALL = Format(640, 360, 5), Format(320, 180, 5)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        return int(port.getsockname()[1])


def box() -> Cameras:
    return Cameras(["lobby"], username="ostiary", password="secret", large=LARGE, small=SMALL)


def test_a_camera_that_hears_a_probe_is_found():
    async def story():
        where = ("127.0.0.1", free_port())
        async with box() as cameras, OnvifCamera(cameras, "lobby", "ostiary", "secret", discovery=where) as camera:
            assert await discover(where, 1.0) == (Found(camera.address, "lobby", "Simulated"),)

    asyncio.run(story())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"not xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<a xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"><w:RelatesTo>uuid:2</w:RelatesTo></a>',
    ],
)
def test_what_is_no_answer_to_us_is_nobody(answer):
    assert matches(answer, "1") == ()


def test_a_camera_tells_what_it_is_and_where_its_streams_are():
    async def story():
        where = ("127.0.0.1", free_port())
        async with box() as cameras, OnvifCamera(cameras, "lobby", "ostiary", "secret", discovery=where) as camera:
            offer = await probe(f"127.0.0.1:{camera.port}", "ostiary", "secret")
            assert (offer.maker, offer.model, offer.serial, offer.turns) == ("Ostiary", "Simulated", "lobby", False)
            assert [(p.codec, p.width, p.height, p.stream) for p in offer.profiles] == [
                ("H264", 640, 360, cameras.url("lobby")),
                ("H264", 320, 180, cameras.url("lobby", small=True)),
            ]
            assert offer.profiles[0].snapshot == f"http://127.0.0.1:{camera.port}/snapshot"
            with pytest.raises(OnvifError, match="refused the user name or password") as refused:
                await probe(f"127.0.0.1:{camera.port}", "ostiary", "wr0ng")
            assert "wr0ng" not in str(refused.value)

    asyncio.run(story())


def test_who_does_not_speak_onvif_is_told_in_a_sentence():
    async def story():
        with pytest.raises(OnvifError, match="does not speak ONVIF"):
            await probe("127.0.0.1:1", "ostiary", "secret")
        with pytest.raises(OnvifError, match="is no address"):
            await probe("", "ostiary", "secret")

    asyncio.run(story())


def test_what_soap_needs_is_in_the_package():
    import onvif

    assert (Path(onvif.__file__).parent / "wsdl" / "devicemgmt.wsdl").is_file()
