"""Tries mutants, one child each: ``python -m pytest -p tests.mutants.pool``, in the folder that mutmut generated.

mutmut itself starts pytest anew for every mutant: seconds of importing and collecting, for tests of milliseconds. Here
the tests are collected once, and each child is a fork of what is collected. What a mutant does while modules are being
imported is therefore not tried.

A child runs the tests that reach its function, those first that promise the most kills for each second: they, or
others of their file, killed others of that function or its module, or they stand in the module's own file; and they are
quick.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name

PATTERNS = "OSTIARY_MUTANTS"
SECONDS = "OSTIARY_MUTANT_SECONDS"  # of tests for each mutant, at most
NO_MUTANT = ""
LIVES, DIES, UNTRIED, ENDLESS, REFUSED = 0, 1, 33, 36, 37  # as mutmut writes them down
SETTLED = frozenset({"killed", "timeout", "caught by type check"})
SAVE_EVERY = 10.0  # seconds
PATIENCE = 2.0  # seconds of a processor for any test,
SLOWER = 5.0  # and so many times what it took without a mutant
OVERHEAD = 0.002  # seconds that pytest takes for any test
HOME = ".."  # from where mutmut names its files


@dataclass(slots=True)
class Trial:
    """A mutant, and the tests that reach its function."""

    name: str
    results: SourceFileMutationData
    items: list[pytest.Item]

    @property
    def function(self) -> str:
        """Return the function it is a mutant of, as mutmut spells it."""
        return function_of(self.name)

    @property
    def module(self) -> str:
        """Return the module of that function."""
        return self.function.rpartition(".")[0]

    def owns(self, item: pytest.Item) -> bool:
        """Tell whether a test stands in the module's own file."""
        return item.path.stem == f"test_{self.module.rpartition('.')[2]}"


@dataclass(frozen=True, slots=True)
class Child:
    """A process that tries a mutant, and where it tells which test killed it."""

    trial: Trial
    killer: int


@dataclass(slots=True)
class Pool:
    """What was collected, and what became of each mutant."""

    seconds: dict[str, float]
    reached: dict[str, list[str]]
    running: dict[int, Child] = field(default_factory=dict)
    killers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unsaved: dict[Path, SourceFileMutationData] = field(default_factory=dict)
    saved_at: float = 0.0
    tried: int = 0

    def trials(self, items: list[pytest.Item], patterns: list[str]) -> Iterator[Trial]:
        """Yield every mutant that is meant and not settled, in the order of the patterns."""
        by_id = {item.nodeid: item for item in items}
        found = [(name, results) for results in _results() for name in _unsettled(results)]

        @cache
        def reaching(function: str) -> list[pytest.Item]:
            return [by_id[one] for one in self.reached.get(function, ()) if one in by_id]

        for number, pattern in enumerate(patterns):
            for name, results in found:
                if fnmatch(name, pattern) and not any(fnmatch(name, before) for before in patterns[:number]):
                    yield Trial(name, results, reaching(function_of(name)))

    def takes(self, item: pytest.Item) -> float:
        """Return the seconds of a test."""
        return self.seconds.get(item.nodeid, 0.0)

    def _promises(self, trial: Trial, item: pytest.Item) -> float:
        """Return about how many kills a second a test will bring, by those that it and its file brought before."""
        near, far, file = self.killers[trial.function], self.killers[trial.module], item.path.stem
        kills = 10 * near[item.nodeid] + far[item.nodeid] + (10 * near[file] + far[file]) / 50
        return (kills + (1.0 if trial.owns(item) else 0.1)) / (self.takes(item) + OVERHEAD)

    def fails_unchanged(self, items: list[pytest.Item]) -> str:
        """Return which of the tests fails without any mutant: it would kill them all. Empty: none does."""
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            self._try(NO_MUTANT, items, theirs)
        os.close(theirs)
        with os.fdopen(ours) as told:
            failed = told.read()
        return (failed or "a test that does not end") if os.waitpid(child, 0)[1] else ""

    def start(self, trial: Trial) -> None:
        """Fork a child that tries the mutant: first with what promises most."""
        if not trial.items:
            self._learn(trial, UNTRIED)
            return
        trial.items.sort(key=lambda item: self._promises(trial, item), reverse=True)
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            self._try(trial.name, trial.items, theirs)
        os.close(theirs)
        self.running[child] = Child(trial, ours)

    def _try(self, mutant: str, tests: list[pytest.Item], killer: int) -> None:
        """Run the tests for which there is time, until one fails; never returns."""
        plugins = tests[0].config.pluginmanager
        plugins.unregister(plugins.get_plugin("terminalreporter"))
        plugins.register(Killer(killer))
        signal.signal(signal.SIGPROF, lambda *_: os._exit(ENDLESS))
        set_mutant_under_test(mutant)
        limit = float(os.environ[SECONDS])
        items = tests if mutant == NO_MUTANT else list(self._affordable(tests, limit))
        try:
            for item, after in zip_longest(items, items[1:]):
                signal.setitimer(signal.ITIMER_PROF, PATIENCE + SLOWER * self.takes(item))
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        except BaseException:  # noqa: BLE001 - whatever a mutant throws out of pytest itself was noticed by that
            os._exit(DIES)
        os._exit(LIVES)

    def _affordable(self, items: list[pytest.Item], seconds: float) -> Iterator[pytest.Item]:
        for item in items:
            if self.takes(item) <= seconds:
                seconds -= self.takes(item)
                yield item

    def wait(self) -> None:
        """Wait for one child to end, and note what became of its mutant."""
        pid, status = os.wait()
        child, code = self.running.pop(pid), os.waitstatus_to_exitcode(status)
        with os.fdopen(child.killer) as told:
            killed_by = told.read().splitlines()
        for place in (child.trial.function, child.trial.module):
            self.killers[place].update([*killed_by, *(Path(test.partition("::")[0]).stem for test in killed_by)])
        self._learn(child.trial, code if code in {LIVES, ENDLESS} else DIES)

    def _learn(self, trial: Trial, code: int) -> None:
        trial.results.exit_code_by_key[trial.name] = code
        self.unsaved[Path(trial.results.path)] = trial.results
        self.tried += 1
        if time.monotonic() > self.saved_at + SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write down what was learnt."""
        with chdir(HOME):
            for results in self.unsaved.values():
                results.save()
        self.unsaved.clear()
        self.saved_at = time.monotonic()


@dataclass(frozen=True, slots=True)
class Killer:
    """A plugin that ends its process with the first test that fails."""

    pipe: int

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Tell which test it was, before pytest spends a second on saying in what it failed."""
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            os.write(self.pipe, item.nodeid.encode())
            os._exit(DIES)


def function_of(mutant: str) -> str:
    """Return the name of the function that a mutant is one of, as mutmut spells it."""
    return str(mangled_name_from_mutant_name(mutant))


def _results() -> list[SourceFileMutationData]:
    with chdir(HOME):
        found = [SourceFileMutationData(path=path) for path in walk_mutatable_files()]
        for results in found:
            results.load()
    return found


def _unsettled(results: SourceFileMutationData) -> list[str]:
    codes = results.exit_code_by_key.items()
    return [name for name, code in codes if status_by_exit_code[code] not in SETTLED]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try the mutants in place of running the tests."""
    told = json.loads(Path("mutmut-stats.json").read_text(encoding="utf-8"))
    pool = Pool(told["duration_by_test"], told["tests_by_mangled_function_name"])
    trials = list(pool.trials(session.items, os.environ.get(PATTERNS, "*").split()))
    gc.collect()
    gc.freeze()  # or each child would copy every page at its first collection
    quickest = sorted(session.items, key=pool.takes)
    for items in (session.items, session.items[::-1], quickest):  # in some order each mutant meets them in
        if failed := pool.fails_unchanged(items):
            pytest.exit(f"without a mutant fails {failed}", returncode=1)
    for trial in trials:
        while len(pool.running) >= (os.cpu_count() or 1):
            pool.wait()
        pool.start(trial)
        print(f"\rtried {pool.tried} of {len(trials)}", end="", file=sys.__stderr__, flush=True)
    while pool.running:
        pool.wait()
    pool.save()
    return True
