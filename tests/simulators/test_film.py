"""A film is looked at: an empty corridor keeps still, noise and all, and somebody who walks does not."""

import io
from fractions import Fraction

import av
import pytest
from av.error import FFmpegError

from simulators.acts.watched import SOMEBODY
from simulators.film import look_at
from simulators.scene import EMPTY, FPS, HEIGHT, WIDTH, Scene, drawn

SECONDS = 4


def film(scene):
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(SECONDS * FPS):
            frame = av.VideoFrame.from_ndarray(drawn("cam", scene, index), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def test_how_long_it_is_and_whether_anybody_is_in_it():
    nobody, somebody = look_at(film(EMPTY)), look_at(film(Scene(walking=1)))
    assert nobody.pictures == somebody.pictures == SECONDS * FPS
    assert nobody.seconds == pytest.approx(SECONDS, abs=2 / FPS)
    assert nobody.stirred < SOMEBODY / 10
    assert somebody.stirred > 2 * SOMEBODY


def test_what_is_no_film_is_refused():
    with pytest.raises(FFmpegError):
        look_at(b"no film")
