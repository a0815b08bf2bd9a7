"""Is this frame good enough to judge a face by? Gates before any embedding. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from vision.models import Face, Image
from vision.pose import sideways

BETWEEN_EARS = 60.0
"""Pixels at least, for a door: below it false matches on tiny faces begin (design/stack.md, Faces)."""
SHARPNESS = 25.0
"""Variance of the Laplacian on the face at SHARPNESS_SIDE pixels at least."""
SHARPNESS_SIDE = 100
"""Pixels; one size for all, so that a near and a far face are measured alike."""
LIT = 100.0
"""Mean grey level: a face in less light is measured as if it had so much, and so like a lit one."""

TURNED = 0.45
"""Of `pose.sideways`, at a door: beyond it (2 % of LFW) a face says little of who it is, so it speaks for nobody."""
TURNED_ENROLLING = 0.25
"""The same for an enrolment, where somebody can be asked to look straight."""
DARK, BRIGHT = 30.0, 235.0
"""Mean grey level of a face that can be judged at a door (LFW: 57 to 171)."""
DARK_ENROLLING, BRIGHT_ENROLLING = 55.0, 215.0

BYSTANDER = 0.4
"""A face less than so high as the largest, in parts of it, belongs to somebody far behind: nobody at this door."""


class Quality(StrEnum):
    """What a frame is worth."""

    GOOD = "good"
    NOBODY = "nobody"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TURNED = "turned"
    BAD_LIGHT = "bad_light"


@dataclass(frozen=True, slots=True)
class Gates:
    """The least a face must have; ``turned`` is the most it may look aside, None where nobody asks."""

    between_ears: float = BETWEEN_EARS
    sharpness: float = SHARPNESS
    turned: float | None = None
    light: tuple[float, float] | None = None


DOOR = Gates()
"""What the thresholds were measured behind."""
LIVE = Gates(turned=TURNED, light=(DARK, BRIGHT))
"""At a door. It lets no frame through that `DOOR` does not."""
ENROLLING = Gates(turned=TURNED_ENROLLING, light=(DARK_ENROLLING, BRIGHT_ENROLLING))


def quality(image: Image, faces: Sequence[Face], gates: Gates = DOOR) -> Quality:
    """Judge a frame by the faces found in it: one person, large and sharp enough, or the first reason why not."""
    if not faces:
        return Quality.NOBODY
    highest = max(_height(face) for face in faces)
    if sum(_height(face) >= BYSTANDER * highest for face in faces) > 1:
        return Quality.SEVERAL_FACES
    if faces[0].between_ears < gates.between_ears:
        return Quality.TOO_SMALL
    if gates.light is not None and not gates.light[0] <= brightness(image, faces[0]) <= gates.light[1]:
        return Quality.BAD_LIGHT
    if sharpness(image, faces[0]) < gates.sharpness:
        return Quality.BLURRED
    if gates.turned is not None and abs(sideways(faces[0])) > gates.turned:
        return Quality.TURNED
    return Quality.GOOD


def sharpness(image: Image, face: Face) -> float:
    """Return the variance of the Laplacian of the face, grey, at one size, in a light of LIT; 0 outside the image.

    Edges are as strong as the light: in half of it their variance is a quarter, and the face no more blurred. Below
    DARK more light would show noise, not edges.
    """
    crop = image[max(0, face.top) : face.bottom, max(0, face.left) : face.right]
    if not crop.size:
        return 0.0
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    sized = cv2.resize(grey, (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    dimness = LIT / min(LIT, max(DARK, float(np.mean(grey))))
    return float(np.var(cv2.Laplacian(sized, cv2.CV_64F))) * dimness**2


def brightness(image: Image, face: Face) -> float:
    """Return the mean grey level of the face, 0 to 255; 0 for a box outside the image."""
    crop = image[max(0, face.top) : face.bottom, max(0, face.left) : face.right]
    return float(crop.mean()) if crop.size else 0.0


def _height(face: Face) -> int:
    return face.bottom - face.top
