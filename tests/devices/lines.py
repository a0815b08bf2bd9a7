"""A real line on a paced pty, with its thread, and the tape of what it told."""

import secrets
import threading
import time
from contextlib import contextmanager

from devices.line import Line, PanelReport
from devices.osdp.control_panel import ControlPanel
from devices.osdp.events import TO_BE_CONFIRMED, DeviceOnline
from devices.osdp.peripheral import Peripheral
from devices.transport.serial import SerialTransport
from simulators.bus import PacedBus
from tests.devices.osdp.wire import key

PATIENCE = 20.0


class Tape:
    """What was told, in order; `wait` for what is still to come."""

    def __init__(self):
        self.events = []
        self._changed = threading.Condition()

    def put(self, event):
        with self._changed:
            self.events.append(event.event if isinstance(event, PanelReport) else event)
            self._changed.notify_all()

    def wait(self, kind, count=1):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.of(kind)) >= count, PATIENCE), (kind, self.events)
            return self.of(kind)[count - 1]

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


@contextmanager
def running_bus(*devices, **options):
    bus = PacedBus(devices, clock=time.monotonic, **options)
    bus.start()
    try:
        yield bus
    finally:
        bus.stop()


@contextmanager
def running_line(open_transport, addresses, peripherals=None, clock=time.monotonic):
    """The line, confirming each event at once, and its tape."""
    tape = Tape()
    peripherals = peripherals or [Peripheral(address, key(address)) for address in addresses]
    panel = ControlPanel(peripherals, now=clock(), random_bytes=secrets.token_bytes)

    def told(event):
        if isinstance(event, PanelReport) and isinstance(event.event, TO_BE_CONFIRMED):
            line.confirm(event.event.address)
        tape.put(event)

    line = Line("north", open_transport, panel, clock, told)
    line.start()
    try:
        yield line, tape
    finally:
        line.stop()


def serial_line(bus, *addresses, peripherals=None):
    return running_line(lambda: SerialTransport(bus.path, bus.baud), addresses, peripherals)


def all_online(tape, count):
    tape.wait(DeviceOnline, count)
