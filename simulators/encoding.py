"""Pictures into films as cameras send them: endless loops of H.264 or H.265, cut into NAL units."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Height x width x 3, RGB."""

START_CODE = b"\x00\x00\x01"
BITS_PER_PIXEL = 0.36
"""So much a picture may take; faces stay sharp enough to be judged, an empty corridor needs a tenth."""
IDR_EVERY = 2.0
"""Seconds at most from one picture that a decoder can begin with to the next, as cameras have it."""


class Codec(StrEnum):
    """What a camera encodes with."""

    H264 = "h264"
    H265 = "h265"


@dataclass(frozen=True, slots=True)
class Format:
    """What one stream of a camera is like."""

    width: int = 480
    height: int = 360
    fps: int = 8
    codec: Codec = Codec.H264

    @property
    def group(self) -> int:
        """Return how many pictures there are from one that a decoder can begin with to the next."""
        return max(1, round(self.fps * IDR_EVERY))


@dataclass(frozen=True, slots=True)
class Loop:
    """An endless film: one tuple of NAL units (without start codes) per picture; the first picture is an IDR."""

    pictures: tuple[tuple[bytes, ...], ...]
    codec: Codec = Codec.H264

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """Return what the first picture carries: SPS and PPS (H.264, 7.3.2), or VPS, SPS and PPS (H.265, 7.3.2)."""
        kinds = (7, 8) if self.codec is Codec.H264 else (32, 33, 34)
        return tuple(next(nal for nal in self.pictures[0] if self._kind(nal) == kind) for kind in kinds)

    def _kind(self, nal: bytes) -> int:
        return nal[0] & 0x1F if self.codec is Codec.H264 else nal[0] >> 1 & 0x3F


def encoded(images: Iterable[Image], shape: Format) -> Loop:
    """Encode pictures of any size as a film of this format."""
    encoder = av.CodecContext.create("libx264" if shape.codec is Codec.H264 else "libx265", "w")
    assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101 - for the type checker: both are video codecs
    encoder.width, encoder.height, encoder.pix_fmt = shape.width, shape.height, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(shape.fps), Fraction(1, shape.fps)
    encoder.bit_rate = round(BITS_PER_PIXEL * shape.width * shape.height * shape.fps)
    encoder.gop_size, encoder.thread_count = shape.group, 1
    encoder.options = _options(shape)
    pictures = []
    for index, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(fitted(image, shape), format="rgb24")
        frame.pts = index
        pictures += [nal_units(bytes(packet)) for packet in encoder.encode(frame)]
    pictures += [nal_units(bytes(packet)) for packet in encoder.encode(None)]
    return Loop(tuple(pictures), shape.codec)


def fitted(image: Image, shape: Format) -> Image:
    """Return the picture in the format's size: to its full height, and cut or continued at the sides."""
    height, width = image.shape[:2]
    if (width, height) == (shape.width, shape.height):
        return image
    wide = round(width * shape.height / height)
    sized = cv2.resize(image, (wide, shape.height), interpolation=cv2.INTER_AREA)
    left = (shape.width - wide) // 2
    if left >= 0:
        right = shape.width - wide - left
        return np.asarray(cv2.copyMakeBorder(sized, 0, 0, left, right, cv2.BORDER_REPLICATE), dtype=np.uint8)
    return np.ascontiguousarray(sized[:, -left : -left + shape.width], dtype=np.uint8)


def film_frames(path: Path, shape: Format) -> Iterator[Image]:
    """Yield the pictures of a film file, as many a second as the format has. FFmpegError for what is no film."""
    with av.open(str(path)) as container:
        due = 0.0
        for frame in container.decode(container.streams.video[0]):
            at = float(frame.time or 0.0)
            while due <= at:
                due += 1 / shape.fps
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def nal_units(annex_b: bytes) -> tuple[bytes, ...]:
    """Split a byte stream at its start codes (H.264, Annex B) into NAL units."""
    return tuple(unit.rstrip(b"\x00") for unit in annex_b.split(START_CODE) if unit.strip(b"\x00"))


def _options(shape: Format) -> dict[str, str]:
    if shape.codec is Codec.H264:
        return {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "slices": "1"}
    quiet = f"log-level=none:pools=none:frame-threads=1:keyint={shape.group}:bframes=0:repeat-headers=1"
    return {"preset": "ultrafast", "tune": "zerolatency", "x265-params": quiet}
