"""What a line's transport is, and what can go wrong with it.

TransportError
├── TransportUnavailable   it cannot be opened (now)
└── TransportLost          it was open and is gone: unplugged, hung up, stuck
"""

from typing import Protocol


class TransportError(Exception):
    """Root of this package's errors."""


class TransportUnavailable(TransportError):
    """The transport cannot be opened; trying again later may help."""


class TransportLost(TransportError):
    """The open transport no longer carries bytes; only closing and opening anew may help."""


class Transport(Protocol):
    """A blocking line of bytes for one thread; only `wake` may be called from another."""

    def open(self) -> None:
        """Make it ready. Raises TransportUnavailable."""

    def read(self, maximum: int, timeout: float) -> bytes:
        """Return 1 to `maximum` bytes as soon as there are any; none after `timeout` seconds or `wake`.

        Raises TransportLost.
        """

    def write(self, outgoing: bytes) -> None:
        """Send all of it. Raises TransportLost."""

    def wake(self) -> None:
        """Make the `read` under way, or else the next one, return at once. Never raises."""

    def close(self) -> None:
        """Let go of it; harmless when it is not open. Never raises."""
