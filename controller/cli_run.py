"""How a command is carried out: by a running box or on a stopped one's folder, ended cleanly, refused in a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar, cast

import structlog
import typer
import uvloop

from controller.admin import Admin, AdminError
from controller.backup import BackupFailed
from controller.control import ask
from controller.core import open_core
from controller.demo import DemoFailed
from controller.domain.effects import Effect
from controller.ledger.note import BadNote
from controller.osdp_keys import MissingKey
from controller.pki.authority import PkiError
from controller.pki_admin import PkiAdmin
from controller.site.check import format_errors
from controller.site.errors import SiteErrors
from controller.store.boxkey import SealBroken
from controller.store.codec import UnreadableEvent
from controller.store.fence import Fenced
from controller.store.keystore import KEY_FILE
from controller.store.place import WrongPlace
from controller.store.schema import NewerLog
from controller.terminal import err
from devices.mqtt.broker import BrokerError

UNUSABLE = 2

T = TypeVar("T")

FIRST_COMMANDS = frozenset({"operator_add", "people_import", "pki_init"})
"""What may be done for a box that has not been started yet; for anything else a folder without one is a slip."""

REFUSALS = (
    AdminError,
    BackupFailed,
    BadNote,
    BrokerError,
    DemoFailed,
    Fenced,
    FileNotFoundError,
    MissingKey,
    NewerLog,
    OSError,
    PkiError,
    SealBroken,
    SiteErrors,
    UnreadableEvent,
    WrongPlace,
)
"""What a command may fail with for reasons its user can mend: said in one sentence, never as a traceback."""


def administer(data: Path, command: str, **given: Any) -> dict[str, Any] | None:
    """Have a running box do it, or do it on the data folder of a stopped one."""
    log_to_terminal(logging.ERROR)

    async def carried_out() -> dict[str, Any]:
        request = {key: value() if callable(value) else value for key, value in given.items()}
        request["author"] = f"{getpass.getuser()} at the box"
        try:
            return await ask(data, command, **request)
        except (ConnectionRefusedError, FileNotFoundError):
            if command not in FIRST_COMMANDS and not (data / KEY_FILE).exists():
                raise AdminError(f"there is no box in {data}: name its folder with --data") from None
            core = open_core(data, None, Nobody())
            try:
                return await {**Admin(core).commands, **PkiAdmin(core).commands}[command](request)
            finally:
                core.close()

    return carry_out(carried_out)


def text_of(file: Path) -> str:
    """Return a file's text. Raises ``AdminError`` where it is no UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise AdminError(f"{file} is not UTF-8: save the file as UTF-8") from error


class Nobody:
    """No wires: whatever is asked of the outside while a box stands still is asked of nobody."""

    def post(self, effect: Effect) -> None:
        """Carry nothing anywhere."""


def carry_out(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """Run until done, or until Ctrl-C or SIGTERM, which end it cleanly (None)."""

    async def interruptible() -> T | None:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            return await task
        return None

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(interruptible())
    except BaseExceptionGroup as group:
        _refuse(group)
    except REFUSALS as error:
        _refuse(error)


def _refuse(error: BaseException) -> NoReturn:
    """Say in a sentence what the user can mend; anything else is a fault of ours and keeps its traceback."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if not isinstance(error, REFUSALS):
        raise error
    sentence = format_errors(error.errors) if isinstance(error, SiteErrors) else str(error)
    err.print(sentence, markup=False)
    raise typer.Exit(UNUSABLE) from error


class Forgiving:
    """A stream to which a word may be lost: a terminal that was closed must stop no door and no log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, if there is still anybody to read it."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        """Write what is held back, likewise."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def log_to_terminal(level: int) -> None:
    """Say what goes on, from this level up, on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,  # no local variables: they hold people's data
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Forgiving(sys.stderr))),
    )
