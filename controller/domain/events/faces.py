"""Faces: templates and portraits that are kept and destroyed, the watch list, and what a face was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.domain.faces import FaceBasis, Gesture
from controller.domain.ids import CameraId, CardholderId, OperatorId, ReaderId, RequestId
from controller.domain.words import ADDED


@dataclass(frozen=True, slots=True)
class FaceTemplateRecorded:
    """A face template, sealed, made from ``used`` photos.

    ``others``: who was enrolled already and looks alike; the author says they are somebody else. ``asleep``: it counts
    nowhere until a second person confirms it.
    """

    author: str
    cardholder: CardholderId
    engine: str
    mode: str
    template: str
    basis: FaceBasis | None = field(default=None, metadata=ADDED)
    used: int = field(default=0, metadata=ADDED)
    others: tuple[CardholderId, ...] = field(default=(), metadata=ADDED)
    reason: str = field(default="", metadata=ADDED)
    asleep: bool = field(default=False, metadata=ADDED)


@dataclass(frozen=True, slots=True)
class FaceConfirmed:
    """The face that ``operator`` enrolled counts from now on: ``second`` agreed."""

    operator: OperatorId
    second: OperatorId
    cardholder: CardholderId


@dataclass(frozen=True, slots=True)
class FaceWithdrawn:
    """The keys of somebody's template and portrait were destroyed."""

    author: str
    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class PortraitKept:
    """One picture of somebody, sealed, for a guard to compare."""

    operator: OperatorId
    cardholder: CardholderId
    portrait: str
    reason: str


@dataclass(frozen=True, slots=True)
class PortraitRemoved:
    """Its key was destroyed."""

    operator: OperatorId
    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class PortraitCompared:
    """An operator looked at somebody's portrait to compare it with who stood at a door."""

    operator: OperatorId
    cardholder: CardholderId


@dataclass(frozen=True, slots=True)
class FaceListed:
    """A face is looked for from here on."""

    operator: OperatorId
    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class FaceUnlisted:
    """It no longer is."""

    operator: OperatorId
    cardholder: CardholderId
    reason: str


@dataclass(frozen=True, slots=True)
class GestureAsked:
    """Whoever is before the camera was asked for this, to tell them from a picture."""

    request: RequestId
    reader: ReaderId
    camera: CameraId
    gesture: Gesture
