"""Fire: what the panel's line releases, what it does not, and how that ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import Direction, LockMode, LockStatus
from controller.domain.effects import FireRelease, HoldUnlocked, Relock, waits_for_log
from controller.domain.operators import BlockDoor, CloseAlarm, ConfirmFireReset, LockDoor, Refusal, StartLockdown
from controller.domain.points import PointCondition
from controller.rules.lockdown import not_secured
from controller.rules.mode import effective_mode
from tests.controller.builders import (
    ALICE,
    BUILDING,
    CELLAR,
    FRONT,
    FRONT_IN,
    GIL,
    INNER,
    IO,
    PANEL,
    House,
    bolt,
    closes,
    lock_of,
    of_kind,
    opens,
    order,
    point,
    quiet_house,
    small_site,
    started,
    swipe,
    with_fire,
    with_open_hours,
    with_turnstile,
)

ACTIVE, NORMAL, CUT, SHORTED = (
    PointCondition.ACTIVE,
    PointCondition.NORMAL,
    PointCondition.OPEN_LOOP,
    PointCondition.SHORTED,
)
LOCKDOWN = order(GIL, StartLockdown("shots"))
OVER = order(GIL, ConfirmFireReset(BUILDING, "burnt toast"))
RELEASED = (FireRelease(FRONT), FireRelease(INNER))


def building() -> House:
    """A fire panel releases the front and the inner door, and not the cellar."""
    return quiet_house(with_fire(small_site()))


def burning() -> House:
    house = building()
    house.see(point(PANEL))
    return house


BEFORE: dict[str, list[st.Stimulus]] = {
    "nothing": [],
    "lockdown": [LOCKDOWN],
    "blocked": [order(GIL, BlockDoor(FRONT, "paint"))],
    "log late": [st.LogLateSeen((), "slow disk")],
    "forced": [opens(FRONT)],
    "granted": [swipe(FRONT_IN, ALICE)],
    "lock offline": [st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="")],
    "line cut before": [point(PANEL, CUT)],
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_fire_releases_its_doors_at_once_whatever_else_is_so(before: list[st.Stimulus]) -> None:
    house = building()
    for each in before:
        house.see(each)
    outcome = house.see(point(PANEL))
    assert tuple(effect for effect in outcome.effects if isinstance(effect, FireRelease)) == RELEASED
    assert not any(waits_for_log(effect) for effect in outcome.effects)
    assert ev.FireAlarm(BUILDING) in outcome.events
    assert len(house.alarms(AlarmKind.FIRE)) == 1
    assert effective_mode(house.site, house.state, CELLAR, house.now) is not LockMode.FIRE_RELEASE


@pytest.mark.parametrize("condition", [CUT, SHORTED])
def test_a_broken_line_is_an_alarm_until_it_is_mended_and_releases_nothing(condition: PointCondition) -> None:
    house = building()
    outcome = house.see(point(PANEL, condition))
    assert outcome.effects == ()
    (alarm,) = house.alarms(AlarmKind.FIRE_LINE_FAULT)
    assert alarm.persists
    assert house.alarms(AlarmKind.FAULT) == []
    house.see(point(PANEL, NORMAL))
    (alarm,) = house.alarms(AlarmKind.FIRE_LINE_FAULT)
    assert not alarm.persists


def test_a_line_that_is_not_heard_of_is_as_good_as_cut() -> None:
    house = building()
    house.see(st.DeviceSeen(IO, online=False, secure=False, detail="silent"))
    assert [alarm.detail for alarm in house.alarms(AlarmKind.FIRE_LINE_FAULT)] == ["The fire panel: it is not heard of"]
    silent = House(with_fire(small_site()))
    silent.see(started(silent.site))
    silent.wait(15.0)
    assert len(silent.alarms(AlarmKind.FIRE_LINE_FAULT)) == 1


def test_it_ends_after_the_panel_was_reset_and_somebody_says_so_and_never_before() -> None:
    house = burning()
    assert [e.why for e in of_kind(ev.OrderRefused, house.see(OVER).events)] == [Refusal.FIRE_PANEL_NOT_RESET]
    assert house.see(point(PANEL, NORMAL)).effects == ()
    (alarm,) = house.alarms(AlarmKind.FIRE)
    assert alarm.persists
    outcome = house.see(OVER)
    assert outcome.effects == (Relock(FRONT), Relock(INNER))
    assert ev.FireResetConfirmed(BUILDING, GIL, "burnt toast") in outcome.events
    assert not house.alarms(AlarmKind.FIRE)[0].persists


@pytest.mark.parametrize("line", [CUT, SHORTED, ACTIVE])
def test_a_line_that_burnt_through_shows_no_reset(line: PointCondition) -> None:
    house = burning()
    house.see(point(PANEL, line))
    assert of_kind(ev.OrderRefused, house.see(OVER).events)[0].why is Refusal.FIRE_PANEL_NOT_RESET
    assert house.state.door(FRONT).hold is LockMode.FIRE_RELEASE


def test_a_reset_takes_a_reason_and_a_fire() -> None:
    house = building()
    assert of_kind(ev.OrderRefused, house.see(OVER).events)[0].why is Refusal.ALREADY_SO
    house.see(point(PANEL))
    house.see(point(PANEL, NORMAL))
    silent = order(GIL, ConfirmFireReset(BUILDING, "  "))
    assert of_kind(ev.OrderRefused, house.see(silent).events)[0].why is Refusal.REASON_NEEDED


def test_it_wins_over_a_lockdown_there_and_there_only_and_uncovers_it_at_its_end() -> None:
    house = building()
    house.see(LOCKDOWN)
    house.see(point(PANEL))
    assert effective_mode(house.site, house.state, FRONT, house.now) is LockMode.FIRE_RELEASE
    assert effective_mode(house.site, house.state, CELLAR, house.now) is LockMode.LOCKDOWN
    house.see(bolt(FRONT, LockStatus.UNLOCKED))
    assert FRONT in not_secured(house.site, house.state)
    house.see(point(PANEL, NORMAL))
    assert Relock(FRONT) in house.see(OVER).effects
    assert effective_mode(house.site, house.state, FRONT, house.now) is LockMode.LOCKDOWN


def test_nothing_locks_a_released_door() -> None:
    house = burning()
    house.effects.clear()
    house.see(LOCKDOWN)
    house.see(order(GIL, BlockDoor(INNER, "x")))
    assert of_kind(ev.OrderRefused, house.see(order(GIL, LockDoor(FRONT))).events)[0].why is Refusal.FIRE
    house.see(opens(FRONT))
    house.see(closes(FRONT))
    house.see(st.RexSeen(FRONT))
    house.see(opens(FRONT))
    assert not {Relock(FRONT), Relock(INNER)} & set(house.effects)
    assert len(house.alarms(AlarmKind.FORCED_OPEN)) == 0


def test_a_fire_survives_a_restart_and_its_doors_are_never_locked_on_the_way() -> None:
    house = burning()
    outcome = house.restart()
    assert not {Relock(FRONT), Relock(INNER)} & set(outcome.effects)
    assert set(RELEASED) <= set(outcome.effects)
    assert Relock(CELLAR) in outcome.effects
    assert of_kind(ev.OrderRefused, house.see(OVER).events)[0].why is Refusal.FIRE_PANEL_NOT_RESET  # not read yet
    house.see(point(PANEL, NORMAL))
    assert Relock(FRONT) in house.see(OVER).effects


def test_a_lock_that_comes_back_during_a_fire_is_released_again() -> None:
    house = burning()
    house.see(st.DeviceSeen(lock_of(FRONT), online=False, secure=False, detail="silent"))
    back = st.DeviceSeen(lock_of(FRONT), online=True, secure=True, detail="")
    assert house.see(back).effects == (FireRelease(FRONT),)


def test_a_door_that_stays_unlocked_after_the_fire_is_locked_first() -> None:
    """Its lock was told to mind no lost link; what unlocks it from here on waits for the log, and may never come."""
    house = quiet_house(with_open_hours(with_fire(small_site())))
    assert house.see(point(PANEL)).effects[0] == FireRelease(FRONT)
    house.see(point(PANEL, NORMAL))
    assert house.see(OVER).effects == (Relock(FRONT), HoldUnlocked(FRONT), Relock(INNER))


def test_the_fire_alarm_closes_only_once_the_fire_is_over() -> None:
    house = burning()
    (alarm,) = house.alarms(AlarmKind.FIRE)
    house.see(order(GIL, CloseAlarm(alarm.id, "x")))
    assert of_kind(ev.OrderRefused, house.events)[-1].why is Refusal.CAUSE_PERSISTS


def test_a_policy_without_that_fire_zone_forgets_its_fire() -> None:
    house = burning()
    house.site = replace(small_site(), digest="digest-2")
    house.see(started(house.site))
    assert not house.state.fires
    assert not any(alarm.persists for alarm in house.alarms(AlarmKind.FIRE))


@pytest.mark.parametrize("by", ["leaf", "turnstile"])
def test_who_passes_a_released_door_nobody_can_tell_because_of_the_fire(by: str) -> None:
    if by == "leaf":
        house = quiet_house(with_fire(small_site()))
        passes = (opens(FRONT), swipe(FRONT_IN, ALICE))
    else:
        house = quiet_house(with_fire(with_turnstile(small_site())))
        passes = (st.RotationSeen(FRONT, Direction.IN),)
    house.see(point(PANEL))
    for stimulus in passes:
        doubts = of_kind(ev.WhereaboutsDoubted, house.see(stimulus).events)
        assert [(doubt.door, doubt.why) for doubt in doubts] == [(FRONT, ev.Doubt.FIRE)]
