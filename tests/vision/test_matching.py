import json

import numpy as np
import pytest

from vision.matching import (
    Calibration,
    CalibrationError,
    Fusion,
    TemplateError,
    from_bytes,
    load_calibration,
    mean_template,
    part_of,
    read_calibration,
    to_bytes,
)
from vision.messages import DIMENSIONS, EngineKind, TemplateMode
from vision.models import ENGINE_NAMES

DLIB, MOBILEFACENET, FUSION = EngineKind.DLIB, EngineKind.MOBILEFACENET, EngineKind.FUSION
BARE = Calibration(DLIB, "engine", {})


def unit(axis: int, length: float = 1.0, kind: EngineKind = DLIB) -> np.ndarray:
    row = np.zeros(DIMENSIONS[kind], dtype=np.float32)
    row[axis] = length
    return row


def both(dlib: int, mobilefacenet: int) -> np.ndarray:
    return np.concatenate([unit(dlib), unit(mobilefacenet, kind=MOBILEFACENET)])


def test_distance_is_euclidean_to_the_nearest_row():
    template = np.stack([unit(0, 3.0), unit(1, 4.0)])
    assert BARE.distance(template[:1], unit(1, 4.0)) == pytest.approx(5.0)
    assert BARE.distance(template, unit(1, 4.5)) == pytest.approx(0.5)


def test_a_fusion_adds_both_up_in_their_own_scales():
    calibration = Calibration(FUSION, "engine", {}, Fusion(0.5, 2.0, weight=0.25, agreement=0.0))
    assert calibration.distance(both(0, 0)[None], both(0, 0)) == 0.0
    apart = 2**0.5
    assert calibration.distance(both(0, 0)[None], both(1, 0)) == pytest.approx(0.25 * apart / 0.5)
    assert calibration.distance(both(0, 0)[None], both(0, 1)) == pytest.approx(0.75 * apart / 2.0)


def test_both_engines_must_agree_however_well_one_does():
    alone = Fusion(1.0, 1.0, weight=0.1, agreement=0.0)
    agreed = Fusion(1.0, 1.0, weight=0.1, agreement=0.8)
    other_face_to_dlib, none = np.array([1.2]), np.array([0.0])
    assert alone.fused(other_face_to_dlib, none) == pytest.approx(0.12)
    assert agreed.fused(other_face_to_dlib, none) == pytest.approx(0.96)
    assert agreed.fused(none, other_face_to_dlib) == pytest.approx(1.08)


@pytest.mark.parametrize("mode", TemplateMode)
def test_at_the_shipped_threshold_neither_engine_is_ever_outvoted(mode):
    calibration = load_calibration(FUSION)
    fusion, same = calibration.fusion, calibration.thresholds[mode].same
    just_too_far = same / fusion.agreement + 0.001
    nothing = np.zeros(1)
    assert fusion.fused(np.array([just_too_far * fusion.dlib_scale]), nothing)[0] > same
    assert fusion.fused(nothing, np.array([just_too_far * fusion.mobilefacenet_scale]))[0] > same


def test_a_mean_template_takes_five_photos_and_is_of_length_one():
    rows = [unit(0), unit(0), unit(0), unit(1), unit(1)]
    assert np.linalg.norm(mean_template(rows)) == pytest.approx(1.0)
    assert mean_template(rows)[0, 0] / mean_template(rows)[0, 1] == pytest.approx(1.5)
    with pytest.raises(TemplateError, match="takes 5 photos, here are 4"):
        mean_template(rows[:4])


def test_each_engines_part_of_a_fused_mean_is_of_length_one():
    (row,) = mean_template([both(0, 0), both(0, 0), both(0, 0), both(1, 2), both(1, 2)], FUSION)
    dlib, mobilefacenet = np.split(row, [DIMENSIONS[DLIB]])
    assert np.linalg.norm(dlib) == pytest.approx(1.0)
    assert np.linalg.norm(mobilefacenet) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", EngineKind)
def test_a_template_survives_its_bytes(kind):
    row = {DLIB: unit(0), MOBILEFACENET: unit(0, kind=MOBILEFACENET), FUSION: both(0, 7)}[kind]
    rows = np.stack([row, row])
    assert np.array_equal(from_bytes(to_bytes(rows), TemplateMode.BEST_OF, kind), rows)


def test_a_template_as_long_as_dlib_made_it_is_brought_to_length_one():
    old = np.stack([unit(0, 1.4)])
    assert np.array_equal(from_bytes(to_bytes(old), TemplateMode.MEAN), unit(0)[None])


@pytest.mark.parametrize(
    "template",
    [b"", bytes(511), bytes(1024), np.full(128, np.nan, dtype="<f4").tobytes(), bytes(512)],
    ids=["empty", "short", "two rows", "not a number", "nothing"],
)
def test_what_is_no_template_is_refused(template):
    with pytest.raises(TemplateError):
        from_bytes(template, TemplateMode.MEAN)


def test_a_fused_template_serves_each_of_its_engines_and_no_other_is_changed():
    fused = to_bytes(both(3, 5)[None])
    assert part_of(fused, FUSION, FUSION) == fused
    assert np.array_equal(from_bytes(part_of(fused, FUSION, DLIB), TemplateMode.MEAN), unit(3)[None])
    other = from_bytes(part_of(fused, FUSION, MOBILEFACENET), TemplateMode.MEAN, MOBILEFACENET)
    assert np.array_equal(other, unit(5, kind=MOBILEFACENET)[None])
    assert part_of(to_bytes(unit(0)[None]), DLIB, FUSION) is None
    assert part_of(to_bytes(unit(0)[None]), DLIB, MOBILEFACENET) is None
    assert part_of(b"short", FUSION, DLIB) is None


@pytest.mark.parametrize("kind", EngineKind)
def test_every_mode_of_every_engine_is_calibrated_to_one_in_ten_thousand(kind):
    calibration = load_calibration(kind)
    assert calibration.engine == ENGINE_NAMES[kind]
    assert set(calibration.thresholds) == set(TemplateMode)
    for threshold in calibration.thresholds.values():
        assert 0.2 < threshold.same < threshold.other
        assert threshold.fmr <= 1e-4
    assert calibration.thresholds[TemplateMode.MEAN].same < calibration.thresholds[TemplateMode.SINGLE].same
    assert (calibration.fusion is not None) == (kind is FUSION)


def test_an_engine_without_thresholds_is_refused_with_what_to_do():
    with pytest.raises(CalibrationError, match="no thresholds for the engine fusion: run `ostiary face calibrate`"):
        read_calibration(json.dumps({"engines": {}}), FUSION)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"engines": {"dlib": {}}}', '{"engines": {"dlib": {"modes": 1}}}'])
def test_what_is_no_calibration_file_is_refused(text):
    with pytest.raises(CalibrationError, match="run `ostiary face calibrate`"):
        read_calibration(text, DLIB)
