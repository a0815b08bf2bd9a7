from functools import cache

import numpy as np
import pytest
import simplejpeg

from simulators import faces
from vision.messages import EngineKind
from vision.models import Embedding, Engine, Image, load_engine


@cache
def _engine(kind: EngineKind = EngineKind.DLIB) -> Engine:
    return load_engine(kind)


@pytest.fixture
def engine() -> Engine:
    """The real one; loaded once, it takes two seconds."""
    return _engine()


@pytest.fixture(params=EngineKind)
def every_engine(request) -> Engine:
    """Each of the three in turn."""
    return _engine(request.param)


@cache
def _photos(name: str, kind: EngineKind) -> tuple[tuple[Image, Embedding], ...]:
    images = [np.asarray(simplejpeg.decode_jpeg(jpeg)) for jpeg in faces.enrolment_images(name)]
    engine = _engine(kind)
    return tuple((image, engine.embed(image, engine.find(image)[0])) for image in images)


@pytest.fixture
def embeddings():
    """Of all enrolment photos of one demo person."""
    return lambda name, kind=EngineKind.DLIB: [embedding for _, embedding in _photos(name, kind)]
