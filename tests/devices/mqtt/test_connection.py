"""The box's connection to its broker: every byte once and in order, in few calls, both ways."""

from __future__ import annotations

import ssl

import pytest

from devices.mqtt.client import _Connection


class Records:
    """A TLS connection that gives what has come record by record; then there is nothing, or the end.

    It takes ``room`` bytes; ``gone``: none any more.
    """

    def __init__(self, *records: bytes, ended: bool = False) -> None:
        self.records, self.ended, self.calls = list(records), ended, 0
        self.room, self.gone, self.taken, self.closed = 1000, False, [], False

    def send(self, said: bytearray) -> int:
        if self.gone:
            raise BrokenPipeError
        if not self.room:
            raise ssl.SSLWantWriteError
        self.taken.append(bytes(said[: self.room]))
        self.room -= len(self.taken[-1])
        return len(self.taken[-1])

    def close(self) -> None:
        self.closed = True

    def recv_into(self, buffer: bytearray) -> int:
        self.calls += 1
        if self.records:
            record = self.records.pop(0)
            assert len(record) <= len(buffer)
            buffer[: len(record)] = record
            return len(record)
        if self.ended:
            return 0
        raise ssl.SSLWantReadError

    def pending(self) -> int:
        return 0

    def fileno(self) -> int:
        return 7


def test_packets_in_pieces_take_one_call_for_each_record():
    records = Records(b"\x32\x03abc\x32\x01d", b"\xd0\x00")
    connection = _Connection(records)
    assert [connection.recv(1), connection.recv(1), connection.recv(3)] == [b"\x32", b"\x03", b"abc"]
    assert (connection.pending(), records.calls) == (3, 1)
    assert [connection.recv(1), connection.recv(1), connection.recv(9)] == [b"\x32", b"\x01", b"d"]
    assert (connection.pending(), records.calls) == (0, 1)
    assert connection.recv(2) == b"\xd0\x00"
    with pytest.raises(ssl.SSLWantReadError):
        connection.recv(1)


def test_nothing_that_was_read_stays_in_its_buffer():
    connection = _Connection(Records(b"a long record with a card", b"short"))
    assert connection.recv(100) == b"a long record with a card"
    assert not any(connection._ahead)
    assert (connection.recv(2), connection.recv(3)) == (b"sh", b"ort")
    assert not any(connection._ahead)


def test_an_end_is_an_end_and_all_else_is_the_connections_own():
    connection = _Connection(Records(ended=True))
    assert (connection.recv(1), connection.recv(1), connection.fileno()) == (b"", b"", 7)


def test_what_is_said_goes_out_together_in_order():
    tls = Records()
    connection = _Connection(tls)
    assert (connection.send(b"\x40\x02ab"), connection.send(b"\x40\x02cd")) == (4, 4)
    assert tls.taken == []
    assert connection.flush()
    assert connection.flush()
    assert tls.taken == [b"\x40\x02ab\x40\x02cd"]


def test_what_a_slow_broker_does_not_take_goes_out_later_once():
    tls = Records()
    tls.room = 3
    connection = _Connection(tls)
    connection.send(b"abcde")
    assert not connection.flush()
    connection.send(b"fg")
    tls.room = 100
    assert connection.flush()
    assert b"".join(tls.taken) == b"abcdefg"


@pytest.mark.parametrize("parting", [True, False])
def test_a_goodbye_goes_out_before_the_connection_is_closed_and_nothing_else(parting):
    tls = Records()
    connection = _Connection(tls)
    connection.parting = parting
    connection.send(b"\xe0\x00")
    connection.close()
    assert (tls.taken, tls.closed) == ([b"\xe0\x00"] if parting else [], True)


def test_on_a_connection_that_is_gone_nothing_waits_to_be_written():
    tls = Records()
    connection = _Connection(tls)
    tls.gone = True
    connection.send(b"abc")
    assert connection.flush()
    tls.gone = False
    assert connection.flush()
    assert tls.taken == []
