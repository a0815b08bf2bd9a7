"""Barriers and a turnstile over the whole box and the real wires: hands move them, the simulator's truth judges.

The vehicle gate's barrier and the turnstile hang on MQTT, the wedge on an OSDP I/O module.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from controller.admin import Admin
from controller.bootstrap import Box, Ports
from controller.core import open_core
from controller.demo import make_keys
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.doors import Loop, Position
from controller.domain.operators import EndLockdown, Operator, Role, StartLockdown
from controller.rules.lockdown import not_secured
from controller.site.loader import load_site
from controller.site.people import load_people
from simulators.building import Building
from simulators.hand import Hand, Orders, until

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

PATIENCE = 20.0

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
[[schedule]]
id = "always"
name = "Always"
always = true

[[access_level]]
id = "all"
name = "All"
zones = ["yard"]
schedule = "always"

[[threat_level]]
number = 0
name = "Normal"
"""
PEOPLE = """id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face
p-1,Kay Example,staff,0,all,H10301,42,405,copyable,active,,,,
p-2,Jo Example,staff,0,all,H10301,42,406,copyable,active,,,,
"""


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Yard:
    """A box, the yard it guards, and a hand in it."""

    def __init__(self, box: Box, building: Building) -> None:
        self.box, self.building, self.hand = box, building, Hand(building)

    @property
    def state(self):
        return self.box.core.runtime.state

    def events(self, kind):
        return [record for record in self.box.building.read(before=None, limit=10_000) if record.kind == kind]

    def alarms(self, kind):
        return [alarm for alarm in self.state.alarms.values() if alarm.kind is kind]

    async def let_in(self, door):
        """Show a badge, and wait until the bolt has let go."""
        self.hand.present_card(f"{door}-in", "p-1")
        await self.sees(lambda: not self.building.door(door).state.bolt_locked)

    async def order(self, who, what):
        assert await self.box.building.order(who, what) is None

    async def sees(self, true):
        assert await until(true, PATIENCE)


@pytest.fixture
async def yard(tmp_path: Path):
    file, folder = tmp_path / "site.toml", tmp_path / "box"
    file.write_text(SITE)
    (tmp_path / "people.csv").write_text(PEOPLE)
    site = load_site(file)
    make_keys(folder, site)
    core = open_core(folder, file, _Nowhere())
    await Admin(core).commands["people_import"]({"csv": PEOPLE, "file": "people.csv", "author": "test"})
    core.close()
    keys = {name: bytes.fromhex(key) for name, key in json.loads((folder / "osdp-keys.json").read_text()).items()}
    people = load_people(tmp_path / "people.csv", site)
    async with contextlib.AsyncExitStack() as stack:
        building = await stack.enter_async_context(Building(site, people, keys=keys, logins={}))
        box = await stack.enter_async_context(Box(folder, file, Ports(lines=building.lines, console=False)))
        await box.pki.equip(tmp_path / "bundles", "test")
        await building.connect(box.broker.port, tmp_path / "bundles")
        yard = Yard(box, building)
        for name, role in (("gil", Role.GUARD), ("sue", Role.SUPERVISOR)):
            await box.building.submit(st.OperatorEnrolled("test", Operator(name, role)))
        await yard.sees(lambda: not not_secured(site, yard.state))
        await yard.sees(lambda: all(yard.state.door(d).loop is Loop.FREE for d in ("gate", "wedge")))
        yield yard


class _Nowhere:
    def post(self, effect):
        pass


@pytest.mark.parametrize("door", ["gate", "wedge"])
async def test_a_barrier_stays_up_over_a_car_in_a_lockdown_and_closes_behind_it(yard, door):
    barrier = yard.building.door(door)
    await yard.let_in(door)
    await yard.sees(lambda: yard.state.door(door).position is Position.OPEN)
    assert yard.hand.drive_onto_loop(door)
    await yard.sees(lambda: door in yard.state.deferred)
    await yard.order("gil", StartLockdown("shots"))
    await asyncio.sleep(5.0)  # the grant's pulse of two seconds is over, and the arm's way down too
    assert barrier.state.leaf_open
    assert barrier.truth.crushed_at == ()
    assert not_secured(yard.box.core.runtime.site, yard.state) == (door,)
    yard.hand.drive_off_loop(door)
    await yard.sees(lambda: yard.state.lockdown.secured)
    assert barrier.state.secured
    assert barrier.truth.crushed_at == ()
    await yard.order("gil", EndLockdown())
    await yard.order("sue", EndLockdown())


@pytest.mark.parametrize("door", ["gate", "wedge"])
async def test_a_car_that_comes_while_the_arm_goes_down_is_not_hit(yard, door):
    barrier = yard.building.door(door)
    await yard.let_in(door)
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
    await yard.let_in("stile")
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
