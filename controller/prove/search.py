"""Asking the solver, and making what it finds simple: a counterexample is read by a person.

A solver's own model holds every access level it may. So whatever can be left out is left out, one thing after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import z3

from controller.domain.people import CardholderKind
from controller.domain.site import Assurance, Factor, Site
from controller.prove.answers import Someone, Step, When
from controller.prove.rules import Attempt, asked
from controller.prove.symbols import KINDS, Moment, Person
from controller.prove.ways import Way

MICROS_PER_MINUTE = 60_000_000
HOURS = (3, 10, 12, 19, 22, 0, 6)
"""Times of day that are tried first: the dead of night, and a working day."""

WEEKDAYS = (1, 6, 0, 2, 3, 4, 5)
UNUSUAL = (CardholderKind.VISITOR, CardholderKind.CONTRACTOR, CardholderKind.LOCAL_STAFF, CardholderKind.STAFF)
"""Whoever should least be there is named first."""


class Undecided(RuntimeError):
    """The solver gave up: the invariant is neither proven nor broken."""


def possible(solver: z3.Solver) -> bool:
    """Tell whether what the solver was told can be."""
    answer = solver.check()
    if answer == z3.unknown:
        raise Undecided(f"the solver gave up: {solver.reason_unknown()}")
    return bool(answer == z3.sat)


def could(solver: z3.Solver, *also: z3.BoolRef) -> bool:
    """Tell whether this could be as well; nothing is kept."""
    solver.push()
    solver.add(*also)
    answer = possible(solver)
    solver.pop()
    return answer


def simplest(solver: z3.Solver, site: Site, person: Person | None, moments: Iterable[Moment]) -> z3.ModelRef:
    """Settle on the plainest person and moments there are; what the solver was told is possible."""
    wishes = [wish for at in moments for wish in _plain_moment(site, at)]
    for wish in [*wishes, *(_plain_person(person) if person is not None else ())]:
        _settle(solver, wish)
    possible(solver)
    return solver.model()


def someone(model: z3.ModelRef, person: Person) -> Someone:
    """Return who a model speaks of."""
    return Someone(
        KINDS[_number(model, person.kind)],
        _number(model, person.clearance),
        Assurance(_number(model, person.assurance)),
        tuple(level for level, held in person.levels.items() if true(model, held)),
        tuple(one for one, held in person.competencies.items() if true(model, held)),
        true(model, person.escorted),
    )


def when(model: z3.ModelRef, at: Moment) -> When:
    """Return the moment a model speaks of."""
    return When(
        _number(model, at.weekday),
        _number(model, at.micros) // MICROS_PER_MINUTE,
        true(model, at.holiday) or true(model, at.holiday_before),
        _number(model, at.threat),
        true(model, at.lockdown),
        true(model, at.clock_trusted),
    )


def step(model: z3.ModelRef, site: Site, way: Way, person: Person, at: Moment) -> Step:
    """Return one passage of a model."""
    if way.reader is None:
        return Step(way, when(model, at), ())
    attempt = Attempt(site, way.reader, person, at)
    return Step(way, when(model, at), tuple(factor for factor in Factor if true(model, asked(attempt, factor))))


def true(model: z3.ModelRef, formula: z3.BoolRef) -> bool:
    """Tell whether a formula is true in a model; what the model leaves open is false."""
    return bool(z3.is_true(model.eval(formula, model_completion=True)))


def _number(model: z3.ModelRef, term: z3.ArithRef) -> int:
    return int(model.eval(term, model_completion=True).as_long())


def _settle(solver: z3.Solver, wishes: Iterable[z3.BoolRef]) -> None:
    """Keep the first of some wishes that can be had."""
    for wish in wishes:
        if could(solver, wish):
            solver.add(wish)
            return


def _plain_moment(site: Site, at: Moment) -> Iterator[list[z3.BoolRef]]:
    yield [z3.And(z3.Not(at.lockdown), z3.Not(at.log_late), at.clock_trusted)]
    yield [z3.Not(z3.Or(*at.blocked.values()))]
    yield [z3.And(z3.Not(at.holiday), z3.Not(at.holiday_before))]
    yield [at.threat == number for number in sorted(site.threat_levels)]
    yield [at.weekday == day for day in WEEKDAYS]
    yield [at.micros == 60 * hour * MICROS_PER_MINUTE for hour in HOURS]
    yield [at.micros % MICROS_PER_MINUTE == 0]


def _plain_person(person: Person) -> Iterator[list[z3.BoolRef]]:
    yield [person.kind == KINDS.index(kind) for kind in UNUSUAL]
    yield [person.clearance == number for number in range(10)]
    yield [person.assurance == int(Assurance.SYMMETRIC), person.assurance == int(Assurance.PKI)]
    for holds in (*person.levels.values(), *person.competencies.values()):
        yield [z3.Not(holds)]
    yield [person.template]
    yield [z3.Not(person.escorted)]
    for factor, shown in person.shown.items():
        if factor is not Factor.CARD:
            yield [z3.Not(shown)]
