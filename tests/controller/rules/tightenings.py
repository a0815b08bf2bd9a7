"""Every way to make the full building stricter, by its site file or by what is so at the moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from controller.domain import stimuli as st
from controller.domain.area_orders import ArmArea
from controller.domain.decision import AccessRequest, Challenge, Companion, Deny, FaceOutcome, Grant, GuardAnswer
from controller.domain.ids import AccessLevelId, CompetencyId, InterlockId, RequestId
from controller.domain.operators import BlockDoor, Order, SetThreatLevel, StartLockdown
from controller.domain.people import CardholderKind, CredentialStatus
from controller.domain.points import AtDoors
from controller.domain.site import (
    AntiPassback,
    Assurance,
    EscortOrder,
    EscortRule,
    Factor,
    FactorsOutside,
    FirstPerson,
    Interlock,
    Site,
)
from controller.rules.decide import decide
from controller.rules.mode import effective_mode
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_IN,
    CHANCERY,
    EVE,
    FRONT,
    INNER,
    INNER_IN,
    LOBBY,
    OFFICE,
    ROOM,
    SUE,
    VAULT,
    House,
    badge,
    badge_of,
    order,
    personal,
    with_door,
    with_reader,
    with_zone,
)
from tests.controller.full import FULL_PEOPLE, LUNCH, TURN

RANK = {Deny: 0, Challenge: 1, Grant: 2}
Tighten = Callable[[House], None]
ZONES = (LOBBY, CHANCERY, VAULT)


def by_site(change: Callable[[Site], Site]) -> Tighten:
    """Another site file."""

    def tighten(house: House) -> None:
        house.site = change(house.site)

    return tighten


def by_zone(**rules: object) -> Tighten:
    """The same for every zone inside."""

    def change(site: Site) -> Site:
        for zone in ZONES:
            site = with_zone(site, zone, **rules)
        return site

    return by_site(change)


def by_order(what: Order) -> Tighten:
    """Somebody who may orders it."""

    def tighten(house: House) -> None:
        house.see_late(order(SUE, what), 0.0)

    return tighten


def asking(factor: Factor) -> Tighten:
    """Every zone asks for one factor more."""

    def change(site: Site) -> Site:
        for zone in ZONES:
            site = with_zone(site, zone, factors=site.zones[zone].factors | {factor})
        return site

    return by_site(change)


def _narrow_rights(site: Site) -> Site:
    """Rights hold over lunch only. What is asked outside a schedule is left as it is."""
    levels = {id_: replace(level, schedule=LUNCH) for id_, level in site.access_levels.items()}
    return replace(site, access_levels=levels)


def _clearance(site: Site) -> Site:
    levels = {
        number: replace(level, minimum_clearance=dict.fromkeys(ZONES, 3))
        for number, level in site.threat_levels.items()
    }
    return replace(site, threat_levels=levels)


def _staff_only(site: Site) -> Site:
    kinds = frozenset({CardholderKind.STAFF})
    return replace(
        site, threat_levels={n: replace(level, allowed_kinds=kinds) for n, level in site.threat_levels.items()}
    )


def _levels_only(site: Site) -> Site:
    none = frozenset({AccessLevelId("nobodys")})
    return replace(
        site, threat_levels={n: replace(level, allowed_levels=none) for n, level in site.threat_levels.items()}
    )


def _locked(site: Site) -> Site:
    doors = frozenset(site.doors)
    return replace(
        site, threat_levels={n: replace(level, locked_doors=doors) for n, level in site.threat_levels.items()}
    )


def _badges(house: House) -> None:
    for who in FULL_PEOPLE:
        house.see_late(st.BadgeEnrolled("test", badge(who, status=CredentialStatus.SUSPENDED)), 0.0)


def _rights_gone(house: House) -> None:
    for person in FULL_PEOPLE.values():
        house.see_late(st.PersonEnrolled("test", replace(person, levels=frozenset(), may_escort=False), "sealed"), 0.0)


ESCORT = EscortRule(EscortOrder.VISITOR_FIRST, 5.0, 1, 5.0)
EITHER = replace(ESCORT, order=EscortOrder.EITHER)
EVERY_FACTOR = frozenset(Factor) - {Factor.ESCORT}
MORE = Interlock(InterlockId("more"), "One more", frozenset({FRONT, INNER, TURN}))
TIGHTENINGS: Mapping[str, Tighten] = MappingProxyType(
    {
        **{f"asks for {factor}": asking(factor) for factor in Factor if factor not in (Factor.CARD, Factor.ESCORT)},
        "a reader asks for a PIN": by_site(
            lambda site: with_reader(site, INNER_IN, factors=site.readers[INNER_IN].factors | {Factor.PIN})
        ),
        "a reader asks for a guard out of hours": by_site(
            lambda site: with_reader(
                site, CELLAR_IN, factors_outside=FactorsOutside(OFFICE, frozenset(Factor) - {Factor.ESCORT})
            )
        ),
        "everybody is searched": by_site(lambda site: replace(site, random_search_percent=100.0)),
        "no PIN in place of a card": by_zone(card_or_pin=False),
        "assurance": by_zone(minimum_assurance=Assurance.PKI),
        "competency": by_zone(competencies=frozenset({CompetencyId("first-aid"), CompetencyId("nobodys")})),
        "hard passback": by_zone(anti_passback=AntiPassback.HARD),
        "nobody more": by_zone(occupancy_limit=1),
        "two people": by_zone(two_person=True),
        "first person": by_zone(first_person=FirstPerson(frozenset({AccessLevelId("nobodys")}), 9)),
        "a stricter escort": by_site(
            lambda site: with_zone(site, LOBBY, escort=replace(ESCORT, order=EscortOrder.EITHER))
        ),
        "an escort": by_site(lambda site: with_zone(site, CHANCERY, escort=ESCORT)),
        "visitors sign in": by_zone(visitors_sign_in=True),
        "rights over lunch only": by_site(_narrow_rights),
        "clearance": by_site(_clearance),
        "staff only": by_site(_staff_only),
        "levels only": by_site(_levels_only),
        "doors locked by every level": by_site(_locked),
        "one more interlock": by_site(
            lambda site: replace(
                site,
                interlocks={
                    **site.interlocks,
                    InterlockId("more"): Interlock(InterlockId("more"), "M", frozenset({FRONT, INNER, TURN})),
                },
            )
        ),
        "no scheduled unlock": by_site(lambda site: with_door(site, FRONT, unlocked_schedule=None)),
        "first person for the unlock": by_site(lambda site: with_door(site, FRONT, after_first_person=True)),
        "an armed area refuses": by_site(
            lambda site: replace(site, areas={ROOM: replace(site.areas[ROOM], at_doors=AtDoors.REFUSES)})
        ),
        "arms": by_order(ArmArea(ROOM)),
        "block": by_order(BlockDoor(INNER, "x")),
        "lockdown": by_order(StartLockdown("x")),
        "threat level 1": by_order(SetThreatLevel(1, "x")),
        "threat level 2": by_order(SetThreatLevel(2, "x")),
        "badges suspended": _badges,
        "rights withdrawn": _rights_gone,
        "a late log": lambda house: house.see_late(st.LogLateSeen((), "slow"), 0.0) and None,
    }
)
"""By name. A threat level counts only where it is a raise."""


def asked(house: House) -> Iterator[AccessRequest]:
    """Everything somebody could show at any reader, alone or beside somebody."""
    plain = AccessRequest(RequestId("r9999"), INNER_IN, None, frozenset({Factor.CARD}))
    both = frozenset({Factor.SECOND_PERSON})
    for reader in house.site.readers:
        for who in FULL_PEOPLE:
            one = replace(plain, reader=reader, credential=badge_of(who))
            others = (Companion(RequestId("r9998"), badge_of(other), both) for other in (ALICE, BOB, EVE))
            yield replace(one, draw=9_999)
            yield replace(one, pin_right=True, face=FaceOutcome.MATCHED, guard=GuardAnswer.CONFIRMED)
            yield replace(one, pin_right=False)
            yield replace(one, presented=frozenset({Factor.FACE}), guard=GuardAnswer.CONFIRMED)
            yield replace(one, credential=personal(who).credential.id, presented=frozenset({Factor.PIN}))
            for companion in others:
                yield replace(one, companion=companion, presented=frozenset(Factor) - {*both, Factor.ESCORT})


@dataclass(frozen=True)
class Easier:
    """A door that a tightening made easier: this must not be."""

    tightening: str
    what: object


def made_easier(house: House, name: str) -> list[Easier]:
    """Tighten a copy of the building; return whatever is easier there than here."""
    if name.startswith("threat") and int(name[-1]) <= house.state.threat_level:
        return []
    there = House(house.site, house.state, house.now)
    TIGHTENINGS[name](there)
    found: list[Easier] = []
    for request in asked(house):
        before = decide(house.site, house.state, request, house.now)
        after = decide(there.site, there.state, request, there.now)
        if RANK[type(after)] > RANK[type(before)]:
            found.append(Easier(name, (request, before, after)))
    for door in house.site.doors:
        modes = [effective_mode(one.site, one.state, door, one.now) for one in (house, there)]
        if modes[1] == "unlocked" and modes[0] != "unlocked":
            found.append(Easier(name, (door, *modes)))
    return found
