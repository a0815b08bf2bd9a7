"""Panel and peripherals on one line in simulated time: every byte takes its time, nothing sleeps."""

import heapq
import itertools
import random

from devices.osdp.control_panel import ControlPanel
from devices.osdp.events import TO_BE_CONFIRMED, DeviceOnline
from devices.osdp.peripheral import Peripheral
from simulators.io_module import IoModule
from simulators.line_faults import Faults, LineFaults
from simulators.osdp_device import Wiring
from simulators.reader import Reader

BYTE = 10 / 115_200
TURNAROUND = 0.003


def key(address):
    return bytes([address + 1]) * 16


def dice(seed=7):
    return random.Random(seed).randbytes


def reader(address, **wiring):
    return Reader(Wiring(address, **({"key": key(address)} | wiring)), random_bytes=dice(address))


def module(address, **options):
    return IoModule(Wiring(address, key(address)), random_bytes=dice(address), **options)


class Wire:
    """`events` is the tape of (time, event); `tap` sees each reply on its way and says what arrives instead.

    `cut` holds the addresses whose cable is cut just now; what more is given is the panel's.
    """

    def __init__(
        self, *devices, peripherals=None, faults=None, byte=BYTE, confirm=True, turnaround=TURNAROUND, **panel
    ):
        self.now = 100.0
        self.devices = list(devices)
        self.events = []
        self.commands = []
        self.tap = lambda reply: [reply]
        self.confirm = confirm
        self.byte = byte
        self.turnaround = turnaround
        self.faults = LineFaults(faults or Faults())
        self.heap = []
        self.order = itertools.count()
        if peripherals is None:
            peripherals = [Peripheral(device.address, key(device.address)) for device in devices]
        self.panel = ControlPanel(peripherals, now=self.now, random_bytes=dice(), **panel)
        self.cut = set()

    def run(self, seconds):
        end = self.now + seconds
        while self.now < end:
            self._panel_turn()
            due = [self.heap[0][0]] if self.heap else []
            timers = [device.get_timer() for device in self.devices]
            self.now = min(end, max(self.now + 1e-5, min([self.panel.get_timer(), *due, *timers])))
            while self.heap and self.heap[0][0] <= self.now:
                heapq.heappop(self.heap)[2]()
            for device in self.devices:
                device.handle_timer(self.now)
        self._panel_turn()
        return self

    def until(self, kind, seconds=10.0, step=0.005):
        """Run until an event of this kind has come; return it."""
        seen, end = len(self.events), self.now + seconds
        while self.now < end:
            self.run(step)
            for _, event in self.events[seen:]:
                if isinstance(event, kind):
                    return event
        raise TimeoutError(kind)

    def online(self):
        """Bring all peripherals online and let their states be read."""
        while sum(isinstance(event, DeviceOnline) for _, event in self.events) < len(self.devices):
            self.until(DeviceOnline)
        self.run(0.5)
        self.events.clear()
        return self

    def of(self, *kinds):
        return [event for _, event in self.events if isinstance(event, kinds)]

    def inject(self, wire):
        """Somebody on the line says this."""
        self.panel.receive(wire, self.now)
        self._take()

    def _panel_turn(self):
        self.panel.handle_timer(self.now)
        outgoing = self.panel.next_transmission(self.now)
        self._take()
        if outgoing:
            self.commands.append((self.now, outgoing))
            if not self.faults.lost():
                arrival = self.now + len(outgoing) * self.byte
                self._at(arrival, lambda: self._to_devices(self.faults.flip(outgoing)))

    def _to_devices(self, sent):
        for device in self.devices:
            if self.cut and device.address in self.cut:
                continue
            for piece in self.faults.pieces(sent, len(sent)):
                for reply in device.receive(piece, self.now):
                    for arriving in self.tap(reply):
                        self._to_panel(arriving)

    def _to_panel(self, reply):
        start = self.now + self.turnaround + self.faults.lateness()
        for _ in range(self.faults.copies()):
            arriving, done = self.faults.flip(reply), 0
            for piece in self.faults.pieces(arriving, 16):
                done += len(piece)
                self._at(start + done * self.byte, lambda piece=piece: self.inject(piece))
            start += len(reply) * self.byte

    def _at(self, when, act):
        heapq.heappush(self.heap, (when, next(self.order), act))

    def _take(self):
        for event in self.panel.take_events():
            self.events.append((self.now, event))
            if self.confirm and isinstance(event, TO_BE_CONFIRMED):
                self.panel.confirm(event.address)
