"""From photos of one person to a template: each photo through the gates, the outliers out, the mean of the rest.

And single photos: whether one would do, and the head cut out of one, for a guard to compare.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import simplejpeg  # type: ignore[import-untyped]  # it ships no types

from vision.matching import MEAN_OF_AT_LEAST, Calibration, Embedding, mean_template, to_bytes
from vision.messages import Enrol, Enrolled, EnrolmentRefused, Judge, Judged, PhotoProblem, TemplateMode
from vision.models import Engine, Face, Image
from vision.quality import ENROLLING, Quality, quality

LARGEST_SIDE = 6000
"""Pixels of a photo; a bomb of a JPEG claims more."""
PORTRAIT_SIZE = (180, 240)
"""Pixels, wide and high: enough for a human to compare by, and too few to print a life-size photo of."""
PORTRAIT_ROOM = 2.0
"""Height of a portrait over that of the face in it."""
PORTRAIT_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An enrolment under way, or a judgement: photos not looked at yet, and what was seen in each of the others."""

    request: Enrol | Judge
    waiting: tuple[bytes, ...]
    seen: tuple[Embedding | PhotoProblem | None, ...] = ()
    portrait: bytes = b""


def begin(request: Enrol | Judge) -> Enrolment:
    """Return the enrolment with no photo looked at."""
    return Enrolment(request, request.images)


def next_photo(enrolment: Enrolment, engine: Engine) -> Enrolment:
    """Return the enrolment after its next photo (100 ms of work, so one at a time)."""
    photo, *rest = enrolment.waiting
    looked = _looked(photo, engine)
    if isinstance(looked, PhotoProblem):
        return replace(enrolment, waiting=tuple(rest), seen=(*enrolment.seen, looked))
    image, face = looked
    request = enrolment.request
    if isinstance(request, Enrol):
        return replace(enrolment, waiting=tuple(rest), seen=(*enrolment.seen, engine.embed(image, face)))
    portrait = _portrait(image, face) if request.portrait and not enrolment.portrait else enrolment.portrait
    return replace(enrolment, waiting=tuple(rest), seen=(*enrolment.seen, None), portrait=portrait)


def result(enrolment: Enrolment, calibration: Calibration) -> Enrolled | EnrolmentRefused | Judged:
    """Return the template once all photos were looked at, or why there is none.

    A photo whose face is not the same person (the threshold of single photos) as most of the others is left out.
    """
    request = enrolment.request
    if isinstance(request, Judge):
        return Judged(request.request_id, tuple(_problem(one) for one in enrolment.seen), enrolment.portrait)
    seen = _strangers_out(enrolment.seen, calibration)
    alike = [one for one in seen if isinstance(one, np.ndarray)]
    photos = tuple(_problem(one) for one in seen)
    if len(alike) < MEAN_OF_AT_LEAST:
        return EnrolmentRefused(request.request_id, request.cardholder, photos, PhotoProblem.TOO_FEW_PHOTOS)
    return Enrolled(
        request_id=request.request_id,
        cardholder=request.cardholder,
        template=to_bytes(mean_template(alike, calibration.kind)),
        engine=calibration.engine,
        mode=TemplateMode.MEAN,
        used=len(alike),
        photos=photos,
    )


def refused(enrolment: Enrolment) -> EnrolmentRefused | Judged:
    """Return what is answered where no engine judges."""
    request, why = enrolment.request, PhotoProblem.ENGINE_REFUSED
    if isinstance(request, Judge):
        return Judged(request.request_id, (why,) * len(request.images))
    return EnrolmentRefused(request.request_id, request.cardholder, (), why)


def _looked(photo: bytes, engine: Engine) -> tuple[Image, Face] | PhotoProblem:
    image = _decoded(photo)
    if image is None:
        return PhotoProblem.UNREADABLE
    faces = engine.find(image)
    judgement = quality(image, faces, ENROLLING)
    return (image, faces[0]) if judgement is Quality.GOOD else PhotoProblem(judgement)


def _decoded(photo: bytes) -> Image | None:
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(photo)
        if max(height, width) > LARGEST_SIDE:
            return None
        return np.asarray(simplejpeg.decode_jpeg(photo, colorspace="RGB"), dtype=np.uint8)
    except ValueError:
        return None


def _portrait(image: Image, face: Face) -> bytes:
    """Return head and neck as a small JPEG, encoded anew: nothing a camera wrote beside the picture stays in it."""
    wide, high = PORTRAIT_SIZE
    half_high = PORTRAIT_ROOM * (face.bottom - face.top) / 2
    half_wide = half_high * wide / high
    across, down = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    top, bottom = max(0, round(down - half_high)), min(image.shape[0], round(down + half_high))
    left, right = max(0, round(across - half_wide)), min(image.shape[1], round(across + half_wide))
    size = max(1, round((right - left) * high / (bottom - top))), high
    sized = cv2.resize(image[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
    jpeg: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(sized), quality=PORTRAIT_QUALITY)
    return jpeg


def _problem(seen: Embedding | PhotoProblem | None) -> PhotoProblem | None:
    return seen if isinstance(seen, PhotoProblem) else None


def _strangers_out(
    seen: tuple[Embedding | PhotoProblem | None, ...], calibration: Calibration
) -> list[Embedding | PhotoProblem | None]:
    """Put a problem in place of each face that lies beyond the threshold from more than half of all."""
    rows = [one for one in seen if isinstance(one, np.ndarray)]
    if not rows:
        return list(seen)
    known, same = np.stack(rows), calibration.thresholds[TemplateMode.SINGLE].same

    def is_alike(one: Embedding) -> bool:
        return 2 * int(np.count_nonzero(calibration.distances(known, one) <= same)) >= len(rows)

    return [PhotoProblem.ANOTHER_PERSON if isinstance(one, np.ndarray) and not is_alike(one) else one for one in seen]
