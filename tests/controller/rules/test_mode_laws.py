"""Laws of the lock modes: whatever happened, in whatever order."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as some

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.doors import HELD, LockMode, LockStatus, Position
from controller.domain.effects import FireRelease, HoldUnlocked, Release, Relock, Unlock, waits_for_log
from controller.domain.operators import (
    BlockDoor,
    ConfirmFireReset,
    EndLockdown,
    LockDoor,
    ReleaseDoorMode,
    SetDoorMode,
    SetThreatLevel,
    StartLockdown,
    UnblockDoor,
    UnlockOnce,
)
from controller.domain.points import PointCondition
from controller.domain.state import SiteState
from controller.rules.fold import apply
from controller.rules.mode import STRICTNESS, effective_mode
from tests.controller.builders import (
    ALICE,
    BUILDING,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    IO,
    MONDAY_TEN,
    PANEL,
    SUE,
    House,
    lock_of,
    order,
    point,
    quiet_house,
    small_site,
    swipe,
    with_fire,
    with_open_hours,
)

SITE = with_open_hours(with_fire(small_site()))
DOORS = list(SITE.doors)

doors = some.sampled_from(DOORS)
who = some.sampled_from([GIL, SUE])
orderable = some.sampled_from([LockMode.UNLOCKED, LockMode.SECURED, LockMode.BLOCKED])
until = some.integers(1, 12).map(lambda hours: MONDAY_TEN + timedelta(hours=hours))
STRICTER = (
    some.builds(order, who, some.builds(SetDoorMode, doors, orderable, until, some.just("x"))),
    some.builds(order, who, some.builds(BlockDoor, doors, some.just("x"))),
    some.builds(order, who, some.just(StartLockdown("x"))),
    some.builds(order, some.just(SUE), some.builds(SetThreatLevel, some.integers(1, 2), some.just("x"))),
)
acts = some.one_of(
    *STRICTER,
    some.builds(order, who, some.builds(ReleaseDoorMode, doors, orderable)),
    some.builds(order, who, some.builds(UnblockDoor, doors)),
    some.builds(order, who, some.builds(LockDoor, doors)),
    some.builds(order, who, some.builds(UnlockOnce, doors, some.just("x"))),
    some.builds(order, who, some.just(EndLockdown())),
    some.builds(order, some.just(SUE), some.just(SetThreatLevel(0, "x"))),
    some.builds(order, who, some.just(ConfirmFireReset(BUILDING, "x"))),
    some.builds(point, some.just(PANEL), some.sampled_from(PointCondition)),
    some.builds(st.PositionSeen, doors, some.sampled_from(Position)),
    some.builds(st.LockSeen, doors, some.sampled_from(LockStatus)),
    some.builds(st.RexSeen, doors),
    some.just(swipe(FRONT_IN, ALICE)),
    some.sampled_from([st.LogLateSeen((), "slow"), st.LogRestoredSeen()]),
    some.builds(
        lambda device, online: st.DeviceSeen(device, online=online, secure=True, detail=""),
        some.sampled_from([IO, lock_of(FRONT)]),
        some.booleans(),
    ),
    some.just("restart"),
    some.floats(0.0, 8 * 3600.0),
)
lives = some.lists(acts, max_size=12)


def lived(life: list[object]) -> House:
    house = quiet_house(SITE)
    for act in life:
        if isinstance(act, float):
            house.wait(act)
        elif act == "restart":
            house.restart(house.now.mono + 1.0)
        else:
            house.see(act)
        as_it_should_be(house)
    return house


def as_it_should_be(house: House) -> None:
    for door in DOORS:
        mode = effective_mode(house.site, house.state, door, house.now)
        assert house.state.door(door).hold is (mode if mode in HELD else None)


@settings(max_examples=80)
@given(lives)
def test_every_lock_always_does_what_is_asked_of_it_now(life: list[object]) -> None:
    lived(life)


@settings(max_examples=80)
@given(lives)
def test_fire_is_released_in_any_state_at_once_and_nothing_locks_it_before_its_end(life: list[object]) -> None:
    house = lived(life)
    house.see(point(PANEL, PointCondition.NORMAL))
    stood = bool(house.state.fires)
    outcome = house.see(point(PANEL))
    if not stood:
        released = {effect.door for effect in outcome.effects if isinstance(effect, FireRelease)}
        assert released == {FRONT, INNER}
    assert not any(waits_for_log(effect) for effect in outcome.effects)
    for act in life:
        if isinstance(act, st.Ordered | st.PositionSeen | st.RexSeen):
            effects = house.see(act).effects
            assert not {Relock(FRONT), Relock(INNER)} & set(effects) or not house.state.fires


@settings(max_examples=80)
@given(lives, some.one_of(*STRICTER))
def test_asking_for_more_never_makes_any_door_laxer_but_where_a_supervisor_unlocks(
    life: list[object], asked: st.Ordered
) -> None:
    house = lived(life)
    before = {door: effective_mode(house.site, house.state, door, house.now) for door in DOORS}
    outcome = house.see(asked)
    unlocks = isinstance(asked.order, SetDoorMode) and asked.order.mode is LockMode.UNLOCKED
    lowers = any(isinstance(event, ev.ThreatLevelSet) for event in outcome.events)  # from 2 to 1, as it may be
    for door in DOORS:
        after = effective_mode(house.site, house.state, door, house.now)
        if before[door] is LockMode.FIRE_RELEASE or lowers:
            continue
        if unlocks and STRICTNESS[before[door]] <= STRICTNESS[LockMode.SECURED]:
            continue
        assert STRICTNESS[after] >= STRICTNESS[before[door]]


@settings(max_examples=60)
@given(lives)
def test_the_way_out_is_open_in_every_mode(life: list[object]) -> None:
    house = lived(life)
    outcome = house.see(st.RexSeen(FRONT))
    assert Release(FRONT, SITE.doors[FRONT].unlock_seconds) in outcome.effects


@settings(max_examples=60)
@given(lives)
def test_no_door_is_unlocked_for_a_way_in_while_the_log_cannot_be_written(life: list[object]) -> None:
    house = lived(life)
    house.see(st.LogLateSeen((), "slow"))
    house.effects.clear()
    for act in life:
        if isinstance(act, st.Ordered | st.CardPresented | st.DeviceSeen):
            house.see(act)
    assert not any(isinstance(effect, Unlock | HoldUnlocked) for effect in house.effects)


@settings(max_examples=40)
@given(lives)
def test_the_state_is_the_fold_of_what_was_recorded(life: list[object]) -> None:
    house = quiet_house(SITE)
    for act in life:
        before: SiteState = house.state
        if isinstance(act, float):
            house.wait(act)
            continue
        outcome = house.restart(house.now.mono + 1.0) if act == "restart" else house.see(act)
        assert reduce(lambda state, event: apply(state, event, house.now), outcome.events, before) == house.state
