"""The communications room and the registry: two people, PINs, duress, an interlock, and a detector after hours."""

from __future__ import annotations

from controller.domain.ids import DoorId
from simulators.acts.guard_post import leave
from simulators.acts.seeing import entry, persists
from simulators.acts.steps import Step
from simulators.hand import released, until
from simulators.scenario import DOOR_SECONDS, SCREEN_SECONDS, Stage

COMMS, REGISTRY = DoorId("comms-door"), DoorId("registry-door")
CUSTODIANS = ("p-003", "p-026")
REGISTRAR, FORCED = "p-005", "p-027"
PEOPLE = (*CUSTODIANS, REGISTRAR, FORCED)
WRONG_PIN = "0000"
AREA, DETECTOR, SIREN, POLICE = "vault", "pir-registry", "siren-roof", "police-line"


async def vault(stage: Stage) -> None:
    """Play what happens at the two rooms: never more than one of their doors is open."""
    await leave(stage, REGISTRY, "an exit by OSDP")
    since = stage.guard.seq
    both_in = await _two_go_in(stage)
    await _pins(stage)
    await _duress(stage)
    if both_in:
        await _left_alone(stage, since)
    await leave(stage, REGISTRY, "another exit by OSDP")
    await _intrusion(stage)


async def _two_go_in(stage: Stage) -> bool:
    """Two people enter the communications room, and the first of them leaves again."""
    stage.begin(Step.TWO)
    first, second = CUSTODIANS
    leaf = stage.building.doors[COMMS]
    await stage.rest(COMMS, REGISTRY)
    since, before = stage.guard.seq, leaf.truth
    stage.swipe("comms-in", first)
    asked = await stage.guard.until(lambda _: stage.asked("comms-in", first, since), SCREEN_SECONDS)
    alone = asked is not None and "second_person" in asked and leaf.state.bolt_locked
    stage.check("one alone waits for a second, and the door stays shut", alone, f"{asked=}")
    took = await released(leaf, stage.swipe("comms-in", second), DOOR_SECONDS)
    if not stage.check("two are let in", took is not None, f"{took or 0:.0f} ms"):
        return False
    stage.hand.push(COMMS)
    await until(lambda: leaf.state.leaf_open, DOOR_SECONDS)
    await stage.go_through(COMMS)
    stage.check("both go in", len(leaf.truth.entries) == len(before.entries) + 2)
    for person in CUSTODIANS:
        await stage.seen(f"{person} is seen to enter", entry(since, COMMS, person))
    return await stage.passage("comms-out", first)


async def _left_alone(stage: Stage, since: int) -> None:
    """Whoever was left alone leaves as well, and leaves the door open for a moment."""
    _, second = CUSTODIANS
    await stage.seen(
        "one left alone there is an alarm", lambda g: g.raised("two_person_broken", since), 2 * SCREEN_SECONDS
    )
    stage.begin(Step.INTERLOCK)
    await stage.rest(COMMS, REGISTRY)
    out = stage.guard.seq
    stage.check(f"{second} is let out", await stage.let_in("comms-out", second) is not None)
    stage.hand.push(COMMS)
    await stage.seen(f"{second} is seen to leave", entry(out, COMMS, second))
    await stage.refusal("the other door of the interlock stays shut", "registry-in", FORCED, "interlock")
    stage.hand.close(COMMS)
    await stage.rest(COMMS)
    await stage.seen("with nobody in, its cause is gone", lambda g: not persists(g, "two_person_broken"))


async def _pins(stage: Stage) -> None:
    stage.begin(Step.PIN)
    since = stage.guard.seq
    await stage.rest(COMMS, REGISTRY)
    at = await _badge_and_pin(stage, REGISTRAR, WRONG_PIN)
    await stage.refused("a wrong PIN is refused", "registry-in", "wrong_pin", since=since, at=at)
    await _opens(stage, "the right PIN opens", REGISTRAR, stage.building.pin_of(REGISTRAR))


async def _duress(stage: Stage) -> None:
    stage.begin(Step.DURESS)
    since = stage.guard.seq
    await stage.rest(REGISTRY)
    await _opens(stage, "the duress PIN opens as well", FORCED, stage.building.duress_pin_of(FORCED))
    told = await stage.second.until(lambda s: s.raised("duress", since, reader="registry-in"), SCREEN_SECONDS)
    stage.check("the second station knows", told)
    await stage.hidden(
        "the guard's post shows nothing of it", lambda g: g.raised("duress", since) or g.view.alarm("duress")
    )


async def _opens(stage: Stage, name: str, person: str, digits: str) -> None:
    leaf, since = stage.building.doors[REGISTRY], stage.guard.seq
    took = await released(leaf, await _badge_and_pin(stage, person, digits), DOOR_SECONDS)
    if stage.check(name, took is not None, f"{took or 0:.0f} ms"):
        await stage.go_through(REGISTRY)
        await stage.seen(f"{person} is seen to enter", entry(since, REGISTRY, person))


async def _badge_and_pin(stage: Stage, person: str, digits: str) -> float:
    since = stage.guard.seq
    stage.swipe("registry-in", person)
    await stage.guard.until(lambda _: stage.asked("registry-in", person, since), SCREEN_SECONDS)
    return stage.hand.type_pin("registry-in", digits)


async def _intrusion(stage: Stage) -> None:
    stage.begin(Step.INTRUSION)
    building, since = stage.building, stage.guard.seq
    await stage.rest(REGISTRY)
    await stage.press("the guard arms the registry", stage.guard, f"areas/{AREA}/arm")
    await stage.seen("it is armed", lambda g: g.view.area(AREA) == "armed")
    await stage.refusal("nobody enters what is armed", "registry-in", REGISTRAR, "area_armed")
    stage.hand.trip(DETECTOR)
    await stage.seen("somebody moves there", lambda g: g.raised("intrusion", since, point=DETECTOR))
    await stage.happens("the siren sounds", lambda: building.sounds(SIREN), SCREEN_SECONDS)
    await stage.happens("the police are called", lambda: building.sounds(POLICE), SCREEN_SECONDS)
    await stage.refusal("the room beside it is blocked", "comms-in", CUSTODIANS[0], "door_blocked")
    stage.hand.restore(DETECTOR)
    await stage.forbidden("no guard alone disarms it", stage.guard, f"areas/{AREA}/disarm")
    await stage.press("the supervisor disarms it", stage.second, f"areas/{AREA}/disarm")
    await stage.happens("the siren falls silent", lambda: not building.sounds(SIREN), SCREEN_SECONDS)
    await stage.seen("it is disarmed", lambda g: g.view.area(AREA) == "disarmed")
