"""A connection that is read ahead gives every byte once, in order, and says how many it still holds."""

from __future__ import annotations

import ssl

import pytest

from devices.mqtt.client import _ReadAhead


class Records:
    """A TLS connection that gives what has come record by record; then there is nothing, or the end."""

    def __init__(self, *records: bytes, ended: bool = False) -> None:
        self.records, self.ended, self.calls = list(records), ended, 0

    def recv(self, count: int) -> bytes:
        self.calls += 1
        if self.records:
            assert len(self.records[0]) <= count
            return self.records.pop(0)
        if self.ended:
            return b""
        raise ssl.SSLWantReadError

    def pending(self) -> int:
        return 0

    def fileno(self) -> int:
        return 7


def test_packets_in_pieces_take_one_call_for_each_record():
    records = Records(b"\x32\x03abc\x32\x01d", b"\xd0\x00")
    ahead = _ReadAhead(records)
    assert [ahead.recv(1), ahead.recv(1), ahead.recv(3)] == [b"\x32", b"\x03", b"abc"]
    assert (ahead.pending(), records.calls) == (3, 1)
    assert [ahead.recv(1), ahead.recv(1), ahead.recv(9)] == [b"\x32", b"\x01", b"d"]
    assert (ahead.pending(), records.calls) == (0, 1)
    assert ahead.recv(2) == b"\xd0\x00"
    with pytest.raises(ssl.SSLWantReadError):
        ahead.recv(1)


def test_an_end_is_an_end_and_all_else_is_the_connections_own():
    ahead = _ReadAhead(Records(ended=True))
    assert (ahead.recv(1), ahead.recv(1), ahead.fileno()) == (b"", b"", 7)
