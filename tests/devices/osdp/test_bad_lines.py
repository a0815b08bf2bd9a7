"""No card lost, none doubled, none invented, whatever the wire does."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.osdp import replies as rep
from devices.osdp.events import (
    CardRead,
    DeviceOffline,
    DeviceOnline,
    InputsReported,
    KeypadInput,
    SecurityViolation,
)
from devices.osdp.frame import Frame, FrameParser, SecurityBlock
from simulators.line_faults import Faults
from tests.devices.osdp.wire import Wire, module, reader

BAD_LINES = {
    "one byte at a time": {"faults": Faults(fragments=True)},
    "lossy": {"faults": Faults(seed=1, loss=0.1)},
    "noisy": {"faults": Faults(seed=2, bit_flip=5e-3)},
    "stammering": {"faults": Faults(seed=3, duplicate=0.3)},
    "late": {"faults": Faults(seed=4, late=0.2, late_by=0.15)},
    "slow": {"byte": 10 / 9600, "turnaround": 0.035},
    "all of it": {"faults": Faults(5, loss=0.03, bit_flip=2e-3, duplicate=0.1, late=0.05, fragments=True)},
}


def shown(count):
    return [(32, number.to_bytes(4, "big")) for number in range(count)]


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES.keys())
def test_every_card_once(line):
    wire = Wire(reader(0), reader(1), **line).online()
    for bits, raw in shown(60):
        wire.devices[0].present_card(bits, raw)
        wire.run(0.35)
    wire.run(8.0)
    assert [event.raw for event in wire.of(CardRead)] == [raw for _, raw in shown(60)]
    assert not wire.of(SecurityViolation)


@pytest.mark.parametrize("fall", [DeviceOffline, None])
def test_a_session_that_breaks_just_after_a_card_neither_loses_nor_doubles_it(fall):
    wire = Wire(reader(0)).online()
    wire.devices[0].present_card(32, b"card")
    wire.until(CardRead, step=0.0005)
    if fall:
        wire.panel.line_lost(wire.now)  # the reader does not know yet that its card has arrived
    wire.devices[0].present_card(32, b"next")
    wire.run(3.0)
    assert [event.raw for event in wire.of(CardRead)] == [b"card", b"next"]


def test_a_reader_that_believes_in_a_channel_we_never_had_is_brought_up_anew():
    wire = Wire(reader(0))
    lost = []

    def tap(reply):
        frame = FrameParser().feed(reply)[0]
        if lost or frame.code != rep.InitialMac.code:
            return [reply]
        lost.append(reply)
        sealed = Frame(
            0, frame.sequence, rep.Nak.code, bytes(16), reply=True, security=SecurityBlock(0x18), mac=b"mac!"
        )
        return [sealed.encode()]

    wire.tap = tap
    wire.until(DeviceOnline, 1.0)
    assert not wire.of(SecurityViolation)


def test_a_card_of_long_ago_opens_nothing():
    wire = Wire(reader(0)).online()
    wire.tap = lambda reply: []
    wire.devices[0].present_card(32, b"old!")
    silence, wire.devices[0].receive = wire.devices[0].receive, lambda received, now: []
    wire.run(12.0)
    wire.devices[0].receive = silence
    wire.tap = lambda reply: [reply]
    wire.until(DeviceOnline, 3.0)
    wire.run(1.0)
    assert not wire.of(CardRead)


@settings(max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=8))
def test_noise_invents_nothing_and_the_line_recovers(bursts):
    wire = Wire(reader(0), module(1)).online()
    for burst in bursts:
        wire.inject(burst)
        wire.run(0.02)
    assert not wire.of(CardRead, KeypadInput, InputsReported)
    wire.devices[0].present_card(32, b"card")
    assert wire.until(CardRead, 3.0).raw == b"card"


@settings(max_examples=40)
@given(st.data())
def test_any_mutation_of_a_true_reply_invents_no_card(data):
    wire = Wire(reader(0)).online()

    def mutate(reply):
        changed = bytearray(reply)
        for _ in range(data.draw(st.integers(1, 4))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        return [bytes(changed)]

    wire.tap = mutate
    wire.run(0.3)
    assert not wire.of(CardRead, KeypadInput)


def echoed(wire, genuine_transmit):
    """An adapter that hears itself: every command comes back before its reply."""

    def transmit(now):
        sent = genuine_transmit(now)
        if sent:
            for piece in (sent[:3], sent[3:]):
                wire._at(now + len(sent) * wire.byte, lambda piece=piece: wire.inject(piece))
        return sent

    return transmit


def test_an_adapter_that_hears_itself_changes_nothing():
    wire = Wire(reader(0), reader(1))
    wire.panel.next_transmission = echoed(wire, wire.panel.next_transmission)
    wire.online()
    for bits, raw in shown(20):
        wire.devices[0].present_card(bits, raw)
        wire.run(0.2)
    wire.run(1.0)
    assert [event.raw for event in wire.of(CardRead)] == [raw for _, raw in shown(20)]
    assert not wire.of(SecurityViolation, DeviceOffline)


def wrong(frame, how):
    """The same reply, with one thing wrong about it that no MAC tells: it comes from somebody without a key."""
    match how:
        case "address":
            return replace(frame, address=9).encode()
        case "sequence":
            return replace(frame, sequence=(frame.sequence + 1) % 4).encode()
        case "checksum mode":
            return replace(frame, crc=False).encode()
        case "check":
            return frame.encode()[:-1] + bytes((frame.encode()[-1] ^ 1,))
        case "length":
            return frame.encode()[:2] + (len(frame.encode()) + 4).to_bytes(2, "little") + frame.encode()[4:]
        case "shorter length":
            return frame.encode()[:2] + (len(frame.encode()) - 2).to_bytes(2, "little") + frame.encode()[4:]
        case "direction":
            return replace(frame, reply=False).encode()
    raise ValueError(how)


@pytest.mark.parametrize(
    "how", ["address", "sequence", "checksum mode", "check", "length", "shorter length", "direction"]
)
def test_a_reply_with_one_thing_wrong_is_none_and_the_card_comes_with_the_retry(how):
    wire = Wire(reader(0)).online()
    spoilt = []

    def tap(reply):
        frame = FrameParser().feed(reply)[0]
        if len(spoilt) < 2 and frame.security and frame.security.kind == 0x18:
            spoilt.append(frame)
            return [wrong(frame, how)]
        return [reply]

    wire.tap = tap
    wire.devices[0].present_card(32, b"card")
    assert wire.until(CardRead, 2.0).raw == b"card"
    wire.run(1.0)
    assert (len(spoilt), len(wire.of(CardRead))) == (2, 1)
    if how != "direction":  # that one is an order on our line, and told
        assert not wire.of(SecurityViolation)


def test_a_reply_merged_with_its_double_and_with_noise_counts_once():
    wire = Wire(reader(0)).online()
    wire.tap = lambda reply: [b"\x53\x80" + reply + reply + b"\xff\x53"]
    for bits, raw in shown(10):
        wire.devices[0].present_card(bits, raw)
        wire.run(0.3)
    wire.run(1.0)
    assert [event.raw for event in wire.of(CardRead)] == [raw for _, raw in shown(10)]
    assert not wire.of(SecurityViolation, DeviceOffline)
