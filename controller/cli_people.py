"""The command line's part about people: import and export, erasure, badges, levels, holds, and what is searched."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from controller.admin import AdminError
from controller.cli_run import administer, text_of
from controller.domain.people import CredentialStatus
from controller.domain.records import Purpose, RecordScope
from controller.store.private_file import create_private
from controller.terminal import out

people_app = typer.Typer(no_args_is_help=True, help="People and their badges.")
person_app = typer.Typer(no_args_is_help=True, help="One person: read, change, erase.")
hold_app = typer.Typer(no_args_is_help=True, help="Legal holds: what is kept whatever its time.")

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
As = Annotated[str, typer.Option("--operator", help="Who you are at the console.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file with your password; else it is asked for.")]
Reason = Annotated[str, typer.Option(help="Why; sealed in the log.")]
For = Annotated[Purpose, typer.Option("--purpose", help="What it is read for.")]
Case = Annotated[str, typer.Option(help="The number of the case, where the purpose has one.")]
Person = Annotated[str, typer.Argument(help="The person's id.")]
DEFAULT_DATA = Path("data")


@people_app.command("import")
def people_import(
    file: Annotated[Path, typer.Argument(help="A CSV file; see config/people.csv.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say line by line what would change, and stop.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import people and their badges; who is known just so is passed over. --dry-run says what would be."""
    given: dict[str, Any] = {"csv": lambda: text_of(file), "file": str(file), "dry_run": dry_run}
    done = administer(data, "people_import", **given)
    if done is None:
        return
    for line in done["lines"] if dry_run else ():
        out.print(line, markup=False)
    what = "would be new or changed" if dry_run else "new or changed"
    out.print(f"{done['people']} people read, {done['new']} {what}")


@people_app.command("export")
def people_export(
    to: Annotated[Path, typer.Option(help="The CSV file to write; it must not be there.")],
    purpose: For,
    operator: As,
    case: Case = "",
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Hand out everybody's names as CSV. The first operator asks; when a second gives the same, the file is written."""
    if to.exists():
        raise typer.BadParameter(f"{to} is there already")
    fields = {"purpose": purpose.value, "case": case}
    done = _as_operator(data, "people_export", operator, password_file, fields=fields)
    if done is None or not _said(done["done"]):
        return
    create_private(to, done["csv"].encode())
    out.print(f"{to} holds personal data in clear: remove it when the purpose is served")


@people_app.command("list")
def people_list(
    purpose: For,
    operator: As,
    text: Annotated[str, typer.Option(help="Part of a name or an id.")] = "",
    case: Case = "",
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """List people. That it was read, by whom and for what, stands in the log."""
    _read(data, operator, password_file, RecordScope.PEOPLE, purpose, case, text=text)


@person_app.command("show")
def person_show(
    person: Person,
    purpose: For,
    operator: As,
    case: Case = "",
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show one person's record."""
    _read(data, operator, password_file, RecordScope.PERSON, purpose, case, cardholder=person)


@person_app.command("history")
def person_history(
    person: Person,
    purpose: For,
    operator: As,
    case: Case = "",
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """List what the log says of one person, the newest first."""
    _read(data, operator, password_file, RecordScope.HISTORY, purpose, case, cardholder=person)


@person_app.command("erase")
def person_erase(
    person: Person, operator: As, reason: Reason, password_file: PasswordFile = None, data: Data = DEFAULT_DATA
) -> None:
    """Destroy what says who somebody is. The data-protection officer asks; a second operator agrees by the same."""
    _order(data, "erase", operator, password_file, cardholder=person, reason=reason)


@person_app.command("assign")
def person_assign(
    person: Person,
    level: Annotated[str, typer.Argument(help="An access level of the site file.")],
    operator: As,
    reason: Reason,
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Give somebody an access level."""
    _order(data, "assign", operator, password_file, cardholder=person, level=level, reason=reason)


@person_app.command("withdraw")
def person_withdraw(
    person: Person,
    level: Annotated[str, typer.Argument(help="An access level.")],
    operator: As,
    reason: Reason,
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Take an access level from somebody."""
    _order(data, "withdraw", operator, password_file, cardholder=person, level=level, reason=reason)


@person_app.command("badge")
def person_badge(
    badge: Annotated[str, typer.Argument(help="The badge's id, p-001-badge say.")],
    status: Annotated[CredentialStatus, typer.Argument(help="What it is from now on.")],
    operator: As,
    reason: Reason,
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Suspend a badge, or say that it is lost, stolen, returned, or good again."""
    _order(data, "status", operator, password_file, credential=badge, status=status.value, reason=reason)


@hold_app.command("place")
def hold_place(
    hold: Annotated[str, typer.Argument(help="A name for the hold: a-z, digits, dashes.")],
    operator: As,
    reason: Reason,
    person: Annotated[str | None, typer.Option(help="Whom it is about; nobody named: everybody.")] = None,
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Keep what is known of one person, or of everybody, until the hold is lifted."""
    _order(data, "hold", operator, password_file, hold=hold, cardholder=person, reason=reason)


@hold_app.command("lift")
def hold_lift(
    hold: Annotated[str, typer.Argument(help="The hold's name.")],
    operator: As,
    reason: Reason,
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Let retention and erasure go on; takes two."""
    _order(data, "lift", operator, password_file, hold=hold, reason=reason)


def project(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Throw it away and make it anew from the log.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Bring what is searched (who and which door stands in which record) up to the log."""
    done = administer(data, "project", rebuild=rebuild)
    if done is not None:
        out.print(f"{done['records']} records taken in")


def _as_operator(data: Path, command: str, operator: str, file: Path | None, **given: Any) -> dict[str, Any] | None:
    return administer(data, command, operator=operator, password=lambda: password_of(operator, file), **given)


def password_of(operator: str, file: Path | None) -> str:
    """Return an operator's password, from a file or from the terminal."""
    if file is None:
        return getpass.getpass(f"Password of {operator}: ")
    lines = text_of(file).splitlines()
    if not lines:
        raise AdminError(f"{file} is empty")
    return lines[0]


def _order(data: Path, order: str, operator: str, file: Path | None, **fields: str | None) -> None:
    done = _as_operator(data, "record_order", operator, file, order=order, fields=fields)
    if done is not None and _said(done["done"]):
        out.print("done")


def _said(done: bool) -> bool:
    if not done:
        out.print("asked for; a second, other operator must give the same command")
    return done


def _read(
    data: Path,
    operator: str,
    file: Path | None,
    scope: RecordScope,
    purpose: Purpose,
    case: str,
    *,
    cardholder: str | None = None,
    text: str = "",
) -> None:
    fields = {"scope": scope.value, "purpose": purpose.value, "case": case, "cardholder": cardholder, "door": None}
    done = _as_operator(data, "people_read", operator, file, fields=fields, text=text)
    if done is None:
        return
    for person in done.get("people", ()):
        badges = ", ".join(person["badges"])
        levels = ", ".join(person["levels"])
        out.print(f"{person['id']}  {person['name'] or '(erased)'}  {person['kind']}  {levels}  {badges}", markup=False)
    for record in done.get("records", ()):
        out.print(f"{record['seq']:>8}  {record['time']}  {record['kind']}", markup=False)
