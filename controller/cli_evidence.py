"""The command line's part about evidence: handed out by two, with what proves it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from controller.cli_people import DEFAULT_DATA, As, Case, Data, For, PasswordFile, password_of
from controller.cli_run import administer, text_of
from controller.terminal import out

evidence_app = typer.Typer(no_args_is_help=True, help="Evidence: films, pictures and records that leave the box.")
FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M"]


@evidence_app.callback()
def about() -> None:
    """Evidence: films, pictures and records that leave the box."""


@evidence_app.command("export")
def evidence_export(
    to: Annotated[Path, typer.Option(help="A .zip file or a folder to write; it must not be there.")],
    purpose: For,
    operator: As,
    event: Annotated[list[int] | None, typer.Option(help="The number of a record; its films come along.")] = None,
    recording: Annotated[list[str] | None, typer.Option(help="The name of a clip or a still.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=FORMATS, help="From then on, with --until.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=FORMATS, help="Up to then.")] = None,
    camera: Annotated[str | None, typer.Option(help="What this camera recorded in that time.")] = None,
    door: Annotated[str | None, typer.Option(help="What happened at this door in that time, and its films.")] = None,
    pixelated: Annotated[bool, typer.Option("--pixelated", help="Copies, with the faces found pixelated.")] = False,
    masked: Annotated[bool, typer.Option("--masked", help="Copies, with what a veil hides masked.")] = False,
    witness: Annotated[Path | None, typer.Option(help="What a witness cosigned, to go with it.")] = None,
    case: Case = "",
    password_file: PasswordFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Hand out evidence. The first operator asks; when a second gives the same, it is written."""
    if to.exists():
        raise typer.BadParameter(f"{to} is there already")
    done = administer(
        data,
        "evidence_export",
        to=str(to.absolute()),
        operator=operator,
        password=lambda: password_of(operator, password_file),
        purpose=purpose.value,
        case=case,
        events=event or [],
        recordings=recording or [],
        since=_said(since),
        until=_said(until),
        camera=camera,
        door=door,
        pixelated=pixelated,
        masked=masked,
        witness=(lambda: text_of(witness)) if witness else "",
    )
    if done is None:
        return
    out.print(f"{len(done['recordings'])} recordings, {len(done['records'])} records")
    for each in done["recordings"]:
        out.print(f"  {each}", markup=False)
    if not done["done"]:
        out.print("asked for; a second, other operator must give the same command")
        return
    out.print(f"{to} holds personal data in clear: check it with auditor.py, and remove it when the purpose is served")


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone().isoformat()
