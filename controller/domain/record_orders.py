"""Orders about people's records rather than about doors. *Two*: done when a second, other operator gives the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from controller.domain.ids import AccessLevelId, CameraId, CardholderId, CredentialId, DoorId
from controller.domain.people import CredentialStatus
from controller.domain.records import Purpose, RecordScope

if TYPE_CHECKING:
    from controller.domain.events import EvidenceExported  # which speak of operators, who give these orders


@dataclass(frozen=True, slots=True)
class EraseCardholder:
    """Destroy what says who somebody is. *Two*: the data-protection officer asks, another agrees."""

    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class SetCredentialStatus:
    """A badge is suspended, lost, stolen, returned, or good again: *two*, where it then opens an exclusion zone."""

    credential: CredentialId
    status: CredentialStatus
    reason: str


@dataclass(frozen=True, slots=True)
class AssignAccessLevel:
    """Give somebody an access level. *Two*, where it leads into an exclusion zone."""

    cardholder: CardholderId
    level: AccessLevelId
    reason: str


@dataclass(frozen=True, slots=True)
class WithdrawAccessLevel:
    """Take an access level from somebody."""

    cardholder: CardholderId
    level: AccessLevelId
    reason: str


@dataclass(frozen=True, slots=True)
class PlaceLegalHold:
    """Keep what is known of one person, or of everybody (None), until the hold is lifted."""

    hold: str
    cardholder: CardholderId | None
    reason: str


@dataclass(frozen=True, slots=True)
class LiftLegalHold:
    """Let retention and erasure go on. *Two*."""

    hold: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """Read about people. ``cardholder`` for a person and their history, ``door`` for a door's.

    ``camera`` and ``recording`` for one clip or still of a camera; ``report`` for a report: which one.
    """

    scope: RecordScope
    purpose: Purpose
    case: str = ""
    cardholder: CardholderId | None = None
    door: DoorId | None = None
    camera: CameraId | None = None
    recording: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True)
class ExportPeople:
    """Hand out a list of everybody, names and all. *Two*."""

    purpose: Purpose
    case: str = ""


@dataclass(frozen=True, slots=True)
class LiftVeil:
    """See for so many seconds what a camera's veil hides. *Two*."""

    camera: CameraId
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class LowerVeil:
    """Put a camera's veil back before its time."""

    camera: CameraId


@dataclass(frozen=True, slots=True)
class ExportEvidence:
    """Take these clips and stills, and these records, out of the box. *Two*.

    ``cameras``: those that recorded them. ``pixelated``: people's faces are made unknowable in what is handed out;
    ``masked``: what veils hide is masked in it, so that none has to be lifted.
    """

    purpose: Purpose
    case: str
    recordings: tuple[str, ...]
    records: tuple[int, ...]
    cameras: tuple[CameraId, ...]
    pixelated: bool
    masked: bool = False


@dataclass(frozen=True, slots=True)
class DestroyBox:
    """Make everything this box keeps unreadable, for ever. *Two*."""

    reason: str


RecordOrder = (
    EraseCardholder
    | SetCredentialStatus
    | AssignAccessLevel
    | WithdrawAccessLevel
    | PlaceLegalHold
    | LiftLegalHold
    | ReadRecords
    | ExportPeople
    | DestroyBox
    | LiftVeil
    | LowerVeil
    | ExportEvidence
)


def subject(order: RecordOrder) -> str:  # noqa: C901 - one flat table
    """Return what an order is about, in one word: two orders of a kind with one subject are the same order."""
    match order:
        case EraseCardholder(cardholder=cardholder):
            return cardholder
        case (
            AssignAccessLevel(cardholder=cardholder, level=level)
            | WithdrawAccessLevel(cardholder=cardholder, level=level)
        ):
            return f"{cardholder} {level}"
        case SetCredentialStatus(credential=credential, status=status):
            return f"{credential} {status}"
        case PlaceLegalHold(hold=hold) | LiftLegalHold(hold=hold):
            return hold
        case ReadRecords(scope=scope):
            return order.cardholder or order.door or order.recording or order.report or scope
        case ExportPeople(purpose=purpose, case=case):
            return f"{purpose} {case}".strip()
        case DestroyBox():
            return ""
        case LiftVeil(camera=camera, seconds=seconds):
            return f"{camera} {seconds:g}"
        case LowerVeil(camera=camera):
            return camera
        case ExportEvidence():
            return evidence_subject(order)
    assert_never(order)


def evidence_subject(export: ExportEvidence | EvidenceExported) -> str:
    """Return what an export of evidence is about: the second of the two agrees to just that."""
    films = [*export.recordings, *(f"#{seq}" for seq in export.records)]
    faces, veils = "pixelated" if export.pixelated else "clear", ["masked"] if export.masked else []
    return " ".join((export.purpose, export.case, *films, faces, *veils))
