"""A real pty pulled out in the middle of a frame, under a real pyserial port, and plugged in again."""

import os
import time
import tty
from pathlib import Path

import pytest

from devices.line import LineBack, LineLost
from devices.osdp.events import CardRead, DeviceOffline, DeviceOnline, OfflineCause, SecurityViolation
from devices.transport.serial import SerialTransport
from tests.devices.lines import running_line
from tests.devices.osdp.wire import reader

PATIENCE = 20.0


class Plug:
    """The reader's end of a pty that can be pulled and plugged; `cut_at` pulls it after so many bytes of a reply."""

    def __init__(self, link: Path, device):
        self.link, self.device = link, device
        self.cut_at = None
        self.master = self.slave = None
        self.plug()

    def plug(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.slave))

    def pull(self):
        for end in (self.master, self.slave):
            os.close(end)
        self.master = None
        self.link.unlink(missing_ok=True)

    def serve(self, done):
        """Carry bytes until `done`, or until the plug is pulled."""
        deadline = time.monotonic() + PATIENCE
        while self.master is not None and not done():
            assert time.monotonic() < deadline
            try:
                heard = os.read(self.master, 4096)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            for reply in self.device.receive(heard, time.monotonic()):
                self._say(reply)

    def _say(self, reply):
        if self.cut_at is None or len(reply) <= self.cut_at + 1:
            os.write(self.master, reply)
            return
        os.write(self.master, reply[: self.cut_at])
        time.sleep(0.02)  # the beginning of the frame has been read: the panel waits for its rest
        self.pull()


@pytest.mark.parametrize("cut_at", [1, 4, 7, 12])
def test_a_plug_pulled_in_the_middle_of_a_frame_costs_no_card(tmp_path, cut_at):
    device = reader(0)
    plug = Plug(tmp_path / "port", device)
    with running_line(lambda: SerialTransport(str(tmp_path / "port"), 115_200), [0]) as (_, tape):
        plug.serve(lambda: tape.of(DeviceOnline))
        device.present_card(32, b"card")
        plug.cut_at = cut_at
        plug.serve(lambda: False)
        tape.wait(LineLost)
        assert tape.wait(DeviceOffline).cause is OfflineCause.LINE_LOST
        assert not tape.of(CardRead)
        plug.cut_at = None
        plug.plug()
        plug.serve(lambda: len(tape.of(DeviceOnline)) == 2 and tape.of(CardRead))
        assert [card.raw for card in tape.of(CardRead)] == [b"card"]
        assert len(tape.of(LineBack)) == 2
        device.present_card(32, b"next")
        plug.serve(lambda: len(tape.of(CardRead)) == 2 and not device.pending)
        assert [card.raw for card in tape.of(CardRead)] == [b"card", b"next"]
        assert not tape.of(SecurityViolation)
    plug.pull()
