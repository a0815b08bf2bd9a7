"""People and what they carry. No name, face or card number stands here: decisions need none of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.domain.ids import AccessLevelId, CardholderId, CompetencyId, CredentialId
from controller.domain.site import Assurance
from controller.domain.words import ADDED


class CardholderKind(StrEnum):
    """Who somebody is to the mission."""

    STAFF = "staff"
    LOCAL_STAFF = "local_staff"
    CONTRACTOR = "contractor"
    VISITOR = "visitor"


class CredentialStatus(StrEnum):
    """A credential works only while ``ACTIVE``; every other status is a reason of its own."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    STOLEN = "stolen"
    EXPIRED = "expired"
    RETURNED = "returned"
    WATCH_LISTED = "watch_listed"


class CredentialKind(StrEnum):
    """What somebody carries, or knows by heart. A personal PIN names its holder; that of a badge only completes it."""

    CARD = "card"
    PIN = "pin"


PERSONAL_PIN = "personal PIN"
"""The format under which a personal PIN has its token, beside those of cards."""


def badge_number(facility: int | None, number: int) -> str:
    """Return the text that stands for a badge's numbers before it is hashed, whether from a wire or from a list."""
    return f"{'' if facility is None else facility}:{number}"


@dataclass(frozen=True, slots=True)
class HeldCompetency:
    """What somebody may be trusted with, until an aware time, which is excluded; None: for good."""

    competency: CompetencyId
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Cardholder:
    """A person by pseudonym.

    ``needs_escort`` holds wherever a zone has escorts; of a visitor it goes without saying.
    """

    id: CardholderId
    kind: CardholderKind
    clearance: int
    levels: frozenset[AccessLevelId]
    competencies: tuple[HeldCompetency, ...] = field(default=(), metadata=ADDED)
    extended_time: bool = field(default=False, metadata=ADDED)  # needs longer to get through a door
    needs_escort: bool = field(default=False, metadata=ADDED)
    may_escort: bool = field(default=False, metadata=ADDED)

    @property
    def escorted(self) -> bool:
        """Tell whether this person goes with an escort where escorts are asked for."""
        return self.needs_escort or self.kind is CardholderKind.VISITOR


@dataclass(frozen=True, slots=True)
class Credential:
    """A badge. ``token`` is HMAC-SHA-256 (hex) of format and number under the box's key; ``pin`` that of its PIN.

    ``duress``: that of the PIN its holder types when somebody forces them. Doors take it for the right one. A personal
    PIN (``kind``) has no ``pin``; its ``token`` stands for its digits, and its ``duress`` is such a token as well.

    ``valid_from`` and ``valid_until`` are aware; the end is excluded.
    """

    id: CredentialId
    cardholder: CardholderId
    token: str
    pin: str | None
    assurance: Assurance
    status: CredentialStatus
    valid_from: datetime | None
    valid_until: datetime | None
    duress: str | None = field(default=None, metadata=ADDED)
    kind: CredentialKind = field(default=CredentialKind.CARD, metadata=ADDED)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the tokens it is known by at a reader: of a personal PIN also that for when somebody is forced."""
        forced = self.duress if self.kind is CredentialKind.PIN else None
        return (self.token,) if forced is None else (self.token, forced)
