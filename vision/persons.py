"""Finds people in a picture: NanoDet-g (anchor-free, 416 x 416), run by OpenCV.

The network answers on grids of 8, 16 and 32 pixels: for each cell how likely each of 80 kinds of things is there, and
how far its four sides are, each as a distribution over whole cells (Li et al., "Generalized Focal Loss", 2020). The
kind that counts here is the first, a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.models import Image, person_detector
from vision.tfjs import as_onnx

SIDE = 416
STRIDES = (8, 16, 32)
ENDS = ("PartitionedCall/Add_29", "PartitionedCall/Add_33", "PartitionedCall/Add_37")
"""The operations that answer for each stride: 80 logits, then four distributions."""
KINDS, PERSON = 80, 0
STEPS = 11
"""Numbers in one distribution: 0 to 10 cells."""
MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], dtype=np.float32)
"""Of ImageNet's pictures, red first, as the network was trained."""
LIKELY = 0.3
"""Likelihood from which on it is a person, where something moves: whatever never does is not searched."""
OVERLAPPING = 0.5
"""Intersection over union from which on two boxes are one person."""

Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a picture: their box in pixels, and how likely it is one."""

    box: Box
    likely: float


class PersonFinder:
    """The detector. One thread at a time."""

    def __init__(self, graph: Path, weights: Path) -> None:
        """Make the network of its files, in half a second. Raises ``UnknownGraphError``."""
        model = as_onnx(graph.read_bytes(), weights.read_bytes(), ENDS)
        self._network: Any = cv2.dnn.readNetFromONNX(np.frombuffer(model, dtype=np.uint8))

    def find(self, image: Image, likely: float = LIKELY) -> list[Person]:
        """Return everybody in an RGB image of any size, the likeliest first, in the image's pixels."""
        height, width = image.shape[:2]
        scale = SIDE / max(height, width)
        self._network.setInput(_fitted(image, scale))
        found = [_decoded(grid[0], stride, likely) for grid, stride in zip(self._forward(), STRIDES, strict=True)]
        boxes, scores = np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found])
        kept = cv2.dnn.NMSBoxes(_with_sizes(boxes), scores.tolist(), likely, OVERLAPPING)
        return [_person(boxes[number] / scale, scores[number], width, height) for number in map(int, kept)]

    def _forward(self) -> Sequence[Floats]:
        answers: Sequence[Floats] = self._network.forward(ENDS)
        return answers


def load_find() -> Callable[[Image], list[Box]]:
    """Check the weights against their pinned hashes, load them, and return what finds people in a picture.

    It returns boxes in parts of the picture. Raises ModelRefusedError.
    """
    finder = PersonFinder(*person_detector())

    def find(image: Image) -> list[Box]:
        height, width = image.shape[:2]
        found = (person.box for person in finder.find(image))
        return [(left / width, top / height, right / width, bottom / height) for left, top, right, bottom in found]

    return find


def _fitted(image: Image, scale: float) -> Floats:
    """Return the image in the upper left of the network's square, normalised; the rest is the mean."""
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    square = np.zeros((SIDE, SIDE, 3), dtype=np.float32)
    square[: size[1], : size[0]] = (resized - MEAN) / DEVIATION
    return np.ascontiguousarray(square.transpose(2, 0, 1)[None])


def _decoded(grid: Floats, stride: int, likely: float) -> tuple[Floats, Floats]:
    """Return the boxes in one grid (rows of left, top, right, bottom in the square's pixels) and their scores."""
    scores = 1 / (1 + np.exp(-grid[PERSON]))
    down, across = np.nonzero(scores > likely)
    sides = grid[KINDS:, down, across].reshape(4, STEPS, -1)
    weights = np.exp(sides - sides.max(axis=1, keepdims=True))
    far = (weights * np.arange(STEPS)[None, :, None]).sum(axis=1) / weights.sum(axis=1) * stride
    x, y = (across + 0.5) * stride, (down + 0.5) * stride
    boxes = np.stack([x - far[0], y - far[1], x + far[2], y + far[3]], axis=1)
    return boxes.astype(np.float32), scores[down, across].astype(np.float32)


def _with_sizes(boxes: Floats) -> list[list[float]]:
    return [[*corner, *size] for corner, size in zip(boxes[:, :2], boxes[:, 2:] - boxes[:, :2], strict=True)]


def _person(box: Floats, likely: float, width: int, height: int) -> Person:
    left, top, right, bottom = (float(side) for side in box)
    return Person((max(0.0, left), max(0.0, top), min(width, right), min(height, bottom)), float(likely))
