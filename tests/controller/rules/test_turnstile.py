"""Turnstiles: rotations are people, and whoever turns without a right is an alarm."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as given_by

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import Direction, LockStatus
from controller.domain.effects import Relock
from controller.domain.ids import OUTSIDE, RequestId
from controller.domain.operators import AcknowledgeAlarm, StartLockdown, UnlockOnce
from controller.domain.site import Input, Rex, RexKind, Site
from tests.controller.builders import (
    ALICE,
    BOB,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    LOBBY,
    House,
    bolt,
    lock_of,
    of_kind,
    opens,
    order,
    quiet_house,
    small_site,
    swipe,
    with_door,
    with_turnstile,
)
from tests.controller.rules.test_laws import Act, acts, law, lived

IN, OUT = st.RotationSeen(FRONT, Direction.IN), st.RotationSeen(FRONT, Direction.OUT)


def turnstile(site: Site | None = None) -> House:
    return quiet_house(with_turnstile(site or small_site()))


def with_button() -> Site:
    button = Rex(RexKind.SHUNT_ONLY, Input(lock_of(FRONT), None))
    return with_door(with_turnstile(small_site()), FRONT, rex=button)


def tailgaters(house: House) -> int:
    return len(house.alarms(AlarmKind.TAILGATING))


def test_a_grant_is_used_by_the_rotation_and_not_before() -> None:
    house = turnstile()
    granted = house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.EntryObserved, granted.events) == []
    assert house.state.locations.get(ALICE) is None
    turned = house.see(IN, after=1.0)
    assert turned.events == (
        ev.RotationObserved(FRONT, Direction.IN),
        ev.EntryObserved(RequestId("r1"), FRONT, ALICE, LOBBY, assumed=False, leaves=OUTSIDE),
    )
    assert turned.effects == (Relock(FRONT),)
    assert (house.state.locations[ALICE], tailgaters(house)) == (LOBBY, 0)


def test_a_grant_nobody_turned_for_lapses() -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    assert house.wait(6.0) == [ev.NoEntryAfterGrant(RequestId("r1"), FRONT, ALICE)]


def test_the_second_rotation_of_one_grant_is_somebody_else() -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(IN, after=1.0)
    second = house.see(IN, after=0.5)
    assert of_kind(ev.WhereaboutsDoubted, second.events) == [
        ev.WhereaboutsDoubted(FRONT, (OUTSIDE, LOBBY), ev.Doubt.TAILGATING)
    ]
    (alarm,) = house.alarms(AlarmKind.TAILGATING)
    assert (alarm.source.door, alarm.persists, alarm.detail) == (FRONT, False, "turned in once too often")


def test_back_to_back_grants_queue_as_many_rotations() -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(swipe(FRONT_IN, BOB), after=0.5)
    assert house.see(IN, after=0.5).effects == ()  # Bob is still to pass: nothing locks before him
    assert house.see(IN, after=0.5).effects == (Relock(FRONT),)
    assert [e.cardholder for e in of_kind(ev.EntryObserved, house.events)] == [ALICE, BOB]
    assert tailgaters(house) == 0
    house.see(IN, after=0.5)
    assert tailgaters(house) == 1


def test_a_rotation_uses_a_right_of_its_own_direction_only() -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(OUT, after=1.0)
    assert tailgaters(house) == 1
    assert of_kind(ev.EntryObserved, house.events) == []
    house.see(IN, after=1.0)
    assert [e.cardholder for e in of_kind(ev.EntryObserved, house.events)] == [ALICE]


def test_a_badge_on_the_way_out_is_one_rotation_outwards() -> None:
    house = turnstile()
    house.see(swipe(FRONT_OUT, ALICE))
    house.see(OUT, after=1.0)
    assert of_kind(ev.EntryObserved, house.events)[0].enters == OUTSIDE
    assert tailgaters(house) == 0


def test_whoever_a_guard_lets_through_turns_either_way_once() -> None:
    for turned in (IN, OUT):
        house = turnstile()
        house.see(order(GIL, UnlockOnce(FRONT, "the plumber")))
        house.see(turned, after=1.0)
        assert tailgaters(house) == 0
        house.see(turned, after=1.0)
        assert tailgaters(house) == 1


def test_where_no_badge_is_asked_for_on_the_way_out_turning_outwards_is_leaving() -> None:
    site = small_site()
    free = replace(site, readers={name: reader for name, reader in site.readers.items() if name != FRONT_OUT})
    house = turnstile(free)
    house.see(OUT)
    assert (tailgaters(house), of_kind(ev.RotationObserved, house.events)) == (
        0,
        [ev.RotationObserved(FRONT, Direction.OUT)],
    )


def test_the_exit_button_is_one_rotation_outwards() -> None:
    house = quiet_house(with_button())
    house.see(st.RexSeen(FRONT))
    house.see(OUT, after=1.0)
    assert of_kind(ev.ExitObserved, house.events) == [ev.ExitObserved(RequestId("r1"), FRONT)]
    house.see(OUT, after=0.5)
    assert tailgaters(house) == 1


def test_a_button_and_a_badge_that_lead_the_same_way_leave_it_open_who_turned() -> None:
    house = quiet_house(with_button())
    house.see(swipe(FRONT_OUT, ALICE))
    house.see(st.RexSeen(FRONT), after=0.5)
    house.see(OUT, after=0.5)
    assert of_kind(ev.EntryAmbiguous, house.events) == [ev.EntryAmbiguous(FRONT, (RequestId("r1"),), (ALICE,))]
    assert house.state.locations[ALICE] is None
    house.see(OUT, after=0.5)  # the other of the two
    assert (len(of_kind(ev.ExitObserved, house.events)), tailgaters(house)) == (1, 0)


def test_a_button_and_a_badge_inwards_are_two_different_ways() -> None:
    house = quiet_house(with_button())
    house.see(swipe(FRONT_IN, ALICE))
    house.see(st.RexSeen(FRONT), after=0.5)
    house.see(IN, after=0.5)
    assert of_kind(ev.EntryAmbiguous, house.events) == []
    assert house.state.locations[ALICE] == LOBBY


def test_a_lockdown_leaves_no_rotation_open() -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(order(GIL, StartLockdown("shots")))
    house.see(IN, after=0.5)
    assert tailgaters(house) == 1


def test_no_rotation_survives_a_restart() -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    house.restart()
    house.see(bolt(FRONT, LockStatus.LOCKED))
    house.see(IN, after=0.5)
    assert tailgaters(house) == 1


@pytest.mark.parametrize(("after", "alarms"), [(5.999, 0), (6.0, 1)])
def test_the_last_moment_to_turn(after: float, alarms: int) -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    house.see_late(IN, after)
    assert tailgaters(house) == alarms


def test_an_acknowledged_tailgater_does_not_hide_the_next() -> None:
    house = turnstile()
    house.see(IN)
    house.see(order(GIL, AcknowledgeAlarm(house.alarms(AlarmKind.TAILGATING)[0].id)))
    house.see(IN, after=1.0)
    assert tailgaters(house) == 2


def test_what_turns_unseen_leaves_it_open_who_is_where() -> None:
    house = turnstile()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(IN)
    house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    assert house.state.locations[ALICE] is None


@pytest.mark.parametrize("door", [INNER, "nowhere"])
def test_what_is_no_turnstile_does_not_turn(door: str) -> None:
    assert turnstile().see(st.RotationSeen(door, Direction.IN)).events == ()  # type: ignore[arg-type]


def test_no_contact_makes_a_turnstile_opened() -> None:
    assert turnstile().see(opens(FRONT)).events == ()


turns = given_by.builds(Act, given_by.sampled_from([IN, IN, OUT]), given_by.sampled_from([0.0, 0.1, 1.0, 6.0]))


@law
@given(given_by.lists(given_by.one_of(turns, acts), min_size=3, max_size=40))
def test_whoever_turns_without_a_right_is_an_alarm_that_nobody_has_seen_yet(script: list[Act]) -> None:
    for _, outcome in lived(script, with_turnstile(small_site())).steps:
        turned = of_kind(ev.RotationObserved, outcome.events)
        used = [e for e in outcome.events if isinstance(e, ev.EntryObserved | ev.EntryAmbiguous | ev.ExitObserved)]
        assert not turned or len(used) in (0, len(turned))
        if turned and not used:
            alarms = [a for a in outcome.state.alarms.values() if a.kind is AlarmKind.TAILGATING]
            assert any(a.acknowledged_by is None for a in alarms)
