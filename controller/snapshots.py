"""Starts from a snapshot and the rest of the log, and takes snapshots while the box runs and when it stops."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from controller.domain.alarms import AlarmKind
from controller.domain.events import Recorded, SiteActivated, SnapshotTaken
from controller.domain.state import SiteState
from controller.domain.stimuli import SnapshotTakenSeen
from controller.rules.fold import apply
from controller.runtime.runtime import Runtime
from controller.store import snapshot as files
from controller.store.eventlog import SqlEventLog
from controller.store.snapshot import Snapshot, UnfitSnapshot
from controller.store.vault import Sealed, Vault

EVERY = 20_000
"""So many records after a snapshot the next one is taken: a start folds hardly more than that."""

AT_STOP = 1000
"""A stop takes one for so many records; fewer are folded faster than written."""

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Folded:
    """The fold of the whole log up to ``seq``. ``snapshot``: up to where it was taken from a file, or 0."""

    state: SiteState
    seq: int
    activated: int
    snapshot: int


def fold(folder: Path, log: SqlEventLog, vault: Vault) -> Folded:
    """Fold the log, from its newest fit snapshot on where there is one. Raises ``UnreadableEvent``."""
    with _collector_off():
        begun = _begun(folder, log)
        vault.take_up(begun.sealed)
        state, seq, activated = begun.state, begun.seq, begun.activated
        for record in log.replay(begun.seq):
            state, seq = apply(state, record.event, record.at), record.seq
            vault.learn(record)
            if isinstance(record.event, SiteActivated):
                activated = record.seq
    return Folded(state, seq, activated, begun.seq)


def _begun(folder: Path, log: SqlEventLog) -> Snapshot:
    """Return the newest snapshot that the log tells of and that is as it tells; else the beginning."""
    for event in _told(log) if any(folder.glob("snapshot-*.jsonl")) else ():
        with contextlib.suppress(FileNotFoundError):
            try:
                return files.read(folder, event.through, event.digest)
            except (UnfitSnapshot, ValueError, LookupError, TypeError) as error:
                _LOG.warning("a snapshot does not count", through=event.through, why=str(error))
    return Snapshot(0, 0, SiteState(), Sealed())


def _told(log: SqlEventLog) -> Iterator[SnapshotTaken]:
    for record in log.newest("snapshot_taken"):
        if isinstance(record.event, SnapshotTaken):
            yield record.event


class Snapshots:
    """Takes snapshots of one box: one at a time, in a thread, off the doors' loop."""

    def __init__(self, folder: Path, runtime: Runtime, vault: Vault, begun: Folded) -> None:
        self._folder = folder
        self._runtime = runtime
        self._vault = vault
        self._taken = begun.snapshot
        self._due = begun.snapshot + EVERY
        self._activated = begun.activated
        self._task: asyncio.Task[None] | None = None

    def heard(self, record: Recorded) -> None:
        """Hear a record; now and then a snapshot follows."""
        if isinstance(record.event, SiteActivated):
            self._activated = record.seq
        if record.seq >= self._due:
            self._due = record.seq + EVERY
            asyncio.get_running_loop().call_soon(self._begin)  # once everything that belongs to this moment is folded

    def close(self) -> None:
        """Take a last one, if it is worth it; the log must still be open."""
        if self._task is not None:
            self._task.cancel()
        if self._runtime.seq - self._taken >= AT_STOP and self._there_is_room():
            now = self._now()
            try:
                digest = files.write(self._folder, now)
            except OSError as error:
                _failed(error)
            else:
                self._runtime.submit(SnapshotTakenSeen(now.seq, digest))

    def _begin(self) -> None:
        if (self._task is None or self._task.done()) and self._there_is_room():
            self._task = asyncio.create_task(self._take(self._now()), name="snapshot")

    async def _take(self, now: Snapshot) -> None:
        try:
            digest = await asyncio.to_thread(files.write, self._folder, now)
            await self._runtime.submit(SnapshotTakenSeen(now.seq, digest))
            self._taken = now.seq
            await asyncio.to_thread(files.forget_others, self._folder, now.seq)
        except OSError as error:
            _failed(error)

    def _now(self) -> Snapshot:
        return Snapshot(self._runtime.seq, self._activated, self._runtime.state, self._vault.sealed())

    def _there_is_room(self) -> bool:
        """A full disk belongs to the log."""
        state = self._runtime.state
        return not state.log_late and not any(
            alarm.kind is AlarmKind.DISK_LOW and alarm.persists for alarm in state.alarms.values()
        )


def _failed(error: OSError) -> None:
    _LOG.error("no snapshot could be taken; the next start takes longer", error=str(error))


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """What is folded lives as long as the box: looking for garbage in it again and again doubles the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
