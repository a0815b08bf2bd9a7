"""The server room: a face completes a badge, and alone opens nothing."""

from __future__ import annotations

import time

from controller.domain.ids import DoorId
from simulators.acts.seeing import entry
from simulators.acts.steps import Step
from simulators.hand import released, until
from simulators.scenario import SCREEN_SECONDS, Stage

DOOR, READER, CAMERA = DoorId("server-door"), "server-in", "cam-server"
HOLDER, CONTRACTOR = "p-001", "p-025"

WARM_UP_SECONDS = 25.0
"""How long cameras and face engine may take after the box's start."""

FACE_SECONDS = 12.0
LOOK_AROUND_SECONDS = 1.5
"""How long somebody without a badge stands before the camera."""


async def server_room(stage: Stage) -> None:
    """Play what happens at the server room."""
    stage.begin(Step.NOBODY_FIRST)
    await stage.refusal("nobody of the house is in", READER, CONTRACTOR, "nobody_first")
    ready = await _eyes_ready(stage)
    stage.begin(Step.FACE_ALONE)
    if ready:
        await _face_alone(stage)
    stage.begin(Step.WRONG_FACE)
    if ready:
        await _wrong_face(stage)
    stage.begin(Step.RIGHT_FACE)
    if ready:
        await _right_face(stage)
    stage.hand.clear_face(CAMERA)


async def _eyes_ready(stage: Stage) -> bool:
    deadline = time.monotonic() + WARM_UP_SECONDS
    await until(stage.enrolled.is_set, WARM_UP_SECONDS)
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


async def _right_face(stage: Stage) -> None:
    stage.hand.show_face(CAMERA, "astronaut")
    since = stage.guard.seq
    took = await released(stage.building.doors[DOOR], stage.swipe(READER, HOLDER), FACE_SECONDS)
    if not stage.check("the badge holder's face opens", took is not None, f"{took or 0:.0f} ms"):
        return
    await stage.go_through(DOOR)
    await stage.seen(f"{HOLDER} is seen to enter", entry(since, DOOR, HOLDER))
    await _contractor(stage)
    await stage.passage("server-out", HOLDER)


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
