"""Faces brought into one position by five landmarks. Pure.

The position is that of the faces MobileFaceNet was trained on: 112 x 112 pixels, eyes level (the template that
ArcFace's authors published and its descendants keep to).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Points = NDArray[np.float64]
"""5 x 2 pixels: left eye, right eye, nose, left and right corner of the mouth, as the picture shows them."""

SIDE = 112
"""Pixels."""
POSITION: Points = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where the five landmarks lie in an aligned face."""
EARS_IN_POSITION = 84.0
"""Pixels between the ears of an aligned face: the jaw's width by dlib's 68 landmarks, median of 742 photos of LFW."""


def similarity(points: Points) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix (turn, scale, shift) that brings the points closest to POSITION, in least squares."""
    middle, wanted = points.mean(axis=0), POSITION.mean(axis=0)
    source, target = points - middle, POSITION - wanted
    size = (source**2).sum()
    along = (source * target).sum() / size
    across = (source[:, 0] * target[:, 1] - source[:, 1] * target[:, 0]).sum() / size
    turn = np.array([[along, -across], [across, along]])
    return np.hstack([turn, (wanted - turn @ middle)[:, None]])


def aligned(image: Image, points: Points) -> Image:
    """Return the face as SIDE x SIDE x 3; what lies outside the image repeats its edge."""
    warped = cv2.warpAffine(
        image, similarity(points), (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)


def between_ears(points: Points) -> float:
    """Return how many pixels lie between the ears; a turned head counts as if it looked straight ahead."""
    matrix = similarity(points)
    return float(EARS_IN_POSITION / np.hypot(matrix[0, 0], matrix[1, 0]))
