"""The gates and the main entrance: everybody comes, and some should not."""

from __future__ import annotations

import asyncio
from datetime import datetime

from controller.domain.ids import DoorId, ScheduleId
from controller.domain.site import Schedule, Site, Weekday
from simulators.acts.seeing import entry
from simulators.acts.steps import ROUTES, Step
from simulators.badges import badge
from simulators.hand import released, until
from simulators.scenario import DOOR_SECONDS, REST_SECONDS, SCREEN_SECONDS, Stage, at_rest

TAILGATERS = ("p-002", "p-015")
PERSONAL_PIN_HOLDER = "p-028"
LEAVER = "p-014"
PEOPLE = (*TAILGATERS, PERSONAL_PIN_HOLDER, LEAVER)


async def arrivals(stage: Stage) -> None:
    """Play what happens at the gates and at the main entrance."""
    await _arrive(stage)
    await _tailgate(stage)
    await _personal_pin(stage)
    await _slip_in(stage)
    await _bad_badges(stage)


async def _arrive(stage: Stage) -> None:
    stage.begin(Step.ARRIVE)
    since, by_day = stage.guard.seq, holds(stage.building.site, "office", datetime.now(stage.building.site.timezone))
    async with asyncio.TaskGroup() as people:
        for person, route in ROUTES.items():
            people.create_task(stage.walk(person, *route))
    asked = stage.asked("parking-in", "p-008", since) or frozenset()
    stage.check("outside office hours the parking entrance asks for a PIN", by_day or "pin" in asked)
    stage.check("no car is crushed", not stage.building.door("vehicle-gate").truth.crushed_at)


async def _tailgate(stage: Stage) -> None:
    stage.begin(Step.TAILGATE)
    door, (first, second) = DoorId("lobby-door"), TAILGATERS
    leaf = stage.building.doors[door]
    async with stage.queue(door):
        await until(lambda: at_rest(leaf), REST_SECONDS)
        before, since = leaf.truth, stage.guard.seq
        await released(leaf, stage.swipe("lobby-in", first), DOOR_SECONDS)
        stage.hand.push(door)
        await until(lambda: leaf.state.leaf_open, DOOR_SECONDS)
        stage.swipe("lobby-in", second)
        await stage.guard.until(lambda g: g.record("access_granted", since, door=door, person=second), 2.0)
        await stage.go_through(door)
    after = leaf.truth
    one_opening = len(after.opened_at) - len(before.opened_at) == 1
    stage.check("two people, one opening", one_opening and len(after.entries) - len(before.entries) == 2)
    for person in (first, second):
        await stage.seen(f"{person} is seen to enter", entry(since, door, person))


async def _personal_pin(stage: Stage) -> None:
    stage.begin(Step.PERSONAL_PIN)
    door, person = DoorId("lobby-door"), PERSONAL_PIN_HOLDER
    leaf = stage.building.doors[door]
    async with stage.queue(door):
        await until(lambda: at_rest(leaf), REST_SECONDS)
        since = stage.guard.seq
        at = stage.hand.type_pin("lobby-in", stage.building.personal_pin_of(person))
        took = await released(leaf, at, DOOR_SECONDS)
        if stage.check("a personal PIN opens where the file says so", took is not None, f"{took or 0:.0f} ms"):
            await stage.go_through(door)
            await stage.seen(f"{person} is seen to enter", entry(since, door, person))


async def _slip_in(stage: Stage) -> None:
    stage.begin(Step.SLIP_IN)
    gate = DoorId("main-gate")
    leaf = stage.building.doors[gate]
    async with stage.queue(gate):
        await until(lambda: at_rest(leaf), REST_SECONDS)
        before, since = leaf.truth, stage.guard.seq
        took = await stage.let_in("main-gate-out", LEAVER)
        if not stage.check("the turnstile lets somebody out", took is not None):
            return
        stage.hand.rotate(gate, "in")
        await stage.seen("a turn that nobody had a right to", lambda g: g.raised("tailgating", since, door=gate))
        turned = await until(lambda: stage.hand.rotate(gate, "out"), DOOR_SECONDS)
        after = leaf.truth
        turns = (len(after.entries) - len(before.entries), len(after.exits) - len(before.exits))
        stage.check("one person slipped in, one went out", turned and turns == (1, 1), f"{turns=}")
        await stage.seen(f"{LEAVER} is seen to leave", entry(since, gate, LEAVER))
        await stage.happens("and it locks behind them", lambda: leaf.state.bolt_locked, SCREEN_SECONDS)


async def _bad_badges(stage: Stage) -> None:
    stage.begin(Step.UNKNOWN)
    await stage.refusal("an unknown card", "main-gate-in", badge("H10301", 42, 65000), "unknown_credential")
    stage.begin(Step.BADGES)
    await stage.refusal("an expired badge", "lobby-in", "p-016", "credential_expired")
    await stage.refusal("a lost badge", "lobby-in", "p-017", "credential_lost")
    await stage.refusal("no right to the communications room", "comms-in", "p-006", "no_access_right")


def holds(site: Site, name: str, at: datetime) -> bool:
    """Tell whether a schedule of whole days (no period past midnight) holds; `at` is in the site's time zone.

    It repeats, rather than shares, what the box knows: a fault in one must not cancel out in the other.
    """
    schedule: Schedule = site.schedules[ScheduleId(name)]
    today = list(Weekday)[at.weekday()]
    working = at.date() not in site.holidays
    return any(
        today in period.days and period.start <= at.time() < period.end and (working or period.on_holidays)
        for period in schedule.periods
    )
