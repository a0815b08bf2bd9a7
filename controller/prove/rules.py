"""The checks of a decision as formulas: the twin of ``rules.decide``, held equal to it by a differential test.

A check that looks at what people did before (who is where, who was let through a moment ago) is taken to pass: what is
proven never to happen then happens with no such history either. ``TAKEN_TO_PASS`` names each, and why that is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import z3

from controller.domain.ids import OUTSIDE
from controller.domain.people import CardholderKind
from controller.domain.site import (
    AccessLevel,
    Door,
    Factor,
    FactorsOutside,
    Reader,
    SecurityLevel,
    Site,
    ThreatLevel,
    Zone,
)
from controller.prove.hours import holds
from controller.prove.symbols import KINDS, Moment, Person

IN_PLACE_OF_A_FACE = frozenset({Factor.PIN, Factor.GUARD})
TRUE, FALSE = z3.BoolVal(val=True), z3.BoolVal(val=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody at a reader, sometime."""

    site: Site
    reader: Reader
    person: Person
    at: Moment

    @property
    def door(self) -> Door:
        """Return the reader's door."""
        return self.site.doors[self.reader.door]

    @property
    def zone(self) -> Zone:
        """Return the zone that is entered."""
        return self.site.zones[self.reader.enters]

    @property
    def way_in(self) -> bool:
        """Tell whether this reader leads inwards."""
        return self.reader.enters == self.door.zones[1]


def granted(attempt: Attempt) -> z3.BoolRef:
    """Return that the reader lets somebody pass, with what they have shown."""
    return z3.And(passes(attempt), _accompanied(attempt), *(z3.Not(missing(attempt, factor)) for factor in Factor))


def passes(attempt: Attempt) -> z3.BoolRef:
    """Return that no check refuses."""
    return z3.And(*(check(attempt) for check in ENCODED.values()))


def missing(attempt: Attempt, factor: Factor) -> z3.BoolRef:
    """Return that a factor is asked for and was not shown."""
    shown = attempt.person.escorted if factor is Factor.ESCORT else attempt.person.shown[factor]
    return z3.And(asked(attempt, factor), z3.Not(shown))


def asked(attempt: Attempt, factor: Factor) -> z3.BoolRef:
    """Return that a factor is asked for. Who has no template types a PIN and is looked at, in place of a face."""
    no_face = z3.And(_demanded(attempt, Factor.FACE), z3.Not(attempt.person.template))
    if not attempt.reader.keypad or factor is Factor.CARD:
        return _demanded(attempt, factor)
    if factor is Factor.FACE:
        return z3.And(_demanded(attempt, factor), z3.Not(no_face))
    return z3.Or(_demanded(attempt, factor), no_face) if factor in IN_PLACE_OF_A_FACE else _demanded(attempt, factor)


def _accompanied(attempt: Attempt) -> z3.BoolRef:
    """Return that a visitor has an escort where the zone asks for one; whether the escort is near is not asked."""
    if attempt.zone.escort is None or not attempt.way_in:
        return TRUE
    return z3.Or(attempt.person.kind != KINDS.index(CardholderKind.VISITOR), attempt.person.escorted)


def _demanded(attempt: Attempt, factor: Factor) -> z3.BoolRef:
    """Return that zone, reader, schedule or threat level ask for a factor. For others one waits on the way in alone."""
    if factor is Factor.ESCORT:
        escorts = attempt.zone.escort is not None and attempt.way_in
        return attempt.person.kind == KINDS.index(CardholderKind.VISITOR) if escorts else FALSE
    if factor is Factor.SECOND_PERSON and not attempt.way_in:
        return FALSE
    if factor in {Factor.CARD} | attempt.zone.factors | attempt.reader.factors:
        return TRUE
    rules = (attempt.zone.factors_outside, attempt.reader.factors_outside)
    outside = [_outside(attempt, rule) for rule in rules if rule is not None and factor in rule.factors]
    return z3.Or(
        _in_force(attempt, lambda level: factor in level.added_factors.get(attempt.reader.enters, ())), *outside
    )


def _outside(attempt: Attempt, rule: FactorsOutside) -> z3.BoolRef:
    """Return that a schedule is not known to hold."""
    schedule = attempt.site.schedules[rule.schedule]
    if schedule.always:
        return z3.BoolVal(val=False)
    return z3.Not(z3.And(attempt.at.clock_trusted, holds(schedule, attempt.at)))


def _assurance(attempt: Attempt) -> z3.BoolRef:
    return attempt.person.assurance >= int(attempt.zone.minimum_assurance)


def _clock(attempt: Attempt) -> z3.BoolRef:
    if attempt.zone.id == OUTSIDE:
        return TRUE
    if attempt.zone.level is SecurityLevel.EXCLUSION:
        return attempt.at.clock_trusted
    always = (level for level in _covering(attempt) if attempt.site.schedules[level.schedule].always)
    return z3.Or(attempt.at.clock_trusted, *(attempt.person.levels[level.id] for level in always))


def _right(attempt: Attempt) -> z3.BoolRef:
    if attempt.zone.id == OUTSIDE:
        return TRUE
    held = attempt.person.levels
    schedules = attempt.site.schedules
    return z3.Or(*(z3.And(held[lv.id], holds(schedules[lv.schedule], attempt.at)) for lv in _covering(attempt)))


def _clearance(attempt: Attempt) -> z3.BoolRef:
    needed = {n: lv.minimum_clearance.get(attempt.zone.id, 0) for n, lv in attempt.site.threat_levels.items()}
    return z3.And(
        *(
            z3.Implies(attempt.at.threat == number, attempt.person.clearance >= least)
            for number, least in needed.items()
            if least
        )
    )


def _competency(attempt: Attempt) -> z3.BoolRef:
    needed = attempt.zone.competencies if attempt.way_in else frozenset()
    return z3.And(*(attempt.person.competencies[one] for one in sorted(needed)))


def _second_person(attempt: Attempt) -> z3.BoolRef:
    """A visitor is never one of two. A zone that holds nobody or at least two may have two in it already."""
    visitor = attempt.person.kind == KINDS.index(CardholderKind.VISITOR)
    return z3.Not(z3.And(visitor, _demanded(attempt, Factor.SECOND_PERSON)))


def _threat(attempt: Attempt) -> z3.BoolRef:
    return z3.Not(_in_force(attempt, lambda level: attempt.door.id in level.locked_doors))


def _lets_in(attempt: Attempt) -> z3.BoolRef:
    return z3.Not(z3.Or(*(_kept_out(attempt, level) for level in attempt.site.threat_levels.values())))


def _kept_out(attempt: Attempt, level: ThreatLevel) -> z3.BoolRef:
    """Return that this threat level is in force and keeps somebody out."""
    kinds, levels, held = level.allowed_kinds, level.allowed_levels, attempt.person.levels
    ways = []
    if kinds is not None:
        ways.append(z3.And(*(attempt.person.kind != KINDS.index(kind) for kind in kinds)))
    if levels is not None:
        ways.append(z3.Not(z3.Or(*(held[one] for one in levels))))
    return z3.And(attempt.way_in, attempt.at.threat == level.number, z3.Or(*ways))


def _lockdown(attempt: Attempt) -> z3.BoolRef:
    return z3.Not(attempt.at.lockdown)


def _blocked(attempt: Attempt) -> z3.BoolRef:
    return z3.Not(attempt.at.blocked[attempt.door.id])


def _log(attempt: Attempt) -> z3.BoolRef:
    return z3.Not(attempt.at.log_late)


ENCODED: Mapping[str, Callable[[Attempt], z3.BoolRef]] = {
    "assurance": _assurance,
    "clock": _clock,
    "right": _right,
    "clearance": _clearance,
    "competency": _competency,
    "second person": _second_person,
    "threat level": _threat,
    "who may pass": _lets_in,
    "lockdown": _lockdown,
    "block": _blocked,
    "log": _log,
}
"""By the names they have in a trace."""

TAKEN_TO_PASS: Mapping[str, str] = {
    "status": "a badge that is not active opens nothing: whoever is asked about has a good one",
    "validity": "likewise a badge that is not valid yet, or no longer",
    "occupancy": "the zone may be empty",
    "anti-passback": "the building may not know where somebody is, and unknown never denies",
    "area": "the area may be disarmed",
    "first person": "somebody who may be the first may be in",
    "escort": "an escort may be near; whether one is asked for is encoded",
    "visitor": "a visitor may be signed in",
    "host": "a host may stand by the visit",
    "interlock": "the other leaves may be shut",
    "grant elsewhere": "there may be no other grant",
    "pin alone": "whoever types a PIN in place of a card may show one as easily copied: the loader sees to that",
    "pin": "a PIN that is shown is the right one; whether one is asked for is encoded",
    "face": "a face that is shown matches; whether one is asked for is encoded",
    "guard": "a guard who is asked to look may confirm; whether one is asked is encoded",
    "search": "whoever enters may not be drawn, and a search asks for a guard at most",
    "in time": "whoever answers, answers in time",
}
"""The checks that the formulas leave out: each may pass, whatever the policy says."""


def _in_force(attempt: Attempt, asks: Callable[[ThreatLevel], bool]) -> z3.BoolRef:
    """Return that the threat level in force is one that asks for something."""
    return z3.Or(*(attempt.at.threat == number for number, lv in attempt.site.threat_levels.items() if asks(lv)))


def _covering(attempt: Attempt) -> list[AccessLevel]:
    zone, door = attempt.zone.id, attempt.door.id
    return [lv for lv in attempt.site.access_levels.values() if zone in lv.zones or door in lv.doors]
