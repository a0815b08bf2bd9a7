"""The command line: ``ostiary``."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, TypeVar, cast

import structlog
import typer
import uvloop
from rich.console import Console

from controller.admin import Admin, AdminError
from controller.bootstrap import Box, MissingKey, Ports
from controller.cli_activate import site_activate, site_rollback
from controller.cli_keys import keys_app, open_with
from controller.cli_log import log_app, witness_app
from controller.cli_past import where, who
from controller.cli_policy import decide, replay, site_diff, why
from controller.cli_prove import site_prove
from controller.control import ask
from controller.core import open_core
from controller.demo import DemoFailed, run_demo
from controller.disk import LOW_MIB
from controller.domain.effects import Effect
from controller.domain.operators import Role
from controller.keys import warning
from controller.site.check import check, format_errors
from controller.site.errors import SiteErrors
from controller.store.boxkey import SealBroken
from controller.store.codec import UnreadableEvent
from controller.store.fence import Fenced
from controller.store.place import WrongPlace, choose_journal, choose_place
from controller.store.schema import NewerLog
from devices.mqtt.broker import BrokerError

OK, BROKEN, UNUSABLE = 0, 1, 2

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, callback=open_with)
site_app = typer.Typer(no_args_is_help=True, help="The policy of a mission.")
operator_app = typer.Typer(no_args_is_help=True, help="Who may sign in at the console.")
people_app = typer.Typer(no_args_is_help=True, help="People and their badges.")
face_app = typer.Typer(no_args_is_help=True, help="Face templates.")
for name, part in (
    ("site", site_app),
    ("keys", keys_app),
    ("log", log_app),
    ("witness", witness_app),
    ("operator", operator_app),
    ("people", people_app),
    ("face", face_app),
):
    app.add_typer(part, name=name)
for command in (why, decide, replay, who, where):
    app.command()(command)
site_app.command("diff")(site_diff)
site_app.command("prove")(site_prove)
site_app.command("activate")(site_activate)
site_app.command("rollback")(site_rollback)

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
LogUrl = Annotated[
    str | None,
    typer.Option(
        envvar="OSTIARY_LOG_URL",
        help="Keep the log in PostgreSQL (postgresql+psycopg://USER@HOST/DATABASE). Chosen once, and noted in --data.",
    ),
]
JournalFolder = Annotated[
    Path | None,
    typer.Option(
        envvar="OSTIARY_JOURNAL_FOLDER",
        help="Where the emergency journal lies, best on another disk than --data. Chosen once, and noted in --data.",
    ),
]
DEFAULT_DATA = Path("data")

T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

REFUSALS = (
    AdminError,
    BrokerError,
    DemoFailed,
    Fenced,
    FileNotFoundError,
    MissingKey,
    NewerLog,
    OSError,
    SealBroken,
    SiteErrors,
    UnreadableEvent,
    WrongPlace,
)
"""What a command may fail with for reasons its user can mend: said in one sentence, never as a traceback."""


@app.command()
def run(
    site: Annotated[Path, typer.Option(help="The site file.")],
    data: Data = DEFAULT_DATA,
    host: Annotated[str, typer.Option(help="Where the console listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The console's port; 0 takes a free one.")] = 8080,
    mqtt_port: Annotated[int, typer.Option(help="The broker's port.")] = 1883,
    disk_low: Annotated[
        int, typer.Option(help="Raise an alarm when the disk has less room than that, in MiB.")
    ] = LOW_MIB,
    log_url: LogUrl = None,
    journal_folder: JournalFolder = None,
) -> None:
    """Run the controller on its real wires until Ctrl-C."""
    _logging(logging.INFO)
    ports = Ports(mqtt=mqtt_port, host=host, http=port, disk_low_mib=disk_low)
    if said := warning(data):
        err.print(said, style="bold red", markup=False)
    _run(lambda: _serve(data, site, ports, log_url, journal_folder))


@app.command()
def demo(
    data: Data = DEFAULT_DATA,
    headless: Annotated[bool, typer.Option("--headless", help="Play it once, without the console's page.")] = False,
    seconds: Annotated[float | None, typer.Option(help="How long to play (whole rounds, one at least).")] = None,
    port: Annotated[int, typer.Option(help="The console's port; 0 takes a free one.")] = 0,
    report: Annotated[Path | None, typer.Option("--json", help="Where to write the report.")] = None,
) -> None:
    """Run a small embassy on this machine, its devices simulated on real wires."""
    _logging(logging.ERROR)
    limit = 0.0 if headless and seconds is None else seconds
    result = _run(lambda: run_demo(data, headless=headless, seconds=limit, port=port, say=out.print))
    if result is None:
        return
    if report is not None:
        report.write_text(json.dumps(result["report"], indent=2) + "\n")
    out.print_json(data=result["report"])
    out.print(f"{result['checks'] - len(result['failed'])} of {result['checks']} checks passed")
    if not result["report"]["log_intact"]:
        raise typer.Exit(BROKEN)


@site_app.command("check")
def site_check(file: Annotated[Path, typer.Argument(help="The site file.")]) -> None:
    """Check a site file; every problem is named with its line and its mend."""
    site, errors = check(file)
    if site is None or errors:
        err.print(format_errors(errors), markup=False)
        raise typer.Exit(UNUSABLE)
    counts = (
        f"{len(site.zones)} zones, {len(site.doors)} doors, {len(site.readers)} readers, {len(site.cameras)} cameras"
    )
    out.print(f"{file}: in order ({counts})")


@operator_app.command("add")
def operator_add(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What the operator may see and do.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Appoint an operator and print a one-time password; the operator chooses their own at the first sign-in."""
    done = _administer(data, "operator_add", name=name, role=role.value)
    if done is not None:
        out.print(f"{name} ({role.value}): one-time password  {done['one_time_password']}", markup=False)


@operator_app.command("duress")
def operator_duress(
    name: Annotated[str, typer.Argument(help="The name they sign in with.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Print a second password that signs in as always, and tells the second station that somebody is forced."""
    done = _administer(data, "operator_duress", name=name)
    if done is not None:
        out.print(f"{name}: duress password  {done['duress_password']}", markup=False)


@people_app.command("import")
def people_import(
    file: Annotated[Path, typer.Argument(help="A CSV file; see config/people.csv.", exists=True, dir_okay=False)],
    data: Data = DEFAULT_DATA,
) -> None:
    """Import people and their badges; who is known just so is passed over."""
    done = _administer(data, "people_import", csv=lambda: _text(file), file=str(file))
    if done is not None:
        out.print(f"{done['people']} people read, {done['new']} new or changed")


@face_app.command("enrol")
def face_enrol(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    photos: Annotated[list[Path], typer.Argument(help="Five photos (JPEG) or more.", exists=True, dir_okay=False)],
    data: Data = DEFAULT_DATA,
) -> None:
    """Make a face template from photos, on a running box. The photos are not kept."""
    paths = [str(photo.absolute()) for photo in photos]
    done = _administer(data, "face_enrol", person=person, photos=paths)
    if done is not None:
        out.print(f"{person}: enrolled ({done['engine']}, {done['mode']})")


def main() -> None:
    """Run the command line."""
    app()


async def _serve(data: Path, site: Path, ports: Ports, log_url: str | None, journal_folder: Path | None) -> None:
    choose_place(data, log_url)
    if journal_folder is not None:
        choose_journal(data, journal_folder)
    async with Box(data, site, ports) as box:
        out.print(f"Console  http://{ports.host}:{box.port}")
        await box.wait()


def _administer(data: Path, command: str, **given: Any) -> dict[str, Any] | None:
    """Have a running box do it, or do it on the data folder of a stopped one."""
    _logging(logging.ERROR)

    async def carried_out() -> dict[str, Any]:
        request = {key: value() if callable(value) else value for key, value in given.items()}
        request["author"] = f"{getpass.getuser()} at the box"
        try:
            return await ask(data, command, **request)
        except (ConnectionRefusedError, FileNotFoundError):
            core = open_core(data, None, Nobody())
            try:
                return await Admin(core).commands[command](request)
            finally:
                core.close()

    return _run(carried_out)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise AdminError(f"{file} is not UTF-8: save the file as UTF-8") from error


class Nobody:
    """No wires: whatever is asked of the outside while a box stands still is asked of nobody."""

    def post(self, effect: Effect) -> None:
        """Carry nothing anywhere."""


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
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


def _logging(level: int) -> None:
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
