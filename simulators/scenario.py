"""What a scenario is made of: steps, passages, refusals, checks against the building's truth and the screen.

A wait that runs out makes a failed check, never a hang and never an exception.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TypeVar

from controller.domain.ids import DoorId, ReaderId
from controller.domain.site import DeviceKind, Site
from simulators.badges import Badge
from simulators.building import Building
from simulators.door import Door, Truth
from simulators.guard import Guard, GuardError
from simulators.hand import Hand, released, until
from simulators.screen import Screen

T = TypeVar("T")

SCREEN_SECONDS = 5.0
"""How long something may take from the wire to the guard's screen before it counts as missing."""

DOOR_SECONDS = 2.0
"""How long a bolt may take to let go; the box drops an unlock that is older."""

REST_SECONDS = 15.0
"""How long a door may take to be closed and locked again: the longest unlock time of a gate, and some."""

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
    """One round of a scenario: the hand, two operators, and the tally. `steps` are its steps' sentences."""

    def __init__(
        self,
        building: Building,
        guard: Guard,
        second: Guard,
        *,
        say: Say,
        steps: type[StrEnum],
        enrolled: asyncio.Event,
    ) -> None:
        self.building, self.guard, self.second = building, guard, second
        self.hand = Hand(building)
        self.tally = Tally()
        self.since = guard.seq
        self.enrolled = enrolled
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

    async def happens(self, name: str, condition: Callable[[], bool], within: float) -> bool:
        """Check that something comes true in the building."""
        ok = await until(condition, within)
        return self.check(name, ok, "" if ok else f"not so within {within:.0f} s")

    async def press(self, name: str, who: Guard, button: str, **said: str) -> str | None:
        """Let an operator press a button, check that it was accepted, and return what it still waits for."""
        try:
            code = await who.order(button, **said)
        except GuardError as error:
            self.check(name, ok=False, detail=str(error))
            return None
        self.check(name, ok=True)
        return code

    async def walk(self, person: str, *readers: str) -> bool:
        """Let one person go through one door after the other; where one stays shut, the walk ends."""
        for reader in readers:
            if not await self.passage(reader, person):
                return False
        return True

    async def passage(self, reader: str, person: str) -> bool:
        """Let one person badge, push, go in and close; the door stood closed and locked before."""
        door = self._place(reader)
        name = f"{person} goes in at {reader}"
        async with self.queue(door):
            if not await until(lambda: at_rest(self.building.doors[door]), REST_SECONDS):
                return self.check(name, ok=False, detail="the door did not come to rest")
            since, at = self.guard.seq, self.swipe(reader, person)
            took = await released(self.building.doors[door], at, DOOR_SECONDS)
            if took is None:
                return self.check(name, ok=False, detail="the bolt did not let go")
            self._note(reader, took)
            await self.go_through(door)
        seen = await self.guard.until(
            lambda g: g.record("entry_observed", since, door=door, person=person), SCREEN_SECONDS
        )
        return self.check(name, seen, f"{took:.0f} ms" if seen else "the guard saw no entry")

    async def go_through(self, door: DoorId) -> None:
        """Push a door that lets go, go in, and close it."""
        leaf = self.building.doors[door]
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


def one_wire(site: Site, reader: ReaderId) -> str | None:
    """Return `osdp` or `mqtt` where a reader and its door's lock hang on the same kind of wire, else None."""
    head, lock = site.readers[reader].device, site.doors[site.readers[reader].door].lock.device
    kinds = {site.devices[head].kind, site.devices[lock].kind}
    if len(kinds) > 1:
        return None
    return "osdp" if kinds == {DeviceKind.OSDP} else "mqtt"


def _since(before: Truth, after: Truth) -> dict[str, int]:
    return {
        "entries": len(after.entries) - len(before.entries),
        "exits": len(after.exits) - len(before.exits),
        "opened": len(after.opened_at) - len(before.opened_at),
        "released": len(after.released_at) - len(before.released_at),
        "forced": len(after.forced_at) - len(before.forced_at),
    }
