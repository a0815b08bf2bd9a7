import socket
import threading
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import simplejpeg

from vision.messages import CLEAR, LENGTH_BYTES, NUMBER_BYTES, RESTS, frame
from vision.pictures import NEW_EVERY, STILL_EVERY, WIDTH, Pictures, serve

ALL = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class FakeFrame:
    width: int = 480

    def rgb(self):
        return np.full((self.width * 3 // 4, self.width, 3), 220, dtype=np.uint8)


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


def test_while_nothing_moves_a_picture_a_minute_will_do_for_who_says_so(box):
    moves = True
    pictures = Pictures(box.frames.get, lambda: box.now, rests=lambda camera, now: not moves)
    asked = f"{RESTS}lobby"
    first = pictures.jpeg(asked)
    box.frames["lobby"], box.now, moves = FakeFrame(320), box.now + 1.0, False
    assert pictures.jpeg(asked) is first
    assert size(pictures.jpeg("lobby")) == (320, 240)  # who looks live looks live
    box.now += STILL_EVERY - 1.1
    assert pictures.jpeg(asked) is first
    box.now += 0.1
    assert size(pictures.jpeg(asked)) == (320, 240)
    box.frames["lobby"], box.now, moves = FakeFrame(160), box.now + 1.0, True
    assert size(pictures.jpeg(asked)) == (160, 120)


def test_a_still_shows_nothing_that_was_hidden_since_and_nothing_to_who_may_not_see_it(box):
    hidden = []
    pictures = Pictures(
        box.frames.get, lambda: box.now, watched=lambda _: SimpleNamespace(burnt=tuple(hidden), veiled=(ALL,)),
        rests=lambda *_: True,
    )  # fmt: skip
    clear, veiled = (pictures.jpeg(f"{RESTS}{who}lobby") for who in (CLEAR, ""))
    assert simplejpeg.decode_jpeg(clear).max() > 200 > 5 >= simplejpeg.decode_jpeg(veiled).max()
    assert pictures.jpeg(f"{RESTS}{CLEAR}lobby") is clear
    hidden.append(ALL)
    assert simplejpeg.decode_jpeg(pictures.jpeg(f"{RESTS}{CLEAR}lobby")).max() <= 5


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
