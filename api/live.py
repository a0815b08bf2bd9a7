"""The live wall: pictures of all asked-for cameras over one WebSocket (many MJPEG images exhaust a browser's
connections and starve its orders).
"""

from __future__ import annotations

import asyncio
import contextlib

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from api.schemas import LiveIn
from api.security import Api, SignedIn, look_up
from controller.domain.ids import CameraId
from controller.domain.operators import may_watch

LOOK_SECONDS = 0.25
PICTURE_SECONDS = 2.0
SLOW_CLIENT_SECONDS = 10.0
RESTING_SECONDS = 1.0
"""How often it is said that a picture still shows how things are."""
STILL_SO = b""

SIGNED_OUT = 4401
NOT_UNDERSTOOD = 4400
GOING_AWAY = 1001
LINK_LOST = 1006
NOTHING = LiveIn(cameras=[], fps=1, resting=[])


class Wall:
    """One browser's wall: what it asks for, and the last picture it has of each camera."""

    def __init__(self, api: Api, who: SignedIn, socket: WebSocket) -> None:
        self._api = api
        self._who = who
        self._socket = socket
        self._asked = NOTHING
        self._sent: dict[CameraId, bytes] = {}
        self._told: dict[CameraId, float] = {}  # when something was sent of it last

    async def listen(self) -> int | None:
        """Take the client's wishes until it leaves (None), or says something else (the code to close with)."""
        while True:
            try:
                self._asked = LiveIn.model_validate_json(await self._socket.receive_text())
                for camera in self._asked.resting:  # a tile that is new has no picture yet, and one may be a minute off
                    self._sent.pop(CameraId(camera), None)
            except WebSocketDisconnect:
                return None
            except (ValidationError, KeyError):
                return NOT_UNDERSTOOD

    async def show(self) -> int | None:
        """Send pictures until the right to watch ends; return the code to close with, or None if nobody reads."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._api.closing:
            now = look_up(self._api, self._who.token)
            if now is None or now.operator != self._who.operator:
                return SIGNED_OUT
            if loop.time() >= due:
                due = loop.time() + 1 / self._asked.fps
                try:
                    async with asyncio.timeout(SLOW_CLIENT_SECONDS):
                        await self._round()
                except (TimeoutError, WebSocketDisconnect):
                    return None
            await asyncio.sleep(min(LOOK_SECONDS, max(0.0, due - loop.time())))
        return GOING_AWAY

    async def _round(self) -> None:
        """Send each camera's picture if it is a new one. One at a time: a slow link gets fewer, never older ones."""
        known = self._api.facade.moment().site.cameras
        role = self._who.operator.role
        cameras = [
            CameraId(c)
            for c in dict.fromkeys(self._asked.cameras)
            if c in known and may_watch(role, known[CameraId(c)])
        ]
        for camera, jpeg in zip(cameras, await asyncio.gather(*map(self._picture, cameras)), strict=True):
            if jpeg is None:
                continue
            now = asyncio.get_running_loop().time()
            before, rests = self._sent.get(camera), camera in self._asked.resting
            if jpeg is not before and not (rests and jpeg == before):
                self._sent[camera] = jpeg
                self._told[camera] = now
                await self._send(frame(camera, jpeg))
            elif rests and now >= self._told[camera] + RESTING_SECONDS:
                self._told[camera] = now
                await self._send(frame(camera, STILL_SO))

    async def _send(self, message: bytes) -> None:
        """Send to the browser. Raises ``WebSocketDisconnect`` if it is gone."""
        try:
            await self._socket.send_bytes(message)
        except RuntimeError as error:  # uvicorn's word for a socket that it has closed itself
            raise WebSocketDisconnect(LINK_LOST) from error

    async def _picture(self, camera: CameraId) -> bytes | None:
        try:
            async with asyncio.timeout(PICTURE_SECONDS):
                return await self._api.facade.picture(camera, rests=camera in self._asked.resting)
        except TimeoutError:
            return None


async def show(api: Api, who: SignedIn, socket: WebSocket) -> None:
    """Serve an accepted socket until the client leaves or may no longer watch."""
    wall = Wall(api, who, socket)
    async with asyncio.TaskGroup() as tasks:
        both = {tasks.create_task(wall.listen()), tasks.create_task(wall.show())}
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both - done:
            task.cancel()
    codes = [code for task in done if (code := task.result()) is not None]
    if codes:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # a browser that is gone needs no closing
            await socket.close(codes[0])


def frame(camera: CameraId, jpeg: bytes) -> bytes:
    """Return one binary message: the length of the camera's id in one byte, the id in UTF-8, the JPEG, if any."""
    name = camera.encode()
    return bytes([len(name)]) + name + jpeg
