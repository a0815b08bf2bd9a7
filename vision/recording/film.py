"""Packets of one camera, and films made of them without encoding anything anew."""

import hashlib
import io
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Protocol, cast

import av
import numpy as np
from numpy.typing import NDArray

from vision.recording.sealed import Sealer

FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"
"""An MP4 that can be read up to its last whole fragment, however it ended."""
CLIP_OPTIONS = {"movflags": FRAGMENTED, "frag_duration": "1000000", "flush_packets": "1"}
LIVE_OPTIONS = {"movflags": "frag_every_frame+empty_moov+default_base_moof", "flush_packets": "1"}
LARGEST_RING = 64 * 1024 * 1024
"""Bytes of one camera: a camera gone wild must not eat the machine."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a muxer must know of a stream. Another connection has another one, even where it looks the same."""

    codec: str
    width: int
    height: int
    extradata: bytes
    connection: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One encoded picture: its bytes, its place in the stream's own time, and when it arrived (monotonic)."""

    format: Format
    payload: bytes
    pts: int
    dts: int
    time_base: Fraction
    key: bool
    arrived: float


class Ring:
    """The last seconds of one camera, from a key picture on. One thread adds, another one reads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pieces: deque[Piece] = deque()
        self._size = 0

    def add(self, piece: Piece) -> None:
        """Take a piece in, and let go of what is older than the ring and the key picture before it."""
        self._pieces.append(piece)
        self._size += len(piece.payload)
        while self._spare(piece.arrived):
            self._drop_to_next_key()

    def since(self, mono: float) -> list[Piece]:
        """Return the pieces from the last key picture that came no later than then."""
        pieces = list(self._pieces)
        keys = [index for index, piece in enumerate(pieces) if piece.key]
        start = next((index for index in reversed(keys) if pieces[index].arrived <= mono), keys[0] if keys else None)
        return [] if start is None else pieces[start:]

    def _spare(self, now: float) -> bool:
        second = next((piece for piece in list(self._pieces)[1:] if piece.key), None)
        if second is None:
            return self._size > LARGEST_RING and len(self._pieces) > 1
        return second.arrived < now - self._seconds or self._size > LARGEST_RING

    def _drop_to_next_key(self) -> None:
        while len(self._pieces) > 1:
            self._size -= len(self._pieces.popleft().payload)
            if self._pieces[0].key:
                return


class Sink(Protocol):
    """Where a film goes, from its beginning to its end."""

    def write(self, content: bytes) -> int:
        """Take the next bytes."""
        ...


class Film:
    """A fragmented MP4 of one connection's pieces, written into a sink as they come."""

    def __init__(self, sink: Sink, first: Piece, options: dict[str, str]) -> None:
        self._form = first.format
        # What the muxer must know it learns from the first picture itself: the camera's own stream may be gone by now.
        self._told = av.open(io.BytesIO(first.format.extradata + first.payload), format=first.format.codec)
        self._out = av.open(sink, "w", format="mp4", options=options)
        self._stream = self._out.add_stream_from_template(self._told.streams.video[0])
        self._first = self._last = 0
        self._count = 0
        self._closed = False

    def takes(self, piece: Piece) -> bool:
        """Tell whether a piece belongs into this film: another connection's needs one of its own."""
        return piece.format == self._form

    def add(self, piece: Piece) -> None:
        """Add a piece. One whose time does not follow is moved to just after the one before."""
        if self._count == 0:
            self._first, self._last = piece.dts, piece.dts - 1
        dts = max(piece.dts, self._last + 1)
        packet = av.Packet(piece.payload)
        packet.stream, packet.time_base = self._stream, piece.time_base
        packet.dts, packet.pts = dts - self._first, max(piece.pts, dts) - self._first
        packet.is_keyframe = piece.key
        self._last = dts
        self._count += 1
        self._out.mux(packet)

    def close(self) -> None:
        """Write the end."""
        if not self._closed:
            self._closed = True
            self._out.close()
            self._told.close()


class SealedFile:
    """A sink that seals what it is given, and knows its size and SHA-256 in clear."""

    def __init__(self, file: BinaryIO, key: bytes, label: str) -> None:
        self._sealer = Sealer(file, key, label)
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> int:
        """Take the next bytes."""
        taken = bytes(content)
        self._digest.update(taken)
        self.size += len(taken)
        return self._sealer.write(taken)

    def flush(self) -> None:
        """Have all that was written in the file, as far as it is in the box's hand."""
        self._sealer.flush()

    def finish(self) -> None:
        """Seal the end."""
        self._sealer.finish()

    @property
    def digest(self) -> str:
        """Return the SHA-256 (hex) of what was written."""
        return self._digest.hexdigest()


class Pipe:
    """A sink that hands on what it is given."""

    def __init__(self, hand_on: Callable[[bytes], None]) -> None:
        self._hand_on = hand_on

    def write(self, content: bytes) -> int:
        """Hand on the next bytes."""
        self._hand_on(bytes(content))
        return len(content)


def last_picture(pieces: list[Piece], before: float) -> tuple[NDArray[np.uint8], float] | None:
    """Decode what was seen last before then: the picture as height x width x 3, RGB, and when it arrived."""
    found: tuple[av.VideoFrame, float] | None = None
    for piece, picture in _decoded(pieces):
        if found is not None and piece.arrived > before:
            break
        found = picture, piece.arrived
    if found is None:
        return None
    return np.ascontiguousarray(found[0].to_ndarray(format="rgb24"), dtype=np.uint8), found[1]


def _decoded(pieces: list[Piece]) -> Iterator[tuple[Piece, av.VideoFrame]]:
    if not pieces:
        return
    form = pieces[0].format
    decoder = cast(av.VideoCodecContext, av.CodecContext.create(form.codec, "r"))
    decoder.extradata = form.extradata or None
    decoder.thread_type = "NONE"
    decoder.flags |= 1 << 19  # AV_CODEC_FLAG_LOW_DELAY: no picture is kept back
    for piece in pieces:
        if piece.format != form:
            return
        for picture in decoder.decode(av.Packet(piece.payload)):
            yield piece, picture
