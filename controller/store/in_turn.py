"""SQLite connections that come one after another, also those of other processes.

With ``locking_mode=EXCLUSIVE`` two connections that begin together both hold the file to read and both want it to
write: SQLite tells one of them at once that the database is locked, however long it would wait. So whoever opens the
file waits for its turn at the folder first. (The folder, for there is nothing to make in it on a full disk.)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0  # after that SQLite is asked all the same, and says itself what it thinks of it
LOOK_AGAIN_SECONDS = 0.005


class InTurn(sqlite3.Connection):
    """A connection that waits for its turn, and keeps it until it is closed."""

    def __init__(self, database: str, *args: Any, **options: Any) -> None:
        self._turn: int | None = _turn_at(Path(database).parent)
        try:
            super().__init__(database, *args, **options)
        except sqlite3.Error:
            self._leave()
            raise

    def close(self) -> None:
        """Close, then let the next one in."""
        super().close()
        self._leave()

    def _leave(self) -> None:
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None


def _turn_at(folder: Path) -> int:
    """Return the folder, open and locked; or open only, when somebody keeps it for too long."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        time.sleep(LOOK_AGAIN_SECONDS)
    return opened
