"""One study, in a process of its own: ``python -m controller.study KIND DIR``, what is asked as JSON on stdin.

It says how far it is, and at last what it found or why it found nothing, a line of JSON each. People stand in it as
pseudonyms, and what operators typed stands sealed: names and words are the box's to add.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from controller import study_log, study_policy
from controller.domain.events import Recorded
from controller.policies import Policies, UnknownPolicy
from controller.replay import BrokenHistory
from controller.runtime.studies import StudyKind
from controller.site.errors import SiteErrors
from controller.store.boxkey import SealBroken
from controller.store.codec import UnreadableEvent
from controller.store.history import History
from controller.store.place import WrongPlace, log_place
from controller.study_log import WrongQuestion

STEPS = 50
"""How often, at most, it says how far it is."""

Found = Mapping[str, Any]
Given = Mapping[str, Any]


class Log:
    """The log that a study reads, and how far it has read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = History(log_place(folder))
        self.policies = Policies(self.history)

    def records(self) -> Iterator[Recorded]:
        """Return every record there is now, telling how far it is on the way."""
        total = max(1, self.history.count())
        for number, record in enumerate(self.history.records()):
            if number % max(1, total // STEPS) == 0:
                say(share=min(1.0, number / total))
            yield record


def say(**said: object) -> None:
    """Tell the box."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def shares(verdicts: Iterable[Found], total: int) -> Iterator[Found]:
    """Tell after each how far it is."""
    for number, verdict in enumerate(verdicts, 1):
        say(share=number / max(1, total))
        yield verdict


def carry_out(kind: StudyKind, folder: Path, given: Given) -> Found:
    """Return what a study finds. Raises ``WrongQuestion`` and what reading a log may raise."""
    log = Log(folder)
    studies: Mapping[StudyKind, Callable[[], Found]] = {
        StudyKind.ACCESS: lambda: study_log.access(log.records(), log.policies.site, given),
        StudyKind.PASSAGES: lambda: study_log.passages(log.records(), given),
        StudyKind.ALARMS: lambda: study_log.alarms(log.records(), given),
        StudyKind.UNUSED: lambda: study_log.unused(log.records(), given),
        StudyKind.ACTS: lambda: study_log.acts(log.records(), given),
        StudyKind.CHECKPOINT: lambda: study_log.newest_checkpoint(folder, log.history.count()),
        StudyKind.ENTRY_PROOF: lambda: study_log.entry_proof(folder, given),
        StudyKind.ROOT: lambda: study_log.root(folder, given),
        StudyKind.COMPARE: lambda: study_policy.compared(log.policies, given),
        StudyKind.PROVE: lambda: study_policy.proven(given, shares),
        StudyKind.WHAT_IF: lambda: study_policy.what_if(log.records(), given),
    }
    return studies[kind]()


def main() -> None:
    """Carry out the study that the command line names."""
    kind, folder = StudyKind(sys.argv[1]), Path(sys.argv[2])
    try:
        say(share=1.0, found=carry_out(kind, folder, json.load(sys.stdin)))
    except (BrokenHistory, OSError, SealBroken, SiteErrors, UnknownPolicy, UnreadableEvent, WrongPlace) as error:
        say(problem=str(error))
    except WrongQuestion as error:
        say(problem=str(error))
    except sa.exc.SQLAlchemyError as error:
        say(problem=f"the log cannot be read: {getattr(error, 'orig', None) or error}")


if __name__ == "__main__":
    main()
