"""The guard post: who may come in there, and calls for help."""

from __future__ import annotations

import asyncio

from controller.domain.ids import DoorId
from simulators.acts.seeing import entry
from simulators.acts.steps import Step
from simulators.scenario import DOOR_SECONDS, SCREEN_SECONDS, Stage
from simulators.scene import Scene
from simulators.screen import Screen

DOOR, READER = DoorId("guard-post-door"), "guard-post-in"
SLOW, STRANGER, ABSENT = "p-019", "p-021", "p-020"
COUNTER = "panic-counter"
CAMERA = "cam-gate"
WALKS = 3
"""A machine with much else to do may see too few pictures of a walk: then they come again."""

UNUSED_SECONDS = 9.0
BEYOND_SECONDS = 1.0
"""How much later than everybody may open the door somebody does who needs longer."""


async def guard_post(stage: Stage) -> None:
    """Play what happens at the guard post."""
    await _look(stage)
    await _unused(stage)
    await _behind(stage)
    await _exit(stage)
    await _panic(stage)
    await _lines(stage)


async def _look(stage: Stage) -> None:
    stage.begin(Step.LOOK)
    leaf = stage.building.doors[DOOR]
    since, at = stage.guard.seq, stage.swipe(READER, STRANGER)
    await stage.look("refuse", READER, STRANGER, reason="That is not her face")
    await stage.refused("whom the guard refuses stays out", READER, "guard_refused", since=since, at=at)
    await stage.rest(DOOR)
    since, took = stage.guard.seq, await stage.let_in(READER, SLOW)
    if not stage.check("whom the guard confirms is let in", took is not None, f"{took or 0:.0f} ms"):
        return
    stage.begin(Step.EXTENDED)
    await asyncio.sleep(stage.building.site.doors[DOOR].unlock_seconds + BEYOND_SECONDS)
    stage.check("the door still gives way", not leaf.state.bolt_locked)
    await stage.go_through(DOOR)
    await stage.seen(f"{SLOW} is seen to enter", entry(since, DOOR, SLOW))
    await stage.hidden("and that is no alarm", lambda g: g.raised("forced_open", since, door=DOOR))


async def _unused(stage: Stage) -> None:
    stage.begin(Step.UNUSED)
    leaf = stage.building.doors[DOOR]
    await stage.rest(DOOR)
    since = stage.guard.seq
    stage.check("the guard post lets go", await stage.let_in(READER, ABSENT) is not None)
    await stage.seen(
        "a grant that nobody used is told",
        lambda g: g.record("no_entry_after_grant", since, door=DOOR, person=ABSENT),
        UNUSED_SECONDS,
    )
    await stage.happens("and the door is locked again", lambda: leaf.state.bolt_locked, DOOR_SECONDS)


async def _behind(stage: Stage) -> None:
    """One is let in, two go: the door saw one entry, and the camera counts who crosses the line before it."""
    stage.begin(Step.BEHIND)
    await stage.building.draw(CAMERA, Scene(walking=2))
    await stage.rest(DOOR)
    since = stage.guard.seq
    stage.check("the guard post lets one in", await stage.let_in(READER, ABSENT) is not None)
    await stage.go_through(DOOR)
    if not await stage.seen(f"{ABSENT} is seen to enter", entry(since, DOOR, ABSENT)):
        return
    async with stage.eyes:
        for _ in range(WALKS):
            seconds = stage.building.camera(CAMERA).walk(CAMERA, people=2)
            if await stage.guard.until(lambda g: g.raised("tailgating", since, door=DOOR), seconds + SCREEN_SECONDS):
                break
    told = stage.guard.raised("tailgating", since, door=DOOR)
    stage.check("who slips in behind is an alarm", told and told.camera == CAMERA)
    counted = [r.seq for r in stage.guard.all_records("person_counted", since, door=DOOR)]
    stage.check("and the one who was let in is none", told and len([n for n in counted if n < told.seq]) > 1)


async def _exit(stage: Stage) -> None:
    stage.begin(Step.EXIT)
    await leave(stage, DOOR, "an exit by MQTT")


async def leave(stage: Stage, door: str, name: str) -> None:
    """Let somebody leave by the inner handle, which is told and is no alarm."""
    since = stage.guard.seq
    stage.hand.leave(door)
    await stage.seen(name, lambda g: g.record("exit_observed", since, door=door))
    stage.check(f"{name} is no alarm", stage.guard.raised("forced_open", since, door=door) is None)
    stage.hand.close(door)


async def _panic(stage: Stage) -> None:
    stage.begin(Step.PANIC)
    since = stage.guard.seq
    await stage.press("the guard calls for help", stage.guard, "panic")
    called = await stage.second.until(lambda s: s.raised("panic", since), SCREEN_SECONDS)
    stage.check("the second station hears it", called)
    pressed = stage.guard.seq
    stage.hand.trip(COUNTER)
    told = await stage.second.until(lambda s: s.raised("panic", pressed, point=COUNTER), SCREEN_SECONDS)
    stage.check("the silent button is told at the second station", told)
    await stage.hidden("and at the guard's post nothing tells of it", lambda g: _tells_of(g, COUNTER, pressed))
    stage.hand.restore(COUNTER)


def _tells_of(screen: Screen, point: str, since: int) -> list[str]:
    return [r.kind for r in screen.records if r.seq > since and point in str((r.detail, r.device))]


async def _lines(stage: Stage) -> None:
    stage.begin(Step.LINES)
    since = stage.guard.seq
    stage.hand.trip("mains")
    await stage.seen("mains that fail are an alarm", lambda g: g.raised("mains", since, point="mains"))
    stage.hand.restore("mains")
    since = stage.guard.seq
    stage.hand.cut_fire_line("building")
    await stage.seen("a cut fire line is an alarm", lambda g: g.raised("fire_line_fault", since))
    stage.check("and no fire", not stage.guard.view.fires)
    stage.check("and releases nothing", stage.building.door("fire-exit").state.bolt_locked)
    stage.hand.fire_alarm("building", active=False)
    await stage.seen("its cause is gone once it is mended", lambda g: not _line_broken(g))


def _line_broken(screen: Screen) -> bool:
    alarm = screen.view.alarm("fire_line_fault")
    return alarm is not None and alarm.persists
