"""Live pictures out of the worker: one JPEG when asked for, so that nobody watching costs nothing."""

import contextlib
import socket
import time
from collections.abc import Callable

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.messages import CLEAR, LENGTH_BYTES, MAX_PICTURE, NUMBER_BYTES, Watch, frame, length_of
from vision.models import Image
from vision.recording.masks import paint
from vision.source import Frame

WIDTH = 640
"""Pixels at most; what a tile on the guard's wall needs."""
QUALITY = 70
NEW_EVERY = 0.2
"""Seconds at least between two pictures made of one camera: five per second."""
LONGEST_REQUEST = 256


class Pictures:
    """The newest picture of each camera, made at most five times per second."""

    def __init__(
        self,
        newest: Callable[[str], Frame | None],
        clock: Callable[[], float] = time.monotonic,
        watched: Callable[[str], Watch | None] = lambda _: None,
    ) -> None:
        self._newest, self._clock, self._watched = newest, clock, watched
        self._made: dict[str, tuple[Frame, float, bytes]] = {}

    def jpeg(self, asked: str) -> bytes:
        """Return the newest picture as JPEG, masked; empty while the camera gives none.

        ``asked`` is the camera's name, after ``CLEAR`` for who may see behind its veil.
        """
        camera = asked.removeprefix(CLEAR)
        newest, now = self._newest(camera), self._clock()
        if newest is None:
            self._made.pop(asked, None)
            return b""
        before = self._made.get(asked)
        if before is not None and (before[0] is newest or now < before[1] + NEW_EVERY):
            return before[2]
        picture = encoded(self._masked(camera, newest.rgb(), clear=asked != camera))
        self._made[asked] = (newest, now, picture)
        return picture

    def _masked(self, camera: str, image: Image, *, clear: bool) -> Image:
        watch = self._watched(camera)
        hidden = () if watch is None else watch.burnt if clear else (*watch.burnt, *watch.veiled)
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
