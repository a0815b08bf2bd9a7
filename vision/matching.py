"""Is this face that person? Distances to a template, and the thresholds they are held against. Pure.

The thresholds are data (`calibration.json`), measured per engine and template mode to a stated false match rate. The
0.6 that `face_recognition` uses by default is none of them: it let 0.56 % of impostors in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.messages import DIMENSIONS, NUMBER_OF_BYTES, EngineKind, TemplateMode

MEAN_OF_AT_LEAST = 5
"""Embeddings in a mean template; the threshold was measured on means of five."""

Embedding = NDArray[np.float32]
Template = NDArray[np.float32]
"""n x the engine's dimensions; one row for every mode but BEST_OF."""
Distances = NDArray[np.floating[Any]]

_SPLIT = DIMENSIONS[EngineKind.DLIB]
"""Where in an embedding of the fusion MobileFaceNet's part begins."""


class TemplateError(ValueError):
    """Not a template of this mode, or too little to make one from."""


class CalibrationError(ValueError):
    """There are no thresholds for an engine, or they were measured on other models."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Up to `same` it is one person, at false match rate `fmr`; above `other` clearly somebody else."""

    same: float
    other: float
    fmr: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """How two engines become one: each distance over its `scale`, then `weight` times dlib's plus the rest of the
    other's, but at least `agreement` times the worse of the two. That last is the rule that both must agree: at
    threshold t neither may be beyond t / agreement, however well the other does.
    """

    dlib_scale: float
    mobilefacenet_scale: float
    weight: float
    agreement: float

    def fused(self, dlib: Distances, mobilefacenet: Distances) -> Distances:
        """Return the fused distances of two arrays of one shape."""
        one, other = dlib / self.dlib_scale, mobilefacenet / self.mobilefacenet_scale
        together = self.weight * one + (1 - self.weight) * other
        return np.asarray(np.maximum(together, self.agreement * np.maximum(one, other)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The thresholds of one engine, by template mode; `fusion` only where there are two in it."""

    kind: EngineKind
    engine: str
    thresholds: Mapping[TemplateMode, Threshold]
    fusion: Fusion | None = None

    def distance(self, template: Template, embedding: Embedding) -> float:
        """Return the distance to the template's nearest row."""
        return float(self.distances(template, embedding).min())

    def distances(self, rows: Template, embedding: Embedding) -> Distances:
        """Return the distance to each of n rows."""
        if self.fusion is None:
            return np.asarray(np.linalg.norm(rows - embedding, axis=1))
        dlib = np.linalg.norm(rows[:, :_SPLIT] - embedding[:_SPLIT], axis=1)
        return self.fusion.fused(dlib, np.linalg.norm(rows[:, _SPLIT:] - embedding[_SPLIT:], axis=1))


def load_calibration(kind: EngineKind = EngineKind.DLIB) -> Calibration:
    """Read the thresholds that ship with the package; raises CalibrationError where there are none for this engine."""
    return read_calibration(files("vision").joinpath("calibration.json").read_text(encoding="utf-8"), kind)


def read_calibration(text: str, kind: EngineKind) -> Calibration:
    """Read what `ostiary face calibrate` wrote; raises CalibrationError where it holds nothing for this engine."""
    try:
        row = json.loads(text)["engines"].get(kind.value)
        if row is None:
            raise CalibrationError(f"there are no thresholds for the engine {kind}: run `ostiary face calibrate`")
        modes = {TemplateMode(mode): _threshold(one) for mode, one in row["modes"].items()}
        fusion = Fusion(**row["fusion"]) if "fusion" in row else None
        return Calibration(kind, row["engine"], modes, fusion)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise CalibrationError(f"this is no calibration file ({error}): run `ostiary face calibrate`") from error


def mean_template(embeddings: Sequence[Embedding], kind: EngineKind = EngineKind.DLIB) -> Template:
    """Return the mean of five embeddings or more as one row; raises TemplateError for fewer."""
    if len(embeddings) < MEAN_OF_AT_LEAST:
        raise TemplateError(f"a mean template takes {MEAN_OF_AT_LEAST} photos, here are {len(embeddings)}")
    return of_length_one(np.mean(np.stack(embeddings), axis=0, dtype=np.float64, keepdims=True), kind)


def of_length_one(rows: NDArray[np.floating[Any]], kind: EngineKind) -> Template:
    """Return the rows, each engine's part of them brought to length one: what distances are measured between.

    dlib's own are between 1.2 and 1.5 long, and longer for a picture that is easy to tell; at length one 78 % of right
    people are let in where 69 % are (one photo, FMR 1e-4, LFW).
    """
    parts = np.split(rows, [_SPLIT], axis=1) if kind is EngineKind.FUSION else [rows]
    return np.concatenate([part / np.linalg.norm(part, axis=1, keepdims=True) for part in parts], axis=1).astype(
        np.float32
    )


def part_of(template: bytes, made_by: EngineKind, wanted: EngineKind) -> bytes | None:
    """Return a template as another engine reads it: a fusion's holds both engines'. None: it must be made anew."""
    if made_by is wanted:
        return template
    if made_by is not EngineKind.FUSION or len(template) % (DIMENSIONS[made_by] * NUMBER_OF_BYTES):
        return None
    rows = np.frombuffer(template, dtype="<f4").reshape(-1, DIMENSIONS[made_by])
    return to_bytes(rows[:, :_SPLIT] if wanted is EngineKind.DLIB else rows[:, _SPLIT:])


def to_bytes(template: Template) -> bytes:
    """Return the template as little-endian float32, row after row."""
    return template.astype("<f4").tobytes()


def from_bytes(template: bytes, mode: TemplateMode, kind: EngineKind = EngineKind.DLIB) -> Template:
    """Read what `to_bytes` wrote; raises TemplateError when it cannot be a template of this mode."""
    numbers = DIMENSIONS[kind]
    if not template or len(template) % (NUMBER_OF_BYTES * numbers):
        raise TemplateError(f"{len(template)} bytes are no rows of {numbers} float32")
    rows = np.frombuffer(template, dtype="<f4").reshape(-1, numbers).astype(np.float32)
    if len(rows) != 1 and mode is not TemplateMode.BEST_OF:
        raise TemplateError(f"a template of mode {mode} has one row, not {len(rows)}")
    if not np.isfinite(rows).all():
        raise TemplateError("a template holds finite numbers only")
    if not np.linalg.norm(rows, axis=1).all():
        raise TemplateError("a template of nothing but zeros is nobody's")
    return of_length_one(rows, kind)  # those of earlier versions are as long as dlib made them


def _threshold(row: Mapping[str, Any]) -> Threshold:
    return Threshold(float(row["same"]), float(row["other"]), float(row["fmr"]))
