from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.osdp.errors import LocalError
from devices.osdp.frame import MAX_FRAME, Frame, FrameParser, SecurityBlock, checksum, crc16

POLL_CRC = bytes.fromhex("5300080006608 9CC".replace(" ", ""))
POLL_SUM = bytes.fromhex("53000700026044")
ACK_FROM_A_REAL_READER = bytes([83, 128, 8, 0, 5, 64, 104, 159])

frames = st.builds(
    Frame,
    address=st.integers(0, 0x7F),
    sequence=st.integers(0, 3),
    code=st.integers(0, 255),
    payload=st.binary(max_size=60),
    reply=st.booleans(),
    security=st.none() | st.builds(SecurityBlock, st.integers(0x11, 0x14), st.binary(max_size=1)),
    crc=st.booleans(),
)


def made_anew(frame):
    """The bytes of a frame from its fields alone: what was received is not what is sent again."""
    return replace(frame).encode()


def parse(stream, size=None):
    parser = FrameParser()
    step = size or max(1, len(stream))
    found = [parser.feed(stream[start : start + step]) for start in range(0, len(stream), step)]
    return [frame for batch in found for frame in batch]


def test_crc_is_the_catalogue_s_spi_fujitsu():
    assert crc16(b"123456789") == 0xE5CC


def test_checksum_makes_the_sum_zero():
    assert (sum(POLL_SUM[:-1]) + checksum(POLL_SUM[:-1])) & 0xFF == 0


# The bytes are those of OSDP.Net's own tests and traces.
@pytest.mark.parametrize(
    ("wire", "frame"),
    [
        (POLL_CRC, Frame(0, 2, 0x60)),
        (POLL_SUM, Frame(0, 2, 0x60, crc=False)),
        (ACK_FROM_A_REAL_READER, Frame(0, 1, 0x40, reply=True)),
        (bytes.fromhex("53000D00066E0180250000EC7B"), Frame(0, 2, 0x6E, bytes.fromhex("0180250000"))),
        (bytes.fromhex("53000C00026E01802500008B"), Frame(0, 2, 0x6E, bytes.fromhex("0180250000"), crc=False)),
        (
            bytes.fromhex("5380140006 45000EE3101000007497230606 1B88".replace(" ", "")),
            Frame(0, 2, 0x45, bytes.fromhex("000EE310100000749723 0606".replace(" ", "")), reply=True),
        ),
    ],
)
def test_frames_as_others_write_them(wire, frame):
    assert made_anew(frame) == wire
    assert parse(wire) == [frame]


def test_a_mac_is_told_from_the_payload():
    wire = bytes.fromhex("53000E000E0215604B32767773B6")
    (frame,) = parse(wire)
    assert (frame.security, frame.mac, frame.payload) == (SecurityBlock(0x15), bytes.fromhex("4B327677"), b"")
    assert made_anew(frame) == wire


@given(st.lists(frames, max_size=4), st.integers(1, 20))
def test_any_chunking_gives_the_same_frames(sent, size):
    assert parse(b"".join(frame.encode() for frame in sent), size) == sent


@given(st.binary(max_size=300), frames)
def test_a_frame_behind_noise_is_found_once_the_noise_is_given_up(noise, frame):
    parser = FrameParser()
    found = parser.feed(noise + frame.encode()) + parser.flush()
    assert frame in found
    assert not parser.in_frame


@given(st.binary(max_size=3000), st.integers(1, 200))
def test_noise_never_raises_and_never_waits_for_more_than_a_frame(noise, size):
    parser = FrameParser()
    for start in range(0, len(noise), size):
        for frame in parser.feed(noise[start : start + size]):
            assert made_anew(frame) in noise  # what is found was really there, check and all
    assert len(parser._buffer) <= MAX_FRAME


@given(frames, st.data())
def test_one_wrong_bit_makes_no_frame(frame, data):
    wire = bytearray(replace(frame, crc=True).encode())
    bit = data.draw(st.integers(0, len(wire) * 8 - 1))
    wire[bit // 8] ^= 1 << bit % 8
    assert replace(frame, crc=True) not in parse(bytes(wire))


def test_a_length_beyond_the_limit_is_noise_at_once():
    parser = FrameParser()
    assert parser.feed(b"\x53\x00\xff\xff\x04" + POLL_CRC) == [Frame(0, 2, 0x60)]


def test_a_frame_too_long_to_send_is_our_fault():
    with pytest.raises(LocalError):
        Frame(0, 0, 0x60, bytes(MAX_FRAME)).encode()


def test_what_is_made_of_a_received_frame_is_put_together_from_its_own_fields():
    (frame,) = parse(Frame(5, 2, 0x60, b"sent").encode())
    assert frame.authenticated() == Frame(5, 2, 0x60, b"sent").authenticated()
    assert replace(frame, payload=b"other").encode() == Frame(5, 2, 0x60, b"other").encode()
