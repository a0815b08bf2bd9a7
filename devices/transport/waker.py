"""How another thread ends a wait on a file descriptor."""

import os
from select import select

_DRAIN = 4096


class Waker:
    """A pipe to oneself: `wake` from any thread, `wait` in the one that owns it."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)

    def wake(self) -> None:
        """End the wait under way, or the next one."""
        try:
            os.write(self._write_end, b"\0")
        except BlockingIOError:
            return  # a full pipe wakes as well as one byte more

    def wait(self, descriptor: int | None, timeout: float) -> bool:
        """Wait until `descriptor` is readable (True), or until woken or `timeout` seconds have passed (False).

        Raises OSError or ValueError where the descriptor is no longer one.
        """
        awaited = [self._read_end] if descriptor is None else [self._read_end, descriptor]
        ready, _, _ = select(awaited, [], [], max(0.0, timeout))
        if self._read_end in ready:
            os.read(self._read_end, _DRAIN)
        return descriptor in ready

    def close(self) -> None:
        """Give both ends back."""
        os.close(self._read_end)
        os.close(self._write_end)
