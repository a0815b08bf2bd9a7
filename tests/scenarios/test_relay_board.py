"""Relay boards over the whole box: badges on OSDP readers, strikes and contacts on Modbus, hands that cut wires.

The front door hangs on a board with timed outputs (serial), the back door on one with a watchdog (TCP): whichever way a
pulse ends by itself, it ends when the cable is out.
"""

from __future__ import annotations

import asyncio
import functools
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockMode, LockStatus, Position
from controller.domain.operators import SetDoorMode, StartLockdown
from controller.domain.points import PointCondition
from simulators.detector import LoopState
from tests.scenarios.house import GUARDS, KAY, House, open_to_all, standing

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

PATIENCE = 15.0

SITE = """
[site]
id = "annexe"
name = "An annexe on relay boards"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "annexe"
name = "Annexe"
level = "limited"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[line]]
id = "line-a"
port = "/dev/ttyUSB0"
baud = 115200

[[bus]]
id = "riser"
port = "/dev/ttyUSB1"
baud = 38400

[[bus]]
id = "net"
port = "192.168.77.2:502"
own_wire = true

[[device]]
id = "head-front"
kind = "osdp"
side = "attack"
line = "line-a"
address = 0
formats = ["H10301"]

[[device]]
id = "head-back"
kind = "osdp"
side = "attack"
line = "line-a"
address = 1
formats = ["H10301"]

[[device]]
id = "board-front"
kind = "modbus"
side = "safe"
bus = "riser"
address = 1
pulse = "register"
pulse_register = 100
inverted = [1]

[[device]]
id = "board-spare"
kind = "modbus"
side = "safe"
bus = "riser"
address = 2
pulse = "nothing"

[[device]]
id = "board-back"
kind = "modbus"
side = "safe"
bus = "net"
address = 1
pulse = "watchdog"
watchdog_seconds = 1
watchdog_register = 7

[[door]]
id = "front"
name = "Front"
zones = ["outside", "annexe"]
lock = { kind = "fail_secure", device = "board-front", output = 1 }
contact = { device = "board-front", analogue = 0 }
bolt = { device = "board-front", input = 1 }
rex = { kind = "shunt_only", device = "board-front", input = 0 }
free_egress = true
unlock_seconds = 3
position = [50, 20]

[[door]]
id = "back"
name = "Back"
zones = ["outside", "annexe"]
lock = { kind = "fail_secure", device = "board-back", output = 0 }
contact = { device = "board-back", input = 0 }
bolt = { device = "board-back", input = 1 }
free_egress = true
unlock_seconds = 4
position = [50, 40]

[[point]]
id = "window"
name = "Window"
zone = "annexe"
kind = "glass_break"
device = "board-spare"
analogue = 1

[[output]]
id = "bell"
name = "Bell"
kind = "sounder"
device = "board-spare"
output = 3

[[cause]]
id = "lockdown-bell"
name = "A lockdown rings"
when = { lockdown = true }
then = { output = "bell", action = "on" }

[[reader]]
id = "front-in"
name = "Front"
door = "front"
leaves = "outside"
enters = "annexe"
device = "head-front"

[[reader]]
id = "back-in"
name = "Back"
door = "back"
leaves = "outside"
enters = "annexe"
device = "head-back"
""" + open_to_all("annexe")
PEOPLE = KAY.replace("copyable", "symmetric")


class Annexe(House):
    def online(self, device):
        return self.state.device(device).online


@pytest.fixture
async def annexe(tmp_path: Path):
    async with standing(tmp_path, SITE, people=PEOPLE, operators=GUARDS, kind=Annexe) as annexe:
        site = annexe.box.core.runtime.site
        await annexe.sees(lambda: all(annexe.online(device) for device in site.devices))
        await annexe.sees(lambda: all(annexe.state.door(d).lock is LockStatus.LOCKED for d in site.doors))
        yield annexe


@pytest.mark.parametrize("door", ["front", "back"])
async def test_a_badge_opens_a_door_on_a_board_and_the_board_locks_it_again(annexe, door):
    await annexe.lets_in(door)
    assert annexe.hand.push(door)
    await annexe.sees(lambda: annexe.events("entry_observed"))
    annexe.hand.close(door)
    await annexe.sees(lambda: annexe.building.door(door).state.secured)
    await annexe.sees(lambda: annexe.state.door(door).lock is LockStatus.LOCKED)
    assert annexe.alarms(AlarmKind.FORCED_OPEN) == []
    assert annexe.events("wire_violated") == []


@pytest.mark.parametrize("door", ["front", "back"])
async def test_a_forced_door_is_seen_by_its_contact(annexe, door):
    annexe.hand.force_open(door)
    await annexe.sees(lambda: annexe.alarms(AlarmKind.FORCED_OPEN))


async def test_a_cut_and_a_bridged_loop_are_faults_and_the_door_is_then_unknown(annexe):
    for verb in ("cut_wire", "short_wire"):
        await annexe.obey(verb, door="front", sensor="contact")
        await annexe.sees(lambda: annexe.state.door("front").position is Position.UNKNOWN)
        await annexe.sees(lambda: any(alarm.persists for alarm in annexe.alarms(AlarmKind.FAULT)))
        await annexe.obey("mend_wire", door="front", sensor="contact")
        await annexe.sees(lambda: annexe.state.door("front").position is Position.CLOSED)
        await annexe.sees(lambda: not any(alarm.persists for alarm in annexe.alarms(AlarmKind.FAULT)))
    assert annexe.alarms(AlarmKind.FORCED_OPEN) == []


async def test_a_point_on_an_analogue_register_tells_four_states(annexe):
    for state, condition in (
        (LoopState.ACTIVE, PointCondition.ACTIVE),
        (LoopState.OPEN_LOOP, PointCondition.OPEN_LOOP),
        (LoopState.SHORTED, PointCondition.SHORTED),
        (LoopState.NORMAL, PointCondition.NORMAL),
    ):
        annexe.building.set_loop("window", state)
        await annexe.sees(lambda wanted=condition: annexe.state.point("window") is wanted)


@pytest.mark.parametrize(("door", "board", "longest"), [("front", "board-front", 3.5), ("back", "board-back", 3.5)])
async def test_a_board_unplugged_in_mid_pulse_ends_it_and_its_door_is_found_as_it_is(annexe, door, board, longest):
    await annexe.lets_in(door)
    since = time.monotonic()
    await annexe.obey("unplug_board", board=board)
    await annexe.sees(lambda: annexe.online(board) is False)
    await annexe.sees(lambda: annexe.alarms(AlarmKind.OFFLINE))
    assert annexe.state.door(door).lock is LockStatus.UNKNOWN
    await annexe.sees(lambda: annexe.building.door(door).state.bolt_locked)
    assert time.monotonic() - since < longest
    annexe.hand.present_card(f"{door}-in", "p-1")  # nobody is let in by a board that is not there
    await annexe.sees(lambda: annexe.events("grant_withdrawn"))
    await annexe.sees(lambda: not annexe.state.door(door).passages)  # nobody has a grant any more
    annexe.hand.force_open(door)
    await annexe.sees(lambda: annexe.hand.prop(door))  # its closer would shut it
    await annexe.obey("plug_in_board", board=board)
    await annexe.sees(lambda: annexe.online(board))
    await annexe.sees(lambda: annexe.alarms(AlarmKind.FOUND_OPEN))
    assert annexe.building.door(door).state.bolt_locked


async def test_a_frozen_board_holds_nobody_up_on_the_same_bus(annexe):
    await annexe.obey("freeze_board", board="board-spare")
    await annexe.sees(lambda: annexe.online("board-spare") is False)
    polls, since = annexe.hand.board("board-front").polls, time.monotonic()
    assert await annexe.opens("front", functools.partial(annexe.shows_badge, "front")) < 1.0
    await asyncio.sleep(2.0)
    looks = (annexe.hand.board("board-front").polls - polls) / 3  # three blocks a look
    assert looks / (time.monotonic() - since) > 5  # what lasts 400 ms is looked at twice
    await annexe.obey("thaw_board", board="board-spare")
    await annexe.sees(lambda: annexe.online("board-spare"))


async def test_a_relay_that_somebody_else_switched_is_switched_off_and_told(annexe):
    await asyncio.sleep(3.5)  # whatever it was told at the start has settled
    annexe.hand.board("board-back").switch(0, on=True)
    await annexe.sees(lambda: annexe.events("wire_violated"))
    await annexe.sees(lambda: annexe.building.door("back").state.bolt_locked)
    await annexe.sees(lambda: annexe.alarms(AlarmKind.SECURE_CHANNEL_LOST))


async def test_a_held_door_stays_unlocked_and_a_lockdown_shuts_it_and_rings(annexe):
    assert (
        await annexe.box.building.order(
            "sue", SetDoorMode("back", LockMode.UNLOCKED, datetime.now(UTC) + timedelta(hours=1), "Movers")
        )
        is None
    )
    door = annexe.building.door("back")
    await annexe.sees(lambda: not door.state.bolt_locked)
    await asyncio.sleep(6.0)  # longer than a pulse, and than a watchdog that nobody feeds
    assert not door.state.bolt_locked
    assert await annexe.box.building.order("gil", StartLockdown("shots")) is None
    await annexe.sees(lambda: door.state.bolt_locked)
    await annexe.sees(lambda: annexe.building.sounds("bell"))
    await annexe.sees(lambda: annexe.state.output("bell").on)  # seen on the board itself
    assert annexe.events("wire_violated") == []
