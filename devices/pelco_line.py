"""A serial device with camera heads on it (Pelco-D): a thread that hands them their orders and ends every movement.

Heads say nothing of themselves: that one is dead shows in its picture alone. That the wire is gone is told.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from devices.pelco_d import Message, Motion, encode
from devices.transport.port import Transport, TransportLost, TransportUnavailable

REOPEN_EVERY = 1.0
"""Seconds after which a wire that is gone is tried again."""
LOOKS_EVERY = 1.0
"""Seconds at most until an unplugged wire is noticed."""
STILL = Motion()
SAID_TWICE = 2
"""A stop is sent so often: nobody answers, and one frame may be lost to noise."""
_READ_MAXIMUM = 64


@dataclass(frozen=True, slots=True)
class _Order:
    address: int
    message: Message
    by: float
    until: float | None


class PelcoLine:
    """`on_trouble` is called in this line's own thread with a sentence once it is gone, with None once it is there.

    Whenever the wire is opened, and before it is closed, every head on it is stopped: who knows what it was told last.
    """

    def __init__(
        self,
        name: str,
        addresses: Iterable[int],
        open_transport: Callable[[], Transport],
        clock: Callable[[], float],
        on_trouble: Callable[[str | None], None],
    ) -> None:
        self._addresses = tuple(addresses)
        self._open_transport = open_transport
        self._clock = clock
        self._on_trouble = on_trouble
        self._orders: deque[_Order] = deque()
        self._moving: dict[int, float] = {}
        self._transport: Transport | None = None
        self._told_lost = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heads-{name}", daemon=True)

    def start(self) -> None:
        """Begin; a wire that cannot be opened is told, and no error."""
        self._thread.start()

    def stop(self) -> None:
        """Stop every head and end; returns when both are done."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()

    def move(self, address: int, motion: Motion, *, by: float, until: float) -> None:
        """Move until monotonic `until`, then stop; dropped where the wire does not take it before `by`."""
        self._put(_Order(address, motion, by, until))

    def send(self, address: int, message: Message, *, by: float) -> None:
        """Send a message that ends by itself; dropped where the wire does not take it before `by`."""
        self._put(_Order(address, message, by, None))

    def _put(self, order: _Order) -> None:
        self._orders.append(order)
        self._wake()

    def _wake(self) -> None:
        transport = self._transport
        if transport is not None:
            transport.wake()

    def _run(self) -> None:
        while not self._stopping.is_set():
            transport = self._open_transport()
            try:
                transport.open()
                self._live(transport)
            except (TransportUnavailable, TransportLost) as gone:
                self._lost(str(gone))
            except Exception as error:  # noqa: BLE001 - the top of this thread: the fault is told
                self._lost(f"a fault of our own: {type(error).__name__}")
            finally:
                self._transport = None
                transport.close()
            self._stopping.wait(0.0 if self._stopping.is_set() else REOPEN_EVERY)

    def _lost(self, why: str) -> None:
        self._moving.clear()  # they are stopped as soon as it is back
        if not self._told_lost:
            self._told_lost = True
            self._on_trouble(why)

    def _live(self, transport: Transport) -> None:
        self._stop_all(transport)
        self._transport, self._told_lost = transport, False
        self._on_trouble(None)
        while not self._stopping.is_set():
            self._stop_due(transport)
            while self._orders:
                self._obey(transport, self._orders.popleft())
            rest = min(self._moving.values(), default=math.inf) - self._clock()
            transport.read(_READ_MAXIMUM, max(0.0, min(rest, LOOKS_EVERY)))  # what a head may say is of no use
        self._stop_all(transport)

    def _obey(self, transport: Transport, order: _Order) -> None:
        if self._clock() >= order.by:
            return
        transport.write(encode(order.address, order.message))
        if order.until is None:
            self._moving.pop(order.address, None)
        else:
            self._moving[order.address] = order.until

    def _stop_due(self, transport: Transport) -> None:
        now = self._clock()
        for address in [address for address, until in self._moving.items() if until <= now]:
            self._still(transport, address)

    def _stop_all(self, transport: Transport) -> None:
        for address in self._addresses:
            self._still(transport, address)

    def _still(self, transport: Transport, address: int) -> None:
        transport.write(encode(address, STILL) * SAID_TWICE)
        self._moving.pop(address, None)
