"""Runs studies, each in a child process that gives way to everything else: no door waits for a report."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from controller.domain.ids import OperatorId
from controller.giving_way import give_way
from controller.runtime.studies import Busy, Study, StudyKind

MOST_AT_ONCE = 3
MOST_KEPT = 32
"""How many that are over can still be asked for."""

LONGEST_SECONDS = 1800.0
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of what one study may find: the child itself stops at ``study.MOST_ROWS``."""

STOPPED = "the study did not end; it was stopped"

_LOG = structlog.get_logger(__name__)


class ChildStudies:
    """Implements ``Studies`` over the log of one data folder."""

    def __init__(self, folder: Path, wall: Callable[[], datetime]) -> None:
        self._folder = folder
        self._wall = wall
        self._known: dict[str, Study] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, operator: OperatorId, kind: StudyKind, given: Mapping[str, Any]) -> Study:
        """Begin one. Raises ``Busy``."""
        if len(self._tasks) >= MOST_AT_ONCE:
            raise Busy
        study = Study(secrets.token_hex(8), kind, operator, self._wall())
        self._known[study.id] = study
        while len(self._known) > MOST_KEPT:
            del self._known[next(iter(each for each in self._known if each not in self._tasks))]
        task = asyncio.create_task(self._run(study, given), name=f"study-{kind}")
        self._tasks[study.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(study.id, None))
        return study

    def find(self, study: str) -> Study | None:
        """Return it as it stands; None for one that was cancelled, or is forgotten."""
        return self._known.get(study)

    async def over(self, study: str) -> Study | None:
        """Return it once it is over; None where it was cancelled meanwhile."""
        task = self._tasks.get(study)
        if task is not None:
            await asyncio.wait([task])
        return self._known.get(study)

    def cancel(self, study: str) -> None:
        """End it, and forget it."""
        self._known.pop(study, None)
        task = self._tasks.get(study)
        if task is not None:
            task.cancel()

    async def stop(self) -> None:
        """End all of them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, study: Study, given: Mapping[str, Any]) -> None:
        """Every way out but a cancellation leaves it over."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._listen(study, given)
        except (OSError, ValueError, TimeoutError):
            _LOG.exception("a study failed", kind=study.kind)
        known = self._known.get(study.id)
        if known is not None and not known.over:
            self._known[study.id] = replace(known, problem=STOPPED)

    async def _listen(self, study: Study, given: Mapping[str, Any]) -> None:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "controller.study", study.kind, str(self._folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        give_way(child.pid)
        try:
            assert child.stdin is not None and child.stdout is not None  # noqa: PT018, S101 - both are pipes
            child.stdin.write(json.dumps(given).encode())
            child.stdin.close()
            async for line in child.stdout:
                self._heard(study.id, json.loads(line))
            await child.wait()
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()

    def _heard(self, study: str, said: Mapping[str, Any]) -> None:
        known = self._known.get(study)
        if known is not None:
            self._known[study] = replace(known, **said)
