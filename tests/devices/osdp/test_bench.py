"""Commissioning conversations against the simulated reader, frame by frame; somebody may sit between."""

from __future__ import annotations

import pytest

from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.bench import BenchError, answering, give_key, scan, try_key, weak
from devices.osdp.frame import Frame, FrameParser
from tests.devices.osdp.wire import dice, key, reader

NEW = bytes.fromhex("8f3c21d4a59be6070f18273d4c5a6b7e")


def hold(conversation, *devices, tap=lambda reply: reply):
    """Hold a conversation with these; `tap` sees each reply and says what arrives instead (None: nothing)."""
    answer, now = None, 0.0
    try:
        ask = next(conversation)
        while True:
            now += 0.05
            replies = [reply for device in devices for reply in device.receive(ask.wire, now)]
            heard = [tap(reply) for reply in replies]
            frames = [frame for each in heard if each for frame in FrameParser().feed(each)]
            answer = next((frame for frame in frames if frame.reply and frame.address == ask.address), None)
            ask = conversation.send(answer)
    except StopIteration as done:
        return done.value


def installing(address=0):
    return reader(address, key=None, install_mode=True)


def test_a_reader_in_install_mode_gets_a_key_and_proves_it():
    head = installing()
    keyed = hold(give_key(0, NEW, [sc.DEFAULT_KEY], dice()), head)
    assert keyed.identity.vendor == b"\x0a\x00\x17"
    assert hold(try_key(0, NEW, dice()), head).identity == keyed.identity
    [found] = hold(scan([0], dice()), head)
    assert not found.default_key


def test_the_key_is_never_in_the_clear_on_the_wire():
    sent, head = [], installing()
    conversation = give_key(0, NEW, [sc.DEFAULT_KEY], dice())
    original = head.receive
    head.receive = lambda wire, now: sent.append(wire) or original(wire, now)
    hold(conversation, head)
    assert NEW not in b"".join(sent)


def test_a_scan_lists_who_answers_and_who_takes_the_public_key():
    one, other = reader(0), installing(5)
    found = hold(scan(range(8), dice()), one, other)
    assert [(each.address, each.default_key) for each in found] == [(0, False), (5, True)]
    assert found[0].capabilities == one.capabilities
    assert hold(answering(range(8)), one, other) == (0, 5)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (reader(0), "takes none of the keys"),
        (reader(0, key=None), "no secure channel"),
        (reader(1), "nothing answers at address 0"),
    ],
)
def test_a_reader_that_cannot_be_commissioned(head, said):
    with pytest.raises(BenchError, match=said):
        hold(give_key(0, NEW, [sc.DEFAULT_KEY], dice()), head)


def test_the_second_opener_is_tried_where_the_first_is_refused():
    head = reader(0)
    hold(give_key(0, NEW, [bytes(range(16)), key(0)], dice()), head)
    assert hold(try_key(0, NEW, dice()), head)


def test_a_key_that_the_reader_does_not_hold():
    with pytest.raises(BenchError, match="does not prove"):
        hold(try_key(0, NEW, dice()), reader(0))


def test_a_reader_that_stays_in_install_mode_is_not_taken():
    head = installing()
    conversation = give_key(0, NEW, [sc.DEFAULT_KEY], dice())

    def stubborn(reply):
        return reply

    original = head.receive

    def receive(wire, now):
        frame = FrameParser().feed(wire)[0]
        if frame.security and frame.security.kind == sc.SCS_11:
            head._installing = frame.security.data == b"\x00"
        return original(wire, now)

    head.receive = receive
    with pytest.raises(BenchError, match="still takes the public default key"):
        hold(conversation, head, tap=stubborn)


def test_capabilities_that_were_changed_on_the_way():
    def tap(reply):
        frame = FrameParser().feed(reply)[0]
        if frame.code != rep.Capabilities.code or frame.security is not None:
            return reply
        richer = rep.Capabilities((*rep.Capabilities.parse(frame.payload).functions, rep.Capability(20, 1, 1)))
        return Frame(0, frame.sequence, richer.code, richer.payload(), reply=True).encode()

    with pytest.raises(BenchError, match="somebody sits between"):
        hold(give_key(0, NEW, [sc.DEFAULT_KEY], dice()), installing(), tap=tap)


def test_a_forged_acknowledgement_of_the_key_is_not_believed():
    def tap(reply):
        frame = FrameParser().feed(reply)[0]
        if frame.security is None or not frame.security.has_mac:
            return reply
        return Frame(0, frame.sequence, rep.Ack.code, reply=True).encode()

    with pytest.raises(BenchError, match="breaks the channel"):
        hold(give_key(0, NEW, [sc.DEFAULT_KEY], dice()), installing(), tap=tap)


def test_a_lost_reply_is_asked_for_again():
    lost = []

    def tap(reply):
        lost.append(reply)
        return reply if len(lost) % 2 == 0 else None

    assert hold(give_key(0, NEW, [sc.DEFAULT_KEY], dice()), installing(), tap=tap)


@pytest.mark.parametrize(
    "bad",
    [b"", NEW[:15], sc.DEFAULT_KEY, bytes(16), bytes(range(16)), b"ab" * 8, bytes(range(250, 256)) + bytes(range(10))],
)
def test_weak_keys(bad):
    assert weak(bad)


def test_a_random_key_is_not_weak():
    assert weak(NEW) is None
