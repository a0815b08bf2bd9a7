"""Is this face that person? Distances to a template, and the thresholds they are held against. Pure.

The thresholds are data (`calibration.json`), measured per engine and template mode to a stated false match rate. The
0.6 that `face_recognition` uses by default is none of them: it let 0.56 % of impostors in.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from vision.messages import TemplateMode

DIMENSIONS = 128
MEAN_OF_AT_LEAST = 5
"""Embeddings in a mean template; the threshold was measured on means of five."""

Embedding = NDArray[np.float32]
Template = NDArray[np.float32]
"""n x 128; one row for every mode but BEST_OF."""


class TemplateError(ValueError):
    """Not a template of this mode, or too little to make one from."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Up to `same` (Euclidean) it is one person, at false match rate `fmr`; above `other` clearly somebody else."""

    same: float
    other: float
    fmr: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The thresholds of one engine, by template mode."""

    engine: str
    thresholds: dict[TemplateMode, Threshold]


def load_calibration() -> Calibration:
    """Read the thresholds that ship with the package."""
    document = json.loads(files("vision").joinpath("calibration.json").read_text(encoding="utf-8"))
    thresholds = {
        TemplateMode(mode): Threshold(row["same"], row["other"], row["fmr"])
        for mode, row in document["thresholds"].items()
    }
    return Calibration(document["engine"], thresholds)


def distance(template: Template, embedding: Embedding) -> float:
    """Return the Euclidean distance to the template's nearest row."""
    return float(np.linalg.norm(template - embedding, axis=1).min())


def mean_template(embeddings: Sequence[Embedding]) -> Template:
    """Return the mean of five embeddings or more as a 1 x 128 template; raises TemplateError for fewer."""
    if len(embeddings) < MEAN_OF_AT_LEAST:
        raise TemplateError(f"a mean template takes {MEAN_OF_AT_LEAST} photos, here are {len(embeddings)}")
    return np.atleast_2d(np.mean(np.stack(embeddings), axis=0, dtype=np.float64)).astype(np.float32)


def to_bytes(template: Template) -> bytes:
    """Return the template as little-endian float32, row after row."""
    return template.astype("<f4").tobytes()


def from_bytes(template: bytes, mode: TemplateMode) -> Template:
    """Read what `to_bytes` wrote; raises TemplateError when it cannot be a template of this mode."""
    if not template or len(template) % (4 * DIMENSIONS):
        raise TemplateError(f"{len(template)} bytes are no rows of {DIMENSIONS} float32")
    rows = np.frombuffer(template, dtype="<f4").reshape(-1, DIMENSIONS).astype(np.float32)
    if len(rows) != 1 and mode is not TemplateMode.BEST_OF:
        raise TemplateError(f"a template of mode {mode} has one row, not {len(rows)}")
    if not np.isfinite(rows).all():
        raise TemplateError("a template holds finite numbers only")
    return rows
