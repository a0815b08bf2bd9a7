"""A cursor over a parsed document that collects every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias, TypeVar, cast

from controller.site.errors import SiteError, quoted, suggest
from controller.site.positions import Path, Positions

T = TypeVar("T")


@dataclass(slots=True)
class Reading:
    """One file being read: what it declares, where everything stands, and what was refused so far."""

    file: str
    positions: Positions
    declared: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # section -> id -> row of its first use
    errors: list[SiteError] = field(default_factory=list)

    def refuse(self, path: Path, problem: str, mend: str) -> None:
        """Record one problem at ``path``."""
        line, column = self.positions.find(path)
        self.errors.append(SiteError(self.file, line, column, self.name(path), problem, mend))

    def name(self, path: Path) -> str:
        """``door.main-gate.lock`` for ``("door", 3, "lock")``: rows go by their id where they have one."""
        words = ""
        for index, part in enumerate(path):
            word = self._row_id(path[0], part) if index == 1 else part
            words += f"[{word}]" if isinstance(word, int) else f".{word}"
        return words.removeprefix(".")

    def _row_id(self, section: str | int, row: str | int) -> str | int:
        ids = self.declared.get(str(section), {})
        return next((id_ for id_, first in ids.items() if first == row), row)


Kind: TypeAlias = Callable[[Reading, Path, object], T | None]
"""Turns one raw value into ``T``; refuses it in the reading and gives None where it is wrong."""


class Table:
    """One TOML table. Every key that the reader asks for is known; ``close`` refuses the others.

    ``whole`` turns False as soon as a value is missing or wrong. From then on the values handed out are placeholders
    and what is built of them must be thrown away.
    """

    def __init__(self, reading: Reading, path: Path, values: Mapping[str, object]) -> None:
        self.reading = reading
        self.path = path
        self.values = values
        self.whole = True
        self._known: set[str] = set()
        self._missing: dict[str, tuple[str, str]] = {}

    def need(self, key: str, kind: Kind[T], example: str, why: str = "", otherwise: T | None = None) -> T:
        """The value of a key that must be there.

        ``example`` is a value to write, ``why`` a sentence on its absence, ``otherwise`` the placeholder.
        """
        self._known.add(key)
        if key in self.values:
            return self._read(key, kind, otherwise)
        self.whole = False
        self._missing[key] = f"missing key {quoted(key)}{': ' if why else ''}{why}", f"add `{key} = {example}`"
        return cast(T, otherwise)  # `whole` is False now, nobody keeps it

    def want(self, key: str, kind: Kind[T], default: T) -> T:
        """The value of a key that may be left out."""
        self._known.add(key)
        return self._read(key, kind, default) if key in self.values else default

    def forbid(self, key: str, problem: str) -> None:
        """Refuse a key that makes no sense beside the others."""
        self._known.add(key)
        if key in self.values:
            self.refuse(key, problem, f"remove {quoted(key)}")

    def refuse(self, key: str, problem: str, mend: str) -> None:
        """Record a problem with one key; the table is not whole any more."""
        self.whole = False
        self.reading.refuse((*self.path, key), problem, mend)

    def close(self) -> None:
        """Refuse the keys that nobody asked for, and those that are missing: a misspelt key is one mistake, not two.

        Comes after the last ``need``, ``want`` and ``forbid``.
        """
        for key in self.values:
            if key not in self._known:
                meant = get_close_matches(key, self._missing, n=1)
                self._missing = {name: why for name, why in self._missing.items() if name not in meant}
                self.reading.refuse((*self.path, key), f"unknown key {quoted(key)}", suggest(key, meant or self._known))
        for key, (problem, mend) in self._missing.items():
            self.reading.refuse((*self.path, key), problem, mend)

    def _read(self, key: str, kind: Kind[T], otherwise: T | None) -> T:
        value = kind(self.reading, (*self.path, key), self.values[key])
        if value is None:
            self.whole = False
            return cast(T, otherwise)  # `whole` is False now, nobody keeps it
        return value
