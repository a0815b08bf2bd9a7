import threading

import pytest

from devices.transport.memory import memory_pair
from devices.transport.port import TransportLost, TransportUnavailable


def test_what_one_end_writes_the_other_reads():
    here, there = memory_pair()
    here.write(b"abcdef")
    assert (there.read(4, 1.0), there.read(4, 1.0), there.read(4, 0.0)) == (b"abcd", b"ef", b"")
    there.write(b"back")
    assert here.read(10, 1.0) == b"back"


def test_wake_and_cut_end_a_read():
    here, there = memory_pair()
    here.wake()
    assert here.read(1, 30.0) == b""
    timer = threading.Timer(0.05, there.cut)
    timer.start()
    with pytest.raises(TransportLost):
        here.read(1, 30.0)
    with pytest.raises(TransportLost):
        here.write(b"x")
    with pytest.raises(TransportUnavailable):
        here.open()
    here.mend()
    here.open()
    timer.join()
