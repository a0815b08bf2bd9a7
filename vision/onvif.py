"""Cameras that speak ONVIF: who is on the network (WS-Discovery), and what one of them offers (profiles, addresses).

The definitions that its SOAP needs come with the package `onvif-zeep-async`: nothing is fetched.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lxml import etree  # type: ignore[import-untyped]  # it ships no types

GROUP = ("239.255.255.250", 3702)
"""Where everybody listens (WS-Discovery 1.1, 2.4)."""
LISTENS_FOR = 3.0
"""Seconds that answers are waited for."""
ANSWERS_WITHIN = 10.0
"""Seconds that one camera has to tell all that it is asked."""
MOST_BYTES = 65_535
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
PROBE = f"""<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="{SOAP}" xmlns:w="{ADDRESSING}" xmlns:d="{DISCOVERY}"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>uuid:%s</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action>{DISCOVERY}/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""
_NAME, _HARDWARE = "onvif://www.onvif.org/name/", "onvif://www.onvif.org/hardware/"


class OnvifError(Exception):
    """The camera could not be asked, or answered with what makes no sense; in words for a technician."""


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that answered: the address of its device service, its name and make as it says."""

    address: str
    name: str
    hardware: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One stream: codec, size in pixels (0: not said), and where it and a snapshot are. No address holds a password."""

    name: str
    codec: str
    width: int
    height: int
    stream: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a camera is, and its streams, the largest first. ``turns``: it can be turned by ONVIF's PTZ service."""

    maker: str
    model: str
    firmware: str
    serial: str
    profiles: tuple[Profile, ...]
    turns: bool


async def discover(
    group: tuple[str, int] = GROUP, seconds: float = LISTENS_FOR, interface: str | None = None
) -> tuple[Found, ...]:
    """Ask who is there, and return who answered, by address. ``interface`` is the address of ours to ask from."""
    asked = str(uuid.uuid4())
    heard: dict[str, Found] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.setblocking(False)  # noqa: FBT003 - the standard library's
        if interface is not None:
            port.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        running = asyncio.get_running_loop()
        await running.sock_sendto(port, (PROBE % asked).encode(), group)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    answer = await running.sock_recv(port, MOST_BYTES)
                    heard |= {found.address: found for found in matches(answer, asked)}
    return tuple(heard[address] for address in sorted(heard))


def matches(answer: bytes, asked: str) -> tuple[Found, ...]:
    """Read an answer to the probe of this number; anything else than that is nobody."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        tree = etree.fromstring(answer, parser)
    except etree.XMLSyntaxError:
        return ()
    if tree.findtext(f".//{{{ADDRESSING}}}RelatesTo", "").removeprefix("urn:").removeprefix("uuid:") != asked:
        return ()
    return tuple(_found(match) for match in tree.iter(f"{{{DISCOVERY}}}ProbeMatch") if _address(match))


async def probe(address: str, username: str, password: str) -> Offer:
    """Ask one camera, at `HOST[:PORT]`, what it is and offers. OnvifError says in a sentence why not."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN), connected(address, username, password) as camera:
            return await _offer(camera)
    except TimeoutError as late:
        raise OnvifError(f"{address} did not answer within {ANSWERS_WITHIN:.0f} s") from late
    except OnvifError:
        raise
    except Exception as error:  # zeep, aiohttp and the library each have a tree of their own
        raise OnvifError(sentence(address, error)) from error


@contextlib.asynccontextmanager
async def connected(address: str, username: str, password: str) -> AsyncIterator[Any]:
    """Yield a camera (the library's `ONVIFCamera`) that has told where its services are; raises what the library does.

    Reading the definitions takes half a second of processor: not on a loop that holds doors.
    """
    from onvif import ONVIFCamera  # type: ignore[import-untyped]  # here: it takes a second to load

    parts = urlsplit(f"//{address}")
    if not parts.hostname:
        raise OnvifError(f"{address!r} is no address: write HOST or HOST:PORT")
    camera = ONVIFCamera(parts.hostname, parts.port or 80, username, password, adjust_time=True, no_cache=True)
    try:
        await camera.update_xaddrs()
        yield camera
    finally:
        await camera.close()


async def _offer(camera: Any) -> Offer:
    device, media = await camera.create_devicemgmt_service(), await camera.create_media_service()
    made = await device.GetDeviceInformation()
    profiles = [await _profile(media, each) for each in await media.GetProfiles()]
    profiles.sort(key=lambda profile: profile.width * profile.height, reverse=True)
    turns = any("/ptz/" in namespace for namespace in camera.xaddrs)
    who = str(made.Manufacturer), str(made.Model), str(made.FirmwareVersion), str(made.SerialNumber)
    return Offer(*who, tuple(profiles), turns)


async def _profile(media: Any, profile: Any) -> Profile:
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    stream = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": profile.token})
    still = await media.GetSnapshotUri({"ProfileToken": profile.token})
    encoder = profile.VideoEncoderConfiguration
    size = (0, 0) if encoder is None else (int(encoder.Resolution.Width), int(encoder.Resolution.Height))
    codec = "" if encoder is None else str(encoder.Encoding)
    return Profile(str(profile.Name), codec, *size, _without_login(str(stream.Uri)), _without_login(str(still.Uri)))


def _without_login(address: str) -> str:
    """Return the address without the user name and password that some cameras put into it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def sentence(address: str, error: Exception) -> str:
    """Say in words for a technician why a camera could not be asked."""
    text = str(error)
    if "authori" in text.lower() or "401" in text:
        return f"{address} refused the user name or password"
    return f"{address} does not speak ONVIF, or not to us: {type(error).__name__}"


def _address(match: Any) -> str:
    return str(match.findtext(f"{{{DISCOVERY}}}XAddrs", "")).split(" ")[0].strip()


def _found(match: Any) -> Found:
    scopes = str(match.findtext(f"{{{DISCOVERY}}}Scopes", "")).split()
    return Found(_address(match), _scope(scopes, _NAME), _scope(scopes, _HARDWARE))


def _scope(scopes: list[str], prefix: str) -> str:
    return next((scope.removeprefix(prefix) for scope in scopes if scope.startswith(prefix)), "")
