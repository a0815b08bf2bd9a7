"""Films of what happens: which clip and still is cut when, under which key, and what the log is told of it.

The recorder is a process of its own (``vision.recording``) and does as it is told. Nothing of it holds a door up: what
cannot be recorded is said, and the doors go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_never

import structlog

from controller.core import Core
from controller.domain.events import ClipRecorded, Recorded, StillRecorded
from controller.domain.filming import Mask, MaskKind
from controller.domain.ids import CameraId, CardholderId
from controller.domain.records import RetentionClass
from controller.domain.site import Site
from controller.domain.stimuli import FaultSeen, KeepingDone
from controller.filmed import FOLDER, SUFFIX, RecordingName, cameras_of, people_of, recording_name
from controller.runtime.ports import FilmsBusy
from vision.gateway import CameraAccess
from vision.messages import Polygon
from vision.recording import messages as film
from vision.recording.sealed import BrokenOff, SealedError, unsealed
from vision.recording.supervisor import RecorderSupervisor, Viewer
from vision.recording.veiled import veiled

LONGEST_CLIP = 60.0
"""Seconds: something that goes on for longer gets another clip."""
SEGMENT = 300.0
"""Seconds of continuous recording in one file."""
SLACK = 10.0
"""Seconds the ring holds beyond the pre-roll: a busy loop may ask late."""
ROLL_EVERY = 1.0
AHEAD = 3.0
"""Seconds before its end that a file's successor is begun: what lies between them is in one or the other."""
AGAIN_WITHIN = 2.0
"""Seconds of a clip that must be missing for another one to be begun in its place."""
MOST_MASKED = 2
"""Recordings that are masked for viewers at once: each takes a process, and up to all of a film's bytes in memory."""
_WHOLE, _BROKEN_OFF = True, False
NO_PICTURE = "no picture came"
UNKEPT = "{camera} is not recorded: {why}"
DRAFT = ".part"

_LOG = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Asked:
    """A recording that was asked for, and for whom."""

    name: RecordingName
    camera: CameraId
    since: float
    until: float
    events: list[int] = field(default_factory=list)
    people: list[CardholderId] = field(default_factory=list)
    silent: bool = False


@dataclass(slots=True)
class Coverage:
    """Seconds that were to be recorded, and that were."""

    expected: float = 0.0
    recorded: float = 0.0


class Filming:
    """The recordings of a running box. ``reserve``: the bytes of disk that are left to the log."""

    def __init__(self, core: Core, reserve: int) -> None:
        self._core = core
        self._supervisor = RecorderSupervisor(self._take, reserve)
        self._site: Site = core.runtime.site
        self._open: dict[CameraId, _Asked] = {}
        self._asked: dict[str, _Asked] = {}
        self._rolling: dict[CameraId, _Asked] = {}
        self._unkept: dict[CameraId, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._masking = 0
        self.coverage: dict[CameraId, Coverage] = {}
        self.segment = SEGMENT

    async def start(self, access: Mapping[CameraId, CameraAccess]) -> None:
        """Take in what a crash left, and begin."""
        for fact in await asyncio.to_thread(lambda: list(self._recovered())):
            self._core.runtime.submit(KeepingDone(fact))
        self.follow(self._site, access)
        await self._supervisor.start()
        self._core.runtime.listen(self.heard)
        self._own(self._roll())

    async def stop(self) -> None:
        """Finish what is being written, and end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._supervisor.stop()

    def follow(self, site: Site, access: Mapping[CameraId, CameraAccess]) -> None:
        """Record the cameras of this policy from now on."""
        self._site = site
        ring = site.recording.pre_seconds + SLACK
        for camera in site.cameras.values():
            reached = access.get(camera.id, CameraAccess(camera.url))
            burnt = tuple(mask.shape for mask in camera.painted(MaskKind.BURNT))
            watch = film.Watch(camera.id, reached.url, reached.username, reached.password, ring, burnt)
            self._supervisor.post(watch)

    def heard(self, record: Recorded) -> None:
        """Hear a record: an access event or an alarm gets a still and a clip of each camera that sees it."""
        silent = getattr(record.event, "silent", False) is True
        for camera in cameras_of(self._site, record.event):
            self._clip(camera, record, silent=silent)
            self._still(camera, record, silent=silent)

    def view(self, camera: CameraId) -> tuple[int, Viewer]:
        """Begin to watch a camera's own stream; see ``RecorderSupervisor.view``."""
        return self._supervisor.view(camera)

    def unview(self, number: int) -> None:
        """End that."""
        self._supervisor.unview(number)

    async def read(self, recording: str, *, whole: bool, hidden: Sequence[Mask] = ()) -> AsyncIterator[bytes]:
        """Yield a recording part by part, masked where something is ``hidden``. ``whole``: the log says it was ended.

        Raises ``LookupError`` where there is none, or its key is gone, ``SealedError`` where it is not what was
        written (one that was whole and is shorter now is not), ``NotCopiedError`` where it cannot be masked,
        ``FilmsBusy`` where others are masked just now.
        """
        parts = clear_parts(self._core, recording, whole=whole)
        if hidden:
            copy = self._masked(recording, parts, [mask.shape for mask in hidden])
            async with contextlib.aclosing(copy):
                async for painted in copy:
                    yield painted
            return
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            yield part

    async def _masked(
        self, recording: str, clear: Iterator[bytes], masks: Sequence[Polygon]
    ) -> AsyncGenerator[bytes, None]:
        """Yield a masked copy. A thread of its own takes it, so that it ends its process whenever the viewer goes."""
        if self._masking >= MOST_MASKED:
            raise FilmsBusy
        name = recording_name(recording)
        kind = "still" if name is not None and name.kind is RetentionClass.SNAPSHOTS else "film"
        parts, executor = veiled(kind, clear, masks), ThreadPoolExecutor(1, thread_name_prefix="masked film")
        self._masking += 1
        try:
            loop = asyncio.get_running_loop()
            while (part := await loop.run_in_executor(executor, next, parts, None)) is not None:
                yield part
        finally:
            self._masking -= 1
            executor.submit(parts.close)
            executor.shutdown(wait=False)

    @property
    def recorder_pid(self) -> int | None:
        """The process id of the recorder; None while there is none."""
        return self._supervisor.process_id

    def _clip(self, camera: CameraId, record: Recorded, *, silent: bool) -> None:
        """Let the camera's clip go on, or begin one."""
        now, times = self._core.clock.now().mono, self._site.recording
        until, open_clip = now + times.post_seconds, self._open.get(camera)
        fits = open_clip is not None and open_clip.silent == silent and until <= open_clip.since + LONGEST_CLIP
        if open_clip is not None and fits:
            _belongs(open_clip, record)
            open_clip.until = max(open_clip.until, until)
            self._supervisor.post(film.Extend(str(open_clip.name), open_clip.until))
            return
        asked = self._begin(RetentionClass.CLIPS, camera, now - times.pre_seconds, until, record.seq)
        asked.silent = silent
        _belongs(asked, record)
        self._open[camera] = asked

    def _still(self, camera: CameraId, record: Recorded, *, silent: bool) -> None:
        now = self._core.clock.now()
        name = RecordingName(RetentionClass.SNAPSHOTS, camera, now.wall, record.seq)
        asked = _Asked(name, camera, now.mono, now.mono, silent=silent)
        _belongs(asked, record)
        self._asked[str(name)] = asked
        path, key = self._place(name)
        self._supervisor.post(film.Still(str(name), camera, path, key, name.subject, now.mono))

    def _begin(self, kind: RetentionClass, camera: CameraId, since: float, until: float, seq: int) -> _Asked:
        name = RecordingName(kind, camera, self._wall(since), seq)
        asked = self._asked[str(name)] = _Asked(name, camera, since, until)
        path, key = self._place(name)
        self._supervisor.post(film.Record(str(name), camera, path, key, name.subject, since, until))
        return asked

    def _place(self, name: RecordingName) -> tuple[str, bytes]:
        """Return where a recording goes, and its key, which is durable a moment later: long before the film is."""
        keystore = self._core.keystore
        new = name.subject not in keystore.subjects()
        key = keystore.key_at_once(name.subject, "recording")
        if new:
            self._own(asyncio.to_thread(keystore.keep_new))
        return str(name.path(self._core.folder)), key

    def _wall(self, mono: float) -> datetime:
        now = self._core.clock.now()
        return (now.wall - timedelta(seconds=now.mono - mono)).astimezone(UTC)

    def _take(self, value: film.Value) -> None:
        match value:
            case film.ClipDone():
                self._done(value)
            case film.StillDone(still=name, taken=taken, size=size, digest=digest):
                asked = self._asked.pop(name)
                self._unkept.pop(asked.camera, None)
                fact = StillRecorded(name, asked.camera, self._wall(taken), size, digest, *_whose(asked))
                self._core.runtime.submit(KeepingDone(fact))
            case film.NotKept(recording=name, why=why):
                self._failed(self._asked.pop(name), why)
            case film.Kept(camera=camera, expected=expected, recorded=recorded):
                covered = self.coverage.setdefault(CameraId(camera), Coverage())
                covered.expected += expected
                covered.recorded += recorded
            case film.Beat():
                pass
            case _:
                assert_never(value)

    def _done(self, done: film.ClipDone) -> None:
        """Write a finished clip down. Where its camera was lost before the end, what is missing gets another one."""
        asked = self._asked.pop(done.clip)
        self._let_go(asked)
        self._unkept.pop(asked.camera, None)
        began, seconds = self._wall(done.began), done.ended - done.began
        fact = ClipRecorded(
            done.clip, asked.camera, asked.name.kind, began, seconds, done.size, done.digest, _WHOLE, *_whose(asked)
        )
        self._core.runtime.submit(KeepingDone(fact))
        now = self._core.clock.now().mono
        if asked.name.kind is RetentionClass.CLIPS and asked.until > max(done.ended, now) + AGAIN_WITHIN:
            rest = self._begin(RetentionClass.CLIPS, asked.camera, now, asked.until, asked.name.seq)
            rest.events, rest.people, rest.silent = asked.events, asked.people, asked.silent

    def _failed(self, asked: _Asked, why: str) -> None:
        """Keep what there is of it, and say once why there is not more. That a camera is lost, the eyes say."""
        self._let_go(asked)
        self._own(self._rescue(asked))
        if why != NO_PICTURE and self._unkept.get(asked.camera) != why:
            self._unkept[asked.camera] = why
            told = FaultSeen(None, active=True, detail=UNKEPT.format(camera=asked.camera, why=why))
            self._core.runtime.submit(told)

    async def _rescue(self, asked: _Asked) -> None:
        path = asked.name.path(self._core.folder)
        fact = await asyncio.to_thread(self._taken_in, path.with_name(path.name + DRAFT), asked)
        if fact is not None:
            self._core.runtime.submit(KeepingDone(fact))

    def _let_go(self, asked: _Asked) -> None:
        for under_way in (self._open, self._rolling):
            if under_way.get(asked.camera) is asked:
                del under_way[asked.camera]

    async def _roll(self) -> None:
        """Keep the cameras recorded that are recorded all the time: a file follows another without a gap."""
        while True:
            now = self._core.clock.now().mono
            for camera in self._site.cameras.values() if self.recorder_pid is not None else ():
                running = self._rolling.get(camera.id)
                if not camera.continuous or (running is not None and running.until > now + AHEAD):
                    continue
                since = now if running is None else max(running.until, now - SLACK)
                until = since + min(self.segment, self._to_midnight(since))
                self._rolling[camera.id] = self._begin(RetentionClass.CONTINUOUS, camera.id, since, until, 0)
            await asyncio.sleep(ROLL_EVERY)

    def _to_midnight(self, mono: float) -> float:
        """Return the seconds left of that day (UTC): a day's key seals no other day. At least one."""
        wall = self._wall(mono)
        midnight = (wall + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(1.0, (midnight - wall).total_seconds())

    def _recovered(self) -> Iterator[ClipRecorded]:
        """Take in what was being written when the box last stopped hard."""
        for draft in sorted((self._core.folder / FOLDER).rglob(f"*{SUFFIX}{DRAFT}")):
            name = recording_name(draft.name.removesuffix(SUFFIX + DRAFT))
            if name is None:
                continue
            events = [name.seq] if name.seq else []
            fact = self._taken_in(draft, _Asked(name, name.camera, 0.0, 0.0, events))
            if fact is not None:
                yield fact

    def _taken_in(self, draft: Path, asked: _Asked) -> ClipRecorded | None:
        """Make a recording of a draft that nobody writes any more; one that holds nothing is removed. Slow."""
        name = asked.name
        if not draft.is_file():
            return None
        digest, size = hashlib.sha256(), 0
        if name.subject in self._core.keystore.subjects():
            key = self._core.keystore.key_at_once(name.subject, "recording")
            with contextlib.suppress(SealedError, OSError):
                for part in _parts(draft, key, name.subject):
                    digest.update(part)
                    size += len(part)
        if not size or name.kind is RetentionClass.SNAPSHOTS:
            draft.unlink()
            return None
        ended = datetime.fromtimestamp(draft.stat().st_mtime, UTC)
        draft.replace(name.path(self._core.folder))
        seconds = max(0.0, (ended - name.began).total_seconds())
        return ClipRecorded(
            str(name),
            asked.camera,
            name.kind,
            name.began,
            seconds,
            size,
            digest.hexdigest(),
            _BROKEN_OFF,
            *_whose(asked),
        )

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="filming")
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("a recording could not be seen to", error=repr(error))
            detail = f"a recording could not be seen to: {type(error).__name__}"
            self._core.runtime.submit(FaultSeen(None, active=True, detail=detail))


def clear_parts(core: Core, recording: str, *, whole: bool) -> Iterator[bytes]:
    """Return a recording in clear, part by part, as ``Filming.read`` does. Slow: take each part in a thread.

    Raises ``LookupError`` at once where there is none, or its key is gone; ``SealedError`` while it is read.
    """
    name = recording_name(recording)
    if name is None or name.subject not in core.keystore.subjects():
        raise LookupError(recording)
    key, path = core.keystore.key_at_once(name.subject, "recording"), name.path(core.folder)
    if not path.is_file():
        raise LookupError(recording)
    return _parts(path, key, name.subject, whole=whole)


def _belongs(asked: _Asked, record: Recorded) -> None:
    asked.events.append(record.seq)
    asked.people += [who for who in people_of(record.event) if who not in asked.people]


def _whose(asked: _Asked) -> tuple[tuple[int, ...], tuple[CardholderId, ...], bool]:
    return tuple(asked.events), tuple(asked.people), asked.silent


def _parts(path: Path, key: bytes, label: str, *, whole: bool = False) -> Iterator[bytes]:
    """Yield a sealed file's content; of one that was broken off, what there is. Slow: each part in a thread."""
    with path.open("rb") as file:
        try:
            yield from unsealed(file, key, label)
        except BrokenOff:
            if whole:
                raise
