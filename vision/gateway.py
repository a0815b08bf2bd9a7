"""Eyes to building and back: the only file here that knows the building's words."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

import structlog

from controller.domain.decision import FaceOutcome
from controller.domain.effects import AskFace, StopFace
from controller.domain.filming import Camera, MaskKind, Sensitivity, ViewTrouble
from controller.domain.ids import CameraId, CardholderId, DoorId, PointId, RequestId
from controller.domain.points import Confirm, PointCondition
from controller.domain.site import Site
from controller.domain.stimuli import CameraSeen, CameraViewSeen, FaceSeen, PersonPassed, PointSeen, Stimulus
from controller.runtime.ports import FaceTemplate, People
from vision import messages as eyes
from vision.matching import part_of
from vision.models import ENGINE_NAMES
from vision.supervisor import Supervisor

_LOG = structlog.get_logger(__name__)

MADE_BY = {name: kind for kind, name in ENGINE_NAMES.items()}
"""Which engine a template names."""


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


class EnrolmentFailed(Exception):
    """No template could be made; ``reasons`` has one word per photo refused, then what that amounts to."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


class VisionGateway:
    """Asks the eyes for faces, and tells the building what they saw. Implements ``Pictures``."""

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
        self._enrolling: dict[str, asyncio.Future[FaceTemplate]] = {}
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

    async def picture(self, camera: CameraId, *, unveiled: bool = False) -> bytes | None:
        """Return the camera's newest JPEG, masked, or None while there is none. ``unveiled``: its veil is lifted."""
        if camera not in self._access:
            return None
        return await self._supervisor.picture(f"{eyes.CLEAR}{camera}" if unveiled else camera)

    async def enrol(self, cardholder: CardholderId, images: Sequence[bytes]) -> FaceTemplate:
        """Return a template made from photos (JPEG) of one person. Raises ``EnrolmentFailed``."""
        request = secrets.token_hex(8)
        self._enrolling[request] = self._loop.create_future()
        try:
            self._supervisor.post(eyes.Enrol(request, cardholder, tuple(images)))
            return await self._enrolling[request]
        finally:
            del self._enrolling[request]

    def _ask(self, ask: AskFace) -> None:
        template = self._people.template(ask.cardholder)
        if template is None:
            self._loop.call_soon(self._cannot, ask, FaceOutcome.NO_TEMPLATE)
        elif ask.camera not in self._seeing:
            self._loop.call_soon(self._cannot, ask, FaceOutcome.NO_CAMERA)
        else:
            self._challenge(ask, template)

    def _challenge(self, ask: AskFace, template: FaceTemplate) -> None:
        made_by = MADE_BY.get(template.engine)
        vector = None if made_by is None else part_of(template.vector, made_by, self._engine)
        if vector is None:
            self._loop.call_soon(self._cannot, ask, FaceOutcome.OTHER_ENGINE)
            return
        now = self._mono()
        try:
            mode = eyes.TemplateMode(template.mode)
            challenge = eyes.Challenge(
                ask.request, ask.camera, ask.cardholder, vector, mode, now, ask.until, self._engine
            )
        except ValueError:  # not what that engine makes
            self._loop.call_soon(self._cannot, ask, FaceOutcome.NO_TEMPLATE)
        else:
            self._supervisor.post(challenge)

    def _cannot(self, ask: AskFace, why: FaceOutcome) -> None:
        self._submit(FaceSeen(ask.request, ask.camera, why, None, 0, self._mono()))

    def _receive(self, value: eyes.Value) -> None:
        match value:
            case eyes.CameraUp() | eyes.CameraLost() | eyes.ViewJudged() | eyes.SightChanged() | eyes.PersonCrossed():
                self._of_camera(value)
            case eyes.FaceVerdict():
                self._submit(_seen(value))
            case eyes.FrameCount(frames=frames):
                self.frames += frames
            case eyes.Enrolled():
                self._enrolled(value.request_id, value)
            case eyes.EnrolmentRefused():
                self._enrolled(value.request_id, EnrolmentFailed(tuple(why.value for why in value.reasons)))
            case eyes.EngineReady(engine=engine):
                _LOG.info("the eyes can judge faces", engine=engine)
            case eyes.EngineRefused(why=why):
                _LOG.error("no face can be judged", why=why)
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
                self._sights[camera][PointId(point)] = active
                self._tell_sight(camera, PointId(point))
                return
            case eyes.PersonCrossed():
                self._count(value)
                return
            case _:
                assert_never(value)
        for each in self._sights[camera]:
            self._tell_sight(camera, each)

    def _tell_sight(self, camera: CameraId, point: PointId) -> None:
        """Tell how a point stands; a camera that sees nothing, or something else than it should, says nothing of it."""
        if camera not in self._seeing or camera in self._troubled:
            condition = PointCondition.UNKNOWN
        else:
            condition = PointCondition.ACTIVE if self._sights[camera][point] else PointCondition.NORMAL
        self._submit(PointSeen(point, condition))

    def _count(self, crossed: eyes.PersonCrossed) -> None:
        camera = self._site.cameras[CameraId(crossed.camera)]
        for counted in camera.counts:
            if counted.door == crossed.door:
                outer, inner = self._site.doors[DoorId(crossed.door)].zones
                back = outer if counted.enters == inner else inner
                self._submit(PersonPassed(camera.id, counted.door, counted.enters if crossed.beyond else back))

    def _enrolled(self, request: str, answer: eyes.Enrolled | EnrolmentFailed) -> None:
        waiting = self._enrolling.get(request)
        if waiting is None or waiting.done():
            return
        if isinstance(answer, EnrolmentFailed):
            waiting.set_exception(answer)
        else:
            waiting.set_result(FaceTemplate(answer.engine, answer.mode.value, answer.template))


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
        if seen.camera == camera.id
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
    )


def _seen(verdict: eyes.FaceVerdict) -> FaceSeen:
    return FaceSeen(
        RequestId(verdict.challenge_id),
        CameraId(verdict.camera),
        FaceOutcome(verdict.outcome.value),
        verdict.distance,
        verdict.frames,
        verdict.seen_at,
    )
