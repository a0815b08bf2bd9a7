"""The large stream of one camera, packet by packet, in a thread of its own.

Nothing is decoded, unless a mask must be painted.
"""

import threading
import time
from collections.abc import Callable
from fractions import Fraction

import av
import av.error
import numpy as np

from vision.messages import Polygon
from vision.recording.film import Format, Piece
from vision.recording.masks import paint_yuv
from vision.recording.messages import Watch
from vision.source import BACK_OFF, OPTIONS, SILENT_FOR, with_credentials

KEY_EVERY = 2.0
"""Seconds between key pictures of what is encoded anew."""
PRESET = {"preset": "ultrafast", "tune": "zerolatency", "crf": "24"}
TICK = Fraction(1, 90_000)


class PacketSource:
    """The thread that takes one camera's packets; `take` is called from it."""

    def __init__(
        self, watch: Watch, take: Callable[[Piece], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._watch, self._take, self._clock = watch, take, clock
        self._closing = threading.Event()
        self._connection = 0
        self._thread = threading.Thread(target=self._run, name=f"film {watch.camera}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the next packet or timeout."""
        self._closing.set()

    def _run(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            began = self._clock()
            self._connection += 1
            self._stream()
            attempt = 0 if self._clock() - began > SILENT_FOR else attempt + 1
            self._closing.wait(BACK_OFF[min(attempt, len(BACK_OFF) - 1)])

    def _stream(self) -> None:
        """Take packets until the camera is lost. Why it was, the eyes tell: they look through the same camera."""
        address = with_credentials(self._watch.url, self._watch.username, self._watch.password)
        try:
            with av.open(address, options=OPTIONS, timeout=(SILENT_FOR, SILENT_FOR)) as container:
                stream = container.streams.video[0]
                if self._watch.burnt:
                    self._paint(container, stream, self._watch.burnt)
                else:
                    self._copy(container, stream)
        except (av.error.FFmpegError, OSError, ValueError, IndexError):
            return

    def _copy(self, container: av.container.InputContainer, stream: av.VideoStream) -> None:
        context = stream.codec_context
        form = Format(context.name, context.width, context.height, context.extradata or b"", self._connection)
        last = -1
        for packet in container.demux(stream):
            if packet.size:
                piece = _piece(packet, form, self._clock(), last)
                last = piece.dts
                self._take(piece)
            if self._closing.is_set():
                return

    def _paint(
        self, container: av.container.InputContainer, stream: av.VideoStream, masks: tuple[Polygon, ...]
    ) -> None:
        """Encode the camera's pictures anew, masks and all: the clear ones never leave this function."""
        stream.thread_type = "NONE"
        encoder: av.VideoCodecContext | None = None
        form, due = None, 0.0
        began = self._clock()
        for picture in container.decode(stream):
            now = self._clock()
            if encoder is None or form is None:
                encoder = _encoder(picture.width, picture.height)
                form = Format("h264", picture.width, picture.height, encoder.extradata or b"", self._connection)
            painted = _painted(picture, masks)
            painted.pts, painted.time_base = round((now - began) / TICK), TICK
            if now >= due:
                painted.pict_type, due = av.video.frame.PictureType.I, now + KEY_EVERY
            for packet in encoder.encode(painted):
                self._take(_piece(packet, form, now, -1))
            if self._closing.is_set():
                return


def _painted(picture: av.VideoFrame, masks: tuple[Polygon, ...]) -> av.VideoFrame:
    planes = np.ascontiguousarray(picture.to_ndarray(format="yuv420p"), dtype=np.uint8)
    paint_yuv(planes, masks)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def _encoder(width: int, height: int) -> av.VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.options = TICK, dict(PRESET)
    encoder.thread_count = 1
    encoder.flags |= 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: the muxer wants the parameter sets apart
    encoder.open()
    return encoder


def _piece(packet: "av.Packet[av.VideoStream]", form: Format, now: float, last: int) -> Piece:
    """Return a packet as a piece. The first one of a stream has no time yet: it comes just after the last."""
    dts = packet.dts if packet.dts is not None else packet.pts
    place = last + 1 if dts is None else dts
    pts = packet.pts if packet.pts is not None else place
    return Piece(form, bytes(packet), pts, place, packet.time_base or TICK, packet.is_keyframe, now)
