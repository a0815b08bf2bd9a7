"""A million damaged inputs in `make soak`, a seeded tenth here: no exception, and no event out of nothing."""

import os
import time

import pytest

from devices.cards import BUILT_IN, Card, Decoder, ParityFailure, UnknownFormat, encode
from devices.gateway.shown import card_presented
from devices.mqtt.messages import CardEvent, Malformed
from devices.mqtt.payloads import parse, parse_command
from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.errors import MessageError, SecurityError
from devices.osdp.events import (
    DeviceOffline,
    DeviceOnline,
    ReplyNotUnderstood,
    SecurityViolation,
)
from devices.osdp.frame import MAX_FRAME, Frame, FrameParser
from devices.osdp.peripheral import Peripheral
from tests.devices.osdp.wire import Wire, reader
from tests.fuzz.generator import Generator

INPUTS = int(os.environ.get("OSTIARY_FUZZ", "100000"))
SEED = int(os.environ.get("OSTIARY_FUZZ_SEED", "20261122"))
SHARES = {"frames": 0.55, "cards": 0.15, "sealed": 0.12, "mqtt": 0.17, "panel": 0.01}
DECODER = Decoder([each for name, each in BUILT_IN.items() if name != "H10302"])
SESSION = sc.begin(sc.session_keys(bytes(range(16)), b"panelrnd"), bytes(range(16, 32)))
WHAT_NOISE_MAY_DO = (DeviceOnline, DeviceOffline, SecurityViolation, ReplyNotUnderstood)
"""A session may break, and be told to have broken; nothing may be reported that nobody did."""


def share(what):
    return max(1, round(INPUTS * SHARES[what]))


def test_frames_and_the_messages_in_them(record_property):
    generator, parser, found = Generator(SEED), FrameParser(), 0
    started = time.process_time()
    for _ in range(share("frames")):
        stream = generator.stream()
        frames = [frame for piece in generator.pieces(stream) for frame in parser.feed(piece)]
        assert len(parser._buffer) <= MAX_FRAME
        for frame in frames + parser.flush():
            found += 1
            assert frame.encode() in stream
            read(frame)
        assert not parser.in_frame
    record_property("inputs_per_second", round(share("frames") / (time.process_time() - started)))
    assert found > share("frames") // 4  # it does get behind the check


def read(frame):
    try:
        message = (rep.parse_reply if frame.reply else cmd.parse_command)(frame.code, frame.payload)
    except MessageError:
        return
    if len(message.payload()) == len(frame.payload):
        again = (rep.parse_reply if frame.reply else cmd.parse_command)(message.code, message.payload())
        assert again == message


def test_card_data():
    generator = Generator(SEED + 1)
    for _ in range(share("cards")):
        bits, raw = generator.card()
        if not 0 < bits <= len(raw) * 8:
            with pytest.raises(ValueError, match="do not hold"):
                DECODER.decode(bits, raw)
            continue
        match DECODER.decode(bits, raw):
            case Card(name, facility, number):
                written, mask = encode(BUILT_IN[name], facility, number)[1], -1 << -bits % 8
                first = int.from_bytes(raw[: (bits + 7) // 8], "big") & mask
                assert int.from_bytes(written, "big") == first
            case ParityFailure(wrong=wrong):
                assert wrong
            case UnknownFormat(tried):
                assert tried


def test_replies_inside_the_secure_channel():
    generator = Generator(SEED + 2)
    _, waiting = sc.seal(SESSION, Frame(3, 1, 0x60))
    sealed = [
        sc.seal(waiting, Frame(3, 1, reply.code, reply.payload(), reply=True))[0]
        for reply in (rep.Ack(), rep.RawCard(0, 1, 26, b"\x31\x81\xf3\xc0"), rep.Keypad(0, b"12"), rep.Nak(6))
    ]
    known = {frame.encode() for frame in sealed}
    for number in range(share("sealed")):
        wire = generator.damaged(sealed[number % len(sealed)].encode(), repair=True)
        for frame in FrameParser().feed(wire):
            try:
                sc.unseal(waiting, frame)
            except SecurityError:
                continue
            assert frame.encode() in known


def test_mqtt_payloads(secrets):
    generator, read_well = Generator(SEED + 3), 0
    for _ in range(share("mqtt")):
        topic, payload, retained = generator.mqtt()
        message = parse(topic, payload, retained)
        parse_command(topic, payload, retained)
        read_well += not isinstance(message, Malformed)
        if isinstance(message, CardEvent):
            shown = card_presented(secrets, "reader", DECODER, message.bit_count, message.raw)
            assert (shown.token is None) == (shown.format not in BUILT_IN)
    assert read_well > share("mqtt") // 20


@pytest.mark.parametrize("secure", [True, False])
def test_a_panel_reports_nothing_that_nobody_did(secure):
    generator, given = Generator(SEED + 4), 0
    while given < share("panel") // 2:
        wire, heard = fresh(secure=secure), []

        def tap(reply, heard=heard):
            heard.append(reply)
            return [other_than(reply, generator.damaged(reply, repair=secure))]

        wire.tap = tap
        wire.run(1.0)
        given += len(heard)
        assert heard
        assert not [event for _, event in wire.events if not isinstance(event, WHAT_NOISE_MAY_DO)]


def fresh(*, secure):
    if secure:
        return Wire(reader(0)).online()
    return Wire(reader(0, key=None), peripherals=[Peripheral(0, secure=False)]).online()


def other_than(true, damaged):
    """What was changed and changed back is a true reply, and none of those come here."""
    return b"" if damaged == true else damaged


class Secrets:
    def card_token(self, card_format, number):
        return f"token {card_format} {number}"


@pytest.fixture
def secrets():
    return Secrets()
