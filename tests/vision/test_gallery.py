import numpy as np
import pytest

from vision.gallery import gallery
from vision.matching import load_calibration, of_length_one
from vision.messages import DIMENSIONS, EngineKind, TemplateMode


def crowd(kind, size=400, seed=3):
    """Templates around a few faces, so that some lie near and most far."""
    draw = np.random.default_rng(seed)
    middles = draw.normal(size=(8, DIMENSIONS[kind]))
    rows = middles[draw.integers(8, size=size)] + draw.normal(size=(size, DIMENSIONS[kind])) * draw.uniform(
        0.02, 1.5, size=(size, 1)
    )
    return of_length_one(rows, kind)


@pytest.mark.parametrize("kind", EngineKind)
def test_a_search_finds_exactly_those_that_one_by_one_are_near_enough(kind):
    calibration, rows = load_calibration(kind), crowd(kind)
    limit = calibration.thresholds[TemplateMode.MEAN].same
    kept = gallery([row[None] for row in rows], calibration)
    some = 0
    for face in rows[:40]:
        one_by_one = calibration.distances(rows, face)
        expected = np.flatnonzero(one_by_one <= limit)
        found = kept.within(face, limit)
        assert sorted(number for number, _ in found) == expected.tolist()
        assert [far for _, far in found] == sorted(one_by_one[expected].tolist())
        some += len(found)
    assert 40 < some < 40 * len(rows)


@pytest.mark.parametrize("kind", EngineKind)
def test_nobody_near_is_nobody(kind):
    calibration, rows = load_calibration(kind), crowd(kind)
    assert gallery([rows], calibration).within(-rows[0], 0.1) == []
