"""Visitors at the desk, and zones that are not as they must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.alarms import AlarmKind
from controller.domain.ids import CardholderId, CredentialId, OperatorId, ZoneId
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class VisitorRegistered:
    """Somebody is expected from ``valid_from`` until ``valid_until`` (aware, the end excluded).

    ``host`` invited them. ``escort`` goes with them; None: any escort may.
    """

    visitor: CardholderId
    operator: OperatorId
    host: CardholderId
    escort: CardholderId | None
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class HostApproved:
    """The host stands by the invitation, as ``operator`` made sure."""

    visitor: CardholderId
    operator: OperatorId


@dataclass(frozen=True, slots=True)
class VisitorSignedIn:
    """A visitor is at the desk and was handed this badge. ``escort`` goes with them; None: as it was registered."""

    visitor: CardholderId
    operator: OperatorId
    credential: CredentialId
    escort: CardholderId | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class VisitorSignedOut:
    """A visitor left, with or without giving the badge back."""

    visitor: CardholderId
    operator: OperatorId
    badge_returned: bool


@dataclass(frozen=True, slots=True)
class VisitorOverdue:
    """A visit's time is over, and nobody signed the visitor out."""

    visitor: CardholderId


@dataclass(frozen=True, slots=True)
class GraceStarted:
    """People in ``zone`` are not as its rules ask: if that still is so after ``seconds``, it becomes this alarm."""

    zone: ZoneId
    kind: AlarmKind
    seconds: float


@dataclass(frozen=True, slots=True)
class GraceEnded:
    """It is mended, no longer known, or has become the alarm."""

    zone: ZoneId
    kind: AlarmKind
