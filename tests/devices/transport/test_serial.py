import os
import threading
import time
import tty

import pytest

from devices.transport.port import TransportLost, TransportUnavailable
from devices.transport.serial import SerialTransport

LONG = 30.0


@pytest.fixture
def pty():
    master, slave = os.openpty()
    tty.setraw(slave)
    ends = {"master": master, "slave": slave, "path": os.ttyname(slave)}
    yield ends
    for name in ("master", "slave"):
        if ends[name] is not None:
            os.close(ends[name])


@pytest.fixture
def port(pty):
    port = SerialTransport(pty["path"], 115_200)
    port.open()
    yield port
    port.close()


def hang_up(pty):
    for name in ("master", "slave"):
        os.close(pty[name])
        pty[name] = None


def test_bytes_both_ways(pty, port):
    port.write(b"\x53\x00\xff")
    assert os.read(pty["master"], 10) == b"\x53\x00\xff"
    os.write(pty["master"], b"\x00\x0d\x0a\x11\x13\xff")
    assert port.read(4, LONG) == b"\x00\x0d\x0a\x11"
    assert port.read(4, LONG) == b"\x13\xff"


def test_nothing_comes(port):
    assert port.read(10, 0.0) == b""
    assert port.read(10, -1.0) == b""


def test_wake_ends_the_read_under_way(port):
    started = time.monotonic()
    timer = threading.Timer(0.05, port.wake)
    timer.start()
    assert port.read(10, LONG) == b""
    assert time.monotonic() - started < LONG / 2
    timer.join()


def test_wake_before_the_read_is_not_forgotten(port):
    port.wake()
    started = time.monotonic()
    assert port.read(10, LONG) == b""
    assert time.monotonic() - started < LONG / 2


def test_unplugged_while_reading_and_writing(pty, port):
    hang_up(pty)
    with pytest.raises(TransportLost):
        port.read(10, LONG)
    with pytest.raises(TransportLost):
        port.write(b"poll")
    port.close()
    with pytest.raises(TransportLost):
        port.read(10, 0.0)


def test_not_there(tmp_path):
    with pytest.raises(TransportUnavailable):
        SerialTransport(str(tmp_path / "ttyUSB9"), 9600).open()


def test_opened_anew_after_a_close(pty, port):
    port.close()
    port.wake()  # harmless
    port.open()
    os.write(pty["master"], b"again")
    assert port.read(10, LONG) == b"again"


def test_for_us_alone(pty, port):
    with pytest.raises(TransportUnavailable):
        SerialTransport(pty["path"], 115_200).open()
