"""Badge of Shame and friends: what somebody with a knife and a laptop does to the pair of wires behind a reader."""

from dataclasses import replace

import pytest

from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.events import (
    CardRead,
    DeviceOffline,
    DeviceOnline,
    InputsReported,
    KeypadInput,
    OfflineCause,
    SecurityViolation,
    ViolationKind,
)
from devices.osdp.exchange import LATE_BY_AT_MOST
from devices.osdp.frame import Frame, FrameParser, SecurityBlock
from devices.osdp.peripheral import Peripheral
from devices.osdp.suspicion import LIMIT, LOCK_OUT
from tests.devices.osdp.wire import Wire, key, reader

FORGED = rep.RawCard(0, 1, 26, b"\xff\xff\xff\xc0")
TRUE = (26, b"\x12\x34\x56\x40")


def forge(sequence, reply=FORGED, block=None, mac=b""):
    return Frame(
        0, sequence, reply.code, reply.payload(), reply=True, security=SecurityBlock(block) if block else None, mac=mac
    ).encode()


def sequence_of(wire):
    return FrameParser().feed(wire)[0].sequence


@pytest.mark.parametrize("block", [None, sc.SCS_12, sc.SCS_14])
@pytest.mark.parametrize(
    "reply", [FORGED, rep.Keypad(0, b"1234"), rep.InputStatus((1,)), rep.LocalStatus(False, False), rep.Ack()]
)
def test_a_forged_reply_outside_the_channel_is_an_alarm_and_no_card(block, reply):
    wire = Wire(reader(0)).online()
    wire.tap = lambda genuine: [forge(sequence_of(genuine), reply, block)]
    wire.until(SecurityViolation)
    assert wire.of(SecurityViolation)[0] == SecurityViolation(0, ViolationKind.PLAINTEXT_REPLY)
    assert wire.of(DeviceOffline)[0] == DeviceOffline(0, OfflineCause.SECURITY_VIOLATION)
    assert not wire.of(CardRead, KeypadInput, InputsReported)
    wire.tap = lambda genuine: [genuine]
    wire.devices[0].present_card(*TRUE)
    assert wire.until(CardRead, 3.0) == CardRead(0, 0, *TRUE)


@pytest.mark.parametrize("sequence", [0, 1, 2, 3])
def test_a_forged_card_that_nobody_asked_for(sequence):
    wire = Wire(reader(0)).online()
    wire.inject(forge(sequence))
    assert wire.of(SecurityViolation) == [SecurityViolation(0, ViolationKind.PLAINTEXT_REPLY)]
    assert not wire.of(CardRead)


@pytest.mark.parametrize("block", [sc.SCS_16, sc.SCS_18])
def test_a_guessed_mac_is_an_alarm_and_no_card(block):
    wire = Wire(reader(0)).online()
    wire.tap = lambda genuine: [forge(sequence_of(genuine), block=block, mac=b"mac!")]
    assert wire.until(SecurityViolation) == SecurityViolation(0, ViolationKind.BAD_MAC)
    assert not wire.of(CardRead)


def test_a_card_with_a_true_mac_but_unencrypted_does_not_count():
    wire = Wire(reader(0)).online()

    def tap(genuine):
        session = wire.devices[0]._session
        if session is None:
            return [genuine]
        bare = Frame(0, sequence_of(genuine), 0x50, FORGED.payload(), reply=True, security=SecurityBlock(sc.SCS_16))
        return [replace(bare, mac=sc._mac(session.keys, session.command_mac, bare.authenticated())[:4]).encode()]

    wire.tap = tap
    assert wire.until(SecurityViolation) == SecurityViolation(0, ViolationKind.PLAINTEXT_REPLY)
    assert not wire.of(CardRead)


def test_a_replayed_card_opens_nothing():
    wire = Wire(reader(0)).online()
    recorded = []
    wire.tap = lambda genuine: recorded.append(genuine) or [genuine]
    wire.devices[0].present_card(*TRUE)
    wire.until(CardRead)
    card = recorded[-1]
    wire.tap = lambda genuine: [card] if sequence_of(genuine) == sequence_of(card) else [genuine]
    assert wire.until(SecurityViolation) == SecurityViolation(0, ViolationKind.BAD_MAC)
    wire.tap = lambda genuine: [genuine]
    wire.run(2.0)
    assert len(wire.of(CardRead)) == 1


def test_a_replayed_handshake_is_worth_nothing():
    wire = Wire(reader(0))
    recorded = []
    wire.tap = lambda genuine: recorded.append(genuine) or [genuine]
    wire.online()
    wire.devices.clear()
    replay = Replayer(recorded)
    wire.devices.append(replay)
    wire.panel.line_lost(wire.now)
    wire.events.clear()
    assert wire.until(SecurityViolation).kind is ViolationKind.WRONG_KEY
    assert not wire.of(DeviceOnline)


class Replayer:
    """Answers each command with what the true reader once said to one of the same code and sequence."""

    def __init__(self, recorded):
        self.recorded = recorded
        self.place = 0

    def receive(self, received, now):
        if FrameParser().feed(received)[0].sequence == 0:
            self.place = 0
        self.place += 1
        return [self.recorded[self.place - 1]]

    def get_timer(self):
        return float("inf")

    def handle_timer(self, now):
        return []


@pytest.mark.parametrize(
    ("wiring", "kind"),
    [
        ({"key": bytes(16)}, ViolationKind.WRONG_KEY),
        ({"key": sc.DEFAULT_KEY}, ViolationKind.DEFAULT_KEY),
        ({"install_mode": True}, ViolationKind.INSTALL_MODE),
        ({"key": None}, ViolationKind.CAPABILITY_DOWNGRADE),
    ],
)
def test_a_reader_with_no_key_of_its_own_never_comes_online(wiring, kind):
    wire = Wire(reader(0, **wiring))
    wire.devices[0].present_card(*TRUE)
    wire.run(120.0)
    kinds = [event.kind for event in wire.of(SecurityViolation)]
    assert set(kinds) == {kind, ViolationKind.LOCKED_OUT}
    assert kinds.index(ViolationKind.LOCKED_OUT) == LIMIT
    assert len(kinds) < 2 * LIMIT  # it is tried again, at leisure
    assert not wire.of(DeviceOnline, CardRead)
    assert wire.of(DeviceOffline) == [DeviceOffline(0, OfflineCause.SECURITY_VIOLATION)]


def test_the_panel_never_offers_the_public_key_nor_sends_commands_in_the_clear():
    wire = Wire(reader(0, key=None))
    wire.run(10.0)
    frames = [FrameParser().feed(sent)[0] for _, sent in wire.commands]
    assert {frame.code for frame in frames} == {0x61, 0x62}
    wire = Wire(reader(0, install_mode=True))
    wire.run(10.0)
    frames = [FrameParser().feed(sent)[0] for _, sent in wire.commands]
    assert {frame.security for frame in frames if frame.security} == {SecurityBlock(sc.SCS_11, b"\x01")}


def test_capabilities_changed_on_the_way_are_found_out():
    wire = Wire(reader(0))
    poorer = rep.Capabilities((rep.Capability(rep.CAP_SECURITY, 1, 0),))

    def tap(genuine):
        frame = FrameParser().feed(genuine)[0]
        clear_caps = frame.code == rep.Capabilities.code and frame.security is None
        return [forge(frame.sequence, poorer)] if clear_caps else [genuine]

    wire.tap = tap
    assert wire.until(SecurityViolation).kind is ViolationKind.CAPABILITY_DOWNGRADE
    assert not wire.of(DeviceOnline)


def test_a_handshake_answered_without_its_security_block():
    wire = Wire(reader(0))

    def tap(genuine):
        frame = FrameParser().feed(genuine)[0]
        if frame.code != rep.ClientCryptogram.code:
            return [genuine]
        return [Frame(0, frame.sequence, frame.code, frame.payload, reply=True).encode()]

    wire.tap = tap
    assert wire.until(SecurityViolation).kind is ViolationKind.PLAINTEXT_REPLY


def test_a_panel_with_another_key_gets_nothing_from_the_reader():
    wire = Wire(reader(0), peripherals=[Peripheral(0, key(9))])
    wire.run(5.0)
    assert not wire.devices[0].secured


def test_a_forged_refusal_only_costs_time():
    wire = Wire(reader(0)).online()
    struck = []

    def tap(genuine):
        if struck:
            return [genuine]
        struck.append(genuine)
        return [forge(sequence_of(genuine), rep.Nak(rep.NAK_SECURITY_REQUIRED))]

    wire.tap = tap
    wire.devices[0].present_card(*TRUE)
    assert wire.until(CardRead, 3.0) == CardRead(0, 0, *TRUE)
    wire.run(2.0)
    assert len(wire.of(CardRead)) == 1
    assert wire.of(DeviceOffline) == [DeviceOffline(0, OfflineCause.SESSION_LOST)]


def test_a_busy_that_anybody_may_say_only_delays():
    wire = Wire(reader(0)).online()
    count = []

    def tap(genuine):
        count.append(1)
        return [forge(0, rep.Busy())] if len(count) < 4 else [genuine]

    wire.tap = tap
    wire.devices[0].present_card(*TRUE)
    wire.until(CardRead, 2.0)
    assert not wire.of(SecurityViolation, DeviceOffline)


def guess(wire, genuine):
    """Whoever sits in the wire answers every poll with a card and a MAC out of the air."""
    frame = FrameParser().feed(genuine)[0]
    sealed = frame.security is not None and frame.security.has_mac
    return [forge(frame.sequence, block=sc.SCS_18, mac=b"mac!")] if sealed else [genuine]


def test_whoever_guesses_macs_is_locked_out_and_the_reader_comes_back_by_itself():
    wire = Wire(reader(0), reader(1)).online()
    wire.tap = lambda genuine: guess(wire, genuine) if genuine[1] == 0x80 else [genuine]
    wire.run(20.0)
    kinds = [event.kind for event in wire.of(SecurityViolation)]
    assert kinds == [ViolationKind.BAD_MAC] * LIMIT + [ViolationKind.LOCKED_OUT]
    assert len([event for event in wire.of(DeviceOffline, DeviceOnline) if event.address == 0]) < 6
    wire.devices[1].present_card(*TRUE)
    assert wire.until(CardRead, 0.5) == CardRead(1, 0, *TRUE)  # its neighbour notices nothing
    wire.tap = lambda genuine: [genuine]
    assert wire.until(DeviceOnline, LOCK_OUT)
    wire.devices[0].present_card(*TRUE)
    assert wire.until(CardRead, 0.5) == CardRead(0, 0, *TRUE)


def test_nothing_that_is_said_while_locked_out_counts():
    wire = Wire(reader(0)).online()
    wire.tap = lambda genuine: guess(wire, genuine)
    wire.run(15.0)
    seen = len(wire.events)
    for sequence in range(4):
        wire.inject(forge(sequence))
        wire.inject(forge(sequence, block=sc.SCS_18, mac=b"mac!"))
    assert len(wire.events) == seen


def test_one_slip_is_not_held_against_a_reader():
    wire = Wire(reader(0)).online()
    wire.inject(forge(1))
    assert wire.until(DeviceOnline, 0.3)


def test_a_reader_under_suspicion_loses_no_card():
    wire = Wire(reader(0)).online()
    wire.inject(forge(1))
    wire.until(DeviceOnline)
    wire.devices[0].present_card(*TRUE)
    wire.inject(forge(1))
    assert len(wire.of(DeviceOffline)) == 2
    assert wire.until(CardRead, 4.0) == CardRead(0, 0, *TRUE)
    wire.run(3.0)
    assert len(wire.of(CardRead)) == 1


def command(address, code, sequence=0):
    return Frame(address, sequence, code).encode()


def test_a_second_panel_is_told_and_told_seldom():
    wire = Wire(reader(0), reader(1)).online()
    for _ in range(50):
        wire.inject(command(1, 0x60))
    assert wire.of(SecurityViolation) == [SecurityViolation(1, ViolationKind.SECOND_PANEL)]
    wire.run(11.0)
    wire.inject(command(9, 0x60))  # to somebody we do not know: it is our line all the same
    assert wire.of(SecurityViolation)[1:] == [SecurityViolation(0, ViolationKind.SECOND_PANEL)]
    assert not wire.of(DeviceOffline)


def test_an_adapter_that_echoes_is_no_second_panel():
    wire = Wire(reader(0)).online()
    said = len(wire.commands)
    wire.run(0.2)
    wire.inject(wire.commands[-1][1])
    assert len(wire.commands) > said
    assert not wire.of(SecurityViolation)


def test_whoever_makes_a_reader_come_and_go_makes_it_stay_away():
    wire = Wire(reader(0)).online()
    for _ in range(120):  # a second panel that begins anew in our name, twice a second
        for device in wire.devices:
            device.receive(command(0, 0x60), wire.now)
        wire.run(0.5)
    assert len(wire.of(DeviceOffline)) < 10
    wire.devices[0].present_card(*TRUE)
    assert wire.until(CardRead, 9.0) == CardRead(0, 0, *TRUE)


class HeldBack:
    """A converter that loses one answer and lets out the answer to the retry once more, when its number comes round."""

    def __init__(self, times, after=0.0):
        self.times, self.after = times, after
        self.lost = self.kept = None
        self.came = 0

    def __call__(self, wire, genuine):
        frame = FrameParser().feed(genuine)[0]
        if self.lost is None:
            self.lost, self.since = frame.sequence, wire.now
            return []
        if self.kept is None:
            self.kept = genuine
            return [genuine]
        due = frame.sequence == self.lost and wire.now - self.since >= self.after
        if self.came < self.times and due and wire.devices[0].secured:
            self.came += 1
            return [self.kept, genuine]
        return [genuine]


def held_back(**how):
    wire, holder = Wire(reader(0)).online(), HeldBack(**how)
    wire.tap = lambda genuine: holder(wire, genuine)
    wire.run(5.0)
    return wire, holder


def test_the_answer_to_a_first_try_that_comes_when_its_number_is_due_again_is_no_attack():
    wire, holder = held_back(times=1)
    assert holder.came == 1
    assert not wire.of(SecurityViolation, DeviceOffline)
    wire.devices[0].present_card(*TRUE)
    assert wire.until(CardRead, 0.5) == CardRead(0, 0, *TRUE)


@pytest.mark.parametrize("how", [{"times": 2}, {"times": 1, "after": LATE_BY_AT_MOST + 0.5}])
def test_it_is_one_where_it_comes_more_often_than_it_was_asked_for_or_is_kept_for_later(how):
    wire, _ = held_back(**how)
    assert wire.of(SecurityViolation) == [SecurityViolation(0, ViolationKind.BAD_MAC)]
