"""The cameras that turn: orders go to the driver of their head, every camera goes home again, what fails is told once.

While a camera is away from home by order, that it looks elsewhere is no alarm; that something covers it is one. Nothing
is known then of the points that it sees: what moves in its picture is the picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from controller.domain.effects import MoveHead
from controller.domain.events import CameraPresetOrdered
from controller.domain.filming import Camera, ViewTrouble
from controller.domain.heads import GoToPreset, Head, HeadDriver, HeadOrder, KeepPreset
from controller.domain.ids import CameraId, PointId
from controller.domain.points import PointCondition, Sight, SightKind
from controller.domain.stimuli import CameraViewSeen, FaultSeen, KeepingDone, PointSeen, Stimulus
from controller.runtime.ports import Heads
from devices.gateway.heads import PelcoHeads
from vision.gateway import CameraAccess
from vision.talk_gateway import TalkGateway

SETTLES = 15.0
"""Seconds that a head may take to be home: half around, at the speed of a slow one."""
ORDER_WITHIN = 2.0
CANNOT = "{camera} cannot be turned: {why}"
MUTE = "{camera} says nothing of motion: {why}"
BY_TURNING = frozenset({ViewTrouble.TURNED, ViewTrouble.BLURRED})
"""What a camera that is turned by order looks like to whoever compares its picture with what it showed at home."""

NO_SIGHTS: Mapping[PointId, Sight] = MappingProxyType({})
NOWHERE = CameraId("")

Submit = Callable[[Stimulus], asyncio.Future[None]]


def plugged_in(cameras: Mapping[CameraId, Camera], ports: Mapping[CameraId, str]) -> dict[CameraId, Camera]:
    """Return the cameras, each head at the port named here, or where none is, where the site file says."""
    return {
        name: replace(camera, head=replace(camera.head, port=ports[name])) if camera.head and name in ports else camera
        for name, camera in cameras.items()
    }


@dataclass(slots=True)
class _Away:
    """A camera that was turned by order. ``held``, ``points``: what was seen meanwhile, and not told."""

    timer: asyncio.TimerHandle | None = None
    held: CameraViewSeen | None = None
    points: dict[PointId, PointSeen] = field(default_factory=dict)


class HeadKeeper:
    """The heads of a running box; what ``Switchboard.turn_with`` takes.

    ``relearn`` has the eyes learn anew what a camera should see: its home is another place.
    """

    def __init__(self, submit: Submit, mono: Callable[[], float], relearn: Callable[[CameraId], None]) -> None:
        self._submit, self._mono, self._relearn = submit, mono, relearn
        self._loop = asyncio.get_running_loop()
        self._heads: dict[CameraId, tuple[Head, Heads]] = {}
        self._drivers: tuple[Heads, ...] = ()
        self._away: dict[CameraId, _Away] = {}
        self._trouble: dict[CameraId, set[str]] = {}  # what was told since it last was well
        self._sights: dict[PointId, CameraId] = {}
        self._told_by: dict[CameraId, list[PointId]] = {}
        self._plugged = 0

    async def start(
        self,
        cameras: Mapping[CameraId, Camera],
        access: Mapping[CameraId, CameraAccess],
        sights: Mapping[PointId, Sight] = NO_SIGHTS,
    ) -> None:
        """Reach the heads of these cameras, and send them home: who knows where the last box left them.

        ``sights``: the points that cameras see; those that a camera itself tells of are listened to.
        """
        self._sights = {point: sight.camera for point, sight in sights.items()}
        self._told_by = {}
        for point, sight in sights.items():
            if sight.kind is SightKind.TOLD:
                self._told_by.setdefault(sight.camera, []).append(point)
        self._plugged += 1
        plugged = self._plugged

        def told(camera: CameraId, why: str | None) -> None:
            self._loop.call_soon_threadsafe(self._told, plugged, camera, why)

        pelco = PelcoHeads(cameras, told, self._mono)
        onvif = TalkGateway(cameras, access, told, self._stirs, self._told_by.keys())
        by: dict[HeadDriver, Heads] = {HeadDriver.PELCO_D: pelco, HeadDriver.ONVIF: onvif}
        self._heads = {
            camera.id: (camera.head, by[camera.head.driver]) for camera in cameras.values() if camera.head is not None
        }
        self._drivers = (pelco, onvif)
        for driver in self._drivers:
            await driver.start()

    async def stop(self) -> None:
        """Stop every head, and let go of them."""
        for away in self._away.values():
            if away.timer is not None:
                away.timer.cancel()
        self._away.clear()
        self._trouble.clear()
        self._plugged += 1
        drivers, self._drivers, self._heads = self._drivers, (), {}
        for driver in drivers:
            await driver.stop()

    def post(self, effect: MoveHead) -> None:
        """Have a head do what was ordered; never blocks. One of another policy is no longer there."""
        order = effect.order
        known = self._heads.get(order.camera)
        if known is None:
            return
        head, driver = known
        if isinstance(order, GoToPreset | KeepPreset) and order.preset not in head.presets:
            return
        driver.obey(order, effect.by)
        if isinstance(order, KeepPreset):
            if order.preset == head.home:
                self._settle(order.camera)
            return
        self._leave(order.camera, head, order)

    def see(self, stimulus: Stimulus) -> asyncio.Future[None]:
        """Hand on what the eyes saw, but for what is so because a camera was turned by order: that waits."""
        away = self._away.get(stimulus.camera) if isinstance(stimulus, CameraViewSeen) else None
        if away is not None and isinstance(stimulus, CameraViewSeen):
            if stimulus.trouble in BY_TURNING:
                away.held = stimulus
                return _done(self._loop)
            away.held = None
        if isinstance(stimulus, PointSeen) and (turned := self._away.get(self._sights.get(stimulus.point, NOWHERE))):
            turned.points[stimulus.point] = stimulus
            return self._submit(PointSeen(stimulus.point, PointCondition.UNKNOWN))
        return self._submit(stimulus)

    def is_away(self, camera: CameraId) -> bool:
        """Tell whether a camera was turned by order and is not home again."""
        return camera in self._away

    def holds_back(self, camera: CameraId) -> bool:
        """Tell whether a camera was turned by order, and is seen to look elsewhere for that."""
        return camera in self._away and self._away[camera].held is not None

    def _leave(self, camera: CameraId, head: Head, order: HeadOrder) -> None:
        away = self._away.setdefault(camera, _Away())
        if away.timer is not None:
            away.timer.cancel()
            away.timer = None
        if isinstance(order, GoToPreset) and order.preset == head.home:
            away.timer = self._loop.call_later(SETTLES, self._at_home, camera)
        elif head.home is not None:
            away.timer = self._loop.call_later(head.home_after, self._go_home, camera)
        else:
            away.timer = self._loop.call_later(SETTLES, self._settle, camera)

    def _settle(self, camera: CameraId) -> None:
        """Where it looks now is where it should look: that is learned anew."""
        self._relearn(camera)
        self._away.setdefault(camera, _Away()).held = None  # compared with what it no longer should see
        self._at_home(camera)

    def _go_home(self, camera: CameraId) -> None:
        known = self._heads.get(camera)
        if known is None or known[0].home is None:
            return
        head, driver = known
        home = GoToPreset(camera, known[0].home)
        self._submit(KeepingDone(CameraPresetOrdered(camera, None, home.preset)))
        driver.obey(home, self._mono() + ORDER_WITHIN)
        self._leave(camera, head, home)

    def _at_home(self, camera: CameraId) -> None:
        """From here on it should see what it always does; what it sees still is told now."""
        away = self._away.pop(camera, None)
        if away is None:
            return
        if away.timer is not None:
            away.timer.cancel()
        if away.held is not None:
            self._submit(away.held)
        for seen in away.points.values():
            self._submit(seen)

    def _stirs(self, camera: CameraId, active: bool) -> None:  # noqa: FBT001 - as the port says it
        """A camera says that something moves before it, or no longer does."""
        for point in self._told_by.get(camera, ()):
            self.see(PointSeen(point, PointCondition.ACTIVE if active else PointCondition.NORMAL))

    def _told(self, plugged: int, camera: CameraId, why: str | None) -> None:
        if plugged != self._plugged:
            return  # of heads that another policy had
        if why is None:
            self._trouble.pop(camera, None)
            if camera not in self._away and camera in self._heads:
                self._go_home(camera)
        elif why not in self._trouble.setdefault(camera, set()):
            self._trouble[camera].add(why)
            words = CANNOT if camera in self._heads else MUTE
            self._submit(FaultSeen(None, active=True, detail=words.format(camera=camera, why=why)))
            for point in self._told_by.get(camera, ()):
                self._submit(PointSeen(point, PointCondition.UNKNOWN))


def _done(loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
    done = loop.create_future()
    done.set_result(None)
    return done
