"""Signs what the log holds: every minute, and at each alarm. Never what does not contain all it signed before."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import structlog

from controller.domain.events import AlarmRaised, Recorded
from controller.domain.stimuli import FaultSeen, LogTamperedSeen, Stimulus
from controller.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from controller.ledger.merkle import Frontier
from controller.ledger.note import ED25519, KEY_BYTES, BadNote, SignerKey, parse_signer_key
from controller.runtime.ports import EventLog
from controller.store.checkpoints import Checkpoints, StoredCheckpoint, stored_checkpoints, stored_leaves
from controller.store.engines import reading_engine
from controller.store.place import log_place

KEY_FILE = "log-signer.key"
LOG_NAME = "ostiary/log"

PERIOD_SECONDS = 60.0
SETTLE_SECONDS = 0.5
"""After an alarm: what follows from it is signed with it, and a burst of alarms is signed together."""

LAST_SECONDS = 5.0
"""A disk that answers nothing does not keep the box from stopping."""

_LOG = structlog.get_logger(__name__)


class NotTheLog(ValueError):
    """The log does not contain what was signed before, or cannot be shown to."""


class NothingYet(ValueError):
    """There is no entry to sign."""


class Notary:
    """Signs the log of one data folder. It reads the log's file and writes its own; the log never waits for it.

    Raises ``NotTheLog`` where the newest checkpoint is not signed by the log's key, ``BadNote`` where that key is
    damaged or gone.
    """

    def __init__(self, folder: Path) -> None:
        self._key = log_key(folder)
        self._engine = reading_engine(log_place(folder))
        self._stored = Checkpoints(folder)
        self._frontier = Frontier()
        self._before = self._opened(self._stored.newest())
        self._contained = False

    def take_up(self) -> None:
        """Add the leaves that the log gained to the tree."""
        for leaf in stored_leaves(self._engine, self._frontier.size):
            self._frontier.append(leaf)
            if self._before is not None and self._frontier.size == self._before.size:
                self._contained = self._frontier.root() == self._before.root

    def sign(self) -> str:
        """Sign and keep what was taken up; return the note. Raises ``NotTheLog``, ``NothingYet``.

        Ed25519 is deterministic: the same entries give the same note, which is kept once.
        """
        before, size = self._before, self._frontier.size
        if before is not None and size < before.size:
            raise NotTheLog(f"truncated: {size} entries, its own checkpoint saw {before.size}")
        if before is not None and not self._contained:
            raise NotTheLog(f"rewritten: the first {before.size} entries are not those that were signed")
        if size == 0:
            raise NothingYet("the log holds no entry yet")
        checkpoint = Checkpoint(self._key.name, size, self._frontier.root())
        note = sign_checkpoint(checkpoint, self._key)
        self._stored.add(StoredCheckpoint(size, note))
        self._before, self._contained = checkpoint, True
        return note

    def close(self) -> None:
        """Let go of the files."""
        self._engine.dispose()
        self._stored.close()

    def _opened(self, stored: StoredCheckpoint | None) -> Checkpoint | None:
        if stored is None:
            return None
        try:
            return open_checkpoint(stored.note, self._key.verifier)
        except BadNote as error:
            raise NotTheLog(f"the newest checkpoint cannot be built upon: {error}") from error


class NotaryTask:
    """Has a box's log signed while it runs. A fault in here is told once, and never stops the box."""

    def __init__(self, folder: Path, log: EventLog, submit: Callable[[Stimulus], object]) -> None:
        self._folder = folder
        self._log = log
        self._submit = submit
        self._notary: Notary | None = None
        self._told: LogTamperedSeen | FaultSeen | None = None
        self._alarm = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. ``stop`` ends it."""
        self._task = asyncio.create_task(self._run(), name="notary")

    def heard(self, record: Recorded) -> None:
        """Hear a record: an alarm is signed soon."""
        if isinstance(record.event, AlarmRaised):
            self._alarm.set()

    async def stop(self) -> None:
        """Sign what there is, and end."""
        self._stopping = True
        self._alarm.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=LAST_SECONDS)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._notary is not None:
            self._notary.close()

    async def _run(self) -> None:
        while True:
            last = self._stopping
            try:
                await self._sign()
                self._told = None
            except NotTheLog as tampered:
                self._failed(LogTamperedSeen(str(tampered)))
            except Exception as error:  # noqa: BLE001 - the top of this task: what is broken is told, and tried again
                _LOG.exception("the log could not be signed")
                self._failed(FaultSeen(None, active=True, detail=f"{type(error).__name__} while the log was signed"))
            if last:
                return
            await self._wait()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PERIOD_SECONDS):
                await self._alarm.wait()
        if self._alarm.is_set() and not self._stopping:
            await asyncio.sleep(SETTLE_SECONDS)
        self._alarm.clear()

    async def _sign(self) -> None:
        await self._log.append(())  # done when all that was handed in before is durable
        if self._notary is None:
            self._notary = await asyncio.to_thread(Notary, self._folder)
        await asyncio.to_thread(self._notary.take_up)
        await asyncio.to_thread(self._notary.sign)

    def _failed(self, seen: LogTamperedSeen | FaultSeen) -> None:
        if seen != self._told:
            self._told = seen
            self._submit(seen)


def log_key(folder: Path) -> SignerKey:
    """Return the key that signs this folder's log, made at first use.

    Raises ``BadNote`` where it is damaged, or gone while checkpoints are there: a new key would look like a new log.
    """
    path = folder / KEY_FILE
    if path.exists():
        return parse_signer_key(path.read_text())
    if stored_checkpoints(folder):
        raise BadNote(f"{path} is missing, and checkpoints that it signed are there")
    return new_key(path, LOG_NAME, ED25519)


def new_key(path: Path, name: str, kind: int) -> SignerKey:
    """Make a key, named apart from all others, in a file that only its owner may read."""
    key = SignerKey(f"{name}/{secrets.token_hex(6)}", kind, secrets.token_bytes(KEY_BYTES))
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key.text() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(beside)  # whole or not at all, and never over a key that is there
    finally:
        beside.unlink()
    return key
