"""A module's inputs at its doors: what bounces is no fact, what lasts is one, whatever the wire does meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from controller.domain.doors import Position
from controller.domain.site import Input
from controller.domain.stimuli import PositionSeen, RexSeen
from devices.gateway.terminals import Terminals

pytestmark = pytest.mark.anyio

MODULE, DOOR = "osdp-io", "lobby-door"
SECONDS = 0.05


class Module:
    """The I/O module of the lobby door: contact, bolt and button are its inputs 0, 1 and 2; bolts rest thrown."""

    def __init__(self, site, building):
        self.building = building
        self.terminals = Terminals(site, building, asyncio.get_running_loop())
        self.tell(0.0, lag=99.0)

    def tell(self, after, *, lag=0.0, **inputs):
        self.building.now += after
        states = [0] * 16
        states[1] = 1
        for name, state in inputs.items():
            states[{"contact": 0, "bolt": 1, "rex": 2}[name]] = state
        return list(self.terminals.reported(MODULE, enumerate(states), self.building.now, lag))


@pytest.fixture
async def module(site, building):
    module = Module(site, building)
    yield module
    module.terminals.stop()


async def settled(building, wanted):
    async with asyncio.timeout(5):
        while wanted not in building.seen:  # noqa: ASYNC110 - timers tell nobody
            await asyncio.sleep(0.005)


async def test_a_leaf_that_stays_open_is_open_after_its_debounce_time(module, building):
    assert module.tell(1.0, contact=1) == []
    await settled(building, PositionSeen(DOOR, Position.OPEN))


async def test_a_contact_that_chatters_is_nothing(module, building):
    module.tell(1.0, contact=1)
    assert module.tell(SECONDS / 2) == []
    await asyncio.sleep(3 * SECONDS)
    assert building.seen == []


async def test_a_button_pressed_for_400_ms_counts_once_however_late_it_is_told(module, building):
    assert module.tell(1.0, lag=0.4, rex=1) == [RexSeen(DOOR)]
    assert module.tell(0.01, lag=0.4) == []


async def test_a_button_that_was_held_and_let_go_between_two_looks_at_the_clock_counts(module, building):
    assert module.tell(1.0, rex=1) == []
    assert module.tell(0.4) == [RexSeen(DOOR)]


async def test_a_button_held_down_is_pressed_once_though_other_inputs_move(module, building):
    module.tell(1.0, rex=1)
    assert module.tell(1.0, rex=1, contact=1) == [RexSeen(DOOR)]
    assert module.tell(1.0, rex=1) == [PositionSeen(DOOR, Position.OPEN)]


async def test_a_module_that_was_gone_tells_everything_anew(module, building):
    module.terminals.forget(MODULE)
    assert PositionSeen(DOOR, Position.CLOSED) in module.tell(1.0)


async def test_an_input_may_have_a_debounce_time_of_its_own(site, building):
    slow = replace(site.doors[DOOR], contact=Input(MODULE, 0, 0.1))
    module = Module(replace(site, doors={**site.doors, DOOR: slow}), building)
    module.tell(1.0, contact=1, rex=1)
    assert module.tell(0.08, contact=1, rex=1) == [RexSeen(DOOR)]
    assert module.tell(0.02, contact=1, rex=1) == [PositionSeen(DOOR, Position.OPEN)]
    module.terminals.stop()


async def test_the_sites_debounce_time_holds_for_the_others(site, building):
    module = Module(replace(site, debounce_seconds=0.02), building)
    module.tell(1.0, rex=1)
    assert module.tell(0.02, rex=1) == [RexSeen(DOOR)]
    module.terminals.stop()
