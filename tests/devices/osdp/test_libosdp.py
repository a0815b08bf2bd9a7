"""Each end against libosdp, so that a mistake both our ends share cannot hide."""

import json
import os
import subprocess
import sys
import threading
import time
import tty
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

from devices.osdp import commands as cmd
from devices.osdp.events import CardRead, CommandDelivered, DeviceOnline, KeypadInput, SecurityViolation, ViolationKind
from devices.osdp.peripheral import Peripheral
from tests.devices.lines import PATIENCE, running_bus, serial_line
from tests.devices.osdp.wire import key, module, reader

HERE = Path(__file__).parent
RMAC_I = bytes((0x03, 0x14, 0x01, 0x78))
WHOLE_FRAMES = 1440
"""libosdp 3.2.9 drops a frame that arrives in pieces."""


class Peer:
    """A libosdp process: what it says, line by line, and what it is told."""

    def __init__(self, script, *arguments):
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._said = Queue()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def tell(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self, **wanted):
        """The next thing it says that has these values."""
        while True:
            said = self._said.get(timeout=PATIENCE)
            if not wanted:
                return said
            if said.startswith("{") and wanted.items() <= json.loads(said).items():
                return json.loads(said)

    def leave(self):
        self.tell("quit")
        self._process.wait(PATIENCE)
        self._listener.join()
        self._process.stdin.close()
        self._process.stdout.close()

    def _listen(self):
        for line in self._process.stdout:
            self._said.put(line.strip())


@contextmanager
def peer(script, *arguments):
    process = Peer(script, *arguments)
    try:
        yield process
    finally:
        process.leave()


class Bridge:
    """A peripheral of the paced bus that lives behind another pty, in another process."""

    def __init__(self):
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._look_at = 0.0
        self.lose = b""
        """The next reply with these bytes in it is lost."""

    def receive(self, received, now):
        os.write(self._master, received)
        return []

    def get_timer(self):
        return self._look_at

    def handle_timer(self, now):
        self._look_at = time.monotonic() + 0.002
        try:
            reply = os.read(self._master, 4096)
        except BlockingIOError:
            return []
        if self.lose and self.lose in reply:
            self.lose = b""
            return []
        return [reply]

    def close(self):
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def bridge():
    bridge = Bridge()
    yield bridge
    bridge.close()


@pytest.mark.parametrize("secure", [True, False])
def test_libosdp_s_reader_on_our_panel(bridge, secure):
    given = key(5).hex() if secure else "-"
    configured = [Peripheral(5, key(5) if secure else None, secure=secure)]
    with (
        running_bus(bridge) as bus,
        peer("libosdp_reader.py", bridge.path, "5", given) as other,
        serial_line(bus, peripherals=configured) as (line, tape),
    ):
        assert other.hear() == "ready"
        assert tape.wait(DeviceOnline).secure is secure
        other.tell("card 26 12345640")
        assert tape.wait(CardRead) == CardRead(5, 0, 26, b"\x12\x34\x56\x40")
        other.tell("keys 1234")
        assert tape.wait(KeypadInput) == KeypadInput(5, 0, "1234")
        deadline = time.monotonic() + PATIENCE
        pulse = cmd.Output((cmd.OutputRecord(1, cmd.OutputControl.TIMED_ON, 30),))
        line.send(5, pulse, deadline=deadline, token="out")
        assert other.hear(command=1) == {"command": 1, "output_no": 1, "control_code": 5, "timer_count": 30}
        line.send(5, cmd.Buzzer(0, cmd.Tone.DEFAULT, 1, 2, 3), deadline=deadline, token="buzzer")
        heard = other.hear(command=3)
        assert (heard["control_code"], heard["on_count"], heard["off_count"], heard["rep_count"]) == (2, 1, 2, 3)
        steady = cmd.LedPermanent(cmd.PermanentLed.SET, 1, 0, cmd.Color.GREEN, cmd.Color.BLACK)
        line.send(5, cmd.Led((cmd.LedRecord(permanent=steady),)), deadline=deadline, token="led")
        heard = other.hear(command=2)
        assert (heard["temporary"], heard["on_color"], heard["off_color"]) == (False, 2, 0)
        tape.wait(CommandDelivered, 3)
        assert [event.token for event in tape.of(CommandDelivered)] == ["out", "buzzer", "led"]
        assert not tape.of(SecurityViolation)


def test_libosdp_s_reader_comes_up_though_the_last_step_was_lost(bridge):
    bridge.lose = RMAC_I
    with (
        running_bus(bridge) as bus,
        peer("libosdp_reader.py", bridge.path, "5", key(5).hex()) as other,
        serial_line(bus, 5) as (_, tape),
    ):
        assert other.hear() == "ready"
        assert tape.wait(DeviceOnline).secure
        assert not bridge.lose
        assert not tape.of(SecurityViolation)


def test_libosdp_s_reader_with_another_key_stays_out(bridge):
    with (
        running_bus(bridge) as bus,
        peer("libosdp_reader.py", bridge.path, "5", key(6).hex()) as other,
        serial_line(bus, 5) as (_, tape),
    ):
        assert other.hear() == "ready"
        assert tape.wait(SecurityViolation) == SecurityViolation(5, ViolationKind.WRONG_KEY)
        assert not tape.of(DeviceOnline)


def test_our_reader_and_relay_on_libosdp_s_panel():
    moved = Queue()
    badge, relay = reader(0), module(1, on_output=lambda number, energised, _now: moved.put((number, energised)))
    keys = [f"{address}:{key(address).hex()}" for address in (0, 1)]
    with running_bus(badge, relay, fifo=WHOLE_FRAMES) as bus, peer("libosdp_panel.py", bus.path, *keys) as other:
        assert other.hear() == "online"
        assert badge.secured
        assert relay.secured
        badge.present_card(26, b"\x12\x34\x56\x40")
        assert other.hear(event=1)["data"] == "12345640"
        badge.type_pin("12#")
        assert other.hear(event=2)["data"] == b"12\x0d".hex()
        relay.set_input(1, 1)
        assert other.hear(event=4, address=1)["report"] == "00010000"
        badge.tamper(True)
        assert other.hear(event=4, address=0)["report"] == "0100"
        other.tell("out 1")
        assert moved.get(timeout=PATIENCE) == (0, True)
        assert moved.get(timeout=PATIENCE) == (0, False)
        other.tell("led 0")
        other.tell("buzzer 0")
        until = time.monotonic() + PATIENCE
        while badge.beeps < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert (badge.led(time.monotonic()), badge.beeps) == (cmd.Color.GREEN, 2)
        assert badge.pending == relay.pending == 0
