"""Carries into the emergency journal what the log keeps waiting: a thread and a disk sync of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from controller.ledger.entry import Entry
from controller.store.journal import Journal

CLOSE_SECONDS = 5.0

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Settled:
    """Everything that was written here is in the log."""


class Rescue:
    """Writes to the journal in the order it is told to. ``settled`` is called, in its thread, with the numbers of the
    first and the last record that stood here, once they are in the log and the journal is empty again.

    ``held``: the records that were found in the journal, and are on their way into the log now.
    """

    def __init__(self, journal: Journal, held: Sequence[Entry], settled: Callable[[int, int], None]) -> None:
        self._journal = journal
        self._settled = settled
        self._range = (held[0].seq, held[-1].seq) if held else None
        self._stuck = False
        self._queue: queue.SimpleQueue[Sequence[Entry] | _Settled | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="emergency-journal", daemon=True)
        self._thread.start()

    def write(self, entries: Sequence[Entry]) -> None:
        """Have records written. They follow those before them."""
        if entries:
            self._queue.put(entries)

    def clear(self) -> None:
        """Have the journal emptied: the log holds all of it."""
        self._queue.put(_Settled())

    def close(self) -> None:
        """Write what is queued, and let go of the file, unless its disk answers nothing."""
        self._queue.put(None)
        self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            self._journal.close()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                if isinstance(job, _Settled):
                    self._empty()
                elif not self._stuck:
                    self._keep(job)
            except OSError as error:
                self._stop_keeping(str(error))

    def _keep(self, entries: Sequence[Entry]) -> None:
        kept = self._journal.write(entries)
        if kept:
            self._range = (self._range[0] if self._range else entries[0].seq, entries[kept - 1].seq)
        if kept < len(entries):
            self._stop_keeping("it is full")

    def _stop_keeping(self, why: str) -> None:
        """Keep nothing more until it is empty again: a record after one that is missing would be a hole."""
        _LOG.error("the emergency journal takes no more", why=why)
        self._stuck = True

    def _empty(self) -> None:
        self._journal.clear()
        if self._range is not None:
            self._settled(*self._range)
        self._range, self._stuck = None, False
