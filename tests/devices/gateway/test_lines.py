"""OSDP to the building's words and back."""

from __future__ import annotations

import asyncio

import pytest

from controller.domain.doors import LockStatus, Position
from controller.domain.effects import FireRelease, HoldUnlocked, Light, Release, Relock, Signal, Unlock
from controller.domain.events import UnlockFailure, Violation
from controller.domain.stimuli import (
    CardPresented,
    DeviceSeen,
    FaultSeen,
    LockSeen,
    PinEntered,
    PositionSeen,
    PowerSeen,
    RexSeen,
    TamperSeen,
    UnlockFailed,
    ViolationSeen,
)
from devices.gateway import holds
from devices.gateway.lines import OsdpGateway
from devices.gateway.shown import MAX_PIN, Keypads
from devices.line import LineBack, LineFault, LineLost, PanelReport
from devices.osdp import events as osdp
from devices.osdp.commands import Buzzer, Led, Output, OutputControl
from tests.devices.gateway.conftest import settle

pytestmark = pytest.mark.anyio

KEY = bytes(range(16))
RAW = bytes.fromhex("5500ca80")


class Line:
    """A line that notes what it is asked."""

    def __init__(self):
        self.sent, self.confirmed = [], []

    def send(self, address, command, *, deadline, token=None):
        self.sent.append((address, command, deadline, token))

    def confirm(self, address):
        self.confirmed.append(address)


@pytest.fixture
async def gateway(site, building, secrets):
    keys = {device.id: KEY for device in site.devices.values() if device.secure_channel}
    gateway = OsdpGateway(site, building, secrets, keys, dict.fromkeys(site.lines, "/dev/null"))
    gateway._lines = {line: Line() for line in gateway._lines}
    return gateway


@pytest.fixture
def line(gateway):
    [line] = gateway._lines.values()
    return line


@pytest.fixture
def address(site):
    return lambda device: site.devices[device].address


@pytest.fixture
def tell(gateway, site):
    [name] = site.lines
    return lambda event: gateway._take(PanelReport(name, event))


def inputs(address, site, **states):
    """The I/O module's inputs: all at rest but those named (contact, bolt, rex of the lobby door)."""
    values = [0] * 16
    for name, state in states.items():
        values[{"contact": 0, "bolt": 1, "rex": 2}[name]] = state
    return osdp.InputsReported(address("osdp-io"), tuple(values))


def of_lobby(seen):
    return [s for s in seen if getattr(s, "door", None) == "lobby-door"]


async def test_a_report_holds_its_reader_until_it_is_durable(tell, building, line, address):
    where = address("osdp-lobby")
    tell(osdp.CardRead(where, 0, 26, RAW))
    await settle()
    assert line.confirmed == []
    await building.write()
    assert line.confirmed == [where]


async def test_a_report_that_was_given_up_is_not_confirmed(tell, building, line, address):
    tell(osdp.CardRead(address("osdp-lobby"), 0, 26, RAW))
    building.pending[0].cancel()
    await settle()
    assert line.confirmed == []


async def test_a_report_that_leads_to_nothing_is_confirmed(tell, building, line, address):
    tell(osdp.KeypadInput(address("osdp-chancery"), 0, "12"))
    await settle()
    assert line.confirmed == [address("osdp-chancery")]


async def test_each_report_is_its_stimulus(tell, building, address):
    where = address("osdp-lobby")
    tell(osdp.CardRead(where, 0, 26, RAW))
    tell(osdp.TamperChanged(where, active=True))
    tell(osdp.PowerChanged(where, failed=True))
    tell(osdp.DeviceOffline(where, next(iter(osdp.OfflineCause))))
    tell(osdp.SecurityViolation(where, osdp.ViolationKind.BAD_MAC))
    tell(osdp.ReplyNotUnderstood(where, 0x99))
    card, *others = building.seen
    assert isinstance(card, CardPresented)
    assert (card.reader, card.format, card.raw, card.age) == ("lobby-in", "H10301", RAW.hex(), 0.0)
    assert others[0] == TamperSeen("osdp-lobby", active=True)
    assert others[1] == PowerSeen("osdp-lobby", failed=True)
    assert isinstance(others[2], DeviceSeen)
    assert not others[2].online
    assert others[3] == ViolationSeen("osdp-lobby", Violation.BAD_MAC, "")
    assert others[4].violation is Violation.MALFORMED


def test_every_violation_has_its_word():
    from devices.gateway.lines import VIOLATIONS

    assert set(VIOLATIONS) == set(osdp.ViolationKind)


async def test_inputs_are_read_as_wired(tell, building, address, site):
    tell(inputs(address, site, contact=1, bolt=0, rex=1))
    assert of_lobby(building.take()) == [
        PositionSeen("lobby-door", Position.OPEN),
        LockSeen("lobby-door", LockStatus.UNLOCKED),
        RexSeen("lobby-door"),
    ]
    tell(inputs(address, site, contact=0, bolt=1, rex=1))
    assert of_lobby(building.take()) == [
        PositionSeen("lobby-door", Position.CLOSED),
        LockSeen("lobby-door", LockStatus.LOCKED),
    ]


@pytest.mark.parametrize("state", [2, 3, 255])
async def test_a_cut_wire_is_unknown_releases_nothing_and_is_a_fault(tell, building, address, site, state):
    tell(inputs(address, site, bolt=1))
    assert FaultSeen("osdp-io", active=False, detail="") in building.take()
    tell(inputs(address, site, contact=state, bolt=state, rex=state))
    seen = building.take()
    assert of_lobby(seen) == [
        PositionSeen("lobby-door", Position.UNKNOWN),
        LockSeen("lobby-door", LockStatus.UNKNOWN),
    ]
    [fault] = [s for s in seen if isinstance(s, FaultSeen)]
    assert (fault.device, fault.active) == ("osdp-io", True)
    assert "contact of lobby-door is cut or shorted" in fault.detail
    tell(inputs(address, site, bolt=1))
    assert FaultSeen("osdp-io", active=False, detail="") in building.take()


async def test_a_pin_leaves_as_its_proof_and_its_digits_nowhere(tell, building, address, secrets, capsys):
    building.asked["chancery-in"] = "p-1-badge"
    where = address("osdp-chancery")
    tell(osdp.KeypadInput(where, 0, "44"))
    tell(osdp.KeypadInput(where, 0, "71#"))
    assert building.seen == [PinEntered("chancery-in", secrets.pin_proof("p-1-badge", "4471"))]
    assert "4471" not in repr(osdp.KeypadInput(where, 0, "4471")) + "".join(capsys.readouterr())


async def test_another_badge_forgets_half_a_pin(tell, building, address, secrets):
    building.asked["chancery-in"] = "p-1-badge"
    where = address("osdp-chancery")
    tell(osdp.KeypadInput(where, 0, "44"))
    tell(osdp.CardRead(where, 0, 26, RAW))
    tell(osdp.KeypadInput(where, 0, "71#"))
    assert building.seen[-1] == PinEntered("chancery-in", secrets.pin_proof("p-1-badge", "71"))


async def test_unlock_release_and_relock_are_pulses_of_the_doors_relay(gateway, building, line, address):
    unlock = Unlock("lobby-door", "r1", 5.0, building.now + 2.0)
    gateway.post(unlock)
    gateway.post(Release("chancery-door", 4.0))
    gateway.post(Relock("registry-door"))
    records = [(command.records[0], deadline, token) for _, command, deadline, token in line.sent]
    assert {where for where, *_ in line.sent} == {address("osdp-io")}
    assert all(isinstance(command, Output) for _, command, *_ in line.sent)
    assert (records[0][0].output, records[0][0].control) == (0, OutputControl.TIMED_ON)
    assert records[0][1:] == (unlock.deadline, unlock)
    assert records[1][0].control is OutputControl.TIMED_ON
    assert records[2][0].control is OutputControl.OFF


@pytest.mark.parametrize("light", Light)
async def test_every_light_is_shown_at_the_reader(gateway, line, address, light):
    gateway.post(Signal("lobby-in", light))
    assert {where for where, *_ in line.sent} == {address("osdp-lobby")}
    assert isinstance(line.sent[0][1], Led)
    assert all(isinstance(command, Buzzer) for _, command, *_ in line.sent[1:])


async def test_an_unlock_that_never_left_has_failed(gateway, tell, building, line):
    unlock = Unlock("lobby-door", "r1", 5.0, building.now + 2.0)
    gateway.post(unlock)
    where, command, _, token = line.sent[0]
    tell(osdp.CommandDropped(where, command, token))
    tell(osdp.CommandRefused(where, command, token, 3))
    tell(osdp.CommandDropped(where, command, None))
    assert building.seen == [
        UnlockFailed("lobby-door", "r1", UnlockFailure.DEADLINE_PASSED),
        UnlockFailed("lobby-door", "r1", UnlockFailure.DEVICE_REFUSED),
    ]


async def test_a_line_that_comes_and_goes_is_its_readers_to_tell(gateway, building, site):
    [name] = site.lines
    for event in (LineLost(name, "cut"), LineBack(name), LineFault(name, "ValueError")):
        gateway._take(event)
    assert building.seen == []


@pytest.mark.parametrize(
    ("typed", "proof"),
    [
        (["1234#"], "1234"),
        (["1", "2", "3", "4", "#"], "1234"),
        (["99*1234#"], "1234"),
        (["99", "*", "1234#"], "1234"),
        (["#", "1234#"], "1234"),
        (["##1234#"], "1234"),
        (["1234"], None),
        (["#"], None),
        (["*"], None),
        (["1" * (MAX_PIN + 5) + "#"], "1" * MAX_PIN),
    ],
)
def test_the_rules_of_a_keypad(secrets, typed, proof):
    keypads = Keypads(secrets)
    entered = [keypads.typed("in", keys, "badge", 0.0, alone=False) for keys in typed]
    expected = PinEntered("in", secrets.pin_proof("badge", proof)) if proof else None
    assert entered[-1] == expected
    assert entered[:-1] == [None] * (len(typed) - 1)


def test_digits_nobody_asked_for_are_forgotten(secrets):
    keypads = Keypads(secrets)
    assert keypads.typed("in", "12", None, 0.0, alone=False) is None
    assert keypads.typed("in", "34#", "badge", 0.0, alone=False) == PinEntered("in", secrets.pin_proof("badge", "34"))
    keypads.typed("in", "12", "badge", 0.0, alone=False)
    keypads.typed("in", "3", None, 0.0, alone=False)
    assert keypads.typed("in", "4#", "badge", 0.0, alone=False) == PinEntered("in", secrets.pin_proof("badge", "4"))


def test_a_keypad_that_takes_a_pin_in_place_of_a_card_tells_its_token_and_no_digit(secrets):
    keypads = Keypads(secrets)
    entered = keypads.typed("in", "318204#", None, 0.0, alone=True)
    assert (entered.proof, entered.token) == (None, secrets.card_token("personal PIN", "318204"))
    assert 0 <= entered.draw < 10_000
    challenged = keypads.typed("in", "4711#", "badge", 1.0, alone=True)
    assert challenged == PinEntered("in", secrets.pin_proof("badge", "4711"))


def test_keys_of_somebody_who_went_away_are_forgotten(secrets):
    keypads = Keypads(secrets)
    assert keypads.typed("in", "31", None, 0.0, alone=True) is None
    assert keypads.typed("in", "8204", None, 20.0, alone=True) is None
    assert keypads.typed("in", "#", None, 40.0, alone=True).token == secrets.card_token("personal PIN", "318204")
    keypads.typed("in", "31", None, 50.0, alone=True)
    late = keypads.typed("in", "8204#", None, 70.1, alone=True)
    assert late.token == secrets.card_token("personal PIN", "8204")


async def test_on_osdp_a_hold_is_a_pulse_that_is_renewed_and_a_fire_is_for_good(
    hurried, gateway, line, tell, address, building
):
    def last():
        record = line.sent[-1][1].records[0]
        return record.output, record.control, record.timer

    gateway.post(HoldUnlocked("lobby-door"))
    gateway.post(Unlock("lobby-door", "r1", 5.0, building.now + 2.0))
    assert last() == (0, OutputControl.TIMED_ON, round(holds.LEASE_SECONDS * 10))
    await asyncio.sleep(0.05)
    assert len(line.sent) > 3
    tell(osdp.DeviceOffline(address("osdp-io"), osdp.OfflineCause.NO_ANSWER))
    silent = len(line.sent)
    await asyncio.sleep(0.05)
    assert len(line.sent) == silent
    gateway.post(FireRelease("lobby-door"))
    assert last() == (0, OutputControl.ON, 0)
    gateway.post(Release("lobby-door", 4.0))
    assert last() == (0, OutputControl.TIMED_ON, 40)  # OSDP goes back to what is for good when a pulse ends
    gateway.post(Relock("lobby-door"))
    assert last() == (0, OutputControl.OFF, 0)
    gateway._holds.stop()


async def test_characters_that_a_reader_made_of_a_card_name_nobody_and_are_kept(tell, building, line, address):
    where = address("osdp-lobby")
    tell(osdp.FormattedCardRead(where, 0, 0, b"1234"))
    [shown] = building.take()
    assert (shown.reader, shown.token, shown.format) == ("lobby-in", None, "formatted by the reader")
    assert (shown.bit_count, shown.raw) == (32, b"1234".hex())
    await building.write()
    assert line.confirmed == [where]


async def test_a_reader_pulled_off_its_controller_is_a_fault(tell, building, address):
    for missing in (True, False):
        tell(osdp.ReadersChanged(address("osdp-lobby"), missing))
    faults = building.take()
    assert [(fault.device, fault.active) for fault in faults] == [("osdp-lobby", True), ("osdp-lobby", False)]


@pytest.mark.parametrize(
    "told", [osdp.ManufacturerSaid(0, b"\x5c\x26\x23", b"1"), osdp.CommunicationChanged(0, 5, 9600)]
)
async def test_what_the_building_has_no_words_for_is_confirmed_all_the_same(tell, building, line, told):
    tell(told)
    await settle()
    assert building.take() == []
    assert line.confirmed == [0]
