"""The prover on a large building: twenty sentences about 25 zones and 40 doors."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import time as clock
from pathlib import Path

from benchmarks.building import write_mqtt
from benchmarks.extent import Extent, Tick
from benchmarks.rows import BenchmarkFailed, Figure, Row
from controller.domain.ids import OUTSIDE, AccessLevelId, DoorId, InvariantId, ReaderId, ScheduleId, ZoneId
from controller.domain.invariants import Invariant, InvariantKind, People, Times
from controller.domain.people import CardholderKind
from controller.domain.site import (
    AccessLevel,
    Door,
    Factor,
    Period,
    Reader,
    Schedule,
    SecurityLevel,
    Site,
    ThreatLevel,
    Weekday,
    Zone,
)
from controller.prove.prover import prove
from controller.site.loader import load_site

ZONES, DOORS = 25, 40
PROVE_SECONDS = 10.0
OFFICE, NIGHT, ALWAYS = ScheduleId("office"), ScheduleId("night"), ScheduleId("always")
STAFF, CLEANERS, GUARDS = AccessLevelId("staff"), AccessLevelId("cleaners"), AccessLevelId("guards")
INNERMOST = ZoneId(f"zone-{ZONES - 1:02}")


async def site_prove(_: Extent, folder: Path, tick: Tick) -> Row:
    """Prove every sentence of the building; one of them is broken, and the others hold."""
    site = building(load_site(write_mqtt(folder, 1).site))
    began, broken = time.perf_counter(), []
    for verdict in prove(site):
        if verdict.broken is not None:
            broken.append(verdict.invariant.id)
        tick(1)
    took = time.perf_counter() - began
    if broken != ["forgotten"]:
        raise BenchmarkFailed(f"the forgotten unlock should be the one sentence that is broken, not {broken}")
    doors = f"{len(site.zones)} zones, {len(site.doors)} doors, {len(site.invariants)} sentences"
    return Row("site_prove", took, "s", Figure(f"< 10 s; {doors}, one broken and found", PROVE_SECONDS), None)


def building(base: Site) -> Site:
    """Return a tree of zones with shortcuts, three threat levels, and a cleaners' schedule at one wrong door."""
    zones = {OUTSIDE: base.zones[OUTSIDE]} | {ZoneId(f"zone-{n:02}"): _zone(base, n) for n in range(ZONES)}
    names = list(zones)
    sides = [((n - 1) // 2 if n else 0, n) for n in range(1, ZONES + 1)]
    sides += [(n % 8 + 1, n + 8) for n in range(DOORS - len(sides))]
    doors = {door.id: door for n, (outer, inner) in enumerate(sides) for door in [_door(base, n, names, outer, inner)]}
    readers = {r.id: r for n, door in enumerate(doors.values()) for r in _readers(base, n, door)}
    workdays = frozenset(Weekday(day) for day in range(5))
    schedules = {
        OFFICE: Schedule(OFFICE, "Office", always=False, periods=(Period(workdays, clock(7), clock(19)),)),
        NIGHT: Schedule(
            NIGHT, "Night", always=False, periods=(Period(workdays, clock(22), clock(6), on_holidays=True),)
        ),
        ALWAYS: Schedule(ALWAYS, "Always", always=True, periods=()),
    }
    levels = {
        STAFF: AccessLevel(STAFF, "Staff", frozenset(names[1:18]), frozenset(), OFFICE),
        CLEANERS: AccessLevel(CLEANERS, "Cleaners", frozenset(names[1:9]), frozenset(), NIGHT),
        GUARDS: AccessLevel(GUARDS, "Guards", frozenset(names), frozenset(), ALWAYS),
    }
    pin = frozenset({Factor.PIN})
    threats = {
        n: ThreatLevel(n, str(n), frozenset(), dict.fromkeys(names[9:], n), dict.fromkeys(names[1:], pin) if n else {})
        for n in range(3)
    }
    site = replace(base, zones=zones, doors=doors, readers=readers, schedules=schedules)
    return replace(site, access_levels=levels, threat_levels=threats, invariants=_sentences(names))


def _zone(base: Site, number: int) -> Zone:
    hall = base.zones[ZoneId("hall")]
    level = SecurityLevel.LIMITED if number >= 9 else SecurityLevel.CONTROLLED
    factors = frozenset({Factor.CARD, Factor.PIN} if number >= 18 else {Factor.CARD})
    return replace(hall, id=ZoneId(f"zone-{number:02}"), name=f"Zone {number}", level=level, factors=factors)


def _door(base: Site, number: int, names: list[ZoneId], outer: int, inner: int) -> Door:
    first = next(iter(base.doors.values()))
    unlocked = NIGHT if number == 3 else OFFICE if number == 0 else None
    sides = (names[outer], names[inner])
    return replace(
        first, id=DoorId(f"door-{number:03}"), name=f"Door {number}", zones=sides, unlocked_schedule=unlocked
    )


def _readers(base: Site, number: int, door: Door) -> list[Reader]:
    first = next(iter(base.readers.values()))
    outer, inner = door.zones
    return [
        replace(first, id=ReaderId(f"in-{number}"), door=door.id, leaves=outer, enters=inner, keypad=True),
        replace(first, id=ReaderId(f"out-{number}"), door=door.id, leaves=inner, enters=outer, keypad=True),
    ]


def _sentences(names: list[ZoneId]) -> dict[InvariantId, Invariant]:
    never, reaches = InvariantKind.NEVER_ENTERS, InvariantKind.NEVER_REACHES
    staff, cleaners = People(levels=frozenset({STAFF})), People(levels=frozenset({CLEANERS}))
    inner, deep = frozenset(names[10:]), frozenset(names[19:])
    outside = frozenset({OUTSIDE})
    pin = frozenset({Factor.PIN})
    rows = [
        Invariant(InvariantId("pin"), "", never, deep, without=pin),
        Invariant(InvariantId("pin-at-threat"), "", never, inner, without=pin, times=Times(threat_from=1)),
        Invariant(InvariantId("lockdown"), "", never, frozenset(names[1:]), times=Times(lockdown=True)),
        Invariant(
            InvariantId("cleared"), "", never, inner, people=People(clearance_below=2), times=Times(threat_from=2)
        ),
        Invariant(InvariantId("staff-by-day"), "", never, deep, people=staff),
        Invariant(InvariantId("way-out"), "", InvariantKind.FREE_WAY_OUT),
        Invariant(InvariantId("forgotten"), "", InvariantKind.NEVER_UNLOCKED, times=Times(at=180)),
        Invariant(InvariantId("weekend"), "", InvariantKind.NEVER_UNLOCKED, times=Times(at=1200)),
    ]
    rows += [
        Invariant(InvariantId(f"cleaners-{zone}"), "", reaches, frozenset({zone}), people=cleaners, start=outside)
        for zone in names[13:18]
    ]
    rows += [
        Invariant(InvariantId(f"visitors-{zone}"), "", reaches, frozenset({zone}), people=_visitors(), start=outside)
        for zone in names[19:24]
    ]
    rows += [
        Invariant(
            InvariantId(f"guards-{zone}"),
            "",
            InvariantKind.ALWAYS_REACHES,
            frozenset({zone}),
            people=People(levels=frozenset({GUARDS})),
            times=Times(lockdown=False),
            start=outside,
        )
        for zone in (names[1], INNERMOST)
    ]
    return {row.id: row for row in rows}


def _visitors() -> People:
    return People(kinds=frozenset({CardholderKind.VISITOR}), levels=frozenset({STAFF, CLEANERS}))
