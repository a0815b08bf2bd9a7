"""What is told of whoever plays with a wire, and what is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain.effects import Unlock
from controller.domain.events import UnlockFailure, Violation
from controller.domain.hygiene import KeyFacts
from controller.domain.stimuli import DeviceSeen, FaultSeen, UnlockFailed, ViolationSeen
from devices.gateway.lines import EXPOSED, LENT, OsdpGateway
from devices.gateway.wire_watch import TELL_EVERY, WireWatch
from devices.line import PanelReport, Tally
from devices.osdp import events as osdp
from devices.osdp.replies import Capabilities, Identity

pytestmark = pytest.mark.anyio

IDENTITY = Identity(b"\x0a\x00\x17", 1, 1, 7, (1, 0, 0))


class Clock:
    now = 50.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(clock):
    return WireWatch(clock)


def test_a_violation_is_told_at_once_and_then_seldom_with_its_count(watch, clock):
    assert watch.violated("head", Violation.BAD_MAC) == ""
    clock.now += TELL_EVERY - 0.01
    assert [watch.violated("head", Violation.BAD_MAC) for _ in range(3)] == [None] * 3
    clock.now += 0.01
    assert watch.violated("head", Violation.BAD_MAC) == "5 times since the start"


def test_each_kind_and_each_reader_is_told_by_itself(watch):
    assert watch.violated("head", Violation.BAD_MAC) == ""
    assert watch.violated("head", Violation.SECOND_PANEL) == ""
    assert watch.violated("other", Violation.BAD_MAC) == ""


def test_uptime_is_what_was_secured_and_no_more(watch, clock, site):
    device = site.devices["osdp-lobby"]
    clock.now += 10
    watch.online(device.id, secure=True)
    clock.now += 30
    watch.offline(device.id)
    watch.offline(device.id)
    clock.now += 10
    watch.online(device.id, secure=False)
    clock.now += 10
    watch.online(device.id, secure=True)
    clock.now += 40
    watch.violated(device.id, Violation.BAD_MAC)
    facts = watch.facts(device, KeyFacts(), Tally(9, 2))
    assert (facts.seconds, facts.secured_seconds) == (100.0, 70.0)
    assert (facts.polls, facts.unanswered, facts.violations) == (9, 2, {Violation.BAD_MAC: 1})


KEY = bytes(range(16))


@pytest.fixture
async def gateway(site, building, secrets):
    keys = {device.id: KEY for device in site.devices.values() if device.secure_channel}
    notes = {"osdp-lobby": KeyFacts(exposed=True, nameplate=IDENTITY.nameplate), "osdp-chancery": KeyFacts()}
    gateway = OsdpGateway(site, building, secrets, keys, dict.fromkeys(site.lines, "/nowhere/ttyUSB0"), notes)
    yield gateway
    gateway.stop()


def online(gateway, site, device, identity=IDENTITY):
    event = osdp.DeviceOnline(site.devices[device].address, identity, Capabilities(()), secure=True)
    gateway._take(PanelReport(site.devices[device].line, event))


async def test_an_exposed_key_is_a_standing_fault_and_a_good_one_ends_it(gateway, building, site):
    online(gateway, site, "osdp-lobby")
    assert building.take()[-1] == FaultSeen("osdp-lobby", active=True, detail=EXPOSED)
    online(gateway, site, "osdp-chancery")
    assert building.take()[-1] == FaultSeen("osdp-chancery", active=False, detail="")


async def test_violations_at_the_gateway_are_limited(gateway, building, site):
    lobby = site.devices["osdp-lobby"]
    for _ in range(50):
        gateway._take(PanelReport(lobby.line, osdp.SecurityViolation(lobby.address, osdp.ViolationKind.BAD_MAC)))
        gateway._take(PanelReport(lobby.line, osdp.ReplyNotUnderstood(lobby.address, 0x99)))
    assert building.take() == [
        ViolationSeen("osdp-lobby", Violation.BAD_MAC, ""),
        ViolationSeen("osdp-lobby", Violation.MALFORMED, "reply 0x99"),
    ]
    building.now += TELL_EVERY
    gateway._take(PanelReport(lobby.line, osdp.ReplyNotUnderstood(lobby.address, 0x99)))
    assert building.take()[-1].detail == "reply 0x99, 51 times since the start"


async def test_a_lent_line_drops_what_is_asked_of_it_and_says_so(gateway, building, site):
    [line] = site.lines
    gateway.start()
    await gateway.lend(line)
    osdp_ids = {device.id for device in site.devices.values() if device.line == line}
    gone = [seen for seen in building.take() if isinstance(seen, DeviceSeen)]
    assert {seen.device for seen in gone if (seen.online, seen.detail) == (False, LENT)} == osdp_ids
    door = next(door for door in site.doors.values() if door.lock.device in osdp_ids)
    gateway.post(Unlock(door.id, "request", 3.0, building.now + 5.0))
    assert building.take() == [UnlockFailed(door.id, "request", UnlockFailure.DEADLINE_PASSED)]
    gateway.take_back(line, {device.id: KEY for device in site.devices.values() if device.secure_channel})
    gateway.post(Unlock(door.id, "request", 3.0, building.now + 5.0))
    assert not [seen for seen in building.take() if isinstance(seen, UnlockFailed)]


async def test_every_wire_is_known(gateway, site):
    wires = {wire.device: wire for wire in gateway.wires()}
    assert set(wires) == {device.id for device in site.devices.values() if device.line}
    assert wires["osdp-consular"].key is None
    assert wires["osdp-lobby"].key == KeyFacts(exposed=True, nameplate=IDENTITY.nameplate)


async def test_each_says_who_it_is_and_whether_a_wizard_keyed_just_that_one(gateway, building, site):
    assert IDENTITY.nameplate == "vendor 0a0017 model 1 serial 00000007"
    for device, commissioned in (("osdp-lobby", True), ("osdp-chancery", False), ("osdp-consular", False)):
        online(gateway, site, device)
        seen = next(told for told in building.take() if isinstance(told, DeviceSeen))
        assert (seen.nameplate, seen.commissioned) == (IDENTITY.nameplate, commissioned)
    online(gateway, site, "osdp-lobby", replace(IDENTITY, serial=8))
    seen = next(told for told in building.take() if isinstance(told, DeviceSeen))
    assert (seen.nameplate[-1], seen.commissioned) == ("8", False)


def test_a_nameplate_outlives_every_update_of_the_firmware():
    updated = replace(IDENTITY, version=2, firmware=(9, 9, 9))
    assert updated.nameplate == IDENTITY.nameplate
    for other in (replace(IDENTITY, vendor=b"abc"), replace(IDENTITY, model=2), replace(IDENTITY, serial=8)):
        assert other.nameplate != IDENTITY.nameplate


def test_one_fault_that_ends_does_not_end_another(watch):
    assert watch.fault("head", "exposed", active=True) == FaultSeen("head", active=True, detail="exposed")
    assert watch.fault("head", "cut", active=True).detail == "cut; exposed"
    assert watch.fault("head", "cut", active=False) == FaultSeen("head", active=True, detail="exposed")
    assert watch.fault("head", "exposed", active=False) == FaultSeen("head", active=False, detail="")
