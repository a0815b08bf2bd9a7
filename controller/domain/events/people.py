"""People, badges, templates, operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from controller.domain.ids import CardholderId, DoorId, OperatorId, ZoneId
from controller.domain.operators import Operator
from controller.domain.people import Cardholder, Credential
from controller.domain.roles import SecondFactor
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class CardholderRecorded:
    """A person, by pseudonym; ``identity`` is sealed. ``second`` agreed where that took two."""

    author: str
    cardholder: Cardholder
    identity: str
    reason: str = field(default="", metadata=ADDED)
    second: OperatorId | None = field(default=None, metadata=ADDED)


class Doubt(StrEnum):
    """Why it is no longer known who is where."""

    EXIT_BUTTON = "exit_button"
    FORCED_OPEN = "forced_open"
    FOUND_OPEN = "found_open"
    HELD_OPEN = "held_open"
    ENTRY_AMBIGUOUS = "entry_ambiguous"
    GUARD_UNLOCK = "guard_unlock"
    DOOR_UNSEEN = "door_unseen"
    KEY_OVERRIDE = "key_override"
    TAILGATING = "tailgating"
    FREE_EXIT = "free_exit"
    DOOR_UNLOCKED = "door_unlocked"
    FIRE = "fire"


@dataclass(frozen=True, slots=True)
class WhereaboutsDoubted:
    """Somebody nobody can name passed ``door``, or may have: whoever was known to be in ``zones`` may be elsewhere."""

    door: DoorId
    zones: tuple[ZoneId, ...]
    why: Doubt


@dataclass(frozen=True, slots=True)
class PassbackForgiven:
    """An operator excuses a person, or everybody (None), from anti-passback until they are next seen to pass."""

    operator: OperatorId
    cardholder: CardholderId | None
    reason: str


@dataclass(frozen=True, slots=True)
class CredentialRecorded:
    """A badge as it now is."""

    author: str
    credential: Credential


@dataclass(frozen=True, slots=True)
class OperatorRecorded:
    """An operator as they now are."""

    author: str
    operator: Operator


@dataclass(frozen=True, slots=True)
class OperatorSignedIn:
    """Somebody is at the console. ``factor``: what they showed besides the password."""

    operator: OperatorId
    address: str
    factor: SecondFactor | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class OperatorSignInFailed:
    """Somebody tried a name or a password that is not right."""

    operator: OperatorId
    address: str


@dataclass(frozen=True, slots=True)
class OperatorSignedOut:
    """Somebody left the console."""

    operator: OperatorId
