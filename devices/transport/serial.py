"""A serial line (RS-485 adapter or pty) through pyserial."""

import termios
import threading

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
            self._port = serial.Serial(self._path, self._baud, timeout=0, write_timeout=_WRITE_WITHIN, exclusive=True)
        except _GONE as error:
            raise TransportUnavailable(f"{self._path}: {error}") from error
        with self._guard:
            self._waker = Waker()

    def read(self, maximum: int, timeout: float) -> bytes:
        """See Transport."""
        port, waker = self._opened()
        try:
            return port.read(maximum) if waker.wait(port.fileno(), timeout) else b""
        except _GONE as error:
            raise TransportLost(f"{self._path}: {error}") from error

    def write(self, outgoing: bytes) -> None:
        """See Transport."""
        port, _ = self._opened()
        try:
            port.write(outgoing)
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

    def _opened(self) -> tuple[serial.Serial, Waker]:
        if self._port is None or self._waker is None:
            raise TransportLost(f"{self._path} is not open")
        return self._port, self._waker


def _close_quietly(port: serial.Serial) -> None:
    try:
        port.close()
    except _GONE:
        return  # it was gone already
