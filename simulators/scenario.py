"""What a scenario is made of: steps, passages, refusals, checks against the building's truth and the screen.

A wait that runs out makes a failed check, never a hang and never an exception.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TypeVar

from controller.domain.ids import DoorId, ReaderId
from controller.domain.site import DeviceKind, Site
from simulators.badges import Badge
from simulators.building import Building
from simulators.door import Door, Truth
from simulators.gates import Barrier, Turnstile, Way
from simulators.guard import Guard, GuardError
from simulators.hand import Hand, released, until
from simulators.screen import Screen, SeenWaiting

T = TypeVar("T")

SCREEN_SECONDS = 5.0
"""How long something may take from the wire to the guard's screen before it counts as missing."""

DOOR_SECONDS = 2.0
"""How long a bolt may take to let go; the box drops an unlock that is older."""

REST_SECONDS = 15.0
"""How long a door may take to be closed and locked again: the longest unlock time of a gate, and some."""

CAR_SECONDS = 0.3
"""How long a car stands under a barrier."""

STILL_SECONDS = 0.5
"""How long a guard's screen is watched for what must not come up there."""

STAYS_SHUT_SECONDS = 0.2
"""How long a door is watched, once the guard saw the refusal."""

Say = Callable[[Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was to be so."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(slots=True)
class Tally:
    """What a round counts; `unlock_ms` is from badge shown to bolt let go, where reader and lock are on one wire."""

    swipes: int = 0
    unlock_ms: dict[str, list[float]] = field(default_factory=lambda: {"osdp": [], "mqtt": []})
    checks: list[Check] = field(default_factory=list)

    def report(self, truth: Mapping[str, object]) -> dict[str, object]:
        """Return the round as it is handed to the parent."""
        took = {wire: [round(ms, 2) for ms in all_ms] for wire, all_ms in self.unlock_ms.items()}
        checks = [asdict(check) for check in self.checks]
        return {"swipes": self.swipes, "unlock_ms": took, "truth": dict(truth), "checks": checks}


class Stage:
    """One round of a scenario: the hand, the operators, and the tally. `steps` are its steps' sentences.

    `officer`: who hands out evidence, together with the second one; `auditor`: the command by which somebody outside
    checks it, the package's path being put last. `eyes` is held by whoever walks or shows a face before a camera: one
    at a time, as a box on a small machine looks with one processor.
    """

    def __init__(
        self,
        building: Building,
        guard: Guard,
        second: Guard,
        *,
        say: Say,
        steps: type[StrEnum],
        enrolled: asyncio.Event,
        officer: Guard,
        auditor: Sequence[str],
    ) -> None:
        self.building, self.guard, self.second = building, guard, second
        self.officer, self.auditor = officer, auditor
        self.hand = Hand(building)
        self.tally = Tally()
        self.since = guard.seq
        self.enrolled = enrolled
        self.eyes = asyncio.Lock()
        self._say = say
        self._steps, self._begun = steps, 0
        self._queues: defaultdict[DoorId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._before = {door: each.truth for door, each in building.doors.items()}

    def begin(self, step: StrEnum) -> None:
        """Say that a step begins."""
        self._begun += 1
        self._say({"step": {"n": self._begun, "of": len(self._steps), "text": step.value}})

    def check(self, name: str, ok: object, detail: str = "") -> bool:
        """Note whether something was so."""
        self.tally.checks.append(Check(name, bool(ok), detail))
        return bool(ok)

    def queue(self, door: DoorId) -> asyncio.Lock:
        """Return the queue before a door: one at a time."""
        return self._queues[door]

    def swipe(self, reader: str, shown: str | Badge) -> float:
        """Hold a person's badge, or any other, to a reader; return when."""
        self.tally.swipes += 1
        if isinstance(shown, Badge):
            return self.hand.present(reader, shown)
        return self.hand.present_card(reader, shown)

    async def seen(self, name: str, wanted: Callable[[Screen], T | None], within: float = SCREEN_SECONDS) -> T | None:
        """Check that something comes up on the guard's screen, and return it."""
        found = await self.guard.until(wanted, within)
        self.check(name, found, "" if found else f"not on the screen within {within:.0f} s")
        return found

    async def hidden(self, name: str, unwanted: Callable[[Screen], object]) -> bool:
        """Check that something is not on the guard's screen, and does not come up there for a while either."""
        found = await self.guard.until(unwanted, STILL_SECONDS)
        return self.check(name, not found, f"on the guard's screen: {found}" if found else "")

    async def happens(self, name: str, condition: Callable[[], bool], within: float) -> bool:
        """Check that something comes true in the building."""
        ok = await until(condition, within)
        return self.check(name, ok, "" if ok else f"not so within {within:.0f} s")

    async def press(self, name: str, who: Guard, button: str, /, **said: object) -> str | None:
        """Let an operator press a button, check that it was accepted, and return what it still waits for."""
        try:
            code = await who.order(button, **said)
        except GuardError as error:
            self.check(name, ok=False, detail=str(error))
            return None
        self.check(name, ok=True)
        return code

    async def forbidden(self, name: str, who: Guard, button: str, /, **said: object) -> bool:
        """Let an operator press a button that is not theirs to press."""
        try:
            await who.order(button, **said)
        except GuardError as error:
            return self.check(name, ok=True, detail=str(error))
        return self.check(name, ok=False, detail="it was accepted")

    async def rest(self, *doors: DoorId) -> bool:
        """Wait until doors are closed and locked, and the guard's screen says so too: the box waits for its sensors."""
        here = await until(lambda: all(at_rest(self.building.doors[door]) for door in doors), REST_SECONDS)
        return here and bool(await self.guard.until(lambda g: all(map(g.view.secured, doors)), SCREEN_SECONDS))

    async def walk(self, person: str, *readers: str) -> bool:
        """Let one person go through one door after the other; where one stays shut, the walk ends."""
        for reader in readers:
            if not await self.passage(reader, person):
                return False
        return True

    async def passage(self, reader: str, person: str) -> bool:
        """Let one person badge, show whatever else is asked for, go in and close; the door was at rest before."""
        door = self._place(reader)
        name = f"{person} goes in at {reader}"
        async with self.queue(door):
            if not await until(lambda: at_rest(self.building.doors[door]), REST_SECONDS):
                return self.check(name, ok=False, detail="the door did not come to rest")
            since = self.guard.seq
            took = await self.let_in(reader, person)
            if took is None:
                return self.check(name, ok=False, detail="the bolt did not let go")
            await self.go_through(door, "out" if self._leads_out(reader) else "in")
        seen = await self.guard.until(
            lambda g: g.record("entry_observed", since, door=door, person=person), SCREEN_SECONDS
        )
        return self.check(name, seen, f"{took:.0f} ms" if seen else "the guard saw no entry")

    async def let_in(self, reader: str, person: str) -> float | None:
        """Show a badge, and a PIN and a guard where they are asked for; return the milliseconds of the last of them.

        None where the bolt did not let go. Only a badge that is enough by itself is timed for the report.
        """
        leaf, since, at = self.building.door_at(reader), self.guard.seq, self.swipe(reader, person)
        looking = asyncio.create_task(self.guard.until(lambda _: self.asked(reader, person, since), SCREEN_SECONDS))
        await until(lambda: _released(leaf, at) or looking.done(), SCREEN_SECONDS)
        looking.cancel()
        asked = self.asked(reader, person, since)
        if asked is None:
            took = await released(leaf, at, 0.0)
            if took is not None:
                self._note(reader, took)
            return took
        if "pin" in asked:
            at = self.hand.type_pin(reader, self.building.pin_of(person))
        if "guard" in asked:
            at = time.monotonic()
            await self.look("confirm", reader, person)
        return await released(leaf, at, DOOR_SECONDS)

    def asked(self, reader: str, person: str, since: int) -> frozenset[str] | None:
        """Return what somebody was asked for beside the badge since an event, or None."""
        found = self.guard.record("challenge_issued", since, reader=reader, person=person)
        return frozenset(found.detail["factors"]) if found else None

    async def look(self, answer: str, reader: str, person: str, /, **said: object) -> bool:
        """Let the guard `confirm` or `refuse` whoever waits for a look at a reader."""

        def waits(guard: Screen) -> SeenWaiting | None:
            waiting = guard.view.waits(reader, person)
            return waiting if waiting and "guard" in waiting.wanted else None

        waiting = await self.guard.until(waits, SCREEN_SECONDS)
        if waiting is None:
            return self.check(f"{person} waits for the guard's look at {reader}", ok=False)
        await self.press(
            f"the guard looks at {person} ({answer})", self.guard, f"requests/{waiting.request}/{answer}", **said
        )
        return True

    async def go_through(self, door: DoorId, way: Way = "in") -> None:
        """Go through where a door lets go, and leave it shut: push and close it, turn it, or drive through."""
        leaf = self.building.doors[door]
        if isinstance(leaf, Turnstile):
            await until(lambda: self.hand.rotate(door, way), DOOR_SECONDS)  # whoever is in it turns first
        elif isinstance(leaf, Barrier):
            await until(lambda: leaf.state.leaf_open, DOOR_SECONDS)
            self.hand.drive_onto_loop(door)
            await asyncio.sleep(CAR_SECONDS)
            self.hand.drive_off_loop(door)
        else:
            self.hand.push(door)
            await until(lambda: leaf.state.leaf_open, DOOR_SECONDS)
            self.hand.close(door)
            await until(lambda: not leaf.state.leaf_open, DOOR_SECONDS)

    async def refusal(self, name: str, reader: str, shown: str | Badge, reason: str) -> None:
        """Show a badge that must be refused for `reason`, and see the door stay shut."""
        before = self.guard.seq
        at = self.swipe(reader, shown)
        await self.refused(name, reader, reason, since=before, at=at)

    async def refused(
        self, name: str, reader: str, reason: str, *, since: int, at: float, within: float = SCREEN_SECONDS
    ) -> None:
        """Check that what was shown at `at` is refused for `reason` on the screen, and that the door stays shut."""

        def denied(guard: Screen) -> bool:
            return any(reason in record.reasons for record in guard.all_records("access_denied", since, reader=reader))

        told = await self.guard.until(denied, within)
        stayed = await released(self.building.door_at(reader), at, STAYS_SHUT_SECONDS) is None
        self.check(name, told and stayed, "" if told and stayed else f"told {reason}: {bool(told)}; shut: {stayed}")

    def truth(self) -> dict[str, object]:
        """Return what really happened in this round, by door: how many entries, exits, openings, releases, forced."""
        counted = {door: _since(self._before[door], each.truth) for door, each in self.building.doors.items()}
        kinds = ("entries", "exits", "opened", "released", "forced")
        return {kind: {door: has[kind] for door, has in counted.items() if has[kind]} for kind in kinds}

    def _leads_out(self, reader: str) -> bool:
        built = self.building.site.readers[ReaderId(reader)]
        return built.enters == self.building.site.doors[built.door].zones[0]

    def _place(self, reader: str) -> DoorId:
        return self.building.site.readers[ReaderId(reader)].door

    def _note(self, reader: str, took: float) -> None:
        wire = one_wire(self.building.site, ReaderId(reader))
        if wire is not None:
            self.tally.unlock_ms[wire].append(took)


def at_rest(door: Door) -> bool:
    """Return whether a door is closed and locked, and nothing in it moves."""
    state = door.state
    return state.bolt_locked and not state.leaf_open and state.leaf_arrives is None


def _released(door: Door, since: float) -> bool:
    return door.truth.released_at[-1:] >= (since,)


def one_wire(site: Site, reader: ReaderId) -> str | None:
    """Return `osdp` or `mqtt` where a reader and its door's lock hang on the same kind of wire, else None."""
    head, lock = site.readers[reader].device, site.doors[site.readers[reader].door].lock.device
    kinds = {site.devices[head].kind, site.devices[lock].kind}
    if kinds == {DeviceKind.OSDP}:
        return "osdp"
    return "mqtt" if kinds == {DeviceKind.MQTT} else None


def _since(before: Truth, after: Truth) -> dict[str, int]:
    return {
        "entries": len(after.entries) - len(before.entries),
        "exits": len(after.exits) - len(before.exits),
        "opened": len(after.opened_at) - len(before.opened_at),
        "released": len(after.released_at) - len(before.released_at),
        "forced": len(after.forced_at) - len(before.forced_at),
    }
