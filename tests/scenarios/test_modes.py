"""Doors that stand unlocked and doors that fire releases, over the whole box and both wires: the bolts are the judge.

`front` is a strike on MQTT; `hall` a magnet on an OSDP I/O module, which the fire panel's line ends at, too.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.domain.alarms import AlarmKind
from controller.domain.doors import LockMode, LockStatus
from controller.domain.operators import (
    BlockDoor,
    ConfirmFireReset,
    Refusal,
    SetDoorMode,
    StartLockdown,
    UnlockOnce,
)
from devices.gateway import broker, holds, lines
from simulators.hand import Orders
from tests.scenarios.house import GUARDS, House, standing

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

LEASE = 2.0
"""Seconds: shorter than in a building, so that a test need not wait for a lock to lock by itself."""

UNLOCKED_TIMES = 4
DOORS = ("front", "hall")
SITE = """
[site]
id = "house"
name = "A house"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "lobby"
name = "Lobby"
level = "controlled"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[line]]
id = "line-a"
port = "/dev/ttyUSB0"
baud = 115200

[[device]]
id = "lock-front"
kind = "mqtt"
side = "safe"

[[device]]
id = "io"
kind = "osdp"
side = "safe"
line = "line-a"
address = 1

[[door]]
id = "front"
name = "Front"
zones = ["outside", "lobby"]
lock = { kind = "fail_secure", device = "lock-front" }
contact = { device = "lock-front" }
bolt = { device = "lock-front" }
rex = { kind = "unlocks", device = "lock-front" }
free_egress = true
fire_zone = "house"
unlock_seconds = 1
position = [0, 10]

[[door]]
id = "hall"
name = "Hall"
zones = ["outside", "lobby"]
lock = { kind = "fail_safe", device = "io", output = 0 }
contact = { device = "io", input = 0 }
bolt = { device = "io", input = 1 }
rex = { kind = "unlocks", device = "io", input = 2 }
free_egress = true
fire_zone = "house"
unlock_seconds = 1
position = [0, 20]

[[point]]
id = "panel"
name = "Fire panel"
zone = "lobby"
kind = "fire"
device = "io"
input = 3

[[fire_zone]]
id = "house"
name = "House"
point = "panel"

[[threat_level]]
number = 0
name = "Normal"
"""


class Held(House):
    async def hold(self):
        """A supervisor keeps both doors unlocked for an hour; both bolts let go."""
        until_then = datetime.now(UTC) + timedelta(hours=1)
        for door in DOORS:
            assert await self.order("sue", SetDoorMode(door, LockMode.UNLOCKED, until_then, "moving in")) is None
        await self.sees(lambda: not any(map(self.locked, DOORS)))


@pytest.fixture
async def house(tmp_path: Path, monkeypatch):
    for module in (broker, lines):
        monkeypatch.setattr(module, "LEASE_SECONDS", LEASE)
    monkeypatch.setattr(holds, "RENEW_SECONDS", LEASE / 4)
    async with standing(tmp_path, SITE, operators=GUARDS, broker=True, kind=Held) as house:
        await house.sees(house.secured)
        yield house


async def test_a_held_door_stays_unlocked_over_pulses_and_openings_and_locks_when_that_ends(house):
    await house.hold()
    for door in DOORS:
        house.hand.press_rex(door)
        assert house.hand.push(door)
    await asyncio.sleep(2 * LEASE)  # the pulses of one second are over, and so would be a lease that nobody renewed
    assert not any(map(house.locked, DOORS))
    assert not house.state.alarms
    for door in DOORS:
        assert await house.order("gil", BlockDoor(door, "enough")) is None
    await house.sees(lambda: all(map(house.locked, DOORS)))


async def test_doors_lock_by_themselves_once_nobody_tells_them_any_more(house):
    await house.hold()
    for gateway in (house.box._switchboard._broker, house.box._switchboard._lines):
        gateway._holds.stop()  # the box hangs: whatever it last said runs out
    await house.sees(lambda: all(map(house.locked, DOORS)))


async def test_a_bolt_that_jams_is_a_fault_and_obeys_again_once_it_is_freed(house):
    async def unlocks() -> None:
        refused = await house.order("sue", UnlockOnce("front", "a parcel"))
        assert refused in (None, Refusal.LOG_CANNOT_BE_WRITTEN)

    await house.obey("jam", door="front")
    await house.asks(unlocks, lambda: any(alarm.persists for alarm in house.alarms(AlarmKind.FAULT)))
    assert house.locked("front")
    await house.obey("unjam", door="front")
    await house.sees(lambda: not any(alarm.persists for alarm in house.alarms(AlarmKind.FAULT)))
    await house.sees(lambda: house.building.door("front").state.secured)  # what it was told while it was stuck is over
    await house.opens("front", unlocks)
    await house.sees(lambda: house.locked("front"))


async def test_a_lock_whose_network_drops_delays_and_doubles_opens_once_for_each_order(house):
    front, orders = house.building.door("front"), 0

    async def unlocks() -> None:
        nonlocal orders
        orders += await house.order("sue", UnlockOnce("front", "a parcel")) is None

    await house.obey("device_faults", device="lock-front", seed="5", loss="0.1", late="0.5", duplicate="0.5")
    for _ in range(UNLOCKED_TIMES):
        await house.sees(lambda: house.state.device("lock-front").online)
        await house.opens("front", unlocks)
        await house.sees(lambda: house.locked("front") and house.state.door("front").lock is LockStatus.LOCKED)
    assert UNLOCKED_TIMES <= len(front.truth.energised_at) <= orders
    assert house.alarms(AlarmKind.FORCED_OPEN) == []


async def test_fire_releases_in_a_lockdown_until_the_panel_was_reset_and_a_guard_says_so(house):
    assert await house.order("gil", StartLockdown("shots")) is None
    hand = Orders(house.building)
    await hand.obey({"verb": "fire_alarm", "fire_zone": "house"})
    await house.sees(lambda: not any(map(house.locked, DOORS)))
    await asyncio.sleep(2 * LEASE)
    assert not any(map(house.locked, DOORS))
    assert await house.order("gil", ConfirmFireReset("house", "toast")) is Refusal.FIRE_PANEL_NOT_RESET
    await hand.obey({"verb": "fire_alarm", "fire_zone": "house", "active": False})
    await asyncio.sleep(1.0)
    assert not any(map(house.locked, DOORS))
    assert await house.order("gil", ConfirmFireReset("house", "toast")) is None
    await house.sees(lambda: all(map(house.locked, DOORS)))  # the lockdown still stands


async def test_a_cut_fire_line_is_an_alarm_and_opens_nothing(house):
    hand = Orders(house.building)
    await hand.obey({"verb": "cut_fire_line", "fire_zone": "house"})
    await house.sees(lambda: house.alarms(AlarmKind.FIRE_LINE_FAULT))
    await asyncio.sleep(0.5)
    assert all(map(house.locked, DOORS))
    await hand.obey({"verb": "fire_alarm", "fire_zone": "house", "active": False})
    await house.sees(lambda: not house.alarms(AlarmKind.FIRE_LINE_FAULT)[0].persists)
