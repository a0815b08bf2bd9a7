"""Evidence as it is asked for and handed out, in the core's own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.domain.ids import CameraId, DoorId, OperatorId
from controller.domain.record_orders import ExportEvidence
from controller.domain.records import Purpose


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody would hand out: records by number, recordings by name, or a time at a camera or a door."""

    events: tuple[int, ...] = ()
    recordings: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    camera: CameraId | None = None
    door: DoorId | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What that comes to: recordings, records, and the cameras that recorded, each in order and once."""

    recordings: tuple[str, ...]
    records: tuple[int, ...]
    cameras: tuple[CameraId, ...]

    def order(self, purpose: Purpose, case: str, *, pixelated: bool, masked: bool) -> ExportEvidence:
        """Return the order that two must give."""
        return ExportEvidence(purpose, case, self.recordings, self.records, self.cameras, pixelated, masked)


class NotChosen(LookupError):
    """Nothing, too much, or something that is not there was chosen; the sentence says which."""


class NotHandedOut(ValueError):
    """Something must not, or cannot, be handed out as it is; the sentence says what, and what to do."""


class Evidence(Protocol):
    """Hands out recordings and records with what proves them."""

    async def choose(self, wanted: Wanted, *, silent: bool) -> Chosen:
        """Return what is wanted. ``silent``: for eyes that see silent alarms. Raises ``NotChosen``."""
        ...

    async def examine(self, chosen: Chosen, witness: str, *, masked: bool) -> None:
        """Look whether all of it may be handed out and is as it was recorded. Raises ``NotHandedOut``.

        ``masked``: what veils hide will be masked in it, so that they may hang.
        """
        ...

    def package(self, order: ExportEvidence, second: OperatorId, witness: str) -> AsyncIterator[bytes]:
        """Yield a ZIP file of what two have agreed to, the second just now.

        ``witness``: a checkpoint that a witness cosigned, or nothing. Raises ``NotHandedOut`` before the first byte.
        """
        ...
