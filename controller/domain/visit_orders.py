"""What the desk orders about visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.domain.ids import AccessLevelId, CardholderId, CredentialId


@dataclass(frozen=True, slots=True)
class RegisterVisitor:
    """Somebody is expected from ``valid_from`` until ``valid_until`` (aware, the end excluded).

    ``visitor`` is a pseudonym and ``identity`` who that is, sealed; the building makes both of the name the desk gives.
    ``escort`` goes with them; None: any escort may. ``levels``: those of the site that are for visitors.
    """

    visitor: CardholderId
    host: CardholderId
    escort: CardholderId | None
    valid_from: datetime
    valid_until: datetime
    levels: frozenset[AccessLevelId]
    identity: str = ""


@dataclass(frozen=True, slots=True)
class ApproveVisit:
    """The host stands by the invitation: whoever orders this has made sure."""

    visitor: CardholderId


@dataclass(frozen=True, slots=True)
class SignInVisitor:
    """A visitor is at the desk and is handed this badge: one of the pool that was given back, or their own.

    ``escort`` goes with them; None: as it was registered.
    """

    visitor: CardholderId
    credential: CredentialId
    escort: CardholderId | None = None


@dataclass(frozen=True, slots=True)
class SignOutVisitor:
    """A visitor leaves. Without the badge they may be signed out again, once it is back."""

    visitor: CardholderId
    badge_returned: bool


VisitOrder = RegisterVisitor | ApproveVisit | SignInVisitor | SignOutVisitor
