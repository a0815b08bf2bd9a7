"""Pelco-D: the examples of its own document, both ways round, and whatever noise a line makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.pelco_d import (
    TURBO,
    Axis,
    ClearPreset,
    GoToPreset,
    Motion,
    PelcoParser,
    Position,
    QueryPosition,
    SetPosition,
    SetPreset,
    encode,
)

VECTORS = [
    # Pelco TF-0002: "camera 1, pan left at half speed", and its other examples
    ("ff 01 00 04 20 00 25", 1, Motion(pan=-0x20)),
    ("ff 01 00 00 00 00 01", 1, Motion()),
    ("ff 02 00 08 00 20 2a", 2, Motion(tilt=0x20)),
    ("ff 0a 88 90 20 40 82", 10, None),  # its second example: camera on, focus far, tilt down: a speed out of range
    ("ff 01 00 02 ff 00 02", 1, Motion(pan=TURBO)),
    ("ff 01 00 20 00 00 21", 1, Motion(zoom=1)),
    ("ff 01 01 00 00 00 02", 1, Motion(focus=-1)),
    ("ff 01 02 00 00 00 03", 1, Motion(iris=1)),
    ("ff 01 00 03 00 05 09", 1, SetPreset(5)),
    ("ff 01 00 05 00 05 0b", 1, ClearPreset(5)),
    ("ff 01 00 07 00 05 0d", 1, GoToPreset(5)),
    ("ff 01 00 51 00 00 52", 1, QueryPosition(Axis.PAN)),
    ("ff 01 00 5b 11 94 01", 1, Position(Axis.TILT, 4500)),
    ("ff 01 00 4f ff ff 4e", 1, SetPosition(Axis.ZOOM, 0xFFFF)),
]

ways = st.integers(-1, 1)
degrees = st.integers(0, 35_999)
messages = st.one_of(
    st.builds(Motion, st.integers(-64, 64), st.integers(-63, 63), ways, ways, ways),
    *(st.builds(kind, st.integers(1, 255)) for kind in (SetPreset, ClearPreset, GoToPreset)),
    *(st.builds(kind, st.sampled_from([Axis.PAN, Axis.TILT]), degrees) for kind in (SetPosition, Position)),
    st.builds(SetPosition, st.just(Axis.ZOOM), st.integers(0, 0xFFFF)),
    st.builds(QueryPosition, st.sampled_from(Axis)),
)  # fmt: skip


@pytest.mark.parametrize(("wire", "address", "message"), VECTORS)
def test_frames_of_the_document(wire, address, message):
    frame = bytes.fromhex(wire)
    assert PelcoParser().feed(frame) == ([(address, message)] if message else [])
    if message:
        assert encode(address, message) == frame


@given(st.integers(0, 255), messages)
def test_what_is_said_is_what_is_heard(address, message):
    assert PelcoParser().feed(encode(address, message)) == [(address, message)]


@given(st.lists(st.tuples(st.integers(0, 254), messages), max_size=5), st.data())
def test_any_chunking_is_the_same(said, data):
    wire, parser, heard = b"".join(encode(*each) for each in said), PelcoParser(), []
    while wire:
        cut = data.draw(st.integers(1, len(wire)))
        heard += parser.feed(wire[:cut])
        wire = wire[cut:]
    assert heard == said


@given(st.binary(max_size=200))
def test_noise_is_never_an_error_and_what_comes_of_it_could_have_been_said(noise):
    for address, message in PelcoParser().feed(noise):
        encode(address, message)


@pytest.mark.parametrize("place", range(1, 7))
def test_any_one_byte_wrong_is_no_order(place):
    frame = bytearray(encode(1, GoToPreset(3)))
    frame[place] ^= 0x10
    assert PelcoParser().feed(bytes(frame)) == []


def test_a_frame_behind_a_broken_one_is_found():
    broken = encode(1, Motion(pan=TURBO))[:-2]
    assert (2, GoToPreset(9)) in PelcoParser().feed(broken + encode(2, GoToPreset(9)) + bytes(7))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (256, Motion()),
        (-1, Motion()),
        (1, Motion(pan=65)),
        (1, Motion(tilt=-64)),
        (1, SetPreset(0)),
        (1, GoToPreset(256)),
        (1, SetPosition(Axis.PAN, 36_000)),
        (1, SetPosition(Axis.ZOOM, 0x10000)),
    ],
)
def test_what_pelco_d_cannot_say_is_refused(address, message):
    with pytest.raises(ValueError):
        encode(address, message)
