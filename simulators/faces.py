"""The demo's two people: public-domain portraits that packages ship, cropped to the head, in many variants.

`skimage.data.astronaut()` (Eileen Collins, NASA) and matplotlib's sample `grace_hopper.jpg` (US Navy). They are cropped
because dlib's HOG detector finds a second, false face beside the astronaut.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Height x width x 3, RGB."""

JPEG_QUALITY = 90
PHOTO_SIDE = 320
"""Pixels; the face fills about half of it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to photograph a head: tilt in degrees, crop as a fraction taken off, light as a factor."""

    tilt: float
    crop: float
    light: float
    mirrored: bool


ENROLMENT = (
    Variant(tilt=0, crop=0.0, light=1.0, mirrored=False),
    Variant(tilt=-6, crop=0.0, light=1.1, mirrored=False),
    Variant(tilt=6, crop=0.05, light=0.9, mirrored=False),
    Variant(tilt=0, crop=0.08, light=0.75, mirrored=False),
    Variant(tilt=3, crop=0.0, light=1.2, mirrored=True),
    Variant(tilt=-3, crop=0.05, light=0.85, mirrored=True),
    Variant(tilt=8, crop=0.0, light=1.0, mirrored=False),
)

_HEADS = {"astronaut": (10, 130, 220, 340), "hopper": (30, 90, 430, 490)}
"""Top, left, bottom, right of head and shoulders in the whole picture."""

_EYES = {"astronaut": ((0.351, 0.443), (0.558, 0.456)), "hopper": ((0.332, 0.415), (0.549, 0.405))}
"""Where the middle of each eye lies in a head, in parts of its side."""

NAMES = tuple(_HEADS)


@cache
def head(name: str) -> Image:
    """Return head and shoulders of `astronaut` or `hopper`, RGB; KeyError for anybody else."""
    top, left, bottom, right = _HEADS[name]
    return _picture(name)[top:bottom, left:right].copy()


def middle(name: str) -> float:
    """Return where the middle line of the face lies in a head, in parts of its side."""
    return sum(across for across, _ in _EYES[name]) / 2


@cache
def with_eyes_closed(name: str) -> Image:
    """Return the same with both eyes closed: lids of the skin's colour, drawn over them."""
    image = head(name).copy()
    side = image.shape[0]
    for across, down in _EYES[name]:
        x, y, wide = round(across * side), round(down * side), side * 0.06
        skin = image[round(y + wide * 1.1) : round(y + wide * 1.4), x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
        cv2.ellipse(image, (x, y), (round(wide), round(wide * 0.55)), 0, 0, 360, [int(part) for part in skin], -1)
        cv2.ellipse(image, (x, round(y + wide * 0.25)), (round(wide * 0.8), 1), 0, 0, 180, (40, 30, 25), 2)
    return image


def enrolment_images(name: str) -> list[bytes]:
    """Return seven JPEG photos of one person, as somebody at the enrolment desk would take them."""
    return [photo(name, variant) for variant in ENROLMENT]


def photo(name: str, variant: Variant) -> bytes:
    """Return one variant of a head as JPEG."""
    jpeg: bytes = simplejpeg.encode_jpeg(varied(head(name), variant), quality=JPEG_QUALITY)
    return jpeg


def varied(image: Image, variant: Variant) -> Image:
    """Return the head tilted, cropped, lit and scaled to PHOTO_SIDE pixels square."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), variant.tilt, 1.0)
    turned = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    dy, dx = round(height * variant.crop / 2), round(width * variant.crop / 2)
    cropped = turned[dy : height - dy, dx : width - dx]
    sized = cv2.resize(cropped, (PHOTO_SIDE, PHOTO_SIDE), interpolation=cv2.INTER_AREA)
    lit = np.clip(sized.astype(np.float32) * variant.light, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(lit[:, ::-1] if variant.mirrored else lit)


def _picture(name: str) -> Image:
    # Here, not above: only the process that draws faces pays for these two packages.
    if name == "astronaut":
        from skimage import data

        return np.asarray(data.astronaut(), dtype=np.uint8)  # type: ignore[no-untyped-call]  # skimage annotates none
    from matplotlib import cbook

    path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    return np.asarray(simplejpeg.decode_jpeg(Path(str(path)).read_bytes()), dtype=np.uint8)
