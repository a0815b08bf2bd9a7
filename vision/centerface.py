"""CenterFace: finds faces and their five landmarks, by OpenCV's own network runner.

The network looks at an image whose sides are multiples of 32 and answers on a grid a quarter as fine: how likely a
face's middle is, its size, the offset of its middle, and where the landmarks lie in its box (Xu et al., "CenterFace:
Joint Face Detection and Alignment Using Face as Point", 2019).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.alignment import Image, Points

STRIDE = 4
MULTIPLE = 32
LIKELY = 0.5
"""Likelihood from which on it is a face."""
OVERLAPPING = 0.3
"""Intersection over union from which on two boxes are one face."""
SIZES_KEPT = 8
"""Networks of 30 MB each; a box has cameras of a few sizes."""
OUTPUTS = ("537", "538", "539", "540")
"""Names in the network: likelihood, size, offset, landmarks."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """One face in pixels: left, top, right, bottom; its landmarks; how likely it is one."""

    box: tuple[float, float, float, float]
    points: Points
    likely: float


class CenterFace:
    """The detector. One thread at a time."""

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._networks: dict[tuple[int, int], Any] = {}

    def find(self, image: Image, longest: int, likely: float = LIKELY) -> list[Found]:
        """Return every face in an RGB image, the likeliest first; one larger than `longest` is searched so small.

        `likely`: likelihood from which on it is a face.
        """
        height, width = image.shape[:2]
        scale = min(1.0, longest / max(height, width))
        size = (_multiple(width * scale), _multiple(height * scale))
        network = self._network(size)
        network.setInput(cv2.dnn.blobFromImage(image, size=size))
        map_of_faces, *rest = network.forward(OUTPUTS)
        stretch = np.array([width / size[0], height / size[1]])
        return _decoded(map_of_faces[0, 0], *(one[0] for one in rest), stretch=stretch, above=likely)

    def _network(self, size: tuple[int, int]) -> Any:
        """Return a network that only ever saw images of this size.

        OpenCV 4.14 folds the normalisation into the weights once more at every change of size: the second size is
        judged wrongly, the fifth at random.
        """
        network = self._networks.get(size)
        if network is None:
            if len(self._networks) == SIZES_KEPT:
                del self._networks[next(iter(self._networks))]
            network = self._networks[size] = cv2.dnn.readNetFromONNX(str(self._weights))
        return network


def _multiple(side: float) -> int:
    return max(1, round(side / MULTIPLE)) * MULTIPLE


def _decoded(
    likely: Floats, sizes: Floats, offsets: Floats, marks: Floats, *, stretch: Points, above: float
) -> list[Found]:
    down, across = np.nonzero(likely > above)
    size = np.exp(sizes[::-1, down, across]).T.astype(np.float64) * STRIDE  # the network says height, then width
    middle = (np.stack([across, down]) + offsets[::-1, down, across] + 0.5).T.astype(np.float64) * STRIDE
    corner = middle - size / 2
    points = marks[:, down, across].T.astype(np.float64).reshape(-1, 5, 2)[:, :, ::-1] * size[:, None] + corner[:, None]
    boxes, scores = np.hstack([corner, size]), likely[down, across]
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), above, OVERLAPPING)
    return [
        Found(_box(corner[one] * stretch, size[one] * stretch), points[one] * stretch, float(scores[one]))
        for one in (int(number) for number in kept)
    ]


def _box(corner: Points, size: Points) -> tuple[float, float, float, float]:
    left, top = (float(number) for number in corner)
    return left, top, left + float(size[0]), top + float(size[1])
