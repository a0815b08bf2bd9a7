"""The simulated reader's own promises, frame by frame."""

import pytest

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.frame import Frame, FrameParser, SecurityBlock
from simulators.osdp_device import OFFLINE_AFTER
from tests.devices.osdp.wire import module, reader


class Hand:
    """A panel of a few lines, in the clear or sealed, that says exactly what the test says."""

    def __init__(self, device):
        self.device = device
        self.now = 1.0
        self.session = None

    def ask(self, sequence, command, block=None):
        frame = Frame(self.device.address, sequence, command.code, command.payload(), security=block)
        if self.session and block is None:
            frame, self.session = sc.seal(self.session, frame)
        return self.raw(frame.encode())

    def raw(self, wire):
        self.now += 0.05
        answers = self.device.receive(wire, self.now)
        if not answers:
            return None
        (frame,) = FrameParser().feed(answers[0])
        if self.session and frame.security:
            frame, self.session = sc.unseal(self.session, frame)
        return rep.parse_reply(frame.code, frame.payload)

    def secure(self, key):
        self.session = None
        self.ask(0, cmd.IdentityRequest())
        told = self.ask(1, cmd.Challenge(b"panelrnd"), SecurityBlock(sc.SCS_11, b"\x01"))
        keys = sc.session_keys(key, b"panelrnd")
        assert told.cryptogram == sc.client_cryptogram(keys, b"panelrnd", told.peripheral_random)
        proof = sc.server_cryptogram(keys, b"panelrnd", told.peripheral_random)
        assert self.ask(2, cmd.ServerCryptogram(proof), SecurityBlock(sc.SCS_13, b"\x01")).mac
        self.session = sc.begin(keys, proof)


@pytest.fixture
def clear():
    hand = Hand(reader(0, key=None))
    hand.ask(0, cmd.IdentityRequest())
    return hand


def test_a_card_is_repeated_until_the_next_sequence_number(clear):
    clear.device.present_card(26, b"\x12\x34\x56\x40")
    card = rep.RawCard(0, 1, 26, b"\x12\x34\x56\x40")
    assert clear.ask(1, cmd.Poll()) == card
    assert clear.ask(1, cmd.Poll()) == card
    assert clear.device.pending == 1
    assert clear.ask(2, cmd.Poll()) == rep.Ack()
    assert clear.device.pending == 0


def test_a_command_acknowledges_too_and_a_new_beginning_does_not(clear):
    clear.device.present_card(8, b"\x01")
    clear.device.present_card(8, b"\x02")
    assert clear.ask(1, cmd.Poll()).raw == b"\x01"
    clear.ask(0, cmd.IdentityRequest())
    assert clear.ask(1, cmd.Poll()).raw == b"\x01"
    assert clear.ask(2, cmd.Buzzer(0, cmd.Tone.DEFAULT, 1, 1, 1)) == rep.Ack()
    assert clear.ask(3, cmd.Poll()).raw == b"\x02"


def test_a_command_said_twice_with_one_sequence_number_is_done_once(clear):
    beep = cmd.Buzzer(0, cmd.Tone.DEFAULT, 1, 1, 1)
    clear.ask(1, beep)
    clear.ask(1, beep)
    assert clear.device.beeps == 1


def test_a_wrong_sequence_number_is_refused(clear):
    assert clear.ask(2, cmd.Poll()) == rep.Nak(rep.NAK_SEQUENCE)


def test_a_secured_reader_says_nothing_in_the_clear():
    hand = Hand(reader(0))
    hand.device.present_card(8, b"\x01")
    assert isinstance(hand.ask(0, cmd.IdentityRequest()), rep.Identity)
    assert hand.ask(1, cmd.Poll()) == rep.Nak(rep.NAK_SECURITY_REQUIRED)
    assert hand.device.pending == 1


def test_inside_the_channel_it_tells_and_a_forged_poll_acknowledges_nothing():
    hand = Hand(reader(0, key=bytes(range(16))))
    hand.device.present_card(8, b"\x01")
    hand.secure(bytes(range(16)))
    assert hand.ask(3, cmd.Poll()).raw == b"\x01"
    forged = Frame(0, 1, cmd.Poll.code, security=SecurityBlock(sc.SCS_15), mac=b"mac!").encode()
    assert hand.raw(forged) == rep.Nak(rep.NAK_SECURITY_REQUIRED)
    assert hand.device.pending == 1
    assert not hand.device.secured


def test_a_wrong_proof_opens_no_channel():
    hand = Hand(reader(0))
    hand.ask(0, cmd.IdentityRequest())
    hand.ask(1, cmd.Challenge(b"panelrnd"), SecurityBlock(sc.SCS_11, b"\x01"))
    refused = hand.ask(2, cmd.ServerCryptogram(bytes(16)), SecurityBlock(sc.SCS_13, b"\x01"))
    assert refused == rep.Nak(rep.NAK_SECURITY_REQUIRED)
    assert not hand.device.secured


def test_without_power_it_answers_nothing_and_forgets_all(clear):
    clear.device.present_card(8, b"\x01")
    clear.device.unplug()
    clear.device.present_card(8, b"\x02")
    assert clear.ask(0, cmd.IdentityRequest()) is None
    clear.device.plug_in()
    clear.ask(0, cmd.IdentityRequest())
    assert clear.ask(1, cmd.Poll()) == rep.Ack()


def test_a_card_of_long_ago_is_forgotten(clear):
    clear.device.present_card(8, b"\x01")
    clear.now += OFFLINE_AFTER + 1
    clear.ask(0, cmd.IdentityRequest())
    assert clear.ask(1, cmd.Poll()) == rep.Ack()


def test_others_talk_and_echoes_are_not_for_it(clear):
    assert clear.raw(Frame(1, 1, cmd.Poll.code).encode()) is None
    assert clear.raw(Frame(0, 1, cmd.Poll.code, reply=True).encode()) is None


def test_half_a_frame_is_forgotten_after_a_pause(clear):
    wire = Frame(0, 1, cmd.Poll.code).encode()
    assert clear.raw(wire[:4]) is None
    assert clear.raw(wire) == rep.Ack()


def test_relays_obey_every_control_code():
    moves = []
    device = module(0, on_output=lambda number, energised, now: moves.append((number, energised, round(now, 2))))
    control = cmd.OutputControl

    def drive(what, timer, now):
        device._execute(cmd.Output((cmd.OutputRecord(0, what, timer),)), now)

    drive(control.ON, 0, 1.0)
    drive(control.TIMED_OFF, 10, 2.0)
    assert device.get_timer() == 3.0
    device.handle_timer(3.0)
    drive(control.OFF, 0, 4.0)
    drive(control.TIMED_ON, 10, 5.0)
    drive(control.ON_AFTER_TIMER, 0, 5.5)
    device.handle_timer(6.0)
    drive(control.OFF_AFTER_TIMER, 0, 7.0)
    drive(control.NOP, 0, 8.0)
    drive(control.TIMED_ON, 10, 9.0)
    device.unplug()
    assert [(on, at) for _, on, at in moves] == [
        (True, 1.0),
        (False, 2.0),
        (True, 3.0),
        (False, 4.0),
        (True, 5.0),
        (False, 7.0),
        (True, 9.0),
        (False, 9.0),
    ]
