"""Shows mutants to mypy: many beside each other in one module, which makes minutes of what would be hours."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from mutmut.mutation.data import LineSpan, MutantLineSpans
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

TYPED = Path("mutants/typed")
ERROR = re.compile(r"^(\S+\.py):(\d+): error:", re.MULTILINE)
AT_ONCE = 1_000  # mutants

Function = tuple[str | None, str]
"""A class, for a method, and the name."""


def refused(mutants: Sequence[tuple[str, Path]]) -> Iterator[tuple[Path, set[str]]]:
    """Yield the names of those that are no well-typed programs by their modules, as they are found.

    A mutant stands beside the function it is one of, under its own name: an error in its lines is about that one. What
    its callers would say of it is not asked: tests will tell.
    """
    shutil.rmtree(TYPED, ignore_errors=True)
    for package in ("controller", "devices", "vision", "api"):
        shutil.copytree(package, TYPED / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy("pyproject.toml", TYPED)
    if errors := _errors():
        raise SystemExit(f"the sources themselves do not pass mypy: {errors}")
    for begin in range(0, len(mutants), AT_ONCE):
        print(f"\rmypy: {len(mutants) - begin} are left ", end="", flush=True)
        by_path = defaultdict[Path, list[str]](list)
        for name, path in mutants[begin : begin + AT_ONCE]:
            by_path[path].append(name)
        yield from _refused_at_once(by_path)
    print()


def _refused_at_once(mutants: Mapping[Path, list[str]]) -> list[tuple[Path, set[str]]]:
    owners = {path: _put_in(path, names) for path, names in mutants.items()}
    errors = _errors()
    for path in mutants:
        shutil.copyfile(path, TYPED / path)
    if strangers := [(path, line) for path, line in errors if line not in owners.get(path, {})]:
        raise SystemExit(f"mypy refuses what is no mutant: {strangers}")
    return [(path, {owners[path][line] for there, line in errors if there == path}) for path in mutants]


def _errors() -> set[tuple[Path, int]]:
    told = subprocess.run(["mypy", "controller/rules"], cwd=TYPED, capture_output=True, text=True, check=False)
    errors = {(Path(match[1]), int(match[2])) for match in ERROR.finditer(told.stdout)}
    if told.returncode not in (0, 1) or bool(told.returncode) is not bool(errors):
        raise SystemExit(f"mypy broke down: {told.stdout}{told.stderr}")
    return errors


def _put_in(path: Path, mutants: list[str]) -> dict[int, str]:
    """Write a module with these mutants behind their functions; return whose each line is."""
    lines, functions = _read(path)
    owners, written, read = dict[int, str](), list[str](), 0
    for name in sorted(mutants, key=lambda name: functions[_function(name)].lineno):
        function = functions[_function(name)]
        end = function.end_lineno or function.lineno
        written += lines[read:end]
        read = end
        begin = len(written)
        written += [lines[decorator.lineno - 1] for decorator in function.decorator_list]
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
    """Return the lines of a mutated function from its ``def`` on."""
    lines, spans = _generated(path)
    span = spans[mutant.rpartition(".")[2]]
    text = lines[span.start - 1 : span.end]
    begin = next(number for number, line in enumerate(text) if line.lstrip().startswith("def "))
    return text[begin:]


@cache
def _generated(path: Path) -> tuple[list[str], Mapping[str, LineSpan]]:
    spans = MutantLineSpans.load(path)
    if spans is None:
        raise SystemExit(f"mutmut left no index of {path}")
    return spans.mutants_path.read_text(encoding="utf-8").splitlines(), spans.span_by_function_name
