import socket
import threading
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import simplejpeg

from vision.messages import LENGTH_BYTES, NUMBER_BYTES, frame
from vision.pictures import NEW_EVERY, WIDTH, Pictures, serve


@dataclass(frozen=True, slots=True, eq=False)
class FakeFrame:
    width: int = 480

    def rgb(self):
        return np.zeros((self.width * 3 // 4, self.width, 3), dtype=np.uint8)


@pytest.fixture
def box():
    box = SimpleNamespace(now=10.0, frames={"lobby": FakeFrame()})
    box.pictures = Pictures(box.frames.get, clock=lambda: box.now)
    return box


def size(jpeg: bytes) -> tuple[int, int]:
    height, width, *_ = simplejpeg.decode_jpeg_header(jpeg)
    return width, height


def test_a_picture_is_the_cameras_size_and_640_wide_at_most(box):
    assert size(box.pictures.jpeg("lobby")) == (480, 360)
    box.frames["hall"] = FakeFrame(1280)
    assert size(box.pictures.jpeg("hall")) == (WIDTH, 480)


def test_at_most_five_pictures_are_made_in_a_second(box):
    first = box.pictures.jpeg("lobby")
    box.frames["lobby"], box.now = FakeFrame(320), box.now + NEW_EVERY / 2
    assert box.pictures.jpeg("lobby") is first
    box.now += NEW_EVERY / 2
    assert size(box.pictures.jpeg("lobby")) == (320, 240)


def test_no_camera_no_picture_and_none_from_before_it_was_lost(box):
    assert box.pictures.jpeg("nowhere") == b""
    box.pictures.jpeg("lobby")
    box.frames.clear()
    assert box.pictures.jpeg("lobby") == b""


def test_requests_are_answered_with_their_number_until_the_other_end_closes(box):
    near, far = socket.socketpair()
    thread = threading.Thread(target=serve, args=(far, box.pictures))
    thread.start()
    with near, far, near.makefile("rb") as answers:
        for number, camera in ((7, b"lobby"), (8, b"nowhere")):
            near.sendall(frame(number.to_bytes(NUMBER_BYTES, "big") + camera))
            body = answers.read(int.from_bytes(answers.read(LENGTH_BYTES), "big"))
            assert body[:NUMBER_BYTES] == number.to_bytes(NUMBER_BYTES, "big")
            assert bool(body[NUMBER_BYTES:]) is (camera == b"lobby")
        near.shutdown(socket.SHUT_WR)
        thread.join(10)
    assert not thread.is_alive()
