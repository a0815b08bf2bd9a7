"""Mutants of ``controller/rules``, and the names of those that no test kills: ``python -m tests.mutants``.

A mutant that mypy refuses is dead untried: ``make check`` would not let it in. One that lives stands in
``explained.toml`` with the reason why no test tells it from the rules, or this ends with exit code 1. Names or patterns
of mutants may be given (``controller.rules.door*``); results are kept in ``mutants/`` until their function changes.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

EXPLAINED = Path(__file__).with_name("explained.toml")
REFUSED = "caught by type check"
DEAD = frozenset({"killed", "timeout", REFUSED})


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
        return orig_function_and_class_names_from_key(self.name)[0].removeprefix("controller.rules.")


def main(patterns: list[str]) -> int:
    """Run the mutants, look at those that live, and tell of each that nobody explained."""
    subprocess.run(["mutmut", "run", *patterns], check=True)
    results = [(name, status_by_exit_code[code], path) for name, code, path in _results() if _meant(name, patterns)]
    living = [_living(name, path) for name, status, path in results if status not in DEAD]
    reasons = _explained()
    unexplained = [mutant for mutant in living if _key(mutant) not in reasons]
    for mutant in unexplained:
        print(f"\n{mutant.name}\n  - {mutant.removed}\n  + {mutant.added}")
    stale = reasons.keys() - {_key(mutant) for mutant in living} if not patterns else set()
    for function, removed, added in sorted(stale):
        print(f"\nexplained, but dead or gone: {function}\n  - {removed}\n  + {added}")
    refused = sum(status == REFUSED for _, status, _ in results)
    counts = {
        "mutants": len(results),
        "refused by the type checker": refused,
        "killed by tests": len(results) - len(living) - refused,
        "explained": len(living) - len(unexplained),
        "not explained": len(unexplained),
        "explained for nothing": len(stale),
    }
    print("\n" + ", ".join(f"{what}: {count}" for what, count in counts.items()))
    return 1 if unexplained or stale else 0


def _meant(name: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatch(name, pattern) for pattern in patterns)


def _results() -> Iterator[tuple[str, int | None, Path]]:
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            yield name, code, Path(path)


def _living(name: str, path: Path) -> Living:
    lines = get_diff_for_mutant(name, path=path).split("\n")[2:]
    removed = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    added = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return Living(name, path, removed, added)


def _key(mutant: Living) -> tuple[str, str, str]:
    return mutant.function, mutant.removed, mutant.added


def _explained() -> dict[tuple[str, str, str], str]:
    if not EXPLAINED.exists():
        return {}
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get("mutant", [])
    repeated = [key for key, count in Counter(_entry_key(entry) for entry in entries).items() if count > 1]
    if repeated:
        raise SystemExit(f"{EXPLAINED.name} names a mutant twice: {repeated[0]}")
    return {_entry_key(entry): entry["why"] for entry in entries}


def _entry_key(entry: dict[str, str]) -> tuple[str, str, str]:
    return entry["function"], entry["removed"], entry["added"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
