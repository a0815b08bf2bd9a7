"""A building at full scale on real wires: 64 doors, 128 readers on eight OSDP lines, all on secure channel.

One building is run for all of these rows: power on, at rest, 64 badges at one instant, a lockdown.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from benchmarks.building import Files
from benchmarks.extent import Extent, Tick
from benchmarks.rows import BenchmarkFailed, Figure, Row, percentile
from benchmarks.wires import AUTHOR, MISSED_MS, Hand, connect, cycle_ms, listening, online, simulator
from controller.admin import Admin
from controller.bootstrap import Box, Ports
from controller.core import open_core
from controller.demo import BUNDLES
from controller.domain.doors import LockMode, LockStatus
from controller.domain.effects import Effect
from controller.domain.events import LockObserved, Recorded
from controller.domain.ids import DoorId, LineId, OperatorId
from controller.domain.operators import Order, Role, SetDoorMode, StartLockdown
from controller.site.people import load_people
from simulators.estate import Estate, door, person, reader, write
from simulators.hand import until

SECURED_SECONDS = 15.0
FIRST_SECONDS = 5.0
CPU_PERCENT = 15.0
WORST_MS = 1000.0
LOCKED_MS = 2000.0
REST_AFTER_ONLINE = 6.0
"""Seconds after which lines are at rest: what has just come online is polled briskly for a while."""

PATIENCE_SECONDS = 20.0
BADGE_WAIT = "8"
"""Seconds the hand waits for a bolt: the worst is a figure here, not a miss."""


@dataclass(frozen=True, slots=True)
class _Day:
    """What was measured in one building's life; times in seconds, but where said."""

    secured: float
    first: float
    cpu_percent: float
    cycle_ms: float
    badges_ms: list[float]
    locked_ms: list[float]
    stragglers: int
    wire: str


_DAYS: dict[Extent, _Day] = {}


async def power_on(extent: Extent, folder: Path, tick: Tick) -> Row:
    """From the box's start to the last reader on secure channel."""
    day = await _measured(extent, folder, tick)
    text = f"≤ 15 s; {day.wire}, a short log (`restart_1m` starts on a million events); first badge to relay"
    return Row(
        "power_on_secured",
        day.secured,
        "s",
        Figure(f"{text} {day.first:.1f} s after power on (≤ 5 s: {_yes(day.first, FIRST_SECONDS)})", SECURED_SECONDS),
        None,
        as_promised=False,
    )


async def at_rest(extent: Extent, folder: Path, tick: Tick) -> Row:
    """What the whole box takes of one core while nothing happens."""
    day = await _measured(extent, folder, tick)
    promise = Figure(f"≤ 15 % of a core; {day.wire}, one round of a line in {day.cycle_ms:.0f} ms", CPU_PERCENT)
    return Row("osdp_cpu_128", day.cpu_percent, "%", promise, None, as_promised=_full(extent))


async def at_once(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Show every door a badge at the same instant; the worst served counts."""
    day = await _measured(extent, folder, tick)
    missed = sum(ms >= MISSED_MS for ms in day.badges_ms)
    text = f"worst ≤ 1 s; {len(day.badges_ms)} doors, {missed} not within {MISSED_MS:.0f} ms; {day.wire}"
    beside = Figure(f"the slowest line's cycle (p50 {percentile(day.badges_ms, 50):.0f} ms)", day.cycle_ms)
    return Row("simultaneous_64", max(day.badges_ms), "ms", Figure(text, WORST_MS), beside, as_promised=_full(extent))


async def lockdown(extent: Extent, folder: Path, tick: Tick) -> Row:
    """Hold every door unlocked by order, then start a lockdown; each lock counts once its bolt was observed."""
    day = await _measured(extent, folder, tick)
    text = f"p99 ≤ 2 s, order to bolt observed; {len(day.locked_ms)} locks, {day.stragglers} stragglers; {day.wire}"
    beside = Figure(f"the line's cycle (p50 {percentile(day.locked_ms, 50):.0f} ms)", day.cycle_ms)
    worst = percentile(day.locked_ms, 99)
    return Row("lockdown_observed", worst, "ms", Figure(text, LOCKED_MS), beside, as_promised=_full(extent))


async def _measured(extent: Extent, folder: Path, tick: Tick) -> _Day:
    if extent not in _DAYS:
        _DAYS[extent] = await _day(extent, folder)
    tick(1)
    return _DAYS[extent]


async def _day(extent: Extent, folder: Path) -> _Day:
    doors = extent.scale_doors
    estate = Estate(doors, 2 * doors, folder / "ports", mqtt_doors=0)
    files, data = Files(folder / "estate.toml", folder / "people.csv", doors), folder / "data"
    await asyncio.to_thread(write, estate, files.site, files.people)
    async with simulator(files, data) as (child, ready):
        await _enrol(files, data)
        lines = {LineId(line): port for line, port in ready["lines"].items()}
        began = time.monotonic()
        box = Box(data, files.site, Ports(lines, {}, console=False))
        async with box:
            await box.pki.equip(data / BUNDLES, AUTHOR)
            await connect(child, box.broker.port, data / BUNDLES)
            async with listening(child, box.wait()) as hand:
                return await _lived(extent, estate, box, hand, began)


async def _lived(extent: Extent, estate: Estate, box: Box, hand: Hand, began: float) -> _Day:
    doors, seconds = estate.doors, extent.cycle_seconds
    served = asyncio.create_task(_first(hand, began))
    await online(box)
    secured, first = time.monotonic() - began, await served
    await asyncio.sleep(REST_AFTER_ONLINE * min(1.0, seconds))
    cpu = await _cpu(seconds)
    cycle = await cycle_ms(hand, [reader(n) for n in range(doors)], seconds)
    badges = await _at_once(hand, doors)
    await asyncio.sleep(estate.unlock_seconds)
    locked, stragglers = await _locked_down(box, doors)
    wire = f"{estate.readers} readers, {len(estate.lines())} lines, 115200 baud"
    return _Day(secured, first, cpu, cycle, badges, locked, stragglers, wire)


async def _enrol(files: Files, data: Path) -> None:
    """Let the box know its people before it is switched on."""
    core = open_core(data, files.site, _Nobody())
    try:
        await Admin(core).import_people(load_people(files.people, core.runtime.site), AUTHOR)
        await Admin(core).add_operator("guard", Role.SUPERVISOR, AUTHOR)
    finally:
        core.close()


class _Nobody:
    def post(self, effect: Effect) -> None:
        """Carry nothing anywhere."""


async def _first(hand: Hand, began: float) -> float:
    """Show a badge again and again from power on; return the seconds until the door first gave way."""
    while True:
        done = await hand.order("present_card", reader=reader(0), person=person(0), within="0.5")
        if done["energised"]:
            return time.monotonic() - began
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise BenchmarkFailed("no badge opened its door after power on")


async def _cpu(seconds: float) -> float:
    """Return what this process, which is the box, takes of one core."""
    process, began = psutil.Process(), time.monotonic()
    before = process.cpu_times()
    await asyncio.sleep(4 * seconds)
    after = process.cpu_times()
    return 100 * (after.user + after.system - before.user - before.system) / (time.monotonic() - began)


async def _at_once(hand: Hand, doors: int) -> list[float]:
    orders = (hand.order("present_card", reader=reader(n), person=person(n), within=BADGE_WAIT) for n in range(doors))
    done = await asyncio.gather(*orders)
    return [each["ms"] if each["energised"] else 1000 * float(BADGE_WAIT) for each in done]


async def _locked_down(box: Box, doors: int) -> tuple[list[float], int]:
    """Return the milliseconds after which each bolt was seen home, and how many never were."""
    where = [DoorId(door(number)) for number in range(doors)]
    seen = {each: (box.core.runtime.state.door(each).lock, box.core.runtime.mono()) for each in where}

    def note(record: Recorded) -> None:
        if isinstance(record.event, LockObserved):
            seen[record.event.door] = record.event.lock, record.at.mono

    box.core.runtime.listen(note)
    for_minutes = datetime.now(UTC) + timedelta(minutes=5)
    for each in where:
        await _ordered(box, SetDoorMode(each, LockMode.UNLOCKED, for_minutes, "Measured"))
    await until(lambda: sum(status is LockStatus.UNLOCKED for status, _ in seen.values()) == doors, PATIENCE_SECONDS)
    open_doors = [each for each, (status, _) in seen.items() if status is LockStatus.UNLOCKED]
    if len(open_doors) < doors:
        raise BenchmarkFailed(f"only {len(open_doors)} of {doors} doors could be held unlocked")
    began = box.core.runtime.mono()
    await _ordered(box, StartLockdown("Measured"))
    await until(lambda: all(seen[each][0] is LockStatus.LOCKED for each in open_doors), PATIENCE_SECONDS)
    took = [1000 * (at - began) for status, at in seen.values() if status is LockStatus.LOCKED]
    return took or [1000 * PATIENCE_SECONDS], doors - len(took)


async def _ordered(box: Box, order: Order) -> None:
    refused = await box.building.order(OperatorId("guard"), order)
    if refused is not None:
        raise BenchmarkFailed(f"{type(order).__name__} was refused: {refused}")


def _full(extent: Extent) -> bool:
    return extent.scale_doors == Extent().scale_doors


def _yes(value: float, promised: float) -> str:
    return "yes" if value <= promised else "NO"
