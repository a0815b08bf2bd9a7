"""A mutant that no test told from the rules, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.format_utils import orig_function_and_class_names_from_key


@dataclass(frozen=True, slots=True)
class Living:
    """A mutant that no test told from the rules."""

    name: str
    path: Path
    removed: str
    added: str

    @property
    def function(self) -> str:
        """Return the function it lives in, without its number: that changes whenever something above it does."""
        return str(orig_function_and_class_names_from_key(self.name)[0])

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what names it in ``explained.toml``."""
        return self.function, self.removed, self.added


def living(name: str, path: Path) -> Living:
    """Look up what a mutant changes."""
    lines = get_diff_for_mutant(name, path=path).split("\n")[2:]
    removed = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    added = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return Living(name, path, removed, added)
