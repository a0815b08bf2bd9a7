"""The command line's ``ostiary site activate`` and ``ostiary site rollback``: another policy for a running box."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import sqlalchemy as sa
import typer

from controller.admin import AdminError
from controller.cli_prove import say
from controller.control import ask
from controller.domain.site import Site
from controller.policies import SHORT_DIGEST
from controller.replay import Asked, BrokenHistory, requests
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site, read_bytes
from controller.store.boxkey import SealBroken
from controller.store.codec import UnreadableEvent
from controller.store.history import History
from controller.store.place import WrongPlace, log_place
from controller.terminal import err, out
from controller.whatif import Change, changes

BROKEN, UNUSABLE = 1, 2
WHAT_IF = timedelta(days=7)

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
First = Annotated[str | None, typer.Option("--first", help="The operator who brings it in (asked for if left out).")]
Second = Annotated[str | None, typer.Option("--second", help="The operator who agrees (asked for if left out).")]
DEFAULT_DATA = Path("data")


def site_activate(
    file: Annotated[Path, typer.Argument(help="The policy to bring into force.")],
    data: Data = DEFAULT_DATA,
    first: First = None,
    second: Second = None,
) -> None:
    """Bring a policy into force on the running box: checked, proven, compared, tried on last week, agreed by two.

    Exit code 0: in force; 1: one of its own sentences is broken; 2: not in order, not agreed, or no box runs.
    """
    with _refusing():
        text = read_bytes(file)
        site = parse_site(text, str(file))
        now = asyncio.run(ask(data, "site_in_force"))
        _prove(site)
        _compare(now["toml"], site)
        _what_if(data, site)
        _bring_in(data, now["digest"], text.decode(), str(file), first, second)


def site_rollback(data: Data = DEFAULT_DATA, first: First = None, second: Second = None) -> None:
    """Go back to the policy that was in force before this one. Its bytes are taken from the log.

    Exit code 0: in force; 2: there is none, it was not agreed by two, or no box runs.
    """
    with _refusing():
        now = asyncio.run(ask(data, "site_in_force"))
        if now["earlier"] is None:
            raise AdminError("the policy in force is the first one: there is none to go back to")
        _compare(now["toml"], parse_site(now["earlier"].encode(), "the policy before", logged=True))
        _bring_in(data, now["digest"], now["earlier"], "the policy before", first, second)


def _prove(site: Site) -> None:
    from controller.prove.prover import prove

    broken = [verdict for verdict in prove(site) if verdict.broken]
    for verdict in broken:
        say(verdict, site)
    if broken:
        out.print("not brought into force: the file breaks what it says of itself")
        raise typer.Exit(BROKEN)
    out.print(f"proven: all {len(site.invariants)} hold" if site.invariants else "it says no [[invariant]]: not proven")


def _compare(toml: str, site: Site) -> None:
    sentences = compare(parse_site(toml.encode(), "the policy in force", logged=True), site)
    for sentence in sentences or ["the same policy, written otherwise"]:
        out.print(f"  {sentence}", markup=False)


def _what_if(data: Path, site: Site) -> None:
    """Say in one line what last week would have been under it; ``ostiary replay --site`` lists whom it concerns."""
    history = History(log_place(data))
    last = [*_last_week(history)]
    found = Counter(changed.change for changed in changes(last, site) if changed is not None)
    out.print(
        f"of the last week's requests it would have refused {found[Change.REFUSED]} entries, "
        f"newly allowed {found[Change.ALLOWED]} and asked more of {found[Change.ASKED]}"
    )


def _last_week(history: History) -> Iterator[Asked]:
    newest = history.record(history.count())
    for asked in requests(history.records()):
        if newest is not None and asked.record.at.wall > newest.at.wall - WHAT_IF:
            yield asked


def _bring_in(data: Path, in_force: str, toml: str, name: str, first: str | None, second: str | None) -> None:
    operators = [_operator("brings it in", first), _operator("agrees", second)]
    given: dict[str, Any] = {"toml": toml, "file": name, "in_force": in_force, "operators": operators}
    done = asyncio.run(ask(data, "site_activate", **given))
    out.print(f"in force: {done['digest'][:SHORT_DIGEST]} (event {done['seq']})")
    if done["connected_anew"]:
        out.print(f"connected anew, for they are wired otherwise: {', '.join(done['connected_anew'])}")


def _operator(does: str, name: str | None) -> dict[str, str]:
    """Ask for a name and a password: never as an argument, where whoever lists the processes would read it."""
    known = name or typer.prompt(f"Operator who {does}")
    return {"name": known, "password": typer.prompt(f"Password of {known}", hide_input=True)}


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in a sentence what the user can mend; anything else is a fault of ours and keeps its traceback."""
    try:
        yield
    except (ConnectionRefusedError, FileNotFoundError) as error:
        _unusable("no box runs on this folder: start it with `ostiary run`", error)
    except (AdminError, BrokenHistory, OSError, SealBroken, SiteErrors, UnreadableEvent, WrongPlace) as error:
        _unusable(str(error), error)
    except sa.exc.SQLAlchemyError as error:
        _unusable(f"the log cannot be read: {getattr(error, 'orig', None) or error}", error)


def _unusable(sentence: str, error: Exception) -> NoReturn:
    err.print(sentence.rstrip(), markup=False)
    raise typer.Exit(UNUSABLE) from error
