"""A CSV file as records that know where each of their cells stands, and collect every problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

from controller.site.errors import SiteError, quoted, suggest

T = TypeVar("T")

_CELL = re.compile(r'[ \t]*(?:"(?P<quoted>(?:[^"]|"")*)"[ \t]*|(?P<plain>[^",]*))(?P<end>,|$)')


class CellError(ValueError):
    """A cell is wrong: what is wrong with it, and how to mend it."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Cell:
    """One trimmed text and the column of characters (from 1) where it begins."""

    text: str
    at: int


@dataclass(slots=True)
class Record:
    """One line. ``whole`` turns False as soon as a cell is wrong: what is built of it must be thrown away."""

    file: str
    line: int
    cells: dict[str, Cell]
    errors: list[SiteError] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Was nothing refused so far?"""
        return not self.errors

    def need(self, column: str, parse: Callable[[str], T]) -> T:
        """The value of a cell that must be filled."""
        value = self.want(column, parse)
        if value is None and self.cells[column].text == "":
            self.refuse(column, f"{column} is missing", "fill it in")
        return cast(T, value)  # None is a placeholder: `whole` is False then

    def want(self, column: str, parse: Callable[[str], T]) -> T | None:
        """The value of a cell, None where it is empty or wrong."""
        text = self.cells[column].text
        try:
            return parse(text) if text else None
        except CellError as error:
            self.refuse(column, error.problem, error.mend)
            return None

    def refuse(self, column: str, problem: str, mend: str) -> None:
        """Record a problem with one cell."""
        self.errors.append(SiteError(self.file, self.line, self.cells[column].at, column, problem, mend))


def read_records(
    data: bytes, file: str, columns: tuple[str, ...], optional: tuple[str, ...] = ()
) -> tuple[list[Record], list[SiteError]]:
    """The records below the header line, and what is wrong with the shape of the file.

    Records are one line each, cells are separated by commas and may be quoted; empty lines and those that begin with
    ``#`` are passed over. Every column must be there, in any order, and no other but the optional ones,
    whose cells are empty where the file has no such column.
    """
    try:
        lines = _lines(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [], [SiteError(file, line, 1, "", "is not UTF-8", "save the file as UTF-8")]
    number, header = next(lines, (1, ""))
    names = _split(header) or []
    errors = list(_bad_header(file, number, names, columns, optional))
    if errors:
        return [], errors
    records = []
    for number, text in lines:
        cells = _split(text)
        if cells is None or len(cells) != len(names):
            problem = "a quote is not closed" if cells is None else f"{len(cells)} cells, {len(names)} columns"
            mend = "separate the cells by commas; put a cell with a comma in double quotes"
            errors.append(SiteError(file, number, 1, "", problem, mend))
        else:
            filled = {name.text: cell for name, cell in zip(names, cells, strict=True)}
            records.append(Record(file, number, dict.fromkeys(optional, Cell("", 1)) | filled))
    return records, errors


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.removesuffix("\r")


def _split(line: str) -> list[Cell] | None:
    """The cells of a line, None where a quote is not closed."""
    cells: list[Cell] = []
    start = 0
    while True:
        match = _CELL.match(line, start)
        if match is None:
            return None
        text = match["plain"] if match["quoted"] is None else match["quoted"].replace('""', '"')
        cells.append(Cell(text.strip(), start + 1))
        if not match["end"]:
            return cells
        start = match.end()


def _bad_header(
    file: str, line: int, names: list[Cell], columns: tuple[str, ...], optional: tuple[str, ...]
) -> Iterator[SiteError]:
    seen: set[str] = set()
    for cell in names:
        if cell.text not in (*columns, *optional):
            problem = f"unknown column {quoted(cell.text)}"
            yield SiteError(file, line, cell.at, cell.text, problem, suggest(cell.text, (*columns, *optional)))
        elif cell.text in seen:
            yield SiteError(file, line, cell.at, cell.text, "this column stands twice", "remove one of the two")
        seen.add(cell.text)
    for column in columns:
        if column not in seen:
            mend = f"the header line is {','.join(columns)}"
            yield SiteError(file, line, 1, column, f"missing column {quoted(column)}", mend)
