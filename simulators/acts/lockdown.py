"""Threat level, standing orders, lockdown and fire, at one building at the same time: the strictest wins."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from controller.domain.ids import DoorId
from simulators.acts.steps import Step
from simulators.door import Door
from simulators.gates import Barrier
from simulators.hand import until
from simulators.scenario import DOOR_SECONDS, REST_SECONDS, SCREEN_SECONDS, Stage, at_rest
from simulators.screen import Screen

ENTRANCE, PARKING, VEHICLES = DoorId("consular-door"), DoorId("parking-door"), DoorId("vehicle-gate")
DRIVER, VISITOR = "p-008", "p-022"
ZONE = "building"
STANDS_SECONDS = 1.5
"""How long the car stays under the barrier: longer than the arm takes to come down."""


async def lockdown(stage: Stage) -> None:
    """Play the end of the morning; every door is at rest before."""
    await until(lambda: not any(door.state.leaf_open for door in stage.building.doors.values()), REST_SECONDS)
    await _threat(stage)
    await _hold(stage)
    car = await _car(stage)
    await _begin(stage, car)
    await _fire(stage)
    await _end(stage)


async def _threat(stage: Stage) -> None:
    stage.begin(Step.THREAT)
    door = stage.building.doors[ENTRANCE]
    await stage.press(
        "the supervisor raises the threat level", stage.second, "threat-level", level=2, reason="A threat"
    )
    await stage.happens("what stood unlocked is locked", lambda: door.state.bolt_locked, SCREEN_SECONDS)
    await stage.refusal("no visitor is let in", "parking-in", VISITOR, "threat_level")
    await stage.press("the supervisor lowers it", stage.second, "threat-level", level=0, reason="It was a hoax")
    await stage.happens("and its schedule unlocks it again", lambda: not door.state.bolt_locked, SCREEN_SECONDS)


async def _hold(stage: Stage) -> None:
    stage.begin(Step.HOLD)
    said = {"until": (datetime.now(UTC) + timedelta(minutes=10)).isoformat(), "reason": "The movers are here"}
    button = f"doors/{PARKING}/mode"
    await stage.forbidden("no guard keeps a door unlocked", stage.guard, button, mode="unlocked", **said)
    await stage.press("a supervisor does", stage.second, button, mode="unlocked", **said)
    door = stage.building.doors[PARKING]
    await stage.happens("it stands unlocked", lambda: not door.state.bolt_locked, SCREEN_SECONDS)


async def _car(stage: Stage) -> Barrier | None:
    """Let a car in that stays under the barrier."""
    barrier = stage.building.doors[VEHICLES]
    took = await stage.let_in("vehicle-gate-in", DRIVER)
    if not isinstance(barrier, Barrier) or not stage.check("the barrier lets a car in", took is not None):
        return None
    await until(lambda: barrier.state.leaf_open, DOOR_SECONDS)
    return barrier if stage.check("the car stands under the barrier", stage.hand.drive_onto_loop(VEHICLES)) else None


async def _begin(stage: Stage, barrier: Barrier | None) -> None:
    stage.begin(Step.LOCKDOWN)
    await stage.press("the guard begins a lockdown", stage.guard, "lockdown", reason="Shouting before the main gate")
    await stage.happens(
        "every other door is closed and locked", lambda: all(map(at_rest, _but(stage, VEHICLES))), SCREEN_SECONDS
    )
    await stage.happens("the beacon is lit", lambda: stage.building.sounds("beacon-guard-post"), SCREEN_SECONDS)
    await stage.refusal("a good badge is refused in lockdown", "lobby-in", "p-004", "lockdown")
    if barrier is not None:
        await stage.seen("the guard reads which door is not locked", lambda g: _unsecured(g) == (VEHICLES,))
        await asyncio.sleep(STANDS_SECONDS)
        stage.check("the barrier stays up over the car", barrier.state.leaf_open and not barrier.truth.crushed_at)
        stage.hand.drive_off_loop(VEHICLES)
        await stage.happens("it closes behind the car", lambda: at_rest(barrier), SCREEN_SECONDS)
    await stage.seen("every lock is seen secured", _secured)


async def _fire(stage: Stage) -> None:
    stage.begin(Step.FIRE)
    inner, outer = _by_fire_zone(stage)
    since = stage.guard.seq
    stage.hand.fire_alarm(ZONE, active=True)
    await stage.happens("its doors are released, lockdown or not", lambda: not any(map(_locked, inner)), SCREEN_SECONDS)
    await stage.seen("it is an alarm", lambda g: g.raised("fire", since))
    stage.check("no other door is", all(map(_locked, outer)))
    stage.hand.fire_alarm(ZONE, active=False)
    await stage.seen("the panel is seen to be reset", lambda g: any(fire.panel == "normal" for fire in g.view.fires))
    stage.check("which alone ends nothing", not any(map(_locked, inner)))
    await stage.press("the guard confirms that it is over", stage.guard, f"fires/{ZONE}/confirm-reset", reason="Toast")
    await stage.happens("the doors lock: the lockdown still runs", lambda: all(map(_locked, inner)), SCREEN_SECONDS)


async def _end(stage: Stage) -> None:
    stage.begin(Step.END)
    code = await stage.press("the guard asks to end it", stage.guard, "lockdown/end")
    stage.check("one person cannot end it", code == "second_person_needed" and stage.guard.view.lockdown, f"{code=}")
    await stage.press("the supervisor ends it", stage.second, "lockdown/end")
    await stage.seen("the lockdown is over", lambda g: g.view.lockdown is None)
    held = [stage.building.doors[door] for door in (ENTRANCE, PARKING)]
    await stage.happens("what it covered is so again", lambda: not any(map(_locked, held)), SCREEN_SECONDS)
    await stage.press("the movers have gone", stage.second, f"doors/{PARKING}/mode/release", mode="unlocked")
    await stage.happens("their door locks", lambda: _locked(stage.building.doors[PARKING]), SCREEN_SECONDS)
    await stage.walk("p-010", "main-gate-out")


def _but(stage: Stage, left_out: DoorId) -> list[Door]:
    return [door for name, door in stage.building.doors.items() if name != left_out]


def _by_fire_zone(stage: Stage) -> tuple[list[Door], list[Door]]:
    built = stage.building.site.doors
    inner = [door for name, door in stage.building.doors.items() if built[name].fire_zone == ZONE]
    return inner, [door for door in stage.building.doors.values() if door not in inner]


def _locked(door: Door) -> bool:
    return door.state.bolt_locked


def _unsecured(screen: Screen) -> tuple[str, ...]:
    lockdown = screen.view.lockdown
    return () if lockdown is None else lockdown.unsecured_doors


def _secured(screen: Screen) -> bool:
    lockdown = screen.view.lockdown
    return lockdown is not None and lockdown.state == "secured" and not lockdown.unsecured_doors
