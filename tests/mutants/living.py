"""A mutant that no test told from the rules, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from libcst import Module
from mutmut.mutation.diff_apply import get_diff_for_mutant, read_functions_from_index
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
    def owner(self) -> str | None:
        """Return the class of that function, if it has one."""
        owner: str | None = orig_function_and_class_names_from_key(self.name)[1]
        return owner

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what names it in ``explained.toml``."""
        return self.function, self.removed, self.added

    def text(self) -> str:
        """Return the mutated function, without its decorators.

        Raises:
            LookupError: mutmut has no such mutant.
        """
        functions = read_functions_from_index(self.name, self.path)
        if functions is None:
            raise LookupError(self.name)
        bare = functions[1].with_changes(decorators=[], leading_lines=[])
        return str(Module([bare]).code)


def living(name: str, path: Path) -> Living:
    """Look up what a mutant changes."""
    lines = get_diff_for_mutant(name, path=path).split("\n")[2:]
    removed = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    added = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return Living(name, path, removed, added)
