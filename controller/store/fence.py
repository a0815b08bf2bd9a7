"""One box owns the log and the lines: whoever holds ``DIR/lock``."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK_FILE = "lock"


class Fenced(RuntimeError):
    """Another controller runs on this data folder."""


class Fence:
    """Holds the lock until it is closed, or the process ends in any way."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise Fenced(f"{folder} is in use by a running controller; stop it, or name another --data") from error

    def close(self) -> None:
        """Let another one take over."""
        os.close(self._file)
