"""One viewer's connection to simulated cameras: answers requests, plays one stream, by TCP or UDP."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Protocol

from simulators.encoding import Codec, Format, Loop
from simulators.rtsp import (
    Packetizer,
    Request,
    RequestError,
    Response,
    challenge,
    describe,
    parse_request,
    to_bytes,
)
from simulators.scene import EMPTY, Scene

PUBLIC = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
SEND_BUFFER = 256 * 1024
"""Bytes unsent after which pictures are left out, as a real camera does for a slow viewer."""


class Box(Protocol):
    """The cameras as a connection needs them; see `simulators.camera.Cameras`."""

    def scene(self, camera: str) -> Scene | None:
        """Return what it sees; None for no such camera."""

    def since(self, camera: str) -> float:
        """Return since when."""

    def is_dead(self, camera: str) -> bool:
        """Return whether its cable is cut."""

    def is_frozen(self, camera: str) -> bool:
        """Return whether its encoder hangs."""

    async def until_it_speaks(self, camera: str) -> None:
        """Wait while it is silent."""

    def accepts(self, request: Request, nonce: str) -> bool:
        """Return whether the credentials are right."""

    def shape(self, stream: str) -> Format | None:
        """Return what a stream is like."""

    async def film(self, camera: str, scene: Scene, stream: str) -> Loop:
        """Return a film."""


class Connection:
    """One viewer's connection; ``camera`` and ``stream`` are empty until it has chosen."""

    def __init__(self, box: Box, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._box, self._reader, self._writer = box, reader, writer
        self._nonce, self._session = secrets.token_hex(16), secrets.token_hex(8)
        self._channel: int | None = None
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._player: asyncio.Task[None] | None = None
        self._task = asyncio.current_task()
        self.camera = self.stream = ""

    @property
    def playing(self) -> bool:
        """Whether pictures are being sent."""
        return self._player is not None and not self._player.done()

    async def serve(self) -> None:
        """Answer until either side hangs up."""
        try:
            while (head := await self._next_head()) is not None:
                if not await self._answer(parse_request(head)):
                    break
                await self._writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, RequestError):
            pass  # a viewer that breaks off or talks nonsense is hung up on
        finally:
            # The sockets go before the first wait: hang_up may cancel any wait from here on.
            for datagrams in self._datagrams:
                datagrams.abort()
            self._writer.close()
            if self._player is not None:
                self._player.cancel()
                await asyncio.wait([self._player])
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    def cut(self) -> None:
        """Drop the connection as a cut cable does: no farewell, nothing flushed."""
        self._writer.transport.abort()

    async def hang_up(self) -> None:
        """Drop the connection and wait until it is gone."""
        self.cut()
        if self._task is not None:
            self._task.cancel()  # it may be waiting for a silent camera
            await asyncio.wait([self._task])

    async def _next_head(self) -> bytes | None:
        """Return the next request's head, leaving out the RTCP that viewers interleave; None when they hung up."""
        while first := await self._reader.read(1):
            if first != b"$":
                return first + await self._reader.readuntil(b"\r\n\r\n")
            header = await self._reader.readexactly(3)
            await self._reader.readexactly(int.from_bytes(header[1:], "big"))
        return None

    async def _answer(self, request: Request) -> bool:
        """Answer one request; return whether to go on."""
        camera = request.path
        if self._box.is_dead(camera):
            return False
        await self._box.until_it_speaks(camera)
        response = await self._response(request, camera)
        self._writer.write(to_bytes(response, request.headers.get("cseq", "0")))
        return request.method != "TEARDOWN"

    async def _response(self, request: Request, camera: str) -> Response:
        if request.method == "OPTIONS":
            return Response(200, {"Public": PUBLIC})
        if not self._box.accepts(request, self._nonce):
            return challenge(self._nonce)
        scene, shape = self._box.scene(camera), self._box.shape(request.stream)
        if scene is None or shape is None:
            return Response(404)
        match request.method:
            case "DESCRIBE":
                return await self._description(request, scene, shape)
            case "SETUP":
                return await self._set_up(request)
            case "PLAY":
                return self._play()
            case "TEARDOWN" | "GET_PARAMETER":
                return Response(200, {"Session": self._session})
            case _:
                return Response(501)

    async def _description(self, request: Request, scene: Scene, shape: Format) -> Response:
        url = request.url.rstrip("/") + "/"
        film = await self._box.film(request.path, scene, request.stream)
        headers = {"Content-Base": url, "Content-Type": "application/sdp"}
        return Response(200, headers, describe(url, film.parameter_sets, shape.fps))

    async def _set_up(self, request: Request) -> Response:
        transport = request.headers.get("transport", "")
        _, interleaved, channels = transport.partition("interleaved=")
        _, by_udp, ports = transport.partition("client_port=")
        if "RTP/AVP/TCP" in transport and interleaved and channels[:1].isdigit():
            self._channel = int(channels.partition("-")[0])
        elif "RTP/AVP" in transport and by_udp and ports[:1].isdigit():
            transport += f";server_port={await self._open_datagrams(int(ports.partition('-')[0]))}"
        else:
            return Response(461)
        self.camera, self.stream = request.path, request.stream
        return Response(200, {"Transport": transport, "Session": f"{self._session};timeout=60"})

    async def _open_datagrams(self, port: int) -> str:
        """Open the sockets for RTP and RTCP towards the viewer; return our ports as the answer has them."""
        peer, here = self._writer.get_extra_info("peername")[0], self._writer.get_extra_info("sockname")[0]
        running = asyncio.get_running_loop()
        for offset in (0, 1):
            transport, _ = await running.create_datagram_endpoint(
                asyncio.DatagramProtocol, local_addr=(here, 0), remote_addr=(peer, port + offset)
            )
            self._datagrams.append(transport)
        return "-".join(str(each.get_extra_info("sockname")[1]) for each in self._datagrams[-2:])

    def _play(self) -> Response:
        if not self.camera:
            return Response(454)
        if not self.playing:
            self._player = asyncio.create_task(self._send_pictures())
        return Response(200, {"Session": self._session, "Range": "npt=0.000-"})

    async def _send_pictures(self) -> None:
        packetizer = Packetizer(self._channel, secrets.randbits(32))
        shown, film, index = None, Loop(()), 0
        due = time.monotonic()
        while not self._writer.is_closing():
            await self._box.until_it_speaks(self.camera)
            scene, shape = self._box.scene(self.camera) or EMPTY, self._box.shape(self.stream) or Format()
            index += 1
            if scene != shown:
                film = await self._box.film(self.camera, scene, self.stream)
                packetizer.h265 = film.codec is Codec.H265
                shown, index = scene, self._begins_at(scene, shape)
            if self._box.is_frozen(self.camera):
                index = 0
            if self._unsent() < SEND_BUFFER:
                for packet in packetizer.packets(film.pictures[index % len(film.pictures)], time.monotonic()):
                    if self._writer.is_closing():
                        return
                    self._send(packet)
            else:
                shown = None  # begin again with an IDR once the viewer has caught up
            due = max(due + 1 / shape.fps, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    def _begins_at(self, scene: Scene, shape: Format) -> int:
        """Return with which picture to begin: where people walk, those who look later see them further on."""
        if not scene.walking:
            return 0
        elapsed = (time.monotonic() - self._box.since(self.camera)) * shape.fps
        return round(elapsed / shape.group) * shape.group

    def _unsent(self) -> int:
        return self._writer.transport.get_write_buffer_size()

    @property
    def _send(self) -> Callable[[bytes], None]:
        return self._datagrams[0].sendto if self._channel is None else self._writer.write
