"""Signs what the log holds: every minute, and at each alarm. Never what does not contain all it signed before."""

from __future__ import annotations

import asyncio
import contextlib
import secrets as random_bytes
from collections.abc import Callable
from pathlib import Path

import structlog

from controller.domain.events import AlarmRaised, Recorded
from controller.domain.stimuli import FaultSeen, LogTamperedSeen, Stimulus
from controller.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from controller.ledger.merkle import Frontier
from controller.ledger.note import (
    ED25519,
    KEY_BYTES,
    BadNote,
    SignerKey,
    VerifierKey,
    parse_signer_key,
    parse_verifier_key,
)
from controller.runtime.ports import EventLog
from controller.store.checkpoints import Checkpoints, StoredCheckpoint, stored_checkpoints, stored_leaves
from controller.store.engines import reading_engine
from controller.store.place import log_place
from controller.store.private_file import create_private, write_private
from controller.store.secret_files import SecretFiles, secret_files

KEY_FILE = "log-signer.key"
PUBLIC_KEY_FILE = "log-signer.pub"
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

    def __init__(self, folder: Path, secrets: SecretFiles | None = None) -> None:
        self._key = log_key(folder, secrets)
        self._engine = reading_engine(log_place(folder, secrets))
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

    def __init__(self, folder: Path, secrets: SecretFiles, log: EventLog, submit: Callable[[Stimulus], object]) -> None:
        self._folder = folder
        self._secrets = secrets
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
            self._notary = await asyncio.to_thread(Notary, self._folder, self._secrets)
        await asyncio.to_thread(self._notary.take_up)
        await asyncio.to_thread(self._notary.sign)

    def _failed(self, seen: LogTamperedSeen | FaultSeen) -> None:
        if seen != self._told:
            self._told = seen
            self._submit(seen)


def log_key(folder: Path, secrets: SecretFiles | None = None) -> SignerKey:
    """Return the key that signs this folder's log, made at first use. Its public half lies beside it in clear.

    Raises ``BadNote`` where it is damaged, or gone while checkpoints are there: a new key would look like a new log.
    """
    files = secrets or secret_files(folder)
    content = files.read(KEY_FILE)
    if content is not None:
        return parse_signer_key(content.decode())
    if stored_checkpoints(folder):
        raise BadNote(f"{folder / KEY_FILE} is missing, and checkpoints that it signed are there")
    key = _random_key(LOG_NAME, ED25519)
    files.create(KEY_FILE, f"{key.text()}\n".encode())
    write_private(folder / PUBLIC_KEY_FILE, f"{key.verifier}\n".encode())
    return key


def log_verifier(folder: Path) -> VerifierKey:
    """Return the public half of the log's key, which a sealed box tells without being opened. Raises ``BadNote``."""
    path = folder / PUBLIC_KEY_FILE
    return parse_verifier_key(path.read_text()) if path.exists() else log_key(folder).verifier


def new_key(path: Path, name: str, kind: int) -> SignerKey:
    """Make a key, named apart from all others, in a file that only its owner may read."""
    key = _random_key(name, kind)
    create_private(path, f"{key.text()}\n".encode())
    return key


def _random_key(name: str, kind: int) -> SignerKey:
    return SignerKey(f"{name}/{random_bytes.token_hex(6)}", kind, random_bytes.token_bytes(KEY_BYTES))
