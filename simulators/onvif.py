"""The ONVIF side of a simulated camera: WS-UsernameToken, profiles, addresses, a snapshot, its head, what it tells of
motion, and WS-Discovery.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import inspect
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import simplejpeg  # type: ignore[import-untyped]  # it ships no types
from aiohttp import web
from lxml import etree  # type: ignore[import-untyped]  # it ships no types

from simulators.camera import Cameras
from simulators.onvif_events import EVENTS, NOTIFICATION, OnvifEvents
from simulators.onvif_head import CONFIGURATION, PTZ, OnvifHead
from simulators.scene import EMPTY, drawn

SOAP = "http://www.w3.org/2003/05/soap-envelope"
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSA = "http://www.w3.org/2005/08/addressing"
UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DEVICE, MEDIA = "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
OPEN_TO_ALL = frozenset({"GetSystemDateAndTime"})
GROUP = ("239.255.255.250", 3702)
MOST_BYTES = 65_535


class OnvifCamera:
    """One of the box's cameras, at `http://HOST:PORT/onvif/device_service`; an async context manager.

    It answers to probes as well, at the multicast group or wherever `discovery` says (None: it does not). What its
    detector of motion tells is whether people walk before it; ``head`` is what turns it, if anything does. A
    ``password`` of None is the one of its streams, whatever that is by then.
    """

    def __init__(
        self,
        cameras: Cameras,
        camera: str,
        username: str,
        password: str | None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        discovery: tuple[str, int] | None = GROUP,
        head: OnvifHead | None = None,
    ) -> None:
        self._cameras, self._camera = cameras, camera
        self._username, self._password = username, password
        self._host, self.port = host, port
        self._discovery = None if discovery is None else Discovery([self], discovery, host)
        self._head = head
        self.events = OnvifEvents(self._moves, lambda: self.address)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        for path in ("/onvif/device_service", "/onvif/device_service/{subscription}"):
            app.router.add_post(path, self._asked)
        app.router.add_get("/snapshot", self._snapshot)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        if self._discovery is not None:
            await self._discovery.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._discovery is not None:
            self._discovery.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def address(self) -> str:
        """The address of its device service."""
        return f"http://{self._host}:{self.port}/onvif/device_service"

    async def _asked(self, request: web.Request) -> web.Response:
        envelope = etree.fromstring(await request.read(), etree.XMLParser(resolve_entities=False, no_network=True))
        body = envelope.find(f"{{{SOAP}}}Body")
        if body is None or not len(body):
            return web.Response(status=400)
        asked = etree.QName(body[0]).localname
        if asked not in OPEN_TO_ALL and not self._is_authentic(envelope):
            return _fault("ter:NotAuthorized", "Sender not Authorized", 400)
        answer = self._answers(request.match_info.get("subscription", "")).get(asked)
        if answer is None:
            return _fault("ter:ActionNotSupported", f"{asked} is not supported", 500)
        said = answer(body[0])
        return _soap(await said if inspect.isawaitable(said) else said)

    def _is_authentic(self, envelope: Any) -> bool:
        """Check the digest of WS-UsernameToken (profile 1.0, 3.1): SHA-1 over nonce, time and password."""
        token = envelope.find(f".//{{{SECURITY}}}UsernameToken")
        if token is None or token.findtext(f"{{{SECURITY}}}Username") != self._username:
            return False
        nonce = base64.b64decode(token.findtext(f"{{{SECURITY}}}Nonce", ""))
        made = token.findtext(f"{{{UTILITY}}}Created", "").encode()
        password = self._cameras.password(self._camera) if self._password is None else self._password
        wanted = hashlib.sha1(nonce + made + password.encode(), usedforsecurity=False).digest()
        return hmac.compare_digest(token.findtext(f"{{{SECURITY}}}Password", ""), base64.b64encode(wanted).decode())

    def _moves(self) -> bool:
        scene = self._cameras.scene(self._camera)
        return scene is not None and scene.walking > 0

    def _answers(self, subscription: str) -> Mapping[str, Callable[[Any], str | Awaitable[str]]]:
        return {
            **self.events.answers(subscription),
            **(self._head.answers() if self._head is not None else {}),
            "GetSystemDateAndTime": lambda _: _now(),
            "GetServices": lambda _: self._services(),
            "GetDeviceInformation": lambda _: self._made(),
            "GetProfiles": lambda _: self._profiles(),
            "GetStreamUri": self._stream_uri,
            "GetSnapshotUri": lambda _: self._uri("GetSnapshotUri", f"http://{self._host}:{self.port}/snapshot"),
        }

    def _services(self) -> str:
        listed = "".join(
            f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>{self.address}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
            for namespace in (DEVICE, MEDIA, EVENTS, *([PTZ] if self._head is not None else []))
        )
        return f"<tds:GetServicesResponse>{listed}</tds:GetServicesResponse>"

    def _made(self) -> str:
        return (
            "<tds:GetDeviceInformationResponse><tds:Manufacturer>Ostiary</tds:Manufacturer>"
            "<tds:Model>Simulated</tds:Model><tds:FirmwareVersion>1.0</tds:FirmwareVersion>"
            f"<tds:SerialNumber>{self._camera}</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId>"
            "</tds:GetDeviceInformationResponse>"
        )

    def _profiles(self) -> str:
        listed = ""
        for token, stream in (("sub", "sub"), ("main", "")):
            shape = self._cameras.shape(stream)
            if shape is None:
                continue
            listed += (
                f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
                f'<tt:VideoEncoderConfiguration token="{token}"><tt:Name>{token}</tt:Name><tt:UseCount>1</tt:UseCount>'
                f"<tt:Encoding>{shape.codec.name}</tt:Encoding><tt:Resolution><tt:Width>{shape.width}</tt:Width>"
                f"<tt:Height>{shape.height}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality>"
                f"</tt:VideoEncoderConfiguration>{CONFIGURATION if self._head is not None else ''}</trt:Profiles>"
            )
        return f"<trt:GetProfilesResponse>{listed}</trt:GetProfilesResponse>"

    def _stream_uri(self, asked: Any) -> str:
        small = asked.findtext(f"{{{MEDIA}}}ProfileToken") == "sub"
        return self._uri("GetStreamUri", self._cameras.url(self._camera, small=small))

    def _uri(self, asked: str, uri: str) -> str:
        return (
            f"<trt:{asked}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            f"<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:{asked}Response>"
        )

    async def _snapshot(self, _: web.Request) -> web.Response:
        image = drawn(self._camera, self._cameras.scene(self._camera) or EMPTY, 0)
        return web.Response(body=simplejpeg.encode_jpeg(image), content_type="image/jpeg")

    def match(self, asked: str) -> str:
        """Return its answer to the probe of this number."""
        return (
            f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:d="{DISCOVERY}"><s:Header>'
            f"<a:RelatesTo>{asked}</a:RelatesTo><a:Action>{DISCOVERY}/ProbeMatches</a:Action></s:Header>"
            f"<s:Body><d:ProbeMatches><d:ProbeMatch><d:Scopes>onvif://www.onvif.org/name/{self._camera} "
            f"onvif://www.onvif.org/hardware/Simulated</d:Scopes><d:XAddrs>{self.address}</d:XAddrs>"
            "</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
        )


class Discovery:
    """Answers probes (WS-Discovery) for cameras, each for itself, where the multicast group or `where` is heard."""

    def __init__(self, cameras: Sequence[OnvifCamera], where: tuple[str, int] = GROUP, host: str = "127.0.0.1") -> None:
        self._cameras, self._where, self._host = cameras, where, host
        self._listening: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._listening, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Probed(self._matches), sock=_joined(self._where, self._host)
        )

    def stop(self) -> None:
        """End that."""
        if self._listening is not None:
            self._listening.close()

    def _matches(self, asked: str) -> list[str]:
        return [camera.match(asked) for camera in self._cameras]


class _Probed(asyncio.DatagramProtocol):
    """Answers each probe with what `matches` makes of its number."""

    def __init__(self, matches: Callable[[str], list[str]]) -> None:
        self._matches = matches
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = transport  # type: ignore[assignment]  # a datagram endpoint has this kind

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a probe; anything else is nobody's business."""
        try:
            tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            return
        if tree.find(f".//{{{DISCOVERY}}}Probe") is not None and self._transport is not None:
            asked = tree.findtext(f".//{{{ADDRESSING}}}MessageID", "")
            for match in self._matches(asked):
                self._transport.sendto(match.encode(), addr)


def _joined(where: tuple[str, int], interface: str) -> socket.socket:
    """Return a socket that hears what is sent there; of a group, on this interface, beside others that hear it too."""
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port.bind(where)
    if int(where[0].split(".")[0]) >= 224:
        member = socket.inet_aton(where[0]) + socket.inet_aton(interface)
        port.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    port.setblocking(False)  # noqa: FBT003 - the standard library's
    return port


def _now() -> str:
    now = datetime.now(UTC)
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second></tt:Time>"
        f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
        "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def _soap(body: str, status: int = 200) -> web.Response:
    text = (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:tds="{DEVICE}" xmlns:trt="{MEDIA}" xmlns:tt="{SCHEMA}" '
        f'xmlns:ter="http://www.onvif.org/ver10/error" xmlns:tptz="{PTZ}" xmlns:tev="{EVENTS}" '
        f'xmlns:wsnt="{NOTIFICATION}" xmlns:wsa5="{WSA}" xmlns:tns1="http://www.onvif.org/ver10/topics">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )
    return web.Response(text=text, content_type="application/soap+xml", status=status)


def _fault(code: str, reason: str, status: int) -> web.Response:
    fault = (
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )
    return _soap(fault, status)
