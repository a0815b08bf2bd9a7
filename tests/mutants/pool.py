"""Tries mutants, one child each: ``python -m pytest -p tests.mutants.pool``, in the folder that mutmut generated.

mutmut itself starts pytest anew for every mutant: seconds of importing and collecting, for tests of milliseconds. Here
the tests are collected once, and each child is a fork of what is collected. What a mutant does while modules are being
imported is therefore not tried.
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
from pathlib import Path

import pytest
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name

PATTERNS = "OSTIARY_MUTANTS"
SECONDS = "OSTIARY_MUTANT_SECONDS"  # of tests for each mutant, at most: a quick first pass, for whoever looks for gaps
LIVES, DIES, UNTRIED, ENDLESS = 0, 1, 33, 36  # as mutmut writes them down
SAVE_EVERY = 10.0  # seconds
PATIENCE = 5.0  # seconds of a processor for one test, and as many times what it took without a mutant
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
        return str(mangled_name_from_mutant_name(self.name))

    @property
    def module(self) -> str:
        """Return the module of that function."""
        return self.function.rpartition(".")[0]

    def order(self, breadth: Counter[str]) -> None:
        """Put the module's own tests first, then those that reach little else."""
        own = f"test_{self.module.rpartition('.')[2]}"
        self.items.sort(key=lambda item: (item.path.stem != own, breadth[item.nodeid]))


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
        """Yield every mutant that is meant and not known to be dead."""
        by_id = {item.nodeid: item for item in items}
        breadth = Counter(test for tests in self.reached.values() for test in tests)
        for results in _results():
            for name, code in results.exit_code_by_key.items():
                meant = not patterns or any(fnmatch(name, pattern) for pattern in patterns)
                if meant and status_by_exit_code[code] != "killed":
                    trial = Trial(name, results, [])
                    ids = self.reached.get(trial.function, [])
                    trial.items.extend(by_id[one] for one in ids if one in by_id)
                    trial.order(breadth)
                    yield trial

    def _takes(self, item: pytest.Item) -> float:
        return self.seconds.get(item.nodeid, 0.0)

    def start(self, trial: Trial) -> None:
        """Fork a child that tries the mutant: first what killed others of that function, then of its module."""
        if not trial.items:
            self._learn(trial, UNTRIED)
            return
        near, far = self.killers[trial.function], self.killers[trial.module]
        trial.items.sort(key=lambda item: (-near[item.nodeid], -far[item.nodeid]))
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            self._try(trial, theirs)
        os.close(theirs)
        self.running[child] = Child(trial, ours)

    def _try(self, trial: Trial, killer: int) -> None:
        """Run the tests until one fails; never returns."""
        plugins = trial.items[0].config.pluginmanager
        plugins.unregister(plugins.get_plugin("terminalreporter"))
        plugins.register(Killer(killer))
        signal.signal(signal.SIGPROF, lambda *_: os._exit(ENDLESS))
        set_mutant_under_test(trial.name)
        left = float(os.environ.get(SECONDS, "inf"))
        try:
            for item, after in zip(trial.items, [*trial.items[1:], None], strict=True):
                if (left := left - self._takes(item)) < 0:
                    break
                signal.setitimer(signal.ITIMER_PROF, PATIENCE * (1.0 + self._takes(item)))
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        except BaseException:  # noqa: BLE001 - whatever a mutant throws out of pytest itself was noticed by that
            os._exit(DIES)
        os._exit(LIVES)

    def wait(self) -> None:
        """Wait for one child to end, and note what became of its mutant."""
        pid, status = os.wait()
        child, code = self.running.pop(pid), os.waitstatus_to_exitcode(status)
        with os.fdopen(child.killer) as told:
            killed_by = told.read().splitlines()
        for place in (child.trial.function, child.trial.module):
            self.killers[place].update(killed_by)
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


def _results() -> list[SourceFileMutationData]:
    with chdir(HOME):
        found = [SourceFileMutationData(path=path) for path in walk_mutatable_files()]
        for results in found:
            results.load()
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try the mutants in place of running the tests."""
    told = json.loads(Path("mutmut-stats.json").read_text(encoding="utf-8"))
    pool = Pool(told["duration_by_test"], told["tests_by_mangled_function_name"])
    trials = list(pool.trials(session.items, os.environ.get(PATTERNS, "").split()))
    gc.collect()
    gc.freeze()  # or each child would copy every page at its first collection
    for trial in trials:
        while len(pool.running) >= (os.cpu_count() or 1):
            pool.wait()
        pool.start(trial)
        print(f"\rtried {pool.tried} of {len(trials)}", end="", file=sys.__stderr__, flush=True)
    while pool.running:
        pool.wait()
    pool.save()
    return True
