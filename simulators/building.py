"""The whole simulated building of a site file: doors, readers and modules on their lines, locks on MQTT, cameras."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.domain.ids import (
    CameraId,
    CardholderId,
    DeviceId,
    DoorId,
    FireZoneId,
    LineId,
    OutputId,
    PointId,
    ReaderId,
)
from controller.domain.site import Site
from controller.site.people import PersonRow
from devices.mqtt.identity import CERTIFICATE
from devices.mqtt.topics import Address
from devices.mqtt.topics import DeviceId as MqttId
from simulators import faces
from simulators.badges import Badge, badge
from simulators.boards import board_buses_of, boards_of
from simulators.bus import PacedBus
from simulators.camera import Cameras
from simulators.camera_mount import Mount, mount_buses_of, mounts_of
from simulators.detector import LoopState, MqttDetector
from simulators.door import Door
from simulators.io_module import IoModule
from simulators.lock import SCAN, MqttLock
from simulators.mqtt_reader import MqttReader
from simulators.mqtt_session import Device, MqttSession
from simulators.reader import Reader
from simulators.scene import EMPTY, STANDARD, Scene, loop
from simulators.wiring import (
    LinesAre,
    buses_of,
    detectors_of,
    doors_of,
    heads_of,
    locks_of,
    peripherals_of,
    wire_inputs,
)

CONNECT_SECONDS = 10.0
FACES = {"astronaut": "astronaut", "grace_hopper": "hopper"}
"""From the face that people.csv names to the portrait that is drawn."""

Head = Reader | MqttReader


class Building:
    """Everything that the box's wires end at; an async context manager, and nothing of it outlives the context.

    `keys` are 16 bytes for each secured OSDP device, `logins` user name and password for each camera. MQTT devices
    exist from `connect` on. ValueError where a key is missing, KeyError where a login is.
    """

    def __init__(
        self,
        site: Site,
        people: Iterable[PersonRow],
        *,
        keys: Mapping[str, bytes],
        logins: Mapping[str, tuple[str, str]],
        lines: LinesAre | None = None,
    ) -> None:
        self.site = site
        self.people = {person.id: person for person in people}
        self.doors = doors_of(site)
        are = lines or LinesAre()
        self._peripherals = peripherals_of(site, keys, self.doors, as_shipped=are.as_shipped)
        self._buses = buses_of(site, self._peripherals, are)
        self.boards = boards_of(site, self.doors)
        self._board_buses = board_buses_of(site, self.boards)
        self._cameras = {camera: _camera(camera, logins[camera]) for camera in site.cameras}
        self._mounts = mounts_of(site, self._look)
        self._mount_buses = mount_buses_of(site, self._mounts, lines or LinesAre())
        self._heads: dict[DeviceId, Head] = {d: p for d, p in self._peripherals.items() if isinstance(p, Reader)}
        self.loops = dict.fromkeys(site.point_wires, LoopState.NORMAL)
        self._detectors: dict[DeviceId, MqttDetector] = {}
        self._sessions: dict[str, MqttSession] = {}
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for bus in self._buses.values():
                bus.start()
                stack.callback(bus.stop)
            self._loop = asyncio.get_running_loop()
            for mount_bus in self._mount_buses.values():
                mount_bus.start()
                stack.callback(mount_bus.stop)
            for board_bus in self._board_buses.values():
                board_bus.start()
                stack.callback(board_bus.stop)
            for cut in wire_inputs(
                self.site, {**self._peripherals, **self.boards}, self.doors, asyncio.get_running_loop()
            ):
                stack.callback(cut)
            for camera in self._cameras.values():
                await stack.enter_async_context(camera)
            self._group = await stack.enter_async_context(asyncio.TaskGroup())
            stack.callback(self._end_tasks)
            self._keep(self._advance())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    @property
    def lines(self) -> dict[str, str]:
        """Return the serial port of each line."""
        return {line: bus.path for line, bus in self._buses.items()}

    @property
    def buses(self) -> dict[str, str]:
        """Return where each Modbus bus is plugged in."""
        return {bus: wire.path for bus, wire in self._board_buses.items()}

    @property
    def mounts(self) -> dict[str, str]:
        """Return the serial port of each camera's head."""
        heads = {camera: self.site.cameras[camera].head for camera in self._mounts}
        return {camera: self._mount_buses[head.port].path for camera, head in heads.items() if head is not None}

    @property
    def camera_urls(self) -> dict[str, str]:
        """Return where each camera is found."""
        return {camera: box.url(camera) for camera, box in self._cameras.items()}

    async def connect(self, port: int, bundles: Path) -> int:
        """Connect every MQTT reader, lock, detector and siren, and return how many.

        `bundles` holds a folder of each device's name. TimeoutError without a broker, or without a certificate.
        """

        def device(name: DeviceId) -> Device:
            if not (bundles / name / CERTIFICATE).exists():
                raise FileNotFoundError(f"{bundles / name}: no certificate; `ostiary pki issue {name}` makes one")
            return Device(Address(self.site.id, MqttId(name)), bundles / name, port)

        readers = {name: MqttReader(device(name)) for name in heads_of(self.site)}
        locks = [MqttLock(device(name), self.doors[door]) for name, door in locks_of(self.site).items()]
        self._heads |= readers
        self._detectors = {
            name: MqttDetector(device(name), point=point, output=output)
            for name, (point, output) in detectors_of(self.site).items()
        }
        devices: list[MqttReader | MqttLock | MqttDetector] = [*readers.values(), *locks, *self._detectors.values()]
        self._sessions = {each.session.device: each.session for each in devices}
        for each in devices:
            self._keep(each.run())
        async with asyncio.timeout(CONNECT_SECONDS):
            for each in devices:
                await each.session.connected.wait()
        return len(devices)

    def head(self, reader: str) -> Head:
        """Return the head of a reader; KeyError for no such reader, or one that is not connected yet."""
        return self._heads[self.site.readers[ReaderId(reader)].device]

    def peripheral(self, device: str) -> Reader | IoModule:
        """Return what hangs on a line; KeyError for no such OSDP device."""
        return self._peripherals[DeviceId(device)]

    def set_loop(self, point: str, state: LoopState) -> None:
        """Let a point's loop be so, on whatever wire it hangs; KeyError for no such point."""
        wired = self.site.point_wires[PointId(point)]
        self.loops[PointId(point)] = state
        if wired.device in self._detectors:
            self._detectors[wired.device].set_loop(state)
            return
        module = self.boards.get(wired.device) or self._peripherals[wired.device]
        if isinstance(module, Reader):
            raise KeyError(point)
        module.set_input(wired.terminal or 0, state.level)

    def break_wire(self, door: str, sensor: str, state: LoopState) -> None:
        """Cut, short or (`NORMAL`) mend the wire of a door's sensor on a relay board; KeyError for any other."""
        wired = self.site.doors[DoorId(door)].inputs[sensor]
        board = self.boards[wired.device]
        if state is LoopState.NORMAL:
            board.mend_wire(wired.terminal or 0)
        else:
            board.break_wire(wired.terminal or 0, state.level)

    def sounds(self, output: str) -> bool:
        """Tell whether an output is truly on; KeyError for no such output."""
        wired = self.site.outputs[OutputId(output)].output
        if wired.device in self._detectors:
            return self._detectors[wired.device].sounding
        module = self.boards.get(wired.device) or self._peripherals[wired.device]
        if isinstance(module, Reader):
            raise KeyError(output)
        return module.outputs[wired.index or 0]

    def line(self, line: str) -> PacedBus:
        """Return a line; KeyError for no such line."""
        return self._buses[LineId(line)]

    def mqtt_devices(self) -> Mapping[str, MqttSession]:
        """Return the session of each device that is connected to the broker, by its id."""
        return self._sessions

    def door(self, door: str) -> Door:
        """Return a door; KeyError for no such door."""
        return self.doors[DoorId(door)]

    def door_at(self, reader: str) -> Door:
        """Return the door that a reader stands at; KeyError for no such reader."""
        return self.doors[self.site.readers[ReaderId(reader)].door]

    def fire_line(self, fire_zone: str) -> tuple[IoModule, int]:
        """Return the module and the input that a fire panel's line ends at; KeyError for no such fire zone."""
        wired = self.site.point_wires[self.site.fire_zones[FireZoneId(fire_zone)].point]
        module = self._peripherals[wired.device]
        if not isinstance(module, IoModule):
            raise KeyError(fire_zone)
        return module, wired.index or 0

    def camera(self, camera: str) -> Cameras:
        """Return the box that holds a camera; KeyError for no such camera."""
        return self._cameras[CameraId(camera)]

    def mount(self, camera: str) -> Mount:
        """Return the head that a camera stands on; KeyError where it is fixed."""
        return self._mounts[CameraId(camera)]

    def show_face(self, camera: str, face: str) -> None:
        """Let the person whose face people.csv names so stand before a camera; KeyError for an unknown one."""
        self.camera(camera).show_face(camera, FACES[face])

    def badge_of(self, person: str) -> Badge:
        """Return a person's badge; KeyError for nobody."""
        row = self.people[CardholderId(person)]
        return badge(row.badge_format, row.facility, row.number)

    def pin_of(self, person: str) -> str:
        """Return a person's PIN, empty where there is none; KeyError for nobody."""
        return self.people[CardholderId(person)].pin or ""

    def duress_pin_of(self, person: str) -> str:
        """Return what a person types under force, empty where there is none; KeyError for nobody."""
        return self.people[CardholderId(person)].duress_pin or ""

    def personal_pin_of(self, person: str) -> str:
        """Return what a person types in place of a badge, empty where there is none; KeyError for nobody."""
        return self.people[CardholderId(person)].personal_pin or ""

    def warm_up(self) -> None:
        """Draw and encode what the cameras will show, so that nobody waits for it later. Slow: for a thread."""
        for camera in self.site.cameras:
            loop(camera, EMPTY, STANDARD)
        for camera in {reader.camera for reader in self.site.readers.values() if reader.camera}:
            for face in self._faces():
                loop(camera, Scene(people=(FACES[face],)), STANDARD)

    async def draw(self, camera: str, *scenes: Scene) -> None:
        """Draw and encode what a camera is about to show, so that no picture of it is late; KeyError for no camera."""
        for scene in scenes:
            await self.camera(camera).film(camera, scene, "")

    def write_portraits(self, folder: Path) -> dict[str, list[str]]:
        """Write the enrolment photos of everybody who has a face on file, and return their paths. For a thread.

        Those of an earlier start are kept: drawing them anew takes half a second.
        """
        return {face: _photos(folder / face, FACES[face]) for face in self._faces()}

    def _faces(self) -> list[str]:
        return sorted({row.face for row in self.people.values() if row.face in FACES})

    def _look(self, camera: CameraId, aside: bool) -> None:  # noqa: FBT001 - as a mount tells it
        """Let a camera see what is before it once its head has turned; called in the head's thread."""
        self._loop.call_soon_threadsafe(self._cameras[camera].look, camera, aside)

    def _keep(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.append(self._group.create_task(work))

    def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _advance(self) -> None:
        """Move the leaves of doors; those with an MQTT lock are moved by it too."""
        while True:
            for door in self.doors.values():
                door.advance(time.monotonic())
            await asyncio.sleep(SCAN)


def _camera(name: CameraId, login: tuple[str, str]) -> Cameras:
    username, password = login
    return Cameras([name], username=username, password=password)


def _photos(folder: Path, portrait: str) -> list[str]:
    paths = [folder / f"{number:02}.jpg" for number in range(1, len(faces.ENROLMENT) + 1)]
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        for path, photo in zip(paths, faces.enrolment_images(portrait), strict=True):
            path.write_bytes(photo)
    return [str(path) for path in paths]
