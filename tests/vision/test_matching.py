import numpy as np
import pytest

from vision.matching import (
    DIMENSIONS,
    TemplateError,
    distance,
    from_bytes,
    load_calibration,
    mean_template,
    to_bytes,
)
from vision.messages import TemplateMode
from vision.models import ENGINE_NAME

LIBRARY_DEFAULT = 0.6


def unit(axis: int, length: float = 1.0) -> np.ndarray:
    row = np.zeros(DIMENSIONS, dtype=np.float32)
    row[axis] = length
    return row


def test_distance_is_euclidean_to_the_nearest_row():
    template = np.stack([unit(0, 3.0), unit(1, 4.0)])
    assert distance(template[:1], unit(1, 4.0)) == pytest.approx(5.0)
    assert distance(template, unit(1, 4.5)) == pytest.approx(0.5)


def test_a_mean_template_takes_five_photos():
    rows = [unit(0, length) for length in (1, 2, 3, 4, 5)]
    assert mean_template(rows)[0, 0] == pytest.approx(3.0)
    with pytest.raises(TemplateError, match="takes 5 photos, here are 4"):
        mean_template(rows[:4])


def test_a_template_survives_its_bytes():
    rows = np.stack([unit(0, 0.25), unit(7, -0.5)])
    assert np.array_equal(from_bytes(to_bytes(rows), TemplateMode.BEST_OF), rows)


@pytest.mark.parametrize(
    "template",
    [b"", bytes(511), bytes(1024), np.full(DIMENSIONS, np.nan, dtype="<f4").tobytes()],
    ids=["empty", "short", "two rows", "not a number"],
)
def test_what_is_no_template_is_refused(template):
    with pytest.raises(TemplateError):
        from_bytes(template, TemplateMode.MEAN)


def test_every_mode_is_calibrated_for_this_engine_to_one_in_ten_thousand_and_never_to_the_library_default():
    calibration = load_calibration()
    assert calibration.engine == ENGINE_NAME
    assert set(calibration.thresholds) == set(TemplateMode)
    for threshold in calibration.thresholds.values():
        assert 0.3 < threshold.same < 0.5 < LIBRARY_DEFAULT
        assert threshold.same < threshold.other
        assert threshold.fmr <= 1e-4
