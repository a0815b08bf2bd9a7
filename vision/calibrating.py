"""From photos of many people to thresholds: what `ostiary face calibrate` writes and `matching.read_calibration` reads.

Each person's photos are compared with their own and with everybody else's, in three ways: photo with photo (`single`),
photo with the mean of five others (`mean`), photo with the nearest of five others (`best_of`). Strangers are compared
all against all. The threshold is the highest at which no more than the stated share of them is let in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.matching import MEAN_OF_AT_LEAST, Calibration, Embedding, Fusion, Template, mean_template
from vision.messages import DIMENSIONS, EngineKind, TemplateMode
from vision.models import ENGINE_NAMES, PINNED
from vision.photos import Photo, Problem
from vision.rates import Floats, Genuine, Strangers, interval, samples, strangers_of

FIVE = MEAN_OF_AT_LEAST
SCALE_FMR = 1e-3
"""Each engine's distances are measured in its own threshold at this rate before the two are added up."""
WEIGHT = 0.3
"""Of dlib's distance in the fusion."""
AGREEMENT = 0.8
"""Neither engine may be beyond 1 / AGREEMENT times what both together may be."""
GENUINE_BELOW = 99.0
"""Percentile of genuine distances beyond which a face is clearly somebody else's."""
CLEARLY = 1.15
"""Times the threshold: `other` lies at least so far above it."""
CURVE = (5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6)
"""False match rates that the curves go through."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Faces:
    """Embeddings of the fusion (both engines' numbers) and whose they are, in one order; numbers from 0."""

    rows: Template
    people: NDArray[np.int64]

    def of(self, kind: EngineKind) -> Template:
        """Return one engine's part."""
        split = DIMENSIONS[EngineKind.DLIB]
        parts = {EngineKind.DLIB: self.rows[:, :split], EngineKind.MOBILEFACENET: self.rows[:, split:]}
        return parts.get(kind, self.rows)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A template for a trial: whose it is, which rows it is made of, and which other rows of that person come to it."""

    person: int
    five: tuple[int, ...]
    probes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """All comparisons in one mode."""

    strangers: Strangers
    genuine: Genuine


def faces_of(photos: Sequence[Photo]) -> Faces:
    """Return the faces of a folder of people; raises ValueError where nobody can be compared with anybody."""
    good = [(photo.path.parent.name, photo.face) for photo in photos if not isinstance(photo.face, Problem)]
    number = {name: index for index, name in enumerate(sorted({name for name, _ in good}))}
    people = np.array([number[name] for name, _ in good], dtype=np.int64)
    if len(number) < 2 or not enrolments(people):
        raise ValueError(f"a calibration takes somebody with {FIVE + 1} photos or more, and others beside them")
    return Faces(np.stack([row for _, row in good]), people)


def enrolments(people: NDArray[np.int64]) -> list[Enrolled]:
    """Return a template of every five photos of whoever has six or more; that person's other photos come to it."""
    found = []
    for person in np.unique(people):
        rows = [int(row) for row in np.flatnonzero(people == person)]
        for start in range(0, len(rows) - FIVE + 1, FIVE):
            five = tuple(rows[start : start + FIVE])
            probes = tuple(row for row in rows if row not in five)
            if probes:
                found.append(Enrolled(int(person), five, probes))
    return found


def trials(faces: Faces, mode: TemplateMode, calibration: Calibration) -> Trials:
    """Compare everybody with themselves and with everybody else in this mode."""
    rows = faces.of(calibration.kind)
    if mode is TemplateMode.SINGLE:
        return _singles(rows, faces.people, calibration)
    return _templates(rows, faces.people, mode, calibration)


def calibrate(
    faces: Faces, fmr: float, about: Mapping[str, Any], progress: Progress = lambda _: None
) -> dict[str, Any]:
    """Return the calibration document of all three engines at this false match rate."""
    scales: dict[EngineKind, float] = {}
    engines: dict[str, Any] = {}
    for kind in EngineKind:
        fusion = (
            Fusion(scales[EngineKind.DLIB], scales[EngineKind.MOBILEFACENET], WEIGHT, AGREEMENT)
            if kind is EngineKind.FUSION
            else None
        )
        bare = Calibration(kind, ENGINE_NAMES[kind], {}, fusion)
        modes = {}
        for mode in TemplateMode:
            progress(f"{kind}, {mode}")
            made = trials(faces, mode, bare)
            modes[mode.value] = _mode(made, fmr)
            if mode is TemplateMode.SINGLE:
                scales[kind] = round(made.strangers.threshold(SCALE_FMR), 4)
        engines[kind.value] = (
            {"engine": bare.engine} | ({"fusion": asdict(fusion)} if fusion else {}) | {"modes": modes}
        )
    return {"version": 2, "fmr": fmr, "about": dict(about), "weights": dict(PINNED), "engines": engines}


def _mode(made: Trials, fmr: float) -> dict[str, Any]:
    strangers, genuine = made.strangers, made.genuine
    same = _down(strangers.threshold(fmr))
    weights = samples(len(strangers.left))
    tar = genuine.tar(same)
    other = max(float(np.percentile(genuine.distances, GENUINE_BELOW)), same * CLEARLY)
    return {
        "same": same,
        "other": round(other, 4),
        "fmr": fmr,
        "impostor": strangers.total,
        "genuine": len(genuine.distances),
        "fmr_ci": [float(f"{one:.3g}") for one in interval(strangers.sampled_fmr(same, weights), fmr, strangers.total)],
        "tar": round(tar, 5),
        "tar_ci": [
            round(one, 5)
            for one in interval(genuine.sampled_tar(np.full(len(weights), same), weights), tar, len(genuine.distances))
        ],
        "curve": [
            [rate, round(strangers.threshold(rate), 4), round(genuine.tar(strangers.threshold(rate)), 5)]
            for rate in CURVE
        ],
    }


def _singles(rows: Template, people: NDArray[np.int64], calibration: Calibration) -> Trials:
    distances, whose = [], []

    def every() -> Iterator[Floats]:
        for index in range(len(rows)):
            later = calibration.distances(rows[index + 1 :], rows[index])
            own = later[people[index + 1 :] == people[index]]
            distances.extend(own.tolist())
            whose.extend([int(people[index])] * len(own))
            yield later

    strangers = strangers_of(people, every())
    return Trials(strangers, Genuine(np.array(distances), np.array(whose, dtype=np.int64)))


def _templates(rows: Template, people: NDArray[np.int64], mode: TemplateMode, calibration: Calibration) -> Trials:
    made = enrolments(people)
    strangers = Strangers(
        np.bincount([one.person for one in made], minlength=people.max() + 1), np.bincount(people), across=True
    )
    distances, whose = [], []
    for one in made:
        far = _to_template(rows, [rows[row] for row in one.five], mode, calibration)
        strange = people != one.person
        strangers.add(far[strange], one.person, people[strange])
        distances.extend(far[list(one.probes)].tolist())
        whose.extend([one.person] * len(one.probes))
    return Trials(strangers, Genuine(np.array(distances), np.array(whose, dtype=np.int64)))


def _to_template(rows: Template, five: Sequence[Embedding], mode: TemplateMode, calibration: Calibration) -> Floats:
    """Return every photo's distance to a template."""
    if mode is TemplateMode.MEAN:
        return calibration.distances(rows, mean_template(five, calibration.kind)[0])
    return np.asarray(np.min([calibration.distances(rows, one) for one in five], axis=0))


def _down(threshold: float) -> float:
    """Return the threshold with four decimals, never a stricter one made looser."""
    return float(np.floor(threshold * 1e4) / 1e4)
