"""Faces made unknowable: found in every picture, covered where one was missed, and honest about what was not found."""

import hashlib
import io
import os
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
import simplejpeg

from simulators import faces
from simulators.scene import FPS, Scene, drawn
from vision.centerface import CenterFace
from vision.child import environment
from vision.models import face_detector
from vision.recording.copying import PIXELATED
from vision.recording.film import CLIP_OPTIONS
from vision.recording.pixelate import BRIDGED, LINGERS, Box, Track, cover, film, still, tracked
from vision.recording.pixelating import NICEST, finder

HERE, ASIDE = Box(100, 100, 140, 150), Box(400, 100, 440, 150)
SECONDS = 1.0


def clip(*scenes: Scene) -> bytes:
    """A film of a second of each scene, fragmented as the recorder's."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options=CLIP_OPTIONS) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 480, 360, "yuv420p"
        for number in range(round(FPS * SECONDS) * len(scenes)):
            scene = scenes[number // round(FPS * SECONDS)]
            picture = av.VideoFrame.from_ndarray(drawn("cam", scene, number % FPS), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return out.getvalue()


def pictures(clear: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(clear)) as container:
        return [picture.to_ndarray(format="rgb24") for picture in container.decode(video=0)]


@pytest.fixture(scope="module")
def seen():
    detector = CenterFace(face_detector())
    return lambda image: detector.find(np.ascontiguousarray(image), 640)


NAME = faces.NAMES[0]
SOMEBODY = Scene(people=(NAME,))


def test_no_face_is_left_in_the_copy_and_all_else_is_as_it_was(seen):
    clear = clip(SOMEBODY)
    before = pictures(clear)
    assert all(seen(image) for image in before)
    parts = []
    done = film(clear, finder(), parts.append)
    after = pictures(b"".join(parts))
    assert (done.frames, len(after)) == (len(before), len(before))
    assert done.faces >= 1
    assert not any(seen(image) for image in after)
    for one, other in zip(before, after, strict=True):
        assert np.abs(one[:, :60].astype(int) - other[:, :60]).mean() < 4


def test_a_picture_in_which_the_face_was_missed_is_covered_as_well(seen):
    clear, find, asked = clip(SOMEBODY), finder(), iter(range(1000))
    parts = []
    done = film(clear, lambda image: find(image) if next(asked) % 4 == 0 else [], parts.append)
    assert done.faces == 1
    assert not any(seen(image) for image in pictures(b"".join(parts)))


def test_a_still_is_pixelated_and_one_without_a_face_stays_whole(seen):
    for scene, faces_there in ((SOMEBODY, 1), (Scene(), 0)):
        image = drawn("cam", scene, 0)
        copy, done = still(simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=95), finder())
        assert (done.frames, done.faces) == (1, faces_there)
        assert not seen(simplejpeg.decode_jpeg(copy))


@pytest.mark.parametrize(
    ("time", "where"),
    [
        (10.0 - LINGERS, HERE),
        (10.0 - LINGERS - 0.01, None),
        (10.0, HERE),
        (11.0, Box(100, 100, 440, 150)),
        (12.0, ASIDE),
        (12.0 + LINGERS, ASIDE),
        (12.0 + LINGERS + 0.01, None),
    ],
)
def test_between_two_finds_all_of_where_it_may_have_been_is_covered(time, where):
    assert Track([(10.0, HERE), (12.0, ASIDE)]).at(time) == where


def test_two_faces_are_two_tracks_and_one_that_comes_back_late_is_another():
    both = [(0.0, [HERE, ASIDE]), (0.2, [ASIDE, HERE]), (0.2 + BRIDGED, [HERE]), (0.3 + 2 * BRIDGED, [HERE])]
    assert [[found for found, _ in track.finds] for track in tracked(both)] == [
        [0.0, 0.2, 0.2 + BRIDGED],
        [0.0, 0.2],
        [0.3 + 2 * BRIDGED],
    ]


def test_what_is_covered_is_wider_than_the_face_and_has_few_squares():
    image = np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    untouched = image.copy()
    cover(image, [Box(100, 100, 140, 140), Box(-50, -50, -40, -40), Box(290, 290, 400, 400)])
    assert len(np.unique(image[80:161, 80:161].reshape(-1, 3), axis=0)) <= 25
    assert np.array_equal(image[:70, :70], untouched[:70, :70])


def test_the_process_writes_to_no_disk_and_lets_everybody_else_come_first(tmp_path):
    command = [sys.executable, "-m", "vision.recording.pixelating", "film", str(os.getpid())]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), cwd=tmp_path)
    clear = clip(SOMEBODY)
    out, _ = process.communicate(clear, timeout=120)
    copy, trailer = out[: -PIXELATED.size], out[-PIXELATED.size :]
    assert process.returncode == 0
    assert PIXELATED.unpack(trailer)[0] == len(pictures(copy)) == FPS
    assert hashlib.sha256(copy).digest() != hashlib.sha256(clear).digest()
    assert list(tmp_path.iterdir()) == []
    assert NICEST == 19
