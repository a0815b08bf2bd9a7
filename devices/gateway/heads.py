"""Camera heads on serial devices (Pelco-D), in the building's words."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import assert_never

from controller.domain.filming import Camera
from controller.domain.heads import GoToPreset, HeadDriver, HeadOrder, KeepPreset, StopCamera, TurnCamera
from controller.domain.ids import CameraId
from devices import pelco_d
from devices.pelco_line import STILL, PelcoLine
from devices.transport.serial import SerialTransport

Told = Callable[[CameraId, str | None], None]
"""What keeps a camera from being turned; None: nothing any more. Called in any thread."""


class PelcoHeads:
    """The heads on serial devices of these cameras; see ``controller.runtime.ports.Heads``."""

    def __init__(self, cameras: Mapping[CameraId, Camera], told: Told, clock: Callable[[], float]) -> None:
        self._told, self._clock = told, clock
        self._heads: dict[CameraId, tuple[PelcoLine, int]] = {}
        wires: dict[tuple[str, int], dict[CameraId, int]] = {}
        for camera in cameras.values():
            head = camera.head
            if head is not None and head.driver is HeadDriver.PELCO_D and head.address and head.baud:
                wires.setdefault((head.port, head.baud), {})[camera.id] = head.address
        for (port, baud), hung in wires.items():
            line = PelcoLine(
                port,
                hung.values(),
                functools.partial(SerialTransport, port, baud),
                clock,
                functools.partial(self._tell, tuple(hung)),
            )
            self._heads |= {camera: (line, address) for camera, address in hung.items()}

    async def start(self) -> None:
        """Open the wires; one that is not there is told."""
        for line in self._lines():
            line.start()

    async def stop(self) -> None:
        """Stop every head, and let go of the wires."""
        for line in self._lines():
            await asyncio.to_thread(line.stop)

    def obey(self, order: HeadOrder, by: float) -> None:
        """Have an order done, before monotonic ``by``; never blocks. A stop is never too late."""
        line, address = self._heads[order.camera]
        match order:
            case TurnCamera(pan=pan, tilt=tilt, zoom=zoom, seconds=seconds):
                line.move(address, motion(pan, tilt, zoom), by=by, until=self._clock() + seconds)
            case StopCamera():
                line.send(address, STILL, by=float("inf"))
            case GoToPreset(preset=preset):
                line.send(address, pelco_d.GoToPreset(preset), by=by)
            case KeepPreset(preset=preset):
                line.send(address, pelco_d.SetPreset(preset), by=by)
            case _:
                assert_never(order)

    def _lines(self) -> set[PelcoLine]:
        return {line for line, _ in self._heads.values()}

    def _tell(self, cameras: tuple[CameraId, ...], why: str | None) -> None:
        for camera in cameras:
            self._told(camera, why)


def motion(pan: float, tilt: float, zoom: float) -> pelco_d.Motion:
    """Return -1 to 1 of top speed as Pelco-D says it; what moves at all moves by a step at least. Zoom has no speed."""
    return pelco_d.Motion(pan=_steps(pan), tilt=_steps(tilt), zoom=(zoom > 0) - (zoom < 0))


def _steps(speed: float) -> int:
    steps = max(1, round(abs(speed) * pelco_d.TOP_SPEED)) if speed else 0
    return min(steps, pelco_d.TOP_SPEED) * (1 if speed > 0 else -1)
