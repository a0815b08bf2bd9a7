"""The box's own broker: Mosquitto 2.0 as our child process, on loopback, from files generated into one folder."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from devices.mqtt import broker_files, leash
from devices.mqtt.adapters.kits import Kits
from devices.mqtt.eviction import evict
from devices.mqtt.identity import Authority
from devices.mqtt.topics import CONTROLLER, DeviceId
from devices.mqtt.waiting import NotOurs, Waiting

HOST: Final = "127.0.0.1"
LOCAL: Final = ("localhost", "127.0.0.1", "::1")
EVERYWHERE: Final = ("0.0.0.0", "::", "")  # noqa: S104 - what is asked for, not what is taken by itself
"""Where a broker listens on every address of the machine; the box itself then takes loopback."""
START_TIMEOUT: Final = 10.0
STOP_TIMEOUT: Final = 5.0
PORT_TIMEOUT: Final = 2.0
RESTART_DELAYS: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each further attempt; the last one is repeated."""
FORGETFUL: Final = "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"
"""What Mosquitto frees, cards and PINs among it, is overwritten at once."""
_PROBE_EVERY: Final = 0.02
_SEARCH_PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"


class BrokerError(Exception):
    """The broker cannot run; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class BrokerDied:
    """Mosquitto ended by itself or was killed, with this exit code (negative: the signal)."""

    exit_code: int


@dataclass(frozen=True, slots=True)
class BrokerRestarted:
    """Mosquitto runs again, on the same port; what was with it when it was killed is gone."""

    pid: int


BrokerNotice = BrokerDied | BrokerRestarted


class Broker:
    """One Mosquitto, started, watched, restarted and stopped.

    `folder` gets mode 0700 and holds configuration, access list, the authority's certificate, what it called back, and
    `mosquitto.log`. Keys, and what is not delivered yet when it ends, lie in memory (`waiting`).
    `host` is where it listens and `names` what else devices call it by; `port` None takes a free
    one. Start it from the loop of the process's main thread: the broker dies with that thread.
    """

    def __init__(
        self,
        folder: Path,
        site: str,
        devices: Iterable[DeviceId],
        authority: Authority,
        *,
        host: str = HOST,
        names: Iterable[str] = (),
        port: int | None = None,
        notice: Callable[[BrokerNotice], None] = lambda _: None,
        keep: broker_files.Keep | None = None,
        kits: Kits | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self._keep = keep or broker_files.PlainKeep(self.folder)
        self._waiting = Waiting(self.folder, self._keep)
        self._listen = host
        self.host = HOST if host in EVERYWHERE else host
        self.port = port or _free_port(host)
        self._names = tuple(names)
        self._site = site
        self._devices = tuple(devices)
        self._kits = kits or Kits()
        self._users = (*self._devices, *self._kits.users)
        self._authority = authority
        self._notice = notice
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The running Mosquitto, or None."""
        return self._process.pid if self._process else None

    @property
    def bundle(self) -> Path:
        """The folder with what the box's own client connects with; it lies in memory, and is there from `start` on."""
        return self._waiting.place / CONTROLLER

    async def start(self) -> None:
        """Write the files, start Mosquitto and return once it accepts connections.

        Raises BrokerError where Mosquitto is missing, the port is taken or it refuses to run.
        """
        self._write_files()
        await self._launch()
        self._watch = asyncio.create_task(self._keep_alive(), name="broker")

    async def stop(self) -> None:
        """End Mosquitto and return once it is gone. Does nothing where it does not run."""
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        started = self._process is not None
        await self._end()
        if started:
            self._waiting.put_away()

    async def refresh(self) -> None:
        """Have certificates, access list and what was called back written anew, and read by the running broker.

        Devices stay connected. Whoever was called back is thrown off, and can do nothing more when this returns. A
        broker that does not run reads everything when it starts.
        """
        if self._process is None:
            return
        refused = self._authority.refused(self._users)
        await asyncio.to_thread(self._write_certificates)
        self._reload()
        await self._throw_off(refused)
        self._write_access_list(refused)  # after its last will was said: whoever is gone says so
        self._reload()
        await self._throw_off(refused)  # whoever shook hands before the first; it is answered under the new list

    async def _throw_off(self, devices: Iterable[str]) -> None:
        await asyncio.gather(*(self._throw_one_off(device) for device in sorted(devices)))

    async def _throw_one_off(self, device: str) -> None:
        folder = self._waiting.place / f"evicted-{device}"
        broker_files.write_bundle(folder, self._authority.client(device), self._authority.ca())
        try:
            await evict(self.host, self.port, folder, device)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _reload(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

    def _write_files(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for name in broker_files.PASSWORDS:
            self._keep.remove(name)
            (self.folder / name).unlink(missing_ok=True)
        try:
            self._waiting.bring_back()
        except NotOurs as error:
            raise BrokerError(str(error)) from error
        self._write_access_list(self._authority.refused(self._users))
        self._write_certificates()
        listen = self._listen, self.port
        text = broker_files.configuration(self.folder, self._waiting.place, listen, as_root=os.geteuid() == 0)
        broker_files.write_private(self.folder / broker_files.CONFIGURATION, text.encode())

    def _write_access_list(self, refused: frozenset[str]) -> None:
        let_in = (device for device in self._devices if device not in refused)
        text = broker_files.access_list(self._site, let_in, self._kits, refused)
        broker_files.write_private(self.folder / broker_files.ACCESS_LIST, text.encode())

    def _write_certificates(self) -> None:
        ca = self._authority.ca()
        broker_files.write_private(self.folder / broker_files.TRUSTED, ca)
        broker_files.write_private(self.folder / broker_files.REVOKED, self._authority.crl())
        own = self._authority.server([*self._names, self.host, *LOCAL])
        broker_files.write_private(self._waiting.place / broker_files.OWN, own.certificate + own.key)
        broker_files.write_bundle(self.bundle, self._authority.client(CONTROLLER), ca)

    async def _launch(self) -> None:
        program = shutil.which("mosquitto", path=_SEARCH_PATH)
        if program is None:
            raise BrokerError("Mosquitto is not installed: run `make setup`, or `apt-get install mosquitto`")
        if not await _comes_free(self._listen, self.port):
            raise BrokerError(
                f"port {self.port} on {self._listen} is taken by another program: stop it or choose another port"
            )
        try:
            self._process = await self._spawn(program)
        except OSError as error:
            raise BrokerError(f"Mosquitto could not be started: {error}") from error
        try:
            await self._ready(self._process)
        except BaseException:
            await self._end()
            raise
        self._waiting.told()

    async def _spawn(self, program: str) -> Process:
        with self._open_log() as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), str(self.folder / broker_files.LOCK)),
                *(program, "-c", str(self.folder / broker_files.CONFIGURATION)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "GLIBC_TUNABLES": FORGETFUL},
                start_new_session=True,  # Ctrl-C is for us: we stop the broker last
            )

    def _open_log(self) -> IO[bytes]:
        return os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    @property
    def _log(self) -> Path:
        return self.folder / "mosquitto.log"

    async def _ready(self, process: Process) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while not await _accepts(self.host, self.port):
                    if process.returncode is not None:
                        # Should it be this that it cannot read, the next attempt does without.
                        self._waiting.told()
                        raise BrokerError(f"Mosquitto refused to run: {self._last_words()}")
                    await asyncio.sleep(_PROBE_EVERY)
        except TimeoutError:
            raise BrokerError(f"Mosquitto did not listen within {START_TIMEOUT:.0f} s: {self._last_words()}") from None

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-2:]
        return " ".join(line.partition(": ")[2] or line for line in lines) or "it said nothing"

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep_alive(self) -> None:
        while self._process:
            exit_code = await self._process.wait()
            self._notice(BrokerDied(exit_code))
            await self._restart()

    async def _restart(self) -> None:
        attempt = 0
        while True:
            await asyncio.sleep(RESTART_DELAYS[min(attempt, len(RESTART_DELAYS) - 1)])
            try:
                await self._launch()
            except BrokerError:
                attempt += 1
            else:
                self._notice(BrokerRestarted(self.pid or 0))
                return


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


async def _comes_free(host: str, port: int) -> bool:
    """Wait for a broker whose controller was killed to put away what it must keep."""
    for _ in range(round(PORT_TIMEOUT / _PROBE_EVERY)):
        if _is_free(host, port):
            return True
        await asyncio.sleep(_PROBE_EVERY)
    return _is_free(host, port)


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
