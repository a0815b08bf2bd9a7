"""Everything that may be special about a person, a badge, a door, a zone or the building: one twist for each rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from controller.domain import stimuli as st
from controller.domain.area_orders import ArmArea
from controller.domain.decision import FaceOutcome
from controller.domain.doors import Direction, LockMode
from controller.domain.ids import AccessLevelId, CardholderId, CompetencyId
from controller.domain.operators import BlockDoor, RefusePassage, SetDoorMode, SetThreatLevel, StartLockdown
from controller.domain.people import CardholderKind, CredentialStatus, HeldCompetency
from controller.domain.points import AtDoors, PointCondition
from controller.domain.site import (
    AntiPassback,
    Assurance,
    Competency,
    DoorKind,
    EscortOrder,
    EscortRule,
    Factor,
    FactorsOutside,
    FirstPerson,
    SecurityLevel,
    Site,
    ThreatLevel,
)
from controller.domain.visit_orders import RegisterVisitor, SignInVisitor
from tests.controller.builders import (
    ALICE,
    BERLIN,
    BOB,
    CELLAR_IN,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    GUARDS,
    INNER,
    INNER_IN,
    LOBBY,
    MONDAY_TEN,
    NIGHT,
    NORA,
    OFFICE,
    PANEL,
    PEOPLE,
    ROOM,
    STAFF,
    SUE,
    House,
    badge,
    badge_of,
    closes,
    duress_pin,
    lock_of,
    opens,
    order,
    pin,
    point,
    strange_card,
    swipe,
    with_area,
    with_barrier,
    with_door,
    with_fire,
    with_key,
    with_mantrap,
    with_open_hours,
    with_turnstile,
    with_zone,
    wrong_pin,
)
from tests.controller.rules.truth.scene import Hand, Twist, show

PIN_TOO = frozenset({Factor.PIN})
VERA = CardholderId("vera")
ESCORT = EscortRule(EscortOrder.VISITOR_FIRST, 30.0, None, 60.0)
FIRST_AID = CompetencyId("first-aid")
CHRISTMAS_TEN = datetime(2026, 12, 25, 10, 0, tzinfo=BERLIN)


def _badge(**parts: object) -> Callable[[House], None]:
    """ALICE's badge is otherwise."""
    return lambda house: _see(house, st.BadgeEnrolled("test", badge(ALICE, **parts)))  # type: ignore[arg-type]


def _person(**parts: object) -> Callable[[House], None]:
    """ALICE is otherwise."""

    def told(house: House) -> None:
        alice = replace(house.state.people.get(ALICE, PEOPLE[ALICE]), **parts)  # type: ignore[arg-type]
        house.see(st.PersonEnrolled("test", alice, "sealed"))

    return told


def _see(house: House, *stimuli: st.Stimulus) -> None:
    for stimulus in stimuli:
        house.see(stimulus, after=1.0)


def _seen(*stimuli: st.Stimulus) -> Callable[[House], None]:
    return lambda house: _see(house, *stimuli)


def _lobby(**rules: object) -> Callable[[Site], Site]:
    return lambda site: with_zone(site, LOBBY, **rules)


def _lobby_asks(factor: Factor) -> Callable[[Site], Site]:
    return lambda site: with_zone(site, LOBBY, factors=site.zones[LOBBY].factors | {factor})


def _front(**parts: object) -> Callable[[Site], Site]:
    return lambda site: with_door(site, FRONT, **parts)


def _hand(**parts: object) -> Callable[[Hand], Hand]:
    return lambda hand: replace(hand, **parts)  # type: ignore[arg-type]


def _threat(number: int, **policy: object) -> Callable[[Site], Site]:
    """Threat level 1 of the site is what a twist says it is, and nothing else."""

    def told(site: Site) -> Site:
        level = replace(ThreatLevel(number, "Special", frozenset(), {}, {}), **policy)  # type: ignore[arg-type]
        return replace(site, threat_levels={0: site.threat_levels[0], number: level})

    return told


def _came_in(house: House) -> None:
    """ALICE is in the lobby already: her badge was passed back."""
    show(house, Hand())
    turns = house.site.doors[FRONT].kind is DoorKind.TURNSTILE
    _see(house, *([st.RotationSeen(FRONT, Direction.IN)] if turns else [opens(FRONT), closes(FRONT)]))


def _armed_area(at_doors: AtDoors) -> Callable[[Site], Site]:
    """The lobby is an intrusion area."""
    return lambda site: with_area(site, zones=frozenset({LOBBY}), at_doors=at_doors, exit_seconds=5.0)


def _arm(house: House) -> None:
    _see(house, order(SUE, ArmArea(ROOM)))
    house.wait(6.0)


def _visitor(house: House) -> None:
    """ALICE is a visitor today, and BOB may escort her."""
    _person(kind=CardholderKind.VISITOR)(house)
    house.see(st.PersonEnrolled("test", replace(PEOPLE[BOB], may_escort=True), "sealed"))


def _escort_elsewhere(house: House) -> None:
    _visitor(house)
    _see(house, swipe(CELLAR_IN, BOB))
    house.face()


def _desk(site: Site) -> Site:
    staff = replace(site.access_levels[STAFF], for_visitors=True)
    return replace(site, access_levels={**site.access_levels, STAFF: staff})


def _expected(house: House) -> None:
    """ALICE's badge is the pool's, and was handed to a visitor whose host was not asked yet."""
    until = house.now.wall + timedelta(hours=12)
    _visitor(house)
    _badge(status=CredentialStatus.RETURNED)(house)
    visit = RegisterVisitor(VERA, BOB, None, house.now.wall, until, frozenset({STAFF}), "sealed")
    _see(house, order(SUE, visit), order(SUE, SignInVisitor(VERA, badge_of(ALICE))))


def _mode(mode: LockMode) -> Callable[[House], None]:
    """A supervisor's standing order: for longer than any row of the tables takes."""
    until = (MONDAY_TEN + timedelta(hours=11)).astimezone(UTC)
    return _seen(order(SUE, SetDoorMode(FRONT, mode, until, "delivery")))


def _three_wrong_pins(house: House) -> None:
    for _ in range(3):
        _see(house, swipe(FRONT_IN, ALICE), wrong_pin(FRONT_IN))


def _status(status: CredentialStatus) -> Twist:
    return Twist(f"badge {status.replace('_', ' ')}", "status", before=_badge(status=status))


def _sharper(site: Site) -> Site:
    return with_zone(site, LOBBY, minimum_assurance=Assurance.PKI)


def _first_aid(site: Site) -> Site:
    known = {FIRST_AID: Competency(FIRST_AID, "First aid")}
    return replace(with_zone(site, LOBBY, competencies=frozenset({FIRST_AID})), competencies=known)


def _clock_back(house: House) -> None:
    house.set_wall(house.now.wall - timedelta(hours=1))


def _stands_open(house: House) -> None:
    """A guard let somebody through, and the door did not close behind them."""
    house.see(swipe(FRONT_OUT, NORA), after=1.0)
    house.see(opens(FRONT), after=1.0)


def _faulty(site: Site) -> Site:
    """A door whose policy cannot be looked up: an error inside a check denies."""
    return replace(site, schedules={key: value for key, value in site.schedules.items() if key != OFFICE})


TWISTS: tuple[Twist, ...] = (
    *(_status(status) for status in CredentialStatus if status is not CredentialStatus.ACTIVE),
    Twist("badge not valid yet", "validity", before=_badge(valid_from=MONDAY_TEN + timedelta(days=1))),
    Twist("badge past its date", "validity", before=_badge(valid_until=MONDAY_TEN)),
    Twist("badge can be copied", "assurance", site=_sharper, before=_badge(assurance=Assurance.COPYABLE)),
    Twist("card nobody knows", "card", hand=_hand(card=strange_card(FRONT_IN, "token-x"))),
    Twist("card told late", "card", hand=_hand(card=replace(swipe(FRONT_IN, ALICE), age=30.0))),
    Twist("no right to the zone", "right", before=_person(levels=frozenset({AccessLevelId("other")}))),
    Twist("outside the schedule", "time", before=lambda house: house.travel(MONDAY_TEN + timedelta(hours=9))),
    Twist("holiday", "time", before=lambda house: house.travel(CHRISTMAS_TEN)),
    Twist("clock set back", "clock", before=_clock_back),
    Twist("right at all times", "right", before=_person(levels=frozenset({GUARDS})), relaxes=True),
    Twist("competency never held", "competency", site=_first_aid),
    Twist(
        "competency over",
        "competency",
        site=_first_aid,
        before=_person(competencies=(HeldCompetency(FIRST_AID, MONDAY_TEN),)),
    ),
    Twist(
        "threat level asks for clearance",
        "threat",
        site=_threat(1, minimum_clearance={LOBBY: 3}),
        before=_seen(order(SUE, SetThreatLevel(1, "drill"))),
    ),
    Twist(
        "threat level locks the door",
        "threat",
        site=_threat(1, locked_doors=frozenset({FRONT})),
        before=_seen(order(SUE, SetThreatLevel(1, "drill"))),
    ),
    Twist(
        "threat level asks for a PIN",
        "threat",
        site=_threat(1, added_factors={LOBBY: frozenset({Factor.PIN})}),
        before=_seen(order(SUE, SetThreatLevel(1, "drill"))),
    ),
    Twist(
        "threat level asks more, and staff only",
        "threat",
        site=_threat(1, allowed_kinds=frozenset({CardholderKind.VISITOR})),
        before=_seen(order(SUE, SetThreatLevel(1, "drill"))),
    ),
    Twist("lockdown", "lockdown", before=_seen(order(GIL, StartLockdown("drill")))),
    Twist("door blocked", "block", before=_seen(order(GIL, BlockDoor(FRONT, "repair")))),
    Twist("unlocked by schedule", "mode", site=with_open_hours),
    Twist("unlocked by order", "mode", before=_mode(LockMode.UNLOCKED)),
    Twist("secured by order", "mode", before=_mode(LockMode.SECURED)),
    Twist("fire", "fire", site=with_fire, before=_seen(point(PANEL))),
    Twist("fire line cut", "fire", site=with_fire, before=_seen(point(PANEL, PointCondition.OPEN_LOOP))),
    Twist("armed area refuses badges", "area", site=_armed_area(AtDoors.REFUSES), before=_arm),
    Twist("armed area a badge disarms", "area", site=_armed_area(AtDoors.DISARMS), before=_arm),
    Twist("card or PIN", "alone", site=_lobby(card_or_pin=True)),
    Twist("key turned", "key", site=with_key, before=_seen(st.KeySeen(FRONT, turned=True))),
    Twist("zone full", "occupancy", site=_lobby(occupancy_limit=0)),
    Twist("hard anti-passback", "passback", site=_lobby(anti_passback=AntiPassback.HARD), before=_came_in),
    Twist("soft anti-passback", "passback", site=_lobby(anti_passback=AntiPassback.SOFT), before=_came_in),
    Twist(
        "timed anti-passback",
        "passback",
        site=_lobby(anti_passback=AntiPassback.TIMED, anti_passback_seconds=600.0),
        before=_came_in,
    ),
    Twist("other leaf open", "interlock", site=with_mantrap, before=_seen(opens(INNER))),
    Twist("PIN asked for", "pin", site=_lobby_asks(Factor.PIN)),
    Twist("PIN wrong", "pin", site=_lobby_asks(Factor.PIN), hand=_hand(pin=wrong_pin(FRONT_IN))),
    Twist("PIN of somebody forced", "pin", site=_lobby_asks(Factor.PIN), hand=_hand(pin=duress_pin(FRONT_IN, ALICE))),
    Twist("PIN asked for after hours", "pin", site=_lobby(factors_outside=FactorsOutside(NIGHT, PIN_TOO))),
    Twist("PIN tried too often", "pin", site=_lobby_asks(Factor.PIN), before=_three_wrong_pins),
    Twist("PIN not typed", "pin", site=_lobby_asks(Factor.PIN), hand=_hand(pin=None)),
    Twist("face asked for", "face", site=_lobby_asks(Factor.FACE)),
    *(
        Twist(f"face: {outcome.replace('_', ' ')}", "face", site=_lobby_asks(Factor.FACE), hand=_hand(face=outcome))
        for outcome in FaceOutcome
        if outcome is not FaceOutcome.MATCHED
    ),
    Twist("guard asked for", "guard", site=_lobby_asks(Factor.GUARD)),
    Twist(
        "guard says no",
        "guard",
        site=_lobby_asks(Factor.GUARD),
        hand=_hand(guard=lambda request: RefusePassage(request, "not him")),
    ),
    Twist("guard says nothing", "guard", site=_lobby_asks(Factor.GUARD), hand=_hand(guard=None)),
    Twist("second person asked for", "second", site=_lobby_asks(Factor.SECOND_PERSON)),
    Twist("nobody beside her", "second", site=_lobby_asks(Factor.SECOND_PERSON), hand=_hand(beside=None)),
    Twist("a visitor beside her", "second", site=_lobby_asks(Factor.SECOND_PERSON), hand=_hand(beside=EVE)),
    Twist("two-person zone", "second", site=_lobby(two_person=True)),
    Twist("two-person zone, alone", "second", site=_lobby(two_person=True), hand=_hand(beside=None)),
    Twist("may not be the first", "first", site=_lobby(first_person=FirstPerson(frozenset({GUARDS}), 0))),
    Twist("visitor with an escort", "person", site=_lobby(escort=ESCORT), before=_visitor),
    Twist("visitor without an escort", "person", site=_lobby(escort=ESCORT), before=_visitor, hand=_hand(beside=None)),
    Twist("escort is far away", "person", site=_lobby(escort=ESCORT), before=_escort_elsewhere),
    Twist("visitor not signed in", "person", site=_lobby(visitors_sign_in=True), before=_visitor),
    Twist("host has not approved", "person", site=_desk, before=_expected),
    Twist("log late", "log", before=_seen(st.LogLateSeen((), "slow disk"))),
    Twist("door stands open", "door", before=_stands_open),
    Twist("door forced", "door", before=_seen(opens(FRONT))),
    Twist("lock offline", "lock", before=_seen(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail=""))),
    Twist("turnstile", "kind", site=with_turnstile),
    Twist("barrier", "kind", site=with_barrier),
    Twist("needs more time", "extended", site=_front(extended_unlock_seconds=9.0), before=_person(extended_time=True)),
    Twist("limited zone", "level", site=_lobby(level=SecurityLevel.LIMITED, minimum_assurance=Assurance.SYMMETRIC)),
    Twist("exclusion zone", "level", site=_lobby(level=SecurityLevel.EXCLUSION, minimum_assurance=Assurance.SYMMETRIC)),
    # Last, since such a grant lapses in seconds.
    Twist("granted elsewhere", "elsewhere", before=_seen(swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE))),
)

DRILL = _seen(order(SUE, SetThreatLevel(1, "drill")))

MODES: tuple[Twist, ...] = (
    Twist("secured", "mode"),
    Twist("unlocked by schedule", "mode", site=with_open_hours),
    Twist("unlocked by order", "mode", before=_mode(LockMode.UNLOCKED)),
    Twist("fire release", "mode", site=with_fire, before=_seen(point(PANEL))),
    Twist("blocked", "mode", before=_seen(order(GIL, BlockDoor(FRONT, "repair")))),
    Twist("lockdown", "mode", before=_seen(order(GIL, StartLockdown("drill")))),
    Twist(
        "fire in lockdown",
        "mode",
        site=with_fire,
        before=_seen(order(GIL, StartLockdown("drill")), point(PANEL)),
    ),
)
THREATS: tuple[Twist, ...] = (
    Twist("level 0", "threat"),
    Twist(
        "level 1: PIN, clearance 3",
        "threat",
        site=_threat(1, minimum_clearance={LOBBY: 3}, added_factors={LOBBY: frozenset({Factor.PIN})}),
        before=DRILL,
    ),
    Twist("level 1: door locked", "threat", site=_threat(1, locked_doors=frozenset({FRONT})), before=DRILL),
)
BADGES: tuple[Twist, ...] = (
    Twist("active", "badge"),
    Twist("active, clearance 3", "badge", before=_person(clearance=3)),
    Twist("unknown", "badge", hand=_hand(card=strange_card(FRONT_IN, "token-x"))),
    *(Twist(s.replace("_", " "), "badge", before=_badge(status=s)) for s in CredentialStatus if s != "active"),
)
ZONES: tuple[Twist, ...] = (
    Twist("card", "zone"),
    Twist("card, PIN", "zone", site=_lobby_asks(Factor.PIN)),
    Twist("card, face", "zone", site=_lobby_asks(Factor.FACE)),
)
HANDS: tuple[Twist, ...] = (
    Twist("shows all", "hand"),
    Twist("all wrong", "hand", hand=_hand(pin=wrong_pin(FRONT_IN), face=FaceOutcome.MISMATCH)),
    Twist("shows nothing", "hand", hand=_hand(pin=None, face=None)),
)
