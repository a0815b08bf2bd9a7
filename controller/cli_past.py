"""The command line's ``ostiary who`` and ``ostiary where``: the building as it was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Annotated

import typer

from controller import trial
from controller import words_en as words
from controller.cli_names import As, Case, For, NameOf, PasswordFile, names_for
from controller.cli_policy import DEFAULT_DATA, AsJson, Data, refusing
from controller.domain import events as ev
from controller.domain.events import Recorded
from controller.domain.ids import CardholderId, ZoneId
from controller.domain.site import Site
from controller.past import Entitled, Whereabouts, entitled, folded, whereabouts
from controller.policies import Policies
from controller.site.errors import quoted, suggest
from controller.store.history import History
from controller.store.place import log_place
from controller.terminal import err, out

At = Annotated[str, typer.Option("--at", help="When: RFC 3339, for instance 2026-11-23T10:00:00+01:00.")]


def who(
    zone: Annotated[str, typer.Option("--zone", help="The zone's id.")],
    at: At,
    data: Data = DEFAULT_DATA,
    *,
    purpose: For = None,
    case: Case = "",
    operator: As = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Say who could have entered a zone by rights at some time: under the policy and among the people of that time.

    Whoever is named has a good badge and a right, and shows what is asked for. Exit code 2: a field is not right.
    """
    with refusing():
        wall = trial.moment(at).wall
        name_of, hint = names_for(data, purpose, case, operator, password_file)
        history = History(log_place(data))
        past = folded(history.records(), wall)
        if past.policy is None:
            raise trial.WrongField(f"--at: no policy was in force at {at}; the log begins later")
        site = Policies(history).site(past.policy)
        if zone not in site.zones:
            raise trial.WrongField(f"--zone: no zone had the id {quoted(zone)}; {suggest(zone, site.zones)}")
        found = list(entitled(site, past, ZoneId(zone), wall))
    if as_json:
        out.print_json(data=[_plain(one, name_of) for one in found])
        return
    for person, ways in groupby(sorted(found, key=lambda one: one.person), key=lambda one: one.person):
        out.print(f"{name_of(person) or person}: {'; '.join(_way(one, site) for one in ways)}", markup=False)
    people = len({one.person for one in found})
    out.print(f"{people} people could have entered {site.zones[ZoneId(zone)].name} by rights", markup=False)
    _hint(hint, found)


def where(
    person: Annotated[str, typer.Option("--person", help="The person's id.")],
    at: At,
    data: Data = DEFAULT_DATA,
    *,
    purpose: For = None,
    case: Case = "",
    operator: As = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Say where somebody was at some time, by the log: the zone, since when and by which door; or unknown, and why."""
    with refusing():
        wall = trial.moment(at).wall
        name_of, hint = names_for(data, purpose, case, operator, password_file)
        history = History(log_place(data))
        past = folded(history.records(), wall)
        if person not in past.state.people:
            raise trial.WrongField(
                f"--person: nobody was known as {quoted(person)} then; {suggest(person, past.state.people)}"
            )
        found = whereabouts(history.records(), CardholderId(person), wall)
        site = Policies(history).site(past.policy) if past.policy else None
    if as_json:
        out.print_json(data=_plain_where(found))
        return
    out.print(f"{name_of(CardholderId(person)) or person} {_told(found, site, wall)}", markup=False)
    _hint(hint, [found])


def _hint(hint: str | None, found: Iterable[object]) -> None:
    if hint and any(True for _ in found):
        err.print(hint, markup=False)


def _way(one: Entitled, site: Site) -> str:
    said = site.readers[one.reader].name
    said += f", after {words.factors(one.factors)}" if one.factors else ""
    return f"{said} (but not just then: {words.reasons(one.but)})" if one.but else said


def _plain(one: Entitled, name_of: NameOf) -> dict[str, object]:
    return {
        "person": one.person,
        "name": name_of(one.person),
        "reader": one.reader,
        "factors": list(one.factors),
        "but": list(one.but),
    }


def _told(found: Whereabouts, site: Site | None, wall: datetime) -> str:
    if found.by is None:
        return "was not seen at any door up to then"
    local = found.by.at.wall.astimezone(site.timezone if site else wall.tzinfo).isoformat(timespec="seconds")
    if found.zone is None:
        return f"may have been anywhere since {local}: {_why(found.by, site)} (event {found.by.seq})"
    zone = site.zones[found.zone].name if site and found.zone in site.zones else found.zone
    return f"was in {zone} since {local}, by {_door(found.by, site)} (event {found.by.seq})"


def _why(by: Recorded, site: Site | None) -> str:
    said = words.EVENTS[type(by.event)]
    if isinstance(by.event, ev.WhereaboutsDoubted):
        said = by.event.why.replace("_", " ")
    door = _door(by, site)
    return f"{said} at {door}" if door else said


def _door(by: Recorded, site: Site | None) -> str:
    door = getattr(by.event, "door", None)
    known = site.doors.get(door) if site and door else None
    return known.name if known else str(door or "")


def _plain_where(found: Whereabouts) -> dict[str, object]:
    return {
        "zone": found.zone,
        "since": found.by.at.wall.isoformat() if found.by else None,
        "seq": found.by.seq if found.by else None,
        "kind": found.by.kind if found.by else None,
        "door": getattr(found.by.event, "door", None) if found.by else None,
    }
