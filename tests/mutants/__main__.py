"""Mutants of ``controller/rules``, and the names of those that no test kills: ``python -m tests.mutants``.

Each is tried with its most promising tests for a few seconds (`tests.mutants.pool`), which most do not outlive. Those
that do are shown to mypy: what it refuses is dead, ``make check`` would not let it in. What is left is tried with all
tests that reach it, up to a minute. Not among these are the laws of Hypothesis, and tests whose rules run in another
process (``pyproject.toml``).

What lives through all this stands in ``explained.toml`` with the reason why no test tells it from the rules, or this
ends with exit code 1. Names or patterns of mutants may be given (``'controller.rules.door*'``), and are tried in that
order; results are kept in ``mutants/`` until their function changes.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

from tests.mutants.living import living
from tests.mutants.pool import PATTERNS, REFUSED, SECONDS
from tests.mutants.typed import refused

FIRST_SECONDS = 4.0  # so long takes the longest test, and it tells most of what is folded wrong
FEW = "controller.rules.second_person*"
EXPLAINED = Path(__file__).with_name("explained.toml")
SETTLED_BY = {"killed": "killed", "timeout": "killed", "caught by type check": "refused by the type checker"}


def main(patterns: list[str]) -> int:
    """Run the mutants, look at those that live, and tell of each that nobody explained."""
    _generate()
    _try(patterns, seconds=FIRST_SECONDS)
    _ask_the_type_checker(patterns)
    _try(patterns)
    return _tell(patterns)


def _tell(patterns: list[str]) -> int:
    reasons = _explained()
    counts: Counter[str] = Counter()
    seen = set()
    for name, code, path in _results(patterns):
        settled = SETTLED_BY.get(status_by_exit_code[code])
        if settled is None:
            mutant = living(name, path)
            seen.add(mutant.key)
            settled = "explained" if mutant.key in reasons else "not explained"
            if settled == "not explained":
                print(f"\n{mutant.name}\n  - {mutant.removed}\n  + {mutant.added}")
        counts[settled] += 1
    stale = reasons.keys() - seen if not patterns else set()
    for function, removed, added in sorted(stale):
        print(f"\nexplained, but dead or gone: {function}\n  - {removed}\n  + {added}")
    print(f"\nmutants: {counts.total()}, " + ", ".join(f"{what}: {count}" for what, count in counts.items()))
    return 1 if counts["not explained"] or stale else 0


def _generate() -> None:
    """Have mutmut make the mutants, and learn which tests reach which; trying a few shows that all this works."""
    subprocess.run(["mutmut", "run", FEW], check=True)


def _ask_the_type_checker(patterns: list[str]) -> None:
    """Note which of those that are left are refused."""
    left = [(name, path) for name, code, path in _results(patterns) if status_by_exit_code[code] not in SETTLED_BY]
    for path, names in refused(left):
        results = SourceFileMutationData(path=path)
        results.load()
        results.exit_code_by_key |= dict.fromkeys(names, REFUSED)
        results.save()


def _try(patterns: list[str], seconds: float = math.inf) -> None:
    """Try those that are left in a pool of ours with so many seconds of tests for each: see `tests.mutants.pool`."""
    mutmut = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    arguments = [*mutmut["pytest_add_cli_args"], *mutmut["pytest_add_cli_args_test_selection"]]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.pool", "--assert=plain", *arguments],
        cwd="mutants",
        env=os.environ
        | {PATTERNS: " ".join(patterns or ["*"]), SECONDS: str(seconds), "PY_IGNORE_IMPORTMISMATCH": "1"},
        check=True,
    )


def _meant(name: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatch(name, pattern) for pattern in patterns)


def _results(patterns: list[str]) -> Iterator[tuple[str, int | None, Path]]:
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            if _meant(name, patterns):
                yield name, code, Path(path)


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
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Try the mutants of the rules.")
    parser.add_argument(
        "patterns", nargs="*", metavar="PATTERN", help="names of mutants: 'controller.rules.door*' (all)"
    )
    sys.exit(main(parser.parse_args().patterns))
