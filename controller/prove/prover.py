"""Each kind of invariant: what the solver is asked, and how its answer becomes a person, a path and a time.

What is never to happen is asked for with everything free that the policy does not settle: any person who could be given
a badge, any local time, holiday or not, any threat level, from any zone. No answer is the proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import assert_never

import z3

from controller.domain.ids import OUTSIDE, ZoneId
from controller.domain.invariants import Invariant, InvariantKind, Times
from controller.domain.invariants import People as Whom
from controller.domain.site import Assurance, Factor, Site
from controller.prove.answers import Counterexample, Verdict
from controller.prove.encoding import Encoding
from controller.prove.hours import holds
from controller.prove.search import MICROS_PER_MINUTE, could, possible, simplest, someone, step, true, when
from controller.prove.symbols import HIGHEST_CLEARANCE, KINDS, Moment, Person
from controller.prove.ways import How, Way, route, unlocked, ways


def prove(site: Site) -> Iterator[Verdict]:
    """Prove every invariant of a site, in the order of its file. Raises ``Undecided`` where the solver gives up."""
    known = Encoding(site)
    for invariant in site.invariants.values():
        yield Verdict(invariant, counterexample(known, invariant))


def counterexample(known: Encoding, invariant: Invariant) -> Counterexample | None:
    """Return how one invariant is broken; None: it holds."""
    match invariant.kind:
        case InvariantKind.NEVER_ENTERS:
            return _enters(known, invariant)
        case InvariantKind.NEVER_REACHES:
            return _reaches(known, invariant)
        case InvariantKind.ALWAYS_REACHES:
            return _kept_out(known, invariant)
        case InvariantKind.FREE_WAY_OUT:
            return _kept_in(known.site, invariant)
        case InvariantKind.NEVER_UNLOCKED:
            return _stands_unlocked(known, invariant)
    assert_never(invariant.kind)


def _enters(known: Encoding, invariant: Invariant) -> Counterexample | None:
    """One step over the threshold, from wherever: the zone before it is a start zone like any other."""
    solver = _asking(known, invariant, known.now)
    for way in known.ways:
        about = way.enters in invariant.zones or way.door.id in invariant.doors
        if about and way.inwards and way.how is not How.HANDLE:
            solver.push()
            solver.add(known.open_to(way, known.now))
            if possible(solver):
                return _entry(known, solver, way)
            solver.pop()
    return None


def _entry(known: Encoding, solver: z3.Solver, last: Way) -> Counterexample:
    """Tell the step with the way there from outside, if the same person has one at that moment."""
    site, person, at = known.site, known.person, known.now
    model = simplest(solver, site, person, [at])
    who = someone(model, person)
    now = [way for way in known.ways if true(model, known.open_to(way, at))]
    before = route(now, {OUTSIDE}, last.leaves)
    if before is not None:
        return Counterexample(who, OUTSIDE, tuple(step(model, site, way, person, at) for way in (*before, last)))
    return Counterexample(who, last.leaves, (step(model, site, last, person, at),), inside=True)


def _reaches(known: Encoding, invariant: Invariant) -> Counterexample | None:
    """A whole way, at one moment for each door: whoever has time may wait in between. One moment for all is simpler."""
    kept = [way for way in known.ways if _passable(invariant, way)]
    waiting = _found(known, invariant, kept, [known.own_moment(way) for way in kept])
    if waiting is None:
        return None
    at_once = _found(known, invariant, kept, [known.now] * len(kept))
    return _way_there(known, invariant, at_once or waiting)


def _found(
    known: Encoding, invariant: Invariant, kept: list[Way], moments: list[Moment]
) -> list[tuple[Way, Moment]] | None:
    """Return the ways that are taken, and when, on some way from a start to a target; None where there is none."""
    solver = _asking(known, invariant, *dict.fromkeys(moments))
    used = _path(solver, invariant, kept, [known.open_to(way, at) for way, at in zip(kept, moments, strict=True)])
    if not possible(solver):
        return None
    model = solver.model()
    return [(way, at) for way, at, taken in zip(kept, moments, used, strict=True) if true(model, taken)]


def _passable(invariant: Invariant, way: Way) -> bool:
    around = {way.enters, way.leaves}.isdisjoint(invariant.avoiding_zones)
    return around and way.door.id not in invariant.avoiding_doors


def _path(solver: z3.Solver, invariant: Invariant, kept: list[Way], open_: list[z3.BoolRef]) -> list[z3.BoolRef]:
    """Ask for a way from a start to a target. Ranks rise along it, so that no ring of zones holds itself up."""
    zones = {zone for way in kept for zone in (way.leaves, way.enters)} | invariant.start | invariant.zones
    on = {zone: z3.Bool(f"on:{zone}") for zone in zones}
    rank = {zone: z3.Int(f"rank:{zone}") for zone in zones}
    used = [z3.Bool(f"used:{n}") for n in range(len(kept))]
    for n, way in enumerate(kept):
        solver.add(z3.Implies(used[n], z3.And(on[way.leaves], rank[way.leaves] < rank[way.enters], open_[n])))
    for zone in zones - invariant.start:
        solver.add(z3.Implies(on[zone], z3.Or(*(used[n] for n, way in enumerate(kept) if way.enters == zone))))
    solver.add(z3.Or(*(on[zone] for zone in invariant.zones - invariant.start)))
    return used


def _way_there(known: Encoding, invariant: Invariant, found: list[tuple[Way, Moment]]) -> Counterexample:
    """Settle the shortest of the ways that were found."""
    site, person, taken = known.site, known.person, {id(way): at for way, at in found}
    routes = (route([way for way, _ in found], invariant.start, zone) for zone in sorted(invariant.zones))
    shortest = min((way for way in routes if way), key=len)
    moments = [taken[id(way)] for way in shortest]
    distinct = list(dict.fromkeys(moments))
    solver = _asking(known, invariant, *distinct)
    solver.add(*(known.open_to(way, at) for way, at in zip(shortest, moments, strict=True)))
    model = simplest(solver, site, person, distinct)
    steps = tuple(step(model, site, way, person, at) for way, at in zip(shortest, moments, strict=True))
    return Counterexample(someone(model, person), shortest[0].leaves, steps)


def _kept_out(known: Encoding, invariant: Invariant) -> Counterexample | None:
    """A moment at which somebody with these levels stays out: a set of zones no open way leads out of.

    They show whatever is asked for, and nothing in the building is out of order.
    """
    site, person, at = known.site, known.person, known.now
    solver = _asking(known, invariant, at)
    solver.add(*_in_order(at), *_able(invariant, person))
    reached = {zone: z3.Bool(f"reached:{zone}") for zone in site.zones}
    for way in known.ways:
        open_ = z3.And(reached[way.leaves], known.open_to(way, at))
        solver.add(z3.Implies(open_, reached[way.enters]))
    solver.add(*(reached[zone] for zone in invariant.start))
    for zone in sorted(invariant.zones):
        solver.push()
        solver.add(z3.Not(reached[zone]))
        if possible(solver):
            model = simplest(solver, site, None, [at])
            open_now = [way for way in known.ways if true(model, known.open_to(way, at))]
            stuck = _reached(open_now, invariant.start)
            start = min(invariant.start)
            return Counterexample(someone(model, person), start, (), stuck_in=stuck, when=when(model, at))
        solver.pop()
    return None


def _kept_in(site: Site, invariant: Invariant) -> Counterexample | None:
    """A zone in a set that no free way leads out of, and outside not in it."""
    free = [way for way in ways(site) if way.free]
    solver = z3.Solver()
    trapped = {zone: z3.Bool(f"trapped:{zone}") for zone in site.zones}
    solver.add(z3.Not(trapped[OUTSIDE]))
    solver.add(*(z3.Implies(trapped[way.leaves], trapped[way.enters]) for way in free))
    for zone in sorted(invariant.zones or site.zones.keys() - {OUTSIDE}):
        if could(solver, trapped[zone]):
            return Counterexample(None, zone, (), stuck_in=_reached(free, {zone}))
    return None


def _stands_unlocked(known: Encoding, invariant: Invariant) -> Counterexample | None:
    """A door and a moment at which the schedule holds it released."""
    site, at = known.site, known.now
    solver = z3.Solver()
    solver.add(known.bounds(at), *_times(site, invariant.times, at))
    everywhere = not invariant.zones and not invariant.doors
    for way in known.ways:
        about = everywhere or way.door.id in invariant.doors or not invariant.zones.isdisjoint(way.door.zones)
        if not about or way.how is not How.UNLOCKED or not way.inwards:
            continue
        solver.push()
        solver.add(unlocked(site, way.door, at))
        if possible(solver):
            model = simplest(solver, site, None, [at])
            return Counterexample(None, way.leaves, (step(model, site, way, known.person, at),))
        solver.pop()
    return None


def _asking(known: Encoding, invariant: Invariant, *moments: Moment) -> z3.Solver:
    """Return a solver that knows whom the invariant speaks of, and when."""
    solver, person = z3.Solver(), known.person
    solver.add(person.bounds, *_whom(invariant.people, person))
    solver.add(*(z3.Not(person.shown[factor]) for factor in invariant.without - {Factor.CARD}))
    if invariant.without_escort:
        solver.add(z3.Not(person.escorted))
    for at in moments:
        solver.add(known.bounds(at), *_times(known.site, invariant.times, at))
    return solver


def _whom(people: Whom, person: Person) -> Iterator[z3.BoolRef]:
    if people.kinds:
        yield z3.Or(*(person.kind == KINDS.index(kind) for kind in sorted(people.kinds)))
    if people.levels is not None:
        yield from (z3.Not(held) for level, held in person.levels.items() if level not in people.levels)
    if people.clearance is not None:
        yield person.clearance == people.clearance
    if people.clearance_below is not None:
        yield person.clearance < people.clearance_below
    if people.assurance_below is not None:
        yield person.assurance < int(people.assurance_below)
    yield from (z3.Not(person.competencies[one]) for one in sorted(people.lacking))


def _times(site: Site, times: Times, at: Moment) -> Iterator[z3.BoolRef]:
    if times.during is not None:
        yield holds(site.schedules[times.during], at)
    if times.outside is not None:
        yield z3.Not(holds(site.schedules[times.outside], at))
    if times.at is not None:
        yield z3.And(at.micros >= times.at * MICROS_PER_MINUTE, at.micros < (times.at + 1) * MICROS_PER_MINUTE)
    if times.holidays is not None:
        yield at.holiday if times.holidays else z3.Not(at.holiday)
    if times.threat_from is not None:
        yield at.threat >= times.threat_from
    if times.threat_to is not None:
        yield at.threat <= times.threat_to
    if times.lockdown is not None:
        yield at.lockdown if times.lockdown else z3.Not(at.lockdown)


def _in_order(at: Moment) -> Iterator[z3.BoolRef]:
    yield z3.And(at.clock_trusted, z3.Not(at.log_late))
    yield z3.Not(z3.Or(*at.blocked.values()))


def _able(invariant: Invariant, person: Person) -> Iterator[z3.BoolRef]:
    """Whoever always gets there holds these levels, shows what is asked for, and is trained but for what is named."""
    yield from (held for level, held in person.levels.items() if level in (invariant.people.levels or ()))
    yield from (held for one, held in person.competencies.items() if one not in invariant.people.lacking)
    yield from person.shown.values()
    yield person.escorted
    if invariant.people.assurance_below is None:
        yield person.assurance == int(Assurance.PKI)
    if invariant.people.clearance is None:
        yield person.clearance == HIGHEST_CLEARANCE


def _reached(found: Iterable[Way], start: Collection[ZoneId]) -> tuple[ZoneId, ...]:
    """Return every zone that some ways lead to."""
    zones, ways_on = dict.fromkeys(start), list(found)
    while more := {way.enters: None for way in ways_on if way.leaves in zones and way.enters not in zones}:
        zones |= more
    return tuple(zones)
