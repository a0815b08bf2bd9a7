"""The formulas and the rules are one policy: whatever building, person and moment, they say the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import z3
from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain import events as ev
from controller.domain.decision import AccessRequest, Challenge, Deny, FaceOutcome, Grant, GuardAnswer
from controller.domain.doors import LockMode
from controller.domain.ids import OUTSIDE, AccessLevelId, ScheduleId
from controller.domain.instant import Instant
from controller.domain.people import CardholderKind, HeldCompetency
from controller.domain.site import (
    AccessLevel,
    Assurance,
    EscortOrder,
    EscortRule,
    Factor,
    FactorsOutside,
    Period,
    Schedule,
    SecurityLevel,
    ThreatLevel,
    Weekday,
)
from controller.domain.state import SiteState
from controller.prove.hours import micros
from controller.prove.rules import ENCODED, TAKEN_TO_PASS, Attempt, missing, passes
from controller.prove.symbols import KINDS, somebody, sometime
from controller.prove.ways import unlocked
from controller.rules.decide import CHECKS, decide, proven
from controller.rules.fold import apply
from controller.rules.mode import effective_mode
from tests.controller.builders import ALICE, BERLIN, CHRISTMAS, GIL, PEOPLE, badge, badge_of, small_site

SITE = small_site()
ZONES, DOORS, READERS = [*SITE.zones], [*SITE.doors], [*SITE.readers]
FIRST_AID, DRIVING = "first-aid", "driving"
FACTORS = some.frozensets(some.sampled_from([Factor.PIN, Factor.FACE, Factor.GUARD, Factor.SECOND_PERSON]), max_size=1)

SELDOM = some.sampled_from([False] * 9 + [True])


def some_of(values, most=3):
    return some.frozensets(some.sampled_from(values), max_size=most)


CLOCKS = some.builds(time, some.integers(0, 23), some.sampled_from([0, 30]))
PERIODS = some.builds(Period, some_of([*Weekday], 7).filter(bool), CLOCKS, CLOCKS, on_holidays=some.booleans()).filter(
    lambda period: period.start != period.end
)


@some.composite
def schedules(draw):
    named = {}
    for name in ("s1", "s2", "s3"):
        always = name == "s3" and draw(some.booleans())
        periods = () if always else tuple(draw(some.lists(PERIODS, min_size=1, max_size=3)))
        named[name] = Schedule(ScheduleId(name), name, always, periods)
    return named


@some.composite
def buildings(draw):
    named = draw(schedules())
    outside = some.builds(FactorsOutside, some.sampled_from([*named]), FACTORS)
    zones = {
        zone: replace(
            SITE.zones[zone],
            level=draw(some.sampled_from(SecurityLevel)),
            factors=draw(FACTORS),
            factors_outside=draw(some.none() | outside),
            minimum_assurance=draw(some.sampled_from([Assurance.COPYABLE, *Assurance])),
            competencies=draw(some_of([FIRST_AID, DRIVING], 1)) if draw(SELDOM) else frozenset(),
            escort=draw(some.sampled_from([None, EscortRule(EscortOrder.EITHER, 30.0, None, 60.0)])),
        )
        for zone in ZONES
        if zone != OUTSIDE
    }
    levels = {
        name: AccessLevel(
            AccessLevelId(name), name, draw(some_of(ZONES)), draw(some_of(DOORS)), draw(some.sampled_from([*named]))
        )
        for name in ("l1", "l2", "l3")
    }
    if draw(some.booleans()):  # or next to nobody would come as far as being asked for anything
        levels["l3"] = replace(levels["l3"], zones=frozenset(ZONES), doors=frozenset(DOORS), schedule=ScheduleId("s3"))
    threats = {
        n: ThreatLevel(
            n,
            str(n),
            draw(some_of(DOORS, 2)),
            draw(some.dictionaries(some.sampled_from(ZONES), some.integers(0, 4), max_size=1)),
            draw(some.dictionaries(some.sampled_from(ZONES), FACTORS, max_size=2)),
            draw(some_of([*CardholderKind])) if draw(SELDOM) else None,
            draw(some_of(["l1", "l2", "l3"])) if draw(SELDOM) else None,
        )
        for n in (0, 2, 3)
    }
    readers = {
        name: replace(reader, factors=draw(FACTORS), factors_outside=draw(outside) if draw(SELDOM) else None)
        for name, reader in SITE.readers.items()
    }
    return replace(
        SITE,
        zones={OUTSIDE: SITE.zones[OUTSIDE], **zones},
        readers=readers,
        schedules=named,
        access_levels=levels,
        threat_levels=threats,
        competencies={FIRST_AID: None, DRIVING: None},
    )


NIGHTS = [datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30), datetime(2026, 12, 25), datetime(2026, 12, 26)]  # noqa: DTZ001 - local times
WALLS = some.one_of(
    some.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
    some.builds(lambda day, hours: day + timedelta(hours=hours), some.sampled_from(NIGHTS), some.integers(-30, 30)),
).map(lambda local: local.replace(tzinfo=BERLIN).astimezone(UTC))


@some.composite
def people(draw):
    if draw(some.booleans()):
        return replace(PEOPLE[ALICE], clearance=5, levels=frozenset({"l1", "l2", "l3"}))
    return replace(
        PEOPLE[ALICE],
        kind=draw(some.sampled_from(CardholderKind)),
        clearance=draw(some.integers(0, 5)),
        levels=draw(some_of(["l1", "l2", "l3", "gone"])),
        competencies=tuple(HeldCompetency(one, None) for one in draw(some_of([FIRST_AID, DRIVING], 2))),
    )


def folded(events, at):
    state = SiteState()
    for event in events:
        state = apply(state, event, at)
    return state


def values_of(site, person, at, given_person, assurance, shown, building, wall):
    """Return every unknown with the value it has in this case."""
    local = wall.astimezone(site.timezone)
    yesterday = local.date() - timedelta(days=1)
    yield person.kind, z3.IntVal(KINDS.index(given_person.kind))
    yield person.clearance, z3.IntVal(given_person.clearance)
    yield person.escorted, z3.BoolVal(val=False)
    yield person.template, z3.BoolVal(building["template"])
    yield person.assurance, z3.IntVal(int(assurance))
    yield from ((held, z3.BoolVal(level in given_person.levels)) for level, held in person.levels.items())
    trained = {held.competency for held in given_person.competencies}
    yield from ((held, z3.BoolVal(one in trained)) for one, held in person.competencies.items())
    yield from ((held, z3.BoolVal(factor in shown)) for factor, held in person.shown.items())
    yield at.weekday, z3.IntVal(local.weekday())
    yield at.micros, z3.IntVal(micros(local.time()))
    yield at.holiday, z3.BoolVal(local.date() in site.holidays)
    yield at.holiday_before, z3.BoolVal(yesterday in site.holidays)
    yield at.threat, z3.IntVal(building["threat"])
    yield at.lockdown, z3.BoolVal(building["lockdown"])
    yield at.clock_trusted, z3.BoolVal(not building["distrusted"])
    yield at.log_late, z3.BoolVal(building["late"])
    yield from ((blocked, z3.BoolVal(door == building["blocked"])) for door, blocked in at.blocked.items())


def events_of(building, given_person, assurance):
    yield ev.CardholderRecorded("test", given_person, "")
    yield ev.CredentialRecorded("test", badge(ALICE, assurance=assurance))
    yield ev.ThreatLevelSet(GIL, building["threat"], "x")
    if building["template"]:
        yield ev.FaceTemplateRecorded("test", ALICE, "engine", "mean5", "sealed")
    if building["lockdown"]:
        yield ev.LockdownStarted(GIL, "x", 5.0)
    if building["distrusted"]:
        yield ev.ClockDistrusted("x")
    if building["late"]:
        yield ev.LogWasLate("x")
    if building["blocked"]:
        yield ev.DoorBlocked(building["blocked"], GIL, "x")


STATES = some.fixed_dictionaries(
    {
        "threat": some.sampled_from([0, 0, 2, 3]),
        "template": some.booleans(),
        "lockdown": SELDOM,
        "distrusted": SELDOM,
        "late": SELDOM,
        "blocked": some.sampled_from([None] * 9 + DOORS),
    }
)
SEEN = {Grant: 0, Deny: 0, Challenge: 0}


def said(formula, known):
    answer = z3.simplify(z3.substitute(formula, *known))
    assert z3.is_true(answer) or z3.is_false(answer), answer
    return z3.is_true(answer)


@settings(max_examples=200)
@given(
    site=buildings(),
    who=people(),
    assurance=some.sampled_from(Assurance),
    reader=some.sampled_from(READERS),
    pin=some.sampled_from([None, True]),
    face=some.sampled_from([None, FaceOutcome.MATCHED]),
    guard=some.sampled_from([None, GuardAnswer.CONFIRMED]),
    state=STATES,
    wall=WALLS,
)
def test_the_formulas_say_what_the_rules_say(site, who, assurance, reader, pin, face, guard, state, wall):
    now = Instant(wall, 1000.0)
    request = AccessRequest(
        "r1", reader, badge_of(ALICE), frozenset({Factor.CARD}), pin_right=pin, face=face, guard=guard
    )
    decision = decide(site, folded(events_of(state, who, assurance), now), request, now)
    SEEN[type(decision)] += 1
    person, at = somebody(site), sometime(site)
    attempt = Attempt(site, site.readers[reader], person, at)
    known = [*values_of(site, person, at, who, assurance, proven(request), state, wall)]
    asked = frozenset(factor for factor in Factor if said(missing(attempt, factor), known))
    match decision:
        case Deny():
            assert not said(passes(attempt), known), decision
        case Grant():
            assert said(passes(attempt), known), decision
            assert not asked
        case Challenge(factors=factors):
            assert said(passes(attempt), known), decision
            assert asked == factors


@settings(max_examples=120)
@given(site=buildings(), state=STATES, wall=WALLS, door=some.sampled_from(DOORS), schedule=some.sampled_from("123"))
def test_a_door_stands_unlocked_where_the_modes_say_so(site, state, wall, door, schedule):
    held = replace(site.doors[door], unlocked_schedule=f"s{schedule}")
    site = replace(site, doors={**site.doors, door: held})
    now = Instant(wall, 1000.0)
    nobody = PEOPLE[ALICE]
    mode = effective_mode(site, folded(events_of(state, nobody, Assurance.PKI), now), door, now)
    UNLOCKED.append(mode is LockMode.UNLOCKED)
    person, at = somebody(site), sometime(site)
    known = [*values_of(site, person, at, nobody, Assurance.PKI, frozenset(), state, wall)]
    assert said(unlocked(site, held, at), known) == (mode is LockMode.UNLOCKED)


UNLOCKED: list[bool] = []


def test_the_cases_above_reached_every_answer():
    assert CHRISTMAS in SITE.holidays
    assert 5 <= sum(UNLOCKED) <= len(UNLOCKED) - 5
    assert all(count >= 3 for count in SEEN.values()), SEEN


def test_every_check_is_encoded_or_said_to_pass():
    """A check that came in: write its twin into ``controller/prove/rules.py``, or say there why it may always pass."""
    assert {name for name, _ in CHECKS} == ENCODED.keys() | TAKEN_TO_PASS.keys()
    assert not ENCODED.keys() & TAKEN_TO_PASS.keys()
