"""From photos of one person to a template: each photo through the gates, the outliers out, the mean of the rest."""

from dataclasses import dataclass

import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.matching import MEAN_OF_AT_LEAST, Calibration, Embedding, mean_template, to_bytes
from vision.messages import Enrol, Enrolled, EnrolmentRefused, PhotoProblem, TemplateMode
from vision.models import Engine, Image
from vision.quality import Quality, quality

LARGEST_SIDE = 6000
"""Pixels of a photo; a bomb of a JPEG claims more."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An enrolment under way: photos not looked at yet, embeddings and problems so far."""

    request: Enrol
    waiting: tuple[bytes, ...]
    embeddings: tuple[Embedding, ...] = ()
    problems: tuple[PhotoProblem, ...] = ()


def begin(request: Enrol) -> Enrolment:
    """Return the enrolment with no photo looked at."""
    return Enrolment(request, request.images)


def next_photo(enrolment: Enrolment, engine: Engine) -> Enrolment:
    """Return the enrolment after its next photo (100 ms of work, so one at a time)."""
    photo, *rest = enrolment.waiting
    judged = _judged(photo, engine)
    if isinstance(judged, PhotoProblem):
        return Enrolment(enrolment.request, tuple(rest), enrolment.embeddings, (*enrolment.problems, judged))
    return Enrolment(enrolment.request, tuple(rest), (*enrolment.embeddings, judged), enrolment.problems)


def result(enrolment: Enrolment, calibration: Calibration) -> Enrolled | EnrolmentRefused:
    """Return the template once all photos were looked at, or why there is none.

    A photo whose face is not the same person (the threshold of single photos) as most of the others is left out.
    """
    request = enrolment.request
    alike = _alike(enrolment.embeddings, calibration)
    strangers = len(enrolment.embeddings) - len(alike)
    problems = (*enrolment.problems, *(PhotoProblem.ANOTHER_PERSON,) * strangers)
    if len(alike) < MEAN_OF_AT_LEAST:
        return EnrolmentRefused(request.request_id, request.cardholder, (*problems, PhotoProblem.TOO_FEW_PHOTOS))
    return Enrolled(
        request_id=request.request_id,
        cardholder=request.cardholder,
        template=to_bytes(mean_template(alike, calibration.kind)),
        engine=calibration.engine,
        mode=TemplateMode.MEAN,
        used=len(alike),
        refused=problems,
    )


def _judged(photo: bytes, engine: Engine) -> Embedding | PhotoProblem:
    image = _decoded(photo)
    if image is None:
        return PhotoProblem.UNREADABLE
    faces = engine.find(image)
    judgement = quality(image, faces)
    return engine.embed(image, faces[0]) if judgement is Quality.GOOD else PhotoProblem(judgement)


def _decoded(photo: bytes) -> Image | None:
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(photo)
        if max(height, width) > LARGEST_SIDE:
            return None
        return np.asarray(simplejpeg.decode_jpeg(photo, colorspace="RGB"), dtype=np.uint8)
    except ValueError:
        return None


def _alike(embeddings: tuple[Embedding, ...], calibration: Calibration) -> list[Embedding]:
    """Return those that lie within the threshold of at least half of all."""
    if not embeddings:
        return []
    rows, same = np.stack(embeddings), calibration.thresholds[TemplateMode.SINGLE].same
    return [one for one in embeddings if 2 * np.count_nonzero(calibration.distances(rows, one) <= same) >= len(rows)]
