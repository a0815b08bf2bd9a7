"""A line inside the process: what one end writes, the other reads. For tests."""

import threading
from collections import deque

from devices.transport.port import TransportLost, TransportUnavailable


class _Wire:
    """One direction."""

    def __init__(self) -> None:
        self.chunks: deque[bytes] = deque()
        self.changed = threading.Condition()


class MemoryTransport:
    """One end of a pair. `cut` makes both ends lose the line until `mend`."""

    def __init__(self, incoming: _Wire, outgoing: _Wire, cut: threading.Event) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._cut = cut
        self._woken = False

    def open(self) -> None:
        """See Transport."""
        if self._cut.is_set():
            raise TransportUnavailable("the line is cut")
        self._incoming.chunks.clear()

    def read(self, maximum: int, timeout: float) -> bytes:
        """See Transport."""
        with self._incoming.changed:
            self._incoming.changed.wait_for(self._something, max(0.0, min(timeout, threading.TIMEOUT_MAX)))
            self._woken = False
            self._check()
            if not self._incoming.chunks:
                return b""
            chunk = self._incoming.chunks.popleft()
            if len(chunk) > maximum:
                self._incoming.chunks.appendleft(chunk[maximum:])
            return chunk[:maximum]

    def write(self, outgoing: bytes) -> None:
        """See Transport."""
        self._check()
        with self._outgoing.changed:
            self._outgoing.chunks.append(outgoing)
            self._outgoing.changed.notify_all()

    def wake(self) -> None:
        """See Transport."""
        with self._incoming.changed:
            self._woken = True
            self._incoming.changed.notify_all()

    def close(self) -> None:
        """See Transport."""

    def cut(self) -> None:
        """Pull the line out of both ends."""
        self._cut.set()
        for wire in (self._incoming, self._outgoing):
            with wire.changed:
                wire.changed.notify_all()

    def mend(self) -> None:
        """Plug it in again."""
        self._cut.clear()

    def _something(self) -> bool:
        return self._woken or self._cut.is_set() or bool(self._incoming.chunks)

    def _check(self) -> None:
        if self._cut.is_set():
            raise TransportLost("the line is cut")


def memory_pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Two ends of one line."""
    there, back, cut = _Wire(), _Wire(), threading.Event()
    return MemoryTransport(there, back, cut), MemoryTransport(back, there, cut)
