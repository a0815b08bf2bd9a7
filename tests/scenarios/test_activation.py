"""Another policy for a box that works, over both wires: doors that stay keep working, the one that goes is locked, and
the way back brings it back. The bolts are the judge.

`front` and `back` hang on MQTT, `hall` on an OSDP line.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.admin import AdminError
from controller.control import ask
from controller.domain.doors import LockMode, Position
from controller.domain.events import UnlockFailure
from controller.domain.operators import Role, SetDoorMode
from devices.mqtt.broker import BrokerError
from tests.scenarios.house import KAY, House, open_to_all, standing

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

OPERATORS = {"sue": Role.SUPERVISOR, "otto": Role.SECURITY_OFFICER}

COMMON = (
    open_to_all("lobby")
    + """
[site]
id = "house"
name = "A house"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "lobby"
name = "Lobby"
level = "controlled"
minimum_assurance = "copyable"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[line]]
id = "line-a"
port = "/dev/ttyUSB0"
baud = 115200
"""
)

MQTT = 'kind = "mqtt"'
OSDP = 'kind = "osdp"\nline = "line-a"\naddress = 1'


def door(name: str, lock: str, kind: str = MQTT) -> str:
    """Return a door's part of the site file: its lock, a head on MQTT, and a reader on the way in."""
    output, contact, bolt = (", output = 0", ", input = 0", ", input = 1") if kind == OSDP else ("", "", "")
    return f"""
[[device]]
id = "{name}-head"
kind = "mqtt"
side = "safe"
formats = ["H10301"]

[[reader]]
id = "{name}-in"
name = "{name}, in"
door = "{name}"
leaves = "outside"
enters = "lobby"
device = "{name}-head"

[[device]]
id = "{lock}"
{kind}
side = "safe"

[[door]]
id = "{name}"
name = "The {name} door"
zones = ["outside", "lobby"]
lock = {{ kind = "fail_secure", device = "{lock}"{output} }}
contact = {{ device = "{lock}"{contact} }}
bolt = {{ device = "{lock}"{bolt} }}
free_egress = true
unlock_seconds = {60 if name == "back" else 1}
open_seconds = 90
position = [0, 10]
"""


SMALL = COMMON + door("front", "front-lock") + door("hall", "io", OSDP)
LARGE = SMALL + door("back", "back-lock")


class Home(House):
    async def activate(self, toml):
        known = [{"name": name, "password": f"pass-{name}"} for name in OPERATORS]
        now = self.box.core.runtime.site.digest
        done = await ask(self.folder, "site_activate", toml=toml, file="new.toml", in_force=now, operators=known)
        # What the broker kept of a device is there before the device is: nobody shows a badge until all are back.
        await asyncio.gather(*(session.connected.wait() for session in self.building.mqtt_devices().values()))
        return done

    async def lets_through(self, name):
        """A badge moves the bolt, and it goes back by itself."""
        await self.lets_in(name)
        assert self.hand.push(name)
        await self.sees(lambda: self.state.door(name).position is Position.OPEN)
        self.hand.close(name)
        await self.sees(lambda: self.locked(name))


@pytest.fixture
async def house(tmp_path: Path):
    async with standing(tmp_path, LARGE, people=KAY, operators=OPERATORS, broker=True, kind=Home) as house:
        for name in OPERATORS:
            house.box.core.keystore.set_password(name, f"pass-{name}", one_time=False)
        await house.sees(house.secured)
        yield house


async def test_a_door_goes_and_comes_back_and_the_others_keep_working(house):
    await house.lets_through("front")
    await house.lets_in("back")
    done = await house.activate(SMALL)
    assert {"devices", "doors", "readers"} <= set(done["connected_anew"])
    by_disk = UnlockFailure.LOG_CANNOT_BE_WRITTEN
    (withdrawn,) = [each for each in house.events("grant_withdrawn") if each.why is not by_disk]
    assert (withdrawn.door, withdrawn.why.value) == ("back", "policy_changed")
    await house.sees(lambda: house.locked("back"))  # its pulse would have lasted for a minute
    await house.sees(house.secured)
    house.hand.present_card("back-in", "p-1")
    for name in ("front", "hall"):
        await house.lets_through(name)
    assert house.locked("back")
    await house.activate(LARGE)
    await house.sees(house.secured)
    for name in ("front", "hall"):
        await house.lets_through(name)
    await house.lets_in("back")
    assert not house.events("fault_observed")


async def test_what_stands_unlocked_stays_so_and_what_is_locked_never_moves_meanwhile(house):
    until_then = datetime.now(UTC) + timedelta(hours=1)
    for name in ("hall", "back"):
        await house.box.building.order("sue", SetDoorMode(name, LockMode.UNLOCKED, until_then, "moving in"))
    await house.sees(lambda: not house.locked("hall") and not house.locked("back"))
    moved = asyncio.create_task(_moves(house, "front"))
    await house.activate(SMALL)
    await house.sees(lambda: house.locked("back"))
    await house.sees(lambda: all(house.state.device(d).online for d in house.box.core.runtime.site.devices))
    await asyncio.sleep(1.0)
    assert not house.locked("hall")
    assert not moved.done()
    moved.cancel()


async def test_wires_that_cannot_be_connected_anew_end_the_box(house, monkeypatch):
    async def no_port(_):
        raise BrokerError("the port is taken")

    monkeypatch.setattr("controller.bootstrap.Broker.start", no_port)
    with pytest.raises(AdminError, match="a fault of ours"):
        await house.activate(SMALL)
    with pytest.raises(BrokerError, match="the port is taken"):
        await house.box.wait()


async def _moves(house, name):
    """Fail as soon as a bolt moves."""
    while True:
        assert house.locked(name)
        await asyncio.sleep(0.01)
