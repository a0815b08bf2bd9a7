"""Puts the box together: the only file that imports every part of the product."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from api.app import built_console, create_app
from api.server import ApiServer
from controller.activation import Activation, rewired
from controller.admin import Admin
from controller.commissioning import Commissioning
from controller.console_tls import EVERYWHERE, ConsoleTls, answers_to, in_a_host_header
from controller.console_watch import ConsoleWatch
from controller.control import ControlServer
from controller.core import Core, open_core, start_up
from controller.disk import LOW_MIB, MIB, DiskWatch, disks
from controller.domain.ids import BusId, CameraId, CardholderId, DeviceId, LineId
from controller.domain.site import Site
from controller.domain.stimuli import BoxStopping, DeviceSeen, KeepingDone
from controller.erasure import ErasureKeeper
from controller.face_keeper import FaceKeeper
from controller.film_keeper import FilmKeeper
from controller.filmed import FOLDER
from controller.filming import Filming
from controller.heads import HeadKeeper, plugged_in
from controller.notary import NotaryTask
from controller.osdp_keys import KeyRing, MissingKey, osdp_keys, private_json
from controller.pki_admin import PkiAdmin, authority_of, mqtt_devices, said_of_lacking
from controller.pki_keeper import PkiKeeper
from controller.policy_office import GivenCertificates, LoggedPolicies
from controller.retention import Retention
from controller.runtime.building import Building
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import FaceMade
from controller.runtime.studies import Offices
from controller.runtime.undisturbed import undisturbed
from controller.scrub import overwrite_what_is_freed
from controller.store.place import BROKER_FOLDER
from controller.store.projection import Projection
from controller.store.secret_files import SecretFiles
from controller.studies import ChildStudies
from controller.switchboard import Switchboard
from controller.webhooks import Webhooks
from devices.gateway.boards import BoardGateway
from devices.gateway.broker import MqttGateway
from devices.gateway.home_assistant import HomeAssistantGateway
from devices.gateway.kits import kits_of
from devices.gateway.lines import OsdpGateway
from devices.mqtt.broker import HOST, Broker, BrokerDied, BrokerNotice
from devices.mqtt.client import MqttClient
from devices.mqtt.topics import DeviceId as MqttName
from vision.gateway import CameraAccess, VisionGateway

CAMERA_KEYS = "cameras.json"
CONNECTED_ANEW = "the policy wires it otherwise: it is connected anew"
CUT_SHORT = "the wires were not connected anew to the end"
PARTING_SECONDS = 0.3
"""What was last asked of the old wires (a lock that is no more, a siren) has so long to get there."""

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where this box's wires are plugged in, where that differs from the site file, where it listens, what else it is
    called on its network (``names``), and its disk's least room. ``plain_http``: the console without TLS."""

    lines: Mapping[LineId, str] = field(default_factory=dict)
    cameras: Mapping[CameraId, str] = field(default_factory=dict)
    mqtt: int | None = None
    mqtt_host: str = HOST
    names: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    http: int = 0
    console: bool = True
    plain_http: bool = False
    disk_low_mib: int = LOW_MIB
    buses: Mapping[BusId, str] = field(default_factory=dict)
    heads: Mapping[CameraId, str] = field(default_factory=dict)


class Box:
    """A whole controller on one data folder. ``async with`` starts and stops it."""

    def __init__(self, folder: Path, site_file: Path, ports: Ports) -> None:
        self._folder = folder
        self._site_file = site_file
        self._ports = ports
        self._mqtt_port = ports.mqtt
        self._switchboard = Switchboard()
        self._pluggings = itertools.count(1)
        self._stack = contextlib.AsyncExitStack()
        self._wires = contextlib.AsyncExitStack()
        self._tls: ConsoleTls | None = None
        self.port = 0

    core: Core
    building: Building
    admin: Admin
    pki: PkiAdmin
    broker: Broker
    eyes: VisionGateway
    heads: HeadKeeper
    filming: Filming
    _lines: OsdpGateway

    async def __aenter__(self) -> Self:
        """Start everything, doors before console. Whatever fails, what was started is stopped again."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop in the order opposite to the start."""
        self.building.submit(BoxStopping())
        await self._stack.aclose()

    @property
    def url(self) -> str:
        """Where the console and its API are, on this machine or at the one address it listens on."""
        host = "127.0.0.1" if self._ports.host in EVERYWHERE else self._ports.host
        return f"http{'' if self._ports.plain_http else 's'}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def ca(self) -> str:
        """The authority that whoever calls this box trusts (PEM)."""
        return self._authority.ca().decode()

    async def wait(self) -> None:
        """Return never; raise what ended a part of this box that should have run for ever."""
        await asyncio.shield(self._failure)

    async def _start(self) -> None:
        overwrite_what_is_freed()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stack.callback(self._failure.cancel)
        self.core = open_core(self._folder, self._site_file, self._switchboard)
        self._stack.callback(self.core.close)
        site = self.core.runtime.site
        secrets = self.core.keystore.secrets
        keys, access = osdp_keys(secrets, site), camera_access(secrets, site, self._ports.cameras)
        start_up(self.core)
        self._start_notary()
        self._watch_disk()
        self._start_retention()
        self._open_authority(site)
        self._assemble(site, access)
        self._stack.push_async_callback(self._unplug)
        await self._plug_in(site, keys)
        self._keep_certificates()
        self._stack.push_async_callback(self._close_eyes)
        await self.eyes.start()
        self._stack.push_async_callback(self.heads.stop)
        await self.heads.start(plugged_in(site.cameras, self._ports.heads), access, site.sights)
        self.filming = Filming(self.core, self._ports.disk_low_mib * MIB)
        await self.filming.start(access)
        self.building.films, self.building.evidence = self.filming, self.admin.evidence.desk
        self._faces = FaceKeeper(self.core.runtime, self.eyes)
        self._open_face_desk()
        self._stack.push_async_callback(self.filming.stop)
        keeper = FilmKeeper(self.core, self._ports.disk_low_mib * MIB)
        keeper.start()
        self._stack.push_async_callback(keeper.stop)
        webhooks = Webhooks(self.core, lambda: self.ca)
        self.building.hooks = webhooks
        webhooks.start()
        self._stack.push_async_callback(webhooks.stop)
        await self._start_api()
        self._watch_consoles()
        activation = Activation(self.core, self._prepare, self._replug)
        wizard = self._wizard()
        self._open_offices(activation, wizard)
        commands = {**self.admin.commands, **self.pki.commands, **activation.commands, **wizard.commands}
        control = ControlServer(self._folder, commands)
        await control.start()
        self._stack.push_async_callback(control.stop)
        self._stack.enter_context(undisturbed())

    def _wizard(self) -> Commissioning:
        """Return who gives readers their keys, on lines that the doors lend."""
        core = self.core
        return Commissioning(
            lambda: core.runtime.site,
            KeyRing(core.keystore.secrets),
            self._ports.lines,
            lambda: core.clock.now().wall,
            self._lend,
            lambda keyed: core.runtime.submit(KeepingDone(keyed)),
        )

    def _open_offices(self, activation: Activation, wizard: Commissioning) -> None:
        """Let the console study the log and bring policies in."""
        studies = ChildStudies(self._folder, lambda: self.core.clock.now().wall)
        self._stack.push_async_callback(studies.stop)
        policies = LoggedPolicies(self.core, activation)
        self.building.offices = Offices(studies, policies, GivenCertificates(self._authority), wizard)

    def _assemble(self, site: Site, access: Mapping[CameraId, CameraAccess]) -> None:
        runtime, core = self.core.runtime, self.core
        self.heads = HeadKeeper(runtime.submit, runtime.mono, lambda camera: self.eyes.relearn(camera))
        self._switchboard.turn_with(self.heads)
        self.eyes = VisionGateway(site, core.vault, self.heads.see, runtime.mono, access)
        self.building = Building(
            runtime,
            core.vault,
            core.vault,
            core.keystore,
            self.eyes,
            core.clock,
            Projection(core.folder, core.keystore.secrets),
            self._switchboard,
        )
        self.admin = Admin(core, self._enrol)

    async def _plug_in(self, site: Site, keys: Mapping[DeviceId, bytes]) -> None:
        """Start the doors' gateways."""
        keystore = self.core.keystore
        ports = {line: self._ports.lines.get(line, site.lines[line].port) for line in site.lines}
        lines = self._lines = OsdpGateway(
            site, self.building, keystore, keys, ports, KeyRing(self.core.keystore.secrets).facts(keys)
        )
        boot = f"{self.core.runtime.boot}-{next(self._pluggings)}"
        broker = MqttGateway(site, self.building, keystore, boot=boot)
        broker.refuse(self._authority.refused(broker.devices))
        boards = BoardGateway(site, self.building, self._ports.buses)
        self._switchboard.plug_in(site, lines, boards, broker, self.eyes)
        lines.start()
        self._wires.callback(lines.stop)
        boards.start()
        self._wires.push_async_callback(boards.stop)
        await self._start_broker(site, broker)

    @contextlib.asynccontextmanager
    async def _lend(self, line: LineId) -> AsyncIterator[None]:
        """Take a line from its doors, and give it back with the keys of then, whatever happened meanwhile."""
        lines = self._lines
        await lines.lend(line)
        try:
            yield
        finally:
            if lines is self._lines:  # a policy that wires it otherwise has connected it anew meanwhile
                site = self.core.runtime.site
                keys = osdp_keys(self.core.keystore.secrets, site)
                lines.take_back(line, keys, KeyRing(self.core.keystore.secrets).facts(keys))

    async def _unplug(self) -> None:
        await self._wires.aclose()

    async def _close_eyes(self) -> None:
        await self.eyes.stop()

    def _prepare(self, site: Site) -> None:
        """Look whether a policy's devices have their keys. Raises ``MissingKey``."""
        osdp_keys(self.core.keystore.secrets, site)
        camera_access(self.core.keystore.secrets, site, self._ports.cameras)

    async def _replug(self, before: Site, site: Site) -> list[str]:
        """Connect anew what another policy wires otherwise; the rest is not touched. Return what that was.

        A box that cannot do so ends: started anew it has the same policy, and all of its doors.
        """
        try:
            return await self._replugged(before, site)
        except BaseException as error:
            if not self._failure.done():
                self._failure.set_exception(error if isinstance(error, Exception) else RuntimeError(CUT_SHORT))
            raise

    async def _replugged(self, before: Site, site: Site) -> list[str]:
        parts = rewired(before, site)
        if parts:
            await asyncio.sleep(PARTING_SECONDS)
            self._switchboard.unplug()
            await self._unplug()
            for device in site.devices:
                self.building.submit(DeviceSeen(device, online=False, secure=False, detail=CONNECTED_ANEW))
            await self._plug_in(site, osdp_keys(self.core.keystore.secrets, site))
        else:
            self._switchboard.follow(site)
        if self._tls is not None and before.console.names != site.console.names:
            self._tls.renew()
        if (before.cameras, before.face_engine, before.sights) != (site.cameras, site.face_engine, site.sights):
            parts.append("cameras")
            await self._close_eyes()
            access = camera_access(self.core.keystore.secrets, site, self._ports.cameras)
            await self.heads.stop()
            self.eyes = VisionGateway(site, self.core.vault, self.heads.see, self.core.runtime.mono, access)
            self.building.look_through(self.eyes)
            self._switchboard.look_through(self.eyes)
            await self.eyes.start()
            await self.heads.start(plugged_in(site.cameras, self._ports.heads), access, site.sights)
            self._open_face_desk()
            self.filming.follow(site, access)
        self._faces.follow(self.eyes)
        return parts

    def _open_face_desk(self) -> None:
        building = self.building
        read = lambda before: building.read(before=before, limit=1)  # noqa: E731 - one record of the log
        building.faces = FaceDesk(self.eyes, self.core.vault, building.order, read)

    def _open_authority(self, site: Site) -> None:
        """Open the authority, or make it at the first start, and say whom the broker will not let in."""
        self._authority = authority_of(self.core)
        if not self._authority.exists:
            self._authority.init(site.name)
        if said := said_of_lacking(self._authority, mqtt_devices(site)):
            _LOG.warning(said)
        self.pki = PkiAdmin(self.core, self._authority, self._follow_certificates)

    async def _follow_certificates(self) -> None:
        """Have the wires follow who was called back, or let in again: the building first, then the broker."""
        self._mqtt.refuse(self._authority.refused(self._mqtt.devices))
        self._home.refuse(self._authority.refused(mqtt_devices(self.core.runtime.site)))
        await self.broker.refresh()

    async def _renew_certificates(self) -> None:
        """Have everything that the box itself answers under made anew."""
        if self._tls is not None:
            self._tls.renew()
        await self._follow_certificates()

    def _keep_certificates(self) -> None:
        keeper = PkiKeeper(self._authority, self.core.runtime.submit, self._renew_certificates)
        keeper.start()
        self._stack.push_async_callback(keeper.stop)

    def _start_retention(self) -> None:
        retention = Retention(self.core)
        retention.start()
        self._stack.push_async_callback(retention.stop)
        erasures = ErasureKeeper(self.core)
        erasures.start()
        self._stack.push_async_callback(erasures.stop)

    def _start_notary(self) -> None:
        notary = NotaryTask(self._folder, self.core.keystore.secrets, self.core.log, self.core.runtime.submit)
        self.core.runtime.listen(notary.heard)
        notary.start()
        self._stack.push_async_callback(notary.stop)

    def _watch_disk(self) -> None:
        watched = disks(self._folder, self._folder / FOLDER)
        watch = DiskWatch(watched, self.core.runtime.submit, self._ports.disk_low_mib)
        watch.start()
        self._stack.push_async_callback(watch.stop)

    def _watch_consoles(self) -> None:
        runtime = self.core.runtime
        watch = ConsoleWatch(
            lambda: self.building.consoles, lambda: runtime.site.console.unwatched_seconds, runtime.submit
        )
        watch.start()
        self._stack.push_async_callback(watch.stop)

    async def _start_broker(self, site: Site, gateway: MqttGateway) -> None:
        self._mqtt, kits = gateway, kits_of(site)
        devices = [name for name in map(MqttName, gateway.devices) if name not in kits]
        self.broker = Broker(
            self._folder / BROKER_FOLDER,
            site.id,
            devices,
            self._authority,
            host=self._ports.mqtt_host,
            names=self._ports.names,
            port=self._mqtt_port,
            notice=_broker_notice,
            keep=self.core.keystore.secrets.beneath(BROKER_FOLDER),
            kits=kits,
        )
        await self.broker.start()
        self._mqtt_port = self.broker.port  # the devices find it there again, should it be started anew
        self._wires.push_async_callback(self.broker.stop)
        home = self._home = HomeAssistantGateway(site, self.building)
        home.refuse(self._authority.refused(mqtt_devices(site)))
        client = MqttClient(
            site.id,
            self.broker.bundle,
            host=self.broker.host,
            port=self.broker.port,
            on_message=gateway.received,
            on_link=gateway.link_changed,
            kits=kits,
            guest=home,
        )
        gateway.connect(client.post)
        self._wires.callback(gateway.stop)
        running = asyncio.create_task(client.run(), name="mqtt")
        running.add_done_callback(self._ended)
        self._wires.push_async_callback(_cancelled, running)
        self._wires.callback(home.stop)
        self._wires.push_async_callback(_cancelled, asyncio.create_task(home.run(), name="home assistant"))

    async def _start_api(self) -> None:
        static = built_console() if self._ports.console else None
        app = create_app(self.building, static=static, hosts=lambda: in_a_host_header(self._names()))
        self._tls = None if self._ports.plain_http else ConsoleTls(self._authority, self._names)
        server = ApiServer(app, self._ports.host, self._ports.http, tls=self._tls.context if self._tls else None)
        self.port = await server.start()
        self._stack.push_async_callback(server.stop)

    def _names(self) -> tuple[str, ...]:
        """Return what the console is called, by the policy in force, the command that started it, and this machine."""
        return answers_to((*self._ports.names, *self.core.runtime.site.console.names), self._ports.host)

    async def _enrol(self, cardholder: CardholderId, photos: Sequence[bytes]) -> FaceMade:
        return await self.eyes.make(cardholder, photos)  # by the eyes of then: a policy may bring others

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A part that should run for ever ended: whoever waits for this box is told why."""
        if not task.cancelled() and not self._failure.done():
            self._failure.set_exception(task.exception() or RuntimeError(f"{task.get_name()} ended by itself"))


def camera_access(secrets: SecretFiles, site: Site, urls: Mapping[CameraId, str]) -> dict[CameraId, CameraAccess]:
    """Read the cameras' credentials (``DIR/cameras.json``; a camera without an entry asks for none)."""
    path = secrets.path(CAMERA_KEYS)
    stored = private_json(secrets, CAMERA_KEYS) if secrets.exists(CAMERA_KEYS) else {}
    access = {}
    for camera in site.cameras.values():
        entry = stored.get(camera.id, {})
        if not isinstance(entry, dict):
            raise MissingKey(f'{path}: camera {camera.id} needs {{"username": ..., "password": ...}}')
        elsewhere = urls.get(camera.id)  # where a simulated building has both of its streams
        small = "" if elsewhere or camera.small_url is None else camera.small_url
        login = str(entry.get("username", "")), str(entry.get("password", ""))
        access[camera.id] = CameraAccess(elsewhere or camera.url, *login, small)
    return access


def write_private(path: Path, value: Mapping[str, object]) -> None:
    """Write a JSON file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)


def _broker_notice(notice: BrokerNotice) -> None:
    if isinstance(notice, BrokerDied):
        _LOG.error("the broker died; it is started again", code=notice.exit_code)
    else:
        _LOG.warning("the broker runs again", pid=notice.pid)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
