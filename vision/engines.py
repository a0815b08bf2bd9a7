"""The engines themselves, over the same detector: so that a fusion finds a face once, and its template serves each.

Loaded by `models.load_engine`, which checks their weights first.
"""

from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from vision.alignment import Points, aligned, between_ears
from vision.centerface import CenterFace, Found
from vision.messages import EngineKind
from vision.models import ENGINE_NAMES, LARGE_SEARCHED, SMALL_SEARCHED, Embedding, Face, Image

DLIB_SIDE, DLIB_PADDING = 150, 0.25
"""Pixels and margin of the aligned face that dlib's network was trained on."""
DLIB_BOX, DLIB_RIGHT, DLIB_DOWN = 0.847, -0.037, 0.032
"""Side of the box that dlib's landmarks expect, over the height of CenterFace's, and how far its middle lies to the
right and below, over width and height (both detectors on 164 photos of LFW, single face)."""
MIDDLE, SPAN = 127.5, 128.0
"""MobileFaceNet takes pixels from -1 to 1."""


class Finder:
    """Finds faces by CenterFace."""

    def __init__(self, weights: Path) -> None:
        self._detector = CenterFace(weights)

    def find(self, image: Image, *, small_too: bool) -> tuple[Face, ...]:
        """Return every face found, the largest first."""
        found = self._detector.find(image, SMALL_SEARCHED if small_too else LARGE_SEARCHED)
        return tuple(sorted(map(_face, found), key=lambda face: face.bottom - face.top, reverse=True))


class DlibEngine:
    """dlib's ResNet: 128 numbers of length one; Euclidean distance."""

    kind = EngineKind.DLIB
    name = ENGINE_NAMES[EngineKind.DLIB]

    def __init__(self, finder: Finder, landmarks: Path, network: Path) -> None:
        self._finder = finder
        self._landmarks: Any = dlib.shape_predictor(str(landmarks))
        self._network: Any = dlib.face_recognition_model_v1(str(network))

    def find(self, image: Image, *, small_too: bool = True) -> tuple[Face, ...]:
        """Return every face found, the largest first; `small_too` takes more than twice as long."""
        return self._finder.find(image, small_too=small_too)

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding of a face that `find` found in the same image."""
        shape = self._landmarks(image, dlib_box(face))
        chip = dlib.get_face_chip(image, shape, DLIB_SIDE, DLIB_PADDING)
        return _unit(np.asarray(self._network.compute_face_descriptor(chip), dtype=np.float32))


class MobileFaceNetEngine:
    """MobileFaceNet: 192 numbers of length one, the mean of the face and its mirror image; Euclidean distance."""

    kind = EngineKind.MOBILEFACENET
    name = ENGINE_NAMES[EngineKind.MOBILEFACENET]

    def __init__(self, finder: Finder, network: Path) -> None:
        self._finder = finder
        self._network: Any = Interpreter(model_path=str(network), num_threads=1)
        self._network.allocate_tensors()
        self._in, self._out = self._network.get_input_details()[0], self._network.get_output_details()[0]

    def find(self, image: Image, *, small_too: bool = True) -> tuple[Face, ...]:
        """Return every face found, the largest first; `small_too` takes more than twice as long."""
        return self._finder.find(image, small_too=small_too)

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding of a face that `find` found in the same image."""
        chip = aligned(image, np.asarray(face.landmarks))
        both = (np.stack([chip, cv2.flip(chip, 1)]).astype(np.float32) - MIDDLE) / SPAN  # it takes two at a time
        self._network.set_tensor(self._in["index"], both)
        self._network.invoke()
        return _unit(_unit(self._network.get_tensor(self._out["index"])).mean(axis=0))


class FusionEngine:
    """Both, one after the other: dlib's 128 numbers, then MobileFaceNet's 192."""

    kind = EngineKind.FUSION
    name = ENGINE_NAMES[EngineKind.FUSION]

    def __init__(self, dlib_engine: DlibEngine, mobilefacenet: MobileFaceNetEngine) -> None:
        self._dlib, self._mobilefacenet = dlib_engine, mobilefacenet

    def find(self, image: Image, *, small_too: bool = True) -> tuple[Face, ...]:
        """Return every face found, the largest first; `small_too` takes more than twice as long."""
        return self._dlib.find(image, small_too=small_too)

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding of a face that `find` found in the same image."""
        return np.concatenate([self._dlib.embed(image, face), self._mobilefacenet.embed(image, face)])


def _face(found: Found) -> Face:
    left, top, right, bottom = (round(side) for side in found.box)
    landmarks = tuple((float(across), float(down)) for across, down in found.points)
    return Face(top, right, bottom, left, between_ears(found.points), landmarks)


def dlib_box(face: Face) -> Any:
    """Return the rectangle that dlib's landmarks expect around a face."""
    width, height = face.right - face.left, face.bottom - face.top
    across, down = (face.left + face.right) / 2 + DLIB_RIGHT * width, (face.top + face.bottom) / 2 + DLIB_DOWN * height
    half = DLIB_BOX * height / 2
    return dlib.rectangle(*(round(side) for side in (across - half, down - half, across + half, down + half)))


def _unit(rows: Points | Embedding) -> Embedding:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)
