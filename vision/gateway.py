"""Eyes to building and back: the only file here that knows the building's words."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import structlog

from controller.domain.decision import FaceOutcome
from controller.domain.effects import AskFace, StopFace
from controller.domain.faces import Gesture, Liveness
from controller.domain.filming import Camera, MaskKind, Sensitivity, ViewTrouble
from controller.domain.ids import CameraId, CardholderId, DoorId, PointId, RequestId
from controller.domain.points import Confirm, PointCondition, SightKind
from controller.domain.site import Site
from controller.domain.stimuli import (
    CameraSeen,
    CameraViewSeen,
    FaceSeen,
    FaceSpotted,
    GestureWanted,
    PersonPassed,
    PointSeen,
    Stimulus,
)
from controller.runtime.ports import FaceMade, FaceTemplate, NoFace, People
from vision import messages as eyes
from vision.duplicates import alike, can_read, read_by
from vision.supervisor import Supervisor

_LOG = structlog.get_logger(__name__)

ENROL_SECONDS = 60.0
"""An enrolment takes a second or two, and waits for a worker that is being restarted."""
EYES_LATE = "eyes_late"
_Answer = eyes.Enrolled | eyes.EnrolmentRefused | eyes.Judged


LEAST_MOVING = {Sensitivity.LOW: 0.012, Sensitivity.NORMAL: 0.003, Sensitivity.HIGH: 0.001}
"""What share of the picture must move to count: a person who fills a third of its height moves 0.02."""


@dataclass(frozen=True, slots=True)
class CameraAccess:
    """Where a camera is reached and with which credentials; they come from the key store, never from the site file.

    ``small_url`` is the stream that is looked through; empty: the same as what is recorded.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    small_url: str = ""


class VisionGateway:
    """Asks the eyes for faces, and tells the building what they saw. Implements ``Pictures`` and ``FaceMaker``."""

    def __init__(
        self,
        site: Site,
        people: People,
        submit: Callable[[Stimulus], asyncio.Future[None]],
        mono: Callable[[], float],
        access: Mapping[CameraId, CameraAccess],
    ) -> None:
        self._people = people
        self._submit = submit
        self._mono = mono
        self._access = {
            known.id: access.get(known.id, CameraAccess(known.url, small_url=known.small_url or ""))
            for known in site.cameras.values()
        }
        self._watches = {camera.id: _watch(site, camera, self._access[camera.id]) for camera in site.cameras.values()}
        self._site = site
        self._sights: dict[CameraId, dict[PointId, bool]] = {camera: {} for camera in site.cameras}
        self._troubled: set[CameraId] = set()
        self._loop = asyncio.get_running_loop()
        self._seeing: set[CameraId] = set()
        self._enrolling: dict[str, asyncio.Future[_Answer]] = {}
        self._engine = eyes.EngineKind(site.face_engine.value)
        self._supervisor = Supervisor(self._receive, mono, kind=self._engine)
        self.frames = 0

    async def start(self) -> None:
        """Open the eyes; returns before they see."""
        await self._supervisor.start()
        for watch in self._watches.values():
            self._supervisor.post(watch)

    async def stop(self) -> None:
        """Close them."""
        await self._supervisor.stop()
        for enrolling in self._enrolling.values():
            enrolling.cancel()

    def post(self, effect: AskFace | StopFace) -> None:
        """Look for a face, or no longer."""
        match effect:
            case AskFace():
                self._ask(effect)
            case StopFace(request=request):
                self._supervisor.post(eyes.CancelChallenge(request))
            case _:
                assert_never(effect)

    def relearn(self, camera: CameraId) -> None:
        """Learn anew what a camera should see: it was told to look elsewhere from now on."""
        self._supervisor.post(eyes.LearnAnew(camera))

    async def picture(self, camera: CameraId, *, unveiled: bool = False, rests: bool = False) -> bytes | None:
        """Return the camera's newest JPEG, masked, or None while there is none. ``unveiled``: its veil is lifted.

        ``rests``: while nothing moves there, the same one will do for a minute.
        """
        if camera not in self._access:
            return None
        asked = f"{eyes.RESTS if rests else ''}{eyes.CLEAR if unveiled else ''}{camera}"
        return await self._supervisor.picture(asked)

    def reads(self, engine: str) -> bool:
        """Tell whether a template of that engine is of use to this one."""
        return can_read(engine, self._engine)

    async def judge(self, photos: Sequence[bytes]) -> tuple[str, ...]:
        """Return a word for each photo: why it will not do, empty where it will."""
        answer = await self._answered(eyes.Judge(secrets.token_hex(8), tuple(photos)), len(photos))
        return _words(answer.photos)

    async def portrait(self, photo: bytes) -> bytes:
        """Return the head of the one person in a photo, as a small JPEG. Raises ``NoFace``."""
        answer = await self._answered(eyes.Judge(secrets.token_hex(8), (photo,), portrait=True), 1)
        if not isinstance(answer, eyes.Judged) or not answer.portrait:
            raise NoFace(_words(answer.photos), ())
        return answer.portrait

    async def make(self, cardholder: CardholderId, photos: Sequence[bytes]) -> FaceMade:
        """Return a template made from photos (JPEG) of one person, and who looks alike. Raises ``NoFace``."""
        answer = await self._answered(eyes.Enrol(secrets.token_hex(8), cardholder, tuple(photos)), len(photos))
        if not isinstance(answer, eyes.Enrolled):
            why = (answer.why.value,) if isinstance(answer, eyes.EnrolmentRefused) else ()
            raise NoFace(_words(answer.photos), why)
        template = FaceTemplate(answer.engine, answer.mode.value, answer.template)
        others = {who: known for who, known in self._people.templates().items() if who != cardholder}
        found = await asyncio.to_thread(alike, template, others, self._engine)
        return FaceMade(template, _words(answer.photos), answer.used, *found)

    def look_for(self, cameras: Collection[CameraId], people: Collection[CardholderId]) -> None:
        """Look for these people's faces through these cameras from now on, and for nobody else's; a watch list."""
        known = [(who, self._people.template(who)) for who in sorted(people)] if cameras else []
        rows = [(who, row) for who, one in known if one is not None and (row := read_by(one, self._engine)) is not None]
        people_, templates = tuple(who for who, _ in rows), tuple(row for _, row in rows)
        self._supervisor.post(eyes.WatchList(tuple(sorted(cameras)) if rows else (), people_, templates))

    async def _answered(self, asked: eyes.Enrol | eyes.Judge, photos: int) -> _Answer:
        """Return the eyes' answer. Raises ``NoFace`` where it does not come in time."""
        self._enrolling[asked.request_id] = self._loop.create_future()
        try:
            self._supervisor.post(asked)
            async with asyncio.timeout(ENROL_SECONDS):
                return await self._enrolling[asked.request_id]
        except TimeoutError as late:
            raise NoFace(("",) * photos, (EYES_LATE,)) from late
        finally:
            del self._enrolling[asked.request_id]

    def _ask(self, ask: AskFace) -> None:
        template = self._people.template(ask.cardholder)
        if template is None:
            self._loop.call_soon(self._cannot, ask, FaceOutcome.NO_TEMPLATE)
        elif ask.camera not in self._seeing:
            self._loop.call_soon(self._cannot, ask, FaceOutcome.NO_CAMERA)
        else:
            self._challenge(ask, template)

    def _challenge(self, ask: AskFace, template: FaceTemplate) -> None:
        vector = read_by(template, self._engine)
        if vector is None:
            self._loop.call_soon(self._cannot, ask, FaceOutcome.OTHER_ENGINE)
            return
        now = self._mono()
        try:
            mode = eyes.TemplateMode(template.mode)
            about = (ask.request, ask.camera, ask.cardholder, vector, mode, now, ask.until, self._engine)
            challenge = eyes.Challenge(*about, eyes.Liveness(ask.liveness.value))
        except ValueError:  # not what that engine makes
            self._loop.call_soon(self._cannot, ask, FaceOutcome.NO_TEMPLATE)
        else:
            self._supervisor.post(challenge)

    def _cannot(self, ask: AskFace, why: FaceOutcome) -> None:
        self._submit(FaceSeen(ask.request, ask.camera, why, None, 0, self._mono()))

    def _receive(self, value: eyes.Value) -> None:  # noqa: C901 - one flat table
        match value:
            case eyes.CameraUp() | eyes.CameraLost() | eyes.ViewJudged() | eyes.SightChanged() | eyes.PersonCrossed():
                self._of_camera(value)
            case eyes.FaceVerdict():
                self._submit(_seen(value))
            case eyes.FrameCount(frames=frames):
                self.frames += frames
            case eyes.Enrolled() | eyes.EnrolmentRefused() | eyes.Judged():
                waiting = self._enrolling.get(value.request_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(value)
            case eyes.GestureAsked(challenge_id=request, camera=camera, gesture=gesture):
                self._submit(GestureWanted(RequestId(request), CameraId(camera), Gesture(gesture.value)))
            case eyes.FaceSpotted(camera=camera, person=person, distance=distance):
                self._submit(FaceSpotted(CameraId(camera), CardholderId(person), distance))
            case eyes.EngineReady(engine=engine):
                self._sights = {camera: {} for camera in self._watches}  # another process, which has seen nothing yet
                _LOG.info("the eyes can judge faces", engine=engine)
            case eyes.EngineRefused(why=why):
                _LOG.error("the eyes refuse a model: what it would find is not found", why=why)
            case eyes.FaceAtDoor() | eyes.Heartbeat():
                pass
            case _:
                assert_never(value)

    def _of_camera(
        self, value: eyes.CameraUp | eyes.CameraLost | eyes.ViewJudged | eyes.SightChanged | eyes.PersonCrossed
    ) -> None:
        camera = CameraId(value.camera)
        match value:
            case eyes.CameraUp():
                self._seeing.add(camera)
                self._submit(CameraSeen(camera, online=True, detail=""))
            case eyes.CameraLost(why=why):
                self._seeing.discard(camera)
                self._submit(CameraSeen(camera, online=False, detail=why))
            case eyes.ViewJudged(trouble=trouble):
                (self._troubled.discard if trouble is None else self._troubled.add)(camera)
                self._submit(CameraViewSeen(camera, None if trouble is None else ViewTrouble(trouble.value)))
            case eyes.SightChanged(point=point, active=active):
                seen = self._site.sights.get(PointId(point))
                if seen is not None and seen.camera == camera:  # else it is none that was asked for
                    self._sights[camera][PointId(point)] = active
                    self._tell_sight(camera, PointId(point))
                return
            case eyes.PersonCrossed():
                self._count(value)
                return
            case _:
                assert_never(value)
        for each in self._sights.get(camera, {}):
            self._tell_sight(camera, each)

    def _tell_sight(self, camera: CameraId, point: PointId) -> None:
        """Tell how a point stands; a camera that sees nothing, or something else than it should, says nothing of it."""
        if camera not in self._seeing or camera in self._troubled:
            condition = PointCondition.UNKNOWN
        else:
            condition = PointCondition.ACTIVE if self._sights[camera][point] else PointCondition.NORMAL
        self._submit(PointSeen(point, condition))

    def _count(self, crossed: eyes.PersonCrossed) -> None:
        camera = self._site.cameras.get(CameraId(crossed.camera))
        for counted in camera.counts if camera else ():
            if camera and counted.door == crossed.door:
                outer, inner = self._site.doors[DoorId(crossed.door)].zones
                back = outer if counted.enters == inner else inner
                self._submit(PersonPassed(camera.id, counted.door, counted.enters if crossed.beyond else back))


def _watch(site: Site, camera: Camera, access: CameraAccess) -> eyes.Watch:
    burnt, veiled = (tuple(mask.shape for mask in camera.painted(kind)) for kind in (MaskKind.BURNT, MaskKind.VEIL))
    sights = (
        eyes.Sight(
            point,
            eyes.Looks(seen.kind.value),
            seen.shape,
            seen.confirm is Confirm.PEOPLE,
            seen.beyond,
            seen.seconds,
        )
        for point, seen in site.sights.items()
        if seen.camera == camera.id and seen.kind is not SightKind.TOLD
    )
    return eyes.Watch(
        camera.id,
        access.small_url or access.url,
        access.username,
        access.password,
        burnt,
        veiled,
        sights=tuple(sights),
        counting=tuple(eyes.CountingLine(each.door, each.line, each.beyond) for each in camera.counts),
        ignored=(*camera.motion.ignore, *burnt),
        least=LEAST_MOVING[camera.motion.sensitivity],
        gestures=any(r.camera == camera.id and r.liveness is Liveness.CHALLENGE for r in site.readers.values()),
    )


def _words(photos: Sequence[eyes.PhotoProblem | None]) -> tuple[str, ...]:
    return tuple("" if problem is None else problem.value for problem in photos)


def _seen(verdict: eyes.FaceVerdict) -> FaceSeen:
    return FaceSeen(
        RequestId(verdict.challenge_id),
        CameraId(verdict.camera),
        FaceOutcome(verdict.outcome.value),
        verdict.distance,
        verdict.frames,
        verdict.seen_at,
    )
