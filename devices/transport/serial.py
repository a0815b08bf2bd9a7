"""A serial line (RS-485 adapter or pty) through pyserial."""

import os
import termios
import threading
import time
from select import select

import serial

from devices.transport.port import TransportLost, TransportUnavailable
from devices.transport.waker import Waker

_WRITE_WITHIN = 1.0
_GONE = (serial.SerialException, OSError, ValueError, termios.error)


class SerialTransport:
    """8N1 at `baud` on the device `path`.

    After an unplug pyserial raises any of several errors while `is_open` stays True; here all of them are
    TransportLost, and `open` always begins with a new port.
    """

    def __init__(self, path: str, baud: int) -> None:
        self._path = path
        self._baud = baud
        self._port: serial.Serial | None = None
        self._waker: Waker | None = None
        self._guard = threading.Lock()

    def open(self) -> None:
        """Open the device, for us alone. Raises TransportUnavailable."""
        self.close()
        try:
            self._port = serial.Serial(self._path, self._baud, timeout=0, exclusive=True)
        except _GONE as error:
            raise TransportUnavailable(f"{self._path}: {error}") from error
        with self._guard:
            self._waker = Waker()

    def read(self, maximum: int, timeout: float) -> bytes:
        """See Transport."""
        port, waker = self._opened()
        try:
            if not waker.wait(port, timeout):
                return b""
            received = os.read(port, maximum)  # pyserial's own waits once more before it reads
        except BlockingIOError:
            return b""
        except _GONE as error:
            raise TransportLost(f"{self._path}: {error}") from error
        if not received:
            raise TransportLost(f"{self._path}: hung up")
        return received

    def write(self, outgoing: bytes) -> None:
        """See Transport."""
        port, _ = self._opened()
        until = time.monotonic() + _WRITE_WITHIN
        try:
            while outgoing := outgoing[_written(port, outgoing) :]:
                if time.monotonic() >= until:
                    raise TransportLost(f"{self._path}: takes nothing")
                select([], [port], [], until - time.monotonic())
        except _GONE as error:
            raise TransportLost(f"{self._path}: {error}") from error

    def wake(self) -> None:
        """See Transport."""
        with self._guard:
            if self._waker is not None:
                self._waker.wake()

    def close(self) -> None:
        """See Transport."""
        with self._guard:
            waker, self._waker = self._waker, None
            if waker is not None:
                waker.close()
        port, self._port = self._port, None
        if port is not None:
            _close_quietly(port)

    def _opened(self) -> tuple[int, Waker]:
        if self._port is None or self._waker is None:
            raise TransportLost(f"{self._path} is not open")
        return self._port.fileno(), self._waker


def _written(descriptor: int, outgoing: bytes) -> int:
    """Return how many bytes the port took at once."""
    try:
        return os.write(descriptor, outgoing)
    except BlockingIOError:
        return 0


def _close_quietly(port: serial.Serial) -> None:
    try:
        port.close()
    except _GONE:
        return  # it was gone already
