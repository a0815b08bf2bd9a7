"""A building whose log, wires and clock are fakes writing on one tape, so that the order of things can be asserted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from controller.domain.effects import Effect
from controller.domain.events import KIND_OF, Recorded
from controller.domain.instant import Instant
from controller.domain.state import SiteState
from controller.runtime.runtime import Runtime
from tests.controller.builders import MONDAY_TEN, House, quiet_house


@dataclass(frozen=True)
class Durable:
    """The disk has these records."""

    seqs: tuple[int, ...]


@dataclass
class FakeLog:
    """A disk that writes when told to; ``hangs`` False: at once."""

    tape: list[object]
    hangs: bool = False
    appended: list[tuple[tuple[Recorded, ...], asyncio.Future[None], float]] = field(default_factory=list)
    durable: list[Recorded] = field(default_factory=list)
    refuse: type[BaseException] | None = None
    hurried: bool | None = None  # whether the last append was wanted at once

    def append(self, records, *, at_once=True):
        if self.refuse is not None:
            raise self.refuse
        self.hurried = at_once
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self.appended.append((tuple(records), done, loop.time()))
        if not self.hangs:
            loop.call_soon(self.write)
        return done

    def write(self):
        """The disk comes back: everything that waits is written, in order."""
        for records, done, _ in self.appended:
            self.durable += records
            self.tape.append(Durable(tuple(record.seq for record in records)))
            done.set_result(None)
        self.appended.clear()

    def late(self, seconds):
        return bool(self.appended) and asyncio.get_running_loop().time() - self.appended[0][2] > seconds

    def read(self, *, before, limit):
        known = [record for record in reversed(self.durable) if before is None or record.seq < before]
        return known[:limit]


@dataclass
class FakeWires:
    tape: list[object]
    broken: tuple[type[Effect], ...] = ()

    def post(self, effect):
        if isinstance(effect, self.broken):
            raise KeyError(effect)
        self.tape.append(effect)


class FakeClock:
    """The loop's own time, from an ordinary Monday on."""

    def __init__(self):
        self._start = asyncio.get_running_loop().time()

    def now(self):
        passed = round(asyncio.get_running_loop().time() - self._start, 6)
        return Instant(MONDAY_TEN.astimezone(UTC) + timedelta(seconds=60 + passed), 1060.0 + passed)

    def mono(self):
        return self.now().mono


class Building:
    """A runtime on fakes, at the end of a quiet morning."""

    def __init__(self, house: House | None = None, clock=None):
        house = house or quiet_house()
        self.tape: list[object] = []
        self.log = FakeLog(self.tape)
        self.wires = FakeWires(self.tape)
        self.clock = clock or FakeClock()
        self.runtime = Runtime(
            house.site, house.state, 0, boot="boot-1", log=self.log, actuators=self.wires, clock=self.clock
        )
        self.records: list[Recorded] = []
        self.runtime.listen(self.records.append)

    @property
    def state(self) -> SiteState:
        return self.runtime.state

    def see(self, stimulus):
        return self.runtime.handle(stimulus)

    def posted(self, kind):
        return [entry for entry in self.tape if isinstance(entry, kind)]

    def kinds(self):
        return [KIND_OF[type(record.event)] for record in self.records]

    async def until(self, true, seconds=20.0):
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - timers tell nobody
                await asyncio.sleep(0.005)
