"""A photo of a face as a camera at a door would have it: further away, turned, dim, blurred, noisy, compressed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.models import Image

WIDTH, HEIGHT = 640, 360
"""Pixels of a camera's small stream."""
SHARPEST = 0.05
"""Pixels; a blur below it is none."""
NOISE = 3.0
"""Of 255, standard deviation."""
FACE_IN_PHOTO = 0.38
"""Of a photo's width, what lies between the ears in LFW."""


@dataclass(frozen=True, slots=True)
class Try:
    """How somebody stands before the camera: pixels between the ears, turns in degrees, light as a factor, blur in
    pixels (sigma), where in the picture.
    """

    between_ears: float
    tilt: float
    yaw: float
    light: float
    blur: float
    at: tuple[float, float]


def drawn(draw: np.random.Generator) -> Try:
    """Return a try as they come at a door: nobody stands still, square and well lit."""
    return Try(
        between_ears=float(draw.uniform(62, 120)),
        tilt=float(draw.normal(0, 6)),
        yaw=float(np.clip(draw.normal(0, 15), -35, 35)),
        light=float(draw.uniform(0.3, 1.1)),
        blur=float(draw.uniform(0.0, 1.1)),
        at=(float(draw.uniform(0.4, 0.6)), float(draw.uniform(0.42, 0.58))),
    )


def moved(stand: Try, draw: np.random.Generator) -> Try:
    """Return the same person a fifth of a second later."""
    return Try(
        between_ears=stand.between_ears * float(draw.uniform(0.98, 1.04)),
        tilt=stand.tilt + float(draw.normal(0, 1.5)),
        yaw=float(np.clip(stand.yaw * 0.85 + draw.normal(0, 4), -35, 35)),
        light=stand.light * float(draw.uniform(0.95, 1.05)),
        blur=max(0.0, stand.blur + float(draw.normal(0, 0.3))),
        at=(stand.at[0] + float(draw.normal(0, 0.004)), stand.at[1] + float(draw.normal(0, 0.004))),
    )


def rendered(photo: Image, stand: Try, draw: np.random.Generator) -> Image:
    """Return the photo as one frame, through the camera's JPEG."""
    side = photo.shape[1]
    scale = stand.between_ears / (FACE_IN_PHOTO * side)
    turned = _turned(photo, stand.yaw)
    matrix = cv2.getRotationMatrix2D((side / 2, photo.shape[0] / 2), stand.tilt, scale)
    matrix[:, 2] += (stand.at[0] * WIDTH - side / 2, stand.at[1] * HEIGHT - photo.shape[0] / 2)
    flags, edge = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    frame = cv2.warpAffine(turned, matrix, (WIDTH, HEIGHT), flags=flags, borderMode=edge)
    if stand.blur > SHARPEST:
        frame = cv2.GaussianBlur(frame, (0, 0), stand.blur)
    lit = frame.astype(np.float32) * stand.light + draw.normal(0, NOISE, frame.shape)
    picture = np.clip(lit, 0, 255).astype(np.uint8)
    jpeg = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=75)
    return np.asarray(simplejpeg.decode_jpeg(jpeg), dtype=np.uint8)


def _turned(photo: Image, yaw: float) -> Image:
    """Return the photo seen from the side: the far half is narrower, as on a card turned about its upright axis."""
    height, width = photo.shape[:2]
    angle, away = np.radians(yaw), 2.5 * width
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64) * (width / 2, height / 2)
    depth = away + corners[:, 0] * np.sin(angle)
    seen = np.stack([corners[:, 0] * np.cos(angle), corners[:, 1]], axis=1) * (away / depth)[:, None]
    middle = np.array([width / 2, height / 2])
    matrix = cv2.getPerspectiveTransform((corners + middle).astype(np.float32), (seen + middle).astype(np.float32))
    turned = cv2.warpPerspective(photo, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, dtype=np.uint8)
