"""Faces: on what ground one is kept, what a site allows with them, and how a door tells a person from a picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.domain.ids import CameraId

PHOTOS_NEEDED = 5
"""Good photos of one person that a template takes."""


class FaceBasis(StrEnum):
    """On what legal ground a face template is kept (GDPR article 9.2: a, b and g)."""

    CONSENT = "consent"
    EMPLOYMENT_LAW = "employment_law"
    PUBLIC_INTEREST = "public_interest"


class Liveness(StrEnum):
    """What a reader's camera asks of a face besides its likeness: nothing, a look that no picture gives, a gesture."""

    OFF = "off"
    PASSIVE = "passive"
    CHALLENGE = "challenge"


class Gesture(StrEnum):
    """What somebody before a camera is asked to do, drawn by lot."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    CLOSE_EYES = "close_eyes"


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """That somebody's face is enrolled: by which engine, from how many photos, since when and on what ground.

    ``basis`` is None for those enrolled before grounds were recorded. ``asleep``: it counts nowhere until a second
    person confirms it.
    """

    engine: str
    mode: str
    used: int
    basis: FaceBasis | None
    since: datetime
    asleep: bool = False


@dataclass(frozen=True, slots=True)
class FaceWatch:
    """Where faces are looked for in a watch list, by which approved impact assessment."""

    impact_assessment: str
    cameras: frozenset[CameraId]


@dataclass(frozen=True, slots=True)
class FaceRules:
    """What a site allows with faces. ``portraits``: one picture of each person may be kept, for a guard to compare."""

    portraits: bool = False
    watch_list: FaceWatch | None = None
