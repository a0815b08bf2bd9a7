"""What is wrong with a file, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, order=True)
class SiteError:
    """One problem. ``line`` and ``column`` start at 1; ``where`` is a dotted key path, or the name of a CSV column."""

    file: str
    line: int
    column: int
    where: str
    problem: str
    mend: str


class SiteErrors(Exception):
    """A file was refused. ``errors`` holds every problem that was found, by line, and is never empty."""

    def __init__(self, errors: Iterable[SiteError]) -> None:
        self.errors = tuple(sorted(errors))
        super().__init__("\n".join(describe(self.errors)))


def describe(errors: Iterable[SiteError]) -> Iterator[str]:
    """Two lines for each error: ``FILE:LINE:COL: where: problem``, then an indented ``mend: ...``."""
    for error in errors:
        place = f"{error.file}:{error.line}:{error.column}"
        yield f"{place}: {error.where}: {error.problem}" if error.where else f"{place}: {error.problem}"
        yield f"  mend: {error.mend}"


def suggest(word: str, known: Iterable[str]) -> str:
    """The mend for a word that is not among ``known``: the closest ones, or all of them."""
    candidates = sorted(known)
    close = get_close_matches(word, candidates, n=3)
    if close:
        return f"did you mean {' or '.join(map(quoted, close))}?"
    if not candidates:
        return "nothing of that kind is declared yet"
    return f"choose one of {', '.join(map(quoted, candidates))}"


def quoted(word: str) -> str:
    """The word in double quotes, shortened to fit a line."""
    return f'"{word}"' if len(word) <= 60 else f'"{word[:57]}..."'
