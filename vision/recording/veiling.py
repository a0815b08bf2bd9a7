"""The process that masks what is viewed: `python -m vision.recording.veiling (film|still) MASKS PARENT`.

MASKS is a JSON list of polygons, in parts of the picture. The recording in clear comes on standard input; the copy, in
which the masks are painted black in every picture and which is encoded anew, leaves on standard output, followed by
``MASKED``: how many pictures there were. Nothing is written to any disk, and everybody else comes first.
"""

import io
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import av
import av.error
import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.child import die_with
from vision.giving_way import give_way
from vision.messages import Polygon
from vision.recording.copying import MASKED
from vision.recording.film import CLIP_OPTIONS, Pipe
from vision.recording.masks import paint, paint_yuv

NICEST = 19
LONGEST = 900
"""Seconds after which the process ends itself: who reads a film more slowly than that keeps it from others."""
ENCODED = {"preset": "superfast", "crf": "22", "bf": "0"}
"""For eyes that wait, at about 100 pictures of 720p a second; evidence is looked at once, and films are short."""
KEY_EVERY = 50
"""Pictures between key pictures: a player may jump to any of them."""
JPEG_QUALITY = 90
TICK = Fraction(1, 90_000)


def still(jpeg: bytes, masks: Sequence[Polygon]) -> bytes:
    """Return a still with the masks painted black."""
    image = np.array(simplejpeg.decode_jpeg(jpeg))
    paint(image, masks)
    copy: bytes = simplejpeg.encode_jpeg(image, quality=JPEG_QUALITY)
    return copy


def film(clear: bytes, masks: Sequence[Polygon], write: Callable[[bytes], None]) -> int:
    """Encode a film anew with the masks painted black; the parts of an MP4 (H.264) go to ``write``.

    Returns how many pictures it has. What cannot be decoded is left out: the end of a film that was broken off, say.
    """
    count = 0
    with av.open(Pipe(write), "w", format="mp4", options=CLIP_OPTIONS) as out:
        stream: av.VideoStream | None = None
        for picture in _pictures(clear):
            if stream is None:
                stream = _stream(out, picture)
            even = picture.reformat(stream.width, stream.height, "yuv420p")
            planes = np.ascontiguousarray(even.to_ndarray(), dtype=np.uint8)
            paint_yuv(planes, masks)
            painted = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            painted.pts, painted.time_base = picture.pts, picture.time_base
            out.mux(stream.encode(painted))
            count += 1
        if stream is not None:
            out.mux(stream.encode(None))
    return count


def main(kind: str, masks: str, parent: int) -> int:
    """Mask what comes in; return the exit code: 1 where there was no picture in it."""
    die_with(parent)
    signal.alarm(LONGEST)
    give_way(NICEST)
    cv2.setNumThreads(1)
    shapes = [tuple((x, y) for x, y in polygon) for polygon in json.loads(masks)]
    clear, out = sys.stdin.buffer.read(), sys.stdout.buffer
    if kind == "still":
        out.write(still(clear, shapes))
        count = 1
    else:
        count = film(clear, shapes, _put)
    out.write(MASKED.pack(count))
    out.flush()
    return 0 if count else 1


def _put(part: bytes) -> None:
    sys.stdout.buffer.write(part)


def _stream(out: av.container.OutputContainer, picture: av.VideoFrame) -> av.VideoStream:
    stream = out.add_stream("libx264", rate=Fraction(25), options=ENCODED)
    stream.width, stream.height = picture.width - picture.width % 2, picture.height - picture.height % 2
    stream.pix_fmt, stream.thread_count = "yuv420p", 1
    stream.codec_context.time_base = picture.time_base or TICK
    stream.codec_context.gop_size = KEY_EVERY
    return stream


def _pictures(clear: bytes) -> Iterator[av.VideoFrame]:
    with av.open(io.BytesIO(clear), "r") as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        packets = container.demux(stream)
        while True:
            try:
                yield from next(packets).decode()
            except StopIteration:
                return
            except av.error.InvalidDataError:
                continue
            except av.error.FFmpegError:  # the file ends in the middle of something
                return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
