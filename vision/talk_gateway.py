"""Cameras that are talked to by ONVIF, in the building's words: their heads, and what they tell of motion."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import assert_never

from controller.domain.filming import Camera
from controller.domain.heads import GoToPreset, HeadDriver, HeadOrder, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import CameraId
from vision.gateway import CameraAccess
from vision.talking import messages as said
from vision.talking.supervisor import TalkSupervisor

Told = Callable[[CameraId, str | None], None]
"""What keeps a camera from doing what it is told; None: nothing any more."""
Stirs = Callable[[CameraId, bool], None]
"""Whether something moves before a camera, as it says itself."""


class TalkGateway:
    """The ONVIF side of these cameras; as heads see ``controller.runtime.ports.Heads``.

    ``listening``: the cameras whose own word on motion is listened to.
    """

    def __init__(
        self,
        cameras: Mapping[CameraId, Camera],
        access: Mapping[CameraId, CameraAccess],
        told: Told,
        stirs: Stirs,
        listening: Collection[CameraId] = (),
    ) -> None:
        self._told, self._stirs = told, stirs
        self._presets: dict[CameraId, Mapping[int, str]] = {}
        self._supervisor = TalkSupervisor(self._receive)
        for camera in cameras.values():
            head = camera.head if camera.head is not None and camera.head.driver is HeadDriver.ONVIF else None
            listens = camera.id in listening
            address = head.port if head is not None else camera.onvif
            if address is None or (head is None and not listens):
                continue
            login = access.get(camera.id, CameraAccess(camera.url))
            self._presets[camera.id] = head.presets if head is not None else {}
            self._supervisor.post(
                said.Meet(camera.id, address, login.username, login.password, head is not None, listens)
            )

    async def start(self) -> None:
        """Begin; returns before any camera was met."""
        await self._supervisor.start()

    async def stop(self) -> None:
        """Stop every head, and end."""
        await self._supervisor.stop()

    def obey(self, order: HeadOrder, by: float) -> None:
        """Have an order done, before monotonic ``by``; never blocks. A stop is never too late."""
        camera = order.camera
        match order:
            case TurnCamera(pan=pan, tilt=tilt, zoom=zoom, seconds=seconds):
                self._supervisor.post(said.Turn(camera, pan, tilt, zoom, seconds, by))
            case StopCamera():
                self._supervisor.post(said.Halt(camera))
            case GoToPreset(preset=preset):
                self._supervisor.post(said.GoTo(camera, preset, self._presets[camera][preset], by))
            case KeepPreset(preset=preset):
                self._supervisor.post(said.Keep(camera, preset, self._presets[camera][preset], by))
            case _:
                assert_never(order)

    def _receive(self, value: said.Value) -> None:
        match value:
            case said.Fine(camera=camera):
                self._told(CameraId(camera), None)
            case said.Trouble(camera=camera, why=why):
                self._told(CameraId(camera), why)
            case said.Stirred(camera=camera, active=active):
                self._stirs(CameraId(camera), active)
            case said.Beat():
                pass
            case _:
                assert_never(value)
