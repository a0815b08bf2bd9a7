"""What may happen to cameras: cut, frozen, covered, turned by a stranger, and turned by order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from controller.domain.ids import CameraId
from simulators.acts.seeing import eyes_open, persists
from simulators.acts.steps import Step
from simulators.camera import Cameras
from simulators.scenario import SCREEN_SECONDS, Stage

CUT, COVERED, TURNING = "cam-consular", "cam-lobby", "cam-chancery"
HOME, ELSEWHERE = 1, 2
"""The places that the camera on a head knows."""

TOLD_SECONDS, BACK_SECONDS = 10.0, 5.0
"""Within which a camera that no longer sees is told, and one that sees again."""

LEARNS_SECONDS = 4.0
"""How long a camera that is new to the box is left alone: what it should see is learned meanwhile."""

Act = Callable[[Cameras, str], None]


async def cameras(stage: Stage) -> None:
    """Play what happens to cameras. It needs no door, and runs beside all else."""
    if not await eyes_open(stage, CUT, COVERED, TURNING):
        return
    await asyncio.sleep(LEARNS_SECONDS)
    async with asyncio.TaskGroup() as beside:
        stage.begin(Step.BLIND)
        beside.create_task(_cut_and_frozen(stage))
        beside.create_task(_covered_and_turned(stage))
        stage.begin(Step.TURN)
        beside.create_task(_turned_by_order(stage))


async def _cut_and_frozen(stage: Stage) -> None:
    await _blind(stage, CUT, "a camera whose cable is cut", "camera_lost", Cameras.kill, Cameras.restart)
    await _blind(stage, CUT, "a camera whose picture stands still", "camera_lost", Cameras.freeze, Cameras.thaw)


async def _covered_and_turned(stage: Stage) -> None:
    await _blind(stage, COVERED, "a camera that is covered", "camera_covered", Cameras.cover, Cameras.clear)
    await _blind(stage, COVERED, "a camera that is turned aside", "camera_moved", Cameras.turn, Cameras.clear)


async def _blind(stage: Stage, camera: str, what: str, kind: str, harm: Act, mend: Act) -> None:
    """Let something happen to a camera, and take it back: both are told in time."""
    box, since = stage.building.camera(camera), stage.guard.seq
    harm(box, camera)
    await stage.seen(
        f"{what} is an alarm", lambda g: g.raised(kind, since, camera=camera), TOLD_SECONDS + SCREEN_SECONDS
    )
    mend(box, camera)
    await stage.seen(
        f"{what}: it sees again", lambda g: not persists(g, kind, camera=camera), BACK_SECONDS + SCREEN_SECONDS
    )
    await stage.seen(f"{what}: it is shown as there", lambda g: g.view.online(camera))


async def _turned_by_order(stage: Stage) -> None:
    """The head is judged by where it truly points; that its picture is another one meanwhile is no alarm."""
    head, since = stage.building.mount(TURNING), stage.guard.seq
    await stage.press("the guard turns a camera", stage.guard, f"cameras/{TURNING}/head/presets/{ELSEWHERE}/go")
    await stage.happens("it looks there", lambda: head.aim(time.monotonic()) == head.presets[ELSEWHERE], SCREEN_SECONDS)
    await stage.seen("who had it turn is on record", lambda g: g.record("camera_preset_ordered", since, camera=TURNING))
    home_after = _home_after(stage)
    await stage.happens(
        "it goes home by itself",
        lambda: head.aim(time.monotonic()) == head.presets[HOME],
        home_after + SCREEN_SECONDS,
    )
    await stage.hidden("that was no alarm", lambda g: g.raised("camera_moved", since, camera=TURNING))


def _home_after(stage: Stage) -> float:
    head = stage.building.site.cameras[CameraId(TURNING)].head
    return head.home_after if head is not None else 0.0
