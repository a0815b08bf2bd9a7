"""Live pictures out of the worker: one JPEG when asked for, so that nobody watching costs nothing."""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.messages import (
    CLEAR,
    LENGTH_BYTES,
    MAX_PICTURE,
    NUMBER_BYTES,
    RESTS,
    Polygon,
    Watch,
    frame,
    length_of,
)
from vision.models import Image
from vision.recording.masks import paint
from vision.source import Frame

WIDTH = 640
"""Pixels at most; what a tile on the guard's wall needs."""
QUALITY = 70
NEW_EVERY = 0.2
"""Seconds at least between two pictures made of one camera: five per second."""
STILL_EVERY = 60.0
"""Seconds after which a camera on which nothing moves is pictured anew, for whom that will do."""
LONGEST_REQUEST = 256


@dataclass(frozen=True, slots=True)
class _Made:
    """A picture that was made, when (monotonic), of which frame, and what was hidden in it."""

    frame: Frame
    at: float
    hidden: tuple[Polygon, ...]
    jpeg: bytes


class Pictures:
    """The newest picture of each camera, made at most five times per second."""

    def __init__(
        self,
        newest: Callable[[str], Frame | None],
        clock: Callable[[], float] = time.monotonic,
        watched: Callable[[str], Watch | None] = lambda _: None,
        rests: Callable[[str, float], bool] = lambda *_: False,
    ) -> None:
        self._newest, self._clock, self._watched, self._rests = newest, clock, watched, rests
        self._made: dict[str, _Made] = {}

    def jpeg(self, asked: str) -> bytes:
        """Return the newest picture as JPEG, masked; empty while the camera gives none.

        ``asked`` is the camera's name, after ``CLEAR`` for who may see behind its veil, and before that ``RESTS`` for
        whom the same picture will do for a minute while nothing moves.
        """
        unveiled = asked.removeprefix(RESTS)
        camera = unveiled.removeprefix(CLEAR)
        newest, now = self._newest(camera), self._clock()
        if newest is None:
            self._made.pop(asked, None)
            return b""
        before = self._made.get(asked)
        hidden = self._hidden(camera, clear=unveiled != camera)
        if before is not None and before.hidden == hidden:
            idle = asked != unveiled and now < before.at + STILL_EVERY and self._rests(camera, now)
            if idle or before.frame is newest or now < before.at + NEW_EVERY:
                return before.jpeg
        picture = encoded(_masked(newest.rgb(), hidden))
        self._made[asked] = _Made(newest, now, hidden, picture)
        return picture

    def _hidden(self, camera: str, *, clear: bool) -> tuple[Polygon, ...]:
        watch = self._watched(camera)
        return () if watch is None else watch.burnt if clear else (*watch.burnt, *watch.veiled)


def _masked(image: Image, hidden: tuple[Polygon, ...]) -> Image:
    if hidden:
        image = np.array(image)
        paint(image, hidden)
    return image


def encoded(image: Image) -> bytes:
    """Return the image as JPEG, WIDTH pixels wide at most."""
    height, width = image.shape[:2]
    if width > WIDTH:
        size = (WIDTH, round(height * WIDTH / width))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    jpeg: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=QUALITY)
    return jpeg


def serve(port: socket.socket, pictures: Pictures) -> None:
    """Answer requests (number, camera's name) with pictures (number, JPEG), framed, until the other end closes."""
    with contextlib.suppress(ConnectionError):
        _serve(port, pictures)


def _serve(port: socket.socket, pictures: Pictures) -> None:
    while prefix := _exactly(port, LENGTH_BYTES):
        request = _exactly(port, length_of(prefix, LONGEST_REQUEST))
        picture = pictures.jpeg(request[NUMBER_BYTES:].decode("utf-8", "replace"))
        body = request[:NUMBER_BYTES] + picture
        port.sendall(frame(body if len(body) <= MAX_PICTURE else request[:NUMBER_BYTES]))


def _exactly(port: socket.socket, count: int) -> bytes:
    """Return that many bytes; empty when the other end has closed."""
    received = b""
    while len(received) < count:
        chunk = port.recv(count - len(received))
        if not chunk:
            return b""
        received += chunk
    return received
