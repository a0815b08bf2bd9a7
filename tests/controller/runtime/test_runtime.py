"""Written before it opens: what waits for the log, what never does, and what a dead disk or a faulty rule leads to."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockMode
from controller.domain.effects import AskFace, HoldUnlocked, Light, Release, Relock, Signal, Unlock
from controller.domain.operators import BlockDoor, LockDoor, SetDoorMode, StartLockdown, UnlockOnce
from controller.runtime import runtime as module
from controller.runtime.facade import Lagged
from controller.runtime.runtime import HandlingFailed
from controller.runtime.watch import WATCH_QUEUE
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_IN,
    EVE,
    FRONT,
    FRONT_IN,
    FRONT_OUT,
    GIL,
    INNER,
    MONDAY_TEN,
    SUE,
    closes,
    opens,
    order,
    quiet_house,
    strange_card,
    swipe,
)
from tests.controller.runtime.tape import Building, Durable

pytestmark = pytest.mark.anyio


@pytest.fixture
async def building():
    building = Building()
    yield building
    building.runtime.stop()


@pytest.fixture
async def hung(building):
    building.log.hangs = True
    return building


def is_green(entry):
    return isinstance(entry, Signal) and entry.light is Light.GRANTED


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_log_is_hurried_for_whoever_stands_at_a_door_and_for_nothing_else(building):
    building.see(swipe(FRONT_IN, ALICE))
    assert building.log.hurried is True
    building.see(opens(FRONT))
    assert building.log.hurried is False
    building.see(strange_card(FRONT_IN))
    assert building.log.hurried is False


async def test_a_door_opens_only_after_the_record_is_durable(building):
    handled = building.see(swipe(FRONT_IN, ALICE))
    assert building.tape == []
    await handled.durable
    await settle()
    written, unlock, green = building.tape
    assert written == Durable(tuple(range(1, building.runtime.seq + 1)))
    assert isinstance(unlock, Unlock)
    assert unlock.door == FRONT
    assert is_green(green)
    assert "access_granted" in building.kinds()


def held(door=FRONT):
    return order(SUE, SetDoorMode(door, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=1), "a delivery"))


async def test_a_door_is_held_unlocked_only_once_that_is_durable(hung):
    hung.see(held())
    await settle()
    assert hung.posted(HoldUnlocked) == []
    hung.log.write()
    await settle()
    assert hung.posted(HoldUnlocked) == [HoldUnlocked(FRONT)]


async def test_of_two_doors_one_that_is_locked_meanwhile_keeps_the_other_from_nothing(hung):
    hung.see(held())
    hung.see(held(INNER))
    hung.see(order(GIL, BlockDoor(FRONT, "paint")))
    hung.log.write()
    await settle()
    assert hung.posted(HoldUnlocked) == [HoldUnlocked(INNER)]


async def test_a_hold_the_log_was_too_slow_for_is_posted_once_it_is_back_and_never_before(hung):
    hung.see(held())
    await asyncio.sleep(module.LOG_WAIT_SECONDS + module.HEARING_SECONDS + 0.1)
    assert hung.runtime.state.log_late
    assert hung.posted(HoldUnlocked) == []
    hung.log.hangs = False
    hung.log.write()
    await asyncio.sleep(0.1)
    assert hung.posted(HoldUnlocked) == [HoldUnlocked(FRONT)]


async def test_a_guards_unlock_waits_for_its_record_too(hung):
    hung.see(order(GIL, UnlockOnce(FRONT, "a courier")))
    await settle()
    assert hung.posted(Unlock) == []
    hung.log.write()
    await settle()
    assert [unlock.door for unlock in hung.posted(Unlock)] == [FRONT]


@pytest.mark.parametrize(
    ("stimulus", "effect"),
    [
        (swipe(FRONT_IN, EVE), Signal(FRONT_IN, Light.DENIED)),
        (strange_card(FRONT_IN), Signal(FRONT_IN, Light.DENIED)),
        (st.RexSeen(FRONT), Release(FRONT, 5.0)),
        (order(GIL, LockDoor(FRONT)), Relock(FRONT)),
        (order(GIL, BlockDoor(FRONT, "glass")), Relock(FRONT)),
        (order(GIL, StartLockdown("shots")), Relock(INNER)),
        (swipe(CELLAR_IN, BOB), Signal(CELLAR_IN, Light.LOOK_AT_CAMERA)),
    ],
    ids=str,
)
async def test_what_lets_nobody_in_never_waits_for_the_disk(hung, stimulus, effect):
    hung.see(stimulus)
    assert effect in hung.tape
    assert not hung.posted(Durable)


async def test_the_eyes_are_asked_at_once(hung):
    hung.see(swipe(CELLAR_IN, BOB))
    assert [ask.cardholder for ask in hung.posted(AskFace)] == [BOB]


async def test_a_log_that_is_too_slow_takes_the_grant_back_for_good(hung):
    hung.see(swipe(FRONT_IN, ALICE))
    await hung.until(lambda: hung.state.log_late)
    assert hung.posted(Unlock) == []
    assert hung.state.door(FRONT).passages == ()
    assert [alarm.kind for alarm in hung.state.alarms.values()] == [AlarmKind.LOG_LATE]
    withdrawn = [record.event for record in hung.records if isinstance(record.event, ev.GrantWithdrawn)]
    assert [event.why for event in withdrawn] == [ev.UnlockFailure.LOG_CANNOT_BE_WRITTEN]
    hung.log.write()
    await settle()
    assert hung.posted(Unlock) == []
    assert not any(is_green(entry) for entry in hung.tape)


async def test_while_the_log_is_late_nobody_gets_in_and_everybody_gets_out(hung):
    hung.see(swipe(FRONT_IN, ALICE))
    await hung.until(lambda: hung.state.log_late)
    denied = hung.see(swipe(FRONT_IN, BOB)).outcome.events[0]
    assert isinstance(denied, ev.AccessDenied)
    hung.see(st.RexSeen(FRONT))
    assert hung.posted(Release) == [Release(FRONT, 5.0)]


async def test_the_log_that_comes_back_is_told_and_doors_open_again(hung):
    hung.see(swipe(FRONT_IN, ALICE))
    await hung.until(lambda: hung.state.log_late)
    hung.log.hangs = False
    hung.log.write()
    await hung.until(lambda: not hung.state.log_late)
    await hung.see(swipe(FRONT_IN, ALICE)).durable
    await settle()
    assert len(hung.posted(Unlock)) == 1


async def test_nobody_waits_for_the_heartbeat_once_the_log_is_back(hung):
    hung.see(swipe(FRONT_IN, ALICE))
    await hung.until(lambda: hung.state.log_late)
    hung.runtime._heartbeat.cancel()
    hung.log.hangs = False
    hung.log.write()
    await settle()
    assert not hung.state.log_late


@pytest.mark.parametrize("stimulus", [swipe(FRONT_IN, ALICE), opens(INNER)])
async def test_a_loop_that_was_busy_does_not_blame_the_disk(hung, stimulus):
    await asyncio.sleep(module.TICK_SECONDS - module.LOG_WAIT_SECONDS)  # so that the heartbeat falls into it, too
    hung.see(stimulus)
    loop = asyncio.get_running_loop()
    disk = threading.Thread(target=lambda: loop.call_soon_threadsafe(hung.log.write))
    disk.start()
    time.sleep(2 * module.LOG_WAIT_SECONDS)  # noqa: ASYNC251 - just that: a busy loop
    disk.join()
    await asyncio.sleep(2 * module.HEARING_SECONDS)
    assert not hung.state.log_late
    assert len(hung.posted(Unlock)) == (stimulus == swipe(FRONT_IN, ALICE))


async def test_a_log_that_is_late_with_anything_is_an_alarm_within_a_heartbeat(hung):
    hung.see(opens(INNER))
    await hung.until(lambda: hung.state.log_late)


@pytest.mark.parametrize(
    "stimulus", [order(GIL, what) for what in (StartLockdown("shots"), LockDoor(FRONT), BlockDoor(FRONT, "glass"))]
)
async def test_what_a_guard_orders_kills_an_unlock_that_still_waits(hung, stimulus):
    hung.see(swipe(FRONT_IN, ALICE))
    hung.see(stimulus)
    hung.log.write()
    await settle()
    assert hung.posted(Unlock) == []
    assert not any(is_green(entry) for entry in hung.tape)


async def test_an_unlock_past_its_deadline_is_not_posted(hung):
    hung.see(swipe(FRONT_IN, ALICE))
    before = hung.clock.now()
    hung.clock.now = lambda: replace(before, mono=before.mono + 2.0)
    hung.log.write()
    await settle()
    assert hung.posted(Unlock) == []


async def test_whoever_gives_up_waiting_unlocks_nothing(hung):
    durable = hung.see(swipe(FRONT_IN, ALICE)).durable
    durable.cancel()
    await settle()
    assert hung.posted(Unlock) == []
    hung.log.write()
    await settle()
    assert len(hung.posted(Unlock)) == 1


async def test_what_leads_to_nothing_is_no_more_durable_than_what_came_before(hung):
    card = st.Delivered("lock-front", "b1", 1, swipe(FRONT_IN, ALICE))
    first = hung.see(card)
    again = hung.see(card)
    assert first.outcome.events
    assert not again.outcome.events
    await settle()
    assert not again.durable.done(), "acknowledged now, it would be lost with the box"
    hung.log.write()
    await settle()
    assert first.durable.done()
    assert again.durable.done()


async def test_a_held_door_is_told_without_anybody_asking(building):
    site = building.runtime.site
    quick = replace(site.doors[FRONT], open_seconds=0.2, pre_alarm_seconds=0.1)
    building.runtime.site = replace(site, doors={**site.doors, FRONT: quick})
    building.see(swipe(FRONT_IN, ALICE))
    building.see(opens(FRONT))
    await building.until(lambda: "held_open_timed" in building.kinds(), module.TICK_SECONDS * 0.9)
    assert building.kinds().index("held_open_warned") < building.kinds().index("held_open_timed")


@pytest.fixture
def counted(monkeypatch):
    """How often each kind of stimulus was decided on; and a rule that fails for those in ``faulty``."""
    counts: dict[type, int] = {}
    faulty: set[type] = set()
    real = module.step

    def step(site, state, stimulus, now):
        counts[type(stimulus)] = counts.get(type(stimulus), 0) + 1
        if type(stimulus) in faulty:
            raise ZeroDivisionError("who is Alice?")
        return real(site, state, stimulus, now)

    monkeypatch.setattr(module, "step", step)
    return counts, faulty


async def test_a_deadline_that_no_rule_clears_does_not_spin(building, counted):
    counts, faulty = counted
    faulty.add(st.TimePassed)
    building.see(swipe(FRONT_IN, ALICE))
    before = building.clock.now()
    late = replace(before, mono=before.mono + 60.0)
    building.clock.now = lambda: late
    building.see(swipe(FRONT_OUT, ALICE))
    await building.until(lambda: counts.get(st.TimePassed, 0) >= 2)
    assert counts[st.TimePassed] <= 4


async def test_the_heartbeat_goes_on_under_constant_traffic(building, counted):
    counts, _ = counted
    site = building.runtime.site
    quick = replace(site.doors[FRONT], open_seconds=0.2, pre_alarm_seconds=0.1)
    building.runtime.site = replace(site, doors={**site.doors, FRONT: quick})
    building.see(swipe(FRONT_IN, ALICE))
    building.see(opens(FRONT))

    async def traffic():
        for number in itertools.count():
            building.see(opens(INNER) if number % 2 else closes(INNER))
            await asyncio.sleep(0.001)

    task = asyncio.create_task(traffic())
    await building.until(lambda: "held_open_timed" in building.kinds(), module.TICK_SECONDS * 0.9)
    await building.until(lambda: counts.get(st.TimePassed, 0) >= 3)
    task.cancel()


async def test_a_fault_in_a_rule_opens_nothing_changes_nothing_and_is_an_alarm(building, counted):
    _, faulty = counted
    faulty.add(st.CardPresented)
    before = building.state
    with pytest.raises(HandlingFailed) as failed:
        building.see(swipe(FRONT_IN, ALICE))
    await failed.value.recorded
    await settle()
    assert building.posted(Unlock) == []
    assert building.state.doors == before.doors
    [alarm] = building.state.alarms.values()
    assert (alarm.kind, alarm.persists) == (AlarmKind.FAULT, False)
    assert alarm.detail == "ZeroDivisionError in CardPresented", "what the error says may be somebody's secret"
    faulty.clear()
    await building.see(swipe(FRONT_IN, ALICE)).durable
    await settle()
    assert len(building.posted(Unlock)) == 1
    assert [record.seq for record in building.records] == list(range(1, building.runtime.seq + 1))


async def test_a_fault_that_comes_again_and_again_is_told_once_and_acknowledged_each_time(building, counted):
    _, faulty = counted
    faulty.add(st.CardPresented)
    for _ in range(3):
        await building.runtime.submit(swipe(FRONT_IN, ALICE))
    assert building.kinds() == ["alarm_raised"]


async def test_where_nothing_can_be_told_at_all_nothing_counts_as_written(building, counted):
    _, faulty = counted
    faulty.update((st.CardPresented, st.FaultSeen))
    durable = building.runtime.submit(swipe(FRONT_IN, ALICE))
    await settle()
    assert not durable.done()
    assert building.runtime.seq == 0


async def test_timers_survive_a_fault(building, counted, monkeypatch):
    monkeypatch.setattr(module, "TICK_SECONDS", 0.1)
    counts, faulty = counted
    faulty.add(st.TimePassed)
    building.see(swipe(FRONT_IN, ALICE))
    await building.until(lambda: counts.get(st.TimePassed, 0) >= 2)
    faulty.clear()
    await building.until(lambda: counts[st.TimePassed] >= 4)


async def test_a_record_that_cannot_be_written_at_all_grants_nothing(building):
    building.log.refuse = TypeError
    before = building.state
    with pytest.raises(HandlingFailed):
        building.see(swipe(FRONT_IN, ALICE))
    assert building.state == before
    assert building.runtime.seq == 0
    building.log.refuse = None
    await building.see(swipe(FRONT_IN, ALICE)).durable
    assert building.log.durable[0].seq == 1


async def test_a_wire_that_fails_keeps_no_other_effect_back(building):
    building.wires.broken = (Relock,)
    handled = building.see(order(GIL, StartLockdown("shots")))
    await handled.durable
    await settle()
    assert building.state.lockdown is not None
    assert AlarmKind.FAULT in {alarm.kind for alarm in building.state.alarms.values()}
    building.wires.broken = (Signal,)
    await building.see(st.RexSeen(FRONT)).durable
    assert building.posted(Release)
    assert [record.seq for record in building.log.durable] == [record.seq for record in building.records]


async def test_one_broken_relock_does_not_spare_the_other_doors(building):
    class OneBroken:
        def __init__(self, tape):
            self.tape = tape

        def post(self, effect):
            if effect == Relock(FRONT):
                raise KeyError(effect)
            self.tape.append(effect)

    building.runtime._actuators = OneBroken(building.tape)
    building.see(order(GIL, StartLockdown("shots")))
    assert Relock(INNER) in building.tape


async def test_a_listener_that_fails_ends_nothing(building):
    def deaf(_):
        raise ValueError

    building.runtime.listen(deaf)
    now = building.clock.now()
    building.clock.now = lambda: now  # telling each fault takes its time, which is not what makes this unlock too old
    await building.see(swipe(FRONT_IN, ALICE)).durable
    await settle()
    assert len(building.posted(Unlock)) == 1


async def test_a_watcher_sees_every_record_in_order(building):
    watch = building.runtime.watch()
    for _ in range(5):
        building.see(swipe(FRONT_IN, EVE))
    seen = [await watch.next() for _ in building.records]
    assert seen == building.records
    watch.close()
    building.see(swipe(FRONT_IN, EVE))
    assert watch._queue.empty()


async def test_a_watcher_that_falls_behind_is_told_and_holds_nobody_up(building):
    slow, quick = building.runtime.watch(), building.runtime.watch()
    while len(building.records) <= WATCH_QUEUE:
        building.see(swipe(FRONT_IN, EVE))
        while not quick._queue.empty():
            await quick.next()
    with pytest.raises(Lagged):
        await slow.next()
    building.see(swipe(FRONT_IN, EVE))
    assert (await slow.next()).seq > WATCH_QUEUE


async def test_reading_joins_what_is_durable_with_what_is_not(building, monkeypatch):
    monkeypatch.setattr(module, "RECENT", 10)
    while building.runtime.seq < 30:
        building.see(swipe(FRONT_IN, EVE))
    await settle()
    building.log.hangs = True
    while building.runtime.seq < 60:
        building.see(swipe(FRONT_IN, EVE))
    newest = building.runtime.seq
    everything = building.runtime.read(before=None, limit=1000)
    assert [record.seq for record in everything] == list(range(newest, 0, -1)), "no hole, none doubled"
    for before, limit in itertools.product((1, 2, 25, 31, 32, 45, newest, newest + 5), (1, 7, 100)):
        expected = [record for record in everything if record.seq < before][:limit]
        assert building.runtime.read(before=before, limit=limit) == expected
    building.log.hangs = False
    building.log.write()
    await settle()
    building.see(swipe(FRONT_IN, EVE))
    assert len(building.runtime._recent) < 15, "what is durable is forgotten here"


async def test_after_a_start_everything_is_read_from_the_disk(building):
    await building.see(swipe(FRONT_IN, EVE)).durable
    again = Building(quiet_house())
    again.log.durable = building.log.durable
    again.runtime.seq = building.runtime.seq
    assert again.runtime.read(before=None, limit=50) == building.log.durable[::-1]
    again.runtime.stop()


async def test_a_stopped_runtime_lets_no_timer_fire(building, counted):
    counts, _ = counted
    building.see(swipe(FRONT_IN, ALICE))
    building.runtime.stop()
    await asyncio.sleep(module.TICK_SECONDS * 1.2)
    assert st.TimePassed not in counts
