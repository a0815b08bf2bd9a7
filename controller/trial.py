"""One decision from files, no box running: the building as a small JSON file describes it, and somebody at a reader.

The file says what differs from a quiet building: everybody known and nowhere, no threat, every door closed and free,
clock and log in order. It is turned into the events that would have led there, and these are folded as always.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, TypeVar

from controller.domain import events as ev
from controller.domain.decision import LOTS, AccessRequest, DenyReason, FaceOutcome, GuardAnswer
from controller.domain.doors import LockStatus, Position
from controller.domain.events import Event
from controller.domain.ids import CardholderId, CredentialId, DoorId, OperatorId, ReaderId, RequestId, ZoneId
from controller.domain.instant import Instant
from controller.domain.people import Credential
from controller.domain.site import Factor, Site
from controller.domain.state import SiteState
from controller.rules.fold import apply
from controller.site.errors import quoted, suggest
from controller.site.people import PersonRow

T = TypeVar("T")

AUTHOR = OperatorId("the state file")
MONO = 1000.0
"""Monotonic seconds of the one moment there is."""

LOCKDOWN_SECONDS = 5.0
MOST_WRONG_PINS = 10


class WrongField(ValueError):
    """A field of the state or the request is not right; the sentence names it and its mend."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a file: ``path`` is what an error calls it."""

    path: str
    value: object

    def table(self, known: Iterable[str]) -> dict[str, Field]:
        """Return the fields of an object that may hold only these."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no object", "write { ... }")
        names = sorted(known)
        for name in self.value:
            if name not in names:
                raise WrongField(f"{self.path}: unknown field {quoted(name)}; {suggest(name, names)}")
        return {name: Field(f"{self.path}.{name}", value) for name, value in self.value.items()}

    def members(self, known: Iterable[str]) -> dict[str, Field]:
        """Return the fields of an object whose keys are ids of these."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no object", "write { ... }")
        names = list(known)
        return {
            Field(self.path, name).one_of(names): Field(f"{self.path}.{name}", value)
            for name, value in self.value.items()
        }

    def words(self, known: Iterable[str]) -> list[str]:
        """Return a list of ids of these."""
        if not isinstance(self.value, list):
            raise self.wrong("is no list", "write [ ... ]")
        names = list(known)
        return [Field(f"{self.path}[{place}]", each).one_of(names) for place, each in enumerate(self.value)]

    def one_of(self, known: Iterable[str]) -> str:
        """Return one id of these."""
        names = list(known)
        if not isinstance(self.value, str) or self.value not in names:
            raise self.wrong(f"{_shown(self.value)} is not known", suggest(str(self.value), names))
        return self.value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            raise self.wrong(f"{_shown(self.value)} is no answer", "write true or false")
        return self.value

    def number(self, least: int, most: int) -> int:
        """Return a whole number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            raise self.wrong(f"{_shown(self.value)} is no number from {least} to {most}", "write such a number")
        return self.value

    def wrong(self, problem: str, mend: str) -> WrongField:
        """Return the error that names this field."""
        return WrongField(f"{self.path}: {problem}; {mend}")


def parse(text: str, name: str) -> Field:
    """Return the JSON of a file or an argument; ``name`` is what errors call it. Raises ``WrongField``."""
    try:
        return Field(name, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise WrongField(f"{name}: is no JSON: {error}") from None


def moment(text: str) -> Instant:
    """Return the moment an RFC 3339 text names. Raises ``WrongField``."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise WrongField(f"--at: {quoted(text)} is no time; write YYYY-MM-DDTHH:MM:SS with Z or +HH:MM") from None
    if wall.tzinfo is None:
        raise WrongField(f"--at: {quoted(text)} says no time zone; end it with Z or +HH:MM")
    return Instant(wall, MONO)


def building(site: Site, people: Sequence[PersonRow], state: Field, at: Instant) -> SiteState:
    """Return the building a state file describes. Raises ``WrongField``."""
    given = state.table(_STATE)
    context = _Context(site, people)
    events = [*_enrolled(people), *_shut(site)]
    for name, events_of in _STATE.items():
        if name in given:
            events += events_of(given[name], context)
    return reduce(lambda so_far, event: apply(so_far, event, at), events, SiteState())


def request(people: Sequence[PersonRow], asked: Field) -> tuple[AccessRequest, PersonRow | None]:
    """Return the request a file describes, and who makes it. Raises ``WrongField``."""
    given = asked.table(_REQUEST)
    for name in ("reader", "person"):
        if name not in given:
            raise WrongField(f'{asked.path}: "{name}" is missing; {_REQUEST[name]}')
    reader, person = given["reader"], given["person"]
    if not isinstance(reader.value, str):
        raise reader.wrong(f"{_shown(reader.value)} is no reader", "write its id as a text")
    who = None if person.value is None else _row(people, person)
    presented = given["presented"].words(Factor) if "presented" in given else [Factor.CARD]
    made = AccessRequest(
        RequestId("r1"),
        ReaderId(reader.value),
        None if who is None else _badge(who.id),
        frozenset(map(Factor, presented)),
        pin_right=_optional(given, "pin_right", Field.flag),
        face=_optional(given, "face", lambda field: FaceOutcome(field.one_of(FaceOutcome))),
        late=bool(_optional(given, "late", Field.flag)),
        guard=_optional(given, "guard", lambda field: GuardAnswer(field.one_of(GuardAnswer))),
        draw=_optional(given, "draw", lambda field: field.number(0, LOTS - 1)),
    )
    return made, who


@dataclass(frozen=True, slots=True)
class _Context:
    site: Site
    people: Sequence[PersonRow]

    def ids(self) -> Iterator[str]:
        return (row.id for row in self.people)


def _row(people: Sequence[PersonRow], person: Field) -> PersonRow:
    name = person.one_of(row.id for row in people)
    return next(row for row in people if row.id == name)


def _badge(person: CardholderId) -> CredentialId:
    return CredentialId(f"{person}-badge")


def _enrolled(people: Sequence[PersonRow]) -> Iterator[Event]:
    for row in people:
        yield ev.CardholderRecorded(AUTHOR, row.cardholder, "")
        badge = Credential(
            _badge(row.id), row.id, row.id, None, row.assurance, row.status, row.valid_from, row.valid_until
        )
        yield ev.CredentialRecorded(AUTHOR, badge)
        if row.face is not None:
            yield ev.FaceTemplateRecorded(AUTHOR, row.id, "trial", "trial", "")


def _shut(site: Site) -> Iterator[Event]:
    """Every door is seen closed and locked: an interlock takes nothing for shut that nobody saw."""
    for door in site.doors:
        yield ev.PositionObserved(door, Position.CLOSED, None, None)
        yield ev.LockObserved(door, LockStatus.LOCKED)


def _threat_level(field: Field, context: _Context) -> Iterator[Event]:
    levels = context.site.threat_levels
    if field.number(0, max(levels)) not in levels:
        raise field.wrong(f"{field.value} is no threat level", f"choose one of {', '.join(map(str, sorted(levels)))}")
    yield ev.ThreatLevelSet(AUTHOR, field.number(0, max(levels)), "trial")


def _lockdown(field: Field, _: _Context) -> Iterator[Event]:
    if field.flag():
        yield ev.LockdownStarted(AUTHOR, "trial", LOCKDOWN_SECONDS)


def _blocked(field: Field, context: _Context) -> Iterator[Event]:
    for door in field.words(context.site.doors):
        yield ev.DoorBlocked(DoorId(door), AUTHOR, "trial")


def _open(field: Field, context: _Context) -> Iterator[Event]:
    for door in field.words(context.site.doors):
        yield ev.PositionObserved(DoorId(door), Position.OPEN, None, None)


def _locations(field: Field, context: _Context) -> Iterator[Event]:
    doors = context.site.doors.values()
    for person, where in field.members(context.ids()).items():
        zone = ZoneId(where.one_of(context.site.zones))
        door = next((door for door in doors if zone in door.zones), None)
        if door is None:
            raise where.wrong(f"no door leads to {quoted(zone)}", "name a zone with a door")
        yield ev.EntryObserved(RequestId("r0"), door.id, CardholderId(person), zone, assumed=False)


def _grants(field: Field, context: _Context) -> Iterator[Event]:
    for person, where in field.members(context.ids()).items():
        door = context.site.doors[DoorId(where.one_of(context.site.doors))]
        reader = next((reader for reader in context.site.readers.values() if reader.door == door.id), None)
        if reader is None:
            raise where.wrong(f"no reader stands at {quoted(door.id)}", "name a door with a reader")
        who = CardholderId(person)
        yield ev.AccessGranted(
            RequestId("r0"),
            reader.id,
            door.id,
            reader.enters,
            _badge(who),
            who,
            (Factor.CARD,),
            door.unlock_seconds,
            (),
        )


def _wrong_pins(field: Field, context: _Context) -> Iterator[Event]:
    for person, times in field.members(context.ids()).items():
        who = CardholderId(person)
        wrong = (DenyReason.WRONG_PIN,)
        denied = ev.AccessDenied(RequestId("r0"), ReaderId("trial"), None, _badge(who), who, (), wrong, ())
        yield from [denied] * times.number(0, MOST_WRONG_PINS)


def _clock_trusted(field: Field, _: _Context) -> Iterator[Event]:
    if not field.flag():
        yield ev.ClockDistrusted("trial")


def _log_late(field: Field, _: _Context) -> Iterator[Event]:
    if field.flag():
        yield ev.LogWasLate("trial")


_STATE: Mapping[str, Callable[[Field, _Context], Iterator[Event]]] = {
    "threat_level": _threat_level,
    "lockdown": _lockdown,
    "blocked": _blocked,
    "open": _open,
    "locations": _locations,
    "grants": _grants,
    "wrong_pins": _wrong_pins,
    "clock_trusted": _clock_trusted,
    "log_late": _log_late,
}

_REQUEST: Mapping[str, str] = {
    "reader": "write the id of a reader",
    "person": "write the id of a person, or null for a card nobody knows",
    "presented": "",
    "pin_right": "",
    "face": "",
    "late": "",
    "guard": "",
    "draw": "",
}


def _optional(given: Mapping[str, Field], name: str, read: Callable[[Field], T]) -> T | None:
    return read(given[name]) if name in given and given[name].value is not None else None


def _shown(value: Any) -> str:
    return quoted(value if isinstance(value, str) else json.dumps(value))
