"""What the recorder does: keeps each camera's ring, writes clips and stills out of it, hands on live fragments.

One thread, one `turn` after another; the cameras' threads only add to their rings. A disk that is slow or full holds up
nothing but films: rings go on, and what could not be kept is said.
"""

import hashlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, assert_never

import av.error
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.recording.film import CLIP_OPTIONS, LIVE_OPTIONS, Film, Piece, Pipe, Ring, SealedFile, last_picture
from vision.recording.messages import (
    ClipDone,
    Command,
    Extend,
    Kept,
    Live,
    NotKept,
    Record,
    Still,
    StillDone,
    Stop,
    Value,
    Watch,
)
from vision.recording.source import PacketSource

TURN = 0.1
"""Seconds between two turns."""
SAFE_EVERY = 1.0
"""Seconds of film that a crash may cost: so often what is written goes to the disk, in small parts at a time."""
LATE = 1.0
"""Seconds a packet may be on its way: a clip waits so long for its last one."""
STALE = 5.0
"""Seconds by which a still may be older than it was asked for: beyond, the camera is gone."""
TOLD_EVERY = 5.0
STILL_QUALITY = 85
BYTES_PER_SECOND = 32 * 1024 * 1024
"""Written at most: the log lies on the same disk, and its own writes wait for nobody's films."""
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
DRAFT = ".part"

Send = Callable[[Value], None]
Fragment = Callable[[int, bytes], None]


class Packets(Protocol):
    """Where a camera's packets come from; see `vision.recording.source.PacketSource`."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> None:
        """End soon."""


@dataclass(slots=True)
class _Clip:
    """A clip that is asked for, and as far as it is written."""

    asked: Record
    until: float
    file: BinaryIO | None = None
    sealed: SealedFile | None = None
    film: Film | None = None
    began: float = 0.0
    ended: float = 0.0
    seen: float = 0.0  # pieces that arrived up to then were looked at
    counted: float = 0.0  # seconds up to which coverage was told
    safe: float = 0.0


@dataclass(slots=True)
class _Camera:
    watch: Watch
    ring: Ring
    source: Packets
    expected: float = 0.0
    recorded: float = 0.0


@dataclass(slots=True)
class _View:
    """Somebody who watches a camera live."""

    camera: str
    film: Film | None = None
    seen: float = field(default=0.0)


class Recorder:
    """The state of the process. ``send`` takes values, ``fragment`` live bytes by the number of who asked."""

    def __init__(
        self,
        send: Send,
        fragment: Fragment,
        *,
        reserve: int = 0,
        open_source: Callable[[Watch, Callable[[Piece], None]], Packets] = PacketSource,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._fragment, self._reserve = send, fragment, reserve
        self._open, self._clock = open_source, clock
        self._cameras: dict[str, _Camera] = {}
        self._clips: dict[str, _Clip] = {}
        self._stills: list[Still] = []
        self._views: dict[int, _View] = {}
        self._tell_at = self._written = self._budget_at = 0.0

    def take(self, command: Command) -> None:
        """Begin what a command asks."""
        match command:
            case Watch():
                self._watch(command)
            case Record():
                self._clips[command.clip] = _Clip(command, command.until, counted=command.since)
            case Extend(clip, until):
                if clip in self._clips:
                    self._clips[clip].until = max(until, self._clips[clip].until)
            case Still():
                self._stills.append(command)
            case Live(number, camera, on):
                if on:
                    self._views[number] = _View(camera)
                else:
                    self._unview(number)
            case Stop():
                self.close()
            case _:
                assert_never(command)

    def turn(self) -> None:
        """Do what is due."""
        now = self._clock()
        for number in tuple(self._views):
            self._show(number, now)
        for still in self._stills:
            self._keep_still(still)
        self._stills.clear()
        for clip in tuple(self._clips.values()):
            self._go_on(clip, now)
        if now >= self._tell_at:
            self._tell_at = now + TOLD_EVERY
            self._tell()

    def now(self) -> float:
        """Return this moment (monotonic)."""
        return self._clock()

    def close(self) -> None:
        """Finish every clip as it is, and let go of the cameras."""
        for clip in tuple(self._clips.values()):
            self._finish(clip)
        for number in tuple(self._views):
            self._unview(number)
        for camera in self._cameras.values():
            camera.source.close()
        self._tell()

    def _watch(self, watch: Watch) -> None:
        known = self._cameras.get(watch.camera)
        if known is not None:
            if known.watch == watch:
                return
            known.source.close()
        ring = Ring(watch.ring)
        camera = _Camera(watch, ring, self._open(watch, ring.add))
        self._cameras[watch.camera] = camera
        camera.source.start()

    def _go_on(self, clip: _Clip, now: float) -> None:
        """Write what arrived for a clip since; finish it when its time is over, or its stream is another one."""
        camera = self._cameras.get(clip.asked.camera)
        try:
            pieces = camera.ring.since(max(clip.asked.since, clip.seen)) if camera else []
            if pieces and pieces[-1].arrived < clip.asked.since:
                pieces = []  # a camera that is gone: what it sent before is not what was asked for
            for piece in pieces:
                if piece.arrived <= clip.seen or piece.arrived > clip.until:
                    continue
                if clip.film is not None and not clip.film.takes(piece):
                    self._finish(clip)
                    return
                self._add(clip, piece)
            if clip.sealed is not None and now >= clip.safe:
                self._make_safe(clip, now)
        except (OSError, av.error.FFmpegError, ValueError) as error:
            self._give_up(clip, getattr(error, "strerror", None) or type(error).__name__)
            return
        if now > clip.until + LATE:
            self._finish(clip)

    def _add(self, clip: _Clip, piece: Piece) -> None:
        if clip.film is None:
            if not piece.key:
                return
            self._begin(clip, piece)
        if clip.film is not None:
            clip.film.add(piece)
        clip.seen = clip.ended = piece.arrived

    def _begin(self, clip: _Clip, piece: Piece) -> None:
        path = Path(clip.asked.path + DRAFT)
        self._refuse_if_full(path)
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        clip.file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb", buffering=0)
        clip.sealed = SealedFile(clip.file, clip.asked.key, clip.asked.label)
        clip.film = Film(clip.sealed, piece, CLIP_OPTIONS)
        clip.began = piece.arrived
        clip.safe = self._clock() + SAFE_EVERY

    def _make_safe(self, clip: _Clip, now: float) -> None:
        """Bring what was written to the disk: little by little, so that the log's own sync finds next to nothing."""
        if clip.sealed is None or clip.file is None:
            return
        before = clip.sealed.size
        self._refuse_if_full(Path(clip.asked.path + DRAFT))
        clip.sealed.flush()
        os.fdatasync(clip.file.fileno())
        clip.safe = now + SAFE_EVERY
        self._throttle(clip.sealed.size - before)

    def _throttle(self, size: int) -> None:
        self._written += size
        now = self._clock()
        if now >= self._budget_at + 1.0:
            self._written, self._budget_at = 0.0, now
        elif self._written > BYTES_PER_SECOND:
            time.sleep(TURN)

    def _finish(self, clip: _Clip) -> None:
        """Close a clip and say so. One that began with nothing is nothing: no picture came while it was asked for."""
        self._clips.pop(clip.asked.clip, None)
        self._count(clip, min(self._clock(), clip.until))
        if clip.film is None or clip.sealed is None or clip.file is None:
            self._send(NotKept(clip.asked.clip, "no picture came"))
            return
        try:
            clip.film.close()
            clip.sealed.finish()
            os.fdatasync(clip.file.fileno())
            clip.file.close()
            Path(clip.asked.path + DRAFT).replace(clip.asked.path)
        except (OSError, av.error.FFmpegError) as error:
            self._give_up(clip, getattr(error, "strerror", None) or type(error).__name__)
            return
        self._send(ClipDone(clip.asked.clip, clip.began, clip.ended, clip.sealed.size, clip.sealed.digest))

    def _give_up(self, clip: _Clip, why: str) -> None:
        """Leave what was written as it is, chunks and all, and say that it is not whole."""
        self._clips.pop(clip.asked.clip, None)
        if clip.file is not None:
            clip.file.close()
        self._send(NotKept(clip.asked.clip, why))

    def _keep_still(self, still: Still) -> None:
        camera = self._cameras.get(still.camera)
        try:
            found = last_picture(camera.ring.since(still.at), still.at) if camera else None
            if found is None or found[1] < still.at - STALE:
                self._send(NotKept(still.still, "no picture came"))
                return
            image, taken = found
            jpeg: bytes = simplejpeg.encode_jpeg(image, quality=STILL_QUALITY)
            self._write_still(still, jpeg)
        except (OSError, av.error.FFmpegError, ValueError) as error:
            self._send(NotKept(still.still, getattr(error, "strerror", None) or type(error).__name__))
            return
        self._send(StillDone(still.still, taken, len(jpeg), hashlib.sha256(jpeg).hexdigest()))

    def _write_still(self, still: Still, jpeg: bytes) -> None:
        path = Path(still.path)
        self._refuse_if_full(path)
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        content = io.BytesIO()
        sealed = SealedFile(content, still.key, still.label)
        sealed.write(jpeg)
        sealed.finish()
        draft = path.with_name(path.name + DRAFT)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
            file.write(content.getvalue())
            file.flush()
            os.fdatasync(file.fileno())
        draft.replace(path)
        self._throttle(len(jpeg))

    def _refuse_if_full(self, path: Path) -> None:
        """Leave the disk's last room to the log. Raises ``OSError``."""
        place = next(parent for parent in path.parents if parent.exists())
        room = os.statvfs(place)
        if room.f_bavail * room.f_frsize < self._reserve:
            raise OSError(28, "the disk's last room is the log's")

    def _show(self, number: int, now: float) -> None:
        view = self._views[number]
        camera = self._cameras.get(view.camera)
        for piece in camera.ring.since(view.seen or now) if camera else ():
            if piece.arrived <= view.seen:
                continue
            if view.film is None and piece.key:
                view.film = Film(Pipe(lambda part: self._fragment(number, part)), piece, LIVE_OPTIONS)
            if view.film is not None and not view.film.takes(piece):
                self._unview(number)
                return
            if view.film is not None:
                view.film.add(piece)
                view.seen = piece.arrived

    def _unview(self, number: int) -> None:
        """Say that there is no more: an empty fragment."""
        view = self._views.pop(number, None)
        if view is not None:
            self._fragment(number, b"")

    def _count(self, clip: _Clip, until: float) -> None:
        """Add up what was to be kept since, and what was."""
        camera = self._cameras.get(clip.asked.camera)
        if camera is None or until <= clip.counted:
            return
        camera.expected += until - clip.counted
        if clip.film is not None:
            first = max(clip.counted, clip.began) if clip.began > clip.asked.since else clip.counted
            camera.recorded += max(0.0, min(clip.ended + LATE, until) - first)
        clip.counted = until

    def _tell(self) -> None:
        for clip in self._clips.values():
            self._count(clip, min(clip.ended, clip.until) if clip.film is not None else self._clock() - LATE)
        for name, camera in self._cameras.items():
            if camera.expected:
                self._send(Kept(name, camera.expected, min(camera.recorded, camera.expected)))
                camera.expected = camera.recorded = 0.0
