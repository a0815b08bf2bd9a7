"""Two photos, one question: is it the same person? With the sentences somebody reads who asked it."""

from dataclasses import dataclass
from pathlib import Path

from vision.matching import Calibration
from vision.messages import TemplateMode
from vision.models import Engine
from vision.photos import Problem, face_in, read_photo

WHY = {
    Problem.UNREADABLE: "is no JPEG that can be read",
    Problem.NOT_FOUND: "shows no face",
    Problem.TOO_SMALL: "shows a face too small to judge: come closer, or take a sharper camera",
    Problem.BLURRED: "shows a face too blurred to judge",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """`same` is None where it could not be judged; the sentences say why, or how sure it is."""

    same: bool | None
    sentences: tuple[str, ...]
    distance: float | None = None


def compared(one: Path, other: Path, engine: Engine, calibration: Calibration) -> Compared:
    """Compare the face in the middle of each photo."""
    threshold = calibration.thresholds[TemplateMode.SINGLE]
    faces = []
    problems = []
    for path in (one, other):
        image = read_photo(path)
        face = Problem.UNREADABLE if image is None else face_in(image, engine)
        if isinstance(face, Problem):
            problems.append(f"{path} {WHY[face]}")
        else:
            faces.append(face)
    if problems:
        return Compared(None, ("cannot be judged", *problems))
    distance = calibration.distance(faces[0][None], faces[1])
    same = distance <= threshold.same
    verdict = "the same person" if same else "not the same person"
    numbers = f"distance {distance:.3f}, threshold {threshold.same:.3f} (one stranger in {1 / threshold.fmr:,.0f})"
    return Compared(same, (f"{verdict}: {numbers}", *_doubt(distance, threshold.same, threshold.other)), distance)


def _doubt(distance: float, same: float, other: float) -> tuple[str, ...]:
    if same < distance <= other:
        return ("in doubt: one picture in a bad light or angle may lie here; take another",)
    return ()
