"""Barriers and a turnstile over the whole box and the real wires: hands move them, the simulator's truth judges.

The vehicle gate's barrier and the turnstile hang on MQTT, the wedge on an OSDP I/O module.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.domain.alarms import AlarmKind
from controller.domain.doors import Loop, Position
from controller.domain.operators import EndLockdown, StartLockdown
from controller.rules.lockdown import not_secured
from simulators.hand import Orders
from tests.scenarios.house import GUARDS, KAY, open_to_all, standing

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

HEADS = "".join(
    f"""
[[device]]
id = "{door}-{way}-head"
kind = "mqtt"
side = "safe"
formats = ["H10301"]

[[reader]]
id = "{door}-{way}"
name = "{door}, {way}"
door = "{door}"
leaves = "{"outside" if way == "in" else "yard"}"
enters = "{"yard" if way == "in" else "outside"}"
device = "{door}-{way}-head"
"""
    for door in ("gate", "stile", "wedge")
    for way in ("in", "out")
)
SITE = f"""
[site]
id = "yard"
name = "A yard and its gates"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "yard"
name = "Yard"
level = "controlled"
minimum_assurance = "copyable"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[line]]
id = "line-a"
port = "/dev/ttyUSB0"
baud = 115200

[[device]]
id = "gate-motor"
kind = "mqtt"
side = "safe"

[[device]]
id = "stile-lock"
kind = "mqtt"
side = "safe"

[[device]]
id = "module"
kind = "osdp"
side = "safe"
line = "line-a"
address = 1

[[door]]
id = "gate"
name = "Gate"
kind = "barrier"
zones = ["outside", "yard"]
lock = {{ kind = "fail_secure", device = "gate-motor" }}
contact = {{ device = "gate-motor" }}
bolt = {{ device = "gate-motor" }}
loop = {{ device = "gate-motor" }}
key_switch = {{ device = "gate-motor" }}
free_egress = true
unlock_seconds = 2
position = [50, 25]

[[door]]
id = "wedge"
name = "Wedge"
kind = "wedge"
zones = ["outside", "yard"]
lock = {{ kind = "fail_secure", device = "module", output = 0 }}
contact = {{ device = "module", input = 0 }}
bolt = {{ device = "module", input = 1 }}
loop = {{ device = "module", input = 2 }}
free_egress = true
unlock_seconds = 2
position = [50, 30]

[[door]]
id = "stile"
name = "Turnstile"
kind = "turnstile"
zones = ["outside", "yard"]
lock = {{ kind = "fail_secure", device = "stile-lock" }}
bolt = {{ device = "stile-lock" }}
rotation_in = {{ device = "stile-lock" }}
rotation_out = {{ device = "stile-lock" }}
free_egress = true
unlock_seconds = 3
position = [50, 40]
{HEADS}
""" + open_to_all("yard")
PEOPLE = f"{KAY}p-2,Jo Example,staff,0,all,H10301,42,406,copyable,active,,,,\n"


@pytest.fixture
async def yard(tmp_path: Path):
    async with standing(tmp_path, SITE, people=PEOPLE, operators=GUARDS, broker=True) as yard:
        await yard.sees(yard.secured)
        await yard.sees(lambda: all(yard.state.door(d).loop is Loop.FREE for d in ("gate", "wedge")))
        yield yard


@pytest.mark.parametrize("door", ["gate", "wedge"])
async def test_a_barrier_stays_up_over_a_car_in_a_lockdown_and_closes_behind_it(yard, door):
    barrier = yard.building.door(door)
    await yard.lets_in(door)
    await yard.sees(lambda: yard.state.door(door).position is Position.OPEN)
    assert yard.hand.drive_onto_loop(door)
    await yard.sees(lambda: door in yard.state.deferred)
    assert await yard.order("gil", StartLockdown("shots")) is None
    await asyncio.sleep(5.0)  # the grant's pulse of two seconds is over, and the arm's way down too
    assert barrier.state.leaf_open
    assert barrier.truth.crushed_at == ()
    assert not_secured(yard.box.core.runtime.site, yard.state) == (door,)
    yard.hand.drive_off_loop(door)
    await yard.sees(lambda: yard.state.lockdown.secured)
    assert barrier.state.secured
    assert barrier.truth.crushed_at == ()
    assert await yard.order("gil", EndLockdown()) is None
    assert await yard.order("sue", EndLockdown()) is None


@pytest.mark.parametrize("door", ["gate", "wedge"])
async def test_a_car_that_comes_while_the_arm_goes_down_is_not_hit(yard, door):
    barrier = yard.building.door(door)
    await yard.lets_in(door)
    await yard.sees(lambda: barrier.state.leaf_open)
    await yard.sees(lambda: barrier.state.leaf_open and barrier.state.leaf_arrives is not None)  # on its way down
    yard.hand.drive_onto_loop(door)
    await asyncio.sleep(3.0)
    assert barrier.state.leaf_open
    assert barrier.truth.crushed_at == ()
    yard.hand.drive_off_loop(door)
    await yard.sees(lambda: barrier.state.secured)


async def test_nobody_opens_a_barrier_by_driving_up_to_it(yard):
    assert not yard.hand.drive_onto_loop("gate")
    await yard.sees(lambda: yard.state.door("gate").loop is Loop.OCCUPIED)
    await asyncio.sleep(0.5)
    assert yard.building.door("gate").state.secured


async def test_a_turnstile_counts_people(yard):
    await yard.lets_in("stile")
    assert (await Orders(yard.building).obey({"verb": "rotate", "door": "stile", "direction": "in"}))["turned"]
    await yard.sees(lambda: yard.state.locations.get("p-1") == "yard")
    await yard.sees(lambda: yard.building.door("stile").state.bolt_locked)  # after one person it locks
    assert not yard.hand.rotate("stile", "in")
    assert yard.alarms(AlarmKind.TAILGATING) == []


async def test_two_behind_one_badge_are_an_alarm(yard):
    stile = yard.building.door("stile")
    yard.hand.present_card("stile-in", "p-1")
    yard.hand.present_card("stile-out", "p-2")
    await yard.sees(lambda: len(yard.events("access_granted")) == 2 and not stile.state.bolt_locked)
    for _ in range(2):
        await yard.sees(lambda: yard.hand.rotate("stile", "in"))
    await yard.sees(lambda: yard.alarms(AlarmKind.TAILGATING))
    assert len(yard.events("rotation_observed")) == len(stile.truth.entries) == 2
    assert len(yard.events("entry_observed")) == 1


async def test_a_key_and_a_battery_are_heard_of(yard):
    orders = Orders(yard.building)
    await orders.obey({"verb": "turn_key", "door": "gate"})
    await yard.sees(lambda: yard.state.door("gate").key_turned)
    await orders.obey({"verb": "turn_key_back", "door": "gate"})
    await yard.sees(lambda: not yard.state.door("gate").key_turned)
    await orders.obey({"verb": "battery_low", "door": "stile"})
    await yard.sees(lambda: yard.alarms(AlarmKind.BATTERY))
    await orders.obey({"verb": "battery_changed", "door": "stile"})
    await yard.sees(lambda: not yard.alarms(AlarmKind.BATTERY)[0].persists)
    await orders.obey({"verb": "cut_power", "door": "stile"})
    await yard.sees(lambda: yard.alarms(AlarmKind.MAINS))
    await orders.obey({"verb": "restore_power", "door": "stile"})
    await yard.sees(lambda: not yard.alarms(AlarmKind.MAINS)[0].persists)
