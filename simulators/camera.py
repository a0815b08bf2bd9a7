"""Simulated cameras: real RTSP over TCP and UDP with Digest authentication, many cameras on one port, and a hand.

async with Cameras(["lobby", "chancery"], username="ostiary", password="...") as cameras:
    cameras.url("lobby")                      # rtsp://127.0.0.1:PORT/lobby
    cameras.show_face("lobby", "astronaut")   # somebody steps before the camera
    cameras.clear("lobby")                    # and leaves
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from simulators.camera_connection import Connection
from simulators.encoding import Format, Loop
from simulators.rtsp import Request, is_authentic
from simulators.scene import COVERED, EMPTY, STANDARD, Light, Scene, loop

SMALL = "sub"
"""The second part of the path of a camera's small stream."""


@dataclass(slots=True)
class _Camera:
    """One camera: what it sees, since when (monotonic), what is wrong with it; ``speaks`` is not set while silent."""

    scene: Scene = EMPTY
    since: float = 0.0
    dead: bool = False
    frozen: bool = False
    password: str = ""
    speaks: asyncio.Event = field(default_factory=asyncio.Event)


class Cameras:
    """A box of cameras behind one port, with physical verbs; use it as an async context manager.

    Each has a large stream, and a small one at ``/sub``: the same, unless ``small`` says otherwise.
    """

    def __init__(
        self,
        names: Iterable[str],
        *,
        username: str,
        password: str,
        host: str = "127.0.0.1",
        port: int = 0,
        large: Format = STANDARD,
        small: Format | None = None,
    ) -> None:
        self._cameras = {name: _Camera(password=password) for name in names}
        for camera in self._cameras.values():
            camera.speaks.set()
        self._username = username
        self._host, self._port = host, port
        self._large, self._small = large, small or large
        self._connections: set[Connection] = set()
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

    @property
    def names(self) -> tuple[str, ...]:
        """Every camera in here."""
        return tuple(self._cameras)

    def url(self, camera: str, *, small: bool = False) -> str:
        """Return where a camera is found, without credentials."""
        return f"rtsp://{self._host}:{self._port}/{camera}{f'/{SMALL}' if small else ''}"

    def show(self, camera: str, scene: Scene) -> None:
        """Let a camera see this from its next picture on; KeyError for no such camera."""
        self._cameras[camera].scene = scene
        self._cameras[camera].since = time.monotonic()

    def show_face(self, camera: str, *names: str, far: bool = False, photo: bool = False) -> None:
        """Let people of `simulators.faces` stand before the camera, at the door or far off, or hold up their photos."""
        self.show(
            camera,
            replace(
                self._seen(camera), people=names, far=far, photo=photo, walking=0, turned_head=0.0, eyes_closed=False
            ),
        )

    def turn_head(self, camera: str, by: float) -> None:
        """Let whoever stands there look to their own left (1) or right (-1), or straight on (0)."""
        self.show(camera, replace(self._seen(camera), turned_head=by))

    def close_eyes(self, camera: str, *, closed: bool = True) -> None:
        """Let whoever stands there close their eyes, or open them."""
        self.show(camera, replace(self._seen(camera), eyes_closed=closed))

    def walk(self, camera: str, people: int = 1) -> float:
        """Let so many people walk to the door and in, one behind the other; return how many seconds it takes."""
        self.show(camera, replace(self._seen(camera), people=(), walking=people))
        return self._cameras[camera].scene.seconds

    def show_film(self, camera: str, path: str) -> None:
        """Let it see a film file, again and again."""
        self.show(camera, Scene(film=path))

    def clear(self, camera: str) -> None:
        """Everybody leaves, and the camera is as it should be."""
        self.show(camera, EMPTY)

    def cover(self, camera: str) -> None:
        """Put a hood over the camera."""
        self.show(camera, COVERED)

    def spray(self, camera: str) -> None:
        """Spray paint on its lens."""
        self.show(camera, Scene(sprayed=True))

    def turn(self, camera: str) -> None:
        """Turn it aside."""
        self.show(camera, Scene(turned=True))

    def look(self, camera: str, aside: bool) -> None:  # noqa: FBT001 - a head's word
        """Let it look aside because its head turned there, or look again where it did; who is before it stays."""
        self.show(camera, replace(self._seen(camera), turned=aside))

    def smear(self, camera: str) -> None:
        """Grease its lens."""
        self.show(camera, replace(self._seen(camera), blurred=True))

    def light(self, camera: str, light: Light) -> None:
        """Make it day or night, let the sun in, or put the light out."""
        self.show(camera, replace(self._seen(camera), light=light))

    def rain(self, camera: str, *, falls: bool = True) -> None:
        """Let it rain before the lens, or let it be dry."""
        self.show(camera, replace(self._seen(camera), rain=falls))

    def freeze(self, camera: str) -> None:
        """Let its encoder hang: the same picture for ever."""
        self._cameras[camera].frozen = True

    def thaw(self, camera: str) -> None:
        """Let its encoder go on."""
        self._cameras[camera].frozen = False

    def silence(self, camera: str) -> None:
        """Let it accept connections and say nothing more, to those that are there neither."""
        self._cameras[camera].speaks.clear()

    def speak(self, camera: str) -> None:
        """Let it answer again."""
        self._cameras[camera].speaks.set()

    def set_password(self, camera: str, password: str) -> None:
        """Give it another password; who is connected is hung up on."""
        self._cameras[camera].password = password
        self._cut(camera)

    def password(self, camera: str) -> str:
        """Return the one it takes now."""
        return self._cameras[camera].password

    def kill(self, camera: str) -> None:
        """Cut the camera's cable: its viewers are hung up on, and nobody gets an answer."""
        self._cameras[camera].dead = True
        self._cut(camera)

    def restart(self, camera: str) -> None:
        """Mend the cable."""
        self._cameras[camera].dead = False

    def viewers(self, camera: str) -> int:
        """Return how many connections play this camera now."""
        return sum(connection.camera == camera and connection.playing for connection in self._connections)

    def scene(self, camera: str) -> Scene | None:
        """Return what a camera sees; None for no such camera. People who walk are gone once they are through."""
        return self._seen(camera) if camera in self._cameras else None

    def since(self, camera: str) -> float:
        """Return since when it sees that (monotonic)."""
        return self._cameras[camera].since

    def is_dead(self, camera: str) -> bool:
        """Return whether the camera's cable is cut."""
        return camera in self._cameras and self._cameras[camera].dead

    def is_frozen(self, camera: str) -> bool:
        """Return whether its encoder hangs."""
        return self._cameras[camera].frozen

    async def until_it_speaks(self, camera: str) -> None:
        """Wait while the camera is silent."""
        if camera in self._cameras:
            await self._cameras[camera].speaks.wait()

    def accepts(self, request: Request, nonce: str) -> bool:
        """Return whether the request carries the right credentials."""
        camera = self._cameras.get(request.path)
        password = camera.password if camera else next(iter(self._cameras.values())).password
        return is_authentic(request, nonce, self._username, password)

    def shape(self, stream: str) -> Format | None:
        """Return what a stream of that name is like; None for no such stream."""
        return {"": self._large, SMALL: self._small}.get(stream)

    async def film(self, camera: str, scene: Scene, stream: str) -> Loop:
        """Return the film of a scene as this stream shows it; the first who asks waits until it is drawn."""
        return await asyncio.to_thread(loop, camera, scene, self.shape(stream) or self._large)

    def _seen(self, camera: str) -> Scene:
        here = self._cameras[camera]
        if here.scene.walking and time.monotonic() >= here.since + here.scene.seconds:
            here.scene = replace(here.scene, walking=0)
        return here.scene

    def _cut(self, camera: str) -> None:
        for connection in tuple(self._connections):
            if connection.camera == camera:
                connection.cut()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
