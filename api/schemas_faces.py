"""What the API says and takes about faces, as JSON. Pictures come as base64 of JPEG files, and none of them is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Base64Bytes, Field

from api.model import Model, Text
from api.schemas import Name
from controller.domain.faces import PHOTOS_NEEDED, FaceBasis

MOST_PHOTOS = 12
PHOTO_BYTES = 1024 * 1024
MOST_OTHERS = 32

Photo = Annotated[Base64Bytes, Field(max_length=PHOTO_BYTES)]
Photos = Annotated[list[Photo], Field(min_length=1, max_length=MOST_PHOTOS)]


class PhotoProblem(StrEnum):
    """Why a photo, or all of them together, will not do for an enrolment."""

    UNREADABLE = "unreadable"
    NOBODY = "nobody"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TURNED = "turned"
    BAD_LIGHT = "bad_light"
    ANOTHER_PERSON = "another_person"
    TOO_FEW_PHOTOS = "too_few_photos"
    ENGINE_REFUSED = "engine_refused"
    EYES_LATE = "eyes_late"


class TryIn(Model):
    """Photos of one person."""

    images: Photos


class PhotoOut(Model):
    """What is wrong with a photo; null: it will do."""

    problem: PhotoProblem | None


class TriedOut(Model):
    """One verdict for each photo, in their order. ``needed``: so many good ones make a template."""

    photos: list[PhotoOut]
    needed: int = PHOTOS_NEEDED


class EnrolFaceIn(Model):
    """Photos of one person, and on what ground a template of them is kept; ``reason`` says more, a form's number say.

    ``others``: people enrolled already who look alike, and whom the operator has compared and says are somebody else.
    """

    images: Photos
    basis: FaceBasis
    reason: Text
    others: Annotated[list[Name], Field(max_length=MOST_OTHERS, default_factory=list)]


class AlikeOut(Model):
    """Somebody enrolled who looks alike."""

    id: str
    name: str | None


class EnrolledFaceOut(Model):
    """What became of it: ``enrolled``, or a human must decide on ``alike``, or ``problems`` say what the photos lack.

    ``asleep``: it counts nowhere until a second person confirms it, for they may enter an exclusion zone.
    ``compared``: with so many enrolled people; ``not_compared``: so many are enrolled for another engine alone.
    """

    enrolled: bool
    asleep: bool
    photos: list[PhotoOut]
    problems: list[PhotoProblem]
    alike: list[AlikeOut]
    used: int
    compared: int
    not_compared: int


class PortraitIn(Model):
    """One photo of somebody, of which the head is kept, and why."""

    image: Photo
    reason: Text


class FaceOut(Model):
    """That somebody's face is enrolled. ``usable``: by the engine that this policy uses.

    ``basis`` is null for those enrolled before grounds were recorded. ``asleep``: until a second person confirms it.
    """

    engine: str
    used: int
    basis: FaceBasis | None
    since: datetime
    usable: bool
    asleep: bool
