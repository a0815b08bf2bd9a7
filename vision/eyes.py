"""What the worker does: watches cameras, answers challenges, enrols. One thread, one `turn` after another.

Frames wait in each camera's `Source`; nothing here blocks for longer than one face search (20 to 80 ms at 480x360).
"""

import contextlib
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, assert_never

from vision import enrolment, tracking, watchlist
from vision.eyelids import Eyelids, load_eyelids
from vision.liveness import Signs, is_framed
from vision.matching import Calibration, CalibrationError, Embedding, Template, Threshold, from_bytes, load_calibration
from vision.messages import (
    CameraLost,
    CameraUp,
    CancelChallenge,
    Challenge,
    Command,
    EngineKind,
    EngineReady,
    EngineRefused,
    Enrol,
    FaceAtDoor,
    FaceSpotted,
    FrameCount,
    Gesture,
    GestureAsked,
    Heartbeat,
    Judge,
    LearnAnew,
    Liveness,
    Stop,
    Value,
    ViewJudged,
    Watch,
    WatchList,
)
from vision.models import Engine, Face, Image, ModelRefusedError, load_engine
from vision.motion import Motion
from vision.motion import seen as motion_seen
from vision.persons import load_find
from vision.pose import sideways
from vision.quality import LIVE, Quality, quality
from vision.source import Frame, Source
from vision.view import View, looked
from vision.watching import Find, Pace, Watcher

CHALLENGED_EVERY = 0.125
"""Seconds between two looks through a camera somebody is challenged at."""
IDLE_EVERY = 0.3
"""Seconds between two looks through any other; only where something moves are faces searched."""
WATCHED_EVERY = 0.18
"""Seconds between two looks through a camera that is watched for people: they take two steps in it."""
SEARCHES_PER_SECOND = 8.0
"""How often people are searched for, all cameras together; each takes about 45 ms."""
TOLD_EVERY = 1.0
"""Seconds between heartbeats and between frame counts."""


NOBODY_MATCHES = Threshold(same=-1.0, other=math.inf, fmr=0.0)


class FrameSource(Protocol):
    """The newest frame of one camera; see `vision.source.Source`."""

    def start(self) -> None:
        """Begin to watch."""

    def close(self) -> None:
        """End soon."""

    def latest(self) -> Frame | None:
        """Return the newest frame."""

    def take_count(self) -> int:
        """Return how many frames were decoded since the last call."""


Say = Callable[[CameraUp | CameraLost], None]


@dataclass(frozen=True, slots=True)
class _Judge:
    """An engine, and what it was calibrated to."""

    engine: Engine
    calibration: Calibration


@dataclass(slots=True)
class _Camera:
    watch: Watch
    source: FrameSource
    due: float = 0.0
    looked_at: Frame | None = None
    motion: Motion = field(default_factory=Motion)
    view: View = field(default_factory=View)
    presence: tracking.Presence = field(default_factory=tracking.Presence)
    watcher: Watcher | None = None
    watched_at: float = -math.inf
    spotting: watchlist.Spotting = field(default_factory=watchlist.Spotting)


class Eyes:
    """The state of the worker; `send` takes values, `say` is handed to the cameras' threads."""

    def __init__(
        self,
        send: Callable[[Value], None],
        say: Say,
        kind: EngineKind = EngineKind.DLIB,
        *,
        load: Callable[[EngineKind], Engine] = load_engine,
        calibrated: Callable[[EngineKind], Calibration] = load_calibration,
        load_people: Callable[[], Find] = load_find,
        eyelids: Callable[[], Eyelids] = load_eyelids,
        draw: Callable[[Sequence[Gesture]], Gesture] = secrets.choice,
        open_source: Callable[[Watch, Say], FrameSource] = Source,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._say, self._load, self._open, self._clock = send, say, load, open_source, clock
        self._kind, self._calibrated = kind, calibrated
        self._load_eyelids, self._draw = eyelids, draw
        self._eyelids: Eyelids | None = None
        self._list: watchlist.Listed | None = None
        self._judge: _Judge | None = None
        self._loaded = False
        self._load_people, self._people_refused = load_people, False
        self._find: Find | None = None
        self._pace = Pace(SEARCHES_PER_SECOND)
        self._cameras: dict[str, _Camera] = {}
        self._ballots: dict[str, tuple[tracking.Ballot, Template | None]] = {}
        self._enrolments: deque[enrolment.Enrolment] = deque()
        self._tell_at = 0.0

    def take(self, command: Command) -> None:
        """Do, or begin to do, what a command asks; `Stop` closes the cameras."""
        match command:
            case Watch():
                self._watch(command)
            case LearnAnew(camera):
                if camera in self._cameras:
                    self._cameras[camera].view = View()
            case Challenge():
                self._challenge(command)
            case CancelChallenge(challenge_id):
                self._forget(challenge_id)
            case WatchList():
                self._take_list(command)
            case Enrol() | Judge():
                self._enrolments.append(enrolment.begin(command))
            case Stop():
                self.close()
            case _:
                assert_never(command)

    def turn(self) -> float:
        """Do what is due; return how many seconds until something is due again."""
        self._load_once()
        for name in sorted(self._cameras, key=lambda name: not self._is_challenged(name)):
            self._look_if_due(self._cameras[name])
            self._tell(self._clock())  # on a busy machine one round may take longer than anybody waits for a word
        self._enrol_one_photo()
        now = self._clock()
        self._give_verdicts(now)
        self._tell(now)
        return 0.0 if self._enrolments else self._until_due(now)

    def newest(self, camera: str) -> Frame | None:
        """Return a camera's newest frame; may be called from another thread."""
        watched = self._cameras.get(camera)
        return watched.source.latest() if watched else None

    def watched(self, camera: str) -> Watch | None:
        """Return how a camera is looked through; may be called from another thread."""
        found = self._cameras.get(camera)
        return found.watch if found else None

    def rests(self, camera: str, now: float) -> bool:
        """Tell whether nothing moves before a camera; may be called from another thread."""
        found = self._cameras.get(camera)
        return found is not None and found.motion.moved_at is not None and not found.motion.awake(now)

    def close(self) -> None:
        """Close every camera."""
        for camera in self._cameras.values():
            camera.source.close()
        self._cameras = {}

    def _load_once(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        try:
            self._judge = _Judge(self._load(self._kind), self._calibrated(self._kind))
        except (ModelRefusedError, CalibrationError) as refused:
            self._send(EngineRefused(str(refused)))
        else:
            self._send(EngineReady(self._judge.engine.name))

    def _challenge(self, challenge: Challenge) -> None:
        """Open the ballot; nobody matches where no engine judges, or another one than the template was made by."""
        self._load_once()
        threshold, template = NOBODY_MATCHES, None
        if self._judge is not None and challenge.engine is self._kind:
            threshold = self._judge.calibration.thresholds[challenge.mode]
            template = from_bytes(challenge.template, challenge.mode, self._kind)
        self._ballots[challenge.challenge_id] = (tracking.Ballot(challenge, threshold), template)

        if challenge.liveness is Liveness.CHALLENGE:
            self._see_eyelids()

    def _see_eyelids(self) -> None:
        """Load who measures them, unless that was done: where a gesture may be asked for, before it is."""
        if self._eyelids is None:
            with contextlib.suppress(ModelRefusedError):  # then heads are turned, and no eyes are closed
                self._eyelids = self._load_eyelids()

    def _forget(self, challenge_id: str) -> None:
        """Forget a challenge, and wipe the template it was about."""
        _, template = self._ballots.pop(challenge_id, (None, None))
        if template is not None:
            template.fill(0)

    def _take_list(self, said: WatchList) -> None:
        self._load_once()
        if self._list is not None:
            self._list.rows.rows.fill(0)
            self._list.rows.first.fill(0)
        self._list = None if self._judge is None else watchlist.listed(said, self._judge.calibration)

    def _watch(self, watch: Watch) -> None:
        if watch.gestures:
            self._see_eyelids()
        before = self._cameras.get(watch.camera)
        if before is not None and before.watch == watch:
            return
        if before is not None:
            before.source.close()
        source = self._open(watch, self._say)
        watcher = Watcher(watch, self._pace) if watch.sights or watch.counting else None
        view = View() if before is None else before.view
        self._cameras[watch.camera] = _Camera(watch, source, view=view, watcher=watcher)
        source.start()

    def _is_challenged(self, camera: str) -> bool:
        return any(ballot.challenge.camera == camera for ballot, _ in self._ballots.values())

    def _look_if_due(self, camera: _Camera) -> None:
        now = self._clock()
        challenged = self._is_challenged(camera.watch.camera)
        frame = camera.source.latest()
        if frame is not None:
            self._judge_view(camera, frame)
            self._watch_people(camera, frame)
        if frame is None or frame is camera.looked_at or (now < camera.due and not challenged):
            return
        camera.looked_at, camera.due = frame, now + (CHALLENGED_EVERY if challenged else IDLE_EVERY)
        camera.motion = motion_seen(camera.motion, frame.luma(), frame.seen_at)
        stirred = camera.motion.awake(frame.seen_at) or tracking.is_present(camera.presence, frame.seen_at)
        if self._judge is not None and (challenged or stirred):
            self._search(self._judge, camera, frame, challenged=challenged)

    def _judge_view(self, camera: _Camera, frame: Frame) -> None:
        """Say what a camera sees when that has changed. What was learned outlives a cut cable."""
        if not camera.view.due(frame.seen_at):
            return
        before = camera.view
        camera.view = looked(before, frame.luma(), frame.seen_at)
        if camera.view.judged and (not before.judged or camera.view.told is not before.told):
            self._send(ViewJudged(camera.watch.camera, camera.view.told))

    def _watch_people(self, camera: _Camera, frame: Frame) -> None:
        """Say who came where the building wants to know it."""
        if camera.watcher is None or frame.seen_at - camera.watched_at < WATCHED_EVERY:
            return
        camera.watched_at = frame.seen_at
        for value in camera.watcher.look(frame.luma(), frame.rgb, self._people_finder(), frame.seen_at):
            self._send(value)

    def _people_finder(self) -> Find | None:
        """Return the detector, loaded when it is first needed; None where its weights are not the ones listed."""
        if self._find is None and not self._people_refused:
            try:
                self._find = self._load_people()
            except ModelRefusedError as refused:
                self._people_refused = True
                self._send(EngineRefused(str(refused)))
        return self._find

    def _search(self, judge: _Judge, camera: _Camera, frame: Frame, *, challenged: bool) -> None:
        image = frame.rgb()
        faces = judge.engine.find(image, small_too=challenged)
        judgement = quality(image, faces, LIVE)
        good = judgement is Quality.GOOD
        if not tracking.is_present(camera.presence, frame.seen_at):
            camera.spotting = watchlist.Spotting()
        wanted = good and (challenged or self._is_listed_for(camera))
        embedding = judge.engine.embed(image, faces[0]) if wanted else None
        signs = self._signs(image, faces, camera.watch.camera)
        look = tracking.Look(frame.seen_at, judgement, faces[0] if faces else None, signs=signs)
        camera.presence, say = tracking.somebody(camera.presence, look, challenged=challenged)
        if say:
            self._send(FaceAtDoor(camera.watch.camera, frame.seen_at))
        if challenged:
            self._vote(judge.calibration, camera.watch.camera, look, embedding)
        if embedding is not None and self._is_listed_for(camera):
            self._spot(camera, embedding)

    def _is_listed_for(self, camera: _Camera) -> bool:
        return self._list is not None and camera.watch.camera in self._list.cameras and camera.spotting.goes_on

    def _spot(self, camera: _Camera, face: Embedding) -> None:
        """Look for a face in the watch list."""
        found = self._list.nearest(face) if self._list is not None else None
        camera.spotting, say = watchlist.looked(camera.spotting, found)
        if say and found is not None:
            self._send(FaceSpotted(camera.watch.camera, *found))

    def _signs(self, image: Image, faces: Sequence[Face], camera: str) -> Signs:
        """Return the signs of life in a frame, where a challenge through this camera asks for them."""
        asked = {one.challenge.liveness for one, _ in self._ballots.values() if one.challenge.camera == camera}
        if not faces or not asked & {Liveness.PASSIVE, Liveness.CHALLENGE}:
            return tracking.NO_SIGNS
        closes = self._eyelids is not None and Liveness.CHALLENGE in asked
        eyelids = self._eyelids.openness(image, faces[0]) if closes and self._eyelids else math.nan
        return Signs(is_framed(image, faces[0]), sideways(faces[0]), eyelids)

    def _vote(self, calibration: Calibration, camera: str, look: tracking.Look, embedding: Embedding | None) -> None:
        for name, (ballot, template) in self._ballots.items():
            known = None if embedding is None or template is None else calibration.distance(template, embedding)
            after = tracking.with_look(ballot, camera, replace(look, distance=known))
            if tracking.awaits_gesture(after):
                after = tracking.with_gesture(after, self._draw(self._gestures()))
                self._send(GestureAsked(name, camera, after.gesture or Gesture.TURN_LEFT))
            self._ballots[name] = (after, template)

    def _gestures(self) -> list[Gesture]:
        """Return what can be asked for: eyes that close are seen only where their model is."""
        turns = [Gesture.TURN_LEFT, Gesture.TURN_RIGHT]
        return turns if self._eyelids is None else [*turns, Gesture.CLOSE_EYES]

    def _give_verdicts(self, now: float) -> None:
        for name, (ballot, _) in tuple(self._ballots.items()):
            answer = tracking.verdict(ballot, now)
            if answer is not None:
                self._forget(name)
                self._send(answer)

    def _enrol_one_photo(self) -> None:
        if not self._enrolments:
            return
        current = self._enrolments.popleft()
        if self._judge is None:
            self._send(enrolment.refused(current))
        elif current.waiting:
            self._enrolments.appendleft(enrolment.next_photo(current, self._judge.engine))
        else:
            self._send(enrolment.result(current, self._judge.calibration))

    def _tell(self, now: float) -> None:
        if now < self._tell_at:
            return
        self._tell_at = now + TOLD_EVERY
        for name, camera in self._cameras.items():
            if frames := camera.source.take_count():
                self._send(FrameCount(name, frames))
        self._send(Heartbeat(now))

    def _until_due(self, now: float) -> float:
        """Return when to look again: soon while somebody is challenged, since a new frame rings no bell."""
        if self._ballots:
            return min(0.02, max(0.0, min(ballot.challenge.until for ballot, _ in self._ballots.values()) - now))
        due = [self._tell_at, *(camera.due for camera in self._cameras.values())]
        due += [now + WATCHED_EVERY / 2 for camera in self._cameras.values() if camera.watcher is not None][:1]
        return max(0.0, min(due) - now) or 0.02
