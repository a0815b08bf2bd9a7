"""The server room: a face completes a badge, and alone opens nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from controller.domain.ids import DoorId
from simulators.acts.seeing import EYES_SECONDS, entry
from simulators.acts.steps import Step
from simulators.building import FACES
from simulators.camera import Cameras
from simulators.camera_orders import HEADINGS
from simulators.door import Door
from simulators.hand import released, until
from simulators.scenario import SCREEN_SECONDS, Stage
from simulators.scene import Scene

DOOR, READER, CAMERA = DoorId("server-door"), "server-in", "cam-server"
HOLDER, CONTRACTOR = "p-001", "p-025"

FACE_SECONDS = 16.0
"""How long a face may take: as long as the reader waits for it, and a little."""

POSES = (
    Scene(people=(FACES["astronaut"],), photo=True),
    Scene(people=(FACES["astronaut"],), turned_head=1.0),
    Scene(people=(FACES["astronaut"],), turned_head=-1.0),
    Scene(people=(FACES["astronaut"],), eyes_closed=True),
)
TRIES = 3
"""On a busy machine a face may be out of sight for too long while it does what was asked: then it is asked again."""

GESTURE_SECONDS = 2.0
"""How long somebody looks aside, or keeps both eyes closed."""
GESTURES: Mapping[str, Callable[[Cameras], None]] = {
    "turn_left": lambda box: box.turn_head(CAMERA, HEADINGS["left"]),
    "turn_right": lambda box: box.turn_head(CAMERA, HEADINGS["right"]),
    "close_eyes": lambda box: box.close_eyes(CAMERA),
}
LOOK_AROUND_SECONDS = 1.5
"""How long somebody without a badge stands before the camera."""


async def server_room(stage: Stage) -> None:
    """Play what happens at the server room."""
    stage.begin(Step.NOBODY_FIRST)
    await stage.refusal("nobody of the house is in", READER, CONTRACTOR, "nobody_first")
    ready = await _eyes_ready(stage)
    await stage.building.draw(CAMERA, *POSES)
    stage.begin(Step.FACE_ALONE)
    if ready:
        await _face_alone(stage)
    stage.begin(Step.WRONG_FACE)
    if ready:
        async with stage.eyes:
            await _wrong_face(stage)
    stage.begin(Step.PHOTO)
    if ready:
        async with stage.eyes:
            await _photo(stage)
    stage.begin(Step.RIGHT_FACE)
    if ready:
        await _right_face(stage)
    stage.hand.clear_face(CAMERA)


async def _eyes_ready(stage: Stage) -> bool:
    deadline = time.monotonic() + EYES_SECONDS
    await until(stage.enrolled.is_set, EYES_SECONDS)
    left = max(0.1, deadline - time.monotonic())
    online = await stage.guard.until(lambda g: g.view.online(CAMERA), left)
    enrolled = stage.enrolled.is_set()
    return stage.check("faces are enrolled, the camera sees", enrolled and online, f"{enrolled=} {bool(online)=}")


async def _face_alone(stage: Stage) -> None:
    since, at = stage.guard.seq, time.monotonic()
    stage.hand.show_face(CAMERA, "astronaut")
    shut = await released(stage.building.doors[DOOR], at, LOOK_AROUND_SECONDS) is None
    granted = stage.guard.record("access_granted", since, reader=READER)
    stage.check("a face alone opens nothing", shut and granted is None)


async def _wrong_face(stage: Stage) -> None:
    stage.hand.show_face(CAMERA, "grace_hopper")
    since, at = stage.guard.seq, stage.swipe(READER, HOLDER)
    why = "face_does_not_match"
    await stage.refused("somebody else's face is refused", READER, why, since=since, at=at, within=FACE_SECONDS)
    await stage.seen("it is an alarm", lambda g: g.raised("face_mismatch", since, reader=READER))


async def _photo(stage: Stage) -> None:
    """The holder's own face, on paper."""
    stage.building.camera(CAMERA).show_face(CAMERA, FACES["astronaut"], photo=True)
    since, at = stage.guard.seq, stage.swipe(READER, HOLDER)
    why = "face_not_live"
    await stage.refused("a photo of the face is refused", READER, why, since=since, at=at, within=FACE_SECONDS)
    await stage.seen("a face that does not live is an alarm", lambda g: g.raised("spoofed_face", since, reader=READER))


async def _right_face(stage: Stage) -> None:
    leaf, since = stage.building.doors[DOOR], stage.guard.seq
    tried = 0
    async with stage.eyes:
        while tried < TRIES and not await _shows_a_living_face(stage, leaf):
            tried += 1
    stage.check("the badge holder who did what was asked is let in", tried < TRIES, f"tries before: {tried}")
    if tried == TRIES:
        return
    await stage.go_through(DOOR)
    await stage.seen(f"{HOLDER} is seen to enter", entry(since, DOOR, HOLDER))
    await _contractor(stage)
    await stage.passage("server-out", HOLDER)


async def _shows_a_living_face(stage: Stage, leaf: Door) -> bool:
    """Show badge and face, do what the reader asks for, and look at the camera again; return whether that opened."""
    stage.hand.show_face(CAMERA, "astronaut")
    since, at = stage.guard.seq, stage.swipe(READER, HOLDER)
    asked = await stage.seen(
        "the reader asks for a gesture", lambda g: g.record("gesture_asked", since, reader=READER), FACE_SECONDS
    )
    stage.check("the face alone is not enough yet", leaf.state.bolt_locked)
    if asked is None:
        return False
    GESTURES[asked.detail["gesture"]](stage.building.camera(CAMERA))
    await asyncio.sleep(GESTURE_SECONDS)
    stage.hand.show_face(CAMERA, "astronaut")
    await stage.guard.until(
        lambda g: not leaf.state.bolt_locked or g.record("access_denied", since, reader=READER), FACE_SECONDS
    )
    return await released(leaf, at, 0.0) is not None


async def _contractor(stage: Stage) -> None:
    """One of the house is in: the contractor is no longer refused, but without a face on file a guard has to look."""
    since = stage.guard.seq
    at = stage.swipe(READER, CONTRACTOR)
    asked = await stage.guard.until(lambda _: stage.asked(READER, CONTRACTOR, since), SCREEN_SECONDS)
    stage.check(
        "without a template a PIN and a guard's look are asked for", asked == frozenset({"pin", "guard"}), f"{asked=}"
    )
    await stage.look("refuse", READER, CONTRACTOR, reason="Not on today's list")
    await stage.refused("and the guard says no", READER, "guard_refused", since=since, at=at)
