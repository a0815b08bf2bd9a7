"""How often a labelled set of photos is judged wrongly: LFW's pairs, and strangers all against all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vision.matching import Calibration, Embedding, Template
from vision.messages import TemplateMode
from vision.photos import Photo, Problem
from vision.rates import Floats, Genuine, Strangers, interval, samples, strangers_of

SUFFIX = ".jpg"
FMR_1E_3, FMR_1E_4 = 1e-3, 1e-4
DECIMALS = 6


class PairsError(ValueError):
    """This is no list of pairs; the sentence names the line."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos, each a person's name and a number from 1."""

    one: tuple[str, int]
    other: tuple[str, int]

    @property
    def genuine(self) -> bool:
        """Tell whether both are of one person."""
        return self.one[0] == self.other[0]


def read_pairs(text: str) -> list[Pair]:
    """Read LFW's `pairs.txt`: a first line of counts, then `NAME I J` or `NAME I OTHER J`; raises PairsError."""
    pairs = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("\t") if "\t" in line else line.split()
        if not words or (number == 1 and all(word.isdigit() for word in words)):
            continue
        try:
            if len(words) == 3:
                pairs.append(Pair((words[0], int(words[1])), (words[0], int(words[2]))))
            else:
                name, one, other, two = words
                pairs.append(Pair((name, int(one)), (other, int(two))))
        except ValueError:
            raise PairsError(f"line {number} is no pair: write NAME I J, or NAME I OTHER J, not {line!r}") from None
    if not pairs:
        raise PairsError(
            "there is no pair in it: LFW's pairs.txt has a line of counts, then NAME I J or NAME I OTHER J"
        )
    return pairs


def photo_path(folder: Path, photo: tuple[str, int]) -> Path:
    """Return where a photo lies: FOLDER/NAME/NAME_0001.jpg."""
    name, number = photo
    return folder / name / f"{name}_{number:04}{SUFFIX}"


def photos_of(pairs: Sequence[Pair]) -> list[tuple[str, int]]:
    """Return every photo that is named, once."""
    return sorted({photo for pair in pairs for photo in (pair.one, pair.other)})


def evaluated(
    pairs: Sequence[Pair],
    photos: Mapping[tuple[str, int], Photo],
    calibration: Calibration,
    mode: TemplateMode = TemplateMode.SINGLE,
) -> dict[str, Any]:
    """Return the rates of a set, as `ostiary face evaluate` writes them.

    `photos` has those that exist; a pair that names another is left out and counted under `missing`. A photo without a
    face to compare fails its genuine pairs.
    """
    embeddings = {name: photo.face for name, photo in photos.items() if not isinstance(photo.face, Problem)}
    numbers = {name: number for number, name in enumerate(sorted({person for person, _ in photos}))}
    there = [pair for pair in pairs if pair.one in photos and pair.other in photos]
    genuine = _genuine([pair for pair in there if pair.genuine], embeddings, numbers, calibration)
    threshold = calibration.thresholds[mode].same
    names = sorted(embeddings)
    rows = np.stack([embeddings[name] for name in names]) if names else np.empty((0, 1), np.float32)
    people = np.array([numbers[person] for person, _ in names], dtype=np.int64)
    people_counted = np.bincount(people, minlength=max(len(numbers), 1))
    strangers = strangers_of(people, _later(rows, calibration), at=threshold)
    strangers.left = strangers.right = people_counted
    problems = [photo.face for photo in photos.values() if isinstance(photo.face, Problem)]
    not_found = sum(problem is Problem.NOT_FOUND for problem in problems)
    return {
        "engine": calibration.engine,
        "images": len(photos),
        "missing": len(set(photos_of(pairs)) - set(photos)),
        "pairs_left_out": len(pairs) - len(there),
        "not_found": not_found,
        "refused": len(problems) - not_found,
        "genuine": len(genuine.distances),
        "impostor": strangers.total,
        "threshold": threshold,
        **rates(strangers, genuine, threshold),
        "intervals": "95 %, the wider of 1,000 bootstrap samples of the people and Wilson's",
    }


def rates(strangers: Strangers, genuine: Genuine, threshold: float) -> dict[str, Any]:
    """Return `fmr` and `tar` at a threshold, `tar` at two stated rates of this very set, and an interval of each."""
    weights = samples(len(strangers.left))
    fmr, tar = strangers.fmr(threshold), genuine.tar(threshold)
    fixed = np.full(len(weights), threshold)
    found: dict[str, Any] = {
        "fmr": fmr,
        "fmr_ci": interval(strangers.sampled_fmr(threshold, weights), fmr, strangers.total),
        "tar": tar,
        "tar_ci": interval(genuine.sampled_tar(fixed, weights), tar, len(genuine.distances)),
    }
    for name, wanted in (("tar_at_1e_3", FMR_1E_3), ("tar_at_1e_4", FMR_1E_4)):
        rate = genuine.tar(strangers.threshold(wanted))
        sampled = genuine.sampled_tar(strangers.sampled_thresholds(wanted, weights), weights)
        found |= {name: rate, f"{name}_ci": interval(sampled, rate, len(genuine.distances))}
    return {name: _rounded(value) for name, value in found.items()}


def _genuine(
    pairs: Sequence[Pair],
    embeddings: Mapping[tuple[str, int], Embedding],
    numbers: Mapping[str, int],
    calibration: Calibration,
) -> Genuine:
    def between(pair: Pair) -> float:
        one, other = embeddings.get(pair.one), embeddings.get(pair.other)
        return np.inf if one is None or other is None else calibration.distance(one[None], other)

    people = np.array([numbers[pair.one[0]] for pair in pairs], dtype=np.int64)
    return Genuine(np.array([between(pair) for pair in pairs], dtype=np.float64), people)


def _later(rows: Template, calibration: Calibration) -> Iterator[Floats]:
    for index in range(len(rows)):
        yield calibration.distances(rows[index + 1 :], rows[index])


def _rounded(value: float | tuple[float, float]) -> float | list[float]:
    return [round(one, DECIMALS + 2) for one in value] if isinstance(value, tuple) else round(value, DECIMALS + 2)
