"""What is asked at a reader, and the three answers there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from controller.domain.ids import CredentialId, ReaderId, RequestId
from controller.domain.site import Factor
from controller.domain.words import ADDED

LOTS = 10_000
"""How many lots there are where people are drawn for a search: hundredths of a percent."""


class DenyReason(StrEnum):
    """Why a request is refused: a closed list, shown to the guard and never at the door."""

    UNKNOWN_READER = "unknown_reader"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    CREDENTIAL_SUSPENDED = "credential_suspended"
    CREDENTIAL_LOST = "credential_lost"
    CREDENTIAL_STOLEN = "credential_stolen"
    CREDENTIAL_EXPIRED = "credential_expired"
    CREDENTIAL_RETURNED = "credential_returned"
    CREDENTIAL_WATCH_LISTED = "credential_watch_listed"
    NOT_YET_VALID = "not_yet_valid"
    ASSURANCE_TOO_LOW = "assurance_too_low"
    NO_ACCESS_RIGHT = "no_access_right"
    SCHEDULE_OUTSIDE = "schedule_outside"
    HOLIDAY = "holiday"
    CLEARANCE_TOO_LOW = "clearance_too_low"
    COMPETENCY_EXPIRED = "competency_expired"
    THREAT_LEVEL = "threat_level"
    LOCKDOWN = "lockdown"
    DOOR_BLOCKED = "door_blocked"
    ZONE_FULL = "zone_full"
    NOBODY_FIRST = "nobody_first"
    ANTI_PASSBACK = "anti_passback"
    AREA_ARMED = "area_armed"
    INTERLOCK = "interlock"
    GRANT_PENDING = "grant_pending"
    SECOND_PERSON_NEEDED = "second_person_needed"
    ESCORT_NEEDED = "escort_needed"
    ESCORT_TOO_FAR = "escort_too_far"
    VISITOR_NOT_SIGNED_IN = "visitor_not_signed_in"
    HOST_NOT_APPROVED = "host_not_approved"
    WRONG_PIN = "wrong_pin"
    TOO_MANY_PIN_TRIES = "too_many_pin_tries"
    FACE_DOES_NOT_MATCH = "face_does_not_match"
    FACE_TOO_POOR = "face_too_poor"
    FACE_NOT_LIVE = "face_not_live"
    GUARD_REFUSED = "guard_refused"
    FACTOR_NOT_PRESENTED = "factor_not_presented"
    CLOCK_NOT_TRUSTED = "clock_not_trusted"
    LOG_CANNOT_BE_WRITTEN = "log_cannot_be_written"
    CHECK_FAILED = "check_failed"  # a check raised: an error denies


class FaceOutcome(StrEnum):
    """What the eyes say of one challenge."""

    MATCHED = "matched"
    MISMATCH = "mismatch"
    NOT_LIVE = "not_live"  # a picture, a screen or a mask
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TURNED = "turned"  # away from the camera
    BAD_LIGHT = "bad_light"
    SEVERAL_FACES = "several_faces"
    UNSURE = "unsure"  # seen well, but too seldom, or alike once and not again
    NOBODY = "nobody"
    NO_TEMPLATE = "no_template"
    OTHER_ENGINE = "other_engine"  # a template of an engine that this policy does not use
    NO_CAMERA = "no_camera"


class GuardAnswer(StrEnum):
    """What a guard says of somebody at a reader."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Check:
    """One step of the trace: what was checked, the facts it looked at, and the refusal it gave, if any.

    ``remark``: what it would have refused, had the policy not said to let it pass and note it.
    """

    name: str
    facts: str
    refused: DenyReason | None
    remark: DenyReason | None = field(default=None, metadata=ADDED)


Trace = tuple[Check, ...]


def remarks_of(trace: Trace) -> tuple[DenyReason, ...]:
    """Return what a decision let pass and noted, in the order of the checks, each once."""
    return tuple(dict.fromkeys(step.remark for step in trace if step.remark is not None))


@dataclass(frozen=True, slots=True)
class Companion:
    """Who passes together with somebody: their own request at the same reader, and their badge.

    ``proves``: what of the factors asked for it stands for, that they are there.
    """

    request: RequestId
    credential: CredentialId
    proves: frozenset[Factor] = field(default=frozenset(), metadata=ADDED)


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Somebody at a reader.

    ``presented`` holds the factors already proven in this passage. ``credential`` is None for a card nobody knows.
    ``pin_right``, ``face`` and ``guard`` are what just came to complete a challenge; ``late``: nothing did, in time.
    ``draw``: the lot that was drawn for it, 0 to ``LOTS`` - 1, where people are searched at random.
    ``duress``: the PIN was the one for when somebody is forced. No check looks at it: the door behaves as always.
    ``companion``: the other badge of two that were shown together, for a second person or an escort.
    It is recorded with its answer, so it holds whatever ``decide`` looks at besides policy, state and time.
    """

    id: RequestId
    reader: ReaderId
    credential: CredentialId | None
    presented: frozenset[Factor]
    pin_right: bool | None = field(default=None, metadata=ADDED)
    face: FaceOutcome | None = field(default=None, metadata=ADDED)
    late: bool = field(default=False, metadata=ADDED)
    guard: GuardAnswer | None = field(default=None, metadata=ADDED)
    draw: int | None = field(default=None, metadata=ADDED)
    duress: bool = field(default=False, metadata=ADDED)
    companion: Companion | None = field(default=None, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class Grant:
    """The door may open."""

    trace: Trace


@dataclass(frozen=True, slots=True)
class Deny:
    """The door stays as it is; at least one reason, in the order of the checks."""

    reasons: tuple[DenyReason, ...]
    trace: Trace

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a denial must say why")


@dataclass(frozen=True, slots=True)
class Challenge:
    """The badge was right; now show these."""

    factors: frozenset[Factor]
    trace: Trace

    def __post_init__(self) -> None:
        if not self.factors:
            raise ValueError("a challenge must ask for something")


Decision = Grant | Deny | Challenge
