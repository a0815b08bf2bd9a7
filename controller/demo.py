"""The demo: a small embassy on this machine, its devices simulated on real wires, a morning played in a loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.bootstrap import CAMERA_KEYS, Box, Ports, write_private
from controller.domain.decision import FaceOutcome
from controller.domain.events import AccessDenied, AccessGranted, AlarmRaised, EntryObserved, FaceJudged, Recorded
from controller.domain.faces import FaceBasis
from controller.domain.ids import BusId, CameraId, CardholderId, LineId
from controller.domain.operators import Role
from controller.domain.site import DeviceKind, Site
from controller.face_admin import FaceRefused
from controller.ledger import auditor
from controller.ledger.verifier import Intact, verify
from controller.notary import PUBLIC_KEY_FILE
from controller.osdp_keys import OSDP_KEYS, SCBK_BYTES, KeyNote, KeyRing, Origin
from controller.site.loader import load_site
from controller.site.people import load_people
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.history import History
from controller.store.place import log_place
from controller.store.secret_files import SecretFiles

AUTHOR = "demo"
CONSOLE_OPERATORS = (("guard", Role.GUARD), ("supervisor", Role.SUPERVISOR))
SCENARIO_OPERATORS = (("post-1", Role.GUARD), ("post-2", Role.SUPERVISOR), ("officer-1", Role.SECURITY_OFFICER))
"""The simulated ones: at their own posts, so that the two above are free for whoever watches."""

SIMULATOR_SECONDS = 20.0
STOP_SECONDS = 5.0
ENROL_TRIES = 3
BUNDLES = "bundles"
"""The folder under the demo's data with what its simulated devices connect with."""
MAX_LINE = 16 * 1024 * 1024

Say = Callable[[str], None]


class DemoFailed(RuntimeError):
    """The demo cannot go on; the sentence says why."""


@dataclass
class Tally:
    """What happened, counted from the log."""

    grants: int = 0
    entries: int = 0
    denials: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    faces: Counter[str] = field(default_factory=Counter)

    def count(self, record: Recorded) -> None:
        """Take one record in."""
        match record.event:
            case AccessGranted():
                self.grants += 1
            case AccessDenied(reasons=reasons):
                self.denials.update(reason.value for reason in reasons)
            case EntryObserved():
                self.entries += 1
            case AlarmRaised(kind=kind):
                self.alarms[kind.value] += 1
            case FaceJudged(outcome=outcome):
                self.faces["matched" if outcome is FaceOutcome.MATCHED else "refused"] += 1
            case _:
                pass


@dataclass
class Rounds:
    """What the simulator saw with its own eyes, over all rounds of the scenario."""

    swipes: int = 0
    unlock_ms: dict[str, list[float]] = field(default_factory=lambda: {"osdp": [], "mqtt": []})
    failed: list[str] = field(default_factory=list)
    checks: int = 0

    def add(self, report: Mapping[str, Any]) -> list[str]:
        """Take one round's report in; return the checks that failed in it."""
        self.swipes += report["swipes"]
        for wire, taken in report["unlock_ms"].items():
            self.unlock_ms[wire] += taken
        self.checks += len(report["checks"])
        failed = [f"{check['name']}: {check['detail']}" for check in report["checks"] if not check["ok"]]
        self.failed += failed
        return failed


class Simulator:
    """The child process ``ostiary-sim``: one JSON object a line each way. It ends when its input closes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise DemoFailed("the simulator has no pipes")
        self._process, self._to, self._from = process, process.stdin, process.stdout

    def tell(self, **message: object) -> None:
        """Say something to it."""
        self._to.write(json.dumps(message).encode() + b"\n")

    async def hear(self) -> dict[str, Any]:
        """Return the next thing it says. Raises ``DemoFailed`` when it says no more."""
        line = await self._from.readline()
        if not line:
            raise DemoFailed("the simulator ended; what it said stands above")
        message: dict[str, Any] = json.loads(line)
        return message

    async def hear_of(self, word: str) -> Any:
        """Return what it says of ``word``, within bounded time."""
        async with asyncio.timeout(SIMULATOR_SECONDS):
            while True:
                message = await self.hear()
                if word in message:
                    return message[word]

    async def stop(self) -> None:
        """Let it end, or end it."""
        self._to.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def demo_site() -> tuple[Path, Path]:
    """Return the site file and the list of people that the demo runs on, as installed or in the working copy."""
    here = Path(__file__).parent
    for folder in (here / "demo_site", here.parent / "config"):
        if (folder / "embassy.toml").is_file():
            return folder / "embassy.toml", folder / "people.csv"
    raise DemoFailed("the demo's site file is missing from this installation")


async def run_demo(folder: Path, *, headless: bool, seconds: float | None, port: int, say: Say) -> dict[str, Any]:
    """Run the demo until ``seconds`` have passed (at least one round), or for ever; return its report."""
    started = time.monotonic()
    site_file, people_file = demo_site()
    make_keys(folder, load_site(site_file))
    rounds = Rounds()
    async with simulated(site_file, people_file, folder) as simulator:
        ready = await simulator.hear_of("ready")
        ports = Ports(
            _typed(LineId, ready["lines"]),
            _typed(CameraId, ready["cameras"]),
            http=port,
            buses=_typed(BusId, ready["buses"]),
            heads=_typed(CameraId, ready["heads"]),
        )
        box = Box(folder, site_file, ports if not headless else _without_console(ports))
        async with box, asyncio.TaskGroup() as tasks:
            await _appoint(box, folder, simulator, say)
            watching = tasks.create_task(box.wait())
            playing = tasks.create_task(_play(box, simulator, ready, people_file, say, rounds, started, seconds))
            await playing
            watching.cancel()
            frames = box.eyes.frames
        boot, events = box.core.runtime.boot, box.core.runtime.seq
    return _report(folder, boot, rounds, frames, events)


def make_keys(folder: Path, site: Site) -> None:
    """Make a random key for each secured reader and credentials for each camera, where there are none yet.

    The readers' keys are brought out of band: both ends are handed the same file before either starts, so that no key
    ever was on a wire. The wizard's KEYSET would be one more minute for each reader, and is tried elsewhere.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / OSDP_KEYS).exists():
        secured = [d.id for d in site.devices.values() if d.kind is DeviceKind.OSDP and d.secure_channel]
        write_private(folder / OSDP_KEYS, {})
        ring, known = KeyRing(SecretFiles(folder)), KeyNote(datetime.now(UTC), Origin.OUT_OF_BAND)
        for device in secured:
            ring.put(device, secrets.token_bytes(SCBK_BYTES), known)
    if not (folder / CAMERA_KEYS).exists():
        access: dict[str, object] = {
            c: {"username": "ostiary", "password": secrets.token_urlsafe(12)} for c in site.cameras
        }
        write_private(folder / CAMERA_KEYS, access)


@contextlib.asynccontextmanager
async def simulated(site: Path, people: Path, folder: Path, *wires: str) -> AsyncIterator[Simulator]:
    """Run the simulated building of a site on this machine, for as long as the context lasts.

    ``wires``: what its lines are like, as options of ``ostiary-sim building``.
    """
    program = shutil.which("ostiary-sim", path=str(Path(sys.executable).parent)) or shutil.which("ostiary-sim")
    if program is None:
        raise DemoFailed("ostiary-sim is not installed: run `make setup`, or `pip install 'ostiary[simulators]'`")
    process = await asyncio.create_subprocess_exec(
        program,
        *("building", "--site", str(site), "--people", str(people), "--data", str(folder), *wires),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
        start_new_session=True,  # Ctrl-C is for the controller, which ends the simulator in its own time
    )
    simulator = Simulator(process)
    try:
        yield simulator
    finally:
        await simulator.stop()


async def _appoint(box: Box, folder: Path, simulator: Simulator, say: Say) -> None:
    """Appoint the operators, print how to get in, and give the simulated guards their passwords."""
    for name, role in CONSOLE_OPERATORS:
        password = await box.admin.add_operator(name, role, AUTHOR)
        say(f"  {name:<11} one-time password  {password}")
    say(f"\n  Console  {box.url}\n")
    posts = [
        {"operator": name, "password": await box.admin.add_operator(name, role, AUTHOR)}
        for name, role in SCENARIO_OPERATORS
    ]
    bundles = folder / BUNDLES
    await box.pki.equip(bundles, AUTHOR)
    simulator.tell(mqtt={"port": box.broker.port, "bundles": str(bundles)})
    outside = [sys.executable, auditor.__file__, "--log-key", str(folder / PUBLIC_KEY_FILE)]
    simulator.tell(api={"url": box.url, "ca": box.ca, "operators": posts, "auditor": outside})


async def _play(
    box: Box,
    simulator: Simulator,
    ready: Mapping[str, Any],
    people_file: Path,
    say: Say,
    rounds: Rounds,
    started: float,
    seconds: float | None,
) -> None:
    rows = load_people(people_file, box.core.runtime.site)
    await box.admin.import_people(rows, AUTHOR)
    faces = {row.face: row.id for row in rows if row.face}
    async with asyncio.TaskGroup() as tasks:
        enrolling = tasks.create_task(_enrol(box, simulator, ready.get("portraits"), faces, say))
        simulator.tell(play={"scenario": "morning", "loop": seconds is None})
        while True:
            begun = time.monotonic()
            for failed in rounds.add(await _one_round(simulator, say)):
                say(f"  check failed: {failed}")
            now = time.monotonic()
            if seconds is None:
                continue
            if now - started + (now - begun) > seconds:
                break
            simulator.tell(play={"scenario": "morning", "loop": False})
        await enrolling


async def _one_round(simulator: Simulator, say: Say) -> dict[str, Any]:
    while True:
        message = await simulator.hear()
        if "step" in message:
            step = message["step"]
            say(f"  [{step['n']:>2}/{step['of']}] {step['text']}")
        elif "report" in message:
            report: dict[str, Any] = message["report"]
            return report
        elif "error" in message:
            raise DemoFailed(f"the simulator: {message['error']}")


async def _enrol(
    box: Box,
    simulator: Simulator,
    portraits: Mapping[str, list[str]] | None,
    faces: Mapping[str, CardholderId],
    say: Say,
) -> None:
    for face, photos in (portraits or {}).items():
        template = box.core.vault.template(faces[face])
        if template is None:
            images = [await asyncio.to_thread(Path(photo).read_bytes) for photo in photos]
            await _enrol_one(box, faces[face], images)
            say(f"  enrolled the face of {face} from {len(images)} photos")
    simulator.tell(enrolled=sorted(portraits or {}))


async def _enrol_one(box: Box, whom: CardholderId, images: list[bytes]) -> None:
    """Enrol one face; on a busy machine the eyes may take longer than an enrolment may, and are asked again."""
    for tries_left in reversed(range(ENROL_TRIES)):
        try:
            await box.admin.faces.enrol(whom, images, AUTHOR, FaceBasis.CONSENT, "the demo's own")
        except FaceRefused as error:
            if not tries_left:
                raise DemoFailed(str(error)) from error
        else:
            return


def _report(folder: Path, boot: str, rounds: Rounds, frames: int, events: int) -> dict[str, Any]:
    """Return the report; the keys are a promise to whoever reads it by machine."""
    verdict = verify(stored_entries(reading_engine(log_place(folder))))
    tally = _tally(folder, boot)
    report = {
        "swipes": rounds.swipes,
        "grants": tally.grants,
        "denials": dict(sorted(tally.denials.items())),
        "entries": tally.entries,
        "alarms": dict(sorted(tally.alarms.items())),
        "faces": {"matched": tally.faces["matched"], "refused": tally.faces["refused"]},
        "frames": frames,
        "events": events,
        "log_intact": isinstance(verdict, Intact),
        "unlock_ms": {wire: percentiles(taken) for wire, taken in rounds.unlock_ms.items()},
    }
    return {"report": report, "failed": rounds.failed, "checks": rounds.checks}


def _tally(folder: Path, boot: str) -> Tally:
    """Count what this start of the box wrote down, its first moments included."""
    tally = Tally()
    for record in History(log_place(folder)).records():
        if record.boot == boot:
            tally.count(record)
    return tally


def percentiles(taken: list[float]) -> dict[str, float]:
    """Return p50 and p99 (nearest rank) of milliseconds; 0 where nothing was measured."""
    ordered = sorted(taken)
    if not ordered:
        return {"p50": 0.0, "p99": 0.0}
    return {f"p{p}": round(ordered[max(0, -(-len(ordered) * p // 100) - 1)], 2) for p in (50, 99)}


def _without_console(ports: Ports) -> Ports:
    return replace(ports, console=False)


def _typed(kind: Callable[[str], Any], given: Mapping[str, str]) -> dict[Any, str]:
    return {kind(key): value for key, value in given.items()}
