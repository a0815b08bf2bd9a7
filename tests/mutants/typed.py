"""Shows mutants to mypy."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from textwrap import indent

from tests.mutants.living import Living

TYPED = Path("mutants/typed")
ERROR = re.compile(r"^(\S+\.py):(\d+): error:", re.MULTILINE)


class TypeChecker:
    """mypy as a daemon over a copy of the sources, into which mutants are put: of each function one at a time."""

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

    def refused(self, living: Iterable[Living]) -> set[Living]:
        """Return those that are no well-typed programs."""
        waiting = defaultdict(list)
        for mutant in living:
            waiting[mutant.path, mutant.owner, mutant.function].append(mutant)
        refused = set()
        while waiting:
            print(f"\rmypy looks at the living: {sum(map(len, waiting.values()))} are left ", end="", flush=True)
            refused |= self._refused_at_once([mutants.pop() for mutants in waiting.values()])
            waiting = {function: mutants for function, mutants in waiting.items() if mutants}
        return refused

    def _refused_at_once(self, mutants: list[Living]) -> set[Living]:
        """Look at mutants of different functions: an error in the lines of one is about that one."""
        by_path = defaultdict(list)
        for mutant in mutants:
            by_path[mutant.path].append(mutant)
        lines = {path: _put_in(TYPED / path, path.read_text(encoding="utf-8"), here) for path, here in by_path.items()}
        errors = self._dmypy("recheck")
        for path in by_path:
            shutil.copyfile(path, TYPED / path)
        return {lines[path][line] for path, line in errors}

    def _dmypy(self, *arguments: str) -> set[tuple[Path, int]]:
        """Return where there are errors."""
        told = subprocess.run(["dmypy", *arguments], cwd=TYPED, capture_output=True, text=True, check=False)
        errors = {(Path(match[1]), int(match[2])) for match in ERROR.finditer(told.stdout)}
        if told.returncode not in (0, 1) or (told.returncode == 1 and arguments[0] != "stop" and not errors):
            raise SystemExit(f"mypy broke down: {told.stdout}{told.stderr}")
        return errors


def _put_in(place: Path, source: str, mutants: list[Living]) -> dict[int, Living]:
    """Write a module with these mutants in place of their functions; return whose each line is."""
    lines, owners, written = source.splitlines(), dict[int, Living](), list[str]()
    read = 0
    for function, mutant in sorted(
        ((_find(source, mutant), mutant) for mutant in mutants), key=lambda at: at[0].lineno
    ):
        written += lines[read : function.lineno - 1]
        read = function.end_lineno or function.lineno
        begin = len(written)
        written += indent(mutant.text(), " " * function.col_offset).splitlines()
        owners |= dict.fromkeys(range(begin + 1, len(written) + 1), mutant)
    place.write_text("\n".join([*written, *lines[read:], ""]), encoding="utf-8")
    return owners


def _find(source: str, mutant: Living) -> ast.FunctionDef:
    for node in ast.walk(ast.parse(source)):
        inside = node.name if isinstance(node, ast.ClassDef) else None
        if isinstance(node, ast.Module | ast.ClassDef) and inside == mutant.owner:
            for function in node.body:
                if isinstance(function, ast.FunctionDef) and function.name == mutant.function:
                    return function
    raise LookupError(mutant.name)
