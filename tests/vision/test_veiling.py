"""Films and stills masked for viewing: black behind the mask in every picture, whole beside it, by another process."""

import io
import os
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import simplejpeg

from vision.child import environment
from vision.recording.copying import MASKED, NotCopiedError, copied
from vision.recording.film import CLIP_OPTIONS
from vision.recording.veiled import MODULE, veiled
from vision.recording.veiling import NICEST, film, still

FPS, COUNT = 10, 30
WIDTH, HEIGHT = 320, 180
GREY = 150
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
CORNER = ((0.75, 0.0), (1.0, 0.0), (1.0, 0.25), (0.75, 0.25))
DARK, ALIKE = 12, 6
"""Grey levels: what a painted pixel may be after encoding, and by how much another one may differ."""


def frame(number: int) -> np.ndarray:
    """A grey picture with a lighter square that wanders across all of it."""
    image = np.full((HEIGHT, WIDTH, 3), GREY, dtype=np.uint8)
    left = number * (WIDTH - 40) // COUNT
    image[60:100, left : left + 40] = 230
    return image


def clip(codec: str = "libx264") -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options=CLIP_OPTIONS) as container:
        stream = container.add_stream(codec, rate=FPS, options={"g": "10"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(COUNT):
            picture = av.VideoFrame.from_ndarray(frame(number), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return out.getvalue()


CLIP = clip()


def pictures(film: bytes) -> list[tuple[float, np.ndarray]]:
    with av.open(io.BytesIO(film)) as container:
        return [(float(picture.time), picture.to_ndarray(format="rgb24")) for picture in container.decode(video=0)]


def times(shown: list[tuple[float, np.ndarray]]) -> list[float]:
    """Seconds since the first picture."""
    return [time - shown[0][0] for time, _ in shown]


def left(image: np.ndarray) -> np.ndarray:
    """What LEFT_HALF hides, short of the edge that encoding blurs."""
    return image[:, : WIDTH // 2 - 8]


def right(image: np.ndarray) -> np.ndarray:
    return image[:, WIDTH // 2 + 8 :]


def test_every_picture_is_black_behind_the_mask_and_as_it_was_beside_it():
    parts = []
    assert film(CLIP, [LEFT_HALF], parts.append) == COUNT
    before, after = pictures(CLIP), pictures(b"".join(parts))
    assert times(after) == pytest.approx(times(before), abs=0.001)
    for (_, one), (_, other) in zip(before, after, strict=True):
        assert left(one).mean() > 100
        assert left(other).max() <= DARK
        assert np.abs(right(one).astype(int) - right(other)).mean() < ALIKE


def test_a_film_comes_in_parts_that_a_player_may_take_as_they_come():
    parts = []
    film(CLIP, [CORNER], parts.append)
    assert parts[0][4:8] == b"ftyp"
    assert len(parts) > 1


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_several_masks_hide_their_parts_in_films_of_either_codec(codec):
    parts = []
    film(clip(codec), [LEFT_HALF, CORNER], parts.append)
    for _, image in pictures(b"".join(parts)):
        assert left(image).max() <= DARK
        assert image[: HEIGHT // 4 - 8, WIDTH * 3 // 4 + 8 :].max() <= DARK
        assert image[HEIGHT // 2 + 30 :, WIDTH // 2 + 8 :].min() > 100


def test_of_a_film_that_was_broken_off_what_there_is_is_shown():
    parts = []
    count = film(CLIP[: len(CLIP) * 2 // 3], [LEFT_HALF], parts.append)
    assert 0 < count < COUNT
    assert all(left(image).max() <= DARK for _, image in pictures(b"".join(parts)))


def test_a_still_is_black_behind_the_mask():
    jpeg = simplejpeg.encode_jpeg(frame(0), quality=90)
    image = simplejpeg.decode_jpeg(still(jpeg, [LEFT_HALF]))
    assert left(image).max() <= DARK
    assert np.abs(right(image).astype(int) - right(frame(0))).mean() < ALIKE


def test_the_copy_is_made_by_a_process_that_writes_to_no_disk_and_lets_others_come_first(tmp_path):
    mask = "[[[0,0],[0.5,0],[0.5,1],[0,1]]]"
    command = [sys.executable, "-m", MODULE, "film", mask, str(os.getpid())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment(), cwd=tmp_path) as process:
        deadline = time.monotonic() + 60
        while os.getpriority(os.PRIO_PROCESS, process.pid) != NICEST:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        out, _ = process.communicate(CLIP, timeout=120)
    assert process.returncode == 0
    assert MASKED.unpack(out[-MASKED.size :]) == (COUNT,)
    assert len(pictures(out[: -MASKED.size])) == COUNT
    assert list(tmp_path.iterdir()) == []


def test_the_viewers_side_gets_the_copy_whole_and_nothing_of_what_is_no_film():
    counts = []

    def viewed():
        counts.append((yield from veiled("film", [CLIP[:100], CLIP[100:]], [LEFT_HALF])))

    assert len(pictures(b"".join(viewed()))) == COUNT
    assert counts == [COUNT]
    for kind in ("film", "still"):
        with pytest.raises(NotCopiedError):
            list(veiled(kind, [b"no film, and no picture"], [LEFT_HALF]))


def test_a_process_that_ends_before_it_has_heard_all_is_no_copy():
    with pytest.raises(NotCopiedError):
        list(copied("platform", (), (bytes(1_000_000) for _ in range(20)), MASKED.size))


def test_who_looks_no_further_leaves_no_process():
    copy = veiled("film", [CLIP], [LEFT_HALF])
    next(copy)
    children = {int(pid) for pid in _children()}
    copy.close()
    assert children
    assert not children & {int(pid) for pid in _children()}


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
