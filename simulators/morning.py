"""The scenario *morning* of the example embassy: a day's beginning with everything that may go wrong at its doors.

Who has which badge, PIN and face stands in people.csv. The long waits (a reader that is gone, a door that is held, a
grant that nobody uses, faces) run beside the rest. Every right used here holds at all hours.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from enum import StrEnum

from controller.domain.ids import DoorId
from simulators.badges import badge
from simulators.building import Building
from simulators.guard import Guard, GuardError
from simulators.hand import released, until
from simulators.scenario import DOOR_SECONDS, REST_SECONDS, SCREEN_SECONDS, Stage, at_rest
from simulators.screen import Record, Screen, SeenAlarm

OFFLINE_SECONDS = 8.0
"""IEC 60839-11-5: after this long without an answer a peripheral is offline."""

UNPLUGGED_SECONDS = 9.5
WARM_UP_SECONDS = 25.0
"""How long cameras and face engine may take after the box's start."""

FACE_SECONDS = 12.0
LOOK_AROUND_SECONDS = 1.5
"""How long somebody without a badge stands before the camera."""

UNUSED_SECONDS = 9.0
HELD_SECONDS = 6.0
WRONG_PIN = "0000"

ROUTES = {
    "p-004": ("main-gate-in", "lobby-in", "chancery-in"),
    "p-005": ("main-gate-in", "lobby-in", "chancery-in"),
    "p-006": ("main-gate-in", "lobby-in", "chancery-in"),
    "p-010": ("main-gate-in", "consular-in"),
    "p-008": ("vehicle-gate-in", "parking-in", "chancery-in"),
    "p-009": ("vehicle-gate-in", "parking-in", "chancery-in"),
}
"""Who comes which way: on foot, to the consular hall, by car."""


class Step(StrEnum):
    """The steps, in the words of whoever watches."""

    UNPLUG = "A reader's cable is pulled at the registry"
    UNUSED = "Somebody badges at the communications room and walks away"
    PROP = "The door to the consular hall is wedged open"
    ARRIVE = "Staff arrive at the gates and walk to their desks"
    TAILGATE = "Two colleagues badge and pass through one opening of the main entrance"
    UNKNOWN = "A card that nobody knows is shown at the main gate"
    BADGES = "An expired badge, a lost badge, and one without the right"
    FORCE = "The fire exit is forced open, and the guard deals with it"
    EXIT = "People leave by the inner handle"
    TAMPER = "A reader is pulled off the wall in the parking"
    FACE_ALONE = "A face without a badge at the server room"
    WRONG_FACE = "A badge with somebody else's face at the server room"
    RIGHT_FACE = "A badge with its holder's face at the server room"
    PIN = "A wrong PIN and a right one at the registry"
    LOCKDOWN = "The guard begins a lockdown; it takes two to end it"


async def play(stage: Stage) -> None:
    """Play it once. Whatever is not as it should be becomes a failed check."""
    async with asyncio.TaskGroup() as beside:
        beside.create_task(_unplugged(stage))
        beside.create_task(_unused(stage))
        beside.create_task(_held(stage))
        beside.create_task(_faces(stage))
        beside.create_task(_through_the_gates(stage))
    await _pin(stage)
    await _lockdown(stage)


async def tidy(building: Building, guard: Guard) -> None:
    """Close every door, and let the guard acknowledge every alarm and close those whose cause is gone."""
    for door in building.doors.values():
        if door.state.leaf_open:
            door.close(time.monotonic())
    await until(lambda: all(map(at_rest, building.doors.values())), REST_SECONDS)
    for alarm in guard.view.alarms:
        with contextlib.suppress(GuardError):  # another operator may have been quicker
            if alarm.acknowledged_by is None:
                await guard.order(f"alarms/{alarm.id}/acknowledge")
            if not alarm.persists:
                await guard.order(f"alarms/{alarm.id}/close", reason="Seen to; the round is over")


async def _through_the_gates(stage: Stage) -> None:
    await _arrive(stage)
    await _tailgate(stage)
    await _bad_badges(stage)
    await _forced(stage)
    await _exits(stage)
    await _tampered(stage)


async def _arrive(stage: Stage) -> None:
    stage.begin(Step.ARRIVE)
    async with asyncio.TaskGroup() as people:
        for person, route in ROUTES.items():
            people.create_task(stage.walk(person, *route))


async def _tailgate(stage: Stage) -> None:
    stage.begin(Step.TAILGATE)
    door, first, second = DoorId("lobby-door"), "p-002", "p-015"
    leaf = stage.building.doors[door]
    async with stage.queue(door):
        await until(lambda: at_rest(leaf), REST_SECONDS)
        before = leaf.truth
        await released(leaf, stage.swipe("lobby-in", first), DOOR_SECONDS)
        stage.hand.push(door)
        await until(lambda: leaf.state.leaf_open, DOOR_SECONDS)
        stage.swipe("lobby-in", second)
        await stage.guard.until(lambda g: g.record("access_granted", stage.since, door=door, person=second), 2.0)
        await stage.go_through(door)
    after = leaf.truth
    one_opening = len(after.opened_at) - len(before.opened_at) == 1
    stage.check("two people, one opening", one_opening and len(after.entries) - len(before.entries) == 2)
    for person in (first, second):
        await stage.seen(f"{person} is seen to enter", _entry(stage, door, person))


async def _bad_badges(stage: Stage) -> None:
    stage.begin(Step.UNKNOWN)
    await stage.refusal("an unknown card", "main-gate-in", badge("H10301", 42, 65000), "unknown_credential")
    stage.begin(Step.BADGES)
    await stage.refusal("an expired badge", "lobby-in", "p-016", "credential_expired")
    await stage.refusal("a lost badge", "lobby-in", "p-017", "credential_lost")
    await stage.refusal("no right to the communications room", "comms-in", "p-006", "no_access_right")


async def _forced(stage: Stage) -> None:
    stage.begin(Step.FORCE)
    since = stage.guard.seq
    stage.hand.force_open("fire-exit")
    await stage.seen("a forced door is an alarm", lambda g: g.raised("forced_open", since, door="fire-exit"))
    alarm = await stage.guard.until(_forced_alarm, SCREEN_SECONDS)
    stage.hand.close("fire-exit")
    if alarm is None:
        return
    await stage.press("the guard acknowledges it", stage.guard, f"alarms/{alarm.id}/acknowledge")
    await stage.seen(
        "its cause is gone once the door is closed", lambda g: not _persists(g, "forced_open", "fire-exit")
    )
    await stage.press("the guard closes it", stage.guard, f"alarms/{alarm.id}/close", reason="Looked, nobody there")
    await stage.seen("it is off the screen", lambda g: _forced_alarm(g) is None)


async def _exits(stage: Stage) -> None:
    stage.begin(Step.EXIT)
    for door, name in (("guard-post-door", "an exit by MQTT"), ("registry-door", "an exit by OSDP")):
        await _exit(stage, door, name)


async def _exit(stage: Stage, door: str, name: str) -> None:
    since = stage.guard.seq
    stage.hand.leave(door)
    await stage.seen(name, lambda g: g.record("exit_observed", since, door=door))
    stage.check(f"{name} is no alarm", stage.guard.raised("forced_open", since, door=door) is None)
    stage.hand.close(door)


async def _tampered(stage: Stage) -> None:
    stage.begin(Step.TAMPER)
    device, since = "reader-parking-out", stage.guard.seq
    stage.hand.tamper("parking-out", active=True)
    await stage.seen("a reader off the wall is an alarm", lambda g: g.raised("tamper", since, device=device))
    stage.hand.tamper("parking-out", active=False)
    await stage.seen("its cause is gone once it is back", lambda g: not _device_persists(g, "tamper", device))


async def _unplugged(stage: Stage) -> None:
    stage.begin(Step.UNPLUG)
    device, since, at = "osdp-registry", stage.guard.seq, time.monotonic()
    stage.hand.unplug("registry-in")
    await stage.seen(
        "a reader that is gone is an alarm",
        lambda g: g.raised("offline", since, device=device),
        OFFLINE_SECONDS + SCREEN_SECONDS,
    )
    await asyncio.sleep(max(0.0, at + UNPLUGGED_SECONDS - time.monotonic()))
    stage.hand.plug_in("registry-in")
    await stage.seen("the reader is back", lambda g: g.view.online(device), 2 * SCREEN_SECONDS)
    await stage.seen("its alarm's cause is gone", lambda g: not _device_persists(g, "offline", device))


async def _unused(stage: Stage) -> None:
    stage.begin(Step.UNUSED)
    since = stage.guard.seq
    took = await released(stage.building.door("comms-door"), stage.swipe("comms-in", "p-003"), DOOR_SECONDS)
    stage.check("the communications room lets go", took is not None)
    await stage.seen(
        "a grant that nobody used is told",
        lambda g: g.record("no_entry_after_grant", since, door="comms-door", person="p-003"),
        UNUSED_SECONDS,
    )


async def _held(stage: Stage) -> None:
    stage.begin(Step.PROP)
    door, since = "consular-staff-door", stage.guard.seq
    async with stage.queue(DoorId(door)):
        await released(stage.building.door(door), stage.swipe("consular-staff-in", "p-007"), DOOR_SECONDS)
        stage.check("the door gives way and is wedged", stage.hand.prop(door))
        await stage.seen(
            "the guard is warned first", lambda g: g.record("held_open_warned", since, door=door), HELD_SECONDS
        )
        await stage.seen("a held door is an alarm", lambda g: g.raised("held_open", since, door=door), HELD_SECONDS)
        stage.hand.close(door)
        await stage.seen("its cause is gone once it is closed", lambda g: not _persists(g, "held_open", door))


async def _faces(stage: Stage) -> None:
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
    stage.hand.clear_face("cam-server")


async def _eyes_ready(stage: Stage) -> bool:
    deadline = time.monotonic() + WARM_UP_SECONDS
    await until(stage.enrolled.is_set, WARM_UP_SECONDS)
    left = max(0.1, deadline - time.monotonic())
    online = await stage.guard.until(lambda g: g.view.online("cam-server"), left)
    enrolled = stage.enrolled.is_set()
    return stage.check("faces are enrolled, the camera sees", enrolled and online, f"{enrolled=} {bool(online)=}")


async def _face_alone(stage: Stage) -> None:
    since, at = stage.guard.seq, time.monotonic()
    stage.hand.show_face("cam-server", "astronaut")
    shut = await released(stage.building.door("server-door"), at, LOOK_AROUND_SECONDS) is None
    granted = stage.guard.record("access_granted", since, reader="server-in")
    stage.check("a face alone opens nothing", shut and granted is None)


async def _wrong_face(stage: Stage) -> None:
    stage.hand.show_face("cam-server", "grace_hopper")
    since, at = stage.guard.seq, stage.swipe("server-in", "p-001")
    why = "face_does_not_match"
    await stage.refused("somebody else's face is refused", "server-in", why, since=since, at=at, within=FACE_SECONDS)
    await stage.seen("it is an alarm", lambda g: g.raised("face_mismatch", since, reader="server-in"))


async def _right_face(stage: Stage) -> None:
    door = DoorId("server-door")
    stage.hand.show_face("cam-server", "astronaut")
    took = await released(stage.building.doors[door], stage.swipe("server-in", "p-001"), FACE_SECONDS)
    if stage.check("the badge holder's face opens", took is not None, f"{took or 0:.0f} ms"):
        await stage.go_through(door)
        await stage.seen("p-001 is seen to enter", _entry(stage, door, "p-001"))


async def _pin(stage: Stage) -> None:
    stage.begin(Step.PIN)
    door, since = DoorId("registry-door"), stage.guard.seq
    await until(lambda: at_rest(stage.building.doors[door]), REST_SECONDS)
    at = await _badge_and_pin(stage, "registry-in", "p-005", WRONG_PIN)
    await stage.refused("a wrong PIN is refused", "registry-in", "wrong_pin", since=since, at=at)
    at = await _badge_and_pin(stage, "registry-in", "p-005", stage.building.pin_of("p-005"))
    took = await released(stage.building.doors[door], at, DOOR_SECONDS)
    if stage.check("the right PIN opens", took is not None, f"{took or 0:.0f} ms"):
        await stage.go_through(door)
        await stage.seen("p-005 is seen to enter", _entry(stage, door, "p-005"))


async def _badge_and_pin(stage: Stage, reader: str, person: str, digits: str) -> float:
    since = stage.guard.seq
    stage.swipe(reader, person)
    await stage.guard.until(lambda g: g.record("challenge_issued", since, reader=reader), SCREEN_SECONDS)
    return stage.hand.type_pin(reader, digits)


async def _lockdown(stage: Stage) -> None:
    stage.begin(Step.LOCKDOWN)
    doors = stage.building.doors.values()
    await until(lambda: not any(door.state.leaf_open for door in doors), DOOR_SECONDS)
    await stage.press("the guard begins a lockdown", stage.guard, "lockdown", reason="Shouting before the main gate")
    await stage.happens("every door is closed and locked", lambda: all(map(at_rest, doors)), SCREEN_SECONDS)
    await stage.seen("every lock is seen secured", _secured)
    await stage.refusal("a good badge is refused in lockdown", "lobby-in", "p-004", "lockdown")
    code = await stage.press("the guard asks to end it", stage.guard, "lockdown/end")
    stage.check("one person cannot end it", code == "second_person_needed" and stage.guard.view.lockdown, f"{code=}")
    await stage.press("the supervisor ends it", stage.second, "lockdown/end")
    await stage.seen("the lockdown is over", lambda g: g.view.lockdown is None)
    await stage.walk("p-010", "main-gate-out")


def _secured(guard: Screen) -> bool:
    lockdown = guard.view.lockdown
    return lockdown is not None and lockdown.state == "secured" and not lockdown.unsecured_doors


def _entry(stage: Stage, door: DoorId, person: str) -> Callable[[Screen], Record | None]:
    return lambda guard: guard.record("entry_observed", stage.since, door=door, person=person)


def _forced_alarm(guard: Screen) -> SeenAlarm | None:
    return guard.view.alarm("forced_open", door="fire-exit")


def _persists(guard: Screen, kind: str, door: str) -> bool:
    alarm = guard.view.alarm(kind, door=door)
    return alarm is not None and alarm.persists


def _device_persists(guard: Screen, kind: str, device: str) -> bool:
    alarm = guard.view.alarm(kind, device=device)
    return alarm is not None and alarm.persists
