"""The command line's ``ostiary site prove``: do the sentences hold that the site file says of itself?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controller.site.check import check, format_errors
from controller.terminal import err, out

if TYPE_CHECKING:
    from controller.domain.site import Site
    from controller.prove.answers import Verdict

OK, BROKEN, UNUSABLE = 0, 1, 2


def site_prove(
    file: Annotated[Path, typer.Argument(help="The site file.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")] = False,
) -> None:
    """Prove every [[invariant]] of a site file, or show who breaks it, on which way and when.

    Exit code 0: all of them hold; 1: one is broken; 2: the file is not in order.
    """
    from controller.prove.prover import prove

    site, errors = check(file)
    if site is None:
        err.print(format_errors(errors), markup=False)
        raise typer.Exit(UNUSABLE)
    verdicts = []
    for verdict in prove(site):
        verdicts.append(verdict)
        if not as_json:
            say(verdict, site)
    broken = sum(verdict.broken is not None for verdict in verdicts)
    if as_json:
        out.print_json(data=[verdict.plain(site) for verdict in verdicts])
    else:
        out.print(_counted(len(verdicts), broken), markup=False)
    raise typer.Exit(BROKEN if broken else OK)


def say(verdict: Verdict, site: Site) -> None:
    """Print one verdict, and how its sentence is broken."""
    word = "BROKEN" if verdict.broken else "holds "
    out.print(f"{word}  {verdict.invariant.id}: {verdict.invariant.name}", markup=False)
    for line in verdict.broken.lines(site) if verdict.broken else ():
        out.print(f"        {line}", markup=False)


def _counted(total: int, broken: int) -> str:
    if not total:
        return "the file says no [[invariant]]: nothing was proven"
    return f"{total - broken} of {total} hold" if broken else f"all {total} hold"


if __name__ == "__main__":
    typer.run(site_prove)
