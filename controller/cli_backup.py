"""The command line's part for the life of a box: ``ostiary backup``, ``restore``, ``destroy``."""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from controller import backup as backups
from controller.cli_log import witnessed
from controller.cli_people import password_of
from controller.cli_run import Nobody, administer, carry_out
from controller.core import Core, open_core
from controller.destroy import remove_rest
from controller.domain.events import BackupRestored
from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Role
from controller.domain.stimuli import KeepingDone
from controller.ledger.note import BadNote
from controller.ledger.sighting import Sighting, verify_against
from controller.ledger.verifier import Broken
from controller.notary import log_verifier
from controller.store.engines import reading_engine
from controller.store.eventlog import stored_entries
from controller.store.place import LOG_FILE
from controller.terminal import out

MAY_RESTORE = (Role.SECURITY_OFFICER, Role.SUPERVISOR)
NO_WITNESS = "no witness's copy was shown: whether the log is the newest cannot be told"

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file with that operator's password; else it is asked for.")]
DEFAULT_DATA = Path("data")


def backup(
    destination: Annotated[Path, typer.Argument(help="The folder that holds the backups, on another disk.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Back a box up while it runs: encrypted under its key, read back before it counts."""
    done = administer(data, "backup", destination=str(destination.absolute()))
    if done is not None:
        out.print(f"{done['folder']}: {done['entries']} entries, read back and intact", markup=False)


def restore(
    source: Annotated[Path, typer.Argument(help="One backup: a folder within DEST.", exists=True, file_okay=False)],
    data: Data = DEFAULT_DATA,
    witness: Annotated[Path | None, typer.Option(help="The witness's copy of the last checkpoint.")] = None,
    first: Annotated[str | None, typer.Option(help="An operator who wants an older log all the same.")] = None,
    second: Annotated[str | None, typer.Option(help="Another one.")] = None,
    first_password_file: PasswordFile = None,
    second_password_file: PasswordFile = None,
) -> None:
    """Restore a box into an empty folder. A log older than the witness has seen takes two people; erasures are applied.

    The box that was backed up must not run any more: two boxes with one key would be two truths.
    """
    people = [(first, first_password_file), (second, second_password_file)]
    named = [(OperatorId(name), password_of(name, file)) for name, file in people if name is not None]
    done = carry_out(lambda: _restored(source, data, witness, named))
    if done is not None:
        out.print(done, markup=False)


def destroy(
    first: Annotated[str, typer.Option(help="The operator who asks for it.")],
    second: Annotated[str, typer.Option(help="The one who agrees.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    first_password_file: PasswordFile = None,
    second_password_file: PasswordFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask once more.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make everything this box keeps unreadable, for ever. Takes two. Prints the last checkpoint, for the witness."""
    if not yes:
        typer.confirm(f"Destroy everything in {data}? There is no way back", abort=True)
    given: dict[str, Any] = {
        "first": {"operator": first, "password": password_of(first, first_password_file)},
        "second": {"operator": second, "password": password_of(second, second_password_file)},
    }
    done = administer(data, "destroy", reason=reason, **given)
    if done is None:
        return
    remove_rest(data)
    sys.stdout.write(done["checkpoint"])
    out.print(f"destroyed at {done['at']}: take this checkpoint to the witness; remove backups where they lie")


async def _restored(source: Path, data: Path, witness: Path | None, people: list[tuple[OperatorId, str]]) -> str:
    made, entries, erased = await asyncio.to_thread(backups.restore_files, source, data)
    try:
        problem = _against(data, witness)
        core = open_core(data, None, Nobody())
        try:
            if problem:
                await asyncio.to_thread(_refuse_without_two, core, people, problem)
            again = tuple(CardholderId(name) for name in erased if name not in core.vault.erased())
            author, names = f"{getpass.getuser()} at the box", tuple(name for name, _ in people)
            fact = BackupRestored(author, made, entries, again, problem, names)
            await core.runtime.handle(KeepingDone(fact)).durable
            await asyncio.to_thread(core.vault.destroy_erased)
        finally:
            core.close()
    except BaseException:
        remove_rest(data)  # a box that may not live on does not stay half-made
        raise
    return f"{data}: {entries} entries, made {made.isoformat()}, {len(again)} erasures applied again"


def _against(data: Path, witness: Path | None) -> str:
    """Return what the witness holds against this log; nothing, where it contains all that was seen."""
    if witness is None:
        return NO_WITNESS
    try:
        said: Sighting = witnessed(witness, log_verifier(data), None)
    except BadNote as error:
        return f"the witness's copy does not fit: {error}"
    verdict = verify_against(stored_entries(reading_engine(data / LOG_FILE)), [said])
    return f"the log is not what the witness saw: {verdict.reason}" if isinstance(verdict, Broken) else ""


def _refuse_without_two(core: Core, people: list[tuple[OperatorId, str]], problem: str) -> None:
    operators = core.runtime.state.operators
    right = {
        name
        for name, password in people
        if name in operators and operators[name].role in MAY_RESTORE and core.keystore.password_matches(name, password)
    }
    if len(right) < len(MAY_RESTORE):
        roles = " or ".join(role.value.replace("_", " ") for role in MAY_RESTORE)
        raise backups.BackupFailed(f"{problem}; two people ({roles}) must want it: --first, --second")
