"""Folders of people, as LFW has them: which photos there are, and the face in each, by every core there is."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.messages import EngineKind
from vision.models import Embedding, Engine, Face, Image, load_engine
from vision.quality import Quality, quality

LARGEST_SIDE = 6000
"""Pixels of a photo; a bomb of a JPEG claims more."""
AT_ONCE = 16
"""Photos handed to a process at a time."""
PICTURES = (".jpg", ".jpeg")

Progress = Callable[[int], None]


class Problem(StrEnum):
    """Why a photo has no embedding."""

    UNREADABLE = "unreadable"
    NOT_FOUND = "not_found"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, and the embedding of the face in its middle or why there is none."""

    path: Path
    face: Embedding | Problem


def people_in(folder: Path) -> dict[str, list[Path]]:
    """Return everybody's photos (JPEG), by the name of their folder."""
    people = {one.name: _pictures(one) for one in sorted(folder.iterdir()) if one.is_dir()}
    return {name: photos for name, photos in people.items() if photos}


def embedded(paths: Sequence[Path], kind: EngineKind, progress: Progress, processes: int | None = None) -> list[Photo]:
    """Return every photo's embedding, in their order; `progress` hears of every few.

    Raises ModelRefusedError. A photo that kills its process ends the run: BrokenProcessPool.
    """
    load_engine(kind)  # so that a refused model is told here, once
    workers = processes or os.cpu_count() or 1
    found: list[Photo] = []
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (kind,)) as pool:
        for photo in pool.map(_look, paths, chunksize=AT_ONCE):
            found.append(photo)
            progress(1)
    return found


def read_photo(path: Path) -> Image | None:
    """Return a JPEG as RGB; None where it is none, or of a monstrous size."""
    try:
        jpeg = path.read_bytes()
        height, width, _, _ = simplejpeg.decode_jpeg_header(jpeg)
        if max(height, width) > LARGEST_SIDE:
            return None
        return np.asarray(simplejpeg.decode_jpeg(jpeg, colorspace="RGB"), dtype=np.uint8)
    except (OSError, ValueError):
        return None


def face_in(image: Image, engine: Engine) -> Embedding | Problem:
    """Return the embedding of the face nearest to the middle: a labelled photo is about that one."""
    faces = engine.find(image)
    if not faces:
        return Problem.NOT_FOUND
    face = min(faces, key=lambda one: _off_middle(one, image))
    judgement = quality(image, [face])
    return engine.embed(image, face) if judgement is Quality.GOOD else Problem(judgement.value)


_ENGINES: list[Engine] = []
"""The one of this process, once it has started."""


def _start(kind: EngineKind) -> None:
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    cv2.setNumThreads(1)
    _ENGINES[:] = [load_engine(kind)]


def _look(path: Path) -> Photo:
    image = read_photo(path)
    return Photo(path, Problem.UNREADABLE if image is None else face_in(image, _ENGINES[0]))


def _pictures(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.suffix.lower() in PICTURES)


def _off_middle(face: Face, image: Image) -> float:
    return float(abs(face.left + face.right - image.shape[1]) + abs(face.top + face.bottom - image.shape[0]))
