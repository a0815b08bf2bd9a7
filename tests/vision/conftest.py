from functools import cache

import numpy as np
import pytest
import simplejpeg

from simulators import faces
from vision.models import Embedding, Engine, Image, load_engine


@cache
def _engine() -> Engine:
    return load_engine()


@pytest.fixture
def engine() -> Engine:
    """The real one; loaded once, it takes two seconds."""
    return _engine()


@cache
def _photos(name: str) -> tuple[tuple[Image, Embedding], ...]:
    images = [np.asarray(simplejpeg.decode_jpeg(jpeg)) for jpeg in faces.enrolment_images(name)]
    return tuple((image, _engine().embed(image, _engine().find(image)[0])) for image in images)


@pytest.fixture
def embeddings():
    """Of all enrolment photos of one demo person."""
    return lambda name: [embedding for _, embedding in _photos(name)]
