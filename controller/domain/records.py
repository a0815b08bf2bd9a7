"""What is kept about people: why somebody may read it, how long it is kept, and what keeps it longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.domain.ids import CardholderId, OperatorId


class Purpose(StrEnum):
    """Why a person's record is read. There is no other reason."""

    ADMINISTRATION = "administration"
    EMERGENCY = "emergency"
    AUDIT = "audit"
    INVESTIGATION = "investigation"
    SUBJECT_REQUEST = "subject_request"
    LEGAL_REQUEST = "legal_request"


PURPOSES_WITH_CASE = frozenset({Purpose.INVESTIGATION, Purpose.SUBJECT_REQUEST, Purpose.LEGAL_REQUEST})
"""Purposes that exist only together with a case: its number is asked for and stands in the log."""


class RecordScope(StrEnum):
    """What is read: the list, one person, where one person went, who went through one door, what a camera recorded.

    Or a report, which is named beside it, or the log as it was written.
    """

    PEOPLE = "people"
    PERSON = "person"
    HISTORY = "history"
    DOOR = "door"
    RECORDING = "recording"
    REPORT = "report"
    EVENTS = "events"


class RetentionClass(StrEnum):
    """A kind of data with a time of its own, after which what is personal in it is destroyed."""

    EVENTS = "events"
    VISITORS = "visitors"
    ALARMS = "alarms"
    AUDIT = "audit"
    CLIPS = "clips"
    SNAPSHOTS = "snapshots"
    CONTINUOUS = "continuous"


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Data about one person, or about everybody (None), is kept whatever its time, until two lift the hold."""

    id: str
    cardholder: CardholderId | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The first of the two people an order takes has asked for it, at ``wall``."""

    operator: OperatorId
    wall: datetime
    reason: str = ""
    hours: float = 72.0
