"""Sealed recordings, as an attacker with the disk in hand: nothing is read, and no change goes unnoticed."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as some

from vision.recording.sealed import CHUNK, BrokenOff, Damaged, SealedError, Sealer, unsealed

KEY, LABEL = os.urandom(32), "rec-clips-cam-lobby-2026-11-22"


def written(*parts: bytes, key: bytes = KEY, label: str = LABEL, finished: bool = True) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, key, label)
    for part in parts:
        sealer.write(part)
        sealer.flush()
    if finished:
        sealer.finish()
    return file.getvalue()


def read(sealed: bytes, key: bytes = KEY, label: str = LABEL) -> bytes:
    return b"".join(unsealed(io.BytesIO(sealed), key, label))


def chunks(sealed: bytes) -> tuple[bytes, list[bytes]]:
    """The head, and each chunk with its length."""
    at = 8 + 2 + len(LABEL) + 12 + 48
    head, found = sealed[:at], []
    while at < len(sealed):
        end = at + 4 + int.from_bytes(sealed[at : at + 4], "big")
        found.append(sealed[at:end])
        at = end
    return head, found


def given_before(error, sealed: bytes) -> bytes:
    """What is given out before the error that must come."""
    given, parts = b"", unsealed(io.BytesIO(sealed), KEY, LABEL)
    while True:
        try:
            given += next(parts)
        except error:
            return given


@given(parts=some.lists(some.binary(max_size=2 * CHUNK), max_size=4))
def test_what_is_sealed_is_read_back_and_stands_nowhere_in_clear(parts):
    sealed = written(*parts)
    assert read(sealed) == b"".join(parts)
    assert not any(len(part) > 8 and part in sealed for part in parts)


def test_two_films_of_one_key_share_nothing():
    assert written(b"the same film") != written(b"the same film")


def test_a_wrong_key_or_another_days_label_opens_nothing():
    sealed = written(b"a film")
    with pytest.raises(SealedError):
        read(sealed, key=os.urandom(32))
    with pytest.raises(SealedError, match="says that it is of"):
        read(sealed, label="rec-clips-cam-lobby-2026-11-23")
    forged = sealed.replace(b"2026-11-22", b"2026-11-23")
    with pytest.raises(SealedError):
        read(forged, label="rec-clips-cam-lobby-2026-11-23")


@pytest.mark.parametrize("cut", [1, 16, 17, 36, 37])
def test_a_film_that_was_cut_says_so_and_gives_what_is_left(cut):
    sealed = written(b"first", b"second")
    assert b"firstsecond".startswith(given_before((BrokenOff, Damaged), sealed[:-cut]))


def test_a_film_whose_writer_was_killed_is_read_up_to_its_last_flush():
    assert given_before(BrokenOff, written(b"first", b"second", finished=False)) == b"firstsecond"


def test_chunks_cannot_be_swapped_left_out_repeated_or_taken_from_another_film():
    head, (one, two, end) = chunks(written(b"first", b"second"))
    other = chunks(written(b"third", b"fourth"))[1]
    for order in ([two, one, end], [two, end], [one, one, two, end], [one, other[1], end], [one, two, other[2]]):
        with pytest.raises(Damaged):
            read(head + b"".join(order))
    with pytest.raises(BrokenOff):
        read(head + one + two)
    with pytest.raises(Damaged, match="follows the last"):
        read(head + one + two + end + end)


@given(at=some.integers(0, 10_000), bit=some.integers(0, 7))
def test_no_changed_bit_goes_unnoticed(at, bit):
    sealed = bytearray(written(b"first" * 20, b"second" * 20))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(SealedError):
        read(bytes(sealed))


@given(noise=some.binary(max_size=300))
def test_noise_is_no_recording(noise):
    with pytest.raises(SealedError):
        read(noise)
