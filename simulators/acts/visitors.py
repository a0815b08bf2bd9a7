"""The door from the consular hall to the lobby: a visitor with a host, and a wedge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from controller.domain.ids import DoorId
from simulators.acts.seeing import entry, persists
from simulators.acts.steps import Step
from simulators.guard import Guard, GuardError
from simulators.hand import released, until
from simulators.scenario import DOOR_SECONDS, REST_SECONDS, SCREEN_SECONDS, Stage, at_rest

DOOR, READER = DoorId("consular-staff-door"), "consular-staff-in"
HOST = "p-007"
VISITOR = "Nadia Brightwater"
POOL = "p-024"
"""Whose badge was given back: the desk may hand it out."""

HELD_SECONDS = 6.0


async def visitors(stage: Stage) -> None:
    """Play what happens between the consular hall and the lobby."""
    stage.begin(Step.VISITOR)
    visitor = await _registered(stage)
    if visitor is not None:
        async with stage.queue(DOOR):
            await _escorted(stage, visitor)
        await stage.press("the badge comes back", stage.guard, f"visits/{visitor}/sign-out", badge_returned=True)
        await stage.refusal("a badge that came back opens nothing", READER, POOL, "credential_returned")
    await _held(stage)


async def _registered(stage: Stage) -> str | None:
    """Register a visitor; return their pseudonym."""
    for visit in await _visits(stage.guard):  # of a morning that was broken off
        await stage.guard.order(f"visits/{visit['visitor']['id']}/sign-out", badge_returned=True)
    now = datetime.now(UTC)
    times = {
        "valid_from": (now - timedelta(minutes=1)).isoformat(),
        "valid_until": (now + timedelta(hours=1)).isoformat(),
    }
    said = {"name": VISITOR, "host": HOST, "levels": ["guests"], **times}
    await stage.press("the desk registers a visitor", stage.guard, "visits", **said)
    found = await _visits(stage.guard)
    if not stage.check("the visitor is expected", len(found) == 1, f"{len(found)} visits"):
        return None
    visitor = str(found[0]["visitor"]["id"])
    button = f"visits/{visitor}"
    await stage.forbidden("the desk does not answer for the host", stage.guard, f"{button}/approve")
    await stage.press("the desk signs the visitor in", stage.guard, f"{button}/sign-in", credential=f"{POOL}-badge")
    await stage.refusal("no host stands by the visit yet", READER, POOL, "host_not_approved")
    await stage.press("the supervisor notes that the host does", stage.second, f"{button}/approve")
    return visitor


async def _escorted(stage: Stage, visitor: str) -> None:
    leaf = stage.building.doors[DOOR]
    await until(lambda: at_rest(leaf), REST_SECONDS)
    since, before = stage.guard.seq, leaf.truth
    stage.swipe(READER, POOL)
    asked = await stage.guard.until(lambda _: stage.asked(READER, visitor, since), SCREEN_SECONDS)
    alone = asked == frozenset({"escort"}) and leaf.state.bolt_locked
    stage.check("a visitor alone waits for an escort, and the door stays shut", alone, f"{asked=}")
    took = await released(leaf, stage.swipe(READER, HOST), DOOR_SECONDS)
    if not stage.check("the host's badge lets both in", took is not None, f"{took or 0:.0f} ms"):
        return
    stage.hand.push(DOOR)
    await until(lambda: leaf.state.leaf_open, DOOR_SECONDS)
    await stage.go_through(DOOR)
    stage.check("both go in", len(leaf.truth.entries) == len(before.entries) + 2)
    for person in (visitor, HOST):
        await stage.seen(
            f"{'the host' if person == HOST else 'the visitor'} is seen to enter", entry(since, DOOR, person)
        )


async def _visits(guard: Guard) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = (await guard.ask("visits"))["visits"]
    except GuardError:
        return []
    return found


async def _held(stage: Stage) -> None:
    stage.begin(Step.PROP)
    async with stage.queue(DOOR):
        await until(lambda: at_rest(stage.building.doors[DOOR]), REST_SECONDS)
        since = stage.guard.seq
        took = await released(stage.building.doors[DOOR], stage.swipe(READER, HOST), DOOR_SECONDS)
        stage.check("the host is let in again", took is not None, f"{took or 0:.0f} ms")
        stage.check("the door gives way and is wedged", stage.hand.prop(DOOR))
        await stage.seen(
            "the guard is warned first", lambda g: g.record("held_open_warned", since, door=DOOR), HELD_SECONDS
        )
        await stage.seen("a held door is an alarm", lambda g: g.raised("held_open", since, door=DOOR), HELD_SECONDS)
        stage.hand.close(DOOR)
        await stage.seen("its cause is gone once it is closed", lambda g: not persists(g, "held_open", door=DOOR))
