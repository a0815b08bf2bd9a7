"""The mantrap: of two leaves one at most is ever on its way to open, and whoever is let out waits for the other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.decision import DenyReason
from controller.domain.doors import LockStatus, Position
from controller.domain.effects import Release, Relock, Unlock
from controller.domain.ids import DoorId, RequestId
from controller.domain.operators import UnlockOnce
from controller.domain.site import Rex, RexKind, Site
from controller.domain.state import SiteState
from controller.rules.step import next_deadline
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    INNER_OUT,
    MANTRAP,
    House,
    bolt,
    closes,
    everything_answers,
    lock_of,
    of_kind,
    opens,
    order,
    quiet_house,
    small_site,
    swipe,
    with_mantrap,
)
from tests.controller.rules.test_laws import Act, days, law, lived

R1 = RequestId("r1")
GONE = st.DeviceSeen(lock_of(INNER), online=False, secure=False, detail="silent")


def mantrap() -> House:
    return quiet_house(with_mantrap(small_site()))


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ([opens(INNER)], "inner is open"),
        ([bolt(INNER, LockStatus.UNLOCKED)], "inner is unlocked"),
        ([bolt(INNER, LockStatus.JAMMED)], "inner is not known to be shut"),
        ([swipe(INNER_OUT, BOB)], "inner is granted and not yet used"),
        ([st.RexSeen(INNER)], "inner is granted and not yet used"),
        ([order(GIL, UnlockOnce(INNER, "x"))], "inner is granted and not yet used"),
        ([GONE], "inner is not known to be shut"),
    ],
)
def test_a_leaf_waits_for_the_other(before: list[st.Stimulus], why: str) -> None:
    house = mantrap()
    for stimulus in before:
        house.see(stimulus)
    house.see(swipe(FRONT_IN, ALICE))
    (denied,) = of_kind(ev.AccessDenied, house.events)
    assert denied.reasons == (DenyReason.INTERLOCK,)
    assert [check.facts for check in denied.trace if check.name == "interlock"] == [why]


def test_the_badge_out_waits_too() -> None:
    house = mantrap()
    house.see(opens(INNER))
    house.see(swipe(FRONT_OUT, ALICE))
    assert of_kind(ev.AccessDenied, house.events)[0].reasons == (DenyReason.INTERLOCK,)


def test_a_door_that_is_no_leaf_waits_for_none() -> None:
    house = mantrap()
    house.see(opens(INNER))
    house.site = replace(
        house.site, interlocks={MANTRAP: replace(house.site.interlocks[MANTRAP], doors={INNER, CELLAR})}
    )
    house.see(swipe(FRONT_IN, ALICE))
    assert of_kind(ev.AccessDenied, house.events) == []


def test_the_exit_button_waits_and_lets_out_as_soon_as_the_other_leaf_is_shut() -> None:
    house = mantrap()
    house.see(swipe(INNER_OUT, BOB))
    house.see(opens(INNER), after=1.0)
    pressed = house.see(st.RexSeen(FRONT), after=1.0)
    assert (pressed.events, pressed.effects) == ((ev.ExitDelayed(RequestId("r2"), FRONT, 10.0),), ())
    assert house.see(st.RexSeen(FRONT), after=1.0).events == ()  # who waits already, waits on
    shut = house.see(closes(INNER), after=1.0)
    assert shut.effects[-1] == Release(FRONT, 5.0)
    assert shut.events[-1] == ev.ExitRequested(RequestId("r2"), FRONT, 5.0)
    house.see(opens(FRONT), after=1.0)
    assert house.alarms(AlarmKind.FORCED_OPEN) == []
    assert of_kind(ev.ExitObserved, house.events) == [ev.ExitObserved(RequestId("r2"), FRONT)]


def test_nobody_waits_for_ever() -> None:
    house = mantrap()
    house.see(opens(INNER))
    house.see(st.RexSeen(FRONT))
    assert next_deadline(house.state) == house.now.mono + 10.0
    assert house.wait(9.9) == []
    assert house.wait(0.1) == [ev.PassageLapsed(R1, FRONT)]
    assert house.see(closes(INNER)).effects == (Relock(INNER),)
    assert house.see(st.RexSeen(FRONT)).effects == (Release(FRONT, 5.0),)


def test_a_wait_that_is_over_lets_nobody_out_however_late_the_timer_is() -> None:
    house = mantrap()
    house.see(opens(INNER))
    house.see(st.RexSeen(FRONT))
    assert Release(FRONT, 5.0) not in house.see_late(closes(INNER), 10.0).effects


@pytest.mark.parametrize("kind", [RexKind.EMERGENCY, RexKind.SHUNT_ONLY])
def test_an_emergency_button_and_a_handle_wait_for_nothing(kind: RexKind) -> None:
    house = mantrap()
    door = house.site.doors[FRONT]
    assert door.rex is not None
    house.site = replace(house.site, doors={**house.site.doors, FRONT: replace(door, rex=Rex(kind, door.rex.input))})
    house.see(opens(INNER))
    pressed = house.see(st.RexSeen(FRONT))
    assert pressed.events == (ev.ExitRequested(R1, FRONT, 5.0),)
    assert pressed.effects == ((Release(FRONT, 5.0),) if kind is RexKind.EMERGENCY else ())


def test_two_open_leaves_are_a_breach_until_one_is_seen_shut() -> None:
    house = mantrap()
    house.see(opens(INNER))
    assert house.alarms(AlarmKind.INTERLOCK_BREACHED) == []
    house.see(opens(FRONT))
    (alarm,) = house.alarms(AlarmKind.INTERLOCK_BREACHED)
    assert (alarm.source.door, alarm.detail, alarm.persists) == (
        FRONT,
        "The front door and The inner door stand open",
        True,
    )
    house.see(GONE)
    assert house.alarms(AlarmKind.INTERLOCK_BREACHED)[0].persists  # gone is not shut
    house.see(closes(INNER))
    assert not house.alarms(AlarmKind.INTERLOCK_BREACHED)[0].persists


def test_a_breach_outlives_a_start_and_ends_where_the_leaf_is_seen_shut() -> None:
    house = mantrap()
    for door in (INNER, FRONT):
        house.see(opens(door))
    house.restart()
    assert house.alarms(AlarmKind.INTERLOCK_BREACHED)[0].persists
    everything_answers(house)
    assert not house.alarms(AlarmKind.INTERLOCK_BREACHED)[0].persists


def test_a_breach_of_what_is_no_mantrap_any_more_ends_with_the_next_start() -> None:
    house = mantrap()
    for door in (INNER, FRONT):
        house.see(opens(door))
    house.site = small_site()
    house.restart()
    (alarm,) = house.alarms(AlarmKind.INTERLOCK_BREACHED)
    assert not alarm.persists


def shut(site: Site, state: SiteState, door: DoorId, mono: float) -> bool:
    known = state.door(door)
    waits = any(p.until > mono and not p.used for p in known.passages)
    return (known.position, known.lock, waits) == (Position.CLOSED, LockStatus.LOCKED, False)


@law
@given(days)
def test_no_leaf_is_opened_beside_one_that_is_not_shut(script: list[Act]) -> None:
    site = with_mantrap(small_site())
    for _, outcome in lived(script, site).steps:
        last = outcome.state.last
        for effect in outcome.effects:
            if isinstance(effect, Unlock | Release) and effect.door in (FRONT, INNER) and last is not None:
                other = INNER if effect.door == FRONT else FRONT
                assert shut(site, outcome.state, other, last.mono)
