import asyncio
import json

import pytest
import websockets
from fastapi import WebSocket
from websockets.asyncio.client import connect

from api.live import show
from api.security import Api, SignedIn
from controller.domain.ids import CameraId
from tests.api.consoles import PATIENCE, served
from tests.api.fakes import CAMERA, GUARD, YARD_CAMERA

pytestmark = pytest.mark.anyio


def wall(client, *, origin: str | None = None, cookie: str | None = None):
    base = f"{client.base_url.host}:{client.base_url.port}"
    token = client.cookies["ostiary_session"] if cookie is None else cookie
    headers = {"Cookie": f"ostiary_session={token}"}
    return connect(f"ws://{base}/api/live", origin=origin or f"http://{base}", additional_headers=headers, proxy=None)


def ask(*cameras: str, fps: float = 5, resting: tuple[str, ...] = ()) -> str:
    return json.dumps({"cameras": cameras, "fps": fps, "resting": resting})


def opened(message: bytes) -> tuple[CameraId, bytes]:
    length = message[0]
    return CameraId(message[1 : 1 + length].decode()), message[1 + length :]


async def test_the_wall_shows_what_is_asked_for_and_only_new_pictures(facade):
    facade.pictures[YARD_CAMERA] = b"yard 1"
    async with served(facade) as client, wall(client) as socket, asyncio.timeout(PATIENCE):
        await socket.send(ask(CAMERA, YARD_CAMERA, "cam-unknown", CAMERA))
        shown = dict([opened(await socket.recv()), opened(await socket.recv())])
        assert shown == {CAMERA: b"\xff\xd8 jpeg 1", YARD_CAMERA: b"yard 1"}
        facade.pictures[YARD_CAMERA] = b"yard 2"
        assert opened(await socket.recv()) == (YARD_CAMERA, b"yard 2")
        await socket.send(ask(CAMERA))
        facade.pictures[YARD_CAMERA] = b"yard 3"
        await asyncio.sleep(0.3)
        facade.pictures[CAMERA] = b"gate 2"
        while (message := opened(await socket.recv()))[0] == YARD_CAMERA:
            pass
        assert message == (CAMERA, b"gate 2")


async def test_what_rests_is_said_to_be_as_it_was_and_what_moves_comes_live(facade, monkeypatch):
    monkeypatch.setattr("api.live.RESTING_SECONDS", 0.05)
    asked = []

    async def picture(camera, *, rests):
        asked.append((camera, rests))
        return bytes(bytearray(facade.pictures[camera]))  # as over a socket: never the same object twice

    facade.picture = picture
    facade.pictures[YARD_CAMERA] = b"yard 1"
    async with served(facade) as client, wall(client) as socket, asyncio.timeout(PATIENCE):
        await socket.send(ask(CAMERA, YARD_CAMERA, resting=(YARD_CAMERA,)))
        shown = [opened(await socket.recv()) for _ in range(8)]
        assert [jpeg for camera, jpeg in shown if camera == CAMERA].count(b"") == 0
        yard = [jpeg for camera, jpeg in shown if camera == YARD_CAMERA]
        while len(yard) < 3:
            camera, jpeg = opened(await socket.recv())
            yard += [jpeg] if camera == YARD_CAMERA else []
        assert yard[:3] == [b"yard 1", b"", b""]
        await socket.send(ask(CAMERA, YARD_CAMERA, resting=(YARD_CAMERA,)))  # another tile of it
        while opened(await socket.recv()) != (YARD_CAMERA, b"yard 1"):
            pass
        facade.pictures[YARD_CAMERA] = b"yard 2"
        while opened(await socket.recv()) != (YARD_CAMERA, b"yard 2"):
            pass
    assert set(asked) == {(CAMERA, False), (YARD_CAMERA, True)}


@pytest.mark.parametrize(
    "said", ["{}", "no json", ask("x" * 65), ask(*["c"] * 17), ask("cam-1", fps=6), ask("cam-1", fps=0), b"binary"]
)
async def test_what_is_not_understood_ends_the_wall(facade, said):
    async with served(facade) as client, wall(client) as socket:
        await socket.send(said)
        await asyncio.wait_for(socket.wait_closed(), PATIENCE)
    assert socket.close_code == 4400


async def test_a_message_too_long_is_not_read(facade):
    async with served(facade) as client, wall(client) as socket:
        await socket.send("x" * 5000)
        await asyncio.wait_for(socket.wait_closed(), PATIENCE)
    assert socket.close_code == 1009


@pytest.mark.parametrize("settings", [{"cookie": "stranger"}, {"origin": "http://evil.example"}])
async def test_strangers_and_other_pages_see_nothing(facade, settings):
    async with served(facade) as client:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with wall(client, **settings):
                pass
    assert refused.value.response.status_code == 403


async def test_a_withdrawn_right_ends_the_wall(facade):
    async with served(facade) as client, wall(client) as socket:
        await socket.send(ask(CAMERA, fps=0.01))
        await asyncio.wait_for(socket.recv(), PATIENCE)
        del facade.operators[GUARD]
        await asyncio.wait_for(socket.wait_closed(), PATIENCE)
    assert socket.close_code == 4401


async def test_a_camera_that_hangs_holds_up_no_other(facade, monkeypatch):
    async def picture(camera, *, rests):
        if camera == YARD_CAMERA:
            await asyncio.sleep(60)
        return b"gate"

    monkeypatch.setattr("api.live.PICTURE_SECONDS", 0.05)
    facade.picture = picture
    async with served(facade) as client, wall(client) as socket:
        await socket.send(ask(YARD_CAMERA, CAMERA))
        assert opened(await asyncio.wait_for(socket.recv(), PATIENCE)) == (CAMERA, b"gate")


async def test_a_browser_that_leaves_is_no_fault(facade, capsys):
    async with served(facade) as client:
        async with wall(client) as socket:
            await socket.send(ask(CAMERA))
            await asyncio.wait_for(socket.recv(), PATIENCE)
        assert (await client.get("/api/health")).status_code == 200
    assert "Traceback" not in capsys.readouterr().err


class Vanished:
    """A browser that is gone at the first thing said to it, though nobody has told the server yet."""

    def __init__(self, how: Exception) -> None:
        self._how = how
        self._says = [{"type": "websocket.receive", "text": ask(CAMERA)}, {"type": "websocket.connect"}]
        self.told: list[str] = []

    async def receive(self):
        return self._says.pop() if self._says else await asyncio.get_running_loop().create_future()

    async def send(self, message):
        if message["type"] != "websocket.accept":
            self.told.append(message["type"])
            raise self._how


@pytest.mark.parametrize("how", [OSError("gone"), RuntimeError("closed by the server itself")])
@pytest.mark.parametrize("said", ["websocket.send", "websocket.close"])
async def test_a_browser_that_vanishes_in_the_middle_is_no_fault(facade, said, how):
    api, browser = Api(facade), Vanished(how)
    token, session = api.sessions.open(GUARD, facade.mono())
    who = SignedIn(token, session, facade.operators[GUARD])
    if said == "websocket.close":
        api.sessions.close(token)
    socket = WebSocket({"type": "websocket"}, browser.receive, browser.send)
    await socket.accept()
    await asyncio.wait_for(show(api, who, socket), PATIENCE)
    assert browser.told == [said]
