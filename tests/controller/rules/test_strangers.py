"""How many may be inside of whom the building does not know it: counted where it can be, everybody where it cannot."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.doors import Direction
from controller.domain.ids import OUTSIDE
from controller.domain.muster import unaccounted
from controller.domain.operators import ForgiveAllPassback, ForgivePassback, Refusal, UnlockOnce
from tests.controller.builders import (
    ALICE,
    BOB,
    CHANCERY,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    INNER_IN,
    SUE,
    of_kind,
    opens,
    order,
    pin,
    quiet_house,
    swipe,
    with_turnstile,
)

IN, OUT = st.RotationSeen(FRONT, Direction.IN), st.RotationSeen(FRONT, Direction.OUT)


def gate():
    """A turnstile; Alice and Bob came in, and Bob left."""
    house = quiet_house()
    house.site = with_turnstile(house.site)
    for reader, who, turned in ((FRONT_IN, ALICE, IN), (FRONT_IN, BOB, IN), (FRONT_OUT, BOB, OUT)):
        house.see(swipe(reader, who), 20.0)
        house.see(turned)
    assert unaccounted(house.state) == 0
    return house


def test_each_rotation_too_many_is_one_person():
    house = gate()
    house.see(IN, 20.0)
    house.see(IN, 20.0)
    assert unaccounted(house.state) == 2


def test_whom_a_guard_lets_through_is_one_person():
    house = gate()
    house.see(order(GIL, UnlockOnce(FRONT, "a courier")), 20.0)
    house.see(IN)
    assert unaccounted(house.state) == 1


def test_a_guard_can_only_name_one_of_ours():
    house = gate()
    refused = house.see(order(GIL, UnlockOnce(FRONT, "a colleague", cardholder="mallory")), 20.0)
    assert [event.why for event in refused.events] == [Refusal.UNKNOWN_CARDHOLDER]
    assert not refused.effects


def test_who_was_named_holds_an_open_grant_and_may_not_come_at_all():
    house = gate()
    house.see(order(GIL, UnlockOnce(FRONT, "a colleague", cardholder=BOB)), 20.0)
    assert [passage.cardholder for _, passage in house.state.open_grants(house.now.mono)] == [BOB]
    assert of_kind(ev.NoEntryAfterGrant, house.wait(20.0)) == [ev.NoEntryAfterGrant("r4", FRONT, BOB)]


def test_whoever_leaves_unexpected_was_one_of_them():
    house = gate()
    house.see(IN, 20.0)
    house.see(swipe(FRONT_OUT, BOB), 20.0)
    house.see(OUT)
    assert unaccounted(house.state) == 0


def test_whoever_comes_in_by_badge_takes_nobody_off_the_count():
    """The one who tailgated may be somebody else."""
    house = gate()
    house.see(IN, 20.0)
    house.see(swipe(FRONT_IN, BOB), 20.0)
    house.see(IN)
    assert unaccounted(house.state) == 1


def test_an_open_door_lets_in_anybody():
    house = quiet_house()
    house.see(swipe(FRONT_IN, ALICE))
    house.see(opens(FRONT))
    house.see(st.PositionSeen(FRONT, house.state.door(FRONT).position))
    house.wait(60.0)
    assert house.state.strangers is None
    assert unaccounted(house.state) == 0  # nobody is known to have been outside


def test_after_a_restart_it_is_everybody_last_seen_outside():
    house = gate()
    house.restart()
    assert unaccounted(house.state) == 1


def test_whoever_is_forgiven_may_be_inside():
    house = gate()
    house.see(order(GIL, ForgivePassback(BOB, "let in by hand")), 20.0)
    assert unaccounted(house.state) == 1
    house.see(order(SUE, ForgiveAllPassback("a drill")), 20.0)
    assert house.state.strangers is None


def test_whoever_was_seen_in_before_is_none_of_them_further_in():
    """Alice was in when somebody unknown came in: that she shows up in the chancery does not tell who it was."""
    house = gate()
    house.see(order(GIL, UnlockOnce(FRONT, "a courier")), 20.0)
    house.see(IN)
    assert house.state.locations[ALICE] is None
    for stimulus in (swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), opens(INNER)):
        house.see(stimulus)
    assert house.state.locations[ALICE] == CHANCERY
    assert house.state.strangers == 1


def test_whoever_was_seen_to_leave_is_none_of_them_further_in():
    """Bob's badge went out, and shows up further in: who of those inside holds it is not known."""
    house = gate()
    house.see(IN, 20.0)
    for reader, turned in ((FRONT_IN, IN), (FRONT_OUT, OUT)):
        house.see(swipe(reader, BOB), 20.0)
        house.see(turned)
    assert house.state.locations[BOB] == OUTSIDE
    for stimulus in (swipe(INNER_IN, BOB), pin(INNER_IN, BOB), opens(INNER)):
        house.see(stimulus)
    assert house.state.locations[BOB] == CHANCERY
    assert house.state.strangers == 1
