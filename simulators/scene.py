"""What a simulated camera sees, drawn and encoded: short loops of H.264, one per scene.

A loop is drawn and encoded once, when first asked for (about 60 ms), and then only repeated, so that six cameras cost
next to nothing. Every loop begins with an IDR picture: cutting from one to another never breaks a decoder.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from simulators import faces

Image = NDArray[np.uint8]

WIDTH, HEIGHT = 480, 360
FPS = 8
LOOP_FRAMES = 16
BITRATE = 500_000
"""Bits per second; faces stay sharp enough to be judged, an empty corridor needs a tenth."""
NEAR = 240
"""Pixels from crown to chest of somebody at the door: about 110 between the ears."""
FAR = 90
"""The same four times further off: a face is found, and is too small to judge."""
SWAY = 3.0
"""Pixels that somebody standing still moves to and fro."""
START_CODE = b"\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class Scene:
    """Who stands before the camera (names of `simulators.faces`, none: an empty corridor), near or far, or a cover."""

    people: tuple[str, ...] = ()
    far: bool = False
    covered: bool = False


EMPTY = Scene()
COVERED = Scene(covered=True)


@dataclass(frozen=True, slots=True)
class Loop:
    """An endless film: one tuple of NAL units (without start codes) per picture; the first picture is an IDR."""

    pictures: tuple[tuple[bytes, ...], ...]

    @property
    def parameter_sets(self) -> tuple[bytes, bytes]:
        """Return the SPS and the PPS (H.264, 7.3.2) that the first picture carries."""
        sps, pps = (next(nal for nal in self.pictures[0] if nal[0] & 0x1F == kind) for kind in (7, 8))
        return sps, pps


@cache
def loop(label: str, scene: Scene) -> Loop:
    """Return the film of a scene, with the camera's label in the picture."""
    return Loop(tuple(_encoded([drawn(label, scene, index) for index in range(LOOP_FRAMES)])))


def drawn(label: str, scene: Scene, index: int) -> Image:
    """Draw picture `index` of a loop, RGB."""
    if scene.covered:
        return np.full((HEIGHT, WIDTH, 3), 8, dtype=np.uint8)
    image = _corridor().copy()
    side = FAR if scene.far else NEAR
    phase = 2 * np.pi * index / LOOP_FRAMES
    for place, name in enumerate(scene.people):
        centre = WIDTH * (place + 1) / (len(scene.people) + 1) + SWAY * np.sin(phase)
        _put_person(image, name, side, round(centre - side / 2), round(HEIGHT - side + SWAY * np.cos(phase) + SWAY))
    cv2.putText(image, label, (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (235, 235, 235), 1, cv2.LINE_AA)
    return image


@cache
def _corridor() -> Image:
    rows = np.linspace(150, 95, HEIGHT, dtype=np.float32)[:, None, None]
    image = np.clip(rows * np.array([1.0, 0.98, 0.92], dtype=np.float32), 0, 255).astype(np.uint8)
    image = np.ascontiguousarray(np.broadcast_to(image, (HEIGHT, WIDTH, 3)))
    cv2.fillPoly(image, [np.array([[0, HEIGHT], [150, 210], [330, 210], [WIDTH, HEIGHT]])], (88, 84, 80))
    cv2.rectangle(image, (180, 60), (300, 210), (112, 92, 70), -1)
    cv2.rectangle(image, (180, 60), (300, 210), (60, 50, 40), 3)
    cv2.circle(image, (288, 140), 4, (200, 190, 150), -1)
    for x in (150, 330):
        cv2.line(image, (x, 30), (x, 210), (80, 78, 74), 2)
    return np.asarray(image, dtype=np.uint8)


def _put_person(image: Image, name: str, side: int, left: int, top: int) -> None:
    portrait = cv2.resize(faces.head(name), (side, side), interpolation=cv2.INTER_AREA)
    mask = _silhouette(side)
    high, wide = min(side, HEIGHT - top), min(side, WIDTH - left)
    below = image[top : top + high, left : left + wide]
    blend = mask[:high, :wide]
    below[:] = (portrait[:high, :wide] * blend + below * (1 - blend)).astype(np.uint8)


@cache
def _silhouette(side: int) -> NDArray[np.float32]:
    """Return a soft mask, side x side x 1, of head and shoulders."""
    mask = np.zeros((side, side), dtype=np.float32)
    cv2.ellipse(mask, (side // 2, round(side * 0.45)), (round(side * 0.36), round(side * 0.45)), 0, 0, 360, (1.0,), -1)
    cv2.ellipse(mask, (side // 2, side), (round(side * 0.5), round(side * 0.3)), 0, 0, 360, (1.0,), -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), side / 60), dtype=np.float32)[:, :, None]


def _encoded(images: list[Image]) -> list[tuple[bytes, ...]]:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101 - for the type checker: libx264 is a video codec
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FPS), Fraction(1, FPS)
    encoder.bit_rate, encoder.gop_size, encoder.thread_count = BITRATE, LOOP_FRAMES, 1
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "slices": "1"}
    pictures = []
    for index, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts = index
        pictures += [nal_units(bytes(packet)) for packet in encoder.encode(frame)]
    return pictures + [nal_units(bytes(packet)) for packet in encoder.encode(None)]


def nal_units(annex_b: bytes) -> tuple[bytes, ...]:
    """Split a byte stream at its start codes (H.264, Annex B) into NAL units."""
    return tuple(unit.rstrip(b"\x00") for unit in annex_b.split(START_CODE) if unit.strip(b"\x00"))
