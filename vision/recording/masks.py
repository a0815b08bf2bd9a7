"""Privacy masks on pictures: polygons in parts of the picture, painted black."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.messages import Polygon

GREY = 128
"""Of both colour planes: no colour."""


def paint(image: NDArray[np.uint8], polygons: Iterable[Polygon]) -> None:
    """Paint an image (height x width, or x 3) black there, in place."""
    height, width = image.shape[:2]
    _fill(image, polygons, width, height, 0)


def paint_yuv(planes: NDArray[np.uint8], polygons: Iterable[Polygon]) -> None:
    """Paint a picture in planar YUV 4:2:0 (1.5 height x width, as PyAV gives it) black there, in place."""
    rows, width = planes.shape
    height = rows * 2 // 3
    shapes = tuple(polygons)
    _fill(planes[:height], shapes, width, height, 0)
    half = (height // 2, width // 2)
    for plane in range(2):
        start = height + plane * height // 4
        colours = planes[start : start + height // 4].reshape(half)
        _fill(colours, shapes, half[1], half[0], GREY)


def _fill(image: NDArray[np.uint8], polygons: Iterable[Polygon], width: int, height: int, value: int) -> None:
    for polygon in polygons:
        corners = np.array([(round(x * width), round(y * height)) for x, y in polygon], dtype=np.int32)
        cv2.fillPoly(image, [corners], (value, value, value))
