"""Where people are: what makes it unknown, what the muster says of it, and what anti-passback makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.doors import Direction, LockMode
from controller.domain.ids import OUTSIDE, CardholderId, ReaderId, ZoneId
from controller.domain.muster import Whereabouts, muster, whereabouts
from controller.domain.operators import ForgiveAllPassback, ForgivePassback, SetDoorMode, UnlockOnce
from controller.domain.site import AntiPassback, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_IN,
    CHANCERY,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    INNER_IN,
    INNER_OUT,
    LOBBY,
    MONDAY_TEN,
    PANEL,
    SUE,
    House,
    closes,
    lock_of,
    of_kind,
    opens,
    order,
    pin,
    point,
    quiet_house,
    small_site,
    swipe,
    with_fire,
    with_key,
    with_turnstile,
    with_zone,
)
from tests.controller.rules.test_laws import Act, days, law, lived

Doubt = ev.Doubt


def walks(house: House, reader: ReaderId, who: CardholderId = ALICE) -> None:
    """Somebody badges, goes through, and the door closes behind them."""
    door = house.site.readers[reader].door
    house.see(swipe(reader, who))
    if reader == INNER_IN:
        house.see(pin(reader, who))
    house.see(opens(door))
    house.see(closes(door))


def inside(site: Site | None = None) -> House:
    """Alice stands in the lobby, Bob went in and out again."""
    house = quiet_house(site)
    for reader in (FRONT_IN, FRONT_OUT):
        walks(house, reader, BOB)
    walks(house, FRONT_IN, ALICE)
    house.wait(10.0)
    house.events.clear()
    return house


def hard(zone: ZoneId = LOBBY, rule: AntiPassback = AntiPassback.HARD) -> Site:
    return with_zone(small_site(), zone, anti_passback=rule)


def free_turnstile(site: Site) -> Site:
    """A turnstile at the front, with no reader on the way out."""
    return replace(with_turnstile(site), readers={r: x for r, x in site.readers.items() if r != FRONT_OUT})


LOST = st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent")
Played = st.Stimulus | float | Callable[[Site], Site]
UNLOCKED = order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=1), "a delivery"))
WAYS: dict[Doubt, tuple[tuple[Played, ...], tuple[ZoneId, ...]]] = {
    Doubt.EXIT_BUTTON: ((st.RexSeen(FRONT), opens(FRONT)), (LOBBY,)),
    Doubt.FORCED_OPEN: ((opens(FRONT),), (OUTSIDE, LOBBY)),
    Doubt.HELD_OPEN: ((swipe(FRONT_OUT, BOB), opens(FRONT), 20.0), (OUTSIDE, LOBBY)),
    Doubt.ENTRY_AMBIGUOUS: ((swipe(FRONT_IN, BOB), st.RexSeen(FRONT), opens(FRONT)), (LOBBY,)),
    Doubt.GUARD_UNLOCK: ((order(GIL, UnlockOnce(FRONT, "a courier")), opens(FRONT)), (OUTSIDE, LOBBY)),
    Doubt.DOOR_UNSEEN: ((LOST,), (OUTSIDE, LOBBY)),
    Doubt.KEY_OVERRIDE: ((with_key, st.KeySeen(FRONT, turned=True)), (OUTSIDE, LOBBY)),
    Doubt.TAILGATING: ((with_turnstile, st.RotationSeen(FRONT, Direction.IN)), (OUTSIDE, LOBBY)),
    Doubt.FREE_EXIT: ((free_turnstile, st.RotationSeen(FRONT, Direction.OUT)), (LOBBY,)),
    Doubt.DOOR_UNLOCKED: ((UNLOCKED, opens(FRONT)), (OUTSIDE, LOBBY)),
    Doubt.FIRE: ((point(PANEL),), (OUTSIDE, LOBBY)),
}


@pytest.mark.parametrize("why", WAYS)
def test_whoever_may_have_passed_unseen_may_be_elsewhere(why: Doubt) -> None:
    house = inside(with_fire(small_site(), FRONT))
    script, zones = WAYS[why]
    for act in script:
        if isinstance(act, float):
            house.wait(act)
        elif callable(act):
            house.site = act(house.site)
        else:
            house.see(act)
    assert of_kind(ev.WhereaboutsDoubted, house.events) == [ev.WhereaboutsDoubted(FRONT, zones, why)]
    assert house.state.locations[ALICE] is None
    assert whereabouts(house.state, ALICE) is Whereabouts.POSSIBLY_INSIDE
    assert all(zone not in house.state.headcount for zone in zones)


def test_every_doubt_has_a_row() -> None:
    assert {*WAYS, Doubt.FOUND_OPEN} == set(Doubt)  # a door is found open after a start only, below


def test_a_door_found_open_after_a_start_says_so_of_whoever_was_seen_since() -> None:
    house = inside()
    house.restart()
    house.see(closes(FRONT))
    walks(house, FRONT_IN, BOB)
    house.see(opens(INNER))
    assert of_kind(ev.WhereaboutsDoubted, house.events) == [ev.WhereaboutsDoubted(INNER, (LOBBY,), Doubt.FOUND_OPEN)]
    assert whereabouts(house.state, BOB) is Whereabouts.POSSIBLY_INSIDE


def test_a_contact_that_says_nothing_leaves_its_zones_unseen() -> None:
    house = inside()
    house.see(st.PositionSeen(FRONT, house.state.door(FRONT).position))
    assert house.state.locations[ALICE] == LOBBY
    house.see(st.PositionSeen(FRONT, type(house.state.door(FRONT).position).UNKNOWN))
    assert of_kind(ev.WhereaboutsDoubted, house.events)[0].why is Doubt.DOOR_UNSEEN


def test_an_exit_button_says_nothing_of_whoever_is_elsewhere() -> None:
    house = inside()
    house.see(st.RexSeen(INNER))
    house.see(opens(INNER))
    assert of_kind(ev.WhereaboutsDoubted, house.events) == []
    assert house.state.locations[ALICE] == LOBBY


def test_a_guards_unlock_beside_an_open_door_makes_it_unknown_too() -> None:
    house = inside()
    house.see(swipe(FRONT_OUT, BOB))
    house.see(opens(FRONT))
    house.see(order(GIL, UnlockOnce(FRONT, "a courier")))
    assert of_kind(ev.WhereaboutsDoubted, house.events)[-1].why is Doubt.GUARD_UNLOCK


def test_nobody_knows_who_walked_while_the_box_was_down() -> None:
    house = inside()
    house.restart()
    assert dict(house.state.locations) == {ALICE: None, BOB: None}
    assert len(house.state.headcount) == 0
    told = {one.cardholder: (one.whereabouts, one.zone) for one in muster(house.state)}
    assert told == {ALICE: (Whereabouts.POSSIBLY_INSIDE, LOBBY), BOB: (Whereabouts.UNKNOWN, OUTSIDE)}


def test_the_next_passage_makes_it_known_again() -> None:
    house = inside()
    house.restart()
    house.see(closes(FRONT))
    walks(house, FRONT_OUT)
    assert whereabouts(house.state, ALICE) is Whereabouts.OUTSIDE
    assert dict(house.state.headcount) == {OUTSIDE: 1}


def test_whoever_was_never_seen_is_not_on_the_list() -> None:
    assert {one.cardholder for one in muster(inside().state)} == {ALICE, BOB}


# Anti-passback.


def test_a_badge_passed_back_is_refused_and_an_alarm_with_its_holder() -> None:
    house = inside(hard())
    house.see(swipe(FRONT_IN, ALICE))
    (denied,) = of_kind(ev.AccessDenied, house.events)
    assert denied.reasons == (DenyReason.ANTI_PASSBACK,)
    (alarm,) = house.alarms(AlarmKind.HARD_ANTI_PASSBACK)
    assert (alarm.source.reader, alarm.detail, alarm.persists) == (FRONT_IN, ALICE, False)


def test_it_is_one_rule_for_all_doors_and_all_depths() -> None:
    house = inside(hard())
    walks(house, INNER_IN)
    assert house.state.locations[ALICE] == CHANCERY
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessDenied, house.events)[0].reasons == (DenyReason.ANTI_PASSBACK,)


def test_whoever_badged_out_comes_in_again() -> None:
    house = inside(hard())
    walks(house, FRONT_OUT)
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessDenied, house.events) == []


@pytest.mark.parametrize("rule", [AntiPassback.SOFT, AntiPassback.TIMED])
def test_what_is_only_a_remark_stands_in_the_trace_and_in_the_event(rule: AntiPassback) -> None:
    house = inside(hard(rule=rule))
    house.see(swipe(FRONT_IN, ALICE))
    (granted,) = of_kind(ev.AccessGranted, house.events)
    assert granted.remarks == (DenyReason.ANTI_PASSBACK,)
    assert [check.name for check in granted.trace if check.remark] == ["anti-passback"]
    assert len(house.state.alarms) == 0


@pytest.mark.parametrize("zone", [CHANCERY, LOBBY])
def test_on_the_way_out_any_rule_of_either_zone_is_a_remark(zone: ZoneId) -> None:
    house = inside(hard(zone))
    house.see(swipe(INNER_OUT, ALICE))  # the building believes her in the lobby
    (granted,) = of_kind(ev.AccessGranted, house.events)
    assert granted.remarks == (DenyReason.ANTI_PASSBACK,)


def test_a_rule_elsewhere_is_no_remark_here() -> None:
    house = inside(hard(OUTSIDE))
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessGranted, house.events)[0].remarks == ()


def test_timed_refuses_anew_after_each_entry() -> None:
    site = with_zone(small_site(), LOBBY, anti_passback=AntiPassback.TIMED, anti_passback_seconds=60.0)
    house = inside(site)  # ten seconds ago
    house.wait(60.0)
    walks(house, FRONT_IN)
    house.wait(59.9)
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessDenied, house.events)[-1].reasons == (DenyReason.ANTI_PASSBACK,)


def test_forgiving_one_says_nothing_of_another() -> None:
    house = inside(hard())
    walks(house, FRONT_IN, BOB)
    house.see(order(GIL, ForgivePassback(ALICE, "came in behind a colleague")))
    assert house.events[-1] == ev.PassbackForgiven(GIL, ALICE, "came in behind a colleague")
    house.see(swipe(FRONT_IN, BOB))
    assert of_kind(ev.AccessDenied, house.events)[-1].cardholder == BOB
    walks(house, FRONT_IN, ALICE)
    assert house.state.locations[ALICE] == LOBBY
    house.see(swipe(FRONT_IN, ALICE), after=10.0)
    assert of_kind(ev.AccessDenied, house.events)[-1].cardholder == ALICE  # excused once


def test_forgiving_all_is_for_everybody() -> None:
    house = inside(hard())
    walks(house, FRONT_IN, BOB)
    house.see(order(SUE, ForgiveAllPassback("fire drill")))
    for who in (ALICE, BOB):
        house.see(swipe(FRONT_IN, who))
    assert of_kind(ev.AccessDenied, house.events) == []


# Laws: an independent list, kept from the events alone, says the same.


def strict_site() -> Site:
    site = small_site()
    for zone in (LOBBY, CHANCERY):
        site = with_zone(site, zone, anti_passback=AntiPassback.HARD)
    return site


def told(events: list[ev.Event], zones: dict[str, ZoneId]) -> dict[CardholderId, ZoneId | None]:
    """Who is where, by somebody with a pencil: written down at an entry, struck out at a doubt."""
    where: dict[CardholderId, ZoneId | None] = {}
    assumed: dict[str, CardholderId] = {}
    for event in events:
        match event:
            case ev.EntryObserved(cardholder=who, enters=zone) if who and zone:
                where[who] = zone
                if event.assumed:
                    assumed[event.request] = who
            case ev.EntryAmbiguous(cardholders=people):
                where |= dict.fromkeys(people)
            case ev.GrantWithdrawn(request=request) if request in assumed:
                where[assumed[request]] = None
            case ev.WhereaboutsDoubted():
                where |= {who: None for who, zone in where.items() if zone in event.zones}
            case ev.PassbackForgiven(cardholder=who):
                where |= dict.fromkeys(where if who is None else (who,))
            case ev.BoxStarted():
                where = dict.fromkeys(where)
            case _:
                pass
    return where


@law
@given(days)
def test_the_list_of_who_is_where_agrees_with_a_pencil(script: list[Act]) -> None:
    day = lived(script, strict_site())
    where = told(day.house.events, {})
    assert dict(day.house.state.locations) == where
    counted = {zone: sum(at == zone for at in where.values()) for zone in set(where.values()) if zone}
    assert dict(day.house.state.headcount) == counted


@law
@given(days)
def test_nobody_is_let_into_a_hard_zone_whom_the_pencil_has_elsewhere(script: list[Act]) -> None:
    house = lived(script, strict_site()).house
    for place, event in enumerate(house.events):
        if isinstance(event, ev.AccessGranted) and event.reader in (FRONT_IN, INNER_IN, CELLAR_IN):
            zone = house.site.zones[event.enters]
            believed = told(house.events[:place], {}).get(event.cardholder)
            if zone.anti_passback is AntiPassback.HARD:
                assert believed in (None, house.site.readers[event.reader].leaves)


def test_the_pencil_itself_is_not_blind() -> None:
    house = replace(inside(), events=[])
    walks(house, FRONT_OUT)
    assert told(house.events, {}) == {ALICE: OUTSIDE}
