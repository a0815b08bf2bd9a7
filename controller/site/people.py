"""People and badges from a CSV file, read as strictly as the site file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from controller.domain.ids import AccessLevelId, CardholderId, CompetencyId
from controller.domain.people import Cardholder, CardholderKind, CredentialStatus, HeldCompetency
from controller.domain.site import Assurance, Site
from controller.site.csv_table import CellError, Record, read_records
from controller.site.errors import SiteErrors, quoted, suggest
from controller.site.formats import Shape, shapes
from controller.site.loader import read_bytes
from controller.site.slips import is_near

E = TypeVar("E", bound=Enum)

COLUMNS = (
    "id",
    "name",
    "kind",
    "clearance",
    "levels",
    "badge_format",
    "facility",
    "number",
    "assurance",
    "status",
    "valid_from",
    "valid_until",
    "pin",
    "face",
)
OPTIONAL_COLUMNS = (
    "duress_pin",
    "personal_pin",
    "personal_duress_pin",
    "competencies",
    "extended_time",
    "needs_escort",
    "may_escort",
)

_ID = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_PIN = re.compile(r"[0-9]{4,8}")
_PERSONAL_PIN = re.compile(r"[0-9]{6,8}")  # it names one of many: four digits are guessed in an afternoon
_DIGITS = re.compile(r"[0-9]{1,20}|0x[0-9A-Fa-f]{1,16}")  # serial numbers are printed in hex
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_HIGHEST_CLEARANCE = 9
_MAX_NAME = 120
_ANY = Shape(0, 0, 64)
"""What a number may be where its format is not known."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person and badge as an import file holds them: name, card number and PIN in clear, so never to be logged.

    ``valid_from`` and ``valid_until`` are aware and the end is excluded; ``facility`` is None where the format has
    none; ``face`` names the enrolment pictures.
    """

    id: CardholderId
    name: str
    kind: CardholderKind
    clearance: int
    levels: frozenset[AccessLevelId]
    badge_format: str
    facility: int | None
    number: int
    assurance: Assurance
    status: CredentialStatus
    valid_from: datetime | None
    valid_until: datetime | None
    pin: str | None
    face: str | None
    competencies: tuple[HeldCompetency, ...] = ()
    duress_pin: str | None = None  # for when somebody forces them
    personal_pin: str | None = None  # names them, in place of a card
    personal_duress_pin: str | None = None
    extended_time: bool = False  # doors stay open longer for them
    needs_escort: bool = False
    may_escort: bool = False

    @property
    def cardholder(self) -> Cardholder:
        """The person, as decisions know them."""
        return Cardholder(
            self.id,
            self.kind,
            self.clearance,
            self.levels,
            self.competencies,
            self.extended_time,
            self.needs_escort,
            self.may_escort,
        )


def load_people(path: Path, site: Site) -> list[PersonRow]:
    """The people of a CSV file, in its order; their levels are those of ``site``. Raises SiteErrors with all errors."""
    return parse_people(read_bytes(path), str(path), site)


def parse_people(data: bytes, name: str, site: Site) -> list[PersonRow]:
    """The people that ``data`` (CSV, UTF-8) lists; ``name`` is the file that errors speak of. Raises SiteErrors."""
    records, errors = read_records(data, name, COLUMNS, OPTIONAL_COLUMNS)
    people = [_person(record, site) for record in records]
    badges = [_badge(person) if record.whole else None for record, person in zip(records, people, strict=True)]
    _refuse_twins(records, "id", [person.id for person in people])
    _refuse_twins(records, "number", badges)
    _refuse_twins(records, "personal_pin", [person.personal_pin for person in people])
    _refuse_twins(records, "personal_duress_pin", [person.personal_duress_pin for person in people])
    _refuse_slips(records, people)
    errors += [error for record in records for error in record.errors]
    if errors:
        raise SiteErrors(errors)
    return people


def _person(record: Record, site: Site) -> PersonRow:
    """One row. Where the record is not whole, the row holds placeholders."""
    known = shapes(site)
    badge_format = record.need("badge_format", _one_of(known, "card format"))
    shape = known[badge_format] if badge_format is not None else _ANY
    row = PersonRow(
        id=CardholderId(record.need("id", _matching(_ID, "is no id", "use a-z first, then a-z, 0-9, - and _"))),
        name=record.need("name", _name),
        kind=record.need("kind", _word(CardholderKind)),
        clearance=record.need("clearance", _number(_HIGHEST_CLEARANCE)),
        levels=record.want("levels", _levels(site)) or frozenset(),
        badge_format=badge_format,
        facility=_facility(record, badge_format, shape),
        number=record.need("number", _number(_most(shape.number_bits), least=1)),
        assurance=_assurance(record, badge_format, shape),
        status=record.need("status", _word(CredentialStatus)),
        valid_from=record.want("valid_from", _moment(site.timezone)),
        valid_until=record.want("valid_until", _moment(site.timezone, days=1)),
        pin=record.want("pin", _matching(_PIN, "is no PIN", "write 4 to 8 digits")),
        duress_pin=record.want("duress_pin", _matching(_PIN, "is no PIN", "write 4 to 8 digits")),
        personal_pin=record.want("personal_pin", _matching(_PERSONAL_PIN, "is no personal PIN", "write 6 to 8 digits")),
        personal_duress_pin=record.want(
            "personal_duress_pin", _matching(_PERSONAL_PIN, "is no personal PIN", "write 6 to 8 digits")
        ),
        competencies=record.want("competencies", _competencies(site)) or (),
        extended_time=record.want("extended_time", _yes_or_no) or False,
        needs_escort=record.want("needs_escort", _yes_or_no) or False,
        may_escort=record.want("may_escort", _yes_or_no) or False,
        face=record.want("face", _matching(_ID, "is no name of pictures", "use a-z first, then a-z, 0-9, - and _")),
    )
    if row.valid_from and row.valid_until and row.valid_from >= row.valid_until:
        record.refuse("valid_until", "the badge ends before it begins", "make valid_until later than valid_from")
    return row


def _facility(record: Record, badge_format: str | None, shape: Shape) -> int | None:
    if badge_format is None:
        return None
    if shape.facility_bits:
        return record.need("facility", _number(_most(shape.facility_bits)))
    if record.cells["facility"].text:
        record.refuse("facility", f"{badge_format} has no facility code", "leave it empty")
    return None


def _assurance(record: Record, badge_format: str | None, shape: Shape) -> Assurance:
    """How hard the badge is to copy: never harder than its format allows."""
    assurance = record.need("assurance", _word(Assurance))
    if assurance is not None and assurance > shape.assurance:
        most = shape.assurance.name.lower()
        record.refuse("assurance", f"a badge of {badge_format} is {most} at best", f"write {most}")
    return assurance


def _most(bits: int) -> int:
    """The highest number of so many bits."""
    return int(2**bits) - 1


def _badge(person: PersonRow) -> Hashable:
    """What no two people share."""
    return person.badge_format, person.facility, person.number


def _refuse_twins(records: Sequence[Record], column: str, keys: Sequence[Hashable]) -> None:
    """Refuse the second of two equal keys; None equals nothing."""
    first: dict[Hashable, int] = {}
    for record, key in zip(records, keys, strict=True):
        line = first.setdefault(key, record.line)
        if key is not None and line != record.line:
            what = {"id": "this id", "number": "this badge"}.get(column, "this PIN")
            record.refuse(column, f"{what} stands twice, first on line {line}", "give one of the two another one")


def _refuse_slips(records: Sequence[Record], people: Sequence[PersonRow]) -> None:
    """Refuse a duress PIN that anybody might type who means their own."""
    pins = {pin for person in people for pin in (person.pin, person.personal_pin) if pin}
    for record, person in zip(records, people, strict=True):
        for column, duress, own in (
            ("duress_pin", person.duress_pin, person.pin),
            ("personal_duress_pin", person.personal_duress_pin, person.personal_pin),
        ):
            if duress is not None and own is None:
                record.refuse(column, "stands beside no PIN", "give this person a PIN as well, or leave it empty")
            elif duress is not None and is_near(duress, pins):
                problem = "is a PIN of this list, or one digit from one: a slip of the finger would be an alarm"
                record.refuse(column, problem, "choose one that is two digits or more from every PIN")


def _name(text: str) -> str:
    if len(text) > _MAX_NAME or not text.isprintable():
        raise CellError("is too long or not printable", f"write 1 to {_MAX_NAME} printable characters")
    return text


def _matching(pattern: re.Pattern[str], problem: str, mend: str) -> Callable[[str], str]:
    """A text of one shape. The text itself is not repeated: it may be a PIN."""

    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise CellError(problem, mend)
        return text

    return parse


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise CellError(f"{quoted(text)} is neither yes nor no", "write yes or no")
    return text == "yes"


def _one_of(words: Collection[str], what: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise CellError(f"unknown {what} {quoted(text)}", suggest(text, words))
        return text

    return parse


def _word(enum: type[E]) -> Callable[[str], E]:
    words: dict[str, E] = {member.name.lower(): member for member in enum}
    known = _one_of(words, "word")
    return lambda text: words[known(text)]


def _number(most: int, least: int = 0) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = (int(text, 16) if text.startswith("0x") else int(text)) if _DIGITS.fullmatch(text) else -1
        if not least <= number <= most:
            raise CellError(f"{quoted(text)} is no number from {least} to {most}", f"write {least} to {most}")
        return number

    return parse


def _levels(site: Site) -> Callable[[str], frozenset[AccessLevelId]]:
    known = _one_of(site.access_levels, "access level")

    def parse(text: str) -> frozenset[AccessLevelId]:
        words = [known(word.strip()) for word in text.split(";")]
        if len(set(words)) < len(words):
            raise CellError("an access level stands twice", "remove one of the two")
        return frozenset(AccessLevelId(word) for word in words)

    return parse


def _competencies(site: Site) -> Callable[[str], tuple[HeldCompetency, ...]]:
    """Competencies separated by semicolons, each with the last day it counts: ``first-aid:2027-06-30``."""
    known, until = _one_of(site.competencies, "competency"), _moment(site.timezone, days=1)

    def parse(text: str) -> tuple[HeldCompetency, ...]:
        held = []
        for word in text.split(";"):
            name, _, end = word.strip().partition(":")
            held.append(HeldCompetency(CompetencyId(known(name)), until(end) if end else None))
        if len({one.competency for one in held}) < len(held):
            raise CellError("a competency stands twice", "remove one of the two")
        return tuple(sorted(held, key=lambda one: one.competency))

    return parse


def _moment(zone: ZoneInfo, days: int = 0) -> Callable[[str], datetime]:
    """An RFC 3339 time, or a date: its midnight in the site's zone, ``days`` later."""

    def parse(text: str) -> datetime:
        try:
            if _DATE.fullmatch(text):
                return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone)
            moment = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            raise CellError(
                f"{quoted(text)} is no date", "write YYYY-MM-DD, or YYYY-MM-DDTHH:MM:SS with Z or +HH:MM"
            ) from None
        if moment.tzinfo is None:
            raise CellError(f"{quoted(text)} says no time zone", "end it with Z or +HH:MM")
        return moment

    return parse
