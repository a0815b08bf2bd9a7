"""Shows mutants to mypy: one of every function at a time, which makes minutes of what would be hours."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from mutmut.mutation.data import LineSpan, MutantLineSpans
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

TYPED = Path("mutants/typed")
ERROR = re.compile(r"^(\S+\.py):(\d+): error:", re.MULTILINE)
MANGLED = re.compile(r"(?<=\bdef )\w+__mutmut_\d+(?=\()")

Function = tuple[str | None, str]
"""A class, for a method, and the name."""


class TypeChecker:
    """mypy as a daemon over a copy of the sources, into which mutants are put."""

    def __enter__(self) -> TypeChecker:
        shutil.rmtree(TYPED, ignore_errors=True)
        for package in ("controller", "devices", "vision", "api"):
            shutil.copytree(package, TYPED / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
        shutil.copy("pyproject.toml", TYPED)
        self._dmypy("stop")
        if errors := self._dmypy("run", "--", "controller/rules"):
            raise SystemExit(f"the sources themselves do not pass mypy: {errors}")
        return self

    def __exit__(self, *_: object) -> None:
        self._dmypy("stop")

    def refused(self, mutants: Iterable[tuple[str, Path]]) -> Iterator[tuple[Path, set[str]]]:
        """Yield the names of those that are no well-typed programs by their modules, as they are found."""
        waiting: dict[tuple[Path, Function], list[str]] = {}
        for name, path in mutants:
            waiting.setdefault((path, _function(name)), []).append(name)
        while waiting:
            print(f"\rmypy: {sum(map(len, waiting.values()))} are left ", end="", flush=True)
            at_once = defaultdict(list)
            for (path, _), names in waiting.items():
                at_once[path].append(names.pop())
            yield from self._refused_at_once(at_once)
            waiting = {function: names for function, names in waiting.items() if names}

    def _refused_at_once(self, mutants: Mapping[Path, list[str]]) -> list[tuple[Path, set[str]]]:
        """Look at mutants of different functions: an error in the lines of one is about that one.

        Errors elsewhere, where one is called, are held against nobody: tests will tell.
        """
        owners = {path: _put_in(path, names) for path, names in mutants.items()}
        errors = self._dmypy("recheck")
        for path in mutants:
            shutil.copyfile(path, TYPED / path)
        return [
            (path, {owners[path][line] for there, line in errors if there == path and line in owners[path]})
            for path in mutants
        ]

    def _dmypy(self, *arguments: str) -> set[tuple[Path, int]]:
        """Return where there are errors."""
        told = subprocess.run(["dmypy", *arguments], cwd=TYPED, capture_output=True, text=True, check=False)
        errors = {(Path(match[1]), int(match[2])) for match in ERROR.finditer(told.stdout)}
        if arguments != ("stop",) and (told.returncode not in (0, 1) or bool(told.returncode) is not bool(errors)):
            raise SystemExit(f"mypy broke down: {told.stdout}{told.stderr}")
        return errors


def _put_in(path: Path, mutants: list[str]) -> dict[int, str]:
    """Write a module with these mutants in place of their functions; return whose each line is."""
    lines, functions = _read(path)
    owners, written, read = dict[int, str](), list[str](), 0
    for name in sorted(mutants, key=lambda name: functions[_function(name)].lineno):
        function = functions[_function(name)]
        written += lines[read : function.lineno - 1]
        read = function.end_lineno or function.lineno
        begin = len(written)
        written += _mutated(path, name)
        owners |= dict.fromkeys(range(begin + 1, len(written) + 1), name)
    (TYPED / path).write_text("\n".join([*written, *lines[read:], ""]), encoding="utf-8")
    return owners


@cache
def _read(path: Path) -> tuple[list[str], dict[Function, ast.FunctionDef]]:
    """Return the lines of a module and its functions. Their decorators stand above their first line."""
    source = path.read_text(encoding="utf-8")
    module = ast.parse(source)
    classes = [(node.name, node.body) for node in module.body if isinstance(node, ast.ClassDef)]
    owners: list[tuple[str | None, list[ast.stmt]]] = [(None, module.body), *classes]
    found = {(name, node.name): node for name, body in owners for node in body if isinstance(node, ast.FunctionDef)}
    return source.splitlines(), found


def _function(mutant: str) -> Function:
    name, owner = orig_function_and_class_names_from_key(mutant)
    return owner, name


def _mutated(path: Path, mutant: str) -> list[str]:
    """Return the lines of a mutated function from its ``def`` on, named as the one it is put in place of."""
    lines, spans = _generated(path)
    span = spans[mutant.rpartition(".")[2]]
    text = [MANGLED.sub(_function(mutant)[1], line) for line in lines[span.start - 1 : span.end]]
    begin = next(number for number, line in enumerate(text) if line.lstrip().startswith("def "))
    return text[begin:]


@cache
def _generated(path: Path) -> tuple[list[str], Mapping[str, LineSpan]]:
    spans = MutantLineSpans.load(path)
    if spans is None:
        raise SystemExit(f"mutmut left no index of {path}")
    return spans.mutants_path.read_text(encoding="utf-8").splitlines(), spans.span_by_function_name
