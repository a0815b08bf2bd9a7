"""Names for the command line's answers: read from the box for a purpose, which stands in the log; else pseudonyms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from controller.cli_people import password_of
from controller.cli_run import UNUSABLE, administer
from controller.domain.ids import CardholderId
from controller.domain.records import Purpose, RecordScope

NameOf = Callable[[CardholderId], str | None]

For = Annotated[Purpose | None, typer.Option("--purpose", help="Name people too, for this; it stands in the log.")]
Case = Annotated[str, typer.Option(help="The number of the case, where the purpose has one.")]
As = Annotated[str | None, typer.Option("--operator", help="Who you are at the console, with --purpose.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file with your password; else it is asked for.")]

HINT = "people are named by their pseudonyms; their names: --purpose PURPOSE --operator NAME"


def names_for(
    data: Path, purpose: Purpose | None, case: str, operator: str | None, file: Path | None
) -> tuple[NameOf, str | None]:
    """Return who the pseudonyms are, read by this operator for this purpose; without one, nobody, and a hint.

    Raises ``typer.Exit`` where the box refuses to tell.
    """
    if purpose is None:
        return lambda _: None, HINT
    if operator is None:
        raise typer.BadParameter("--purpose takes --operator: who reads it")
    fields = {"scope": RecordScope.PEOPLE.value, "purpose": purpose.value, "case": case}
    password = password_of(operator, file)
    done = administer(data, "people_read", operator=operator, password=password, fields=fields)
    if done is None:
        raise typer.Exit(UNUSABLE)
    names = {person["id"]: person["name"] for person in done["people"]}
    return names.get, None
