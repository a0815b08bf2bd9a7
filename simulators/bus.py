"""An RS-485 line as the panel's serial port sees it: a pty paced to a baud rate, half duplex, with seeded faults.

A pty carries bytes at once, whatever speed its port is set to: here a byte takes ten bit times of that speed, only who
speaks at it understands, a reader turns around before it answers, and what two senders say at once is destroyed.
"""

import contextlib
import heapq
import itertools
import os
import termios
import threading
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from devices.transport.waker import Waker
from simulators.intruders import Intruder
from simulators.line_faults import Faults, LineFaults

BITS_PER_BYTE = 10

_READ_MAXIMUM = 4096
FIFO = 16
"""Bytes a serial adapter gathers before it hands them on."""
_WAIT_AT_MOST = 0.5
_IN_SPEED, _OUT_SPEED = 4, 5
_SPEEDS = {
    getattr(termios, f"B{baud}"): baud for baud in (2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400)
}
"""Baud rates by what a port's settings call them."""
ORDERS_APART = 0.01
"""Seconds that a second panel leaves for replies."""
_REMEMBERED = 0.1
"""Seconds for which a transmission that is over may still be found to have met another."""


class BusPeripheral(Protocol):
    """What hangs on the bus. One that was moved to another speed than the line's has it as `baud`."""

    def receive(self, received: bytes, now: float) -> list[bytes]:
        """Take bytes; return the frames to answer with."""

    def get_timer(self) -> float:
        """When `handle_timer` next has something to do."""

    def handle_timer(self, now: float) -> list[bytes]:
        """Do what is due by time alone; return the frames to say now, asked or not."""


@dataclass(slots=True, eq=False)
class _Talk:
    """Somebody drives the pair from `start` to `end`; `met` tells whether somebody else did so, too."""

    start: float
    end: float
    met: bool = False


@dataclass(order=True, slots=True)
class _Due:
    at: float
    order: int
    act: Callable[[float], None] = field(compare=False)


class PacedBus:
    """Several peripherals on one pty, in one thread from `start` to `stop`.

    `turnaround` is the seconds between the end of a command and the beginning of its reply; `clock` gives monotonic
    seconds. `link`, if given, is a symbolic link that always names the pty, also after `restore` has made a new one.
    `fifo` is how many bytes the panel's adapter gathers before it hands them on.
    """

    def __init__(
        self,
        peripherals: Sequence[BusPeripheral],
        *,
        clock: Callable[[], float],
        baud: int = 115_200,
        turnaround: float = 0.003,
        faults: Faults | None = None,
        link: Path | None = None,
        fifo: int = FIFO,
    ) -> None:
        self.baud = baud
        self.collisions = 0
        self._peripherals = tuple(peripherals)
        self._clock = clock
        self._speed = baud
        self._turnaround = turnaround
        self._faults = LineFaults(faults or Faults())
        self._link = link
        self._fifo = fifo
        self._master: int | None = None
        self._slave: int | None = None
        self._slave_path = ""
        self._waker = Waker()
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._intruder: Intruder | None = None
        self._due: list[_Due] = []
        self._places = itertools.count()
        self._talks: list[_Talk] = []
        self._panel_free = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)
        self._plug()

    @property
    def _byte_time(self) -> float:
        return BITS_PER_BYTE / self._speed

    @property
    def path(self) -> str:
        """What the panel opens: the link if there is one, else the pty of now."""
        return str(self._link) if self._link else self._slave_path

    def start(self) -> None:
        """Begin to carry bytes."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, close the pty, remove the link."""
        self._order_and_wait(self._end)
        self._thread.join()
        self._unplug()
        self._waker.close()

    def cut(self) -> None:
        """Unplug the adapter at the panel's end: its port is gone."""
        self._order_and_wait(self._unplug)

    def restore(self) -> None:
        """Plug it in again."""
        self._order_and_wait(self._plug)

    @property
    def faults(self) -> Faults:
        """How bad the line is."""
        return self._faults.faults

    @property
    def is_bad(self) -> bool:
        """Whether the line has any fault."""
        return self.faults != Faults(seed=self.faults.seed)

    def suffer(self, faults: Faults) -> None:
        """Make the line as bad as that from now on."""
        self._faults = LineFaults(faults)

    def let_in(self, intruder: Intruder | None) -> None:
        """Let somebody sit in the wire; None: nobody any more."""

        def sit() -> None:
            self._intruder = intruder

        self._order_and_wait(sit)

    def _end(self) -> None:
        self._stopping = True

    def _order_and_wait(self, action: Callable[[], None]) -> None:
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._orders.put(act)
        self._waker.wake()
        done.wait()

    def _plug(self) -> None:
        if self._master is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._preset(self._slave)
        os.set_blocking(self._master, False)
        self._slave_path = os.ttyname(self._slave)
        if self._link:
            _drop(self._link)
            self._link.symlink_to(self._slave_path)

    def _preset(self, port: int) -> None:
        """Set the port to the line's speed, for whoever opens it and sets none."""
        settings = termios.tcgetattr(port)
        for name, baud in _SPEEDS.items():
            if baud == self.baud:
                settings[_IN_SPEED] = settings[_OUT_SPEED] = name
        termios.tcsetattr(port, termios.TCSANOW, settings)

    def _tune(self) -> None:
        """Take the speed that the panel has set its port to."""
        if self._slave is not None and self.baud in _SPEEDS.values():
            self._speed = _SPEEDS.get(termios.tcgetattr(self._slave)[_OUT_SPEED], 0) or self.baud

    def _listening(self) -> list[BusPeripheral]:
        """Who speaks at the panel's speed; to all others it says nothing."""
        return [each for each in self._peripherals if (getattr(each, "baud", 0) or self.baud) == self._speed]

    def _unplug(self) -> None:
        for descriptor in (self._master, self._slave):
            if descriptor is not None:
                os.close(descriptor)
        self._master = self._slave = None
        self._due.clear()
        if self._link:
            _drop(self._link)

    def _run(self) -> None:
        while not self._stopping:
            now = self._clock()
            if self._waker.wait(self._master, min(self._next_due() - now, _WAIT_AT_MOST)):
                self._from_panel()
            self._obey()
            self._act(self._clock())

    def _next_due(self) -> float:
        first = self._due[0].at if self._due else float("inf")
        intruder = self._intruder.get_timer() if self._intruder is not None else float("inf")
        return min([first, intruder, *(peripheral.get_timer() for peripheral in self._peripherals)])

    def _obey(self) -> None:
        while not self._orders.empty():  # nobody else takes any
            self._orders.get()()

    def _act(self, now: float) -> None:
        while self._due and self._due[0].at <= now:
            due = heapq.heappop(self._due)
            due.act(due.at)
        if self._intruder is not None and self._intruder.get_timer() <= now:
            at = now
            for order in self._intruder.handle_timer(now):
                self._order(order, at)
                at += len(order) * self._byte_time + ORDERS_APART
        for peripheral in self._peripherals:
            if peripheral.get_timer() <= now:
                for frame in peripheral.handle_timer(now):
                    self._say(frame, now)

    def _later(self, at: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._due, _Due(at, next(self._places), act))

    def _talk(self, start: float, length: int) -> _Talk:
        talk = _Talk(start, start + length * self._byte_time)
        self._talks = [other for other in self._talks if other.end > start - _REMEMBERED]
        for other in self._talks:
            if other.start < talk.end and talk.start < other.end:
                other.met = talk.met = True
        self._talks.append(talk)
        return talk

    def _through(self, sent: bytes, talk: _Talk) -> bytes:
        """What arrives of `sent`: all of it, damaged by faults, or noise where somebody else talked too."""
        if talk.met:
            self.collisions += 1
            return self._faults.garble(sent)
        return self._faults.flip(sent)

    def _from_panel(self) -> None:
        sent = os.read(self._master, _READ_MAXIMUM) if self._master is not None else b""
        self._tune()
        talk = self._talk(max(self._clock(), self._panel_free), len(sent))
        self._panel_free = talk.end
        if self.faults.echo:
            self._later(talk.end, partial(self._to_panel, sent, talk))
        if self._faults.lost():
            return
        self._later(talk.end, partial(self._to_peripherals, sent, talk))

    def _to_peripherals(self, sent: bytes, talk: _Talk, now: float) -> None:
        arriving = self._through(sent, talk)
        for piece in self._faults.pieces(arriving, len(arriving)):
            replies = [reply for peripheral in self._listening() for reply in peripheral.receive(piece, now)]
            if self._intruder is not None:
                replies = self._intruder.between(piece, replies, now)
            for reply in replies:
                self._from_peripheral(reply, now)

    def _order(self, sent: bytes, now: float) -> None:
        """Somebody else than the panel gives an order: all hear it, the panel too."""
        talk = self._talk(now, len(sent))
        self._later(talk.end, partial(self._to_panel, sent, talk))
        self._later(talk.end, partial(self._to_peripherals, sent, talk))

    def _from_peripheral(self, reply: bytes, now: float) -> None:
        start = self._say(reply, now + self._turnaround + self._faults.lateness())
        for unasked in self._faults.behind(reply):
            start = self._say(unasked, start)

    def _say(self, reply: bytes, start: float) -> float:
        """Say it, as often as the line makes of it; return when somebody else may speak."""
        for _ in range(self._faults.copies()):
            talk = self._talk(start, len(reply))
            sent = 0
            for piece in self._faults.pieces(reply, self._fifo):
                sent += len(piece)
                self._later(start + sent * self._byte_time, partial(self._to_panel, piece, talk))
            start = talk.end + self._turnaround
        return start

    def _to_panel(self, piece: bytes, talk: _Talk, now: float) -> None:
        del now
        arriving = self._through(piece, talk)
        if self._master is not None:
            with contextlib.suppress(BlockingIOError):  # nobody reads: a real port overruns just so
                os.write(self._master, arriving)


def _drop(link: Path) -> None:
    """Take a link away, ours or that of a bus that was killed. FileExistsError where a real thing stands there."""
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        raise FileExistsError(f"{link} is no simulated port: name another")
