"""The kinds of values a site file holds: each checks one raw value and says how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from typing import Generic, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from controller.site.errors import quoted, suggest
from controller.site.positions import Path
from controller.site.reading import Kind, Reading, Table

T = TypeVar("T")
V = TypeVar("V")
W = TypeVar("W", bound=Enum)

HIGHEST_INDEX = 255  # OSDP numbers inputs and outputs in one byte, and no relay board has more

_MAX_TEXT = 200
_MAX_BITS = 64  # Python refuses to print really long numbers
_ID = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_SCHEMES = ("rtsp", "rtsps", "http", "https")
_TYPES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
    datetime: "a date with time",
    date: "a date",
    time: "a time",
}


class Section(Generic[T]):
    """One array of tables whose rows have ids of type ``T``."""

    def __init__(self, name: str, id_type: Callable[[str], T], *, built_in: tuple[str, ...] = ()) -> None:
        self.name = name
        self.id_type = id_type
        self.built_in = built_in

    def ref(self, reading: Reading, path: Path, value: object) -> T | None:
        """The kind of a value that names a row of this section."""
        word = text(reading, path, value)
        if word is None:
            return None
        known = {*reading.declared.get(self.name, ()), *self.built_in}
        if word not in known:
            problem = f"no {self.name.replace('_', ' ')} has the id {quoted(word)}"
            reading.refuse(path, problem, suggest(word, known))
            return None
        return self.id_type(word)

    def ident(self, reading: Reading, path: Path, value: object) -> T | None:
        """The kind of a row's own id."""
        word = text(reading, path, value)
        if word is None:
            return None
        if not _ID.fullmatch(word):
            problem = f"{quoted(word)} is no id"
            reading.refuse(path, problem, "use a-z first, then up to 47 of a-z, 0-9, - and _")
            return None
        if word in self.built_in:
            reading.refuse(path, f"{quoted(word)} always exists", "remove this row")
            return None
        return self.id_type(word)


def text(reading: Reading, path: Path, value: object) -> str | None:
    """A text of 1 to 200 printable characters."""
    if not isinstance(value, str):
        _wrong_type(reading, path, value, "a text", "put it in double quotes")
        return None
    if not value.strip() or len(value) > _MAX_TEXT or not value.isprintable():
        reading.refuse(path, "is empty, too long or not printable", f"write 1 to {_MAX_TEXT} printable characters")
        return None
    return value


def flag(reading: Reading, path: Path, value: object) -> bool | None:
    """True or false."""
    if isinstance(value, bool):
        return value
    _wrong_type(reading, path, value, "true or false", "write true or false, without quotes")
    return None


def number(low: float, high: float, unit: str = "") -> Kind[float]:
    """A number from ``low`` to ``high``, both included."""

    def kind(reading: Reading, path: Path, value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            _wrong_type(reading, path, value, "a number", "write a number, without quotes")
            return None
        if not low <= value <= high:
            _out_of_range(reading, path, value, low, high, unit)
            return None
        return float(value)

    return kind


def whole(low: int, high: int, unit: str = "") -> Kind[int]:
    """A whole number from ``low`` to ``high``, both included."""

    def kind(reading: Reading, path: Path, value: object) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            _wrong_type(reading, path, value, "a whole number", "write a whole number, without quotes")
            return None
        if not low <= value <= high:
            _out_of_range(reading, path, value, low, high, unit)
            return None
        return value

    return kind


def one_of(choices: tuple[int, ...]) -> Kind[int]:
    """One of a few whole numbers."""

    def kind(reading: Reading, path: Path, value: object) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and value in choices:
            return value
        mend = f"choose one of {', '.join(map(str, choices))}"
        reading.refuse(path, f"{_shown(value)} is not one of the usual values", mend)
        return None

    return kind


def name_of(choices: tuple[str, ...], what: str) -> Kind[str]:
    """One of a few names, written exactly."""

    def kind(reading: Reading, path: Path, value: object) -> str | None:
        word = text(reading, path, value)
        if word is None or word in choices:
            return word
        reading.refuse(path, f"unknown {what} {quoted(word)}", suggest(word, choices))
        return None

    return kind


def word(enum: type[W]) -> Kind[W]:
    """One word of a closed list, in lower case."""
    words: dict[str, W] = {member.name.lower(): member for member in enum}

    def kind(reading: Reading, path: Path, value: object) -> W | None:
        spelt = text(reading, path, value)
        if spelt is None:
            return None
        if spelt not in words:
            reading.refuse(path, f"unknown word {quoted(spelt)}", suggest(spelt, words))
        return words.get(spelt)

    return kind


def many(element: Kind[T], least: int = 0) -> Kind[tuple[T, ...]]:
    """A list of at least ``least`` elements, all of which are checked."""

    def kind(reading: Reading, path: Path, value: object) -> tuple[T, ...] | None:
        if not isinstance(value, list):
            _wrong_type(reading, path, value, "a list", "put it in [ ]")
            return None
        if len(value) < least:
            reading.refuse(path, f"has {len(value)} elements", f"list at least {least}")
            return None
        read = [element(reading, (*path, index), raw) for index, raw in enumerate(value)]
        good = tuple(item for item in read if item is not None)
        return good if len(good) == len(read) else None

    return kind


def several(element: Kind[T], least: int = 0) -> Kind[frozenset[T]]:
    """A list in which nothing stands twice."""

    def kind(reading: Reading, path: Path, value: object) -> frozenset[T] | None:
        items = many(element, least)(reading, path, value)
        if items is None:
            return None
        repeated = [index for index, item in enumerate(items) if item in items[:index]]
        for index in repeated:
            reading.refuse((*path, index), "stands twice in this list", "remove one of the two")
        return None if repeated else frozenset(items)

    return kind


def by_key(key: Kind[T], value: Kind[V]) -> Kind[dict[T, V]]:
    """A table from one kind to another."""

    def kind(reading: Reading, path: Path, raw: object) -> dict[T, V] | None:
        if not isinstance(raw, dict):
            _wrong_type(reading, path, raw, "a table", "write { key = value, ... }")
            return None
        read = [(key(reading, (*path, k), k), value(reading, (*path, k), v)) for k, v in raw.items()]
        good = {k: v for k, v in read if k is not None and v is not None}
        return good if len(good) == len(read) else None

    return kind


def nested(build: Callable[[Table], T]) -> Kind[T]:
    """An inline table, read by ``build``; its unknown keys are refused."""

    def kind(reading: Reading, path: Path, value: object) -> T | None:
        if not isinstance(value, dict):
            _wrong_type(reading, path, value, "a table", "write { key = value, ... }")
            return None
        table = Table(reading, path, value)
        built = build(table)
        table.close()
        return built if table.whole else None

    return kind


def point(reading: Reading, path: Path, value: object) -> tuple[float, float] | None:
    """A point of the floor plan, ``[x, y]``."""
    if not isinstance(value, list) or len(value) != 2:
        reading.refuse(path, f"{_shown(value)} is no point", "write [x, y] in plan units")
        return None
    numbers = many(number(0, 100_000))(reading, path, value)
    return None if numbers is None else (numbers[0], numbers[1])


def clock(reading: Reading, path: Path, value: object) -> time | None:
    """A time of day, ``"22:00"`` or TOML's own ``22:00:00``."""
    if isinstance(value, time):
        return value
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match:
        return time(int(match[1]), int(match[2]))
    mend = 'write "HH:MM" from "00:00" to "23:59"; a period that ends at midnight ends at "00:00"'
    reading.refuse(path, f"{_shown(value)} is no time of day", mend)
    return None


def day(reading: Reading, path: Path, value: object) -> date | None:
    """A date, ``2027-01-31`` with or without quotes."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        reading.refuse(path, f"{_shown(value)} is no date", "write YYYY-MM-DD, a day that the calendar has")
        return None


def zone_info(reading: Reading, path: Path, value: object) -> ZoneInfo | None:
    """A time zone of the IANA database."""
    key = text(reading, path, value)
    if key is None:
        return None
    known = _time_zones()
    if key not in known:
        near = suggest(key, known)
        mend = near if near.startswith("did") else 'write an IANA name such as "Europe/Vienna"'
        reading.refuse(path, f"unknown time zone {quoted(key)}", mend)
        return None
    return ZoneInfo(key)


def camera_url(reading: Reading, path: Path, value: object) -> str | None:
    """An address without credentials: those belong in the key store, not in a file that many read."""
    url = text(reading, path, value)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in _SCHEMES:
        reading.refuse(path, "is no camera address", 'write "rtsp://HOST:PORT/PATH"')
        return None
    if "@" in parts.netloc:
        mend = "remove USER:PASSWORD@ here and put the password in the key store; then change it, for it was in a file"
        reading.refuse(path, "carries credentials, which everyone who may read this file would learn", mend)
        return None
    return url


@cache
def _time_zones() -> frozenset[str]:
    """The names of all zones; looking them up walks a directory tree."""
    return frozenset(available_timezones())


def _wrong_type(reading: Reading, path: Path, value: object, wanted: str, mend: str) -> None:
    found = _TYPES.get(type(value), "something else")
    reading.refuse(path, f"wrong type: {wanted} is asked for, {found} was found", mend)


def _out_of_range(reading: Reading, path: Path, value: float, low: float, high: float, unit: str) -> None:
    words = f" {unit}" if unit else ""
    reading.refuse(path, f"{_shown(value)}{words} is out of range", f"write {low:g} to {high:g}{words}")


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return "a huge number"
    return quoted(value) if isinstance(value, str) else quoted(str(value)).strip('"')
