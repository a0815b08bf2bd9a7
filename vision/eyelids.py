"""How open somebody's eyes are, by dlib's 68 landmarks. Loaded only where a door asks for it: it is 95 MB."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vision.models import Face, Image, eyelid_landmarks

TINY = 1e-6
EYES = (range(36, 42), range(42, 48))
"""Of the 68 landmarks: each eye's corners first and fourth, its lids between them."""


class Eyelids(Protocol):
    """Tells how open the eyes of a face are."""

    def openness(self, image: Image, face: Face) -> float:
        """Return the mean height of both eyes over their width: about 0.3 open, 0.1 closed."""


class DlibEyelids:
    """By dlib's landmarks (the eye aspect ratio of Soukupova and Cech, 2016)."""

    def __init__(self) -> None:
        import dlib

        from vision.engines import dlib_box

        self._landmarks: Any = dlib.shape_predictor(str(eyelid_landmarks()))
        self._box = dlib_box

    def openness(self, image: Image, face: Face) -> float:
        """Return the mean height of both eyes over their width."""
        shape = self._landmarks(image, self._box(face))
        eyes = [np.array([(shape.part(one).x, shape.part(one).y) for one in eye], dtype=np.float64) for eye in EYES]
        return float(np.mean([_ratio(eye) for eye in eyes]))


def load_eyelids() -> Eyelids:
    """Check the model against its pinned hash, then load it; raises ModelRefusedError."""
    return DlibEyelids()


def _ratio(eye: NDArray[np.float64]) -> float:
    lids = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
    return float(lids / (2 * np.linalg.norm(eye[0] - eye[3]) + TINY))
