"""Long readings of the log, away from the doors: what may be asked, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from controller.domain.ids import DeviceId, OperatorId


class StudyKind(StrEnum):
    """What can be found out about the past, or about a policy."""

    ACCESS = "access"
    PASSAGES = "passages"
    ALARMS = "alarms"
    UNUSED = "unused"
    ACTS = "acts"
    CHECKPOINT = "checkpoint"
    ENTRY_PROOF = "entry_proof"
    ROOT = "root"
    COMPARE = "compare"
    PROVE = "prove"
    WHAT_IF = "what_if"


REPORTS = (StudyKind.ACCESS, StudyKind.PASSAGES, StudyKind.ALARMS, StudyKind.UNUSED, StudyKind.ACTS)
"""Those that name people: each stands in the log, with its purpose, before it begins."""


class Busy(Exception):
    """So many are under way that one more would slow the box."""


@dataclass(frozen=True, slots=True)
class Study:
    """One of them. ``share``: how much is done, 0 to 1. Over once ``found`` or ``problem`` is set."""

    id: str
    kind: StudyKind
    operator: OperatorId
    began: datetime
    share: float = 0.0
    found: Mapping[str, Any] | None = None
    problem: str | None = None

    @property
    def over(self) -> bool:
        """Tell whether there is anything to wait for."""
        return self.found is not None or self.problem is not None


class Studies(Protocol):
    """Whoever carries them out, each in a process of its own."""

    def begin(self, operator: OperatorId, kind: StudyKind, given: Mapping[str, Any]) -> Study:
        """Begin one. Raises ``Busy``."""
        ...

    def find(self, study: str) -> Study | None:
        """Return it as it stands; None for one that was cancelled, or is forgotten."""
        ...

    async def over(self, study: str) -> Study | None:
        """Return it once it is over; None where it was cancelled meanwhile."""
        ...

    def cancel(self, study: str) -> None:
        """End it, and forget it."""
        ...


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy that came into force, by event ``seq``. Without operators: the box woke up with it."""

    digest: str
    seq: int
    at: datetime
    operator: OperatorId | None
    second: OperatorId | None


class NotActivated(ValueError):
    """A policy was not brought into force; the sentence says why."""


class PolicyOffice(Protocol):
    """The site file's versions, and who brings another one into force."""

    async def versions(self) -> Sequence[PolicyVersion]:
        """Return every coming into force, the newest first."""
        ...

    async def text(self, digest: str) -> str | None:
        """Return a version's own bytes as text; None for none of the log."""
        ...

    async def activate(self, first: OperatorId, second: OperatorId, toml: str, in_force: str) -> int:
        """Bring a policy into force for two who have proven who they are; return its event's number.

        ``in_force``: the digest they compared it with. Raises ``NotActivated``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Certificate:
    """A device's certificate. ``standing``: whether it counts, in a word."""

    device: str
    serial: str
    until: datetime
    standing: str


class Certificates(Protocol):
    """What the box's own authority gave out."""

    async def given(self) -> Sequence[Certificate]:
        """Return every certificate, by device; none before the authority was made."""
        ...


class NotReplaced(ValueError):
    """A reader was not taken over; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A reader that has proven its new key. ``exposed``: those at ``neighbours`` could listen while it was set.

    ``said``: what was done, in sentences.
    """

    device: DeviceId
    serial: str
    exposed: bool
    neighbours: tuple[int, ...]
    said: tuple[str, ...]


class Readers(Protocol):
    """Whoever gives readers their keys."""

    async def replace(self, operator: OperatorId, device: DeviceId) -> Replaced:
        """Give the reader that hangs in this one's place a key. Takes two minutes at most. Raises ``NotReplaced``."""
        ...


@dataclass(frozen=True, slots=True)
class Offices:
    """What a whole box has beside its doors. A building of tests may have none of it."""

    studies: Studies
    policies: PolicyOffice
    certificates: Certificates
    readers: Readers | None = None
