"""Attacks on the pair of wires behind a reader, played by a hand on a real line against the whole box.

Judged from the box's alarms and log and from the simulator's truth: the bolt. The intruder knows a badge that opens the
door, and has no key.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from controller.admin import AdminError
from controller.control import ask
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.maintenance_orders import ReplaceReader
from controller.domain.operators import Operator, Role
from controller.osdp_keys import KeyRing
from devices.gateway.lines import LENT
from simulators.hand import until
from simulators.intruders import INTRUDERS
from tests.scenarios.house import KAY, House, open_to_all, standing

pytestmark = [pytest.mark.anyio, pytest.mark.scenario, pytest.mark.timeout(180)]

ALARM_WITHIN = 10.0
SHOWN_AT_MOST = 3
HEADS = "".join(
    f"""
[[device]]
id = "{way}-head"
kind = "osdp"
side = "attack"
line = "line-a"
address = {address}
formats = ["H10301"]

[[reader]]
id = "{way}"
name = "{way}"
door = "door"
leaves = "{leaves}"
enters = "{enters}"
device = "{way}-head"
"""
    for address, way, leaves, enters in ((1, "in", "outside", "hall"), (2, "out", "hall", "outside"))
)
SITE = f"""
[site]
id = "wire"
name = "A door and its wire"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "hall"
name = "Hall"
level = "controlled"
minimum_assurance = "copyable"
shape = [[0, 0], [50, 0], [50, 50], [0, 50]]

[[line]]
id = "line-a"
port = "/dev/ttyUSB0"
baud = 115200

[[device]]
id = "module"
kind = "osdp"
side = "safe"
line = "line-a"
address = 3

[[door]]
id = "door"
name = "Door"
zones = ["outside", "hall"]
lock = {{ kind = "fail_secure", device = "module", output = 0 }}
contact = {{ device = "module", input = 0 }}
bolt = {{ device = "module", input = 1 }}
free_egress = true
unlock_seconds = 2
position = [50, 25]
{HEADS}
""" + open_to_all("hall")
TOLD_AS = {
    "plaintext": "plaintext_reply",
    "no_mac": "plaintext_reply",
    "forge_mac": "bad_mac",
    "guess_mac": "bad_mac",
    "replay": "bad_mac",
    "downgrade": "capability_downgrade",
    "install_mode": "install_mode",
    "default_key": "default_key",
    "wrong_key": "wrong_key",
    "second_panel": "second_panel",
}


class Wire(House):
    """A hand is at the door's wire."""

    @property
    def door(self):
        return self.building.door("door")

    def alarms(self, kind=AlarmKind.SECURE_CHANNEL_LOST):
        return super().alarms(kind)

    def released(self):
        return self.door.truth.released_at

    async def cut_into(self, attack):
        await self.obey("wire", line="line-a", attack=attack, reader="in", person="p-1")

    async def unwire(self):
        await self.obey("unwire", line="line-a")

    def decided(self):
        return len(self.events("access_granted")) + len(self.events("access_denied"))

    async def genuine(self, reader="in"):
        """A true badge is read each time, and opens the door; a disk that is slow just then may have it shown again."""
        for _ in range(SHOWN_AT_MOST):
            if await self.shown_once(reader):
                break
        else:
            raise AssertionError(self.events("access_denied"))

    async def shown_once(self, reader="in"):
        """Show a true badge, which is always read; return whether it opened the door."""
        before, decided = len(self.released()), self.decided()
        self.hand.present_card(reader, "p-1")
        await self.sees(lambda: self.decided() > decided)  # no card is lost
        opened = await until(lambda: len(self.released()) > before, 3.0)
        await self.sees(lambda: self.door.state.bolt_locked)
        return opened


@contextlib.asynccontextmanager
async def wired(tmp_path: Path, text: str):
    async with standing(tmp_path, text, people=KAY, kind=Wire) as wire:
        devices = wire.box.core.runtime.site.devices.values()
        await wire.sees(wire.secured)
        await wire.sees(lambda: all(wire.state.device(d.id).secure >= d.secure_channel for d in devices))
        yield wire


@pytest.fixture
async def wire(tmp_path: Path):
    async with wired(tmp_path, SITE) as wire:
        yield wire


@pytest.fixture
async def half_clear(tmp_path: Path):
    """The reader on the way out has no secure channel."""
    async with wired(tmp_path, SITE.replace("address = 2\n", 'address = 2\nsecure_channel = "off"\n')) as wire:
        await wire.sees(lambda: wire.state.device("out-head").online)
        yield wire


@pytest.mark.parametrize("attack", INTRUDERS)
async def test_an_intruder_opens_nothing_is_told_and_leaves_no_trace(wire, attack):
    if attack == "replay":
        await wire.cut_into(attack)
        await wire.shown_once()  # what he records is a true card; from then on he lets no other through
    began, before = time.monotonic(), len(wire.released())
    granted = len(wire.events("access_granted"))
    if attack != "replay":
        await wire.cut_into(attack)

    def told():
        return {alarm.detail for alarm in wire.alarms()}

    await wire.sees(lambda: TOLD_AS[attack] in told(), ALARM_WITHIN)
    took = time.monotonic() - began
    assert took < ALARM_WITHIN
    if attack == "guess_mac":  # to the lock-out, and out of it again; the others go away before that
        await wire.sees(lambda: "locked_out" in told())
    await asyncio.sleep(2.0)
    assert len(wire.released()) == before  # the bolt never moved
    assert wire.door.state.bolt_locked
    assert len(wire.events("access_granted")) == granted
    assert all(alarm.source.device in ("in-head", "out-head", "module") for alarm in wire.alarms())
    assert len(wire.state.alarms) <= 12  # told, and not without end
    assert len(wire.events("wire_violated")) <= 8
    await wire.unwire()
    await wire.sees(lambda: wire.state.device("in-head").online is True, 45.0)
    await wire.sees(lambda: wire.state.device("module").online is True)
    # The same card in the very first poll of a new channel is the one that was told when the old one broke.
    polls = wire.hand.count_polls("in")[0]
    await wire.sees(lambda: wire.hand.count_polls("in")[0] > polls + 1)
    await wire.genuine()


async def test_a_neighbour_of_the_attacked_reader_notices_nothing(wire):
    await wire.cut_into("guess_mac")
    await wire.sees(lambda: "locked_out" in {alarm.detail for alarm in wire.alarms()}, 25.0)
    before = len(wire.events("access_granted"))
    wire.hand.present_card("out", "p-1")
    await wire.sees(lambda: len(wire.events("access_granted")) == before + 1, 3.0)
    await wire.unwire()


async def test_the_hygiene_of_an_attacked_reader(wire):
    await wire.cut_into("default_key")
    await wire.sees(lambda: "default_key" in {alarm.detail for alarm in wire.alarms()}, ALARM_WITHIN)
    await wire.unwire()
    found = {facts.device: score for facts, score in wire.box.building.hygiene()}
    assert found["in-head"].score <= 50 < found["out-head"].score


async def test_a_reader_that_holds_another_key_is_told_opens_nothing_and_comes_back_with_its_own(wire):
    await wire.obey("mistake_key", reader="in")
    await wire.sees(lambda: "wrong_key" in {alarm.detail for alarm in wire.alarms()}, ALARM_WITHIN)
    before = len(wire.released())
    wire.hand.present_card("in", "p-1")
    await asyncio.sleep(1.0)
    assert len(wire.released()) == before
    assert not wire.state.device("in-head").secure
    await wire.genuine("out")
    await wire.obey("recall_key", reader="in")
    await wire.sees(lambda: wire.state.device("in-head").secure, 45.0)
    await wire.genuine()


async def test_a_running_box_lends_its_line_to_the_wizard_and_goes_on_with_the_new_key(wire):
    ring = KeyRing(wire.box.core.keystore.secrets)
    before = ring.key("in-head")
    done = await ask(wire.folder, "osdp_rotate", line="line-a", address=1)
    assert (done["device"], done["exposed"]) == ("in-head", False)
    assert ring.key("in-head") != before
    await wire.sees(lambda: wire.state.device("in-head").secure)
    await wire.sees(lambda: wire.state.device("module").secure)
    await wire.genuine()
    scanned = await ask(wire.folder, "osdp_scan", line="line-a", last=3)
    assert [(row["address"], row["default_key"]) for row in scanned["found"]] == [(1, False), (2, False), (3, False)]
    await wire.sees(lambda: wire.state.device("in-head").secure)


async def test_another_reader_is_told_from_the_true_one_until_a_technician_takes_it_over(half_clear):
    wire = half_clear
    await wire.box.building.submit(st.OperatorEnrolled("test", Operator("tina", Role.TECHNICIAN)))

    def swapped():
        alarms = wire.alarms(AlarmKind.DEVICE_SWAPPED)
        return [(alarm.source.device, alarm.persists, alarm.detail[-8:]) for alarm in alarms]

    async def hangs(reader, serial):
        await wire.obey("swap", reader=reader, serial=serial)

    known = wire.events("device_identified")
    assert sorted(event.device for event in known) == ["in-head", "module", "out-head"]
    true = known[0].nameplate[-8:]
    await hangs("out", "0badcafe")  # in the clear, and everything else is as it was
    await wire.sees(lambda: swapped() == [("out-head", True, true)])
    await hangs("in", "0badc0de")  # with a copy of the true one's key
    await wire.sees(lambda: ("in-head", True, true) in swapped())
    await hangs("in", true)
    await wire.sees(lambda: ("in-head", False, true) in swapped())
    assert await wire.order("tina", ReplaceReader("out-head", "broken open")) is None
    told = await wire.box.building.offices.readers.replace("tina", "out-head")
    assert (told.serial, told.exposed) == ("0badcafe", False)
    await wire.sees(lambda: ("out-head", False, true) in swapped())
    await wire.sees(lambda: wire.state.device("in-head").secure)
    await wire.genuine()
    await hangs("out", true)  # whoever brings the old one back is the stranger now
    await wire.sees(lambda: ("out-head", True, "0badcafe") in swapped())


def back_on_the_line(wire, *devices):
    """Each said once more that it is there, since the wizard had its line, and why it was not."""
    lent = [event.device for event in wire.events("device_went_offline") if event.detail == LENT]
    return set(devices) <= set(lent) and all(wire.state.device(device).secure for device in devices)


async def test_a_reader_that_stays_and_one_that_changes_its_speed_leave_their_line_as_it_was_to_the_others(wire):
    wire.building.head("in").movable = False
    asked = {"line": "line-a", "address": 1, "to": None, "baud": 38_400}
    with pytest.raises(AdminError, match="in-head stayed at address 1 at 115200 baud: it refuses to move"):
        await ask(wire.folder, "osdp_move", **asked)
    await wire.sees(lambda: back_on_the_line(wire, "in-head", "out-head", "module"))
    await wire.genuine()

    wire.building.head("in").movable = True
    moved = await ask(wire.folder, "osdp_move", **asked)
    assert (moved["device"], moved["address"], moved["baud"]) == ("in-head", 1, 38_400)
    await wire.sees(lambda: back_on_the_line(wire, "out-head", "module"))
    await wire.genuine("out")
    assert wire.state.device("in-head").online is False
    assert any(alarm.source.device == "in-head" for alarm in wire.alarms(AlarmKind.OFFLINE))
