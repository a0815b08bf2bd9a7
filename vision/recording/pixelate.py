"""Faces made unknowable in a film or a still that leaves the box.

Every picture is searched by the face detector; what it found is joined into tracks, so that a picture in which it
missed a face is covered as well: between two finds, and for a while before the first and after the last. A face that it
never finds is not covered; nobody may be promised otherwise.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import av
import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types
from numpy.typing import NDArray

from vision.recording.film import CLIP_OPTIONS

Image = NDArray[np.uint8]

SEARCHED = 640
"""Pixels of the longest side a picture is searched at: a face of 12 pixels there is still found."""
LIKELY = 0.3
"""Rather a hand too many than a face too few: recognition asks for 0.5."""
BRIDGED = 2.0
"""Seconds without a find after which a track is over."""
LINGERS = 1.0
"""Seconds that a track is covered before its first find and after its last."""
WIDER = 0.5
"""Parts of a face's box by which what is covered is larger, on each side: hair, ears, and what it moved meanwhile."""
BLOCKS = 5
"""Squares across a covered face: too few to be told apart, or put together from many pictures."""
CRF, JPEG_QUALITY = "20", 90
TICK = Fraction(1, 90_000)


class Box(NamedTuple):
    """Part of a picture in pixels."""

    left: float
    top: float
    right: float
    bottom: float


Finder = Callable[[Image], Sequence[Box]]


@dataclass(slots=True)
class Track:
    """One face over time: where it was found, by the time of the picture in seconds."""

    finds: list[tuple[float, Box]] = field(default_factory=list)

    def at(self, time: float) -> Box | None:
        """Return where it is taken to be then; None where it is not there."""
        (first, begin), (last, end) = self.finds[0], self.finds[-1]
        if not first - LINGERS <= time <= last + LINGERS:
            return None
        if time <= first or time >= last:
            return begin if time <= first else end
        after = next(number for number, (found, _) in enumerate(self.finds) if found >= time)
        (_, old), (later, new) = self.finds[after - 1], self.finds[after]
        return new if time == later else _around(old, new)  # nobody knows which way it went: all of it is covered


@dataclass(frozen=True, slots=True)
class Done:
    """How many pictures were searched, and how many faces were followed through them."""

    frames: int
    faces: int


def tracked(found: Sequence[tuple[float, Sequence[Box]]]) -> list[Track]:
    """Join what was found in pictures, by their times in seconds and in their order, into tracks."""
    tracks: list[Track] = []
    for time, boxes in found:
        open_tracks = [track for track in tracks if time - track.finds[-1][0] <= BRIDGED]
        for box in boxes:
            apart = [_apart(track.finds[-1][1], box) for track in open_tracks]
            nearest = open_tracks[apart.index(min(apart))] if apart and min(apart) <= 1.0 else None
            if nearest is not None:
                nearest.finds.append((time, box))
                open_tracks.remove(nearest)
            else:
                tracks.append(Track([(time, box)]))
    return tracks


def cover(image: Image, boxes: Sequence[Box]) -> None:
    """Pixelate these parts of a picture (height x width x 3), and what is around them, in place."""
    height, width = image.shape[:2]
    for box in boxes:
        wide, high = (box.right - box.left) * WIDER, (box.bottom - box.top) * WIDER
        left, right = max(0, int(box.left - wide)), min(width, int(box.right + wide) + 1)
        top, bottom = max(0, int(box.top - high)), min(height, int(box.bottom + high) + 1)
        if right > left and bottom > top:
            part = image[top:bottom, left:right]
            small = cv2.resize(part, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA)
            large = cv2.resize(small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
            image[top:bottom, left:right] = large


def still(jpeg: bytes, find: Finder) -> tuple[bytes, Done]:
    """Return a still with every face that is found in it pixelated."""
    image = np.array(simplejpeg.decode_jpeg(jpeg))
    boxes = find(image)
    cover(image, boxes)
    return simplejpeg.encode_jpeg(image, quality=JPEG_QUALITY), Done(1, len(boxes))


def film(clear: bytes, find: Finder, write: Callable[[bytes], None]) -> Done:
    """Encode a film anew, every face that is found in it pixelated; the parts of an MP4 (H.264) go to ``write``."""
    found = [(time, find(image)) for time, image, _ in _pictures(clear)]
    tracks = tracked(found)
    with av.open(_Sink(write), "w", format="mp4", options=CLIP_OPTIONS) as out:
        stream: av.VideoStream | None = None
        for time, image, picture in _pictures(clear):
            cover(image, [box for track in tracks if (box := track.at(time)) is not None])
            if stream is None:
                stream = _stream(out, picture)
            painted = av.VideoFrame.from_ndarray(image, format="rgb24")
            painted.pts, painted.time_base = picture.pts, picture.time_base
            out.mux(stream.encode(painted.reformat(stream.width, stream.height, "yuv420p")))
        if stream is not None:
            out.mux(stream.encode(None))
    return Done(len(found), len(tracks))


class _Sink:
    """Where the muxer writes; it cannot go back, and a fragmented film never wants to."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, content: bytes) -> int:
        self._write(bytes(content))
        return len(content)


def _stream(out: av.container.OutputContainer, picture: av.VideoFrame) -> av.VideoStream:
    stream = out.add_stream("libx264", rate=Fraction(25), options={"preset": "veryfast", "crf": CRF, "bf": "0"})
    stream.width, stream.height = picture.width - picture.width % 2, picture.height - picture.height % 2
    stream.pix_fmt, stream.thread_count = "yuv420p", 1
    stream.codec_context.time_base = picture.time_base or TICK
    return stream


def _pictures(clear: bytes) -> Iterator[tuple[float, Image, av.VideoFrame]]:
    with av.open(io.BytesIO(clear), "r") as container:
        container.streams.video[0].thread_type = "NONE"
        for picture in container.decode(video=0):
            image = np.ascontiguousarray(picture.to_ndarray(format="rgb24"), dtype=np.uint8)
            yield float(picture.time or 0.0), image, picture


def _apart(one: Box, other: Box) -> float:
    """Return how far two boxes are from each other, in sizes of the larger: 1 where they stand side by side."""
    across = abs(one.left + one.right - other.left - other.right) / 2
    down = abs(one.top + one.bottom - other.top - other.bottom) / 2
    size = max(one.right - one.left, other.right - other.left, one.bottom - one.top, other.bottom - other.top)
    return max(across, down) / size if size > 0 else float("inf")


def _around(one: Box, other: Box) -> Box:
    return Box(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )
