"""Mutants of ``controller/rules``, and the names of those that no test kills: ``python -m tests.mutants``.

A mutant that lives is shown to mypy: what that refuses is dead, ``make check`` would not let it in. (Before the tests,
for all mutants in one file, it takes longer than the tests themselves.) One that mypy lets pass as well stands in
``explained.toml`` with the reason why no test tells it from the rules, or this ends with exit code 1. Names or patterns
of mutants may be given (``controller.rules.door*``); results are kept in ``mutants/`` until their function changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import (
    find_top_level_function_or_method,
    get_diff_for_mutant,
    read_functions_from_index,
    read_orig_module,
)
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from tests.mutants.pool import PATTERNS

FEW = "controller.rules.turn*"
EXPLAINED = Path(__file__).with_name("explained.toml")
TYPED = Path("mutants/typed")
DEAD = frozenset({"killed", "timeout"})


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
    _generate()
    _try(patterns)
    results = [(name, code, path) for name, code, path in _results() if _meant(name, patterns)]
    living = [_living(name, path) for name, code, path in results if status_by_exit_code[code] not in DEAD]
    with TypeChecker() as checker:
        typed = [mutant for mutant in _told(living) if not checker.refuses(mutant)]
    reasons = _explained()
    unexplained = [mutant for mutant in typed if _key(mutant) not in reasons]
    for mutant in unexplained:
        print(f"\n{mutant.name}\n  - {mutant.removed}\n  + {mutant.added}")
    stale = reasons.keys() - {_key(mutant) for mutant in typed} if not patterns else set()
    for function, removed, added in sorted(stale):
        print(f"\nexplained, but dead or gone: {function}\n  - {removed}\n  + {added}")
    counts = {
        "mutants": len(results),
        "killed by tests": len(results) - len(living),
        "refused by the type checker": len(living) - len(typed),
        "explained": len(typed) - len(unexplained),
        "not explained": len(unexplained),
        "explained for nothing": len(stale),
    }
    print("\n" + ", ".join(f"{what}: {count}" for what, count in counts.items()))
    return 1 if unexplained or stale else 0


def _generate() -> None:
    """Have mutmut make the mutants, and learn which tests reach which; trying a few shows that all this works."""
    subprocess.run(["mutmut", "run", FEW], check=True)


def _try(patterns: list[str]) -> None:
    """Try those that are meant in a pool of ours: see `tests.mutants.pool`."""
    mutmut = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    arguments = [*mutmut["pytest_add_cli_args"], *mutmut["pytest_add_cli_args_test_selection"]]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.pool", "--assert=plain", *arguments],
        cwd="mutants",
        env=os.environ | {PATTERNS: " ".join(patterns), "PY_IGNORE_IMPORTMISMATCH": "1"},
        check=True,
    )


def _told(living: list[Living]) -> Iterator[Living]:
    for number, mutant in enumerate(living, 1):
        print(f"\rmypy looks at the living: {number} of {len(living)}", end="", flush=True)
        yield mutant


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


class TypeChecker:
    """mypy as a daemon over a copy of the sources, into which one mutant at a time is put."""

    def __enter__(self) -> TypeChecker:
        shutil.rmtree(TYPED, ignore_errors=True)
        for package in ("controller", "devices", "vision", "api"):
            shutil.copytree(package, TYPED / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
        shutil.copy("pyproject.toml", TYPED)
        self._dmypy("stop")
        if self._dmypy("run", "--", "controller/rules") != 0:
            raise SystemExit("the sources themselves do not pass mypy")
        return self

    def __exit__(self, *_: object) -> None:
        self._dmypy("stop")

    def refuses(self, mutant: Living) -> bool:
        """Tell whether the mutant is no well-typed program."""
        functions = read_functions_from_index(mutant.name, mutant.path)
        original = read_orig_module(mutant.path)
        name = orig_function_and_class_names_from_key(mutant.name)[0].rpartition(".")[-1]
        there = find_top_level_function_or_method(original, name)
        if functions is None or there is None:
            return False
        place, source = TYPED / mutant.path, mutant.path.read_text(encoding="utf-8")
        mutated = original.deep_replace(there, functions[1].with_changes(name=there.name))
        place.write_text(mutated.code, encoding="utf-8")  # type: ignore[attr-defined]
        told = self._dmypy("recheck")
        place.write_text(source, encoding="utf-8")
        if told not in (0, 1):
            raise SystemExit(f"mypy broke down over {mutant.name}")
        return told == 1

    def _dmypy(self, *arguments: str) -> int:
        return subprocess.run(["dmypy", *arguments], cwd=TYPED, capture_output=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
