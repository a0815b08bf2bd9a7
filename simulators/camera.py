"""Simulated cameras: real RTSP over TCP with Digest authentication, many cameras on one port, and a hand before them.

async with Cameras(["lobby", "chancery"], username="ostiary", password="...") as cameras:
    cameras.url("lobby")                      # rtsp://127.0.0.1:PORT/lobby
    cameras.show_face("lobby", "astronaut")   # somebody steps before the camera
    cameras.clear("lobby")                    # and leaves
"""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from simulators.rtsp import (
    Packetizer,
    Request,
    RequestError,
    Response,
    challenge,
    describe,
    is_authentic,
    parse_request,
    to_bytes,
)
from simulators.scene import COVERED, EMPTY, FPS, Scene, loop

PUBLIC = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
SEND_BUFFER = 256 * 1024
"""Bytes unsent after which pictures are left out, as a real camera does for a slow viewer."""


class Cameras:
    """A box of cameras behind one port, with physical verbs; use it as an async context manager."""

    def __init__(
        self, names: Iterable[str], *, username: str, password: str, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._scenes = dict.fromkeys(names, EMPTY)
        self._username, self._password = username, password
        self._host, self._port = host, port
        self._dead: set[str] = set()
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; a port of 0 becomes the one that the system gives, and stays the same after `stop`."""
        self._server = await asyncio.start_server(self._connected, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody and close the port."""
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._connections):
            await connection.hang_up()
        await self._server.wait_closed()
        self._server = None

    @property
    def port(self) -> int:
        """The TCP port; 0 before the first `start`."""
        return self._port

    def url(self, camera: str) -> str:
        """Return where a camera is found, without credentials."""
        return f"rtsp://{self._host}:{self._port}/{camera}"

    def show(self, camera: str, scene: Scene) -> None:
        """Let a camera see this from its next picture on; KeyError for no such camera."""
        self._require(camera)
        self._scenes[camera] = scene

    def show_face(self, camera: str, *names: str, far: bool = False) -> None:
        """Let one person or more of `simulators.faces` stand before the camera, at the door or far off."""
        self.show(camera, Scene(people=names, far=far))

    def clear(self, camera: str) -> None:
        """Everybody leaves."""
        self.show(camera, EMPTY)

    def cover(self, camera: str) -> None:
        """Put a hood over the camera."""
        self.show(camera, COVERED)

    def kill(self, camera: str) -> None:
        """Cut the camera's cable: its viewers are hung up on, and nobody gets an answer."""
        self._require(camera)
        self._dead.add(camera)
        for connection in tuple(self._connections):
            if connection.camera == camera:
                connection.cut()

    def restart(self, camera: str) -> None:
        """Mend the cable."""
        self._require(camera)
        self._dead.discard(camera)

    def viewers(self, camera: str) -> int:
        """Return how many connections play this camera now."""
        return sum(connection.camera == camera and connection.playing for connection in self._connections)

    def scene(self, camera: str) -> Scene | None:
        """Return what a camera sees; None for no such camera."""
        return self._scenes.get(camera)

    def is_dead(self, camera: str) -> bool:
        """Return whether the camera's cable is cut."""
        return camera in self._dead

    def accepts(self, request: Request, nonce: str) -> bool:
        """Return whether the request carries the right credentials."""
        return is_authentic(request, nonce, self._username, self._password)

    def _require(self, camera: str) -> None:
        if camera not in self._scenes:
            raise KeyError(camera)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)


class _Connection:
    """One viewer's connection: answers requests, plays one camera."""

    def __init__(self, cameras: Cameras, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._cameras, self._reader, self._writer = cameras, reader, writer
        self._nonce, self._session = secrets.token_hex(16), secrets.token_hex(8)
        self._channel: int | None = None
        self._player: asyncio.Task[None] | None = None
        self._task = asyncio.current_task()
        self.camera = ""

    @property
    def playing(self) -> bool:
        """Whether pictures are being sent."""
        return self._player is not None and not self._player.done()

    async def serve(self) -> None:
        """Answer until either side hangs up."""
        try:
            while (head := await self._next_head()) is not None:
                if not self._answer(parse_request(head)):
                    break
                await self._writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, RequestError):
            pass  # a viewer that breaks off or talks nonsense is hung up on
        finally:
            if self._player is not None:
                self._player.cancel()
                await asyncio.wait([self._player])
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    def cut(self) -> None:
        """Drop the connection as a cut cable does: no farewell, nothing flushed."""
        self._writer.transport.abort()

    async def hang_up(self) -> None:
        """Drop the connection and wait until it is gone."""
        self.cut()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _next_head(self) -> bytes | None:
        """Return the next request's head, leaving out the RTCP that viewers interleave; None when they hung up."""
        while first := await self._reader.read(1):
            if first != b"$":
                return first + await self._reader.readuntil(b"\r\n\r\n")
            header = await self._reader.readexactly(3)
            await self._reader.readexactly(int.from_bytes(header[1:], "big"))
        return None

    def _answer(self, request: Request) -> bool:
        """Answer one request; return whether to go on."""
        camera = request.path
        if self._cameras.is_dead(camera):
            return False
        self._writer.write(to_bytes(self._response(request, camera), request.headers.get("cseq", "0")))
        return request.method != "TEARDOWN"

    def _response(self, request: Request, camera: str) -> Response:
        if request.method == "OPTIONS":
            return Response(200, {"Public": PUBLIC})
        if not self._cameras.accepts(request, self._nonce):
            return challenge(self._nonce)
        scene = self._cameras.scene(camera)
        if scene is None:
            return Response(404)
        match request.method:
            case "DESCRIBE":
                return self._description(request, camera, scene)
            case "SETUP":
                return self._set_up(request, camera)
            case "PLAY":
                return self._play()
            case "TEARDOWN" | "GET_PARAMETER":
                return Response(200, {"Session": self._session})
            case _:
                return Response(501)

    def _description(self, request: Request, camera: str, scene: Scene) -> Response:
        url = request.url.rstrip("/") + "/"
        body = describe(url, loop(camera, scene).parameter_sets, FPS)
        return Response(200, {"Content-Base": url, "Content-Type": "application/sdp"}, body)

    def _set_up(self, request: Request, camera: str) -> Response:
        transport = request.headers.get("transport", "")
        _, interleaved, channels = transport.partition("interleaved=")
        if "RTP/AVP/TCP" not in transport or not interleaved or not channels[:1].isdigit():
            return Response(461)
        self.camera, self._channel = camera, int(channels.partition("-")[0])
        return Response(200, {"Transport": transport, "Session": f"{self._session};timeout=60"})

    def _play(self) -> Response:
        if self._channel is None:
            return Response(454)
        if not self.playing:
            self._player = asyncio.create_task(self._send_pictures(self._channel))
        return Response(200, {"Session": self._session, "Range": "npt=0.000-"})

    async def _send_pictures(self, channel: int) -> None:
        clock = asyncio.get_running_loop().time
        packetizer = Packetizer(channel, secrets.randbits(32))
        shown, index, due = None, 0, clock()
        while not self._writer.is_closing():
            scene = self._cameras.scene(self.camera) or EMPTY
            index = (index + 1) % len(loop(self.camera, scene).pictures) if scene == shown else 0
            shown = scene
            if self._writer.transport.get_write_buffer_size() < SEND_BUFFER:
                self._writer.writelines(packetizer.packets(loop(self.camera, scene).pictures[index], clock()))
            else:
                shown = None  # begin again with an IDR once the viewer has caught up
            due = max(due + 1 / FPS, clock())
            await asyncio.sleep(due - clock())
