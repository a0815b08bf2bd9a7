"""Doors that are opened as they should not be: by force, by key, off the wall."""

from __future__ import annotations

from simulators.acts.seeing import persists
from simulators.acts.steps import Step
from simulators.hand import until
from simulators.scenario import DOOR_SECONDS, REST_SECONDS, SCREEN_SECONDS, Stage, at_rest
from simulators.screen import Screen, SeenAlarm

EXIT = "fire-exit"


async def outer_doors(stage: Stage) -> None:
    """Play what happens at the fire exit and in the parking."""
    await _forced(stage)
    await _key(stage)
    await _tampered(stage)


async def _forced(stage: Stage) -> None:
    stage.begin(Step.FORCE)
    since = stage.guard.seq
    stage.hand.force_open(EXIT)
    await stage.seen("a forced door is an alarm", lambda g: g.raised("forced_open", since, door=EXIT))
    alarm = await stage.guard.until(_forced_alarm, SCREEN_SECONDS)
    stage.hand.close(EXIT)
    if alarm is None:
        return
    await stage.press("the guard acknowledges it", stage.guard, f"alarms/{alarm.id}/acknowledge")
    await stage.seen("its cause is gone once the door is closed", lambda g: not persists(g, "forced_open", door=EXIT))
    await stage.press("the guard closes it", stage.guard, f"alarms/{alarm.id}/close", reason="Looked, nobody there")
    await stage.seen("it is off the screen", lambda g: _forced_alarm(g) is None)


async def _key(stage: Stage) -> None:
    stage.begin(Step.KEY)
    door, since = stage.building.door(EXIT), stage.guard.seq
    await until(lambda: at_rest(door), REST_SECONDS)
    stage.check("without the key it stays shut", not stage.hand.push(EXIT))
    stage.hand.turn_key(EXIT)
    await stage.seen("the key is told", lambda g: g.record("key_override_observed", since, door=EXIT))
    stage.check("with the key it gives way", stage.hand.push(EXIT))
    await until(lambda: door.state.leaf_open, DOOR_SECONDS)
    stage.hand.turn_key_back(EXIT)
    stage.hand.close(EXIT)
    await until(lambda: at_rest(door), DOOR_SECONDS)
    await stage.hidden("a key is no break-in", lambda g: g.raised("forced_open", since, door=EXIT))


async def _tampered(stage: Stage) -> None:
    stage.begin(Step.TAMPER)
    device, since = "reader-parking-out", stage.guard.seq
    stage.hand.tamper("parking-out", active=True)
    await stage.seen("a reader off the wall is an alarm", lambda g: g.raised("tamper", since, device=device))
    stage.hand.tamper("parking-out", active=False)
    await stage.seen("its cause is gone once it is back", lambda g: not persists(g, "tamper", device=device))


def _forced_alarm(screen: Screen) -> SeenAlarm | None:
    return screen.view.alarm("forced_open", door=EXIT)
